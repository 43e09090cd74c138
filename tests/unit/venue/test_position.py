import ape
import pytest

from tests.unit.venue.helpers import ETH, MAX_UINT, USD, ZERO_ADDRESS


def test_is_as_stored(venue, trader):
    """Not accrued, not marked: what the last touch left."""
    venue.open(trader, -100 * ETH, 10_000)
    before = venue.position(trader)
    venue.price(1_500)
    assert venue.position(trader) == before
    assert before.size == -100 * ETH
    assert before.basis == 2_000 * USD


def test_of_nobody(venue, exchange, attacker):
    assert tuple(exchange.position(0, attacker)) == (0, 0, 0, 0, False, ZERO_ADDRESS)


def test_keeps_its_flagger_after_recovery(venue, exchange, trader, keeper):
    """Only `flagged` says whether the account is frozen."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(1_915)
    exchange.flag(0, trader, sender=keeper)
    venue.price(2_000)
    exchange.liquidate(0, trader, sender=keeper)
    position = venue.position(trader)
    assert (position.flagged, position.flagger) == (False, keeper)


@pytest.mark.parametrize("market", [1, 31, 32, 2**96, MAX_UINT - 2**96 + 1])
def test_of_unknown_markets(venue, exchange, trader, market):
    """The last two would be market 0 if the key were cut to its 96 bits."""
    venue.open(trader, ETH, 1_000)
    with ape.reverts("market: unknown"):
        exchange.position(market, trader)
