# pragma version 0.4.3
"""
@title Perpetual exchange: the book of each market
@license AGPL-3.0-only
@author Steelyard
@notice Open interest, pool, funding and the value of all positions of a market, in three words that an
        order rewrites, however many positions there are.
@dev Words, low bits first:
     interest: long 96 | short 96 | time 64
     value   : fees 64 (quote with 9 decimals) | pool 96 (offset 2**95) | funding index 96 signed
     basis   : funding rate 64 (offset 2**63) | sum of size * basis 192 signed, undivided
     Undivided, the sum is exact, so traders' PnL = floor((skew (P + F) - Q) / 1e18) needs one division.
     Fees are booked down to 1e-9 quote; the remainder of each stays in the pool.
     Arithmetic is unchecked where `_replace` keeps the bounds: each margin < 2**96, -2**95 <= pool < 2**95,
     -2**94 <= F < 2**94; sizes and interest < 2**95 by the caps, |P + F| < 2**95, so |Q| < 2**191.
     Margins = backing - pool - fees. LP equity = pool - traders' PnL. Sources: docs/venue.md.
"""

from ....interfaces import IPerpExchange
from ....interfaces import IPriceGuard
from . import config
from . import perp_math
from . import market_words
from . import price_feed
from . import reasons

uses: config

################################################################
#                          CONSTANTS                           #
################################################################

MAX_MARKETS: constant(uint256) = 32
WAD: constant(uint256) = 10**18
# Units of the caps and of the reserve factor in the second parameter word.
CAP_PART: constant(uint256) = market_words.WHOLE // market_words.CAP_PARTS
NOTIONAL_UNIT_36: constant(uint256) = market_words.NOTIONAL_UNIT * 10**18
MILLI: constant(uint256) = market_words.MILLI
# Quote WAD per unit of the fee bucket.
FEE_UNIT: constant(uint256) = 10**9
MAX_POOL: constant(int256) = 2**95
MAX_FUNDING_INDEX: constant(int256) = 2**94
RATE_OFFSET: constant(int256) = 2**63

# A market's book in memory. Signed throughout, to convert nothing on the way.
struct Book:
    price: uint256  # oracle or settlement price, WAD
    longs: int256  # long interest, underlying WAD
    shorts: int256  # short interest, underlying WAD
    updated_at: uint256  # seconds
    pool: int256  # the LPs' cash, quote WAD; negative when it paid winners more than it had
    fees: uint256  # quote with 9 decimals
    funding_index: int256  # quote WAD per 1 underlying
    funding_rate: int256  # WAD per day
    basis_sum: int256  # quote with 36 decimals


# A position in memory.
struct Holding:
    size: int256  # underlying WAD
    margin: int256  # quote WAD, >= 0
    basis: int256  # P + F at its last touch, quote WAD per 1 underlying


################################################################
#                           STORAGE                            #
################################################################

# The three words of each market, layout above; every verb.
_words: uint256[3][MAX_MARKETS]
# Price at which a CLOSED market settles, WAD; owner, once.
_settlement_price: uint256[MAX_MARKETS]

################################################################
#                           INTERNAL                           #
################################################################

@internal
def _valid_price(market: uint256, feed: uint256) -> uint256:
    """
    @notice Price for a verb that trades or settles: valid, or it reverts with its fault.
    @param market Market id
    @param feed Its first parameter word
    @return Price, WAD
    """
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = self._price(market, feed)
    if fault != 0:
        config._raise_fault(fault)
    if feed & (market_words.GUARDED | market_words.CLOSED) == market_words.GUARDED:
        extcall IPriceGuard(config._guards[market]).accept(price)
    return price


@internal
@view
def _price(market: uint256, feed: uint256) -> (uint256, uint256):
    """
    @notice Oracle price of a market, or its settlement price once CLOSED.
    @param market Market id
    @param feed Its first parameter word
    @return Price (WAD), fault code
    """
    if feed & (market_words.CLOSED | market_words.GUARDED) != 0:
        return self._special_price(market, feed)
    return price_feed._read(
        convert(feed >> 96, address), (feed >> 8) & 31, (feed >> 13) & (2**20 - 1)
    )


@internal
@view
def _special_price(market: uint256, feed: uint256) -> (uint256, uint256):
    """
    @notice Price of a market that is CLOSED or has a guard.
    @param market Market id
    @param feed Its first parameter word
    @return Price (WAD), fault code
    """
    if feed & market_words.CLOSED != 0:
        return self._settlement_price[market], 0
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = price_feed._read(
        convert(feed >> 96, address), (feed >> 8) & 31, (feed >> 13) & (2**20 - 1)
    )
    return price, staticcall IPriceGuard(config._guards[market]).fault(price, fault)


@internal
@view
def _accrued(market: uint256, feed: uint256, rules: uint256, price: uint256) -> Book:
    """
    @notice Unpack the book and accrue its funding to now; a CLOSED market accrues none.
    @param market Market id
    @param feed First parameter word
    @param rules Second parameter word
    @param price WAD
    @return Book in memory
    """
    words: uint256[3] = self._words[market]
    book: Book = Book(
        price=price,
        longs=convert(convert(words[0] & (2**96 - 1), bytes32), int256),
        shorts=convert(convert((words[0] >> 96) & (2**96 - 1), bytes32), int256),
        updated_at=words[0] >> 192,
        pool=unsafe_sub(
            convert(convert((words[1] >> 64) & (2**96 - 1), bytes32), int256), MAX_POOL
        ),
        fees=words[1] & (2**64 - 1),
        funding_index=convert(convert(words[1], bytes32), int256) >> 160,
        funding_rate=unsafe_sub(
            convert(convert(words[2] & (2**64 - 1), bytes32), int256), RATE_OFFSET
        ),
        basis_sum=convert(convert(words[2], bytes32), int256) >> 64,
    )
    elapsed: uint256 = unsafe_sub(block.timestamp, book.updated_at)
    if elapsed != 0 and feed & market_words.CLOSED == 0:
        book.updated_at = block.timestamp
        paid: int256 = 0
        book.funding_rate, paid = perp_math._accrue_funding(
            feed,
            rules,
            unsafe_sub(book.longs, book.shorts),
            book.funding_rate,
            convert(convert(elapsed, bytes32), int256),
            price,
        )
        book.funding_index = unsafe_add(book.funding_index, paid)
    return book


@internal
@view
def _load(market: uint256) -> Book:
    """
    @notice A market's book as stored: nothing accrues, as in a CLOSED market.
    @param market Market id
    @return Book without a price
    """
    return self._accrued(market, market_words.CLOSED, 0, 0)


@internal
def _store(market: uint256, book: Book):
    """
    @notice Store a book in which no position has changed.
    @param market Market id
    @param book In memory
    """
    self._replace(market, book, empty(Holding), empty(Holding))


@internal
def _replace(market: uint256, book: Book, old: Holding, new: Holding):
    """
    @notice Store the book with one position changed. What its margin gains the pool loses; the caller has booked
            collateral and fees that come or go to the pool before.
    @param market Market id
    @param book Before, accrued
    @param old The position before
    @param new The position after
    """
    longs: int256 = unsafe_add(book.longs, unsafe_sub(max(new.size, 0), max(old.size, 0)))
    shorts: int256 = unsafe_add(book.shorts, unsafe_sub(min(old.size, 0), min(new.size, 0)))
    pool: int256 = unsafe_sub(book.pool, unsafe_sub(new.margin, old.margin))
    basis_sum: int256 = unsafe_add(
        book.basis_sum,
        unsafe_sub(unsafe_mul(new.size, new.basis), unsafe_mul(old.size, old.basis)),
    )
    # Shifted by its width, what fits its field leaves nothing; a margin below zero would leave more than all.
    pool_field: uint256 = convert(convert(unsafe_add(pool, MAX_POOL), bytes32), uint256)
    index_field: uint256 = convert(
        convert(unsafe_add(book.funding_index, MAX_FUNDING_INDEX), bytes32), uint256
    )
    if (
        convert(convert(new.margin, bytes32), uint256) >> 96
        | pool_field >> 96
        | book.fees >> 64
        | index_field >> 95
    ) != 0:
        reasons._revert("market: out of range")
    self._words[market] = [
        convert(convert(longs, bytes32), uint256)
        | convert(convert(shorts, bytes32), uint256) << 96
        | book.updated_at << 192,
        book.fees
        | pool_field << 64
        | convert(convert(book.funding_index, bytes32), uint256) << 160,
        convert(convert(unsafe_add(book.funding_rate, RATE_OFFSET), bytes32), uint256)
        | convert(convert(basis_sum, bytes32), uint256) << 64,
    ]


@internal
@pure
def _skew(book: Book) -> int256:
    """
    @notice longs - shorts.
    @param book In memory
    @return underlying WAD
    """
    return unsafe_sub(book.longs, book.shorts)


@internal
@pure
def _mark(book: Book) -> int256:
    """
    @notice Price with accumulated funding, P + F: what a position settled now has as basis.
    @param book Accrued
    @return Quote WAD per 1 underlying
    """
    return unsafe_add(convert(book.price, int256), book.funding_index)


@internal
@pure
def _lp_equity(book: Book) -> int256:
    """
    @notice What the pool is worth if every position were closed at the oracle price: pool - traders' PnL.
    @dev PnL of all = floor((skew (P + F) - Q) / 1e18), at most one wei per position above their sum. Optimistic by
         unrealised bad debt, which has no closed form.
    @param book Accrued
    @return Quote WAD
    """
    skew: int256 = unsafe_sub(book.longs, book.shorts)
    mark: int256 = unsafe_add(convert(book.price, int256), book.funding_index)
    traders_pnl: int256 = perp_math._floor_wad(unsafe_sub(unsafe_mul(skew, mark), book.basis_sum))
    return unsafe_sub(book.pool, traders_pnl)


@internal
@pure
def _limits(rules: uint256, book: Book, is_long: bool) -> (int256, int256):
    """
    @notice How large one side, and both together, may be: cap in units, cap in quote, reserve of the pool.
    @dev An increase is judged by the LP equity before it, so that the room a view reports is exact.
         Products: LP equity below 2**134 (pool 2**95, PnL (2**190 + 2**191) / 2**59), times 2**60 twice with a
         division by P >= 1 between; a cap 2**20 * 2**84; 2**22 * 2**137.
    @param rules Second parameter word
    @param book Accrued, before the order
    @param is_long Which side
    @return Most interest of the side, most interest of both (underlying WAD, rounded down)
    """
    lp_equity: int256 = self._lp_equity(book)
    if book.price == 0 or lp_equity <= 0:
        return 0, 0
    # Caps in 1e-6 of the skew scale and in 1e23 of quote: market_words.vy.
    cap: uint256 = unsafe_mul(
        (rules >> (182 if is_long else 202)) & (2**20 - 1),
        unsafe_mul(rules & (2**40 - 1), CAP_PART),
    )
    in_quote: uint256 = unsafe_div(
        unsafe_mul((rules >> 222) & (2**22 - 1), NOTIONAL_UNIT_36), book.price
    )
    total: uint256 = unsafe_div(
        unsafe_mul(
            unsafe_div(unsafe_mul(convert(convert(lp_equity, bytes32), uint256), WAD), book.price),
            WAD,
        ),
        unsafe_mul(rules >> 244, MILLI),
    )
    return (
        convert(convert(min(cap, in_quote), bytes32), int256),
        convert(convert(total, bytes32), int256),
    )


@internal
@pure
def _room(rules: uint256, book: Book, is_long: bool) -> uint256:
    """
    @notice How much one side may still grow.
    @param rules Second parameter word
    @param book Accrued
    @param is_long Which side
    @return underlying WAD
    """
    side_limit: int256 = 0
    total_limit: int256 = 0
    side_limit, total_limit = self._limits(rules, book, is_long)
    side: int256 = book.longs if is_long else book.shorts
    return convert(max(0, min(side_limit - side, total_limit - book.longs - book.shorts)), uint256)
