"""What an increase must fit into: price limit, caps of interest, reserve of the pool."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, MAX_UINT, USD, USDC


def room(venue, side):
    """How much the market says a side may still grow."""
    return venue.state().room_long if side > 0 else venue.state().room_short


@pytest.mark.parametrize("side", [1, -1])
def test_price_limit(venue, trader, side):
    """The fill itself is accepted; one wei better is not to be had."""
    venue.deposit(trader, 10_000)
    fill = 2_000 * USD + side * USD // 10

    with ape.reverts("order: price limit"):
        venue.trade(trader, side * 100 * ETH, fill - side)
    venue.trade(trader, side * 100 * ETH, fill)
    assert venue.position(trader).size == side * 100 * ETH


@pytest.mark.parametrize("side", [1, -1])
def test_price_limit_of_a_reduction(venue, trader, side):
    venue.open(trader, side * 100 * ETH, 10_000)
    fill = 2_000 * USD + side * USD // 10

    with ape.reverts("order: price limit"):
        venue.trade(trader, -side * 100 * ETH, fill + side)
    venue.trade(trader, -side * 100 * ETH, fill)
    assert venue.position(trader).size == 0


def test_extreme_price_limits(venue, trader):
    venue.deposit(trader, 10_000)
    with ape.reverts("order: price limit"):
        venue.trade(trader, ETH, 1)
    with ape.reverts("order: price limit"):
        venue.trade(trader, -ETH, MAX_UINT)
    venue.trade(trader, ETH, MAX_UINT)
    venue.trade(trader, -ETH, 1)


def test_price_limit_means_nothing_without_an_order(venue, exchange, usd, trader):
    usd.transfer(exchange, USDC, sender=trader)
    exchange.modify_position(0, USDC, 0, 1, trader, sender=trader)


@pytest.mark.parametrize(("side", "cap"), [(1, "max_long"), (-1, "max_short")])
def test_cap_of_a_side(venue, trader, other_trader, side, cap):
    venue.configure(**{cap: 300 * ETH})
    venue.open(other_trader, side * 100 * ETH, 100_000)
    venue.deposit(trader, 100_000)
    assert room(venue, side) == 200 * ETH

    with ape.reverts("market: open interest cap"):
        venue.trade(trader, side * (200 * ETH + 1))
    venue.trade(trader, side * 200 * ETH)
    assert room(venue, side) == 0
    # The other side has its own cap.
    venue.trade(other_trader, -side * 500 * ETH)


@pytest.mark.parametrize("side", [1, -1])
def test_cap_of_a_side_in_dollars(venue, trader, side):
    """A million is 500 ETH at 2000 and 400 at 2500."""
    venue.configure(max_notional=10**6 * USD)
    venue.deposit(trader, 1_000_000)
    with ape.reverts("market: open interest cap"):
        venue.trade(trader, side * (500 * ETH + 1))
    venue.price(2_500)
    assert room(venue, side) == 400 * ETH
    with ape.reverts("market: open interest cap"):
        venue.trade(trader, side * (400 * ETH + 1))
    venue.trade(trader, side * 400 * ETH)


@pytest.mark.parametrize("side", [1, -1])
def test_cap_counts_a_position_once_when_it_grows(venue, trader, side):
    venue.configure(max_long=300 * ETH, max_short=300 * ETH)
    venue.open(trader, side * 100 * ETH, 100_000)
    with ape.reverts("market: open interest cap"):
        venue.trade(trader, side * (200 * ETH + 1))
    venue.trade(trader, side * 200 * ETH)


def test_cap_counts_a_position_once_when_it_crosses_zero(venue, trader, other_trader):
    """From 100 long to 300 short: the short side grows by 300, not by 400."""
    venue.configure(max_short=400 * ETH)
    venue.open(other_trader, -100 * ETH, 100_000)
    venue.open(trader, 100 * ETH, 100_000)

    with ape.reverts("market: open interest cap"):
        venue.trade(trader, -(400 * ETH + 1))
    venue.trade(trader, -400 * ETH)
    assert venue.state().short_interest == 400 * ETH


def test_caps_below_the_interest_still_let_it_shrink(venue, trader):
    venue.open(trader, 100 * ETH, 10_000)
    venue.configure(max_long=0, max_short=0, max_notional=0)

    assert room(venue, 1) == room(venue, -1) == 0
    for order_size in (1, -100 * ETH - 1):
        with ape.reverts("market: open interest cap"):
            venue.trade(trader, order_size)
    venue.trade(trader, -100 * ETH)


@pytest.fixture
def small_pool(venue, exchange, owner, lp):
    """A pool of 100,000 dollars backs 200,000 of positions: 100 ETH."""
    exchange.drain_pool(0, 9_900_000 * USDC, owner, sender=owner)


def test_reserve_of_the_pool(venue, small_pool, trader, other_trader):
    assert venue.state().room_long == venue.state().room_short == 100 * ETH
    venue.open(other_trader, 60 * ETH, 10_000)
    venue.deposit(trader, 10_000)

    # The pool has gained the impact of 60 ETH, 3.60 dollars, and backs 0.0036 ETH more.
    left = 40_0036 * ETH // 10**4
    assert room(venue, -1) == left
    with ape.reverts("market: pool reserve"):
        venue.trade(trader, -left - 1)
    venue.trade(trader, -left)
    venue.trade(trader, left)


def test_reserve_counts_both_sides(venue, small_pool, trader, other_trader):
    venue.open(trader, 50 * ETH, 10_000)
    venue.open(other_trader, -50 * ETH, 10_000)
    with ape.reverts("market: pool reserve"):
        venue.trade(trader, ETH)
    with ape.reverts("market: pool reserve"):
        venue.trade(other_trader, -ETH)


def test_reserve_when_crossing_zero(venue, small_pool, trader):
    """From 60 long to 60 short is no more than before; 101 would be."""
    venue.open(trader, 60 * ETH, 50_000)
    with ape.reverts("market: pool reserve"):
        venue.trade(trader, -161 * ETH)
    venue.trade(trader, -120 * ETH)
    assert venue.position(trader).size == -60 * ETH


def test_reserve_shrinks_with_what_traders_gain(venue, small_pool, trader):
    """At 2500 the pool has 50,000 left for positions of 250,000: none may open, all may close."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(2_500)
    assert room(venue, 1) == 0

    with ape.reverts("market: pool reserve"):
        venue.trade(trader, 1)
    venue.trade(trader, -50 * ETH)


def test_no_increase_on_an_insolvent_pool(venue, small_pool, trader, other_trader):
    venue.open(trader, 90 * ETH, 10_000)
    venue.deposit(other_trader, 10_000)
    venue.price(4_000)  # the trader's gain of 180,000 is more than there is

    assert venue.state().lp_equity < 0
    assert room(venue, 1) == 0
    with ape.reverts("market: open interest cap"):
        venue.trade(other_trader, ETH)


def test_beyond_the_skew_scale(venue, trader, other_trader):
    """With K lowered to 10 under a balanced book, selling 20 would need a price of zero."""
    venue.open(trader, 100 * ETH, 100_000)
    venue.open(other_trader, -100 * ETH, 100_000)
    venue.configure(skew_scale=10 * ETH, max_long=9 * ETH, max_short=9 * ETH)

    for size in (-20 * ETH, -50 * ETH):
        assert venue.account(trader, size).fill_price == 0
        with ape.reverts("order: beyond the skew scale"):
            venue.trade(trader, size)
    # Just before: 2000 (20 - 19) / 20
    assert venue.account(trader, -19 * ETH).fill_price == 100 * USD


def test_refused_orders_change_nothing(venue, trader, small_pool):
    venue.deposit(trader, 10_000)
    before = venue.books(trader)
    for size, limit, reason in (
        (101 * ETH, 0, "market: pool reserve"),
        (32_000 * ETH, 0, "market: open interest cap"),
        (ETH, 1, "order: price limit"),
    ):
        with ape.reverts(reason):
            venue.trade(trader, size, limit)
    assert venue.books(trader) == before
