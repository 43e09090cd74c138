"""What stands in the way of a trade: the twin of contracts/modules/policy_obstacle.vy."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import DAY, WAD, ceil_div, require
from steelyard.model.policy.case import Case
from steelyard.model.policy.memory import budget_used
from steelyard.model.policy.trigger import next_boundary
from steelyard.model.policy.types import Decision, Obstacle, Trigger
from steelyard.model.venue.states import ZERO_ADDRESS, AccountState, MarketStatus

WIPED_EQUITY = WAD
"""Without a position and with less equity a token is wiped, quote WAD."""

REFUSALS = {
    Obstacle.WIPED: "rebalance: wiped",
    Obstacle.FLAGGED: "rebalance: flagged",
    Obstacle.VENUE: "rebalance: venue refuses",
    Obstacle.PRICE: "rebalance: no valid price",
    Obstacle.REFERENCE: "rebalance: reference price",
    Obstacle.COOLDOWN: "rebalance: cooldown",
    Obstacle.BUDGET: "rebalance: budget used up",
    Obstacle.NO_SAFE_SIZE: "rebalance: no safe size",
    Obstacle.BOUND: "rebalance: price bound",
    Obstacle.FUTILE: "rebalance: futile",
}
"""What an order says of each obstacle."""


def judged(case: Case, decision: Decision) -> Decision:
    """A sized decision with the first thing that forbids it, and when that ends."""
    outage = _outage(case.state)
    if outage != Obstacle.CLEAR:
        return replace(decision, obstacle=outage)
    exempt = decision.trigger in (Trigger.EMERGENCY, Trigger.WIND_DOWN)
    if not exempt and not _reference_agrees(case):
        return replace(decision, obstacle=Obstacle.REFERENCE)
    # An emergency only needs a later timestamp.
    wait = 1 if decision.trigger == Trigger.EMERGENCY else case.rules.cooldown
    ready_at = case.memory.traded_at + wait
    if case.now < ready_at:
        return replace(decision, obstacle=Obstacle.COOLDOWN, ready_at=ready_at)
    if not exempt and budget_used(case.memory, case.rules, case.now) >= case.rules.cost_budget:
        return replace(decision, obstacle=Obstacle.BUDGET, ready_at=_healed_at(case))
    if not _is_taken(case, decision):
        return replace(decision, obstacle=Obstacle.VENUE)
    return decision


def idle(case: Case) -> Decision:
    """The decision of a token with nothing to do: why not, and until when the clock knows."""
    state, obstacle = case.state, _outage(case.state)
    wiped = state.equity <= 0 or (state.size == 0 and state.equity < WIPED_EQUITY)
    if obstacle == Obstacle.CLEAR and wiped:
        obstacle = Obstacle.WIPED
    return Decision(obstacle=obstacle, leverage=case.leverage, ready_at=next_boundary(case))


def check(decision: Decision) -> None:
    """Check that there is a trade that nothing stops.

    Raises:
        Revert: There is none; the reason says why.
    """
    require(decision.obstacle == Obstacle.CLEAR, REFUSALS.get(decision.obstacle))
    require(decision.size_delta != 0, "rebalance: nothing to do")


def _outage(state: AccountState) -> Obstacle:
    """What stops every order of the account."""
    if state.flagged:
        return Obstacle.FLAGGED
    if state.status == MarketStatus.PAUSED:
        return Obstacle.VENUE
    return Obstacle.PRICE if state.oracle_fault else Obstacle.CLEAR


def _reference_agrees(case: Case) -> bool:
    """The reference feed, where one is set, is fresh and near the oracle price."""
    if case.rules.reference == ZERO_ADDRESS:
        return True
    apart = abs(case.state.price - case.reference)
    return case.reference != 0 and apart * WAD <= case.rules.max_deviation * case.reference


def _healed_at(case: Case) -> int:
    """When the budget is no longer used up, seconds: once used - healed < budget."""
    budget = case.rules.cost_budget
    excess = case.memory.budget_used - budget + 1
    return case.memory.traded_at + ceil_div(excess * DAY, budget)


def _is_taken(case: Case, decision: Decision) -> bool:
    """The venue takes the trade as far as its state tells."""
    state, margin = case.state, case.state.equity - decision.cost
    if (decision.whole_delta > 0) != case.is_long:
        return margin >= 0
    if state.status != MarketStatus.ACTIVE or margin < state.min_margin:
        return False
    return abs(state.size + decision.size_delta) * state.price <= margin * state.max_leverage
