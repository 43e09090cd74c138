"""The decision itself: the twin of contracts/RebalancePolicy.vy."""

from __future__ import annotations

from steelyard.model.policy.case import Case
from steelyard.model.policy.obstacle import check, idle, judged
from steelyard.model.policy.size import find_size
from steelyard.model.policy.terms import find_aim, find_chunk, find_rate, find_slippage
from steelyard.model.policy.trigger import find_trigger
from steelyard.model.policy.types import Decision, Trigger


def decide(case: Case) -> Decision:
    """Return what a rebalance would do now."""
    trigger = find_trigger(case)
    if trigger == Trigger.NOTHING:
        return idle(case)
    unsized = Decision(
        trigger=trigger,
        leverage=case.leverage,
        aim=find_aim(case, trigger),
        slippage=find_slippage(case, trigger),
    )
    decision = find_size(case, unsized, find_rate(case, trigger), find_chunk(case, trigger))
    return judged(case, decision) if decision.whole_delta else idle(case)


def order(case: Case) -> Decision:
    """As `decide`, for who acts on it.

    Raises:
        Revert: There is no trade, or something stops it; the reason says what.
    """
    decision = decide(case)
    check(decision)
    return decision
