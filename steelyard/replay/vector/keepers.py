"""Who makes tokens trade: as the keepers of `steelyard.replay.bytecode`, for many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard.model.policy import Obstacle, Trigger
from steelyard.replay.path import Floats, Ints
from steelyard.replay.rules import Preset, aim, is_due
from steelyard.replay.vector.log import Log
from steelyard.replay.vector.market import (
    Bools,
    Order,
    bears,
    delta_to,
    is_kept,
    level,
    quote,
    room,
)
from steelyard.replay.vector.policy import Decision, decide, remembered
from steelyard.replay.vector.scene import MEMORY, Scene

_NOTHING, _CLEAR, _COOLDOWN = int(Trigger.NOTHING), int(Obstacle.CLEAR), int(Obstacle.COOLDOWN)
_OVERSHOOT = 1_000
"""A preset's trade takes leverage past its aim by at most this part of it."""


class OwnKeeper:
    """Does what Steelyard's own policy says.

    Args:
        log: Where everything is written down.
    """

    def __init__(self, log: Log) -> None:
        """Write to a log."""
        self._log = log
        self._triggers = {int(each): log.cause(each.name) for each in Trigger}
        self._obstacles = {int(each): log.cause(each.name) for each in Obstacle}

    def look(self, scene: Scene, there: Bools) -> None:
        """Look at the open, and act where it is time.

        Args:
            scene: The tokens.
            there: Whether he is.
        """
        everyone = np.arange(len(scene.tokens))
        decision, state = decide(scene.case(everyone)), scene.state
        idle = decision.trigger == _NOTHING
        row = scene.row.astype(np.float64)
        state.due_since[:] = np.where(
            idle, -1.0, np.where(state.due_since < 0, row, state.due_since)
        )
        state.blocked[idle] = 0.0
        soon = (scene.now < decision.ready_at) & (decision.ready_at < self._ends(scene))
        comes = idle & (scene.terms.delay == 0) & there & soon
        calls = ~idle & (row - state.due_since >= scene.terms.delay)
        missed = np.flatnonzero(calls & ~there)
        if len(missed):
            self._note(scene, "missed", self._triggers, decision.trigger[missed], missed)
        acting = np.flatnonzero(comes | (calls & there))
        self._act(scene, acting, Decision._make(column[acting] for column in decision))

    def _ends(self, scene: Scene) -> Floats:
        """Return when the bars end, unix seconds."""
        ends: Floats = scene.series.time[scene.at] + scene.series.step
        return ends

    def _act(self, scene: Scene, acting: Ints, decision: Decision) -> None:
        """Trade as long as there is something to trade before the bars end."""
        ends = self._ends(scene)
        while len(acting):
            clear = decision.obstacle == _CLEAR
            trades = (decision.trigger != _NOTHING) & clear
            soon = (scene.now[acting] < decision.ready_at) & (decision.ready_at < ends[acting])
            waits = ~trades & soon & (clear | (decision.obstacle == _COOLDOWN))
            self._trade(scene, acting[trades], _pick(decision, trades))
            if waits.any():
                waiting = acting[waits]
                scene.pass_to(self._log, waiting, decision.ready_at[waits], scene.price[waiting])
            done = ~(trades | waits)
            self._rest(scene, acting[done], _pick(decision, done))
            acting = acting[~done]
            if len(acting):
                decision = decide(scene.case(acting))

    def _trade(self, scene: Scene, chosen: Ints, decision: Decision) -> None:
        """Do what was decided."""
        if len(chosen) == 0:
            return
        before, state = scene.case(chosen), scene.state
        size = before.size + decision.delta
        left = before.equity - decision.fee - decision.impact - decision.reward
        self._note(
            scene,
            "rebalance",
            self._triggers,
            decision.trigger,
            chosen,
            size_after=size,
            equity_after=left,
            fee=decision.fee,
            impact=decision.impact,
            reward=decision.reward,
        )
        after = level(size, before.price, left)
        memory = remembered(before, decision, before.equity, after)
        for column, values in zip(scene.columns[MEMORY], memory, strict=True):
            column[chosen] = values
        state.pot[chosen] -= decision.fee + decision.reward
        scene.touch(chosen, size, left)

    def _rest(self, scene: Scene, chosen: Ints, decision: Decision) -> None:
        """Remember what is in the way of those with more to do."""
        if len(chosen) == 0:
            return
        state, idle = scene.state, decision.trigger == _NOTHING
        state.due_since[chosen[idle]] = -1.0
        state.blocked[chosen[idle]] = 0.0
        if idle.all():
            return
        chosen, obstacle = chosen[~idle], decision.obstacle[~idle]
        causes = np.array([self._obstacles[int(each)] for each in obstacle], dtype=np.float64)
        new = (causes != state.blocked[chosen]) & (obstacle != _COOLDOWN)
        if new.any():
            self._note(scene, "blocked", self._obstacles, obstacle[new], chosen[new])
        state.blocked[chosen] = causes

    def _note(
        self,
        scene: Scene,
        kind: str,
        names: dict[int, int],
        values: Ints,
        chosen: Ints,
        **more: Floats,
    ) -> None:
        """Write down what happened, with a trigger or obstacle as its cause."""
        causes = np.array([names[int(value)] for value in values], dtype=np.float64)
        scene.note(self._log, kind, causes, chosen, **more)


class PresetKeeper:
    """Does what the rule of another venue says.

    Args:
        log: Where everything is written down.
        rules: By number.
        numbers: Of each token's rule, int64, shape (tokens,).
    """

    def __init__(self, log: Log, rules: Sequence[Preset], numbers: Ints) -> None:
        """Write to a log."""
        self._log, self._rules, self._numbers = log, tuple(rules), numbers
        self._causes = {each: log.cause(each.name) for each in (Trigger.DRIFT, Trigger.SCHEDULE)}

    def look(self, scene: Scene, there: Bools) -> None:
        """Look at the open, and act where it is time; arguments as of `OwnKeeper`."""
        state = scene.state
        small = scene.equity < scene.terms.least
        # Where nothing was due, the boundary of the bar before was served.
        current = (state.due_since < 0) & (state.small == 0) & (scene.row > 0)
        state.small[:] = small
        numbers = self._numbers[scene.tokens]
        for number in np.unique(numbers):
            rule, of_rule = self._rules[number], numbers == number
            self._follow(scene, rule, np.flatnonzero(of_rule & ~small), current, there)
            self._catch_up(scene, rule, np.flatnonzero(of_rule & small & current))

    def _catch_up(self, scene: Scene, rule: Preset, chosen: Ints) -> None:
        """Remember the boundary that was served before too little was left."""
        scene.state.served[chosen] = self._boundary(scene, rule, scene.at[chosen] - 1)

    def _boundary(self, scene: Scene, rule: Preset, at: Ints) -> Floats:
        """Return how many boundaries have come by the end of bars."""
        if not rule.every:
            return np.zeros(len(at))
        time = scene.series.time[at]
        count: Floats = np.floor((time + scene.series.step - 1 - rule.boundary) / rule.every)
        return count

    def _follow(
        self, scene: Scene, rule: Preset, chosen: Ints, current: Bools, there: Bools
    ) -> None:
        """Act on one rule."""
        state, terms = scene.state, scene.some_terms(chosen)
        boundary = self._boundary(scene, rule, scene.at[chosen])
        before = self._boundary(scene, rule, scene.at[chosen] - (scene.row[chosen] > 0))
        served = np.where(current[chosen], before, state.served[chosen])
        scheduled = boundary != served
        high, price = scene.level[chosen], scene.price[chosen]
        due = is_due(rule, terms.side > 0, high, price, state.traded_price[chosen], scheduled)
        row = scene.row[chosen].astype(np.float64)
        since = np.where(state.due_since[chosen] < 0, row, state.due_since[chosen])
        state.due_since[chosen] = np.where(due, since, -1.0)
        state.served[chosen] = np.where(due, served, boundary)
        calls = due & (row - since >= terms.delay)
        outside = (high <= rule.lower) | (high >= rule.upper)
        drifts = (outside & rule.edges) | ~scheduled
        causes = np.where(drifts, self._causes[Trigger.DRIFT], self._causes[Trigger.SCHEDULE])
        missed = calls & ~there[chosen]
        if missed.any():
            scene.note(self._log, "missed", causes[missed], chosen[missed])
        trades = calls & there[chosen]
        if trades.any():
            wanted = np.rint(aim(rule, high[trades]) * 1e9) / 1e9
            self._trade(scene, chosen[trades], wanted, causes[trades])
            state.served[chosen[trades]] = boundary[trades]
            state.due_since[chosen[trades]] = -1.0

    def _trade(self, scene: Scene, chosen: Ints, wanted: Floats, causes: Floats) -> None:
        """Trade, whole and at once."""
        case, state = scene.case(chosen), scene.state
        state.traded_price[chosen] = case.price
        nothing = np.zeros_like(wanted)
        delta = delta_to(case.terms, case.size, case.price, case.equity, wanted, nothing)
        order = quote(case.terms, case.size, case.price, delta)
        size, left = case.size + delta, case.equity - order.cost
        some = np.abs(delta) * case.price > 1e-15 * case.equity
        refused = self._refusals(scene, chosen, wanted, delta, order)
        taken = some & (refused == 0)
        blocked = some & (refused != 0)
        if blocked.any():
            scene.note(self._log, "blocked", refused[blocked], chosen[blocked])
        if not taken.any():
            return
        chosen, size, left = chosen[taken], size[taken], left[taken]
        scene.note(
            self._log,
            "rebalance",
            causes[taken],
            chosen,
            size_after=size,
            equity_after=left,
            fee=order.fee[taken],
            impact=order.impact[taken],
        )
        state.pot[chosen] -= order.fee[taken]
        scene.touch(chosen, size, left)

    def _refusals(
        self, scene: Scene, chosen: Ints, wanted: Floats, delta: Floats, order: Order
    ) -> Floats:
        """Return the causes for which trades are refused, in the order of the contracts; 0 = none.

        Args:
            scene: The tokens.
            chosen: Of them.
            wanted: Leverage.
            delta: Trades, underlying.
            order: What they come to.
        """
        case = scene.case(chosen)
        terms, price, size = case.terms, case.price, case.size + delta
        left = case.equity - order.cost
        grows = delta * terms.side > 0
        most = np.minimum(terms.most_interest, terms.most_notional / price)
        free = room(terms, case.size, price, case.equity, case.pot)
        high, after = level(case.size, price, case.equity), level(size, price, left)
        past = np.where(high > wanted, wanted - after, after - wanted)
        checks = {
            "market: open interest cap": grows & (np.abs(size) > most),
            "market: pool reserve": grows & (np.abs(delta) > free),
            "order: beyond the skew scale": order.fill <= 0,
            "margin: insufficient": left < 0,
            "margin: below minimum": grows & (left < terms.least_margin),
            "margin: below initial": grows & ~bears(terms, size, price, left),
            "margin: below maintenance": ~is_kept(terms, size, price, left),
            "rebalance: not closer to the aim": np.abs(after - wanted) >= np.abs(high - wanted),
            "rebalance: past the aim": past > wanted / _OVERSHOOT,
        }
        causes = np.zeros(len(chosen))
        for reason, fails in checks.items():
            if fails.any():
                causes[fails & (causes == 0)] = self._log.cause(reason)
        return causes


def _pick(decision: Decision, chosen: Bools) -> Decision:
    """Return some of the decisions."""
    return Decision._make(column[chosen] for column in decision)
