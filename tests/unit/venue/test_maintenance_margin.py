"""What a position must keep: the formula, and the exchange's view of it at its price."""

import ape
import pytest

from tests.unit.venue.helpers import (
    CLOSED,
    ETH,
    MAX_INT,
    MAX_ORDER,
    MAX_PRICE,
    MIN_INT,
    PAUSED,
    USD,
)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("size", "buffer", "premium", "fee"),
    [
        (ETH // 1_000, 15 * USD // 1_000, 3_125 * USD // 10**12, 2 * USD),
        (100 * ETH, 1_500 * USD, 31_25 * USD // 100, 700 * USD),
        (1_000 * ETH, 15_000 * USD, 3_125 * USD, 1_000 * USD),
    ],
)
def test_buffer_premium_and_fee(venue, side, size, buffer, premium, fee):
    assert venue.maintenance(side * size) == buffer + premium + fee


def test_is_the_accounts(venue, trader):
    venue.open(trader, 123 * ETH, 20_000)
    venue.price(1_987.6)
    assert venue.account(trader).maintenance == venue.maintenance(123 * ETH) > 0


def test_each_part_rounds_up(venue):
    """Of 1 wei: 15 wei of buffer, one of premium for a millionth of a wei, 2 dollars."""
    assert venue.maintenance(1) == 15 + 1 + 2 * USD


def test_premium_is_the_notional_at_most(venue):
    """A scale lowered under a position: 100 / 10 * 1.5625 would be 15 times the notional."""
    venue.configure(skew_scale=10 * ETH, max_long=9 * ETH, max_short=9 * ETH)
    assert venue.maintenance(100 * ETH) == 1_500 * USD + 200_000 * USD + 700 * USD


def test_of_nothing(venue):
    assert venue.maintenance(0) == 0


def test_of_the_largest_sizes(venue):
    for size in (MAX_ORDER, -MAX_ORDER):
        assert venue.maintenance(size) > 2 * MAX_ORDER * 1_000


def test_while_paused(venue):
    venue.status(PAUSED)
    assert venue.maintenance(100 * ETH) == 2_231_25 * USD // 100


def test_of_a_closed_market(venue):
    venue.status(CLOSED)
    assert venue.maintenance(100 * ETH) == 0


@pytest.mark.parametrize(
    ("size", "price"), [(MAX_ORDER + 1, 1), (-MAX_ORDER - 1, 1), (1, MAX_PRICE + 1)]
)
def test_beyond_the_arithmetic(venue, exchange, size, price):
    with ape.reverts("config: size or price too large"):
        venue.parameters.maintenance_margin(exchange.market_words_of(0), size, price)


@pytest.mark.parametrize("size", [0, 1, -1, 100 * ETH, -1_000 * ETH, MAX_ORDER, -MAX_ORDER])
def test_at_the_present_price(venue, exchange, size):
    venue.price(1_987.6)
    assert exchange.maintenance_margin(0, size) == venue.maintenance(size)
    venue.price(3_012.3)
    assert exchange.maintenance_margin(0, size) == venue.maintenance(size)


def test_of_another_market(venue, exchange):
    market = venue.add_market(dollars=10, maintenance_ratio=10**16)
    margin = exchange.maintenance_margin(market, 1_000 * ETH)
    assert margin == 100 * USD + 15_625 * USD // 1_000 + 35 * USD


def test_at_the_last_price_when_it_is_too_old(venue, exchange, owner):
    venue.feeds[0].push_at(2_100 * 10**8, 1, sender=owner)
    assert venue.state().oracle_fault == 7
    assert exchange.maintenance_margin(0, 100 * ETH) == venue.maintenance(100 * ETH)
    assert exchange.maintenance_margin(0, 100 * ETH) > 1_575 * USD


def test_without_any_price(venue, exchange, owner):
    """As for an account: of a notional of nothing, the least fee is left."""
    venue.feeds[0].set_reverts(True, sender=owner)
    assert exchange.maintenance_margin(0, 100 * ETH) == 2 * USD
    assert exchange.maintenance_margin(0, 0) == 0


def test_at_the_present_price_while_paused(venue, exchange):
    venue.status(PAUSED)
    assert exchange.maintenance_margin(0, 100 * ETH) == 2_231_25 * USD // 100


def test_at_a_settlement_price(venue, exchange):
    venue.status(CLOSED)
    assert exchange.maintenance_margin(0, 100 * ETH) == 0


@pytest.mark.parametrize("status", [None, CLOSED])
@pytest.mark.parametrize("size", [MAX_ORDER + 1, -MAX_ORDER - 1, MAX_INT, MIN_INT])
def test_of_sizes_beyond_the_arithmetic(venue, exchange, status, size):
    if status is not None:
        venue.status(status)
    with ape.reverts("order: quote out of range"):
        exchange.maintenance_margin(0, size)
