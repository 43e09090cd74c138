# pragma version 0.4.3
# pragma nonreentrancy on
# pragma optimize gas
"""
@title Perpetual exchange
@license AGPL-3.0-only
@author Steelyard
@notice A mock of a real perpetual venue for local and test networks: several markets, each with its own
        liquidity providers, isolated margin, skew pricing, velocity funding, liquidation and downtime,
        exact to the wei.
@dev Thin over modules/, one concept each: perp_math (formulas), price_feed (oracle), config (parameters),
     books (open interest, funding, value of all positions), accounts (positions), treasury (cash), trading
     (orders), account_views (state and quotes), liquidation, liquidity (LP shares), operator (owner's switches).
     Owner in two steps: `transfer_ownership`, then `accept_ownership`.
     Conservation: booked cash = sum of margins + pools + fees + keepers owed, to the wei.
@custom:kill Owner: set_market_status(PAUSED) halts a market, close_market ends it at a settlement price.
"""

from snekmate.auth import ownable
from snekmate.auth import ownable_2step

from ...interfaces import IPerpExchange
from .modules import account_views
from .modules import accounts
from .modules import liquidation
from .modules import liquidity
from .modules import books
from .modules import config
from .modules import market_words
from .modules import operator
from .modules import trading
from .modules import treasury

implements: IPerpExchange

################################################################
#                           MODULES                            #
################################################################

initializes: ownable
initializes: ownable_2step[ownable := ownable]
initializes: treasury
initializes: config
initializes: books[config := config]
initializes: accounts
initializes: trading[accounts := accounts, books := books, config := config, treasury := treasury]
initializes: account_views[
    accounts := accounts, books := books, config := config, treasury := treasury
]
initializes: liquidation[
    accounts := accounts, books := books, config := config, treasury := treasury
]
initializes: liquidity[ownable := ownable, books := books, config := config, treasury := treasury]
initializes: operator[
    ownable := ownable, liquidation := liquidation, books := books, config := config
]

# Left out on purpose: giving up ownership, which would leave markets that nobody could pause or close.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
)
exports: (
    treasury.asset, treasury.cash, treasury.owed, treasury.owed_total, treasury.claim_keeper_fees
)
exports: (trading.modify_position, trading.deposit_margin)
exports: (
    account_views.account_state,
    account_views.maintenance_margin,
    account_views.check_trading,
    account_views.position,
)
exports: (liquidation.flag, liquidation.liquidate)
exports: (
    liquidity.add_liquidity,
    liquidity.remove_liquidity,
    liquidity.lp_shares,
    liquidity.collect_fees,
    liquidity.drain_pool,
)
exports: (
    operator.add_market,
    operator.set_market_config,
    operator.set_price_guard,
    operator.set_market_status,
    operator.close_market,
    operator.force_funding_rate,
    operator.deleverage,
)

################################################################
#                         CONSTRUCTOR                          #
################################################################

@deploy
def __init__(asset: address, decimals: uint256, parameters: address):
    """
    @notice An exchange without markets; the deployer owns it.
    @param asset Collateral, an ERC-20 without fee on transfer
    @param decimals Of the collateral, at most 18
    @param parameters MarketParameters
    """
    ownable.__init__()
    ownable_2step.__init__()
    treasury.__init__(asset, decimals)
    config.__init__(parameters)


################################################################
#                             VIEW                             #
################################################################

@external
@view
def market_count() -> uint256:
    """
    @notice How many markets there are; ids start at 0.
    @return Count
    """
    return config._count


@external
@view
def market_words_of(market: uint256) -> uint256[2]:
    """
    @notice Parameters of a market as kept; MarketParameters.unpack reads them.
    @param market Market id
    @return Words
    """
    return [config._feed(market), config._rules[market]]


@external
@view
def price_guard_of(market: uint256) -> address:
    """
    @notice Optional price checks of a market.
    @param market Market id
    @return PriceGuard, or zero for none
    """
    return config._guards[market]


@external
@view
def market_state(market: uint256) -> IPerpExchange.MarketState:
    """
    @notice A market accrued to now: interest, funding, value of all positions, LP equity, room.
    @param market Market id
    @return The state, units in MarketState
    """
    feed: uint256 = config._feed(market)
    rules: uint256 = config._rules[market]
    price: uint256 = 0
    fault: uint256 = 0
    price, fault = books._price(market, feed)
    book: books.Book = books._accrued(market, feed, rules, price)
    fees: uint256 = book.fees * books.FEE_UNIT
    backing: uint256 = treasury._backing[market]
    lp_equity: int256 = books._lp_equity(book)
    return IPerpExchange.MarketState(
        price=price,
        oracle_fault=fault,
        status=config._status(market),
        long_interest=book.longs,
        short_interest=book.shorts,
        margins=convert(backing, int256) - book.pool - convert(fees, int256),
        basis_sum=book.basis_sum,
        funding_rate=book.funding_rate,
        funding_index=book.funding_index,
        fees=fees,
        backing=backing,
        pool=book.pool,
        traders_pnl=book.pool - lp_equity,
        lp_equity=lp_equity,
        lp_supply=liquidity._supply[market],
        bad_debt=liquidation._bad_debt[market],
        room_long=books._room(rules, book, True),
        room_short=books._room(rules, book, False),
    )
