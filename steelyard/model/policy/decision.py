"""The decision itself: the twin of contracts/RebalancePolicy.vy, function by function."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import DAY, WAD, ceil_div, require
from steelyard.model.leverage import cost, delta_to, fill_price
from steelyard.model.policy.case import Case
from steelyard.model.policy.memory import budget_used
from steelyard.model.policy.terms import find_aim, find_chunk, find_rate, find_slippage
from steelyard.model.policy.trigger import find_trigger, next_boundary
from steelyard.model.policy.types import Decision, Obstacle, Trigger
from steelyard.model.venue.states import ZERO_ADDRESS, MarketStatus

WIPED_EQUITY = WAD
"""Without a position and with less equity a token is wiped, quote WAD."""

HALVINGS = 3
"""A trade whose quote breaks the bound is halved at most this often."""

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
}
"""What `order` says of each obstacle."""


def decide(case: Case) -> Decision:
    """Return what a rebalance would do now."""
    trigger = find_trigger(case)
    if trigger == Trigger.NOTHING:
        return _idle(case)
    decision = _sized(
        case,
        Decision(
            trigger=trigger,
            leverage=case.leverage,
            aim=find_aim(case, trigger),
            slippage=find_slippage(case, trigger),
        ),
    )
    if decision.whole_delta == 0:
        return _idle(case)
    decision = replace(decision, obstacle=_obstacle(case, decision))
    return replace(decision, ready_at=_ready_at(case, decision))


def order(case: Case) -> Decision:
    """As `decide`, for who acts on it.

    Raises:
        Revert: There is no trade, or something stops it; the reason says what.
    """
    decision = decide(case)
    require(decision.obstacle == Obstacle.CLEAR, REFUSALS.get(decision.obstacle))
    require(decision.size_delta != 0, "rebalance: nothing to do")
    return decision


def _sized(case: Case, unsized: Decision) -> Decision:
    """Size, worst price, cost and reward: the chunk, or a half, a quarter, an eighth of it."""
    rate = find_rate(case, unsized.trigger)
    state, market = case.state, case.market
    whole = delta_to(market, state.size, state.equity, case.is_long, unsized.aim, rate)
    step = state.price * unsized.slippage // WAD
    limit = state.price + step if whole > 0 else state.price - step
    decision = replace(unsized, whole_delta=whole, price_limit=limit)
    amount = _amount(case, decision)
    for i in range(HALVINGS + 1):
        part = amount >> i
        if part == 0:
            break
        delta = part if whole > 0 else -part
        fill = fill_price(market, delta)
        if 0 < fill <= limit if whole > 0 else fill >= limit:
            return replace(
                decision,
                size_delta=delta,
                cost=cost(market, delta, fill),
                reward=part * state.price // WAD * rate // WAD,
            )
    return decision


def _amount(case: Case, decision: Decision) -> int:
    """The chunk, at most the whole trade, underlying WAD; 0 = no safe size."""
    whole, chunk = abs(decision.whole_delta), find_chunk(case, decision.trigger)
    return whole if chunk is None else min(whole, chunk)


def _idle(case: Case) -> Decision:
    """The decision of a token with nothing to do: why not, and until when the clock knows."""
    state, obstacle = case.state, _outage(case)
    wiped = state.equity <= 0 or (state.size == 0 and state.equity < WIPED_EQUITY)
    if obstacle == Obstacle.CLEAR and wiped:
        obstacle = Obstacle.WIPED
    return Decision(obstacle=obstacle, leverage=case.leverage, ready_at=next_boundary(case))


def _outage(case: Case) -> Obstacle:
    """What stops every order of the account."""
    if case.state.flagged:
        return Obstacle.FLAGGED
    if case.state.status == MarketStatus.PAUSED:
        return Obstacle.VENUE
    if case.state.oracle_fault:
        return Obstacle.PRICE
    return Obstacle.CLEAR


def _obstacle(case: Case, decision: Decision) -> Obstacle:
    """The first thing that forbids the trade."""
    outage = _outage(case)
    if outage != Obstacle.CLEAR:
        return outage
    exempt = decision.trigger in (Trigger.EMERGENCY, Trigger.WIND_DOWN)
    if not exempt and not _reference_agrees(case):
        return Obstacle.REFERENCE
    if case.now < case.memory.traded_at + _wait(case, decision):
        return Obstacle.COOLDOWN
    if not exempt and budget_used(case.memory, case.rules, case.now) >= case.rules.cost_budget:
        return Obstacle.BUDGET
    if not _is_taken(case, decision):
        return Obstacle.VENUE
    if _amount(case, decision) == 0:
        return Obstacle.NO_SAFE_SIZE
    return Obstacle.CLEAR if decision.size_delta else Obstacle.BOUND


def _reference_agrees(case: Case) -> bool:
    """The reference feed, where one is set, is fresh and near the oracle price."""
    if case.rules.reference == ZERO_ADDRESS:
        return True
    apart = abs(case.state.price - case.reference)
    return case.reference != 0 and apart * WAD <= case.rules.max_deviation * case.reference


def _wait(case: Case, decision: Decision) -> int:
    """The least time between trades, seconds: an emergency only needs a later timestamp."""
    return 1 if decision.trigger == Trigger.EMERGENCY else case.rules.cooldown


def _is_taken(case: Case, decision: Decision) -> bool:
    """The venue takes the trade as far as its state tells."""
    state, margin = case.state, case.state.equity - decision.cost
    if (decision.whole_delta > 0) != case.is_long:
        return margin >= 0
    if state.status != MarketStatus.ACTIVE or margin < state.min_margin:
        return False
    return abs(state.size + decision.size_delta) * state.price <= margin * state.max_leverage


def _ready_at(case: Case, decision: Decision) -> int:
    """When an obstacle of time ends, seconds; 0 when time alone does not end it."""
    traded_at = case.memory.traded_at
    if decision.obstacle == Obstacle.COOLDOWN:
        return traded_at + _wait(case, decision)
    if decision.obstacle == Obstacle.BUDGET:
        budget = case.rules.cost_budget
        return traded_at + ceil_div((case.memory.budget_used - budget + 1) * DAY, budget)
    return 0
