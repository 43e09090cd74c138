"""Chainlink feeds are asked before anything is sent: each is there, the right one, and fresh."""

from __future__ import annotations

import pytest

from steelyard.abi import Interface
from steelyard.chain import execute
from steelyard.compiler import compile_contract
from steelyard.deployment.place import Place
from steelyard.deployment.running import run_deployment
from steelyard.deployment.spec import SpecError
from steelyard.deployment.verifying import differences, verify
from tests.python.deploy_node import DEPLOYER, anvil, connect, rpc, signer, small

pytestmark = pytest.mark.node

MOCK = compile_contract("MockAggregator")
CODEC = Interface(MOCK.name, MOCK.abi)
NOBODY = "0x" + "12" * 20


@pytest.fixture(scope="module")
def node():
    with anvil() as url:
        yield url


@pytest.fixture
def url(node):
    snapshot = rpc(node, "evm_snapshot")
    yield node
    assert rpc(node, "evm_revert", snapshot)


def feed(url, description="ETH / USD", answer=2_500 * 10**8, decimals=8):
    """Deploy what stands for a Chainlink feed, and return its address."""
    code = MOCK.creation_code + CODEC.constructor.encode((decimals, description, answer))
    return execute(connect(url), signer(), None, code).contract_address


def send(url, address, function, *args):
    (codec,) = CODEC.functions[function]
    execute(connect(url), signer(), address, codec.encode(args))


def config(address, **market):
    entry = {"symbol": "ETH", "feed": {"chainlink": address}, "liquidity": "1000000", **market}
    return small(markets=[entry], roles={})


def problems(url, tmp_path, spec):
    chain = connect(url)
    nonce = chain.nonce(DEPLOYER)
    with pytest.raises(SpecError) as caught:
        run_deployment(chain, signer(), spec, tmp_path)
    assert chain.nonce(DEPLOYER) == nonce
    assert not Place(folder=tmp_path).journal.exists()
    return list(caught.value.problems)


def test_live_feed(url, tmp_path):
    address = feed(url)
    chain = connect(url)
    record = run_deployment(chain, signer(), config(address), tmp_path)
    market = record.markets["ETH"]
    assert (market.feed, market.feed_kind) == (address, "chainlink")
    assert not any(name.startswith("MockAggregator") for name in record.contracts)
    assert differences(verify(chain, record)) == []
    send(url, address, "push", 2_700 * 10**8)
    assert differences(verify(chain, record)) == []


def test_another_price_than_at_the_plan(url, tmp_path):
    """A deployment goes on when the price has moved: no transaction depends on it."""
    address = feed(url)
    moved = []

    def progress(done, total, title):
        if done == 8:
            send_as_other(url, address, 2_900 * 10**8)
            moved.append(title)

    record = run_deployment(connect(url), signer(), config(address), tmp_path, progress)
    assert moved
    assert differences(verify(connect(url), record)) == []


def send_as_other(url, address, answer):
    """Push a price without using the deployer's nonce: write the round's word."""
    chain = connect(url)
    now = chain.block().timestamp
    word = answer << 160 | now << 120 | now << 80 | (1 << 64) | 2
    layout = {
        int(rpc(url, "eth_getStorageAt", address, hex(slot), "latest"), 16): slot
        for slot in range(12)
    }
    (latest,) = [slot for value, slot in layout.items() if value >> 160 == 2_500 * 10**8]
    rpc(url, "anvil_setStorageAt", address, hex(latest), f"0x{word:064x}")


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"description": "BTC / USD"}, "is 'BTC / USD', not 'ETH / USD'"),
        ({"decimals": 18}, "has 18 decimals, not 8"),
        ({"answer": 0}, "gives no price: its answer is 0"),
        ({"answer": -1}, "gives no price: its answer is -1"),
        ({"answer": 2**94 + 1}, f"gives no price: its answer is {2**94 + 1}"),
    ],
)
def test_wrong_feed(url, tmp_path, made, says):
    address = feed(url, **made)
    found = problems(url, tmp_path, config(address))
    assert found == [f"markets[0].feed.chainlink: the feed at {address} {says}"]


def test_no_feed_there(url, tmp_path):
    spec = config(NOBODY)
    (found,) = problems(url, tmp_path, spec)
    assert found.startswith("markets[0].feed.chainlink: there is no contract at 0x1212")
    assert found.endswith("on chain 31337")


def test_not_a_feed(url, tmp_path):
    address = feed(url)
    rpc(url, "anvil_setCode", address, "0x00")
    (found,) = problems(url, tmp_path, config(address))
    assert f"{address} is no working Chainlink feed: " in found


def test_feed_that_reverts(url, tmp_path):
    address = feed(url)
    send(url, address, "set_reverts", True)
    (found,) = problems(url, tmp_path, config(address))
    assert "is no working Chainlink feed: reverted: mock_aggregator: made to revert" in found


def test_stale_feed(url, tmp_path):
    address = feed(url)
    rpc(url, "evm_increaseTime", 3_700)
    rpc(url, "evm_mine")
    spec = config(address, parameters={"max_age": "1h"})
    (found,) = problems(url, tmp_path, spec)
    assert f"the price of {address} is 370" in found
    assert found.endswith("seconds old: more than 3600")


def test_every_feed_is_asked(url, tmp_path):
    """Sequencer, reference of the guard and reference of a token, too."""
    good, down, odd = feed(url), feed(url, "up?", 1, 0), feed(url, "odd", 2_500 * 10**10, 19)
    guard = {"sequencer": down, "reference": odd, "reference_max_age": "1h", "max_deviation": "1"}
    rules = {"reference": NOBODY, "reference_max_age": "1h"}
    market = {"symbol": "ETH", "feed": {"chainlink": good}, "guard": guard}
    spec = small(markets=[market], tokens=[{"symbol": "ETH3L", "rules": rules}], roles={})
    found = problems(url, tmp_path, spec)
    assert found[0] == "markets[0].guard.sequencer: the sequencer is down: it says 1"
    assert found[1] == (
        f"markets[0].guard.reference: the feed at {odd} has 19 decimals, not at most 18"
    )
    assert found[2].startswith("tokens[0].rules.reference: there is no contract at 0x1212")
    assert len(found) == 3


def test_guard_of_live_feeds(url, tmp_path):
    good, second, up = feed(url), feed(url, "second"), feed(url, "up?", 0, 0)
    rpc(url, "evm_increaseTime", 120)
    rpc(url, "evm_mine")
    guard = {
        "sequencer": up,
        "grace_period": "1m",
        "reference": second,
        "reference_max_age": "1h",
        "max_deviation": "0.05",
    }
    rules = {"reference": second, "reference_max_age": "1h"}
    market = {"symbol": "ETH", "feed": {"chainlink": good}, "guard": guard}
    spec = small(markets=[market], tokens=[{"symbol": "ETH3L", "rules": rules}], roles={})
    chain = connect(url)
    record = run_deployment(chain, signer(), spec, tmp_path)
    assert differences(verify(chain, record)) == []
    send(url, up, "push", 1)
    assert [
        (check.contract, check.what, check.found) for check in differences(verify(chain, record))
    ] == [("markets[0].guard.sequencer", "feed", "the sequencer is down: it says 1")]


def test_wrong_chain(url, tmp_path):
    found = problems(url, tmp_path, small(chain_id=84_532))
    assert found == ["chain_id: is 84532, but the node serves chain 31337"]
