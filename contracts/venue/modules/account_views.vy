# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: accounts seen from outside
@license AGPL-3.0-only
@author Steelyard
@notice What an account is worth, what an order would get, and what stands in the way of one.
@dev Never reverts for an invalid price or a paused market, except for `check_trading`, which is there for that.
"""

from ....interfaces import IPerpExchange
from . import accounts
from . import books
from . import config
from . import market_words
from . import perp_math
from . import reasons
from . import trading
from . import treasury

uses: accounts
uses: books
uses: config
uses: treasury

WAD: constant(uint256) = 10**18
MICRO: constant(uint256) = market_words.MICRO
TENTH: constant(uint256) = market_words.TENTH


@external
@view
def account_state(
    market: uint256, account: address, size_delta: int256
) -> IPerpExchange.AccountState:
    """
    @notice State of an account and of its market, accrued to now, with a quote for one order.
    @dev See IPerpExchange. A vault pays for it in every verb, so it is one long function: it fills the fields in as
         it reads, and unpacks no more of the words of market and account than it shows. Layouts: market_words.vy,
         books.vy, accounts.vy. Bounds as there.
    @param market Market id
    @param account Owner of the position
    @param size_delta Order to quote, underlying WAD; 0 = no quote
    @return The state, units in AccountState
    """
    if size_delta != 0:
        self._check_size(size_delta)
    feed: uint256 = config._feed(market)
    rules: uint256 = config._rules[market]
    state: IPerpExchange.AccountState = empty(IPerpExchange.AccountState)
    state.price, state.oracle_fault = books._price(market, feed)
    state.status = convert(feed & market_words.STATUS_BITS, IPerpExchange.MarketStatus)
    state.skew_scale = unsafe_mul(rules & (2**40 - 1), WAD)
    state.maker_fee = unsafe_mul((rules >> 40) & 65535, MICRO)
    state.taker_fee = unsafe_mul((rules >> 56) & 65535, MICRO)
    state.max_leverage = unsafe_mul((rules >> 72) & 255, WAD)
    state.min_keeper_fee = unsafe_mul((rules >> 130) & 65535, TENTH)
    state.min_margin = unsafe_mul((rules >> 166) & 65535, WAD)

    book: uint256[3] = books._words[market]
    state.skew = unsafe_sub(
        convert(convert(book[0] & (2**96 - 1), bytes32), int256),
        convert(convert((book[0] >> 96) & (2**96 - 1), bytes32), int256),
    )
    backing: uint256 = treasury._backing[market]
    state.cash = unsafe_sub(
        backing, min(backing, unsafe_mul(book[1] & (2**64 - 1), books.FEE_UNIT))
    )
    mark: int256 = unsafe_add(
        convert(convert(state.price, bytes32), int256),
        convert(convert(book[1], bytes32), int256) >> 160,
    )
    state.funding_rate = unsafe_sub(
        convert(convert(book[2] & (2**64 - 1), bytes32), int256), books.RATE_OFFSET
    )
    elapsed: uint256 = unsafe_sub(block.timestamp, book[0] >> 192)
    if elapsed != 0 and feed & market_words.CLOSED == 0:
        paid: int256 = 0
        state.funding_rate, paid = perp_math._accrue_funding(
            feed,
            rules,
            state.skew,
            state.funding_rate,
            convert(convert(elapsed, bytes32), int256),
            state.price,
        )
        mark = unsafe_add(mark, paid)

    stored: uint256[2] = accounts._positions[market << 160 | convert(account, uint256)]
    state.size = convert(convert(stored[0], bytes32), int256) >> 128
    state.equity = convert(convert(stored[0] & (2**128 - 1), bytes32), int256)
    state.flagged = stored[1] & 1 != 0
    state.changed_at = (stored[1] >> 1) & (2**40 - 1)
    if state.price != 0:
        basis: int256 = convert(convert(stored[1], bytes32), int256) >> 128
        state.equity = unsafe_add(
            state.equity, perp_math._floor_wad(unsafe_mul(state.size, unsafe_sub(mark, basis)))
        )
        if size_delta != 0:
            state.fill_price, state.order_fee = perp_math._quote(
                feed, rules, state.price, state.skew, size_delta
            )

    # The least margin that an order which only withdraws must leave: trading.vy.
    required: uint256 = 0
    if state.size != 0:
        amount: uint256 = convert(
            convert(max(state.size, unsafe_sub(0, state.size)), bytes32), uint256
        )
        initial: uint256 = unsafe_div(
            unsafe_add(unsafe_mul(amount, state.price), unsafe_sub(state.max_leverage, 1)),
            state.max_leverage,
        )
        state.maintenance = perp_math._maintenance_margin(feed, rules, amount, state.price)
        required = max(max(state.min_margin, initial), unsafe_add(state.maintenance, 1))
    if state.oracle_fault | feed & market_words.PAUSED | convert(state.flagged, uint256) == 0:
        left: int256 = unsafe_sub(state.equity, convert(convert(required, bytes32), int256))
        if left > 0:
            state.withdrawable = min(convert(convert(left, bytes32), uint256), state.cash)
    return state


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
    accounts._check_free(accounts._load(market, account).flagged)
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = books._price(market, feed)
    if fault != 0:
        config._raise_fault(fault)
    return price


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
    stored: accounts.Account = accounts._load(market, account)
    return IPerpExchange.Position(
        size=stored.holding.size,
        margin=stored.holding.margin,
        basis=stored.holding.basis,
        changed_at=stored.changed_at,
        flagged=stored.flagged,
        flagger=accounts._flaggers[market][account],
    )


@internal
@pure
def _check_size(size: int256):
    """
    @notice Refuse to quote what the arithmetic is not proven for.
    @dev Unsigned, what is below -MAX_ORDER wraps to far above 2 MAX_ORDER.
    @param size Of an order or a position, underlying WAD
    """
    if (
        convert(convert(unsafe_add(size, trading.MAX_ORDER), bytes32), uint256)
        > trading.DOUBLE_MAX_ORDER
    ):
        reasons._revert("order: quote out of range")
