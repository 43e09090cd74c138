"""`verify` finds whatever differs between chain, record and checkout, and names it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain import ChainContract, WrongChain, execute
from steelyard.contract import ZERO_ADDRESS
from steelyard.deployment import DeploymentError, verifying
from steelyard.deployment.ownership import accept, ownerships
from steelyard.deployment.place import Place
from steelyard.deployment.running import run_deployment
from steelyard.deployment.verifying import differences, verify
from tests.python.deploy_node import (
    DEPLOYER,
    GUARDIAN,
    OWNER,
    OWNER_KEY,
    anvil,
    connect,
    rpc,
    signer,
    small,
)

pytestmark = pytest.mark.node

OTHER = "0x" + "bb" * 20
OTHER_SHOWN = "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    with anvil() as url:
        folder = tmp_path_factory.mktemp("deployments")
        yield url, run_deployment(connect(url), signer(), small(), Place(folder=folder))


@pytest.fixture
def url(deployed):
    snapshot = rpc(deployed[0], "evm_snapshot")
    yield deployed[0]
    assert rpc(deployed[0], "evm_revert", snapshot)


@pytest.fixture
def record(deployed) -> Deployment:
    return deployed[1]


def found(url, record):
    """Return what differs: contract, what, expected, found."""
    checks = differences(verify(connect(url), record))
    return [(check.contract, check.what, check.expected, check.found) for check in checks]


def names(url, record):
    return [(contract, what) for contract, what, _, _ in found(url, record)]


def send(url, record, name, function, *args, address="", key=None):
    chain = connect(url)
    kind = name.partition(" ")[0]
    contract = ChainContract(chain, address or record.address(name), load_abi(kind))
    sender = signer() if key is None else signer(key)
    execute(chain, sender, contract.address, contract.encode(function, *args))


def test_agreement(url, record):
    checks = verify(connect(url), record)
    assert differences(checks) == []
    seen = {(check.contract, check.what) for check in checks}
    for name in (*record.contracts, "token ETH3L"):
        assert {(name, "address"), (name, "code")} <= seen
    for name in ("LeveragedTokenFactory", "PerpExchange", "MockUSD", "MockAggregator ETH"):
        assert {(name, "owner"), (name, "pending_owner")} <= seen
    assert ("LeveragedTokenFactory", "guardian") in seen
    assert ("LeveragedTokenFactory", "token_config ETH3L.rules.leverage_lo") in seen
    assert ("PerpExchange", "market_words_of ETH.taker_fee") in seen
    assert ("PriceGuard ETH", "checks.min_price") in seen


def test_every_byte_of_code_counts(url, record):
    chain = connect(url)
    addresses = {name: contract.address for name, contract in record.contracts.items()}
    addresses["token ETH3L"] = record.tokens["ETH3L"].address
    for name, address in addresses.items():
        code = chain.code(address)
        for place in (len(code) // 2, len(code) - 1):  # in the middle, and in the immutables
            tampered = code[:place] + bytes([code[place] ^ 1]) + code[place + 1 :]
            check = verifying._described(tampered)
            assert check != verifying._described(code)
        # What the last byte is of is not called: the rest still answers.
        rpc(url, "anvil_setCode", address, "0x" + (code + b"\0").hex())
        assert (name, "code") in names(url, record), name
        rpc(url, "anvil_setCode", address, "0x" + code.hex())
    assert found(url, record) == []


def test_tampered_immutable(url, record):
    """The factory with another policy: code of the same length."""
    chain, factory = connect(url), record.address("LeveragedTokenFactory")
    code = chain.code(factory)
    policy = bytes.fromhex(record.address("RebalancePolicy")[2:])
    assert policy in code
    rpc(url, "anvil_setCode", factory, "0x" + code.replace(policy, b"\xbb" * 20).hex())
    differing = found(url, record)
    policies = [(what, value) for name, what, _, value in differing if what == "policy"]
    assert policies == [("policy", OTHER_SHOWN)]
    assert ("LeveragedTokenFactory", "code") in [entry[:2] for entry in differing]


def test_contract_that_is_gone(url, record):
    rpc(url, "anvil_setCode", record.address("PerpExchange"), "0x")
    differing = found(url, record)
    (exchange,) = [entry for entry in differing if entry[:2] == ("PerpExchange", "code")]
    assert exchange[3] == "none"


@pytest.mark.parametrize("code", ["0x00", "0x5f5ffd", "0x6020600052602060006000f0"])
def test_contract_that_does_not_answer(url, record, code):
    """It stops, reverts, or does something else: that is a difference, too."""
    for name in ("PerpExchange", "LeveragedTokenFactory", "MockAggregator ETH"):
        rpc(url, "anvil_setCode", record.address(name), code)
    differing = found(url, record)
    for name in ("PerpExchange", "LeveragedTokenFactory", "MockAggregator ETH"):
        assert [entry[2] for entry in differing if entry[:2] == (name, "owner")] == ["an answer"]


def test_tampered_storage(url, record):
    """The owner's slot, written by nobody's transaction."""
    exchange = record.address("PerpExchange")
    owner = int(DEPLOYER, 16)
    slots = (hex(slot) for slot in range(64))
    (slot,) = [
        slot
        for slot in slots
        if int(rpc(url, "eth_getStorageAt", exchange, slot, "latest"), 16) == owner
    ]
    rpc(url, "anvil_setStorageAt", exchange, slot, f"0x{int(OTHER, 16):064x}")
    assert found(url, record) == [("PerpExchange", "owner", DEPLOYER, OTHER_SHOWN)]


def test_accepted_ownership_is_no_difference(url, record):
    chain = connect(url)
    offered = ownerships(chain, record)
    assert {(ownership.owner, ownership.pending) for ownership in offered} == {(DEPLOYER, OWNER)}
    assert [ownership.name for ownership in offered] == [
        "MockUSD",
        "PerpExchange",
        "MockAggregator ETH",
        "LeveragedTokenFactory",
    ]
    for ownership in offered:
        accept(chain, signer(OWNER_KEY), ownership)
    assert found(url, record) == []
    assert {(o.owner, o.pending) for o in ownerships(chain, record)} == {(OWNER, None)}


def test_offered_to_another(url, record):
    send(url, record, "MockUSD", "transfer_ownership", OTHER)
    assert found(url, record) == [("MockUSD", "pending_owner", OWNER, OTHER_SHOWN)]


def test_guardian(url, record):
    send(url, record, "LeveragedTokenFactory", "set_guardian", OTHER)
    (difference,) = found(url, record)
    assert difference[:2] == ("LeveragedTokenFactory", "guardian")
    assert difference[2].lower() == GUARDIAN and difference[3] == OTHER_SHOWN


def test_market_parameters(url, record):
    chain = connect(url)
    exchange = ChainContract(chain, record.address("PerpExchange"), load_abi("PerpExchange"))
    packer = ChainContract(chain, record.address("MarketParameters"), load_abi("MarketParameters"))
    config = packer.call.unpack(exchange.call.market_words_of(0))
    words = packer.call.pack(config._replace(taker_fee=10**15))
    send(url, record, "PerpExchange", "set_market_config", 0, words)
    send(url, record, "PerpExchange", "set_market_status", 0, 4)
    assert found(url, record) == [
        ("PerpExchange", "market_words_of ETH.taker_fee", "600000000000000", "1000000000000000"),
        ("PerpExchange", "market_state ETH.status", "1", "4"),
    ]


def test_guard_taken_off(url, record):
    send(url, record, "PerpExchange", "set_price_guard", 0, ZERO_ADDRESS)
    guard = record.markets["ETH"].guard
    assert found(url, record) == [
        ("PerpExchange", "price_guard_of ETH", guard, ZERO_ADDRESS),
    ]


def test_feed(url, record):
    send(url, record, "MockAggregator ETH", "set_decimals", 9)
    assert found(url, record) == [("MockAggregator ETH", "decimals", "8", "9")]


def test_faucet(url, record):
    send(url, record, "MockUSD", "set_faucet_limits", 1, 2)
    assert names(url, record) == [
        ("MockUSD", "faucet_call_limit"),
        ("MockUSD", "faucet_daily_limit"),
    ]


def test_fees_lowered(url, record):
    token = record.tokens["ETH3L"].address
    # Estimated in the second of the last accrual, it would lack the gas of the next one.
    rpc(url, "evm_increaseTime", 60)
    rpc(url, "evm_mine")
    send(url, record, "LeveragedTokenFactory", "lower_fees", token, 0, 10**15, 0)
    assert found(url, record) == [
        ("LeveragedTokenFactory", "token_config ETH3L.mint_fee", "1000000000000000", "0"),
        ("LeveragedTokenFactory", "token_config ETH3L.management_fee", "10000000000000000", "0"),
        ("LeveragedTokenFactory", "token_info ETH3L.management_fee", "10000000000000000", "0"),
    ]


def test_scheduled_wind_down(url, record):
    token = record.tokens["ETH3L"].address
    send(url, record, "LeveragedTokenFactory", "schedule_wind_down", token)
    (difference,) = found(url, record)
    assert difference[:3] == (
        "LeveragedTokenFactory",
        "pending ETH3L.wind_down_ready_at",
        "0",
    )


def test_trading_is_no_difference(url, record):
    """What moves with trading is nothing that a deployment decides."""
    chain, token = connect(url), record.tokens["ETH3L"].address
    send(url, record, "MockAggregator ETH", "push", 2_050 * 10**8)
    send(url, record, "MockUSD", "faucet", 10_000 * 10**6)
    send(url, record, "MockUSD", "approve", token, 10_000 * 10**6)
    send(url, record, "LeveragedToken", "deposit", 1_000 * 10**6, DEPLOYER, address=token)
    assert chain.nonce(DEPLOYER) > record.start_nonce + 20
    assert found(url, record) == []


def with_config(record, **changes):
    return record.model_copy(update={"config": {**record.config, **changes}})


def test_another_configuration(url, record):
    """A record whose configuration was edited: hash, parameters and addresses tell."""
    token = {"symbol": "ETH3L", "mint_fee": "0.002"}
    differing = found(url, with_config(record, tokens=[token]))
    assert [entry[:2] for entry in differing] == [
        ("record", "config hash"),
        ("LeveragedTokenFactory", "token_config ETH3L.mint_fee"),
    ]
    assert differing[1][2:] == ("2000000000000000", "1000000000000000")


def test_another_token_in_the_configuration(url, record):
    tokens = [{"symbol": "ETH3L"}, {"symbol": "ETH2S"}]
    differing = found(url, with_config(record, tokens=tokens))
    missing = [entry for entry in differing if entry[0] == "token ETH2S"]
    assert [(entry[1], entry[3]) for entry in missing] == [("address", "not in the record")]
    assert ("LeveragedTokenFactory", "token_count", "2", "1") in differing


def test_record_with_another_address(url, record):
    usd = record.contracts["MockUSD"].model_copy(update={"address": OTHER_SHOWN})
    forged = record.model_copy(update={"contracts": {**record.contracts, "MockUSD": usd}})
    differing = found(url, forged)
    assert ("MockUSD", "address", record.address("MockUSD"), OTHER_SHOWN) in differing
    assert ("MockUSD", "code") in [entry[:2] for entry in differing]


def changed(record, part, name=None, **values):
    """Return a record of which a part was edited."""
    whole = getattr(record, part)
    new = whole if name is None else whole[name]
    new = new.model_copy(update=values)
    return record.model_copy(update={part: new if name is None else {**whole, name: new}})


@pytest.mark.parametrize(
    ("part", "name", "values", "what"),
    [
        ("collateral", None, {"address": OTHER_SHOWN}, "collateral.address"),
        ("collateral", None, {"decimals": 18}, "collateral.decimals"),
        ("collateral", None, {"symbol": "USDC"}, "collateral.symbol"),
        ("markets", "ETH", {"id": 1}, "market ETH.id"),
        ("markets", "ETH", {"feed": OTHER_SHOWN}, "market ETH.feed"),
        ("markets", "ETH", {"feed_kind": "chainlink"}, "market ETH.feed_kind"),
        ("markets", "ETH", {"guard": None}, "market ETH.guard"),
        ("tokens", "ETH3L", {"market": "BTC"}, "token ETH3L.market"),
        ("tokens", "ETH3L", {"block": 1}, "token ETH3L.block"),
        ("tokens", "ETH3L", {"block": 10**9}, "token ETH3L.block"),
        ("contracts", "MockUSD", {"args": (18,)}, "MockUSD.args"),
        ("contracts", "MockUSD", {"block": 2}, "MockUSD.transaction"),
        ("contracts", "MockUSD", {"transaction": "0x" + "ab" * 32}, "MockUSD.transaction"),
    ],
)
def test_a_record_that_says_something_else(url, record, part, name, values, what):
    """What wallet and SDK believe without asking the chain."""
    assert names(url, changed(record, part, name, **values)) == [("record", what)]


def test_a_record_with_a_market_too_many(url, record):
    markets = {**record.markets, "BTC": record.markets["ETH"]}
    differing = names(url, record.model_copy(update={"markets": markets}))
    assert ("record", "market BTC.feed") in differing


def test_another_block(url, record):
    block = record.block.model_copy(update={"hash": "0x" + "ab" * 32})
    assert names(url, record.model_copy(update={"block": block})) == [
        ("record", f"block {record.block.number}")
    ]


def test_chain_that_is_too_short(record):
    with anvil() as fresh:
        differing = found(fresh, record)
        assert differing[0][:2] == ("record", f"block {record.block.number}")
        codes = [entry for entry in differing if entry[1] == "code"]
        assert len(codes) == len(record.contracts) + 1
        assert {entry[3] for entry in codes} == {"none"}


def test_wrong_chain(record):
    with anvil("--chain-id", "5") as other, pytest.raises(WrongChain):
        verify(connect(other), record)


def test_checkout_that_cannot_play_it(url, record, monkeypatch):
    make_plan = verifying.make_plan

    def refusing(config, **options):
        token = replace(config.tokens[0], seed=10**18)
        return make_plan(replace(config, tokens=(token,)), **options)

    monkeypatch.setattr(verifying, "make_plan", refusing)
    with pytest.raises(DeploymentError) as caught:
        verify(connect(url), record)
    assert "this checkout cannot play the deployment: create ETH3L" in str(caught.value)
    assert f"(check out the commit that it was made from, {record.commit})" in str(caught.value)
