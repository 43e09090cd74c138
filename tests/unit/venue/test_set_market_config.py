"""Parameters changed mid-flight: accrued first, state kept, what is open still works."""

import ape
import pytest

from tests.unit.venue.helpers import (
    ACTIVE,
    CLOSED,
    DAY,
    ETH,
    NOT_OWNER,
    PAUSED,
    PERCENT,
    USD,
    WAD,
)


@pytest.fixture(scope="module")
def changes():
    return {"max_funding_velocity": 9 * WAD, "max_funding_rate": 20 * PERCENT}


def test_changes(venue, exchange, owner):
    words = venue.pack(venue.feeds[0], taker_fee=10**15, max_long=ETH)
    tx = exchange.set_market_config(0, words, sender=owner)
    assert tx.events == [exchange.MarketConfigUpdated(market=0, words=words)]
    assert exchange.market_words_of(0) == [words[0] | ACTIVE, words[1]]
    account = venue.account(owner, ETH)
    assert account.taker_fee == 10**15
    assert venue.state().room_long == ETH


def test_keeps_status_guard_and_forced_rate(venue, exchange, owner):
    guard = venue.guard()
    exchange.force_funding_rate(0, PERCENT, True, sender=owner)
    venue.status(PAUSED)
    before = exchange.market_words_of(0)[0] & 255
    venue.configure(seize_remainder=True)
    after = exchange.market_words_of(0)[0] & 255
    assert after == before | 1 << 6
    assert exchange.price_guard_of(0) == guard
    assert venue.state().status == PAUSED


def test_accrues_at_the_old_parameters(venue, exchange, owner, trader):
    venue.open(trader, 5_000 * ETH, 500_000)
    venue.wait(DAY // 3)
    venue.configure()  # no funding from now on
    assert exchange.market_state(0).funding_index == -5 * USD
    venue.wait(DAY)
    assert venue.state().funding_index == -5 * USD


def test_clamps_the_rate_to_the_new_cap(venue, exchange, owner, trader):
    for rate in (20 * PERCENT, -20 * PERCENT):
        exchange.force_funding_rate(0, rate, False, sender=owner)
        venue.configure(max_funding_rate=5 * PERCENT)
        assert venue.state().funding_rate == rate // 4
        venue.configure(max_funding_rate=20 * PERCENT)


def test_new_feed(venue, exchange, owner, trader):
    """What is open is valued at the new feed from then on."""
    exchange.force_funding_rate(0, 0, True, sender=owner)
    venue.open(trader, ETH, 1_000)
    feed = venue.new_feed(2_100, decimals=18)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    assert venue.state().price == 2_100 * USD
    assert venue.state().traders_pnl == 100 * USD


def test_new_feed_accrues_at_the_old_price(venue, exchange, owner, trader):
    venue.open(trader, 5_000 * ETH, 500_000)
    feed = venue.new_feed(4_000)
    venue.wait(DAY // 3 - 1)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    assert exchange.market_state(0).funding_index == -5 * USD


def test_broken_feed_is_replaced_at_the_price_of_the_new_one(venue, exchange, owner, trader):
    venue.open(trader, 5_000 * ETH, 500_000)
    start = venue.chain.blocks.head.timestamp
    feed = venue.new_feed(1_000)
    venue.feeds[0].set_reverts(True, sender=owner)
    venue.chain.mine(timestamp=start + DAY // 3 - 1)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    assert exchange.market_state(0).funding_index == -5 * USD // 2
    assert venue.state().price == 1_000 * USD


def test_both_feeds_broken(venue, exchange, owner):
    feed = venue.new_feed(-1)
    venue.feeds[0].set_reverts(True, sender=owner)
    before = exchange.market_words_of(0)
    with ape.reverts("oracle: answer not positive"):
        exchange.set_market_config(0, venue.pack(feed), sender=owner)
    assert exchange.market_words_of(0) == before


def test_stale_feed_can_be_allowed_more_age(venue, exchange, owner, trader):
    venue.configure(max_age=60)
    venue.wait(120)
    assert venue.state().oracle_fault == 7
    venue.configure(max_age=DAY)
    venue.open(trader, ETH, 1_000)


def test_relabelled_feed_needs_new_words(venue, exchange, owner):
    """Decimals are read when words are packed; words packed before are refused, not misread."""
    words = venue.pack(venue.feeds[0])
    venue.feeds[0].set_decimals(6, sender=owner)
    assert venue.state().price == 2_000 * USD
    with ape.reverts("config: not packed parameters"):
        exchange.set_market_config(0, words, sender=owner)
    venue.configure()
    assert venue.state().price == 200_000 * USD


def test_open_positions_survive_tighter_rules(venue, trader, other_trader):
    venue.open(trader, 100 * ETH, 10_000)
    venue.open(other_trader, -100 * ETH, 10_000)
    venue.configure(
        max_leverage=5 * WAD,
        min_margin=60_000 * USD,
        max_long=0,
        max_short=0,
        max_notional=0,
        reserve_factor=4 * USD,
        taker_fee=5 * PERCENT,
        maker_fee=5 * PERCENT,
    )
    with ape.reverts("margin: below minimum"):
        venue.withdraw(trader, 1)
    venue.trade(other_trader, ETH)
    venue.trade(trader, -ETH)
    assert venue.position(trader).size == 99 * ETH


def test_closed_market(venue, exchange, trader):
    """Its parameters may still change, but no order will ask for them: price and status stay."""
    venue.open(trader, ETH, 1_000)
    venue.status(CLOSED)
    venue.configure(taker_fee=5 * PERCENT)
    assert (venue.state().status, venue.state().price) == (CLOSED, 2_000 * USD)
    assert venue.account(trader, -ETH).order_fee == 0


def test_invalid_words(venue, exchange, owner):
    before = exchange.market_words_of(0)
    with ape.reverts("config: not packed parameters"):
        exchange.set_market_config(0, before, sender=owner)
    with ape.reverts("config: zero age or skew scale"):
        exchange.set_market_config(0, [0, 0], sender=owner)
    assert exchange.market_words_of(0) == before


def test_owner_only(venue, exchange, strangers):
    words = venue.pack(venue.feeds[0])
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.set_market_config(0, words, sender=account)
