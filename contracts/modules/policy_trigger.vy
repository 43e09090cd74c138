# pragma version 0.4.3
"""
@title Policy trigger: why a token trades
@license AGPL-3.0-only
@author Steelyard
@notice The first reason that holds, and when the clock may bring the next one. docs/protocol.md section 5.
"""

from ...interfaces import IRebalancePolicy
from . import policy_case
from . import policy_memory

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = policy_case.DAY
# A chunked trade goes on at most this long, seconds.
REBALANCE_TTL: constant(uint256) = 6 * 3_600
# Equity a closed position needs to be rebuilt, quote WAD.
MIN_EQUITY: constant(int256) = 100 * 10**18


@internal
@view
def _trigger(case: policy_case.Case) -> IRebalancePolicy.Trigger:
    """
    @notice The first reason to trade that holds.
    @param case What the decision is made of
    @return One trigger
    """
    if case.state.equity <= 0 or case.state.price == 0:
        return IRebalancePolicy.Trigger.NOTHING
    if case.mem.winding_down_at != 0:
        if case.state.size == 0:
            return IRebalancePolicy.Trigger.NOTHING
        return IRebalancePolicy.Trigger.WIND_DOWN
    if case.state.size == 0:
        if case.state.equity >= MIN_EQUITY and self._in_rebuild_window(case):
            return IRebalancePolicy.Trigger.REBUILD
        return IRebalancePolicy.Trigger.NOTHING
    if case.emergency:
        return IRebalancePolicy.Trigger.EMERGENCY
    if self._is_unfinished(case):
        if case.mem.rebuilding:
            return IRebalancePolicy.Trigger.REBUILD
        return IRebalancePolicy.Trigger.UNFINISHED
    if case.leverage > case.rules.leverage_hi or case.leverage < case.rules.leverage_lo:
        return IRebalancePolicy.Trigger.DRIFT
    if self._is_scheduled(case):
        return IRebalancePolicy.Trigger.SCHEDULE
    return IRebalancePolicy.Trigger.NOTHING


@internal
@view
def _next_boundary(case: policy_case.Case) -> uint256:
    """
    @notice When the clock alone may give a token without a trigger something to do.
    @param case What the decision is made of
    @return Seconds; 0 when it cannot
    """
    if case.mem.winding_down_at != 0 or case.state.equity <= 0:
        return 0
    boundary: uint256 = policy_case._last_boundary(case) + DAY
    if case.state.size != 0:
        return boundary if case.rules.scheduled else 0
    if case.state.equity < MIN_EQUITY:
        return 0
    return boundary if boundary >= case.state.changed_at + DAY else boundary + DAY


@internal
@view
def _is_unfinished(case: policy_case.Case) -> bool:
    """
    @notice A chunked trade goes on: still on its side of the aim, in time, and the venue has not interfered.
    @param case What the decision is made of
    @return True while it does
    """
    aim: uint256 = case.mem.aim
    if (
        aim == 0
        or case.state.changed_at >= case.mem.since
        or block.timestamp > case.mem.since + REBALANCE_TTL
        or (case.mem.rebuilding and not self._in_rebuild_window(case))
    ):
        return False
    return policy_memory._is_short(aim, case.mem.upward, case.leverage)


@internal
@view
def _in_rebuild_window(case: policy_case.Case) -> bool:
    """
    @notice Whether now is in the window of a daily boundary at least a day after the venue's change.
    @param case What the decision is made of
    @return True inside the window
    """
    boundary: uint256 = policy_case._last_boundary(case)
    return (
        boundary >= case.state.changed_at + DAY and block.timestamp <= boundary + case.rules.window
    )


@internal
@view
def _is_scheduled(case: policy_case.Case) -> bool:
    """
    @notice The daily trade: in the window, not yet traded since the boundary, drifted enough.
    @param case What the decision is made of
    @return True when it is due
    """
    if not case.rules.scheduled:
        return False
    boundary: uint256 = policy_case._last_boundary(case)
    target: uint256 = case.rules.target
    drift: uint256 = max(case.leverage, target) - min(case.leverage, target)
    return (
        block.timestamp <= boundary + case.rules.window
        and case.mem.traded_at < boundary
        and drift * WAD > case.rules.min_drift * target
    )
