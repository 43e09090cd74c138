"""How likely is the end? Many made-up futures of a token, and how many of them it does not survive.

A future is a path of `steelyard.replay.making`: blocks of bars drawn from a history, which keep its
storms together, or a walk that jumps. A probability comes with its interval: what is counted is
never certain, and nothing counted does not mean that nothing can happen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import NormalDist

import numpy as np
import pandas as pd

from steelyard.errors import SteelyardError
from steelyard.model.arithmetic import DAY
from steelyard.replay.making import BLOCK, JumpDiffusion, bootstrap, jump_diffusion
from steelyard.replay.path import Floats, Ints, Path
from steelyard.replay.settings import Settings
from steelyard.replay.vector import play

CONFIDENCE = 0.95
HORIZONS = (30, 90, 365)
"""Days."""
_ROWS_AT_ONCE = 2_000_000
_QUANTILES = (0.05, 0.5, 0.95)


class RiskError(SteelyardError):
    """Futures that cannot be played."""


@dataclass(frozen=True)
class Futures:
    """What became of a token in many futures.

    Attributes:
        settings: Of the token.
        bars: Of each future.
        step: Of a bar, seconds.
        ended: Row of the end, int64, shape (futures,); -1 = it lives.
        liquidated: Row of the first liquidation, int64, shape (futures,); -1 = none.
        growth: NAV at each horizon over NAV at the start, float64, shape (futures, horizons).
        horizons: Days.
    """

    settings: Settings
    bars: int
    step: int
    ended: Ints
    liquidated: Ints
    growth: Floats
    horizons: tuple[float, ...]

    def table(self, confidence: float = CONFIDENCE) -> pd.DataFrame:
        """Return a row for each horizon.

        Columns: days; wiped and liquidated, probabilities, each with low and high of its Wilson
        interval; median, and 5 % and 95 % quantiles, of the return, fractions.

        Args:
            confidence: Of the intervals, in (0, 1).
        """
        rows = []
        for number, days in enumerate(self.horizons):
            last = _rows(days, self.step)
            row: dict[str, float] = {"days": days}
            for name, ends in (("wiped", self.ended), ("liquidated", self.liquidated)):
                count = int(((ends >= 0) & (ends <= last)).sum())
                low, high = wilson(count, len(ends), confidence)
                row |= {name: count / len(ends), f"{name}_low": low, f"{name}_high": high}
            quantiles = np.quantile(self.growth[:, number], _QUANTILES) - 1
            row |= dict(zip(("return_5", "return_50", "return_95"), quantiles, strict=True))
            rows.append(row)
        return pd.DataFrame(rows)


def wilson(count: int, tries: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval in which a probability is, after Wilson (1927).

    Args:
        count: How often it happened.
        tries: Of how many.
        confidence: That it is inside, in (0, 1).

    >>> [round(edge, 4) for edge in wilson(0, 1_000)]
    [0.0, 0.0038]
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = count / tries, z * z / tries
    middle = share + spread / 2
    width = z * math.sqrt(share * (1 - share) / tries + spread / tries / 4)
    low, high = (middle - width) / (1 + spread), (middle + width) / (1 + spread)
    # Where nothing or everything was counted the edge is exact, but for roundings.
    return (0.0 if count == 0 else low), (1.0 if count == tries else high)


def play_bootstrap(
    history: Path,
    settings: Sequence[Settings],
    futures: int,
    *,
    horizons: Sequence[float] = HORIZONS,
    block: int = BLOCK,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Futures]:
    """Play tokens through futures drawn from a history.

    Args:
        history: Where blocks come from.
        settings: Of each token; all see the same futures.
        futures: How many.
        horizons: Days, ascending.
        block: Bars that stay together.
        seed: Of the first future; the others' follow.
        progress: Called with the futures done, and of how many.

    Raises:
        RiskError: There is no future, or no horizon.
    """
    make = partial(_drawn, history, block)
    return _play(make, history.step, settings, futures, horizons, seed, progress)


def play_jumps(
    model: JumpDiffusion,
    settings: Sequence[Settings],
    futures: int,
    *,
    horizons: Sequence[float] = HORIZONS,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> list[Futures]:
    """Play tokens through futures of a price that jumps; arguments as for `play_bootstrap`.

    Args:
        model: The price.
        settings: Of each token.
        futures: How many.
        horizons: Days, ascending.
        seed: Of the first future.
        progress: Called with the futures done, and of how many.

    Raises:
        RiskError: There is no future, or no horizon.
    """
    make = partial(jump_diffusion, model)
    return _play(make, model.step, settings, futures, horizons, seed, progress)


def _drawn(history: Path, block: int, bars: int, seed: int) -> Path:
    """Return a future drawn from a history."""
    return bootstrap(history, bars, seed, block=block)


def _play(
    make: Callable[[int, int], Path],
    step: int,
    settings: Sequence[Settings],
    futures: int,
    horizons: Sequence[float],
    seed: int,
    progress: Callable[[int, int], None] | None,
) -> list[Futures]:
    """Play tokens through futures, some at a time so that memory stays flat."""
    days = tuple(horizons)
    if futures < 1 or not settings or not days or list(days) != sorted(set(days)) or days[0] <= 0:
        raise RiskError("no futures, no tokens or no horizons", "give some, horizons ascending")
    bars, tokens = _rows(days[-1], step), len(settings)
    at = np.array([_rows(each, step) for each in days])
    ended = np.empty((tokens, futures), dtype=np.int64)
    liquidated = np.empty_like(ended)
    growth = np.empty((tokens, futures, len(days)))
    together = max(1, _ROWS_AT_ONCE // bars)
    for first in range(0, futures, together):
        last = min(first + together, futures)
        paths = [make(bars, seed + number) for number in range(first, last)]
        count = len(paths)
        replays = play([each for each in settings for _ in paths], paths * tokens)
        chosen = slice(first, last)
        ended[:, chosen] = replays.ended().reshape(tokens, count)
        liquidated[:, chosen] = replays.liquidated().reshape(tokens, count)
        for number in range(tokens * count):
            nav = replays.nav(number)
            growth[number // count, first + number % count] = nav[at] / nav[0]
        if progress is not None:
            progress(last, futures)
    return [
        Futures(each, bars, step, ended[number], liquidated[number], growth[number], days)
        for number, each in enumerate(settings)
    ]


def _rows(days: float, step: int) -> int:
    """Return how many bars a number of days has, at least one."""
    return max(1, round(days * DAY / step))
