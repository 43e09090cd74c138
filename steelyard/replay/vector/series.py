"""Paths as arrays, and equity on them in closed form.

Between two touches of an account its equity is linear in what all tokens of a path share: with M
the mark, price and funding index as the venue books it at `Path.settlements`, E = A + q M. A touch
between two settlements has its own part of the interval priced at another price; that is the term
with kappa, the funding charged per underlying and price in the interval so far:

    E(i) = A + q (M(i) + kappa P(min(i, e))),  e the next settlement

So a token that does not trade costs a product per bar, and nothing that was rounded adds up. Where
the venue makes its own funding the paths have none, and the integral of the token's rate is charged
on top, at the price of whoever looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from steelyard.model.arithmetic import DAY, WAD
from steelyard.replay.path import ANSWER, Floats, Ints, Path, PathError
from steelyard.replay.vector.terms import Terms

BLOCK = 64
"""Bars that are looked at together."""


class Blocks(NamedTuple):
    """Extremes of blocks of bars, float64, shape (paths * blocks,).

    Attributes:
        low: Lowest low, quote.
        high: Highest high, quote.
        open_low: Lowest open, quote.
        open_high: Highest open, quote.
        index_low: Lowest of mark less open, quote.
        index_high: Highest of it, quote.
    """

    low: Floats
    high: Floats
    open_low: Floats
    open_high: Floats
    index_low: Floats
    index_high: Floats


class Series:
    """Paths of one length and one step, their rows one after the other in flat arrays.

    A path of n bars has n + 1 rows: opens, and the last close. Row `at` of path p is at p * width +
    row in every array; all are float64 but for `upcoming`.

    Attributes:
        bars: Of each path.
        width: Rows of each path.
        step: Of a bar, seconds.
        time: Of each row, unix seconds.
        open: Price of each row, quote.
        low: Lowest price after each row, quote; at the last, its price.
        high: Highest, likewise.
        mark: M of each row, quote.
        rate: Of funding from each row on, per second.
        booked: Index at the settlement at or before each row, quote.
        booked_at: Its time.
        upcoming: Row of the next settlement after each, int64; `width` = none.
        blocks: Extremes of blocks.
        count: Blocks of each path.
        most_rate: The largest rate either way, per second.
        makes_funding: Whether the venue makes its own funding, whatever the paths'.
    """

    def __init__(self, paths: Sequence[Path], makes_funding: bool = False) -> None:
        """Read them.

        Args:
            paths: At least one.
            makes_funding: Whether the venue makes its own funding.

        Raises:
            PathError: They differ in length or step.
        """
        first = paths[0]
        if any(len(path) != len(first) or path.step != first.step for path in paths):
            raise PathError("paths that differ in length or step", "play them one by one")
        self.paths, self.makes_funding = tuple(paths), makes_funding
        self.bars, self.width, self.step = len(first), len(first) + 1, first.step
        self.time = _flat([path.times for path in paths])
        self.open = _flat([path.marks for path in paths]) / ANSWER
        self.low = _flat([np.append(path.low, path.final) for path in paths]) / ANSWER
        self.high = _flat([np.append(path.high, path.final) for path in paths]) / ANSWER
        columns = zip(*(self._funding(path) for path in paths), strict=True)
        rate, booked, booked_at, upcoming = (_flat(list(column)) for column in columns)
        self.rate, self.booked, self.booked_at = rate, booked, booked_at
        self.upcoming = upcoming.astype(np.int64)
        charged = self.rate * (self.time - self.booked_at)
        self.mark = self.booked + self.open * (1 - charged)
        self.most_rate = float(np.max(np.abs(self.rate)))
        self.count = -(-self.width // BLOCK)
        self.blocks = self._blocks()

    def _funding(self, path: Path) -> tuple[Floats, Floats, Floats, Ints]:
        """Return rate, booked, booked_at and upcoming of a path's rows."""
        settled = path.settlements & (not self.makes_funding)
        settled[0] = True
        at = np.flatnonzero(settled)
        times, prices = path.times.astype(np.float64), path.marks / ANSWER
        rates = path.funding[at] / WAD / DAY * (not self.makes_funding)
        charged = prices[at[1:]] * rates[:-1] * np.diff(times[at])
        booked = np.append(0.0, -np.cumsum(charged))
        interval = np.append(np.cumsum(settled) - 1, len(at) - 1)
        upcoming = np.append(at[1:], self.width)
        return rates[interval], booked[interval], times[at][interval], upcoming[interval]

    def _blocks(self) -> Blocks:
        """Return the extremes of all blocks."""
        paths, padding = len(self.paths), self.count * BLOCK - self.width

        def blocked(rows: Floats) -> Floats:
            padded = np.pad(rows.reshape(paths, self.width), ((0, 0), (0, padding)), mode="edge")
            return padded.reshape(paths * self.count, BLOCK)

        opens, index = blocked(self.open), blocked(self.mark - self.open)
        return Blocks(
            blocked(self.low).min(axis=1),
            blocked(self.high).max(axis=1),
            opens.min(axis=1),
            opens.max(axis=1),
            index.min(axis=1),
            index.max(axis=1),
        )


class Place(NamedTuple):
    """Where tokens are on their paths, shape (tokens,).

    Attributes:
        row: Bar, int64.
        at: Its place in flat arrays, int64.
        time: Unix seconds, float64.
        price: Quote, float64.
    """

    row: Ints
    at: Ints
    time: Floats
    price: Floats


class Stake(NamedTuple):
    """What tokens hold since they were last touched, float64, shape (tokens,).

    Attributes:
        size: q, underlying.
        base: A, quote.
        kappa: Charged before the touch in its interval, per underlying and price.
        until: Row of the next settlement.
        capped: Price there, quote.
        since: Time of the touch, unix seconds; it and what follows for a venue's own funding.
        rate: Of funding then, per day.
        velocity: Of the rate, per day^2.
        most: Of the rate either way, per day.
    """

    size: Floats
    base: Floats
    kappa: Floats
    until: Floats
    capped: Floats
    since: Floats
    rate: Floats
    velocity: Floats
    most: Floats

    def accrued(self, time: Floats) -> tuple[Floats, Floats]:
        """Return the rate of the venue's own funding at a time, and its integral since the touch.

        Args:
            time: Unix seconds; of a shape that the tokens' broadcasts to.
        """
        elapsed = (time - self.since) / DAY
        rate = self.rate + self.velocity * elapsed
        bound = np.copysign(self.most, self.velocity)
        turns = np.divide(
            bound - self.rate,
            self.velocity,
            out=np.zeros_like(self.rate),
            where=self.velocity != 0,
        )
        # The venue reckons with whole seconds.
        turns = np.floor(turns * DAY * (1 + 1e-12)) / DAY
        rising = np.where(np.abs(rate) > self.most, turns, elapsed)
        rate = np.clip(rate, -self.most, self.most)
        paid: Floats = (self.rate + rate) / 2 * rising + rate * (elapsed - rising)
        return rate, paid


def equity_at(series: Series, stake: Stake, where: Place) -> Floats:
    """Return equity inside a bar.

    Args:
        series: The paths.
        stake: What is held; of a shape that broadcasts with the others'.
        where: When, and at which price.

    Returns:
        Quote, float64.
    """
    row, at, time, price = where
    charged = series.rate[at] * (time - series.booked_at[at])
    mark = series.booked[at] + price * (1 - charged)
    mark += stake.kappa * np.where(row < stake.until, price, stake.capped)
    if series.makes_funding:
        mark -= price * stake.accrued(time)[1]
    return stake.base + stake.size * mark


def touched(
    series: Series, terms: Terms, old: Stake, where: Place, equity: Floats, size: Floats
) -> Stake:
    """Return what is held from a touch on.

    Args:
        series: The paths.
        terms: Of the tokens.
        old: What was held.
        where: When, and at which price.
        equity: After it, quote.
        size: After it, underlying.
    """
    at = where.at
    until = series.upcoming[at]
    kappa = series.rate[at] * (where.time - series.booked_at[at])
    capped = series.open[where.at - where.row + np.minimum(until, series.width - 1)]
    base = equity - size * (where.price + series.booked[at])
    share = np.clip(size / terms.scale, -1.0, 1.0)
    rate = old.accrued(where.time)[0] if series.makes_funding else old.rate
    velocity = share * terms.max_velocity
    return Stake(
        size,
        base,
        kappa,
        until.astype(np.float64),
        capped,
        where.time,
        rate,
        velocity,
        terms.max_rate,
    )


def _flat(rows: list[Ints] | list[Floats]) -> Floats:
    """Return rows of paths one after the other."""
    return np.concatenate(rows).astype(np.float64)
