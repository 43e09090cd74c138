# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: the pool of each market
@license AGPL-3.0-only
@author Steelyard
@notice Shares in one market's pool: its providers are the counterparty of that market's traders, and of no
        other's. The owner collects fees, and can drain the pool as a failing venue would.
@dev shares = floor(x (supply + 1000) / (NAV + 1)), assets = floor(shares (NAV + 1) / (supply + 1000)): virtual
     shares make inflating the first deposit a loss. NAV here is conservative: LP equity less what the traders
     would gain by unwinding the skew, P skew^2 / 2K.
"""

from snekmate.auth import ownable

from ....interfaces import IPerpExchange
from . import books
from . import config
from . import market_words
from . import perp_math
from . import reasons
from . import treasury

uses: ownable
uses: books
uses: config
uses: treasury

MAX_MARKETS: constant(uint256) = 32
WAD: constant(uint256) = 10**18
FEE_UNIT: constant(uint256) = 10**9
VIRTUAL_SHARES: constant(uint256) = 1_000

# LP shares of each market and provider; add and remove liquidity.
_shares: HashMap[uint256, HashMap[address, uint256]]
# Their sum per market.
_supply: uint256[MAX_MARKETS]


@external
def add_liquidity(market: uint256, assets: uint256, min_shares: uint256) -> uint256:
    """
    @notice Pull collateral from the caller into a market's pool for LP shares.
    @dev See IPerpExchange. Open while the market is ACTIVE or REDUCE_ONLY.
    @param market Market id
    @param assets Collateral, collateral decimals
    @param min_shares Least shares accepted, LP share units
    @return Shares, LP share units, rounded down
    """
    feed: uint256 = config._running_feed(market)
    if feed & market_words.CLOSED != 0:
        reasons._revert("lp: market closed")
    book: books.Book = empty(books.Book)
    nav: uint256 = 0
    book, nav = self._opened(market, feed)
    treasury._pull(market, assets)
    book.pool += convert(assets, int256) * treasury._ISCALE
    books._store(market, book)
    supply: uint256 = self._supply[market]
    shares: uint256 = assets * treasury._SCALE * (supply + VIRTUAL_SHARES) // (nav + 1)
    if shares == 0 or shares < min_shares:
        reasons._revert("lp: too few shares")
    self._shares[market][msg.sender] += shares
    self._supply[market] = supply + shares
    log IPerpExchange.LiquidityAdded(
        market=market, provider=msg.sender, assets=assets, shares=shares
    )
    return shares


@external
def remove_liquidity(
    market: uint256, shares: uint256, min_assets: uint256, receiver: address
) -> uint256:
    """
    @notice Burn LP shares for their part of the pool's equity, as far as the reserve of open positions allows.
    @dev See IPerpExchange. Reserve: (L + S) P * reserve factor <= LP equity after, and the pool's cash >= 0.
    @param market Market id
    @param shares LP share units
    @param min_assets Least collateral accepted, collateral decimals
    @param receiver Who gets the collateral
    @return Assets paid, collateral decimals, rounded down
    """
    book: books.Book = empty(books.Book)
    nav: uint256 = 0
    book, nav = self._opened(market, config._running_feed(market))
    owned: uint256 = self._shares[market][msg.sender]
    if shares == 0 or shares > owned:
        reasons._revert("lp: bad shares")
    supply: uint256 = self._supply[market]
    assets: uint256 = shares * (nav + 1) // (supply + VIRTUAL_SHARES) // treasury._SCALE
    if assets == 0 or assets < min_assets:
        reasons._revert("lp: too few assets")
    self._shares[market][msg.sender] = owned - shares
    self._supply[market] = supply - shares
    book.pool -= convert(assets, int256) * treasury._ISCALE
    books._store(market, book)
    treasury._pay(market, receiver, assets, book.fees * FEE_UNIT)
    self._check_reserve(market, book)
    log IPerpExchange.LiquidityRemoved(
        market=market, provider=msg.sender, assets=assets, shares=shares
    )
    return assets


@external
def drain_pool(market: uint256, assets: uint256, receiver: address):
    """
    @notice Take cash out of a market's pool past its reserve, as a failing venue would.
    @dev At most what backs the market: its traders' margins can be gone after it.
    @param market Market id
    @param assets Collateral, collateral decimals
    @param receiver Who gets the collateral
    """
    ownable._check_owner()
    config._feed(market)
    book: books.Book = books._load(market)
    treasury._pay(market, receiver, assets, 0)
    book.pool -= convert(assets, int256) * treasury._ISCALE
    books._store(market, book)
    log IPerpExchange.PoolDrained(market=market, assets=assets, receiver=receiver)


@external
def collect_fees(market: uint256, receiver: address) -> uint256:
    """
    @notice Pay out a market's fee bucket; what is below one unit of collateral stays.
    @param market Market id
    @param receiver Who gets the collateral
    @return Assets paid, collateral decimals
    """
    ownable._check_owner()
    config._feed(market)
    book: books.Book = books._load(market)
    unit: uint256 = max(treasury._SCALE, FEE_UNIT)
    amount: uint256 = book.fees * FEE_UNIT // unit * unit
    book.fees -= amount // FEE_UNIT
    books._store(market, book)
    assets: uint256 = amount // treasury._SCALE
    treasury._pay(market, receiver, assets, 0)
    log IPerpExchange.FeesCollected(market=market, receiver=receiver, assets=assets)
    return assets


@external
@view
def lp_shares(market: uint256, provider: address) -> uint256:
    """
    @notice LP shares a provider holds in a market.
    @param market Market id
    @param provider Owner of the shares
    @return Shares, LP share units
    """
    return self._shares[market][provider]


@internal
def _opened(market: uint256, feed: uint256) -> (books.Book, uint256):
    """
    @notice Book accrued at a valid price and the pool's conservative NAV.
    @param market Market id
    @param feed First parameter word
    @return Book
    @return NAV (quote WAD); > 0, or 0 for a pool without shares
    """
    rules: uint256 = config._rules[market]
    book: books.Book = books._accrued(market, feed, rules, books._valid_price(market, feed))
    nav: int256 = books._lp_equity(book)
    if feed & market_words.CLOSED == 0:
        nav -= self._unwind_credit(book, market_words._unpack_rules(rules).skew_scale)
    if nav < 0 or (nav == 0 and self._supply[market] != 0):
        reasons._revert("lp: pool insolvent")
    return book, convert(nav, uint256)


@internal
@pure
def _unwind_credit(book: books.Book, skew_scale: uint256) -> int256:
    """
    @notice What traders would gain from the pool by bringing the skew to zero: P skew^2 / 2K.
    @param book Accrued
    @param skew_scale K, underlying WAD
    @return Quote WAD, rounded up
    """
    skew: uint256 = perp_math._magnitude(books._skew(book))
    squared: uint256 = perp_math._ceil_div(skew * skew, 2 * skew_scale)
    return convert(perp_math._ceil_div(squared * book.price, WAD), int256)


@internal
@view
def _check_reserve(market: uint256, book: books.Book):
    """
    @notice What a withdrawal of liquidity must leave behind.
    @param market Market id
    @param book Accrued
    """
    if book.pool < 0:
        reasons._revert("lp: pool has no cash")
    side_limit: int256 = 0
    total_limit: int256 = 0
    side_limit, total_limit = books._limits(config._rules[market], book, True)
    # A CLOSED market's positions are worth what they are: the pool keeps nothing against them.
    closed: bool = config._feed(market) & market_words.CLOSED != 0
    if book.longs + book.shorts > total_limit and not closed:
        reasons._revert("lp: reserve of open positions")
