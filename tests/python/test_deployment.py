"""One deployment code path: what it makes is what its configuration says, wherever it goes."""

import doctest
from dataclasses import astuple, fields, replace

import pytest

from steelyard.compiler import ROOT, compile_contract
from steelyard.deployment import (
    DeploymentError,
    EvmBackend,
    FeedConfig,
    SystemConfig,
    TokenConfig,
    create_token,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.evm import DEPLOYER, Evm, address
from steelyard.model.exchange import WAD, MarketConfig
from steelyard.model.policy import Rules

# Every kind there is a default for, on both markets.
KINDS = tuple(market + kind for market in ("ETH", "BTC") for kind in ("2L", "3L", "5L", "2S", "3S"))


@pytest.fixture
def backend():
    return EvmBackend(Evm())


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


def check_tokens(backend, system):
    """Each token is what its setup says, and has its seed."""
    factory = system.factory
    assert factory.owner() == backend.owner
    assert factory.policy() == system.policy.address
    assert factory.quotes() == system.quotes.address
    assert list(system.tokens) == [setup.symbol for setup in system.config.tokens]
    assert list(factory.tokens_page(0, 100)) == [t.address for t in system.tokens.values()]
    for setup in system.config.tokens:
        token, market = system.tokens[setup.symbol], system.markets[setup.market]
        assert token.factory() == factory.address
        assert tuple(token.setup()) == (
            setup.name,
            setup.symbol,
            system.exchange.address,
            market.id,
            system.policy.address,
            system.quotes.address,
            setup.is_long,
        )
        rules, *rest, receiver = factory.token_config(token)
        assert (tuple(rules), *rest, receiver) == astuple(setup.config)
        assert factory.token_info(token).initial_nav == setup.initial_nav
        seen = system.lens.token_state(token)
        assert (seen.setup.symbol, seen.factory) == (setup.symbol, factory.address)
        state = system.exchange.account_state(market.id, token, 0)
        assert 0.97 * setup.seed < state.equity <= setup.seed
        assert abs(state.size) * state.price / state.equity / setup.config.rules.target == (
            pytest.approx(1, abs=1e-6)
        )
        assert (state.size > 0) == setup.is_long
        assert token.balanceOf(factory) == token.totalSupply()
        assert token.totalSupply() == pytest.approx(state.equity // 100, rel=1e-6)  # funding
    assert system.usd.balanceOf(factory) == 0


@pytest.mark.parametrize("decimals", [6, 18])
def test_tokens_are_as_configured(backend, decimals):
    tokens = (default_token("BTC3L", address("fees")), default_token("ETH2S"))
    config = SystemConfig(collateral_decimals=decimals, tokens=tokens)
    check_tokens(backend, deploy_system(backend, config))


def test_every_kind_fits_into_its_market():
    backend = EvmBackend(Evm())
    system = deploy_system(backend, SystemConfig(tokens=tuple(map(default_token, KINDS))))
    check_tokens(backend, system)


def test_defaults_of_tokens():
    """As docs/protocol.md offers them: bands, budgets, emergency leverage."""
    rules = {kind: default_token(f"ETH{kind}").config.rules for kind in ("2L", "3L", "2S", "3S")}
    bands = {kind: (r.leverage_lo / WAD, r.leverage_hi / WAD) for kind, r in rules.items()}
    assert bands == {"2L": (1.6, 2.5), "3L": (2, 4), "2S": (1.5, 2.75), "3S": (2, 4)}
    budgets = {kind: r.cost_budget * 10_000 // WAD for kind, r in rules.items()}
    assert budgets == {"2L": 50, "3L": 120, "2S": 120, "3S": 240}
    assert rules["3L"].emergency_leverage == 5 * WAD
    config = default_token("ETH3L").config
    assert (config.mint_fee, config.redeem_fee, config.management_fee) == (10**15, 10**15, 10**16)
    assert default_token("ETH3L").name == "Steelyard ETH 3x long"
    assert default_token("BTC2S").name == "Steelyard BTC 2x short"


@pytest.mark.parametrize("symbol", ["ETH", "ETH4L", "ETH5S", "ETH3LX", "3L", ""])
def test_no_default_token(symbol):
    with pytest.raises(DeploymentError, match="no default token"):
        default_token(symbol)


def test_token_config_has_the_fields_of_the_interface():
    (create,) = [
        item
        for item in compile_contract("LeveragedTokenFactory").abi
        if item.get("name") == "create_token"
    ]
    config = create["inputs"][0]["components"][-1]["components"]
    assert [component["name"] for component in config] == [f.name for f in fields(TokenConfig)]
    rules = config[0]["components"]
    assert [component["name"] for component in rules] == [f.name for f in fields(Rules)]
    assert [component["name"] for component in create["inputs"][0]["components"]] == [
        "name",
        "symbol",
        "venue",
        "market",
        "is_long",
        "initial_nav",
        "config",
    ]


def test_without_tokens_there_is_no_factory():
    backend = EvmBackend(Evm())
    system = deploy_system(backend)
    assert system.tokens == {}
    for contract in (system.policy, system.quotes, system.factory, system.lens):
        with pytest.raises(DeploymentError, match=r"is not deployed \(name tokens in"):
            contract.owner()
        with pytest.raises(DeploymentError, match="is not deployed"):
            _ = contract.address
    with pytest.raises(DeploymentError, match="LeveragedTokenFactory is not deployed"):
        create_token(backend, system, default_token("ETH3L"))


def test_one_more_token():
    backend = EvmBackend(Evm())
    system = deploy_system(backend, SystemConfig(tokens=(default_token("ETH3L"),)))
    token = create_token(backend, system, default_token("BTC2L"))
    assert (token.symbol(), system.factory.tokens(1)) == ("BTC2L", token.address)
    assert "BTC2L" not in system.tokens


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
        (SystemConfig(tokens=(default_token("ETH3L"),) * 2), "two tokens have the same symbol"),
        (
            SystemConfig(markets=(default_market("ETH"),), tokens=(default_token("BTC3L"),)),
            r"BTC3L needs the market BTC \(name it in SystemConfig\)",
        ),
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
