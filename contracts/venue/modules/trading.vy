# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: orders
@license AGPL-3.0-only
@author Steelyard
@notice The account's verbs.
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
# Largest amount an order may name, in its own scale: what makes unchecked arithmetic safe.
MAX_ORDER: constant(int256) = 2**95
DOUBLE_MAX_ORDER: constant(uint256) = 2**96
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
    # Unsigned, what is below -MAX_ORDER wraps to far above 2 MAX_ORDER: one comparison instead of two.
    if max(
        convert(convert(unsafe_add(size_delta, MAX_ORDER), bytes32), uint256),
        convert(convert(unsafe_add(asset_delta, MAX_ORDER), bytes32), uint256),
    ) > DOUBLE_MAX_ORDER or (size_delta == 0 and asset_delta == 0):
        reasons._revert("order: zero or out of range")
    feed: uint256 = config._running_feed(market)
    rules: uint256 = config._rules[market]
    account: accounts.Account = accounts._load(market, msg.sender)
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
            self._check_increase(feed, rules, book, old.size, size_delta)
        fill_price, fee = perp_math._quote(
            feed, rules, oracle_price, unsafe_sub(book.longs, book.shorts), size_delta
        )
        if fill_price == 0:
            reasons._revert("order: beyond the skew scale")
        if price_limit != 0 and (
            fill_price > price_limit if size_delta > 0 else fill_price < price_limit
        ):
            reasons._revert("order: price limit")
    if asset_delta > 0:
        treasury._receive(market, convert(asset_delta, uint256))
    # PnL = floor((size (P + F - basis) + d (P - fill)) / 1e18): everything up to now, realised.
    price: int256 = convert(convert(oracle_price, bytes32), int256)
    mark: int256 = unsafe_add(price, book.funding_index)
    pnl: int256 = perp_math._floor_wad(
        unsafe_add(
            unsafe_mul(old.size, unsafe_sub(mark, old.basis)),
            unsafe_mul(
                size_delta, unsafe_sub(price, convert(convert(fill_price, bytes32), int256))
            ),
        ),
    )
    added: int256 = unsafe_mul(asset_delta, treasury._ISCALE)
    new: books.Holding = books.Holding(
        size=unsafe_add(old.size, size_delta),
        margin=unsafe_add(
            unsafe_add(old.margin, added),
            unsafe_sub(pnl, convert(convert(fee, bytes32), int256)),
        ),
        basis=mark,
    )
    if new.margin < 0:
        reasons._revert("margin: insufficient")
    # Adding margin is always allowed, and so is closing.
    if new.size != 0:
        if asset_delta < 0:
            self._check_margin(feed, rules, oracle_price, new.size, new.margin, True)
        elif size_delta != 0:
            self._check_margin(feed, rules, oracle_price, new.size, new.margin, not reducing)
    booked_fee: uint256 = unsafe_div(fee, FEE_UNIT)
    # The pool keeps the remainder of the fee that the bucket does not count.
    book.fees = unsafe_add(book.fees, booked_fee)
    book.pool = unsafe_sub(
        unsafe_add(book.pool, added),
        convert(convert(unsafe_mul(booked_fee, FEE_UNIT), bytes32), int256),
    )
    books._replace(market, book, old, new)
    accounts._store(market, msg.sender, new, account.changed_at, False)
    if asset_delta < 0:
        treasury._pay(
            market,
            receiver,
            convert(convert(unsafe_sub(0, asset_delta), bytes32), uint256),
            unsafe_mul(book.fees, FEE_UNIT),
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
    account: accounts.Account = accounts._load(market, msg.sender)
    accounts._check_free(account.flagged)
    treasury._pull(market, assets)
    new: books.Holding = account.holding
    new.margin += convert(assets, int256) * treasury._ISCALE
    book: books.Book = books._load(market)
    book.pool += new.margin - account.holding.margin
    books._replace(market, book, account.holding, new)
    accounts._store(market, msg.sender, new, account.changed_at, False)
    log IPerpExchange.MarginDeposited(
        market=market, account=msg.sender, assets=assets, margin=new.margin
    )


################################################################
#                           INTERNAL                           #
################################################################

@internal
@pure
def _check_increase(
    bits: uint256, rules: uint256, book: books.Book, size: int256, size_delta: int256
):
    """
    @notice What an increase must leave: the side under its caps, both sides backed by the pool.
    @dev Across zero the old position leaves the other side.
    @param bits First parameter word
    @param rules Second parameter word
    @param book Accrued, before the order
    @param size Of the position before, underlying WAD
    @param size_delta underlying WAD
    """
    if bits & market_words.ACTIVE == 0:
        reasons._revert("market: reduce only")
    # What the account has on the order's side, below zero on the other, before and after the order.
    before: int256 = size
    after: int256 = unsafe_add(size, size_delta)
    side: int256 = book.longs
    if size_delta < 0:
        before = unsafe_sub(0, before)
        after = unsafe_sub(0, after)
        side = book.shorts
    side_limit: int256 = 0
    total_limit: int256 = 0
    side_limit, total_limit = books._limits(rules, book, size_delta > 0)
    if unsafe_add(side, unsafe_sub(after, max(before, 0))) > side_limit:
        reasons._revert("market: open interest cap")
    total: int256 = unsafe_add(book.longs, book.shorts)
    if unsafe_add(total, unsafe_sub(after, max(before, unsafe_sub(0, before)))) > total_limit:
        reasons._revert("market: pool reserve")


@internal
@pure
def _check_margin(
    bits: uint256, rules: uint256, price: uint256, size: int256, margin: int256, is_strict: bool
):
    """
    @notice What the account must keep: initial margin after an increase or a withdrawal, more than maintenance
            after any order.
    @param bits First parameter word
    @param rules Second parameter word
    @param price WAD
    @param size Of the position after, underlying WAD, not 0
    @param margin After, quote WAD, at least 0
    @param is_strict Whether it is more than a reduction
    """
    left: uint256 = convert(convert(margin, bytes32), uint256)
    amount: uint256 = perp_math._magnitude(size)
    if is_strict:
        if left < unsafe_mul((rules >> 166) & 65535, WAD):
            reasons._revert("margin: below minimum")
        if left < perp_math._initial_margin(rules, unsafe_mul(amount, price)):
            reasons._revert("margin: below initial")
    if left <= perp_math._maintenance_margin(bits, rules, amount, price):
        reasons._revert("margin: below maintenance")
