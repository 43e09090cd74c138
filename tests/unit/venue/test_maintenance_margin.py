import pytest

from tests.unit.venue.helpers import CLOSED, ETH, MAX_ORDER, PAUSED, USD


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("size", "buffer", "premium", "fee"),
    [
        (ETH // 1_000, 15 * USD // 1_000, 3_125 * USD // 10**12, 2 * USD),
        (100 * ETH, 1_500 * USD, 31_25 * USD // 100, 700 * USD),
        (1_000 * ETH, 15_000 * USD, 3_125 * USD, 1_000 * USD),
    ],
)
def test_buffer_premium_and_fee(venue, exchange, side, size, buffer, premium, fee):
    assert exchange.maintenance_margin(0, side * size) == buffer + premium + fee


def test_is_the_accounts(venue, exchange, trader):
    venue.open(trader, 123 * ETH, 20_000)
    venue.price(1_987.6)
    assert venue.account(trader).maintenance == exchange.maintenance_margin(0, 123 * ETH) > 0


def test_each_part_rounds_up(exchange, venue):
    """Of 1 wei: 15 wei of buffer, one of premium for a millionth of a wei, 2 dollars."""
    assert exchange.maintenance_margin(0, 1) == 15 + 1 + 2 * USD


def test_premium_is_the_notional_at_most(venue, exchange):
    """A scale lowered under a position: 100 / 10 * 1.5625 would be 15 times the notional."""
    venue.configure(skew_scale=10 * ETH, max_long=9 * ETH, max_short=9 * ETH)
    assert exchange.maintenance_margin(0, 100 * ETH) == 1_500 * USD + 200_000 * USD + 700 * USD


def test_of_nothing(venue, exchange):
    assert exchange.maintenance_margin(0, 0) == 0


def test_of_the_largest_sizes(venue, exchange):
    for size in (MAX_ORDER, -MAX_ORDER):
        assert exchange.maintenance_margin(0, size) > 2 * MAX_ORDER * 1_000


def test_while_paused(venue, exchange):
    venue.status(PAUSED)
    assert exchange.maintenance_margin(0, 100 * ETH) == 2_231_25 * USD // 100


def test_of_a_closed_market(venue, exchange):
    venue.status(CLOSED)
    assert exchange.maintenance_margin(0, 100 * ETH) == 0


def test_without_a_price(venue, exchange, owner):
    venue.feeds[0].set_reverts(True, sender=owner)
    assert exchange.maintenance_margin(0, 100 * ETH) == 0
