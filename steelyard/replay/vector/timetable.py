"""Bars in which a schedule calls for attention, whatever prices do."""

from __future__ import annotations

import numpy as np

from steelyard.model.arithmetic import DAY
from steelyard.replay.path import Floats, Ints
from steelyard.replay.vector.market import Bools
from steelyard.replay.vector.series import Series
from steelyard.replay.vector.terms import Table


class Timetable:
    """For each token and bar, the next bar of its schedule."""

    def __init__(self, series: Series, table: Table, path: Ints) -> None:
        """Find them.

        Args:
            series: The paths.
            table: Terms of all tokens.
            path: Of each token, number.
        """
        self._series, self._is_own = series, table.is_own
        times = series.time.reshape(-1, series.width)
        dates = [row.tobytes() for row in times]
        known: dict[object, int] = {}
        rows: list[Ints] = []

        def place(rule: tuple[float, float, float] | None, number: int) -> int:
            """Return where the rows of a rule on a path begin; None = it has no schedule."""
            key = None if rule is None else (dates[number], rule)
            if key not in known:
                known[key] = len(rows) * series.width
                never = np.full(series.width, series.width)
                rows.append(never if rule is None else self._following(times[number], rule))
            return known[key]

        terms = table.all
        rules = list(zip(terms.boundary, terms.window, terms.every, strict=True))
        used = terms.scheduled if self._is_own else terms.every
        numbered = list(zip(rules, path, strict=True))
        held = closed = [
            place(rule if on else None, at) for (rule, at), on in zip(numbered, used, strict=True)
        ]
        if self._is_own:
            # Without a position it waits for the same hours, whether scheduled or not.
            closed = [place(rule, at) for rule, at in numbered]
        self._starts = np.array([held, closed], dtype=np.int64)
        self._rows = np.concatenate(rows)

    def after(self, tokens: Ints, rows: Ints, closed: Bools) -> Ints:
        """Return the next bar of tokens' schedules after these rows; the paths' width = none.

        Args:
            tokens: Which.
            rows: Of each.
            closed: Whether each has no position.
        """
        starts = np.where(closed, self._starts[1, tokens], self._starts[0, tokens])
        found: Ints = self._rows[starts + rows]
        return found

    def _following(self, time: Floats, rule: tuple[float, float, float]) -> Ints:
        """Return, for each row, the next one after it that its schedule calls for.

        Args:
            time: Of a path's rows, unix seconds.
            rule: Boundary, window and length of the schedule, seconds.
        """
        boundary, window, every = rule
        step, width = self._series.step, self._series.width
        if self._is_own:
            since = (time - boundary) % DAY
            marked = (since <= window) | (DAY - since < step)
        else:
            number = np.floor((time + step - 1 - boundary) / every)
            marked = np.diff(number, prepend=number[0]) != 0
        places = np.where(marked, np.arange(width), width)
        least = np.minimum.accumulate(places[::-1])[::-1]
        return np.append(least[1:], width)
