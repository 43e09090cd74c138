"""Engine 2: many tokens at once, in floats, from one bar in which something happens to the next.

What happens in a bar, and in which order, is what `steelyard.replay.bytecode` says. Between such
bars a token's equity has a closed form (see `series`), so bars in which nothing can happen are
passed over: every token goes to its own next bar of interest, and there all act together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy.obstacle import WIPED_EQUITY
from steelyard.model.policy.trigger import REBALANCE_TTL
from steelyard.replay.path import Floats, Ints, Path
from steelyard.replay.rules import Preset, period
from steelyard.replay.settings import Settings, SettingsError
from steelyard.replay.stage import TARGETS
from steelyard.replay.vector.flows import Door, rules_of
from steelyard.replay.vector.keepers import OwnKeeper, PresetKeeper
from steelyard.replay.vector.liquidation import liquidate
from steelyard.replay.vector.log import Log
from steelyard.replay.vector.market import Bools, delta_to, maintenance, quote
from steelyard.replay.vector.scanning import find_bars, make_bounds, skip_blocks
from steelyard.replay.vector.scene import STAKE, Scene, State
from steelyard.replay.vector.series import BLOCK, Place, Series, Stake, equity_at, touched
from steelyard.replay.vector.terms import Table, Terms
from steelyard.replay.vector.timetable import Timetable

_EXTREME = 3
_WIPED = WIPED_EQUITY / WAD
_PROGRESS = 64


class Player:
    """A replay of many tokens, either all of Steelyard's own rule or all of presets.

    Attributes:
        settings: Of each token.
        series: The paths.
        path: Of each token, number.
        offset: Of each token's path in flat arrays.
        table: Terms of the tokens.
        columns: State of the tokens, see `State`.
        log: What happened.
        ended: Row of each token's end; -1 = it lives.
        first: Equity, size and shares before the first bar, shape (3, tokens).
    """

    def __init__(
        self, settings: Sequence[Settings], paths: Sequence[Path], numbers: Sequence[int]
    ) -> None:
        """Open all positions at their first price.

        Args:
            settings: Of each token.
            paths: Each once.
            numbers: Which of them each token plays.
        """
        self.settings = tuple(settings)
        self.series = Series(paths, settings[0].venue.own_funding)
        self.path = np.array(numbers, dtype=np.int64)
        self.offset = self.path * self.series.width
        played = [paths[number] for number in numbers]
        self.table = Table(settings, played)
        self.log = Log()
        self.ended = np.full(len(settings), -1, dtype=np.int64)
        self._is_own = settings[0].is_own
        self._timetable = Timetable(self.series, self.table, self.path)
        self._there = self._presence()
        self._flows = _flow_rows(settings, played)
        self._keeper = self._make_keeper()
        self.columns = self._opened()

    # Before the first bar

    def _make_keeper(self) -> OwnKeeper | PresetKeeper:
        """Return who makes them trade."""
        if self._is_own:
            return OwnKeeper(self.log)
        rules: dict[Preset, int] = {}
        for each in self.settings:
            assert isinstance(each.rule, Preset)
            rules.setdefault(each.rule, len(rules))
        numbers = np.array([rules[each.rule] for each in self.settings])  # type: ignore[index]
        return PresetKeeper(self.log, list(rules), numbers)

    def _presence(self) -> tuple[Bools, Ints]:
        """Return in which bars keepers are there, and which of these rows is each token's."""
        habits = {each.keeper: each.keeper for each in self.settings}
        numbers = {habit: number for number, habit in enumerate(habits)}
        rows = np.array([habit.looks(self.series.bars) for habit in habits])
        return rows, np.array([numbers[each.keeper] for each in self.settings])

    def _opened(self) -> Floats:
        """Return the state of tokens whose positions have just been opened."""
        terms, series = self.table.all, self.series
        price, time = series.open[self.offset], series.time[self.offset]
        deposit = np.array([round(each.deposit * 10**6) / 10**6 for each in self.settings])
        nothing = np.zeros_like(price)
        target = terms.target
        if not self._is_own:
            target = np.rint(np.clip(target, *TARGETS) * 10_000) / 10_000
        size = delta_to(terms, nothing, price, deposit, target, nothing)
        order = quote(terms, nothing, price, size)
        equity, fees = deposit - order.cost, order.fee
        self._check_caps(np.abs(size))
        initial = np.array([round(each.initial_nav * 10**6) / 10**6 for each in self.settings])
        shares = equity / initial
        # A target that no token of ours has is gone to before the first row.
        aside = np.abs(np.abs(size) * price / equity - terms.target) > terms.target / 1_000
        delta = delta_to(terms, size, price, equity, terms.target, nothing) * aside
        order = quote(terms, size, price, delta)
        size, equity, fees = size + delta, equity - order.cost, fees + order.fee
        place = Place(np.zeros_like(self.offset), self.offset, time, price)
        closed = Stake._make(np.zeros((len(Stake._fields), len(price))))
        stake = touched(series, terms, closed, place, equity, size)
        self.first = np.array((equity, size, shares))
        named = dict(zip(Stake._fields, stake, strict=True)) | {
            "pot": self._liquidity() + deposit - fees,
            "shares": shares,
            "shares_at": time,
            "due_since": nothing - 1,
            "traded_price": nothing if self._is_own else price,
            "served": self._served(time),
        }
        return np.array([named.get(name, nothing) for name in State._fields])

    def _liquidity(self) -> Floats:
        """Return what each token's pool has to begin with, quote."""
        return np.array([float(round(each.venue.liquidity)) for each in self.settings])

    def _served(self, time: Floats) -> Floats:
        """Return the number of the boundary that each preset has served before its first bar."""
        numbers = np.zeros_like(time)
        for token, (each, at) in enumerate(zip(self.settings, time, strict=True)):
            if isinstance(each.rule, Preset):
                numbers[token] = period(each.rule, int(at), self.series.step)
        return numbers

    def _check_caps(self, size: Floats) -> None:
        """Refuse deposits whose positions (underlying) are over their tokens' caps."""
        for each, amount, scale in zip(self.settings, size, self.table.all.scale, strict=True):
            if amount > scale * rules_of(each).max_slippage / WAD / 4:
                raise SettingsError(f"{each.deposit:,.0f} is over the token's cap", "deposit less")

    # Bars

    def play(self, progress: Callable[[int], None] | None = None) -> None:
        """Play all bars.

        Args:
            progress: Called with the number of bars done, of all tokens together, now and then.
        """
        tokens = np.arange(len(self.settings))
        rows = np.zeros_like(tokens)
        self._visit(tokens, rows)
        start = np.ones_like(tokens)
        stop = self._next_stop(tokens, rows)
        skips = np.zeros(len(tokens), dtype=bool)
        rounds = 0
        while True:
            live = np.flatnonzero((self.ended < 0) & (start < self.series.width))
            if len(live) == 0:
                break
            self._search(live, start, stop, skips)
            rounds += 1
            if progress is not None and rounds % _PROGRESS == 0:
                progress(int(np.minimum(start, self.series.bars).sum()))

    def _search(self, live: Ints, start: Ints, stop: Ints, skips: Bools) -> None:
        """Go on with every token by one look ahead, and act on what is found.

        Args:
            live: Tokens that are not done.
            start: Row from which each token looks on; written.
            stop: Row in which each token has to be looked at in any case; written.
            skips: Whether a token goes by blocks now; written.
        """
        state = State._make(self.columns[:, live])
        stake = Stake._make(self.columns[STAKE][:, live])
        terms = Terms._make(self.table.take(live))
        bounds = make_bounds(self.series, terms, stake, state.traded_price, state.small)
        blocks = np.flatnonzero(skips[live])
        if len(blocks):
            chosen = live[blocks]
            some = bounds.pick(blocks)
            row, found = skip_blocks(self.series, some, self.path[chosen], start[chosen])
            start[chosen] = np.minimum(row, stop[chosen])
            skips[chosen] = ~found & (row < stop[chosen])
        near = np.flatnonzero(~skips[live])
        chosen = live[near]
        some = bounds.pick(near)
        found_at = find_bars(self.series, some, self.offset[chosen], start[chosen], stop[chosen])
        ahead = np.minimum(start[chosen] + BLOCK, stop[chosen])
        start[chosen] = np.where(found_at >= 0, found_at, ahead)
        acts = (found_at >= 0) | (ahead >= stop[chosen])
        far = start[chosen] >= stake.until[near]
        skips[chosen] = ~acts & (far | (stake.kappa[near] == 0)) & (not self.series.makes_funding)
        acting = chosen[acts]
        inside = start[acting] < self.series.bars
        start[acting[~inside]] = self.series.width
        acting = acting[inside]
        if len(acting):
            rows = start[acting]
            self._visit(acting, rows)
            start[acting] = rows + 1
            stop[acting] = self._next_stop(acting, rows)

    def _next_stop(self, tokens: Ints, rows: Ints) -> Ints:
        """Return the row in which tokens have to be looked at after these, whatever prices do."""
        state = State._make(self.columns[:, tokens])
        closed = state.size == 0
        stop = self._timetable.after(tokens, rows, closed)
        restless = state.due_since >= 0
        if self._is_own:
            time = self.series.time[self.offset[tokens] + rows]
            restless |= (state.aim != 0) & (time <= state.aimed_at + REBALANCE_TTL)
        else:
            restless |= closed & (state.small == 0) & (self.table.all.edges[tokens] != 0)
        for place in np.flatnonzero(self._has_flows[tokens]):
            token = int(tokens[place])
            due = self._flows[token]
            number = int(state.flow[place])
            if number < len(due):
                stop[place] = min(stop[place], max(due[number], rows[place] + 1))
        stop = np.where(restless, rows + 1, stop)
        return np.minimum(stop, self.series.bars)

    @property
    def _has_flows(self) -> Bools:
        """Whether anybody comes or goes, of each token."""
        return np.array([len(rows) > 0 for rows in self._flows])

    def _visit(self, tokens: Ints, rows: Ints) -> None:
        """Play a bar of each token."""
        at = self.offset[tokens] + rows
        scene = Scene(self.series, self.table, self.columns, tokens, at, rows)
        self._liquidate_due(scene)
        if self._has_flows[tokens].any():
            self._flow(scene)
        looks, numbers = self._there
        self._keeper.look(scene, looks[numbers[tokens], rows])
        stood = scene.standing()
        self._play_extremes(scene)
        kept = {name: stood[name] for name in ("equity", "shares", "held")}
        self.log.stand(scene.standing() | kept)
        self.columns[:, tokens] = scene.columns

    def _liquidate_due(self, scene: Scene) -> None:
        """Let the venue liquidate those at or below their margin."""
        needed = maintenance(scene.terms, scene.state.size, scene.price)
        due = (scene.state.size != 0) & (scene.equity <= needed)
        for place in np.flatnonzero(due):
            self._liquidate(scene, place)

    def _liquidate(self, scene: Scene, place: int) -> None:
        """Let the venue liquidate one."""
        chosen, state = np.array([place]), scene.state
        stake = Stake._make(scene.columns[STAKE][:, chosen])
        rate = float(self.series.rate[scene.at[place]]) * DAY
        if self.series.makes_funding:
            rate = float(stake.accrued(scene.now[chosen])[0][0])
        left = liquidate(
            scene.some_terms(chosen),
            float(state.size[place]),
            float(scene.equity[place]),
            float(scene.price[place]),
            float(scene.now[place]),
            rate,
        )
        scene.now[place] = left.now
        size, equity = np.array([left.size]), np.array([left.equity])
        scene.note(self.log, "liquidation", 0, chosen, size_after=size, equity_after=equity)
        state.pot[place] -= left.fees
        state.changed_at[place] = left.now
        scene.touch(chosen, size, equity)

    def _flow(self, scene: Scene) -> None:
        """Let in and out whose time has come."""
        for place, token in enumerate(scene.tokens):
            settings, due = self.settings[token], self._flows[token]
            while (number := int(scene.state.flow[place])) < len(due):
                if due[number] > scene.row[place]:
                    break
                scene.state.flow[place] += 1
                self._let(scene, place, settings, settings.flows[number].amount)

    def _let(self, scene: Scene, place: int, settings: Settings, amount: float) -> None:
        """Let somebody in (above 0) or out."""
        chosen, state = np.array([place]), scene.state
        # The contracts know nothing of a preset's management fee: the replay reckons it on top.
        known = scene.shares if self._is_own else state.shares
        figures = (state.size, scene.price, scene.equity, known, state.held, state.pot)
        door = Door(settings, scene.some_terms(chosen), *(float(each[place]) for each in figures))
        moved = door.pass_through(amount)
        if moved.refused:
            scene.note(self.log, "blocked", self.log.cause(moved.refused), chosen)
            return
        size, equity = np.array([moved.size]), np.array([moved.equity])
        shares = np.array([moved.shares]) * scene.shares[place] / known[place]
        scene.note(
            self.log, "flow", 0, chosen, size_after=size, equity_after=equity, shares_after=shares
        )
        state.pot[place] += moved.paid - moved.fee
        state.held[place] = moved.held
        state.shares[place] = moved.shares
        if self._is_own:
            state.shares_at[place] = scene.now[place]
        scene.shares[place] = scene.read[2, place] = shares[0]
        scene.touch(chosen, size, equity)

    def _play_extremes(self, scene: Scene) -> None:
        """Show the adverse extremes, let the venue liquidate, and end what is over."""
        series, state = self.series, scene.state
        held = state.size != 0
        worst = np.where(scene.terms.side > 0, series.low[scene.at], series.high[scene.at])
        then = np.maximum(scene.now, series.time[scene.at] + series.step // _EXTREME)
        place = scene.place._replace(time=then, price=worst)
        needed = maintenance(scene.terms, state.size, worst)
        due = np.flatnonzero(held & (equity_at(series, scene.stake, place) <= needed))
        over = ~held & (scene.equity < scene.terms.least)
        if len(due):
            scene.booked[due] += 1
            scene.pass_to(self.log, due, then[due], worst[due])
            for place_ in due:
                self._liquidate(scene, int(place_))
            over[due] = (state.size[due] == 0) & (scene.equity[due] < scene.terms.least[due])
        ending = np.flatnonzero(over)
        if len(ending):
            self.ended[scene.tokens[ending]] = scene.booked[ending].astype(np.int64)
            wiped = ending[scene.equity[ending] < _WIPED]
            if len(wiped):
                scene.note(self.log, "wiped", 0, wiped)


def _flow_rows(settings: Sequence[Settings], paths: Sequence[Path]) -> list[list[int]]:
    """Return the bar of each flow of each token."""
    return [
        [int(np.searchsorted(path.time, flow.time)) for flow in each.flows]
        for each, path in zip(settings, paths, strict=True)
    ]
