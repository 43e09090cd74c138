import ape
import pytest

from tests.unit.venue.helpers import (
    ACTIVE,
    CLOSED,
    NOT_OWNER,
    PAUSED,
    REDUCE_ONLY,
    USD,
)


@pytest.mark.parametrize("old", [ACTIVE, REDUCE_ONLY, PAUSED])
@pytest.mark.parametrize("new", [ACTIVE, REDUCE_ONLY, PAUSED])
def test_switches(venue, exchange, owner, old, new):
    words = exchange.market_words_of(0)
    venue.status(old)
    tx = exchange.set_market_status(0, new, sender=owner)

    assert tx.events == [exchange.MarketStatusUpdated(market=0, old_status=old, new_status=new)]
    assert venue.state().status == new
    # Nothing but the status: bits 0 to 3.
    status_bits = 15
    after = exchange.market_words_of(0)
    assert after == [words[0] & ~status_bits | new, words[1]]


def test_keeps_guard_and_forced_rate(venue, exchange, owner):
    exchange.force_funding_rate(0, 7, True, sender=owner)
    venue.guard(max_price=USD)
    venue.status(PAUSED)
    venue.wait(100)
    assert (venue.state().oracle_fault, venue.state().funding_rate) == (8, 7)
    assert exchange.market_words_of(0)[0] & 255 == PAUSED | 1 << 4 | 1 << 5


@pytest.mark.parametrize("status", [CLOSED, 0, ACTIVE | PAUSED, 15])
def test_bad_status(venue, exchange, owner, status):
    with ape.reverts("market: bad status"):
        exchange.set_market_status(0, status, sender=owner)
    assert venue.state().status == ACTIVE


@pytest.mark.parametrize("status", [16, 2**255])
def test_no_status(venue, exchange, owner, status):
    """Beyond the flag: refused before the function begins, without a reason."""
    with ape.reverts():
        exchange.set_market_status(0, status, sender=owner)
    assert venue.state().status == ACTIVE


def test_closed_is_for_good(venue, exchange, owner):
    venue.status(CLOSED)
    for status in (ACTIVE, REDUCE_ONLY, PAUSED):
        with ape.reverts("market: closed for good"):
            exchange.set_market_status(0, status, sender=owner)


def test_one_market(venue):
    venue.add_market()
    venue.status(PAUSED)
    assert (venue.state(0).status, venue.state(1).status) == (PAUSED, ACTIVE)


def test_owner_only(venue, exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.set_market_status(0, PAUSED, sender=account)
