"""When the market sees which price: an hourly history cut into moments.

An hour is four moments, a quarter of an hour apart, as `Bar.path` has them. So its whole range is
one jump without a price in between. That is as adverse as the hour can have been: a real market
shows prices on the way.
A rate of funding holds from the first moment at or after its time.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from steelyard.history import Gap, History, HistoryError
from steelyard.model.arithmetic import WAD

HOUR = 3_600
QUARTER = 900
DOWNTIME = 5
"""Hours of downtime that a history without any gets."""
LEAST_DOWNTIME = 3
"""Hours without prices that are downtime enough."""
LEAST_HOURS = 4 * DOWNTIME
"""A shorter history gets no downtime."""


class Moment(NamedTuple):
    """A price that the market sees.

    Attributes:
        time: Unix seconds.
        price: Quote per 1 underlying, WAD.
        rate: Of funding, from now on; WAD per day, positive: longs pay.
        downtime: What ends here, if anything.
    """

    time: int
    price: int
    rate: int
    downtime: Gap | None


class Jump(NamedTuple):
    """A move of the price from one moment to the next.

    Attributes:
        time: Of the second, unix seconds.
        size: Of the first price, WAD.
    """

    time: int
    size: int


def cut(history: History, start: int | None, end: int | None) -> History:
    """Return the hours that start in [start, end).

    Args:
        history: What to cut.
        start: Unix seconds; None for all from the beginning.
        end: Unix seconds; None for all to the end.

    Raises:
        HistoryError: There are none.
    """
    times = [bar.timestamp for bar in history.bars]
    first = 0 if start is None else bisect_left(times, start)
    last = len(times) if end is None else bisect_left(times, end)
    if first >= last:
        raise HistoryError("no prices in this range", "--from and --to are dates or times in UTC")
    return replace(history, bars=history.bars[first:last])


def with_downtime(history: History) -> tuple[History, Gap | None]:
    """Return the history without five hours in its middle, unless it has as good a gap.

    Args:
        history: As it was.

    Returns:
        The history to play, and the downtime that was made.
    """
    bars, middle = history.bars, len(history.bars) // 2
    longest = max((gap.end - gap.start for gap in history.gaps), default=0)
    if longest >= LEAST_DOWNTIME * HOUR or len(bars) < LEAST_HOURS:
        return history, None
    rest = bars[middle + DOWNTIME :]
    made = Gap(bars[middle - 1].timestamp + HOUR, rest[0].timestamp)
    return replace(history, bars=bars[:middle] + rest), made


def moments(history: History) -> list[Moment]:
    """Return what the market sees, by time."""
    ends = {gap.end: gap for gap in history.gaps}
    found = []
    for bar in history.bars:
        for quarter, price in enumerate(bar.path()):
            time = bar.timestamp + quarter * QUARTER
            found.append(Moment(time, price, history.rate_at(time), ends.get(time)))
    return found


def largest_jump(path: list[Moment]) -> Jump:
    """Return the largest move from one moment to the next, in ratio.

    Args:
        path: At least two moments, by time.

    >>> largest_jump([Moment(time, price, 0, None) for time, price in enumerate((8, 10, 8, 10))])
    Jump(time=1, size=250000000000000000)
    """
    return max(
        (
            Jump(later.time, (later.price - moment.price) * WAD // moment.price)
            for moment, later in pairwise(path)
        ),
        key=lambda jump: max(WAD + jump.size, WAD * WAD // (WAD + jump.size)),
    )
