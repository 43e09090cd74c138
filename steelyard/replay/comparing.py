"""Hold two replays of one token against each other: what differs is said, never hidden."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np

from steelyard.replay.path import PathError
from steelyard.replay.result import Event, Result

NAV_TOLERANCE = 1e-6
"""NAV may differ by this, relative, where no event does."""
DUST = 1e-9
"""Trades of less than this part of equity are roundings: one engine has them and the other not."""
_FIGURES = ("price", "size", "equity", "leverage_after", "fee", "reward")


@dataclass(frozen=True)
class Comparison:
    """What two results have in common, and where they part.

    Attributes:
        events: That both have, one after the other, before the first that differs.
        first: The first event that differs, in either; None = none does. One is None where the
            other result has more.
        nav: The largest difference of NAV of all rows, relative to the larger of both.
        nav_row: Its row.
        nav_before: The largest in rows before the first event that differs.
        figures: The largest difference of the figures of common events, relative.
    """

    events: int
    first: tuple[Event | None, Event | None] | None
    nav: float
    nav_row: int
    nav_before: float
    figures: float

    @property
    def agrees(self) -> bool:
        """Whether events are the same, and NAV within `NAV_TOLERANCE`."""
        return self.first is None and self.nav <= NAV_TOLERANCE

    def __str__(self) -> str:
        """Return a sentence or two for people."""
        apart = f"{self.events} events in common, NAV at most {self.nav:.1e} apart"
        apart += f" (row {self.nav_row})"
        if self.first is None:
            return f"{apart}; no event differs"
        one, other = (_show(event) for event in self.first)
        until = f"up to there NAV at most {self.nav_before:.1e} apart"
        return f"{apart}; then {one} in the first, {other} in the second; {until}"


def compare(first: Result, second: Result) -> Comparison:
    """Compare two results of the same path.

    Args:
        first: Of one engine.
        second: Of the other.

    Raises:
        PathError: The paths differ.
    """
    if len(first.path) != len(second.path) or (first.price != second.price).any():
        raise PathError("results of different paths", "play one path to both")
    pairs = list(zip_longest(_shown(first), _shown(second)))
    common = next((n for n, (one, other) in enumerate(pairs) if not _alike(one, other)), len(pairs))
    differs = pairs[common] if common < len(pairs) else None
    apart = _apart(first.nav, second.nav)
    until = len(apart)
    if differs is not None:
        until = min(event.bar for event in differs if event is not None)
    figures = [
        _apart(getattr(one, name), getattr(other, name))
        for one, other in pairs[:common]
        for name in _FIGURES
    ]
    return Comparison(
        events=common,
        first=differs,
        nav=float(apart.max()),
        nav_row=int(apart.argmax()),
        nav_before=float(apart[:until].max(initial=0.0)),
        figures=max((float(each) for each in figures), default=0.0),
    )


def _shown(result: Result) -> list[Event]:
    """Return the events that are no dust."""
    return [
        event
        for event in result.events
        if event.kind != "rebalance"
        or abs(event.size_delta) * event.price > DUST * abs(event.equity)
    ]


def _alike(one: Event | None, other: Event | None) -> bool:
    """Return whether two events are the same but for their figures."""
    if one is None or other is None:
        return False
    keys = [(event.bar, event.time, event.kind, event.cause) for event in (one, other)]
    return keys[0] == keys[1]


def _apart(one: object, other: object) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return relative differences; of what is as good as nothing on both sides, 0."""
    left, right = (np.asarray(each, dtype=np.float64) for each in (one, other))
    with np.errstate(invalid="ignore"):
        scale = np.maximum(np.maximum(np.abs(left), np.abs(right)), 1e-9)
        apart = np.abs(left - right) / scale
    return np.where(left == right, 0.0, apart)


def _show(event: Event | None) -> str:
    """Return an event for people."""
    if event is None:
        return "nothing"
    return f"{event.kind} {event.cause} in bar {event.bar}".replace("  ", " ")
