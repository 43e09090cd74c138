# pragma version 0.4.3
"""
@title Policy trigger: why a token trades
@license AGPL-3.0-only
@author Steelyard
@notice The first reason that holds, and when the clock may bring the next one. docs/protocol.md section 5.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import policy_case
from . import policy_memory

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = policy_case.DAY
# A chunked trade goes on at most this long, seconds.
REBALANCE_TTL: constant(uint256) = 6 * 3_600


@internal
@view
def _trigger(case: policy_case.Case, state: IPerpExchange.AccountState) -> IRebalancePolicy.Trigger:
    """
    @notice The first reason to trade that holds.
    @param case What the decision is made of
    @param state Of the token's account
    @return One trigger
    """
    if state.equity <= 0 or state.price == 0:
        return IRebalancePolicy.Trigger.NOTHING
    if case.mem.winding_down_at != 0:
        if state.size == 0:
            return IRebalancePolicy.Trigger.NOTHING
        return IRebalancePolicy.Trigger.WIND_DOWN
    if state.size == 0:
        if self._is_enough(state) and self._in_rebuild_window(
            case.rules.boundary, case.rules.window, state.changed_at
        ):
            return IRebalancePolicy.Trigger.REBUILD
        return IRebalancePolicy.Trigger.NOTHING
    if case.emergency:
        return IRebalancePolicy.Trigger.EMERGENCY
    if self._is_unfinished(case.mem, state.changed_at, case.leverage):
        if not case.mem.rebuilding:
            return IRebalancePolicy.Trigger.UNFINISHED
        if self._in_rebuild_window(case.rules.boundary, case.rules.window, state.changed_at):
            return IRebalancePolicy.Trigger.REBUILD
    if case.leverage > case.rules.leverage_hi or case.leverage < case.rules.leverage_lo:
        return IRebalancePolicy.Trigger.DRIFT
    if case.rules.scheduled and self._is_due(case.rules, case.mem.traded_at, case.leverage):
        return IRebalancePolicy.Trigger.SCHEDULE
    return IRebalancePolicy.Trigger.NOTHING


@internal
@view
def _next_boundary(case: policy_case.Case, state: IPerpExchange.AccountState) -> uint256:
    """
    @notice When the clock alone may give a token without a trigger something to do.
    @param case What the decision is made of
    @param state Of the token's account
    @return Seconds; 0 when it cannot
    """
    if case.mem.winding_down_at != 0 or state.equity <= 0:
        return 0
    boundary: uint256 = policy_case._last_boundary(case.rules.boundary) + DAY
    if state.size != 0:
        return boundary if case.rules.scheduled else 0
    if not self._is_enough(state):
        return 0
    return boundary if boundary >= state.changed_at + DAY else boundary + DAY


@internal
@view
def _is_enough(state: IPerpExchange.AccountState) -> bool:
    """
    @notice Whether a closed position has equity to be rebuilt; with less, a mint may open it.
    @param state Of the token's account
    @return True when it has
    """
    return state.equity >= convert(policy_case._least_equity(state), int256)


@internal
@view
def _is_unfinished(mem: IRebalancePolicy.Memory, changed_at: uint256, leverage: uint256) -> bool:
    """
    @notice A chunked trade goes on: still on its side of the aim, in time, and the venue has not interfered.
    @param mem What the token remembers
    @param changed_at The venue's last change of the account, seconds
    @param leverage Now, WAD
    @return True while it does
    """
    return (
        mem.aim != 0
        and changed_at < mem.since
        and block.timestamp <= mem.since + REBALANCE_TTL
        and policy_memory._is_short(mem.aim, mem.upward, leverage)
    )


@internal
@view
def _in_rebuild_window(time_of_day: uint256, window: uint256, changed_at: uint256) -> bool:
    """
    @notice Whether now is in the window of a daily boundary at least a day after the venue's change.
    @param time_of_day Of the boundary, seconds after midnight UTC
    @param window Seconds
    @param changed_at The venue's last change of the account, seconds
    @return True inside the window
    """
    boundary: uint256 = policy_case._last_boundary(time_of_day)
    return boundary >= changed_at + DAY and block.timestamp <= boundary + window


@internal
@view
def _is_due(rules: IRebalancePolicy.Rules, traded_at: uint256, leverage: uint256) -> bool:
    """
    @notice The daily trade: in the window, not yet traded since the boundary, drifted enough.
    @param rules How the token rebalances
    @param traded_at Last trade, seconds
    @param leverage Now, WAD
    @return True when it is due
    """
    boundary: uint256 = policy_case._last_boundary(rules.boundary)
    drift: uint256 = max(leverage, rules.target) - min(leverage, rules.target)
    return (
        block.timestamp <= boundary + rules.window
        and traded_at < boundary
        and drift * WAD > rules.min_drift * rules.target
    )
