# pragma version 0.4.3
"""
@title Policy case: what a decision is made of
@license AGPL-3.0-only
@author Steelyard
@notice Everything the rules of a rebalance look at, unpacked once, and what several of them ask.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import leverage_math
from . import policy_words
from . import reference_feed

IWAD: constant(int256) = 10**18
DAY: constant(uint256) = 86_400


struct Case:
    state: IPerpExchange.AccountState
    rules: IRebalancePolicy.Rules
    mem: IRebalancePolicy.Memory
    market: leverage_math.Market
    is_long: bool
    leverage: uint256  # WAD
    reference: uint256  # fresh price of the reference feed, WAD; 0 = none
    emergency: bool  # leverage at or above em


@internal
@view
def _open(
    state: IPerpExchange.AccountState,
    is_long: bool,
    words: uint256[2],
    memory_words: uint256[2],
) -> Case:
    """
    @notice Unpack what was given and read the reference feed.
    @param state Of the token's account
    @param is_long Side of the token
    @param words Rules, packed
    @param memory_words Memory, packed
    @return The case
    """
    case: Case = Case(
        state=state,
        rules=policy_words._unpack_rules(words),
        mem=policy_words._unpack_memory(memory_words),
        market=self._market(state),
        is_long=is_long,
        leverage=leverage_math._leverage(state.size, state.price, state.equity),
        reference=0,
        emergency=False,
    )
    if case.rules.reference != empty(address):
        case.reference = reference_feed._fresh_price(
            case.rules.reference, case.rules.reference_max_age
        )
    case.emergency = self._is_emergency(case)
    return case


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
def _is_emergency(case: Case) -> bool:
    """
    @notice Leverage at or above em, at the oracle price and at a fresh reference price too.
    @dev Without a fresh reference the oracle price decides alone: a broken feed must not lock the way out.
    @param case What the decision is made of
    @return True in an emergency
    """
    em: uint256 = case.rules.emergency_leverage
    if case.leverage < em:
        return False
    if case.reference == 0:
        return True
    change: int256 = convert(case.reference, int256) - convert(case.state.price, int256)
    equity: int256 = case.state.equity + case.state.size * change // IWAD
    return leverage_math._leverage(case.state.size, case.reference, equity) >= em


@internal
@view
def _last_boundary(case: Case) -> uint256:
    """
    @notice The last daily boundary that has come, now included.
    @param case What the decision is made of
    @return Seconds
    """
    today: uint256 = block.timestamp - block.timestamp % DAY + case.rules.boundary
    return today if today <= block.timestamp else today - DAY
