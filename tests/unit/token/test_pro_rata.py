"""Whoever comes or goes pays, or keeps, what his trade costs; nobody else gains or loses."""

from fractions import Fraction

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.shares import PRECISION

ENTERING = ("deposit", "mint")
LEAVING = ("redeem", "withdraw")


@pytest.fixture(params=[6, 18])
def decimals(request):
    return request.param


@pytest.fixture(params=[True, False], ids=["long", "short"])
def token(request, make_token):
    """Entry and exit are free of fees: all that moves value between holders is a mistake."""
    return make_token(is_long=request.param, fees=(0, 0), fee_rate=0)


@pytest.fixture(params=[-15_000, -100, 0, 100, 15_000], ids=lambda size: f"crowd {size}")
def crowd(request, venue, trader):
    """Others hold this much: little enough that a flow crosses zero skew, or a lot."""
    if request.param:
        venue.trade(trader, request.param, 3 * 10**6)


@pytest.fixture(params=["fresh", "moved", "funded"])
def past(request, venue, token):
    """Equity is margin alone, or has unrealised profit in it, or accrued funding."""
    if request.param == "moved":
        venue.move(4)
    if request.param == "funded":
        venue.force_funding(WAD // 100)
        venue.wait(DAY)


@pytest.fixture
def act(venue, token, depositor, holder):
    """One of the four flows; what it took (+) or paid (-) in quote WAD, and the shares."""

    def act(flow, dollars=20_000):
        assets = dollars * venue.one
        shares = token.convertToShares(assets)
        if flow == "deposit":
            return assets * venue.scale, token.deposit(assets, depositor, sender=depositor)
        if flow == "mint":
            return token.mint(shares, depositor, sender=depositor) * venue.scale, shares
        if flow == "redeem":
            return -token.redeem(shares, holder, holder, sender=holder) * venue.scale, -shares
        burned = token.withdraw(assets, holder, holder, sender=holder)
        return -assets * venue.scale, -burned

    return act


@pytest.mark.parametrize("flow", ENTERING + LEAVING)
def test_caller_bears_exactly_what_the_venue_charges(venue, token, crowd, past, act, flow):
    before, nav = venue.state(token), venue.nav(token)
    paid, shares = act(flow)
    [order] = venue.exchange.logs("PositionModified")
    impact = Fraction(order.args.size_delta * (order.args.fill_price - before.price), WAD)
    charged = order.args.fee + impact
    over = paid - shares * nav / WAD - charged
    # A unit of collateral, what an inversion leaves over, and wei.
    assert -2 <= over <= venue.scale + abs(paid) // PRECISION + 3 * before.price // WAD
    assert (charged < 0) == (impact < -order.args.fee)


@pytest.mark.parametrize("flow", ENTERING + LEAVING)
def test_others_keep_value_and_leverage(venue, token, crowd, past, act, flow):
    nav, leverage, equity = venue.nav(token), venue.leverage(token), venue.state(token).equity
    paid, _ = act(flow)
    rounding = Fraction(2 * venue.scale + abs(paid) // PRECISION + 10**4, equity)
    assert nav <= venue.nav(token) <= nav * (1 + 2 * rounding)
    assert venue.leverage(token) == pytest.approx(leverage, rel=2 * float(rounding))


@pytest.mark.parametrize(("side", "flow"), [(1, "redeem"), (-1, "deposit")])
def test_trade_that_relieves_the_skew_is_credited(venue, make_token, trader, act, side, flow):
    """The crowd's own redeemers, and minters against the crowd."""
    token = make_token(fees=(0, 0), fee_rate=0)
    venue.trade(trader, 15_000 * side, 3 * 10**6)
    worth = token.convertToAssets(100 * WAD)
    if flow == "redeem":
        assert token.previewRedeem(100 * WAD) > worth * 104 // 100
    else:
        assert token.previewMint(100 * WAD) < worth * 96 // 100


@pytest.mark.parametrize("flow", ENTERING + LEAVING)
@pytest.mark.parametrize("wrong", [-3, 3])
def test_a_wrong_price_moves_nothing_between_holders(venue, token, act, flow, wrong):
    """Whoever acts at it trades with the pool: later the others have what they would have had."""
    venue.move(wrong)
    with venue.evm.anchor():
        venue.price(2_000)
        alone = venue.nav(token)
    act(flow)
    venue.price(2_000)
    assert venue.nav(token) == pytest.approx(alone, rel=1e-9)


@pytest.mark.parametrize("size", [-3_000, 3_000])
def test_closed_loop_with_own_trades_between_pays_nothing(venue, token, crowd, attacker, size):
    """In at one skew and out at another, both made by the caller, who trades himself."""
    venue.fund(attacker, token)
    start = venue.usd.balanceOf(attacker)
    shares = token.deposit(50_000 * venue.one, attacker, sender=attacker)
    venue.trade(attacker, size, 10**6)
    token.redeem(shares, attacker, attacker, sender=attacker)
    venue.trade(attacker, -size)
    margin = venue.exchange.account_state(0, attacker, 0).equity // venue.scale
    assert venue.usd.balanceOf(attacker) + margin < start + 10**6 * venue.one


@pytest.mark.parametrize("moves", [(-11.5, 0), (40, 0), (-11.5, 5), (40, -5)])
def test_entering_around_a_rebalance_takes_nothing(venue, make_token, keeper, depositor, moves):
    """The band closes minting before it; after it, in and out again is paid for."""
    token = make_token(fees=(0, 0), fee_rate=0)
    venue.move(moves[0])
    assert token.maxDeposit(depositor) == 0
    token.rebalance(sender=keeper)
    nav = venue.nav(token)
    shares = token.deposit(20_000 * venue.one, depositor, sender=depositor)
    with venue.evm.anchor():
        assert token.redeem(shares, depositor, depositor, sender=depositor) < 20_000 * venue.one
    venue.move(moves[1])
    alone = nav * (1 + 3 * Fraction(moves[1], 100))
    assert venue.nav(token) == pytest.approx(alone, rel=1e-4)
