import ape
import pytest

from tests.unit.venue.helpers import ACTIVE, ETH, NOT_OWNER, USD, WAD, ZERO_ADDRESS


def test_adds(empty_venue, exchange, owner):
    venue = empty_venue
    feed = venue.new_feed(2_000)
    words = venue.pack(feed)
    assert venue.result("add_market", words, sender=owner) == 0
    tx = exchange.add_market(words, sender=owner)

    assert tx.events == [exchange.MarketConfigUpdated(market=0, words=words)]
    assert exchange.market_count() == 1
    assert exchange.market_words_of(0) == [words[0] | ACTIVE, words[1]]
    assert exchange.price_guard_of(0) == ZERO_ADDRESS
    assert tuple(venue.state()) == (2_000 * USD, 0, ACTIVE, *[0] * 15)


def test_no_funding_from_before_it_was(empty_venue, exchange, owner):
    """Time counts from the addition, not from 1970."""
    venue = empty_venue
    venue.add_market(max_funding_velocity=9 * WAD, max_funding_rate=10**16)
    venue.wait(100)
    assert (venue.state().funding_rate, venue.state().funding_index) == (0, 0)


@pytest.mark.parametrize("digits", [0, 6, 8, 18])
def test_price_of_any_decimals(empty_venue, exchange, owner, digits):
    feed = empty_venue.new_feed(1_234, digits)
    exchange.add_market(empty_venue.pack(feed), sender=owner)
    assert empty_venue.state().price == 1_234 * USD


def test_a_feed_that_does_not_work_yet(empty_venue, exchange, owner):
    venue = empty_venue
    feed = venue.new_feed(0)
    exchange.add_market(venue.pack(feed), sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (0, 4)


def test_32_markets(empty_venue, exchange, owner):
    words = empty_venue.pack(empty_venue.new_feed(2_000))
    for market in range(32):
        exchange.add_market(words, sender=owner)
        assert exchange.market_count() == market + 1
    assert empty_venue.state(31).price == 2_000 * USD

    with ape.reverts("market: too many"):
        exchange.add_market(words, sender=owner)
    assert exchange.market_count() == 32
    with ape.reverts("market: unknown"):
        exchange.market_state(32)


def test_invalid_words(empty_venue, exchange, owner):
    words = empty_venue.pack(empty_venue.new_feed(2_000))
    with ape.reverts("config: not packed parameters"):
        exchange.add_market([words[0] | ACTIVE, words[1]], sender=owner)
    with ape.reverts("config: zero age or skew scale"):
        exchange.add_market([words[0], 0], sender=owner)
    assert exchange.market_count() == 0


def test_owner_only(empty_venue, exchange, strangers):
    words = empty_venue.pack(empty_venue.new_feed(2_000))
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.add_market(words, sender=account)


def test_markets_are_apart(empty_venue, lp, trader, other_trader):
    """Pools, positions and fees of two markets do not touch."""
    venue = empty_venue
    for dollars in (2_000, 30_000):
        venue.add_liquidity(lp, 10_000_000, venue.add_market(dollars))
    venue.open(trader, 100 * ETH, 10_000)
    venue.open(trader, -10 * ETH, 20_000, market=1)
    venue.open(other_trader, ETH, 2_000, market=1)
    before = venue.state(1), venue.account(trader, ETH, 1), venue.exchange.lp_shares(1, lp)

    venue.price(2_500)
    venue.trade(trader, -100 * ETH)
    venue.withdraw(trader, 40_000 * 10**6)
    venue.add_liquidity(lp, 1_000)

    after = venue.state(1), venue.account(trader, ETH, 1), venue.exchange.lp_shares(1, lp)
    assert after == before
    venue.check_conservation(markets=2)
