"""How much is traded, at what cost and reward: the twin of contracts/modules/policy_size.vy."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import WAD, ceil_div
from steelyard.model.leverage import cost, delta_to, fee, fill_price, leverage
from steelyard.model.policy.case import Case
from steelyard.model.policy.types import Decision, Obstacle, Trigger
from steelyard.model.venue.states import AccountState

HALVINGS = 3
"""A trade that does not fit, or would do no good, is halved at most this often."""

OVERSHOOT = 2_000
"""A trade may take leverage past the aim by the aim over this."""

MAX_GROWTH = 2**20
"""A position that grows by this factor or more pays no reward."""


def find_size(case: Case, unsized: Decision, rate: int, chunk: int | None) -> Decision:
    """Size, worst price, cost and reward of a trade, and what the size says against it.

    Args:
        case: What the decision is made of.
        unsized: With trigger, aim and bound.
        rate: Reward per notional, WAD.
        chunk: The most one trade may be, underlying WAD; None = any size.

    Returns:
        The chunk, or a half, a quarter, an eighth of it: the largest that fits and helps. If none
        helps, the largest that fits; if none fits, size_delta is 0.
    """
    state, market = case.state, case.market
    whole = delta_to(market, state.size, state.equity, case.is_long, unsized.aim, rate)
    step = state.price * unsized.slippage // WAD
    limit = state.price + step if whole > 0 else state.price - step
    amount = abs(whole) if chunk is None else min(abs(whole), chunk)
    none = Obstacle.BOUND if amount else Obstacle.NO_SAFE_SIZE
    decision = replace(unsized, whole_delta=whole, price_limit=limit, obstacle=none)
    for i in range(HALVINGS + 1):
        part = amount >> i
        if part == 0:
            break
        delta = part if whole > 0 else -part
        fill = fill_price(market, delta)
        if not (0 < fill <= limit if whole > 0 else fill >= limit):
            continue
        spent, size = cost(market, delta, fill), state.size + delta
        left = state.equity - spent
        cash = max(0, state.cash - fee(market, delta, fill))
        room = min(max(0, left - required_margin(state, size)), cash)
        reward = min(part * state.price // WAD * rate // WAD, room)
        # A reward never stops a trade.
        for paid in (reward, 0):
            if _helps(case, unsized, size, left - paid):
                return replace(
                    decision, size_delta=delta, cost=spent, reward=paid, obstacle=Obstacle.CLEAR
                )
        if decision.size_delta == 0:
            decision = replace(
                decision, size_delta=delta, cost=spent, reward=reward, obstacle=Obstacle.FUTILE
            )
    return decision


def required_margin(state: AccountState, size: int) -> int:
    """Return the least margin that a withdrawal leaves with another size, quote WAD.

    Of the maintenance margin after it only an upper bound is known; see the contract.
    """
    before, amount = abs(state.size), abs(size)
    if amount == 0:
        return 0
    initial = ceil_div(amount * state.price, state.max_leverage)
    above = state.maintenance + 1
    if amount > before:
        above = 1
        if before:
            if amount // before >= MAX_GROWTH:
                return 2**256 - 1
            grown = ceil_div(ceil_div(state.maintenance * amount, before) * amount, before)
            above = grown + amount * state.price // WAD**2 + 4
    return max(state.min_margin, initial, above)


def _helps(case: Case, decision: Decision, size: int, equity: int) -> bool:
    """The trade leaves equity, and brings leverage closer to the aim and not past it."""
    if equity <= 0:
        return False
    aim, before = decision.aim, case.leverage
    if size == 0 and aim == 0:
        return True
    after = leverage(size, case.state.price, equity)
    past = aim - after if before > aim else after - aim
    if past > aim // OVERSHOOT and decision.trigger != Trigger.EMERGENCY:
        return False
    return abs(after - aim) < abs(before - aim)
