import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.deployment import default_token
from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import (
    FEES,
    GUARDIAN,
    MICRO,
    NOT_OWNER,
    OWNER,
    PERCENT,
    STRANGER,
    TRADING,
    setup_of,
)
from tests.unit.token.helpers import reverts, unpack_terms


def test_makes_a_token(works, factory):
    setup = setup_of("BTC3L")
    paid = works.usd.balanceOf(OWNER)
    token = works.create("BTC3L")
    logs = factory.logs()
    shares = token.totalSupply()

    assert (token.name(), token.symbol()) == ("Steelyard BTC 3x long", "BTC3L")
    assert tuple(token.setup())[2:] == (
        works.exchange.address,
        1,
        factory.policy(),
        factory.quotes(),
        True,
    )
    assert (token.factory(), token.fee_receiver()) == (factory.address, FEES)
    assert works.usd.balanceOf(OWNER) == paid - 200 * 10**6
    assert [(log.name, tuple(log.args)) for log in logs] == [
        (
            "TokenCreated",
            (
                token.address,
                OWNER,
                works.exchange.address,
                1,
                True,
                "Steelyard BTC 3x long",
                "BTC3L",
                1,
                token.address,
                ZERO_ADDRESS,
                200 * 10**6,
                shares,
                works.spec(setup)[-1],
            ),
        )
    ]


def test_configuration_is_packed_into_the_token(works, factory):
    setup = setup_of("BTC3L")
    words = works.create("BTC3L").words()
    rules = setup.config.rules
    assert unpack_terms(words.terms) == {
        "mint_fee": WAD // 1_000,
        "redeem_fee": WAD // 1_000,
        "fee_rate": 10_050_335_853 * 10**6,  # -ln(1 - 1 %) = 0.010050335853501...
        "leverage_lo": rules.leverage_lo,
        "leverage_hi": rules.leverage_hi,
        "cap": setup.config.cap,
        "fees_on": 1,
        "paused_until": 0,
        "phase": TRADING,
        "target": 3 * WAD,
    }
    assert tuple(words.rules) == works.system.policy.pack_rules(works.spec(setup)[-1][0])
    assert tuple(words.mem) == (0, 0)


@pytest.mark.parametrize(
    ("yearly", "rate"),
    [
        (0, 0),
        (1, 0),
        (10**6, 10**6),  # 1e-12 a year
        (WAD // 1_000, 1_000_500_333 * 10**6),
        (WAD * 5 // 100, 51_293_294_387 * 10**6),
    ],
)
def test_yearly_fee_becomes_continuous(works, yearly, rate):
    """-ln(1 - y), down to 1e-12."""
    terms = works.create("BTC3L", management_fee=yearly).words().terms
    assert unpack_terms(terms)["fee_rate"] == rate


def test_nobody_to_pay_no_fee_accrues(works, factory):
    token = works.create("BTC3L", fee_receiver=ZERO_ADDRESS)
    terms = unpack_terms(token.words().terms)
    assert (terms["fee_rate"], terms["fees_on"], terms["mint_fee"]) == (0, 0, WAD // 1_000)
    assert factory.token_config(token).management_fee == PERCENT


def test_seed_belongs_to_the_factory_for_ever(works, factory, token):
    """At initial_nav a share, and no function of the factory moves them."""
    token = works.create("BTC3L", initial_nav=50 * WAD)
    equity = works.state(token, market=1).equity
    assert token.totalSupply() == token.balanceOf(factory) == equity // 50
    verbs = set(factory.interface.functions)
    assert not {name for name in verbs if "transfer" in name} - {"transfer_ownership"}
    assert not verbs & {"redeem", "withdraw", "approve", "sweep", "execute"}


def test_collateral_goes_straight_to_the_venue(works, factory):
    venue = works.usd.balanceOf(works.exchange)
    token = works.create("BTC3L")
    assert works.usd.balanceOf(works.exchange) == venue + 200 * 10**6
    assert works.usd.balanceOf(factory) == works.usd.balanceOf(token) == 0


def test_short(works):
    token = works.create("ETH2S")
    state = works.state(token)
    assert state.size < 0
    assert abs(state.size) * state.price / state.equity / WAD == pytest.approx(2, rel=1e-6)


def test_owner_only(works):
    for account in (GUARDIAN, STRANGER):
        with reverts(NOT_OWNER):
            works.create("BTC3L", sender=account)


@pytest.mark.parametrize(("name", "symbol"), [("n", "s"), ("n" * 46, "s" * 28)])
def test_name_and_symbol(works, name, symbol):
    token = works.create("BTC3L", name=name, symbol=symbol)
    assert (token.name(), token.symbol()) == (name, symbol)


@pytest.mark.parametrize("name", ["", "n" * 47, "n" * 50])
def test_bad_name(works, name):
    with reverts("bounds: name not 1 to 46 long"):
        works.create("BTC3L", name=name)


@pytest.mark.parametrize("symbol", ["", "s" * 29, "s" * 32])
def test_bad_symbol(works, symbol):
    with reverts("bounds: symbol not 1 to 28 long"):
        works.create("BTC3L", symbol=symbol)


def test_symbols_of_live_tokens_are_unique(works, factory):
    with reverts("registry: symbol taken"):
        works.create("BTC3L", symbol="ETH3L")
    works.wipe()
    factory.release(works.token, sender=STRANGER)
    assert works.create("BTC3L", symbol="ETH3L").symbol() == "ETH3L"


@pytest.mark.parametrize("nav", [WAD, 10_000 * WAD])
def test_initial_nav(works, factory, nav):
    token = works.create("BTC3L", initial_nav=nav)
    assert token.convertToAssets(WAD) == pytest.approx(nav // 10**12, abs=1)
    assert factory.token_info(token).initial_nav == nav


@pytest.mark.parametrize("nav", [0, WAD - 1, 10_000 * WAD + 1, 2**256 - 1])
def test_bad_initial_nav(works, nav):
    with reverts("bounds: nav not 1 to 10,000"):
        works.create("BTC3L", initial_nav=nav)


@pytest.mark.parametrize(
    ("asks", "least"),
    [
        ({"min_keeper_fee": 2 * WAD}, 100 * 10**6),
        ({"min_keeper_fee": 3 * WAD}, 150 * 10**6),
        ({"min_keeper_fee": WAD * 25 // 10}, 125 * 10**6),
        ({"min_margin": 70 * WAD}, 140 * 10**6),
    ],
)
def test_least_seed(works, factory, asks, least):
    """100 quote, twice the venue's least margin, and 50 of its least keeper fees."""
    works.set_market(1, **asks)
    spec = works.spec(setup_of("BTC3L"))
    with reverts("seed: too small"):
        factory.create_token(spec, least - 1, sender=OWNER)
    if least == 100 * 10**6:  # 100 quote are to be left after the opening trade
        with reverts("seed: below 100 quote"):
            factory.create_token(spec, least, sender=OWNER)
        least = least * 1_002 // 1_000
    factory.create_token(spec, least, sender=OWNER)


def test_seed_within_the_cap(works, factory):
    """What is minted is capped, and so is what a seed opens: others count on it."""
    token = works.create("BTC3L")
    opened = works.state(token, market=1).size
    with works.evm.anchor(), reverts("seed: over the cap"):
        works.create("BTC2L", seed=400 * WAD, cap=opened // MICRO * MICRO)
    works.create("BTC2L", seed=200 * WAD, cap=opened // MICRO * MICRO)


def test_seed_must_be_approved_and_there(works, factory):
    works.usd.approve(factory, 200 * 10**6 - 1, sender=OWNER)
    with reverts("erc20: insufficient allowance"):
        works.create("BTC3L")
    works.usd.approve(factory, 2**256 - 1, sender=OWNER)
    works.usd.transfer(STRANGER, works.usd.balanceOf(OWNER), sender=OWNER)
    with reverts("erc20: transfer amount exceeds balance"):
        works.create("BTC3L")


def test_unknown_market(works, factory):
    name, symbol, venue, _, *rest = works.spec(setup_of("BTC3L"))
    with reverts("market: unknown"):
        factory.create_token((name, symbol, venue, 2, *rest), 200 * 10**6, sender=OWNER)


def test_venue_that_does_not_trade(works):
    works.evm.warp(11 * 86_400)
    with reverts("oracle: stale"):
        works.create("BTC3L")
    works.price(40_000, "BTC")
    works.exchange.set_market_status(1, 4, sender=OWNER)
    with reverts("market: paused"):
        works.create("BTC3L")


@pytest.mark.parametrize("is_long", [True, False])
@pytest.mark.parametrize("target", [2 * WAD, 5 * WAD])
def test_target(works, target, is_long):
    works.create(
        "BTC3L",
        target=target,
        leverage_lo=target * 7 // 10,
        leverage_hi=target * 13 // 10,
        emergency_leverage=target * 17 // 10,
        is_long=is_long,
    )


@pytest.mark.parametrize("target", [2 * WAD - WAD // 10_000, 5 * WAD + WAD // 10_000])
def test_bad_target(works, target):
    with reverts("bounds: target not 2x to 5x"):
        works.create(
            "BTC3L",
            target=target,
            leverage_lo=target * 7 // 10 // 10**14 * 10**14,
            leverage_hi=target * 13 // 10 // 10**14 * 10**14,
            emergency_leverage=target * 17 // 10 // 10**14 * 10**14,
        )


def test_other_bounds_hold_here_too(works):
    """All of them are in test_bounds.py, with `schedule_config`."""
    assert default_token("BTC3L").config.rules.max_slippage == PERCENT
    with reverts("bounds: slippage not 0.1 to 2 %"):
        works.create("BTC3L", max_slippage=PERCENT * 2 + MICRO)
    with reverts("bounds: mint fee over 1 %"):
        works.create("BTC3L", mint_fee=PERCENT + MICRO)
    with reverts("policy: rules out of order"):
        works.create("BTC3L", boundary=86_400)
