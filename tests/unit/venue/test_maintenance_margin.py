import ape
import pytest

from tests.unit.venue.helpers import CLOSED, ETH, MAX_ORDER, MAX_PRICE, PAUSED, USD


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
