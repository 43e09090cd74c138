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


@pytest.mark.parametrize("market", [0, 1, 31, 32])
def test_of_nobody(venue, exchange, attacker, market):
    assert tuple(exchange.position(market, attacker)) == (0, 0, 0, 0, False, ZERO_ADDRESS)


def test_keeps_its_flagger_after_recovery(venue, exchange, trader, keeper):
    """Only `flagged` says whether the account is frozen."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(1_915)
    exchange.flag(0, trader, sender=keeper)
    venue.price(2_000)
    exchange.liquidate(0, trader, sender=keeper)
    position = venue.position(trader)
    assert (position.flagged, position.flagger) == (False, keeper)


@pytest.mark.xfail(strict=True, reason="ids are cut to 96 bits: market 2**96 shows market 0")
@pytest.mark.parametrize("market", [2**96, MAX_UINT - 2**96 + 1])
def test_of_markets_beyond_the_key(venue, exchange, trader, market):
    venue.open(trader, ETH, 1_000)
    assert exchange.position(market, trader).size == 0
