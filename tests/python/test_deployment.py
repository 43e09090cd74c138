"""One deployment code path: what it makes is what its configuration says, wherever it goes."""

import doctest
from dataclasses import astuple, fields, replace

import pytest

from steelyard.compiler import ROOT, compile_contract
from steelyard.deployment import (
    ApeBackend,
    DeploymentError,
    EvmBackend,
    FeedConfig,
    SystemConfig,
    default_market,
    deploy_system,
)
from steelyard.evm import DEPLOYER, Evm
from steelyard.model.exchange import WAD, MarketConfig


@pytest.fixture(params=["evm", "ape"])
def backend(request):
    if request.param == "evm":
        return EvmBackend(Evm())
    owner, project = request.getfixturevalue("owner"), request.getfixturevalue("project")
    return ApeBackend(owner, project)


@pytest.mark.parametrize("decimals", [6, 18])
def test_everything_is_as_configured(backend, decimals):
    config = SystemConfig(collateral_decimals=decimals)
    system = deploy_system(backend, config)
    exchange = system.exchange
    assert exchange.owner() == backend.owner
    assert exchange.asset() == system.usd.address
    assert system.usd.decimals() == decimals
    assert list(system.markets) == ["ETH", "BTC"]
    assert exchange.market_count() == 2
    for setup in config.markets:
        market = system.markets[setup.symbol]
        words = exchange.market_words_of(market.id)
        oracle, *parameters = system.parameters.unpack(words)
        assert oracle == market.feed.address
        assert tuple(parameters) == astuple(setup.config)[1:]
        assert market.feed.description() == f"{setup.symbol} / USD"
        state = exchange.market_state(market.id)
        assert (state.price, state.oracle_fault) == (setup.feed.price, 0)
        assert state.pool == setup.liquidity == 20_000_000 * WAD
        assert exchange.lp_shares(market.id, backend.owner) == state.lp_supply
    assert exchange.cash() == system.assets(40_000_000 * WAD)
    assert system.usd.balanceOf(exchange) == exchange.cash()


def test_config_has_the_fields_of_the_interface():
    (pack,) = [item for item in compile_contract("MarketParameters").abi if item["name"] == "pack"]
    names = [component["name"] for component in pack["inputs"][0]["components"]]
    assert names == [field.name for field in fields(MarketConfig)]


def test_defaults_of_majors():
    eth, btc = (default_market(symbol).config for symbol in ("ETH", "BTC"))
    assert (eth.skew_scale, btc.skew_scale) == (10**6 * WAD, 10**5 * WAD)
    assert (eth.max_long, btc.max_long) == (31_000 * WAD, 1_750 * WAD)
    assert eth.max_funding_rate == btc.max_funding_rate == 5 * 10**15
    assert eth.liquidation_cap == 800 * WAD


def test_pool_without_liquidity():
    market = replace(default_market("ETH"), liquidity=0)
    system = deploy_system(EvmBackend(Evm()), SystemConfig(markets=(market,)))
    assert system.exchange.cash() == system.exchange.market_state(0).lp_supply == 0


def test_owner_of_choice():
    evm = Evm()
    owner = "0x" + "ab" * 20
    system = deploy_system(EvmBackend(evm, owner))
    for contract in (system.exchange, system.usd, system.markets["BTC"].feed):
        assert contract.owner() == owner != DEPLOYER


def test_answers_are_in_the_decimals_of_the_feed():
    market = replace(default_market("ETH"), feed=FeedConfig("ETH / USD", 1_234 * WAD, decimals=2))
    system = deploy_system(EvmBackend(Evm()), SystemConfig(markets=(market,)))
    eth = system.markets["ETH"]
    assert eth.feed.latestRoundData()[1] == 1_234_00
    eth.feed.push(eth.answer(WAD // 4), sender=DEPLOYER)
    assert system.exchange.market_state(0).price == WAD // 4
    with pytest.raises(DeploymentError, match=r"does not fit 2 decimals \(round it first\)"):
        eth.answer(WAD // 1_000)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (SystemConfig(markets=(default_market("ETH"),) * 2), "two markets have the same symbol"),
        (
            SystemConfig(
                collateral_decimals=6, markets=(replace(default_market("ETH"), liquidity=1),)
            ),
            "does not fit 6 decimals",
        ),
        (
            SystemConfig(
                markets=(replace(default_market("ETH"), feed=FeedConfig("ETH / USD", WAD, 19)),)
            ),
            "19 decimals",
        ),
    ],
)
def test_what_does_not_fit_is_refused(config, message):
    with pytest.raises(DeploymentError, match=message):
        deploy_system(EvmBackend(Evm()), config)


def test_unknown_default():
    with pytest.raises(DeploymentError, match=r"no default market for 'DOGE' \(known: ETH, BTC\)"):
        default_market("DOGE")


def test_worked_example_of_the_venue_page():
    results = doctest.testfile(str(ROOT / "docs/venue.md"), module_relative=False)
    assert results.attempted > 0
    assert results.failed == 0
