"""What became of each of many tokens: whole results, or a few figures of all of them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from steelyard.accounting import NAV_UNIT, PART_NAMES
from steelyard.replay.path import Floats, Ints
from steelyard.replay.result import NOTHING, Event, Result, Rows
from steelyard.replay.vector.log import KINDS, Entry, Standing
from steelyard.replay.vector.market import level
from steelyard.replay.vector.player import Player
from steelyard.replay.vector.scene import grown
from steelyard.replay.vector.series import Place, Stake, equity_at

_READ, _REBALANCE = KINDS.index("read"), KINDS.index("rebalance")
_FLOW, _LIQUIDATION = KINDS.index("flow"), KINDS.index("liquidation")
_CAUSES = ("price", *PART_NAMES[2:])


class Course(NamedTuple):
    """How one token stood, float64, shape (rows,); all but the first three after its end too.

    Attributes:
        before: Equity at each row's open, before anything is done, quote.
        size_before: Then, underlying.
        shares_before: Then.
        equity: At each row's end, quote.
        size: Underlying.
        shares: All of them.
        price: At the last reading before the next row, quote.
        equity_read: Then, quote.
        size_read: Then, underlying.
        shares_read: Then.
    """

    before: Floats
    size_before: Floats
    shares_before: Floats
    equity: Floats
    size: Floats
    shares: Floats
    price: Floats
    equity_read: Floats
    size_read: Floats
    shares_read: Floats


class Outcome:
    """Tokens that a player has played, one after the other.

    Attributes:
        player: Who has played.
    """

    def __init__(self, player: Player) -> None:
        """Sort what was written down."""
        self.player = player
        count = len(player.settings)
        self._entries, self._entry_starts = player.log.entries(count)
        self._standings, self._standing_starts = player.log.standings(count)
        self._common: tuple[tuple[float, int, float], Floats] = ((-1.0, -1, 0.0), np.empty(0))

    def entry(self, token: int) -> Entry:
        """Return what happened to a token."""
        chosen = slice(*self._entry_starts[token : token + 2])
        return Entry._make(column[chosen] for column in self._entries)

    def standing(self, token: int) -> Standing:
        """Return how a token stood from its rows of interest on."""
        chosen = slice(*self._standing_starts[token : token + 2])
        return Standing._make(column[chosen] for column in self._standings)

    def liquidated(self, token: int) -> int:
        """Return the row of a token's first liquidation; -1 = none."""
        entry = self.entry(token)
        rows = entry.row[entry.kind == _LIQUIDATION]
        return int(rows[0]) if len(rows) else -1

    def course(self, token: int) -> Course:
        """Return how a token stood at every row."""
        player, stood = self.player, self.standing(token)
        series, width = player.series, player.series.width
        offset = int(player.offset[token])
        at = slice(offset, offset + width)
        # Each row but the first comes from its last standing before it.
        counts = np.diff(stood.row.astype(np.int64), append=width - 1)
        counts[0] += 1
        price = series.open[at]
        held = np.repeat(stood.size, counts)
        before = self._equity(token, stood, counts, held)
        shares_before = np.repeat(stood.shares_base, counts) * self._grown(token, stood, counts)
        columns = before, held, shares_before
        equity, size, shares = (column.copy() for column in columns)
        for column, value in zip(columns, player.first[:, token], strict=True):
            column[0] = value
        read = [price.copy(), equity.copy(), size.copy(), shares.copy()]
        known = stood.row.astype(np.int64)
        equity[known], size[known], shares[known] = stood.equity, stood.held, stood.shares
        latest = stood.price, stood.equity_read, stood.size, stood.shares_read
        for column, values in zip(read, latest, strict=True):
            column[known] = values
        self._end(token, (equity, size, shares), read)
        return Course._make((*columns, equity, size, shares, *read))

    def _equity(self, token: int, stood: Standing, counts: Ints, held: Floats) -> Floats:
        """Return equity at every row's open, quote.

        Args:
            token: Whose.
            stood: Its standings.
            counts: Rows that come from each.
            held: Size at every row, underlying.
        """
        player, width = self.player, self.player.series.width
        series, offset = player.series, int(player.offset[token])
        at = slice(offset, offset + width)
        stake = Stake._make(stood[2 : 2 + len(Stake._fields)])
        if series.makes_funding:
            rows = np.arange(width)
            every = Stake._make(np.repeat(column, counts) for column in stake)
            place = Place(rows, offset + rows, series.time[at], series.open[at])
            return equity_at(series, every, place)
        # As from the next settlement on; then the few rows before it are put right.
        charged = stake.size * stake.kappa
        equity: Floats = np.repeat(stake.base + charged * stake.capped, counts)
        equity += held * series.mark[at]
        first = stood.row.astype(np.int64) + 1
        early = np.minimum(stake.until.astype(np.int64) - first, counts)
        early = np.where(stake.kappa == 0, 0, np.maximum(early, 0))
        number = np.repeat(np.arange(len(first)), early)
        starts = np.cumsum(early) - early
        rows = first[number] + np.arange(len(number)) - starts[number]
        equity[rows] += charged[number] * (series.open[offset + rows] - stake.capped[number])
        return equity

    def _grown(self, token: int, stood: Standing, counts: Ints) -> Floats:
        """Return what one share has become at every row; most tokens have this in common."""
        player = self.player
        rate, path = float(player.table.all.fee_rate[token]), int(player.path[token])
        offset, is_own = int(player.offset[token]), player.table.is_own
        time = player.series.time[offset : offset + player.series.width]
        if (stood.shares_at != stood.shares_at[0]).any():
            return grown(rate, time - np.repeat(stood.shares_at, counts), is_own)
        key = rate, path, float(stood.shares_at[0])
        if key != self._common[0]:
            self._common = key, grown(rate, time - key[2], is_own)
        return self._common[1]

    def _end(self, token: int, standing: tuple[Floats, ...], read: list[Floats]) -> None:
        """Leave rows after a token's end as they were then."""
        end = int(self.player.ended[token])
        if end < 0:
            return
        last = int(self.standing(token).row[-1])
        for column, values in zip(standing, read[1:], strict=True):
            if end > last:
                column[end] = values[last]
            column[end:] = column[end]

    # Whole results

    def result(self, token: int) -> Result:
        """Return the whole result of a token."""
        player, course, entry = self.player, self.course(token), self.entry(token)
        path = player.series.paths[int(player.path[token])]
        end = int(player.ended[token])
        rows, parts = self._rows(token, course, entry)
        first = float(course.before[0] / course.shares_before[0])
        last = float(course.equity[-1] / course.shares[-1])
        navs = round(first * NAV_UNIT), round(last * NAV_UNIT)
        factor = player.settings[token].kind.factor
        naive = factor * (path.final / int(path.open[0]) - 1) * first
        moves = {name: round(parts[name] * NAV_UNIT) for name in PART_NAMES[2:]}
        moves["naive"] = round(naive * NAV_UNIT)
        # What floats have rounded away is with what is reckoned as a remainder anyway.
        moves["compounding"] = navs[1] - navs[0] - sum(moves.values())
        return Result(
            path=path,
            settings=player.settings[token],
            engine="vector",
            rows=rows,
            events=self._events(token, course, entry),
            moves={name: moves[name] for name in PART_NAMES},
            navs=navs,
            ended_at=None if end < 0 else end,
        )

    def _rows(self, token: int, course: Course, entry: Entry) -> tuple[Rows, dict[str, float]]:
        """Return the rows of a token, and what each cause has done to its NAV, quote."""
        width, end = self.player.series.width, int(self.player.ended[token])
        last = width if end < 0 else min(end, int(self.standing(token).row[-1])) + 1
        offset = int(self.player.offset[token])
        price = self.player.series.open[offset : offset + width]
        parts = dict.fromkeys(_CAUSES, 0.0)
        funding, management = self._accrued(course, price, last, parts)
        flowing = {name: np.zeros(width) for name in ("fees", "impact", "reward", "traded")}
        flowing |= {"funding": funding, "management": management, "liquidated": np.zeros(width)}
        self._book(entry, flowing, parts)
        opened = level(course.size_before, price, course.before)
        if last < width:
            opened[last:] = opened[end] if end < last else 0.0
        trigger: Any = np.full(width, NOTHING, dtype=object)
        traded = np.flatnonzero(entry.kind == _REBALANCE)[::-1]
        for number in traded:
            trigger[int(entry.row[number])] = self.player.log.causes[int(entry.cause[number])]
        rows = Rows(course.equity, course.shares, course.size, opened, **flowing, trigger=trigger)
        return rows, parts

    def _accrued(
        self, course: Course, price: Floats, last: int, parts: dict[str, float]
    ) -> tuple[Floats, Floats]:
        """Return funding and management fee of each row since the one before; write the parts."""
        funding, management = np.zeros(len(price)), np.zeros(len(price))
        was, now = slice(0, last - 1), slice(1, last)
        gain = course.size_read[was] * (price[now] - course.price[was])
        paid = course.before[now] - course.equity_read[was] - gain
        # Where nothing was charged, what is left is a rounding.
        scale = np.abs(course.equity_read[was]) + np.abs(course.size_read[was]) * price[was]
        paid[np.abs(paid) < 1e-13 * (scale + np.abs(gain))] = 0.0
        shares, later = course.shares_read[was], course.shares_before[now]
        funding[now] = paid
        management[now] = course.before[now] * (1 - shares / later)
        parts["price"] += float(np.sum(gain / shares))
        parts["funding"] += float(np.sum(paid / shares))
        parts["management"] += float(np.sum(course.before[now] * (1 / later - 1 / shares)))
        return funding, management

    def _book(self, entry: Entry, rows: dict[str, Floats], parts: dict[str, float]) -> None:
        """Book what happened inside bars to rows and parts."""
        row = entry.row.astype(np.int64)
        trades, reads = entry.kind == _REBALANCE, entry.kind == _READ
        for name, part, column in (
            ("fees", "fees", entry.fee),
            ("impact", "impact", entry.impact),
            ("reward", "rewards", entry.reward),
        ):
            np.add.at(rows[name], row[trades], column[trades])
            parts[part] -= float(np.sum(column[trades] / entry.shares[trades]))
        notional = np.abs(entry.size_after - entry.size) * entry.price
        np.add.at(rows["traded"], row[trades], notional[trades])
        gain, after = entry.impact, entry.equity_after
        paid = after - entry.equity - gain
        np.add.at(rows["funding"], row[reads], paid[reads])
        taken = after * (1 - entry.shares / entry.shares_after)
        np.add.at(rows["management"], row[reads], taken[reads])
        parts["price"] += float(np.sum((gain / entry.shares)[reads]))
        parts["funding"] += float(np.sum((paid / entry.shares)[reads]))
        diluted = after * (1 / entry.shares_after - 1 / entry.shares)
        parts["management"] += float(np.sum(diluted[reads]))
        ends = entry.kind == _LIQUIDATION
        lost = entry.equity - after
        np.add.at(rows["liquidated"], row[ends], lost[ends])
        parts["liquidation"] -= float(np.sum((lost / entry.shares)[ends]))
        flows = entry.kind == _FLOW
        moved = after / entry.shares_after - entry.equity / entry.shares
        parts["flows"] += float(np.sum(moved[flows]))

    def _events(self, token: int, course: Course, entry: Entry) -> tuple[Event, ...]:
        """Return what happened to a token, by time."""
        shown = Entry._make(column[entry.kind != _READ] for column in entry)
        high = level(shown.size, shown.price, shown.equity)
        after = level(shown.size_after, shown.price, shown.equity_after)
        events = [
            Event(
                bar=int(each.row),
                time=int(each.time),
                kind=KINDS[int(each.kind)],
                cause=self.player.log.causes[int(each.cause)],
                price=float(each.price),
                size_delta=float(each.size_after - each.size),
                size=float(each.size_after),
                equity=float(each.equity_after),
                leverage_before=float(before),
                leverage_after=float(then),
                fee=float(each.fee),
                impact=float(each.impact),
                reward=float(each.reward),
            )
            for each, before, then in zip(
                map(Entry._make, zip(*shown, strict=True)), high, after, strict=True
            )
        ]
        events += self._downtimes(token, course)
        order = {"downtime": 0}
        return tuple(sorted(events, key=lambda event: (event.time, order.get(event.kind, 1))))

    def _downtimes(self, token: int, course: Course) -> list[Event]:
        """Return the downtimes that a token has lived to see, as it stood before them."""
        player = self.player
        path = player.series.paths[int(player.path[token])]
        end = int(player.ended[token])
        found = []
        for row in np.flatnonzero(np.diff(path.time) > path.step) + 1:
            if 0 <= end < row:
                break
            was = row - 1
            figures = course.size_read[was], course.price[was], course.equity_read[was]
            size, price, equity = (float(figure) for figure in figures)
            high = 0.0 if size == 0 else abs(size) * price / equity if equity > 0 else math.inf
            found.append(
                Event(
                    bar=int(row),
                    time=int(path.time[row]),
                    kind="downtime",
                    price=price,
                    size=size,
                    equity=equity,
                    leverage_before=high,
                    leverage_after=high,
                )
            )
        return found
