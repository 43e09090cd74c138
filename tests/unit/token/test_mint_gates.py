"""When minting is closed, and that nothing of it stops a redemption."""

import pytest

from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import NOON, REDUCE_ONLY, reverts


@pytest.fixture
def check(venue, token, depositor, holder):
    """Mint and deposit, refused with a reason or not; a redemption and a withdrawal work."""

    def check(reason, token=token):
        for call in (
            lambda: token.deposit(100 * venue.one, depositor, sender=depositor),
            lambda: token.mint(WAD, depositor, sender=depositor),
        ):
            with venue.evm.anchor():
                if reason is None:
                    call()
                else:
                    with reverts(reason):
                        call()
        with venue.evm.anchor():
            shares = token.balanceOf(holder)
            assert token.maxRedeem(holder) == shares
            assert token.redeem(shares, holder, holder, sender=holder) > 0
        with venue.evm.anchor():
            assert token.withdraw(100 * venue.one, holder, holder, sender=holder) > 0

    return check


def test_open(check):
    check(None)


def test_paused_until_its_end(venue, token, factory, check):
    token.pause_mint(NOON + DAY, sender=factory)
    check("mint: paused")
    venue.evm.timestamp = NOON + DAY - 1
    check("mint: paused")
    venue.evm.timestamp = NOON + DAY
    check(None)


def test_winding_down(token, factory, check):
    token.wind_down(sender=factory)
    check("mint: winding down")


def test_band_includes_its_edges(venue, token, check):
    """From 3x, 1,777.77 brings 4x and 2,666.66 brings 2x."""
    for price, reason in (
        (1_777.5, "mint: rebalance first"),
        (1_778.1, None),
        (2_666, None),
        (2_667, "mint: rebalance first"),
    ):
        venue.price(price)
        check(reason)


@pytest.mark.parametrize(("edge", "step"), [("leverage_hi", -1), ("leverage_lo", 1)])
def test_band_to_its_last_digit(venue, token, check, edge, step):
    """The edge is put at the leverage itself, and then a step of 1e-4 inside of it."""
    venue.configure_token(token, leverage_lo=WAD, leverage_hi=5 * WAD, emergency_leverage=7 * WAD)
    venue.price(1_800 if edge == "leverage_hi" else 2_500)
    leverage = venue.leverage(token) * WAD
    digit = int(leverage) // 10**14 + (edge == "leverage_hi")
    venue.configure_token(token, **{edge: digit * 10**14})
    check(None)
    venue.configure_token(token, **{edge: (digit + step) * 10**14})
    check("mint: rebalance first")


def test_short_band(venue, make_token, check):
    """From -3x, 2,133.33 brings 4x and 1,777.77 brings 2x."""
    token = make_token(is_long=False)
    for price, reason in (
        (2_134, "mint: rebalance first"),
        (2_133, None),
        (1_778, None),
        (1_777, "mint: rebalance first"),
    ):
        venue.price(price)
        check(reason, token)


def test_cap(venue, token, depositor, check):
    size = venue.state(token).size
    venue.configure_token(token, cap=size // 10**12 * 10**12)
    check("mint: cap reached")
    venue.configure_token(token, cap=size // 10**12 * 10**12 + WAD)
    check(None)


def test_cap_is_of_this_token_alone(venue, token, trader, check):
    venue.configure_token(token, cap=200 * WAD)
    venue.trade(trader, 5_000, 10**6)
    check(None)


def test_open_interest_of_the_venue(venue, token, trader, check):
    """A tenth of an ether is left for a token of which a hundred dollars hold 0.15."""
    venue.configure(max_long=200 * WAD)
    check(None)
    venue.trade(trader, venue.exchange.market_state(0).room_long / WAD - 0.1, 10**5)
    check("market: open interest cap")


def test_reserve_of_the_venue(venue, token, trader, check):
    """What an order pays for its impact makes room for a little more."""
    venue.trade(trader, -15_000, 10**7)
    while (room := venue.exchange.market_state(0).room_short) > WAD // 10:
        venue.trade(trader, -(room - WAD // 20) / WAD)
    check("market: pool reserve")


def test_reduce_only_venue(venue, check):
    venue.status(REDUCE_ONLY)
    check("market: reduce only")


def test_least_equity(venue, make_token, factory, depositor):
    """Of a seed of 200 half has gone, a fall takes 15 more: 85 of equity, and 3.4x."""
    token = make_token(held=0, fees=(0, 0), fee_rate=0)
    token.redeem(token.balanceOf(factory) * 497 // 1_000, factory, factory, sender=factory)
    venue.price(1_900)
    equity = venue.state(token).equity
    assert 85 * WAD < equity < 86 * WAD
    missing = (100 * WAD - equity) // venue.scale
    with reverts("mint: leaves too little equity"):
        token.deposit(missing, depositor, sender=depositor)
    token.deposit(missing * 101 // 100, depositor, sender=depositor)
    assert venue.state(token).equity >= 100 * WAD


def test_pause_comes_before_the_band_and_the_band_before_the_cap(venue, token, factory, depositor):
    venue.configure_token(token, cap=0)
    venue.move(-12)

    def refused(reason):
        with reverts(reason):
            token.deposit(venue.one, depositor, sender=depositor)

    with venue.evm.anchor():
        token.pause_mint(NOON + DAY, sender=factory)
        refused("mint: paused")
        token.wind_down(sender=factory)
        refused("mint: winding down")
    refused("mint: rebalance first")
    venue.move(10)
    refused("mint: cap reached")
    venue.configure_token(token, cap=1_000 * WAD)
    refused("mint: below 10 quote")


def test_all_gates_at_once_let_redemptions_through(venue, token, factory, trader, check):
    venue.trade(trader, -19_000, 10**7)
    venue.configure_token(token, cap=0)
    token.pause_mint(NOON + DAY, sender=factory)
    venue.configure(max_long=WAD)
    venue.status(REDUCE_ONLY)
    venue.move(-20)
    check("mint: paused")


def test_small_and_below_the_band_a_mint_is_the_way_out(venue, make_token, factory, depositor):
    """The venue takes no increase below its least margin: nobody can rebalance, but a mint may."""
    token = make_token(held=0, fees=(0, 0), fee_rate=0)
    token.redeem(token.balanceOf(factory) * 49 // 100, factory, factory, sender=factory)
    venue.configure(min_margin=500 * WAD)
    venue.price(3_500)
    assert venue.leverage(token) < 2
    with reverts("rebalance: venue refuses"):
        token.rebalance(sender=factory)
    with reverts("mint: leaves too little equity"):
        token.deposit(venue.one * 500, depositor, sender=depositor)
    token.deposit(venue.one * 1_000, depositor, sender=depositor)
    token.rebalance(sender=factory)
    assert 2 <= venue.leverage(token) <= 3.01
