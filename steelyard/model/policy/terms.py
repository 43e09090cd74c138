"""On what terms a token trades: the twin of contracts/modules/policy_terms.vy."""

from __future__ import annotations

from steelyard.model.arithmetic import DAY, WAD, ceil_div
from steelyard.model.policy.case import Case
from steelyard.model.policy.types import Trigger

EMERGENCY_PARTS = 4
"""An emergency trades at least this part of the position."""

WIND_DOWN_PARTS = 100
"""A wind-down trades at least this part of the position at its start."""

WIND_DOWN_WIDENING = 3 * DAY
"""Time in which the bound of a wind-down widens to the emergency's, seconds."""


def find_aim(case: Case, trigger: Trigger) -> int:
    """Return the leverage a trade goes for, WAD."""
    if trigger == Trigger.WIND_DOWN:
        return 0
    if trigger == Trigger.UNFINISHED:
        return case.memory.aim
    rules, target, level = case.rules, case.rules.target, case.leverage
    if trigger in (Trigger.EMERGENCY, Trigger.REBUILD):
        return target
    step = abs(level - target) * rules.recentering // WAD
    aim = level - step if level > target else level + step
    return max(rules.leverage_lo, min(aim, rules.leverage_hi))


def find_slippage(case: Case, trigger: Trigger) -> int:
    """Return the price bound b on the adverse side of the oracle price, WAD.

    Emergency: from half of emergency_slippage at em to all of it at 1.5 em. Wind-down: from
    max_slippage to emergency_slippage over three days, or the emergency's where that is wider.
    """
    slippage, widest = case.rules.max_slippage, case.rules.emergency_slippage
    if trigger == Trigger.WIND_DOWN:
        elapsed = min(case.now - case.memory.winding_down_at, WIND_DOWN_WIDENING)
        slippage += (widest - slippage) * elapsed // WIND_DOWN_WIDENING
    if case.emergency:
        em = case.rules.emergency_leverage
        past = min(case.leverage - em, em // 2)
        slippage = max(slippage, widest // 2 + widest * past // em)
    return slippage


def find_chunk(case: Case, trigger: Trigger) -> int | None:
    """Return the most one trade may be: the token's share of what cannot be sandwiched.

    Returns:
        Underlying WAD; 0 = no safe size, None = any size, for nobody's trade moves the price.
    """
    market = case.market
    if market.skew_scale == 0:
        return None
    safe = 2 * min(market.maker_fee, market.taker_fee) * market.skew_scale // WAD
    chunk = safe * case.rules.trade_share // WAD
    if trigger == Trigger.WIND_DOWN:
        chunk = max(chunk, ceil_div(case.memory.winding_down_size, WIND_DOWN_PARTS))
    if case.emergency:
        chunk = max(chunk, ceil_div(abs(case.state.size), EMERGENCY_PARTS))
    return chunk


def find_rate(case: Case, trigger: Trigger) -> int:
    """Return the reward per notional, WAD.

    An auction on need, capped so that parts together earn at most max_reward of equity. An
    emergency pays the highest rate uncapped.
    """
    rules = case.rules
    if trigger == Trigger.EMERGENCY:
        return rules.max_rate
    need = min(_need(case, trigger), WAD)
    rate = rules.min_rate + (rules.max_rate - rules.min_rate) * need // WAD
    return min(rate, rules.max_reward * WAD // max(case.leverage, rules.target))


def _need(case: Case, trigger: Trigger) -> int:
    """Return how urgent the trade is: by distance for a drift, by time for the others, WAD."""
    rules, level = case.rules, case.leverage
    lo, hi, em = rules.leverage_lo, rules.leverage_hi, rules.emergency_leverage
    if trigger == Trigger.DRIFT:
        if level > hi:
            return (level - hi) * WAD // (em - hi)
        return (lo - level) * WAD // lo * WAD // (WAD - hi * WAD // em)
    if trigger == Trigger.WIND_DOWN:
        start = case.memory.winding_down_at
    elif trigger == Trigger.UNFINISHED:
        start = min(case.memory.traded_at + rules.cooldown, case.now)
    else:
        start = case.last_boundary
    return (case.now - start) * WAD // rules.auction_duration
