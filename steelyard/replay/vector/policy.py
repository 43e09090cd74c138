"""Steelyard's own rule in floats and for many tokens at once: as `steelyard.model.policy`.

What a replay never meets is left out: wind-downs, reference feeds, flagged accounts and markets
that are not active.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from steelyard.model.policy.obstacle import WIPED_EQUITY
from steelyard.model.policy.size import HALVINGS
from steelyard.model.policy.size import OVERSHOOT as PARTS_PAST
from steelyard.model.policy.terms import EMERGENCY_PARTS
from steelyard.model.policy.trigger import REBALANCE_TTL
from steelyard.replay.path import Floats, Ints
from steelyard.replay.vector.market import (
    Bools,
    bears,
    delta_to,
    is_kept,
    level,
    maintenance,
    quote,
    room,
)
from steelyard.replay.vector.terms import Terms

UNIT = 1e-6
"""Rewards are whole units of collateral, quote."""
FINISH = 0.01
_WIPED_EQUITY = WIPED_EQUITY / WAD
# Plain numbers: members of an enumeration are slow to look up, and slower to compare to arrays.
_NOTHING, _EMERGENCY, _UNFINISHED, _DRIFT, _REBUILD, _SCHEDULE = (
    int(Trigger[name])
    for name in ("NOTHING", "EMERGENCY", "UNFINISHED", "DRIFT", "REBUILD", "SCHEDULE")
)
_CLEAR, _WIPED, _VENUE, _COOLDOWN, _BUDGET, _NO_SAFE_SIZE, _BOUND, _FUTILE = (
    int(Obstacle[name])
    for name in ("CLEAR", "WIPED", "VENUE", "COOLDOWN", "BUDGET", "NO_SAFE_SIZE", "BOUND", "FUTILE")
)


class Memory(NamedTuple):
    """What tokens remember between trades, float64, shape (tokens,); see the model's Memory.

    Attributes:
        aim: Leverage; 0 = none.
        since: Seconds.
        upward: 1 or 0.
        rebuilding: 1 or 0.
        traded_at: Seconds.
        used: Of the budget, of equity.
        changed_at: Last change that was the venue's, seconds.
    """

    aim: Floats
    since: Floats
    upward: Floats
    rebuilding: Floats
    traded_at: Floats
    used: Floats
    changed_at: Floats


class Case:
    """What decisions are made of, shape (tokens,).

    Attributes:
        terms: Of the tokens.
        memory: Of the tokens.
        size: q, underlying.
        equity: E, quote.
        price: P, quote.
        now: Unix seconds.
        pot: Pool and E together, quote.
        boundary: The last daily boundary that has come, unix seconds.
    """

    def __init__(self, terms: Floats, memory: Floats, *here: Floats) -> None:
        """Take terms and memory (shape (fields, tokens)), then size, equity, price, now, pot."""
        self._matrices, self._here = (terms, memory), here
        self.terms, self.memory = Terms._make(terms), Memory._make(memory)
        self.size, self.equity, self.price, self.now, self.pot = here
        today = self.now - self.now % DAY + self.terms.boundary
        self.boundary = np.where(today <= self.now, today, today - DAY)

    def pick(self, chosen: Bools) -> Case:
        """Return the cases of some of the tokens."""
        matrices = (matrix[:, chosen] for matrix in self._matrices)
        return Case(*matrices, *(column[chosen] for column in self._here))


class Decision(NamedTuple):
    """What rebalances would do, shape (tokens,); values of triggers and obstacles are the model's.

    Attributes:
        trigger: int64.
        obstacle: int64.
        level: Leverage now.
        aim: Leverage.
        delta: This trade, underlying.
        fee: Of the order, quote.
        impact: Quote.
        reward: Quote.
        ready_at: Seconds; 0 = unknown.
    """

    trigger: Ints
    obstacle: Ints
    level: Floats
    aim: Floats
    delta: Floats
    fee: Floats
    impact: Floats
    reward: Floats
    ready_at: Floats


def decide(case: Case) -> Decision:
    """Return what a rebalance would do now."""
    high = level(case.size, case.price, case.equity)
    trigger = _trigger(case, high)
    due = trigger != _NOTHING
    decision = _idle(case, high)
    ready = case.memory.traded_at + np.where(trigger == _EMERGENCY, 1.0, case.terms.cooldown)
    waits = due & (case.now < ready)
    # Whatever it would be, it has to wait.
    decision.trigger[waits] = trigger[waits]
    decision.obstacle[waits] = _COOLDOWN
    decision.ready_at[waits] = ready[waits]
    now = np.flatnonzero(due & ~waits)
    if len(now):
        chosen = case if len(now) == len(due) else case.pick(due & ~waits)
        found = _judged(chosen, _sized(chosen, trigger[now], high[now]))
        # What rounds to nothing is no trade; in floats there is a smallest trade as well.
        made = np.abs(found.delta) * chosen.price > 1e-12 * chosen.equity
        made |= found.obstacle != _CLEAR
        for column, values in zip(decision, found, strict=True):
            column[now[made]] = values[made]
    return decision


def _idle(case: Case, high: Floats) -> Decision:
    """Return the decisions of tokens with nothing to do."""
    wiped = (case.equity <= 0) | ((case.size == 0) & (case.equity < _WIPED_EQUITY))
    obstacle = np.where(wiped, _WIPED, _CLEAR)
    following = case.boundary + DAY
    rebuilt = np.where(following >= case.memory.changed_at + DAY, following, following + DAY)
    rebuilt = np.where(case.equity < case.terms.least, 0.0, rebuilt)
    held = np.where(case.terms.scheduled != 0, following, 0.0)
    ready = np.where(case.size != 0, held, rebuilt) * (case.equity > 0)
    idle = np.full(high.shape, _NOTHING)
    blank = [np.zeros_like(high) for _ in range(5)]
    return Decision._make((idle, obstacle, high.copy(), *blank, ready))


def is_short(aim: Floats, upward: Floats, high: Floats) -> Bools:
    """Return whether leverage is still on the side of the aim it came from."""
    short = high < aim * (1 - FINISH)
    return np.where(upward != 0, short, high > aim * (1 + FINISH))


def _trigger(case: Case, high: Floats) -> Ints:
    """Return the first reason to trade that holds."""
    terms, memory, boundary = case.terms, case.memory, case.boundary
    in_window = case.now <= boundary + terms.window
    rebuilds = in_window & (boundary >= memory.changed_at + DAY)
    goes_on = (memory.aim != 0) & (memory.changed_at < memory.since)
    goes_on &= case.now <= memory.since + REBALANCE_TTL
    goes_on &= (memory.rebuilding == 0) | rebuilds
    goes_on &= is_short(memory.aim, memory.upward, high)
    daily = (terms.scheduled != 0) & in_window & (memory.traded_at < boundary)
    daily &= np.abs(high - terms.target) > terms.min_drift * terms.target
    outside = (high < terms.lower) | (high > terms.upper)
    unfinished = np.where(memory.rebuilding != 0, _REBUILD, _UNFINISHED)
    closed = case.size == 0
    trigger = np.where(daily, _SCHEDULE, _NOTHING)
    trigger = np.where(outside, _DRIFT, trigger)
    trigger = np.where(goes_on, unfinished, trigger)
    trigger = np.where(high >= terms.emergency, _EMERGENCY, trigger)
    opens = rebuilds & (case.equity >= terms.least)
    rebuilt = np.where(opens, _REBUILD, _NOTHING)
    trigger = np.where(closed, rebuilt, trigger)
    return np.where(case.equity > 0, trigger, _NOTHING)


def _aim(case: Case, trigger: Ints, high: Floats) -> Floats:
    """Return the leverage that trades go for."""
    terms = case.terms
    back = np.where(np.isfinite(high), high, 0.0)
    back = back + (terms.target - back) * terms.recentering
    back = np.clip(back, terms.lower, terms.upper)
    whole = (trigger == _EMERGENCY) | (trigger == _REBUILD)
    aim = np.where(whole, terms.target, back)
    return np.where(trigger == _UNFINISHED, case.memory.aim, aim)


def _rate(case: Case, trigger: Ints, high: Floats) -> Floats:
    """Return the reward per notional."""
    terms, memory, now = case.terms, case.memory, case.now
    above = (high - terms.upper) / (terms.emergency - terms.upper)
    below = (1 - high / terms.lower) / (1 - terms.upper / terms.emergency)
    drift = np.where(high > terms.upper, above, below)
    after = np.minimum(memory.traded_at + terms.cooldown, now)
    start = np.where(trigger == _UNFINISHED, after, case.boundary)
    waited = (now - start) / terms.auction
    need = np.minimum(np.where(trigger == _DRIFT, drift, waited), 1.0)
    rate = terms.min_rate + (terms.max_rate_paid - terms.min_rate) * need
    rate = np.minimum(rate, terms.max_reward / np.maximum(high, terms.target))
    return np.where(trigger == _EMERGENCY, terms.max_rate_paid, rate)


def _slippage(case: Case, high: Floats) -> Floats:
    """Return the price bound b."""
    terms, em = case.terms, case.terms.emergency
    past = np.minimum(high - em, em / 2) / em
    wide = terms.emergency_slippage * (0.5 + past)
    return np.where(high >= em, np.maximum(terms.slippage, wide), terms.slippage)


def _sized(case: Case, trigger: Ints, high: Floats) -> Decision:
    """Return the largest part of each trade that fits its bound and helps."""
    terms, size = case.terms, case.size
    aim, rate = _aim(case, trigger, high), _rate(case, trigger, high)
    whole = delta_to(terms, size, case.price, case.equity, aim, rate)
    emergency = high >= terms.emergency
    least_chunk = np.where(emergency, np.abs(size) / EMERGENCY_PARTS, 0.0)
    amount = np.minimum(np.abs(whole), np.maximum(terms.chunk, least_chunk))
    turn = np.sign(whole)
    bound = case.price * (1 + turn * _slippage(case, high))
    none = np.where(amount > 0, _BOUND, _NO_SAFE_SIZE)
    decision = Decision(trigger, none, high, aim, *np.zeros((5, len(size))))
    open_ = np.ones(size.shape, dtype=bool)
    for halving in range(HALVINGS + 1):
        delta = turn * amount / 2**halving
        order = quote(terms, size, case.price, delta)
        fits = open_ & (order.fill > 0) & (turn * (order.fill - bound) <= 0) & (delta != 0)
        left = case.equity - order.cost
        reward = _reward(case, delta, rate, left)
        for paid in (reward, np.zeros_like(reward)):
            helps = fits & _helps(case, decision, size + delta, left - paid)
            found = helps | (fits & (decision.delta == 0))
            says = np.where(helps, _CLEAR, _FUTILE)
            _put(decision, found, says, delta, order.fee, order.impact, paid)
            open_ &= ~helps
            fits &= open_
            if not fits.any():
                break
        if not open_.any():
            break
    return decision


def _put(decision: Decision, where: Bools, obstacle: Ints, *columns: Floats) -> None:
    """Write what was found into some decisions: obstacle, delta, fee, impact, reward."""
    decision.obstacle[where] = obstacle[where]
    for column, found in zip(decision[4:8], columns, strict=True):
        column[where] = found[where]


def _reward(case: Case, delta: Floats, rate: Floats, left: Floats) -> Floats:
    """Return what the keeper gets, at most what the venue lets leave."""
    amount, before = np.abs(case.size + delta), np.abs(case.size)
    initial = amount * case.price / case.terms.most_leverage
    above = maintenance(case.terms, case.size, case.price)
    grown = np.divide(amount, before, out=np.zeros_like(amount), where=before > 0)
    above = np.where(amount > before, above * grown * grown, above)
    required = np.maximum(np.maximum(case.terms.least_margin, initial), above)
    free = np.maximum(left - np.where(amount == 0, 0.0, required), 0.0)
    paid = np.minimum(np.abs(delta) * case.price * rate, free)
    whole: Floats = np.floor(paid / UNIT) * UNIT
    return whole


def _helps(case: Case, decision: Decision, size: Floats, left: Floats) -> Bools:
    """Return whether a trade leaves equity, and brings leverage closer to the aim."""
    aim, before = decision.aim, decision.level
    after = level(size, case.price, left)
    past = np.where(before > aim, aim - after, after - aim)
    fair = (past <= aim / PARTS_PAST) | (decision.trigger == _EMERGENCY)
    closer = np.abs(after - aim) < np.abs(before - aim)
    helps: Bools = (left > 0) & fair & closer
    return helps


def used_now(case: Case) -> Floats:
    """Return what recent trades have cost, falling by the whole budget in a day."""
    healed = case.terms.budget * (case.now - case.memory.traded_at) / DAY
    return np.maximum(case.memory.used - healed, 0.0)


def _judged(case: Case, decision: Decision) -> Decision:
    """Return decisions with what forbids them, the cooldown apart."""
    terms, memory = case.terms, case.memory
    exempt = decision.trigger == _EMERGENCY
    spent = ~exempt & (used_now(case) >= terms.budget)
    healed = memory.traded_at + np.ceil((memory.used - terms.budget) * DAY / terms.budget)
    left = case.equity - decision.fee - decision.impact
    upward = decision.level < decision.aim
    taken = np.where(upward, bears(terms, case.size + decision.delta, case.price, left), left >= 0)
    # The room, and the margin after the reward, only the token's own status knows.
    room_left = room(terms, case.size, case.price, case.equity, case.pot)
    kept = is_kept(terms, case.size + decision.delta, case.price, left - decision.reward)
    kept &= ~upward | (np.abs(decision.delta) <= room_left)
    clear = (decision.obstacle == _CLEAR) & ~spent
    obstacle = np.where(taken & (kept | ~clear), decision.obstacle, _VENUE)
    obstacle = np.where(spent, _BUDGET, obstacle)
    later = np.where(spent, healed, 0.0)
    return decision._replace(obstacle=obstacle, ready_at=later)


def remembered(case: Case, decision: Decision, equity: Floats, after: Floats) -> Memory:
    """Return what tokens remember after a trade.

    Args:
        case: Before it.
        decision: What was traded.
        equity: Before it, quote.
        after: Leverage after it.
    """
    cost = np.maximum(decision.fee + decision.impact, 0.0) + decision.reward
    counted = decision.trigger != _EMERGENCY
    used = used_now(case) + np.where(counted, cost / equity, 0.0)
    upward = decision.level < decision.aim
    goes_on = is_short(decision.aim, upward.astype(np.float64), after)
    rebuilding = decision.trigger == _REBUILD
    same = (decision.trigger == _UNFINISHED) | (rebuilding & (decision.level != 0))
    since = np.where(same, case.memory.since, case.now)
    return Memory(
        np.where(goes_on, decision.aim, 0.0),
        np.where(goes_on, since, 0.0),
        (goes_on & upward).astype(np.float64),
        (goes_on & rebuilding).astype(np.float64),
        case.now.copy(),
        used,
        case.memory.changed_at,
    )
