# pragma version 0.4.3
"""
@title Policy case: what a decision is made of
@license AGPL-3.0-only
@author Steelyard
@notice Everything the rules of a rebalance look at besides the account's state, unpacked once, and what several of
        them ask.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import leverage_math
from . import policy_words
from . import reference_feed

IWAD: constant(int256) = 10**18
DAY: constant(uint256) = 86_400
# The least equity of a position where the venue asks less, quote WAD.
MIN_EQUITY: constant(uint256) = 100 * 10**18


struct Case:
    rules: IRebalancePolicy.Rules
    mem: IRebalancePolicy.Memory
    leverage: uint256  # WAD
    reference: uint256  # fresh price of the reference feed, WAD; 0 = none
    emergency: bool  # leverage at or above em


@internal
@view
def _open(state: IPerpExchange.AccountState, words: uint256[2], memory_words: uint256[2]) -> Case:
    """
    @notice Unpack what was given and read the reference feed.
    @param state Of the token's account
    @param words Rules, packed
    @param memory_words Memory, packed
    @return The case
    """
    case: Case = empty(Case)
    case.rules = policy_words._unpack_rules(words)
    case.mem = policy_words._unpack_memory(memory_words)
    case.leverage = leverage_math._leverage(state.size, state.price, state.equity)
    if case.rules.reference != empty(address):
        case.reference = reference_feed._fresh_price(
            case.rules.reference, case.rules.reference_max_age
        )
    case.emergency = case.leverage >= case.rules.emergency_leverage and (
        # Without a fresh reference the oracle price decides alone: a broken feed must not lock the way out.
        case.reference == 0
        or self._leverage_at(state, case.reference) >= case.rules.emergency_leverage
    )
    return case


@internal
@pure
def _least_equity(state: IPerpExchange.AccountState) -> uint256:
    """
    @notice Equity that a position needs: what the venue can keep open, with room to fall. One figure for what a
            redemption must leave, a mint must reach and a rebuild must find: with two, who leaves could strip a
            position and be paid for its rebuilding.
    @param state Of the token's account
    @return Quote WAD
    """
    return max(MIN_EQUITY, max(2 * state.min_margin, 10 * state.min_keeper_fee))


@internal
@view
def _market(state: IPerpExchange.AccountState) -> leverage_math.Market:
    """
    @notice What the venue charges; a CLOSED market settles at its price for nothing.
    @param state Of the token's account
    @return The market
    """
    market: leverage_math.Market = empty(leverage_math.Market)
    market.price = state.price
    if state.status != IPerpExchange.MarketStatus.CLOSED:
        market.skew = state.skew
        market.skew_scale = state.skew_scale
        market.maker_fee = state.maker_fee
        market.taker_fee = state.taker_fee
    return market


@internal
@pure
def _leverage_at(state: IPerpExchange.AccountState, price: uint256) -> uint256:
    """
    @notice Real leverage at another price than the oracle's.
    @param state Of the token's account
    @param price WAD
    @return WAD
    """
    change: int256 = convert(price, int256) - convert(state.price, int256)
    return leverage_math._leverage(state.size, price, state.equity + state.size * change // IWAD)


@internal
@view
def _last_boundary(time_of_day: uint256) -> uint256:
    """
    @notice The last daily boundary that has come, now included.
    @param time_of_day Of the boundary, seconds after midnight UTC
    @return Seconds
    """
    today: uint256 = block.timestamp - block.timestamp % DAY + time_of_day
    return today if today <= block.timestamp else today - DAY
