"""Prices and funding as arrays: what a replay plays.

Prices are kept as a feed of 8 decimals answers them, funding as the venue's knob takes it: both are
whole numbers, so that two engines that read a path cannot read it differently.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path as FilePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.errors import SteelyardError
from steelyard.history import Gap, History, parse_time, read_history
from steelyard.history.market import FUNDING_PERIOD, HOUR, utc
from steelyard.model.arithmetic import DAY, WAD

DECIMALS = 8
ANSWER = 10**DECIMALS
"""Answers of the feed per quote."""
PRICE_STEP = WAD // ANSWER
MAX_ANSWER = 10**18
"""The largest price, 1e10 quote, as the feed answers it."""
MAX_STEP = 10 * DAY
"""The venue lets no price get older than twelve days."""
YEAR = 365 * DAY
MIN_TIME = YEAR
_EPOCH = 1_577_836_800

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class PathError(SteelyardError):
    """A path that cannot be played."""


@dataclass(frozen=True, eq=False)
class Path:
    """One market's bars; every array has shape (n,), n the number of bars, and cannot be written.

    Attributes:
        name: Where it comes from, for people.
        step: Length of every bar, seconds. A longer way to the next bar is downtime.
        time: Start of each bar, int64, unix seconds, ascending.
        open: First price of each bar, int64, feed answers (1e-8 quote per 1 underlying).
        high: Highest price, int64, feed answers.
        low: Lowest price, int64, feed answers.
        close: Last price, int64, feed answers; the next open counts where there is one.
        funding: Rate from each bar's start until the next one's, int64, WAD per day, positive:
            longs pay.

    Example:
        >>> path = from_prices([10_000, 11_000, 10_000])
        >>> len(path), path.opens.tolist(), path.final / ANSWER
        (2, [10000.0, 11000.0], 10000.0)
    """

    name: str
    step: int
    time: Ints
    open: Ints
    high: Ints
    low: Ints
    close: Ints
    funding: Ints

    def __post_init__(self) -> None:
        """Check the arrays, and lock them.

        Raises:
            PathError: They are no bars; says which is wrong.
        """
        for field in fields(self)[2:]:
            locked = np.array(getattr(self, field.name), dtype=np.int64)
            locked.setflags(write=False)
            object.__setattr__(self, field.name, locked)
        self._check()

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.time)

    @property
    def final(self) -> int:
        """The last close, feed answer."""
        return int(self.close[-1])

    @property
    def end(self) -> int:
        """End of the last bar, unix seconds."""
        return int(self.time[-1]) + self.step

    @property
    def opens(self) -> Floats:
        """The opens, float64, shape (n,), quote."""
        opens: Floats = self.open / ANSWER
        return opens

    @property
    def marks(self) -> Ints:
        """The opens and the last close, int64, shape (n + 1,), feed answers: a replay's rows."""
        return np.append(self.open, self.close[-1])

    @property
    def times(self) -> Ints:
        """The starts and the end, int64, shape (n + 1,), unix seconds: a replay's rows."""
        return np.append(self.time, self.end)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The downtimes, by time."""
        ends = self.time[:-1] + self.step
        late = np.flatnonzero(self.time[1:] > ends)
        return tuple(Gap(int(ends[at]), int(self.time[at + 1])) for at in late)

    @property
    def settlements(self) -> NDArray[np.bool_]:
        """In which bars funding is booked, at the open, bool, shape (n,).

        Where the rate changes, and in the first bar of every eight hours (UTC); nowhere as long as
        the rate is zero.
        """
        before, last = np.roll(self.funding, 1), np.roll(self.time, 1)
        settled: NDArray[np.bool_] = self.funding != before
        settled |= self.time // FUNDING_PERIOD > last // FUNDING_PERIOD
        settled &= (self.funding != 0) | (before != 0)
        settled[0] = False  # the first rate holds from the start
        return settled

    @property
    def years(self) -> float:
        """From start to end, years of 365 days."""
        return (self.end - int(self.time[0])) / YEAR

    def cut(self, start: str | int | None = None, end: str | int | None = None) -> Path:
        """Return the bars that start in [start, end).

        Args:
            start: ISO date or time (UTC), or unix seconds; None = from the beginning.
            end: Like `start`; None = to the end.

        Raises:
            PathError: There are none.
        """
        first = 0 if start is None else int(np.searchsorted(self.time, parse_time(start)))
        last = len(self) if end is None else int(np.searchsorted(self.time, parse_time(end)))
        if first >= last:
            raise PathError(
                f"{self.name} has no prices in this range",
                f"it has {utc(int(self.time[0]))} to {utc(self.end)} UTC",
            )
        return self[first:last]

    def __getitem__(self, bars: slice) -> Path:
        """Return some consecutive bars."""
        arrays = (getattr(self, field.name)[bars] for field in fields(self)[2:])
        return Path(self.name, self.step, *arrays)

    def _check(self) -> None:
        """Refuse what is no path."""
        if not 1 <= self.step <= MAX_STEP:
            raise PathError(f"a bar of {self.step} seconds", "use 1 second to 10 days")
        lengths = {len(getattr(self, field.name)) for field in fields(self)[2:]}
        if len(lengths) != 1 or lengths == {0} or self.time.ndim != 1:
            raise PathError("the arrays of a path differ in length, or are empty", "mend them")
        self._refuse(self.time < MIN_TIME, "its time is before 1971, not in unix seconds")
        self._refuse(self.low < 1, "low is not above zero")
        self._refuse(self.high >= MAX_ANSWER, "high is 1e10 or more")
        self._refuse(np.minimum(self.open, self.close) < self.low, "low is not the lowest")
        self._refuse(np.maximum(self.open, self.close) > self.high, "high is not the highest")
        self._refuse(abs(self.funding) > WAD, "funding is over 100 % per day")
        early = np.diff(self.time, prepend=self.time[0] - self.step) < self.step
        self._refuse(early, "it begins before the last one's end")

    def _refuse(self, wrong: NDArray[np.bool_], message: str) -> None:
        """Raise for the first bar that is wrong."""
        if wrong.any():
            bar = int(np.argmax(wrong))
            when = utc(int(self.time[bar]))
            raise PathError(f"{self.name}: bar {bar} ({when} UTC): {message}", "mend the bar")


def from_history(history: History) -> Path:
    """Return an hourly history as a path.

    Args:
        history: Bars, gaps and funding; a rate holds from the first bar at or after its time.
    """
    times = [rate.timestamp for rate in history.funding]
    rates = [history.funding[bisect_right(times, bar.timestamp) - 1].rate for bar in history.bars]
    columns = [
        [getattr(bar, name) // PRICE_STEP for bar in history.bars]
        for name in ("open", "high", "low", "close")
    ]
    starts = [bar.timestamp for bar in history.bars]
    return Path(history.name, HOUR, *(np.array(each) for each in (starts, *columns, rates)))


def read_path(
    prices: str | FilePath,
    funding: str | FilePath | None = None,
    start: str | int | None = None,
    end: str | int | None = None,
) -> Path:
    """Read hourly prices, and their funding.

    Args:
        prices: CSV, see `steelyard.history.read_history`.
        funding: CSV, see there; None = nobody pays.
        start: Leave out the hours before it; ISO date or time (UTC), or unix seconds.
        end: Leave out the hours that start at or after it; like `start`.

    Raises:
        HistoryError: A file is not as it should be; names file and line.
    """
    return from_history(read_history(prices, funding, start, end))


def from_prices(
    prices: Sequence[float],
    *,
    step: int = DAY,
    start: int = _EPOCH,
    rate: float = 0.0,
    name: str = "prices",
) -> Path:
    """Return a path that goes straight from each price to the next.

    Args:
        prices: Opens of the bars, then the last close; quote, rounded to 8 decimals.
        step: Length of a bar, seconds.
        start: Of the first bar, unix seconds; by default 2020-01-01.
        rate: Of funding, a fraction per day; positive: longs pay.
        name: For people.

    Raises:
        PathError: There are fewer than two prices, or one is no price.
    """
    if len(prices) < 2:
        raise PathError("a path of fewer than two prices", "give an open and a close")
    answers = to_answers(prices)
    opens, closes = answers[:-1], answers[1:]
    time = start + step * np.arange(len(opens))
    extremes = np.maximum(opens, closes), np.minimum(opens, closes)
    rates = np.full(len(opens), round(rate * WAD))
    return Path(name, step, time, opens, *extremes, closes, rates)


def to_answers(prices: Any) -> Ints:
    """Return prices as the feed answers them.

    Args:
        prices: Quote; any shape.

    Returns:
        int64, the same shape, 1e-8 quote.

    Raises:
        PathError: A price is not finite, or too large.
    """
    given = np.asarray(prices, dtype=np.float64)
    if not np.isfinite(given).all() or (given >= MAX_ANSWER / ANSWER).any():
        raise PathError("a price is not a finite number below 1e10", "mend the prices")
    answers: Ints = np.rint(given * ANSWER).astype(np.int64)
    return answers
