"""What a token remembers of its trades: the twin of contracts/modules/policy_memory.vy."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import DAY, WAD, ceil_div
from steelyard.model.policy.types import Decision, Memory, Rules, Trigger

FINISH = 10**16
"""Leverage within this share of the aim ends a chunked trade, WAD."""


def remember(
    decision: Decision, memory: Memory, rules: Rules, now: int, equity: int, leverage: int
) -> Memory:
    """Return a token's memory after a trade.

    Args:
        decision: What was traded, with `cost` and `reward` as they really were.
        memory: Before.
        rules: Of the token.
        now: Seconds.
        equity: Before, > 0, quote WAD.
        leverage: After, WAD.
    """
    used = budget_used(memory, rules, now)
    # What the budget cannot stop does not use it up either.
    if decision.trigger not in (Trigger.EMERGENCY, Trigger.WIND_DOWN):
        used += ceil_div((max(0, decision.cost) + decision.reward) * WAD, equity)
    after = replace(memory, traded_at=now, budget_used=used)
    aim, upward = decision.aim, decision.leverage < decision.aim
    if aim == 0 or not is_short(aim, upward, leverage):
        return replace(after, aim=0, since=0, upward=False, rebuilding=False)
    rebuilding = decision.trigger == Trigger.REBUILD
    # A rebuild goes on if there already is a position; if there is none it begins.
    goes_on = decision.trigger == Trigger.UNFINISHED or (rebuilding and decision.leverage != 0)
    since = memory.since if goes_on else now
    return replace(after, aim=aim, since=since, upward=upward, rebuilding=rebuilding)


def budget_used(memory: Memory, rules: Rules, now: int) -> int:
    """Return what recent trades have cost, falling by the whole budget in a day.

    Returns:
        Share of equity, WAD.
    """
    healed = rules.cost_budget * (now - memory.traded_at) // DAY
    return memory.budget_used - min(memory.budget_used, healed)


def is_short(aim: int, upward: bool, leverage: int) -> bool:
    """Return whether leverage is still on the side of the aim it came from, by over FINISH.

    >>> is_short(3 * WAD, False, 303 * WAD // 100), is_short(3 * WAD, False, 304 * WAD // 100)
    (False, True)
    """
    margin = aim * FINISH // WAD
    return leverage < aim - margin if upward else leverage > aim + margin
