# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: the owner's switches
@license AGPL-3.0-only
@author Steelyard
@notice Markets and their parameters, and the knobs that let tests and rehearsals be as adverse as real venues
        get: downtime, closing, parameters changed mid-flight, a forced funding rate, a drained pool, forced
        deleveraging. Owner only; each leaves an event.
@dev What changes funding accrues it first.
"""

from snekmate.auth import ownable

from ....interfaces import IPerpExchange
from ....interfaces import IPriceGuard
from . import liquidation
from . import books
from . import config
from . import market_words
from . import perp_math
from . import price_feed
from . import reasons

uses: ownable
uses: liquidation
uses: books
uses: config

IWAD: constant(int256) = 10**18


@external
def add_market(words: uint256[2]) -> uint256:
    """
    @notice Add a market, ACTIVE from the start.
    @param words Of MarketParameters.pack
    @return Its id
    """
    ownable._check_owner()
    market: uint256 = config._add(words)
    book: books.Book = empty(books.Book)
    book.updated_at = block.timestamp
    books._store(market, book)
    log IPerpExchange.MarketConfigUpdated(market=market, words=words)
    return market


@external
def set_market_config(market: uint256, words: uint256[2]):
    """
    @notice Change a market's parameters, its feed included, mid-flight.
    @dev Accrues at the old feed's price, or at the new one's when the old is invalid.
    @param market Market id
    @param words Of MarketParameters.pack
    """
    ownable._check_owner()
    feed: uint256 = config._feed(market)
    rules: uint256 = config._rules[market]
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = books._price(market, feed)
    config._set(market, words)
    new_feed: uint256 = config._feed(market)
    if fault != 0:
        price, fault = books._price(market, new_feed)
    if fault != 0:
        config._raise_fault(fault)
    book: books.Book = books._accrued(market, feed, rules, price)
    if feed & market_words.FORCED == 0:
        book.funding_rate = self._clamped(book.funding_rate, market_words._max_rate(new_feed))
    books._store(market, book)
    log IPerpExchange.MarketConfigUpdated(market=market, words=words)


@external
def set_price_guard(market: uint256, guard: address):
    """
    @notice Set the optional price checks of a market.
    @param market Market id
    @param guard PriceGuard deployed for this exchange, or zero for none
    """
    ownable._check_owner()
    config._set_bits(
        market, market_words.GUARDED, market_words.GUARDED if guard != empty(address) else 0
    )
    log IPerpExchange.PriceGuardUpdated(
        market=market, old_guard=config._guards[market], new_guard=guard
    )
    config._guards[market] = guard
    if guard != empty(address):
        # A guard of another exchange refuses this one, now rather than at the next order.
        extcall IPriceGuard(guard).accept(0)


@external
def set_market_status(market: uint256, status: IPerpExchange.MarketStatus):
    """
    @notice Switch a market between ACTIVE, REDUCE_ONLY and PAUSED (downtime). CLOSED has its own verb.
    @param market Market id
    @param status New status
    """
    ownable._check_owner()
    if (
        status != IPerpExchange.MarketStatus.ACTIVE
        and status != IPerpExchange.MarketStatus.REDUCE_ONLY
        and status != IPerpExchange.MarketStatus.PAUSED
    ):
        reasons._revert("market: bad status")
    self._switch(market, status)


@external
def close_market(market: uint256, settlement_price: uint256):
    """
    @notice Delist a market for good: positions settle at a frozen price without impact or fee, funding stops.
    @param market Market id
    @param settlement_price WAD
    """
    ownable._check_owner()
    if settlement_price == 0 or settlement_price > price_feed.MAX_PRICE:
        reasons._revert("market: bad settlement price")
    book: books.Book = books._accrued(
        market,
        config._feed(market),
        config._rules[market],
        settlement_price,
    )
    self._switch(market, IPerpExchange.MarketStatus.CLOSED)
    books._store(market, book)
    books._settlement_price[market] = settlement_price
    log IPerpExchange.MarketClosed(
        market=market, settlement_price=settlement_price, funding_index=book.funding_index
    )


@external
def force_funding_rate(market: uint256, rate: int256, forced: bool):
    """
    @notice Hold the funding rate at a value, or let it move with the skew again from there.
    @param market Market id
    @param rate WAD per day, within +-1e18; a rate let go is clamped to the market's cap
    @param forced True to hold it, false to let it go
    """
    ownable._check_owner()
    if rate > IWAD or rate < -IWAD:
        reasons._revert("market: bad funding rate")
    feed: uint256 = config._feed(market)
    rules: uint256 = config._rules[market]
    book: books.Book = books._accrued(market, feed, rules, books._valid_price(market, feed))
    book.funding_rate = (rate if forced else self._clamped(rate, market_words._max_rate(feed)))
    books._store(market, book)
    config._set_bits(market, market_words.FORCED, market_words.FORCED if forced else 0)
    log IPerpExchange.FundingRateForced(market=market, rate=book.funding_rate, forced=forced)


@external
def deleverage(market: uint256, account: address, size: uint256):
    """
    @notice Force a position smaller at the oracle price, free of impact and fee (auto-deleveraging).
    @param market Market id
    @param account Owner of the position
    @param size How much to close, underlying WAD
    """
    ownable._check_owner()
    liquidation._deleverage(market, account, size)


@internal
def _switch(market: uint256, status: IPerpExchange.MarketStatus):
    """
    @notice Change what a market that is not CLOSED does with orders.
    @param market Market id
    @param status New status
    """
    old_status: IPerpExchange.MarketStatus = config._status(market)
    if old_status == IPerpExchange.MarketStatus.CLOSED:
        reasons._revert("market: closed for good")
    config._set_bits(market, market_words.STATUS_BITS, convert(status, uint256))
    log IPerpExchange.MarketStatusUpdated(market=market, old_status=old_status, new_status=status)


@internal
@pure
def _clamped(rate: int256, bound: int256) -> int256:
    """
    @notice A funding rate within its cap.
    @param rate WAD per day
    @param bound Its cap, WAD per day
    @return WAD per day
    """
    return max(-bound, min(rate, bound))
