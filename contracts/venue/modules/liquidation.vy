# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: liquidation
@license AGPL-3.0-only
@author Steelyard
@notice Flag, then liquidate, by anyone, free of order fees; and the pool's right to force a position smaller.
@dev A chunk restores the initial margin: E - f q P >= imr (N - q P). The premium can lift the maintenance of a
     large position above its initial margin, where that asks for nothing, so a chunk closes a tenth at least.
     A chunk closes at the venue's fill, as far as margin goes, so that moving the skew is never free; equity is
     judged at the oracle price. Of each fee the flagger and the liquidator are owed half. Negative equity closes whole, is taken by the
     pool and recorded as bad debt; the keepers' least fee then comes from the market's fees if they cover it.
"""

from ....interfaces import IPerpExchange
from . import accounts
from . import books
from . import config
from . import market_words
from . import perp_math
from . import reasons
from . import treasury

uses: accounts
uses: books
uses: config
uses: treasury

################################################################
#                          CONSTANTS                           #
################################################################

WAD: constant(uint256) = 10**18
FEE_UNIT: constant(uint256) = 10**9
MAX_MARKETS: constant(uint256) = 32
# A chunk closes at least this part of the position.
LEAST_PART: constant(uint256) = 10

# What one liquidation does.
struct Outcome:
    size_closed: int256  # underlying WAD, sign of the position
    margin: int256  # left to the account, quote WAD
    keeper_fee: uint256  # quote WAD
    seized: uint256  # quote WAD
    bad_debt: uint256  # quote WAD
    flagged: bool  # still, after it


################################################################
#                           STORAGE                            #
################################################################

# Size closed by partial liquidations in a second: underlying WAD << 64 | seconds.
_closed: uint256[MAX_MARKETS]
# Bad debt ever recorded per market, quote WAD; only rises.
_bad_debt: uint256[MAX_MARKETS]

################################################################
#                            KEEPER                            #
################################################################

@external
def flag(market: uint256, account: address):
    """
    @notice Flag an account whose equity is at or below its maintenance margin.
    @param market Market id
    @param account Account to flag
    """
    feed: uint256 = 0
    rules: uint256 = 0
    book: books.Book = empty(books.Book)
    feed, rules, book = self._opened(market)
    stored: accounts.Account = accounts._load(market, account)
    accounts._check_free(stored.flagged)
    equity: int256 = self._equity(stored.holding, book)
    if stored.holding.size == 0 or not self._is_due(
        feed, rules, stored.holding.size, equity, book.price
    ):
        reasons._revert("liquidation: above maintenance")
    books._store(market, book)
    accounts._store(market, account, stored.holding, stored.changed_at, True)
    accounts._flaggers[market][account] = msg.sender
    log IPerpExchange.AccountFlagged(
        market=market, account=account, flagger=msg.sender, equity=equity
    )


@external
def liquidate(market: uint256, account: address) -> (uint256, uint256):
    """
    @notice Close a flagged position, whole or a chunk of it; an account that has recovered is unflagged.
    @dev See IPerpExchange. A third of its length is the event.
    @param market Market id
    @param account Flagged account
    @return Size closed, underlying WAD
    @return Keeper fee, quote WAD
    """
    feed: uint256 = 0
    rules: uint256 = 0
    book: books.Book = empty(books.Book)
    feed, rules, book = self._opened(market)
    stored: accounts.Account = accounts._load(market, account)
    old: books.Holding = stored.holding
    if not stored.flagged:
        reasons._revert("liquidation: not flagged")
    equity: int256 = self._equity(old, book)
    if not self._is_due(feed, rules, old.size, equity, book.price):
        books._store(market, book)
        accounts._store(market, account, old, stored.changed_at, False)
        log IPerpExchange.AccountRecovered(market=market, account=account, equity=equity)
        return 0, 0
    done: Outcome = empty(Outcome)
    if equity <= 0:
        done = self._write_off(market, old.size, equity, rules, book.fees)
        # Out of the fee bucket: the pool neither gains nor loses.
        book.fees -= done.keeper_fee // FEE_UNIT
    else:
        done = self._close_chunk(market, old.size, convert(equity, uint256), feed, rules, book)
        book.fees += done.seized // FEE_UNIT
        book.pool -= convert(done.keeper_fee + done.seized // FEE_UNIT * FEE_UNIT, int256)
    new: books.Holding = books.Holding(
        size=old.size - done.size_closed, margin=done.margin, basis=books._mark(book)
    )
    self._bad_debt[market] += done.bad_debt
    books._replace(market, book, old, new)
    accounts._store(market, account, new, block.timestamp, done.flagged)
    treasury._owe(market, accounts._flaggers[market][account], done.keeper_fee // 2)
    treasury._owe(market, msg.sender, done.keeper_fee - done.keeper_fee // 2)
    log IPerpExchange.PositionLiquidated(
        market=market,
        account=account,
        liquidator=msg.sender,
        size_closed=done.size_closed,
        price=book.price,
        keeper_fee=done.keeper_fee,
        seized=done.seized,
        bad_debt=done.bad_debt,
        size=new.size,
        margin=new.margin,
        basis=new.basis,
    )
    return perp_math._magnitude(done.size_closed), done.keeper_fee


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _deleverage(market: uint256, account: address, size: uint256):
    """
    @notice Force a position smaller at the oracle price, free of impact and fee.
    @param market Market id
    @param account Owner of the position, not flagged
    @param size How much to close, underlying WAD
    """
    feed: uint256 = 0
    rules: uint256 = 0
    book: books.Book = empty(books.Book)
    feed, rules, book = self._opened(market)
    stored: accounts.Account = accounts._load(market, account)
    accounts._check_free(stored.flagged)
    old: books.Holding = stored.holding
    if size == 0 or size > perp_math._magnitude(old.size):
        reasons._revert("deleverage: bad size")
    closed: int256 = convert(size, int256) if old.size > 0 else -convert(size, int256)
    new: books.Holding = books.Holding(
        size=old.size - closed,
        margin=self._equity(old, book),
        basis=books._mark(book),
    )
    if new.margin < 0:
        reasons._revert("deleverage: negative equity")
    books._replace(market, book, old, new)
    accounts._store(market, account, new, block.timestamp, False)
    log IPerpExchange.PositionDeleveraged(
        market=market,
        account=account,
        size_closed=closed,
        price=book.price,
        size=new.size,
        margin=new.margin,
        basis=new.basis,
    )


@internal
def _opened(market: uint256) -> (uint256, uint256, books.Book):
    """
    @notice Parameters and the book accrued at a valid price, unless downtime forbids liquidation too.
    @param market Market id
    @return First parameter word
    @return Second parameter word
    @return Book
    """
    feed: uint256 = config._feed(market)
    if feed & market_words.LIQUIDATE_WHEN_PAUSED == 0:
        feed = config._running_feed(market)
    rules: uint256 = config._rules[market]
    price: uint256 = books._valid_price(market, feed)
    return feed, rules, books._accrued(market, feed, rules, price)


@internal
@pure
def _equity(holding: books.Holding, book: books.Book) -> int256:
    """
    @notice Margin with everything unrealised.
    @param holding The position
    @param book Accrued
    @return Quote WAD, rounded down; negative = bad debt
    """
    gain_36: int256 = unsafe_mul(holding.size, unsafe_sub(books._mark(book), holding.basis))
    return unsafe_add(holding.margin, perp_math._floor_wad(gain_36))


@internal
@pure
def _is_due(bits: uint256, rules: uint256, size: int256, equity: int256, price: uint256) -> bool:
    """
    @notice Whether equity is at or below the maintenance margin.
    @param bits First parameter word
    @param rules Second parameter word
    @param size underlying WAD
    @param equity Quote WAD
    @param price WAD
    @return True when the position may be liquidated
    """
    amount: uint256 = perp_math._magnitude(size)
    return equity <= convert(perp_math._maintenance_margin(bits, rules, amount, price), int256)


@internal
@view
def _write_off(
    market: uint256, size: int256, equity: int256, rules: uint256, fees: uint256
) -> Outcome:
    """
    @notice Close a position that is worth nothing or less, at the pool's cost.
    @param market Market id
    @param size Of the position, underlying WAD
    @param equity <= 0, quote WAD
    @param rules Second parameter word: the least fee is paid out of the market's fees if they cover it
    @param fees Of the market, quote with 9 decimals
    @return What happens
    """
    keeper_fee: uint256 = market_words._unpack_rules(rules).min_keeper_fee
    if min(fees * FEE_UNIT, treasury._backing[market]) < keeper_fee:
        keeper_fee = 0
    return Outcome(
        size_closed=size,
        margin=0,
        keeper_fee=keeper_fee,
        seized=0,
        bad_debt=convert(-equity, uint256),
        flagged=False,
    )


@internal
def _close_chunk(
    market: uint256,
    size: int256,
    equity: uint256,
    bits: uint256,
    rules: uint256,
    book: books.Book,
) -> Outcome:
    """
    @notice Close as much as restores the initial margin, or all. The keepers' fee comes first, then the impact, as
            far as margin goes.
    @param market Market id
    @param size Of the position, underlying WAD
    @param equity > 0, quote WAD
    @param bits First parameter word
    @param rules Second parameter word
    @param book Accrued
    @return What happens
    """
    amount: uint256 = perp_math._magnitude(size)
    closed: int256 = convert(self._chunk(market, amount, equity, book.price, bits, rules), int256)
    if size < 0:
        closed = -closed
    fee: uint256 = min(
        min(equity, treasury._backing[market]),
        perp_math._keeper_fee(rules, perp_math._magnitude(closed) * book.price),
    )
    margin: int256 = max(
        0, convert(equity - fee, int256) + self._closing_gain(closed, bits, rules, book)
    )
    left: int256 = size - closed
    seized: uint256 = 0
    if left == 0 and bits & market_words.SEIZE != 0:
        seized = convert(margin, uint256)
        margin = 0
    return Outcome(
        size_closed=closed,
        margin=margin,
        keeper_fee=fee,
        seized=seized,
        bad_debt=0,
        flagged=left != 0 and self._is_due(bits, rules, left, margin, book.price),
    )


@internal
@pure
def _closing_gain(closed: int256, bits: uint256, rules: uint256, book: books.Book) -> int256:
    """
    @notice What the skew makes of closing a chunk: closed * (fill - P), the same as for an order without fee.
    @dev Without it a liquidation would move the skew for nothing, and whoever holds the other side, or joins
         the pool for a moment, would take P skew^2 / 2K from the liquidity providers.
    @param closed Size closed, underlying WAD
    @param bits First parameter word
    @param rules Second parameter word
    @param book Accrued
    @return Quote WAD, rounded down; 0 where the formula has no fill
    """
    fill_price: uint256 = 0
    fee: uint256 = 0
    # Of the rules only the skew scale: no fee that could overflow.
    fill_price, fee = perp_math._quote(
        bits, rules & (2**40 - 1), book.price, books._skew(book), -closed
    )
    if fill_price == 0:
        return 0
    gain: int256 = convert(fill_price, int256) - convert(book.price, int256)
    return perp_math._floor_wad(closed * gain)


@internal
def _chunk(
    market: uint256,
    amount: uint256,
    equity: uint256,
    price: uint256,
    bits: uint256,
    rules: uint256,
) -> uint256:
    """
    @notice How much of a position to close now, and count it against the market's cap for this second.
    @dev q = (imr N - E) / ((imr - f) P), up, with imr = 1 / max leverage rounded up. Whole when the market has no
         cap, or when what is left could not be traded anyway (equity at or below the least margin).
    @param market Market id
    @param amount |size| of the position, underlying WAD
    @param equity > 0, quote WAD
    @param price WAD
    @param bits First parameter word
    @param rules Second parameter word
    @return underlying WAD, > 0
    """
    params: market_words.Rules = market_words._unpack_rules(rules)
    cap: uint256 = market_words._liquidation_cap(bits, params.skew_scale)
    if cap == 0 or equity <= params.min_margin:
        return amount
    used: uint256 = 0
    if self._closed[market] & (2**64 - 1) == block.timestamp:
        used = self._closed[market] >> 64
    # A turn that is nearly used up is refused: a chunk of dust would cost the account a whole fee.
    if used > cap - cap // LEAST_PART:
        reasons._revert("liquidation: cap of this second")
    ratio: uint256 = perp_math._ceil_div(WAD * WAD, params.max_leverage)
    missing: uint256 = perp_math._ceil_div(amount * price * ratio, WAD)
    missing -= min(missing, equity * WAD)
    relief: uint256 = max(1, (ratio - params.liquidation_fee_ratio) * price // WAD)
    closed: uint256 = max(
        perp_math._ceil_div(missing, relief), perp_math._ceil_div(amount, LEAST_PART)
    )
    closed = min(closed, min(amount, cap - used))
    self._closed[market] = (used + closed) << 64 | block.timestamp
    return closed
