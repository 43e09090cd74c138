# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: orders
@license AGPL-3.0-only
@author Steelyard
@notice The account's verbs, and the view that quotes them.
@dev margin' = margin + in + floor((size (P + F - basis) + d (P - fill)) / 1e18) - fee - out, then all
     requirements on the result. Reducing on the same side skips what only an increase must meet.
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

WAD: constant(uint256) = 10**18
IWAD: constant(int256) = 10**18
# Largest amount an order may name, in its own scale: what makes unchecked arithmetic safe.
MAX_ORDER: constant(int256) = 2**95
DOUBLE_MAX_ORDER: constant(uint256) = 2**96
MICRO: constant(uint256) = market_words.MICRO
# Quote WAD per unit of the fee bucket.
FEE_UNIT: constant(uint256) = 10**9


################################################################
#                             USER                             #
################################################################

@external
def modify_position(
    market: uint256,
    asset_delta: int256,
    size_delta: int256,
    price_limit: uint256,
    receiver: address,
) -> (uint256, uint256, uint256, int256, int256):
    """
    @notice Move margin and position of the caller's account together.
    @dev See IPerpExchange. Long on purpose: it is the one path whose gas everybody pays, and each internal call
         copies the book and its arguments.
    @param market Market id
    @param asset_delta Collateral in (+, already sent) or out (-), collateral decimals
    @param size_delta Order, underlying WAD; 0 = margin only
    @param price_limit Worst fill accepted, WAD; 0 = none
    @param receiver Who gets collateral paid out
    @return Fill price, WAD
    @return Order fee, quote WAD
    @return Oracle price, WAD
    @return New size, underlying WAD
    @return New equity, quote WAD
    """
    if (
        max(size_delta, asset_delta) > MAX_ORDER
        or min(size_delta, asset_delta) < -MAX_ORDER
        or (size_delta == 0 and asset_delta == 0)
    ):
        reasons._revert("order: zero or out of range")
    feed: uint256 = config._running_feed(market)
    rules: uint256 = config._rules[market]
    key: uint256 = accounts._key(market, msg.sender)
    account: accounts.Account = accounts._load(key)
    accounts._check_free(account.flagged)
    old: books.Holding = account.holding
    oracle_price: uint256 = books._valid_price(market, feed)
    book: books.Book = books._accrued(market, feed, rules, oracle_price)
    fill_price: uint256 = 0
    fee: uint256 = 0
    # Same side and no larger, or nothing: what an increase must leave is not asked.
    reducing: bool = (
        size_delta <= 0 and unsafe_add(old.size, size_delta) >= 0
        if old.size > 0
        else size_delta >= 0 and unsafe_add(old.size, size_delta) <= 0
    )
    if size_delta != 0:
        if not reducing:
            self._check_increase(market, feed, book, old.size, size_delta)
        fill_price, fee = self._quote(feed, rules, book, size_delta)
        if fill_price == 0:
            reasons._revert("order: beyond the skew scale")
        if price_limit != 0 and (
            fill_price > price_limit if size_delta > 0 else fill_price < price_limit
        ):
            reasons._revert("order: price limit")
    if asset_delta > 0:
        treasury._receive(market, convert(asset_delta, uint256))
    # PnL = floor((size (P + F - basis) + d (P - fill)) / 1e18): everything up to now, realised.
    price: int256 = convert(oracle_price, int256)
    mark: int256 = unsafe_add(price, book.funding_index)
    pnl: int256 = perp_math._floor_div(
        unsafe_add(
            unsafe_mul(old.size, unsafe_sub(mark, old.basis)),
            unsafe_mul(size_delta, unsafe_sub(price, convert(fill_price, int256))),
        ),
        IWAD,
    )
    new: books.Holding = books.Holding(
        size=unsafe_add(old.size, size_delta),
        margin=unsafe_add(
            unsafe_add(old.margin, unsafe_mul(asset_delta, treasury._ISCALE)),
            unsafe_sub(pnl, convert(fee, int256)),
        ),
        basis=mark,
    )
    self._check_margin(feed, rules, book.price, new, reducing, asset_delta, size_delta)
    # The pool keeps the remainder of the fee that the bucket does not count.
    booked_fee: uint256 = unsafe_div(fee, FEE_UNIT)
    book.fees = unsafe_add(book.fees, booked_fee)
    book.pool = unsafe_sub(
        unsafe_add(book.pool, unsafe_mul(asset_delta, treasury._ISCALE)),
        convert(unsafe_mul(booked_fee, FEE_UNIT), int256),
    )
    books._replace(market, book, old, new)
    accounts._store(key, new, account.changed_at, False)
    if asset_delta < 0:
        treasury._pay(
            market, receiver, convert(-asset_delta, uint256), books._cash(market, book.fees)
        )
    log IPerpExchange.PositionModified(
        market=market,
        account=msg.sender,
        asset_delta=asset_delta,
        size_delta=size_delta,
        fill_price=fill_price,
        fee=fee,
        price=book.price,
        margin=new.margin,
        basis=new.basis,
    )
    return fill_price, fee, book.price, new.size, new.margin


@external
def deposit_margin(market: uint256, assets: uint256):
    """
    @notice Pull collateral from the caller by allowance and add it to his margin, at no price.
    @param market Market id
    @param assets Collateral, collateral decimals
    """
    config._running_feed(market)
    key: uint256 = accounts._key(market, msg.sender)
    account: accounts.Account = accounts._load(key)
    accounts._check_free(account.flagged)
    treasury._pull(market, assets)
    new: books.Holding = account.holding
    new.margin += convert(assets, int256) * treasury._ISCALE
    book: books.Book = books._load(market)
    book.pool += new.margin - account.holding.margin
    books._replace(market, book, account.holding, new)
    accounts._store(key, new, account.changed_at, False)
    log IPerpExchange.MarginDeposited(
        market=market, account=msg.sender, assets=assets, margin=new.margin
    )


################################################################
#                             VIEW                             #
################################################################

@external
@view
def account_state(
    market: uint256, account: address, size_delta: int256
) -> IPerpExchange.AccountState:
    """
    @notice State of an account and of its market, accrued to now, with a quote for one order.
    @dev See IPerpExchange. Long for its twenty fields, and because a vault pays for it in every verb.
    @param market Market id
    @param account Owner of the position
    @param size_delta Order to quote, underlying WAD; 0 = no quote
    @return The state, units in AccountState
    """
    self._check_size(size_delta)
    feed: uint256 = config._feed(market)
    rules: uint256 = config._rules[market]
    stored: accounts.Account = accounts._load(accounts._key(market, account))
    size: int256 = stored.holding.size
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = books._price(market, feed)
    book: books.Book = books._accrued(market, feed, rules, price)
    equity: int256 = stored.holding.margin
    fill_price: uint256 = 0
    fee: uint256 = 0
    if price != 0:
        equity += accounts._pnl(stored.holding, books._mark(book))
        if size_delta != 0:
            fill_price, fee = self._quote(feed, rules, book, size_delta)
    unpacked: market_words.Rules = market_words._unpack_rules(rules)
    amount: uint256 = perp_math._magnitude(size)
    maintenance: uint256 = perp_math._maintenance_margin(feed, rules, amount, price)
    cash: uint256 = books._cash(market, book.fees)
    withdrawable: uint256 = 0
    if fault == 0 and not stored.flagged and feed & market_words.PAUSED == 0:
        # The least margin that `_check_margin` lets a withdrawal leave.
        required: uint256 = 0
        if size != 0:
            initial: uint256 = perp_math._initial_margin(rules, unsafe_mul(amount, price))
            required = max(max(unpacked.min_margin, initial), unsafe_add(maintenance, 1))
        left: int256 = max(0, equity - convert(required, int256))
        withdrawable = min(convert(left, uint256), cash)
    return IPerpExchange.AccountState(
        price=price,
        oracle_fault=fault,
        status=config._status(market),
        size=size,
        equity=equity,
        withdrawable=withdrawable,
        cash=cash,
        maintenance=maintenance,
        flagged=stored.flagged,
        changed_at=stored.changed_at,
        skew=books._skew(book),
        skew_scale=unpacked.skew_scale,
        maker_fee=unpacked.maker_fee,
        taker_fee=unpacked.taker_fee,
        max_leverage=unpacked.max_leverage,
        min_margin=unpacked.min_margin,
        min_keeper_fee=unpacked.min_keeper_fee,
        funding_rate=book.funding_rate,
        fill_price=fill_price,
        order_fee=fee,
    )


@external
@view
def maintenance_margin(market: uint256, size: int256) -> uint256:
    """
    @notice Equity at or below which a position of a size would be liquidated at the price of `account_state`.
    @param market Market id
    @param size Of the position, underlying WAD
    @return Quote WAD; 0 for no size, and in a CLOSED market
    """
    self._check_size(size)
    feed: uint256 = config._feed(market)
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = books._price(market, feed)
    return perp_math._maintenance_margin(
        feed, config._rules[market], perp_math._magnitude(size), price
    )


@external
@view
def check_trading(market: uint256, account: address) -> uint256:
    """
    @notice Revert with the reason that keeps an account from trading, whatever the order.
    @param market Market id
    @param account Account that would trade
    @return Price it would trade at, WAD
    """
    feed: uint256 = config._running_feed(market)
    accounts._check_free(accounts._load(accounts._key(market, account)).flagged)
    return books._checked_price(market, feed)


@external
@view
def position(market: uint256, account: address) -> IPerpExchange.Position:
    """
    @notice A position as stored, not accrued.
    @param market Market id
    @param account Owner of the position
    @return The position, units in Position
    """
    config._feed(market)
    key: uint256 = accounts._key(market, account)
    stored: accounts.Account = accounts._load(key)
    return IPerpExchange.Position(
        size=stored.holding.size,
        margin=stored.holding.margin,
        basis=stored.holding.basis,
        changed_at=stored.changed_at,
        flagged=stored.flagged,
        flagger=accounts._flaggers[key],
    )


################################################################
#                           INTERNAL                           #
################################################################

@internal
@pure
def _check_size(size: int256):
    """
    @notice Refuse to quote what the arithmetic is not proven for.
    @param size Of an order or a position, underlying WAD
    """
    # Unsigned, what is below -MAX_ORDER wraps to far above 2 MAX_ORDER: one comparison instead of two.
    if convert(convert(unsafe_add(size, MAX_ORDER), bytes32), uint256) > DOUBLE_MAX_ORDER:
        reasons._revert("order: quote out of range")


@internal
@pure
def _quote(
    bits: uint256, rules: uint256, book: books.Book, size_delta: int256
) -> (uint256, uint256):
    """
    @notice Fill and fee of an order; a CLOSED market settles at its price for nothing.
    @param bits First parameter word
    @param rules Second parameter word
    @param book Accrued
    @param size_delta underlying WAD, not 0
    @return Fill price, WAD; 0 = none exists
    @return Order fee, quote WAD
    """
    if bits & market_words.CLOSED != 0:
        return book.price, 0
    return perp_math._quote(
        book.price,
        unsafe_mul(rules & (2**40 - 1), WAD),
        unsafe_sub(book.longs, book.shorts),
        size_delta,
        unsafe_mul((rules >> 40) & 65535, MICRO),
        unsafe_mul((rules >> 56) & 65535, MICRO),
    )


@internal
@view
def _check_increase(
    market: uint256, bits: uint256, book: books.Book, size: int256, size_delta: int256
):
    """
    @notice What an increase must leave: the side under its caps, both sides backed by the pool.
    @dev Across zero the old position leaves the other side.
    @param market Market id
    @param bits First parameter word
    @param book Accrued, before the order
    @param size Of the position before, underlying WAD
    @param size_delta underlying WAD
    """
    if bits & market_words.ACTIVE == 0:
        reasons._revert("market: reduce only")
    is_long: bool = size_delta > 0
    side_limit: int256 = 0
    total_limit: int256 = 0
    side_limit, total_limit = books._limits(market, book, is_long)
    new_size: int256 = abs(unsafe_add(size, size_delta))
    side: int256 = unsafe_add(
        unsafe_sub(book.longs, max(size, 0)) if is_long else unsafe_add(book.shorts, min(size, 0)),
        new_size,
    )
    if side > side_limit:
        reasons._revert("market: open interest cap")
    total: int256 = unsafe_add(unsafe_add(book.longs, book.shorts), unsafe_sub(new_size, abs(size)))
    if total > total_limit:
        reasons._revert("market: pool reserve")


@internal
@pure
def _check_margin(
    bits: uint256,
    rules: uint256,
    price: uint256,
    new: books.Holding,
    reducing: bool,
    asset_delta: int256,
    size_delta: int256,
):
    """
    @notice What the account must keep: initial margin after an increase or a withdrawal, more than maintenance
            after any order. Adding margin is always allowed, and so is closing.
    @param bits First parameter word
    @param rules Second parameter word
    @param price WAD
    @param new Position after
    @param reducing Whether the order only reduces
    @param asset_delta Collateral decimals
    @param size_delta underlying WAD
    """
    if new.margin < 0:
        reasons._revert("margin: insufficient")
    if new.size == 0 or (asset_delta >= 0 and size_delta == 0):
        return
    margin: uint256 = convert(new.margin, uint256)
    amount: uint256 = perp_math._magnitude(new.size)
    if asset_delta < 0 or not reducing:
        if margin < unsafe_mul((rules >> 166) & 65535, WAD):
            reasons._revert("margin: below minimum")
        if margin < perp_math._initial_margin(rules, unsafe_mul(amount, price)):
            reasons._revert("margin: below initial")
    if margin <= perp_math._maintenance_margin(bits, rules, amount, price):
        reasons._revert("margin: below maintenance")
