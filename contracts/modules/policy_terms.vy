# pragma version 0.4.3
"""
@title Policy terms: on what terms a token trades
@license AGPL-3.0-only
@author Steelyard
@notice Aim, price bound, chunk and rate of the reward. docs/protocol.md section 5.
"""

from ...interfaces import IRebalancePolicy
from . import leverage_math
from . import policy_case

WAD: constant(uint256) = 10**18
# An emergency or a wind-down trades at least this part of the position.
EMERGENCY_PARTS: constant(uint256) = 4
WIND_DOWN_PARTS: constant(uint256) = 100
# Time in which the bound of a wind-down widens to the emergency's, seconds.
WIND_DOWN_WIDENING: constant(uint256) = 3 * 86_400


@internal
@view
def _aim(case: policy_case.Case, trigger: IRebalancePolicy.Trigger) -> uint256:
    """
    @notice The leverage a trade goes for.
    @param case What the decision is made of
    @param trigger Not NOTHING
    @return L', WAD
    """
    if trigger == IRebalancePolicy.Trigger.WIND_DOWN:
        return 0
    if trigger == IRebalancePolicy.Trigger.UNFINISHED:
        return case.mem.aim
    target: uint256 = case.rules.target
    if trigger == IRebalancePolicy.Trigger.EMERGENCY or trigger == IRebalancePolicy.Trigger.REBUILD:
        return target
    aim: uint256 = case.leverage
    if aim > target:
        aim -= (aim - target) * case.rules.recentering // WAD
    else:
        aim += (target - aim) * case.rules.recentering // WAD
    return max(case.rules.leverage_lo, min(aim, case.rules.leverage_hi))


@internal
@view
def _slippage(case: policy_case.Case, trigger: IRebalancePolicy.Trigger) -> uint256:
    """
    @notice The price bound b on the adverse side of the oracle price.
    @dev Emergency: from half of emergency_slippage at em to all of it at 1.5 em. Wind-down: from max_slippage to
         emergency_slippage over three days, or the emergency's where that is wider.
    @param case What the decision is made of
    @param trigger Not NOTHING
    @return b, WAD
    """
    slippage: uint256 = case.rules.max_slippage
    widest: uint256 = case.rules.emergency_slippage
    if trigger == IRebalancePolicy.Trigger.WIND_DOWN:
        elapsed: uint256 = min(block.timestamp - case.mem.winding_down_at, WIND_DOWN_WIDENING)
        slippage += (widest - slippage) * elapsed // WIND_DOWN_WIDENING
    if case.emergency:
        em: uint256 = case.rules.emergency_leverage
        past: uint256 = min(case.leverage - em, em // 2)
        slippage = max(slippage, widest // 2 + widest * past // em)
    return slippage


@internal
@view
def _chunk(
    case: policy_case.Case,
    market: leverage_math.Market,
    size: int256,
    trigger: IRebalancePolicy.Trigger,
) -> uint256:
    """
    @notice The most one trade may be: the token's share of what cannot be sandwiched at a profit.
    @dev A front-runner gains P x d / K and pays at least 2 min(taker, maker) P x, so d <= 2 min(taker, maker) K.
         Getting out of an emergency, or out for good, may not wait for that.
    @param case What the decision is made of
    @param market What the venue charges
    @param size Of the position, underlying WAD
    @param trigger Not NOTHING
    @return underlying WAD; 0 = no safe size
    """
    if market.skew_scale == 0:
        # Nobody's trade moves the price.
        return max_value(uint256)
    safe: uint256 = 2 * min(market.maker_fee, market.taker_fee) * market.skew_scale // WAD
    chunk: uint256 = safe * case.rules.trade_share // WAD
    if trigger == IRebalancePolicy.Trigger.WIND_DOWN:
        chunk = max(chunk, self._part(case.mem.winding_down_size, WIND_DOWN_PARTS))
    if case.emergency:
        chunk = max(chunk, self._part(convert(abs(size), uint256), EMERGENCY_PARTS))
    return chunk


@internal
@pure
def _part(amount: uint256, parts: uint256) -> uint256:
    """
    @notice One of equal parts, up, so that no more than `parts` trades are needed.
    @param amount underlying WAD
    @param parts Count
    @return underlying WAD
    """
    return (amount + parts - 1) // parts


@internal
@view
def _rate(case: policy_case.Case, trigger: IRebalancePolicy.Trigger) -> uint256:
    """
    @notice Reward per notional: an auction on need, capped so that parts together earn at most max_reward of equity.
    @dev An emergency pays the highest rate uncapped: a share of equity would vanish when it is needed most.
    @param case What the decision is made of
    @param trigger Not NOTHING
    @return WAD
    """
    if trigger == IRebalancePolicy.Trigger.EMERGENCY:
        return case.rules.max_rate
    spread: uint256 = case.rules.max_rate - case.rules.min_rate
    rate: uint256 = case.rules.min_rate + spread * min(self._need(case, trigger), WAD) // WAD
    return min(rate, case.rules.max_reward * WAD // max(case.leverage, case.rules.target))


@internal
@view
def _need(case: policy_case.Case, trigger: IRebalancePolicy.Trigger) -> uint256:
    """
    @notice How urgent the trade is: by distance for a drift, by time for the others.
    @dev Below the band the distance in ratio counts, 1 where it is that of em above it.
    @param case What the decision is made of
    @param trigger Neither NOTHING nor EMERGENCY
    @return Share of the auction, WAD; above 1 means 1
    """
    lo: uint256 = case.rules.leverage_lo
    hi: uint256 = case.rules.leverage_hi
    em: uint256 = case.rules.emergency_leverage
    start: uint256 = 0
    if trigger == IRebalancePolicy.Trigger.DRIFT:
        if case.leverage > hi:
            return (case.leverage - hi) * WAD // (em - hi)
        return (lo - case.leverage) * WAD // lo * WAD // (WAD - hi * WAD // em)
    if trigger == IRebalancePolicy.Trigger.WIND_DOWN:
        start = case.mem.winding_down_at
    elif trigger == IRebalancePolicy.Trigger.UNFINISHED:
        # Before the cooldown's end there is no trade to pay for, but views ask.
        start = min(case.mem.traded_at + case.rules.cooldown, block.timestamp)
    else:
        start = policy_case._last_boundary(case.rules.boundary)
    return (block.timestamp - start) * WAD // case.rules.auction_duration
