"""A plan is the same on every day, whatever the chain's time and the feeds' prices are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils.crypto import keccak
from rlp import encode

from steelyard.compiler import compile_contract
from steelyard.deployment import (
    EvmBackend,
    LiveFeed,
    MarketSetup,
    Roles,
    SystemConfig,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.deployment.plan import make_plan
from steelyard.deployment.resolving import system_config
from steelyard.deployment.stand_in import Refused, Round
from steelyard.evm import Evm
from tests.python.deploy_node import GUARDIAN, OWNER, small

DEPLOYER = "0x" + "1f" * 20
FEED = "0x694AA1769357215DE4FAC081bf1f309aDC325306"
CONFIG = SystemConfig(markets=(default_market("ETH"),), tokens=(default_token("ETH3L"),))


def plan(config=CONFIG, *, nonce=7, **options):
    return make_plan(config, chain_id=31_337, deployer=DEPLOYER, nonce=nonce, **options)


def live(price):
    setup = default_market("ETH")
    market = MarketSetup("ETH", LiveFeed("ETH / USD", FEED), setup.config)
    config = SystemConfig(markets=(market,), tokens=(default_token("ETH3L"),))
    return plan(config, live={FEED: Round(8, price * 10**8)})


def test_nonces_and_addresses():
    made = plan()
    assert [step.nonce for step in made.steps] == list(range(7, 7 + len(made.steps)))
    for step in made.steps:
        if step.sent.to is None:
            sender = bytes.fromhex(DEPLOYER[2:])
            assert step.sent.address == "0x" + keccak(encode([sender, step.nonce]))[12:].hex()
    assert made.first_nonce == 7


def test_same_on_another_day():
    assert plan().digest == plan(timestamp=2_000_000_000).digest
    assert live(2_000).digest == live(2_345).digest


def test_different_for_anything_else():
    digests = {
        plan().digest,
        plan(nonce=8).digest,
        plan(SystemConfig(collateral_decimals=18, markets=CONFIG.markets)).digest,
        make_plan(CONFIG, chain_id=1, deployer=DEPLOYER, nonce=7).digest,
        make_plan(CONFIG, chain_id=1, deployer="0x" + "2f" * 20, nonce=7).digest,
    }
    assert len(digests) == 5


def test_a_plan_is_what_deploy_system_sends():
    """Calldata as the in-process EVM got it: the same contracts answer the same."""
    evm = Evm()
    system = deploy_system(EvmBackend(evm, DEPLOYER), CONFIG)
    played = plan(nonce=0).system
    assert played.usd.totalSupply() == system.usd.totalSupply()
    ours, theirs = (s.exchange.market_state(0) for s in (played, system))
    assert ours._replace(funding_rate=0) == theirs._replace(funding_rate=0)


def test_titles():
    made = plan(system_config(small()))
    assert [step.title for step in made.steps] == [
        "deploy MockUSD",
        "deploy MarketParameters",
        "deploy PerpExchange",
        "deploy MockAggregator of ETH / USD",
        "add market 0, priced by MockAggregator of ETH / USD",
        "deploy PriceGuard",
        "guard the price of market 0",
        "mint 1,000,000 mUSD",
        "let PerpExchange take 1,000,000 mUSD",
        "put 1,000,000 mUSD into market 0",
        "deploy RebalancePolicy",
        "deploy VaultQuotes",
        "deploy the blueprint of LeveragedToken",
        "deploy LeveragedTokenFactory",
        "deploy LeveragedTokenLens",
        "mint 200 mUSD",
        "let LeveragedTokenFactory take 200 mUSD",
        "create ETH3L with a seed of 200 mUSD",
        "make 0xaaaa...aaaa guardian",
        "offer LeveragedTokenFactory to 0x7099...79c8",
        "offer PerpExchange to 0x7099...79c8",
        "offer MockUSD to 0x7099...79c8",
        "offer MockAggregator of ETH / USD to 0x7099...79c8",
    ]
    assert live(2_000).steps[3].title == f"add market 0, priced by the feed {FEED}"


def test_roles():
    config = SystemConfig(
        markets=CONFIG.markets, tokens=CONFIG.tokens, roles=Roles(OWNER.lower(), GUARDIAN.lower())
    )
    system = plan(config).system
    for contract in system.owned():
        assert (contract.owner(), contract.pending_owner()) == (DEPLOYER, OWNER.lower())
    assert len(system.owned()) == 4
    assert system.factory.guardian() == GUARDIAN.lower()


def test_owner_who_deploys():
    """There is nothing to offer to oneself."""
    config = replace(CONFIG, roles=Roles(DEPLOYER.upper().replace("0X", "0x")))
    assert plan(config).digest == plan().digest


def test_contracts_see_the_chain_id():
    """The dollar's permits are for its own chain."""
    here = plan().system.usd.DOMAIN_SEPARATOR()
    there = make_plan(CONFIG, chain_id=1, deployer=DEPLOYER, nonce=7).system.usd
    assert here != there.DOMAIN_SEPARATOR()


def test_live_feeds_are_not_deployed():
    made = live(1_234)
    assert made.system.exchange.market_state(0).price == 1_234 * 10**18
    assert not any(step.sent.contract == "MockAggregator" for step in made.steps)
    assert len(made.system.owned()) == 3
    assert not made.system.markets["ETH"].is_mock


def test_a_sequencer_that_is_up():
    spec = small(
        markets=[
            {
                "symbol": "ETH",
                "feed": {"price": "2000"},
                "guard": {"sequencer": FEED, "grace_period": "1h"},
            }
        ]
    )
    made = plan(system_config(spec), live={FEED: Round(0, 0)})
    assert made.system.exchange.market_state(0).oracle_fault == 0


def test_code_is_the_code():
    made = plan()
    exchange = made.stand_in.code(made.system.exchange.address)
    runtime = compile_contract("PerpExchange").runtime_code
    assert exchange.startswith(runtime)
    assert len(exchange) == len(runtime) + 4 * 32  # its immutables
    assert made.stand_in.code("0x" + "99" * 20) == b""


def test_refused():
    token = replace(default_token("ETH3L"), seed=10**18)
    with pytest.raises(Refused) as caught:
        plan(replace(CONFIG, tokens=(token,)))
    assert caught.value.title == "create ETH3L with a seed of 1 mUSD"
    assert caught.value.cause.reason == "seed: too small"
