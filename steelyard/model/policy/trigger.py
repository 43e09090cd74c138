"""Why a token trades: the twin of contracts/modules/policy_trigger.vy."""

from __future__ import annotations

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy.case import Case
from steelyard.model.policy.memory import is_short
from steelyard.model.policy.types import Trigger

REBALANCE_TTL = 6 * 3_600
"""A chunked trade goes on at most this long, seconds."""


def find_trigger(case: Case) -> Trigger:
    """Return the first reason to trade that holds."""
    state, rules, memory = case.state, case.rules, case.memory
    if state.equity <= 0 or state.price == 0:
        return Trigger.NOTHING
    if memory.winding_down_at:
        return Trigger.WIND_DOWN if state.size else Trigger.NOTHING
    if state.size == 0:
        due = state.equity >= case.least_equity and _in_rebuild_window(case)
        return Trigger.REBUILD if due else Trigger.NOTHING
    if case.emergency:
        return Trigger.EMERGENCY
    if _is_unfinished(case):
        return Trigger.REBUILD if memory.rebuilding else Trigger.UNFINISHED
    if not rules.leverage_lo <= case.leverage <= rules.leverage_hi:
        return Trigger.DRIFT
    return Trigger.SCHEDULE if _is_scheduled(case) else Trigger.NOTHING


def next_boundary(case: Case) -> int:
    """Return when the clock alone may give a token without a trigger something to do.

    Returns:
        Seconds; 0 when it cannot.
    """
    state = case.state
    if case.memory.winding_down_at or state.equity <= 0:
        return 0
    boundary = case.last_boundary + DAY
    if state.size:
        return boundary if case.rules.scheduled else 0
    if state.equity < case.least_equity:
        return 0
    return boundary if boundary >= state.changed_at + DAY else boundary + DAY


def _is_unfinished(case: Case) -> bool:
    """A chunked trade goes on: on its side, in time, and the venue has not interfered."""
    memory, aim = case.memory, case.memory.aim
    if (
        aim == 0
        or case.state.changed_at >= memory.since
        or case.now > memory.since + REBALANCE_TTL
        or (memory.rebuilding and not _in_rebuild_window(case))
    ):
        return False
    return is_short(aim, memory.upward, case.leverage)


def _in_rebuild_window(case: Case) -> bool:
    """Now is in the window of a daily boundary at least a day after the venue's change."""
    boundary = case.last_boundary
    return boundary >= case.state.changed_at + DAY and case.now <= boundary + case.rules.window


def _is_scheduled(case: Case) -> bool:
    """The daily trade: in the window, not yet traded since the boundary, drifted enough."""
    rules, boundary = case.rules, case.last_boundary
    return (
        rules.scheduled
        and case.now <= boundary + rules.window
        and case.memory.traded_at < boundary
        and abs(case.leverage - rules.target) * WAD > rules.min_drift * rules.target
    )
