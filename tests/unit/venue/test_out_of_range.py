"""The bounds of a market's book, which no real amount comes near: collateral of 18 decimals."""

import ape
import pytest

from tests.unit.venue.helpers import DAY, ETH, MAX_ORDER, MAX_PRICE, USD


@pytest.fixture(scope="module")
def decimals():
    return 18


def rich(venue, *accounts):
    for account in accounts:
        venue.usd.mint(account, 2**97, sender=venue.owner)


def test_a_margin_stays_below_2_96(venue, exchange, trader, other_trader):
    rich(venue, trader, other_trader)
    exchange.deposit_margin(0, MAX_ORDER, sender=trader)
    before = venue.books(trader, other_trader)

    with ape.reverts("market: out of range"):
        exchange.deposit_margin(0, MAX_ORDER, sender=trader)
    assert venue.books(trader, other_trader) == before

    exchange.deposit_margin(0, MAX_ORDER - 1, sender=trader)
    assert venue.position(trader).margin == 2**96 - 1
    with ape.reverts("market: out of range"):
        exchange.deposit_margin(0, 1, sender=trader)
    exchange.deposit_margin(0, MAX_ORDER, sender=other_trader)
    assert venue.state().margins == 2**96 - 1 + MAX_ORDER
    venue.withdraw(trader, MAX_ORDER)
    venue.check_conservation()


def test_the_pool_stays_below_2_95(venue, exchange, lp):
    rich(venue, lp)
    room = MAX_ORDER - 1 - venue.state().pool
    before = venue.books(lp)
    with ape.reverts("market: out of range"):
        exchange.add_liquidity(0, room + 1, 0, sender=lp)
    assert venue.books(lp) == before
    exchange.add_liquidity(0, room, 0, sender=lp)
    assert venue.state().pool == 2**95 - 1
    venue.check_conservation()


def test_the_pool_stays_at_minus_2_95_or_above(venue, exchange, trader, owner):
    """The pool's cash is signed: what is drained beyond it came from the traders' margins."""
    rich(venue, trader)
    pool = venue.state().pool
    for assets in (MAX_ORDER, 1):
        exchange.deposit_margin(0, assets, sender=trader)
    with ape.reverts("market: out of range"):
        exchange.drain_pool(0, pool + MAX_ORDER + 1, owner, sender=owner)
    exchange.drain_pool(0, pool + MAX_ORDER, owner, sender=owner)
    assert venue.state().pool == -(2**95)
    venue.check_conservation()


def test_margins_by_sent_collateral(venue, exchange, usd, trader):
    rich(venue, trader)
    usd.transfer(exchange, 2**97, sender=trader)
    exchange.modify_position(0, MAX_ORDER, 0, 0, trader, sender=trader)
    with ape.reverts("market: out of range"):
        exchange.modify_position(0, MAX_ORDER, 0, 0, trader, sender=trader)


@pytest.mark.parametrize("rate", [USD, -USD])
def test_funding_index_stays_below_2_94(venue, exchange, owner, trader, rate):
    """At the highest price and rate the index moves by 2**94 in a day."""
    venue.feeds[0].push(MAX_PRICE // 10**10, sender=owner)
    exchange.force_funding_rate(0, rate, True, sender=owner)
    price = MAX_PRICE // 10**10 * 10**10

    venue.wait(DAY)
    assert venue.state().funding_index == -price * rate // USD
    venue.wait(DAY + 1)
    with ape.reverts("market: out of range"):
        venue.configure()


def test_bounds_of_the_funding_index(venue, exchange, owner):
    """At the highest price and rate it moves by 2**94 in a day: down to there, but not up to it."""
    feed = venue.new_feed(1, decimals=18)
    feed.push(MAX_PRICE, sender=owner)
    for rate in (USD, -USD):
        market = exchange.market_count()
        exchange.add_market(venue.pack(feed), sender=owner)
        exchange.force_funding_rate(market, rate, True, sender=owner)
        venue.wait(DAY)
        if rate < 0:
            with ape.reverts("market: out of range"):
                exchange.force_funding_rate(market, rate, True, sender=owner)
        else:
            exchange.force_funding_rate(market, rate, True, sender=owner)
            assert exchange.market_state(market).funding_index == -(2**94)


def test_fee_bucket_stays_below_2_64(venue, exchange, trader, other_trader, lp):
    """In billionths of a dollar: eighteen billion dollars of fees."""
    venue.configure(
        skew_scale=10**9 * ETH,
        taker_fee=5 * 10**16,
        max_long=10**6 * ETH,
        max_notional=4 * 10**11 * USD,
        reserve_factor=10**17,
    )
    rich(venue, trader, lp)
    exchange.add_liquidity(0, 39 * 10**9 * USD, 0, sender=lp)
    venue.price(400_000)
    exchange.deposit_margin(0, 39 * 10**9 * USD, sender=trader)

    # 950,000 ETH at 400,000 are 380 billion dollars, and 5 % of them 19 billion.
    before = venue.books(trader)
    with ape.reverts("market: out of range"):
        venue.trade(trader, 950_000 * ETH)
    assert venue.books(trader) == before
    venue.trade(trader, 900_000 * ETH)
    assert venue.state().fees == 900_000 * 400_180 * USD * 5 // 100
    venue.check_conservation()
