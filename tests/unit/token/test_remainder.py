"""A liquidation left 1 to 100 dollars: a mint opens the position again, at the minter's cost."""

from fractions import Fraction

import pytest

from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import NOON, REDUCE_ONLY, reverts


@pytest.fixture
def decimals():
    """Exact to the wei."""
    return 18


@pytest.fixture(params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


@pytest.fixture
def make_remainder(venue, make_token, factory, holder, keeper):
    """A token that was liquidated and has exactly so much left, wei of quote; all the holder's."""

    def make_remainder(equity, is_long=True, fees=(0, 0)):
        venue.configure(liquidation_cap=0)
        token = make_token(is_long=is_long, fees=fees, fee_rate=0)
        venue.move(-32.9 if is_long else 32.2)
        venue.liquidate(token, keeper)
        venue.price(2_000)
        state = venue.state(token)
        assert state.size == 0
        token.transfer(holder, token.balanceOf(factory), sender=factory)
        token.withdraw(state.equity - equity, holder, holder, sender=holder)
        assert venue.state(token).equity == equity
        return token

    return make_remainder


@pytest.fixture
def remainder(make_remainder, is_long):
    """20 dollars are left."""
    return make_remainder(20 * WAD, is_long)


def check_opened(venue, token, nav, equity):
    """At the target, with what others had unchanged."""
    state = venue.state(token)
    assert venue.leverage(token) == pytest.approx(3, rel=1e-6)
    assert (state.size > 0) is token.setup().is_long
    assert state.equity == pytest.approx(equity, rel=1e-9)
    assert nav <= venue.nav(token) <= nav * (1 + Fraction(1, 10**12))


@pytest.mark.parametrize("crowd", [-10_000, 0, 10_000])
def test_deposit_opens_it_at_the_target(venue, remainder, trader, depositor, crowd):
    if crowd:
        venue.trade(trader, crowd, 10**6)
    nav, shares = venue.nav(remainder), remainder.totalSupply()
    preview = remainder.previewDeposit(1_000 * WAD)
    minted = remainder.deposit(1_000 * WAD, depositor, sender=depositor)
    assert minted == preview
    [order] = venue.exchange.logs("PositionModified")
    size = order.args.size_delta
    cost = order.args.fee + size * (order.args.fill_price - 2_000 * WAD) // WAD
    assert (cost < 0) == (size * crowd < 0)
    check_opened(venue, remainder, nav, 1_020 * WAD - cost)
    assert minted == pytest.approx((1_000 * WAD - cost) * shares // (20 * WAD), rel=1e-12)


@pytest.mark.parametrize("crowd", [-10_000, 0, 10_000])
def test_mint_opens_it_at_the_target(venue, remainder, trader, depositor, crowd):
    if crowd:
        venue.trade(trader, crowd, 10**6)
    nav, shares = venue.nav(remainder), 50 * remainder.totalSupply()
    preview = remainder.previewMint(shares)
    assets = remainder.mint(shares, depositor, sender=depositor)
    assert assets == preview
    [order] = venue.exchange.logs("PositionModified")
    size = order.args.size_delta
    cost = order.args.fee + size * (order.args.fill_price - 2_000 * WAD) // WAD
    check_opened(venue, remainder, nav, 1_020 * WAD)
    assert assets == pytest.approx(1_000 * WAD + cost, rel=1e-12)


def test_fee_to_enter(venue, make_remainder, depositor):
    token = make_remainder(20 * WAD, fees=(WAD // 100, 0))
    owed, nav = token.owed_shares(), venue.nav(token)
    shares = token.deposit(1_000 * WAD, depositor, sender=depositor)
    assert token.owed_shares() - owed == pytest.approx(shares // 100, abs=1)
    assert venue.nav(token) == pytest.approx(nav, rel=1e-12)


def test_a_hundred_must_be_there_after_it(venue, make_remainder, depositor):
    """80 and the cost of opening 300: 6 bp, and a premium of 0.15 ether in two million."""
    token = make_remainder(20 * WAD)
    with reverts("mint: leaves too little equity"):
        token.deposit(80_17 * WAD // 100, depositor, sender=depositor)
    token.deposit(80_19 * WAD // 100, depositor, sender=depositor)
    assert 100 * WAD <= venue.state(token).equity < 100_1 * WAD // 10


@pytest.mark.parametrize(
    ("equity", "reason"),
    [
        (WAD - 1, "mint: wiped"),
        (WAD, None),
        (100 * WAD - 1, None),
        (100 * WAD, "mint: rebalance first"),
    ],
)
def test_a_remainder_is_one_to_a_hundred(venue, make_remainder, depositor, equity, reason):
    token = make_remainder(equity)
    calls = (
        lambda: token.deposit(200 * WAD, depositor, sender=depositor),
        lambda: token.mint(200 * WAD * WAD // int(venue.nav(token)), depositor, sender=depositor),
    )
    for call in calls:
        with venue.evm.anchor():
            if reason is None:
                call()
                assert venue.leverage(token) == pytest.approx(3, rel=1e-6)
            else:
                with reverts(reason):
                    call()
    assert (token.maxDeposit(depositor) > 0) is (reason is None)
    assert (token.maxMint(depositor) > 0) is (reason is None)


@pytest.mark.parametrize("crowd", [-10_000, 0, 10_000])
def test_the_most_opens_all_there_is_room_for(venue, remainder, trader, depositor, is_long, crowd):
    """Found by the stateful test: a trade that brings a tenth of its notional opens 1.4 times as

    much, and a twentieth was reckoned with. 500 ether at 2,000 are three times 333,333.
    """
    if crowd:
        venue.configure(skew_scale=10**5 * WAD, max_long=12_000 * WAD, max_short=12_000 * WAD)
        venue.trade(trader, crowd, 10**7)
    venue.configure_token(remainder, cap=500 * WAD)
    most, shares = remainder.maxDeposit(depositor), remainder.maxMint(depositor)
    brought = 0.1 * (-1 if (crowd > 0) is is_long else 1) if crowd else 0
    assert most / WAD == pytest.approx(333_333 - 20 - 10**6 * brought, abs=4_000)
    with venue.evm.anchor():
        remainder.deposit(most, depositor, sender=depositor)
        assert abs(venue.state(remainder).size) == pytest.approx(500 * WAD, rel=1e-5)
    with venue.evm.anchor():
        assert remainder.mint(shares, depositor, sender=depositor) == pytest.approx(most, rel=1e-5)
        assert abs(venue.state(remainder).size) == pytest.approx(500 * WAD, abs=10)
    for call in (
        lambda: remainder.deposit(most + most // 10**4, depositor, sender=depositor),
        lambda: remainder.mint(shares + 1, depositor, sender=depositor),
    ):
        with reverts("mint: cap reached"):
            call()


@pytest.mark.parametrize("most", [2, 3, 4])
def test_no_position_that_the_venue_forbids(venue, remainder, depositor, most):
    """At 3x, where the venue allows no more, a position that costs can just not be opened."""
    venue.configure(max_leverage=most * WAD)
    assert (remainder.maxDeposit(depositor) > 0) is (most > 3)
    assert (remainder.maxMint(depositor) > 0) is (most > 3)
    if most < 3:
        with reverts("margin: below initial"):
            remainder.deposit(1_000 * WAD, depositor, sender=depositor)


def test_no_room_for_a_hundred_is_no_room(venue, remainder, depositor):
    """0.15 ether hold a hundred dollars."""
    venue.configure_token(remainder, cap=149 * WAD // 1_000)
    assert remainder.maxDeposit(depositor) == remainder.maxMint(depositor) == 0
    with reverts("mint: leaves too little equity"):
        remainder.deposit(79 * WAD, depositor, sender=depositor)
    venue.configure_token(remainder, cap=151 * WAD // 1_000)
    assert remainder.maxDeposit(depositor) > 80 * WAD


def test_other_gates_stay_closed(venue, remainder, factory, depositor):
    def refused(reason):
        with reverts(reason):
            remainder.deposit(1_000 * WAD, depositor, sender=depositor)

    with venue.evm.anchor():
        remainder.pause_mint(NOON + DAY, sender=factory)
        refused("mint: paused")
    with venue.evm.anchor():
        venue.status(REDUCE_ONLY)
        refused("market: reduce only")
        assert remainder.maxDeposit(depositor) == 0
    with venue.evm.anchor():
        remainder.wind_down(sender=factory)
        refused("mint: winding down")
    venue.configure_token(remainder, cap=WAD)
    refused("mint: cap reached")
    with reverts("mint: below 10 quote"):
        remainder.deposit(5 * WAD, depositor, sender=depositor)


def test_less_than_opening_costs_buys_nothing(remainder):
    """Opening 60 costs 3.6 cents."""
    with reverts("vault: assets buy no share"):
        remainder.previewDeposit(3 * WAD // 100)
    assert remainder.previewDeposit(5 * WAD // 100) > 0


def test_more_than_the_venue_can_fill(make_remainder):
    """A sale of twice the skew scale, by deposit and by mint."""
    token = make_remainder(20 * WAD, is_long=False)
    with reverts("vault: no fill to open"):
        token.previewDeposit(10**10 * WAD)
    with reverts("vault: no fill to open"):
        token.previewMint(token.totalSupply() * 10**9)


def test_what_is_left_redeems_without_a_trade(venue, remainder, holder):
    nav = venue.nav(remainder)
    assert remainder.maxRedeem(holder) == remainder.balanceOf(holder)
    shares = remainder.balanceOf(holder) // 3
    paid = remainder.redeem(shares, holder, holder, sender=holder)
    assert paid == shares * nav // WAD
    assert venue.exchange.logs("PositionModified")[0].args.size_delta == 0
    assert venue.nav(remainder) >= nav


def test_rebalance_has_nothing_to_do(remainder, keeper):
    with reverts("rebalance: nothing to do"):
        remainder.rebalance(sender=keeper)


def test_however_much_time_has_passed(venue, remainder, depositor):
    """A remainder too small to be rebuilt would be stuck for ever."""
    venue.wait(30 * DAY)
    remainder.deposit(200 * WAD, depositor, sender=depositor)
    assert venue.leverage(remainder) == pytest.approx(3, rel=1e-6)
