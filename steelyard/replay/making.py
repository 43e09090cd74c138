"""Paths that were never: bars of a history drawn anew, and walks that jump.

Every path follows from its seed alone, and its first bars do not depend on how long it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.history.market import HOUR
from steelyard.replay.path import ANSWER, MAX_ANSWER, YEAR, Floats, Ints, Path, PathError

BLOCK = 24
"""Bars that stay together in a bootstrap: a day of hours keeps its storms in one piece."""
_START = 1_577_836_800
_LEAST = 1e-4
_STEPS = 4


def bootstrap(history: Path, bars: int, seed: int, *, block: int = BLOCK) -> Path:
    """Return a path of blocks of bars, drawn from a history with replacement.

    A bar keeps its shape (open to high, low and close, and from the last close to its open) and its
    funding; what is drawn is only which block comes next. Blocks go around the end of the history.

    Args:
        history: Where from; its downtime is left out.
        bars: How many.
        seed: Of the drawing.
        block: Bars of a block.

    Raises:
        PathError: There is nothing to draw, or prices end up out of bounds.
    """
    if bars < 1 or block < 1:
        raise PathError(f"{bars} bars in blocks of {block}", "draw at least one")
    source = np.random.default_rng(seed)
    starts = source.integers(0, len(history), -(-bars // block))
    chosen = ((starts[:, None] + np.arange(block)) % len(history)).reshape(-1)[:bars]
    last = np.concatenate([history.open[:1], history.close[:-1]])
    opened = history.open / last
    # Where a bar is drawn behind another than its own, its price goes on from there all the same.
    ratios = [getattr(history, name) / history.open for name in ("high", "low", "close")]
    growth = opened[chosen] * ratios[2][chosen]
    closes = history.open[0] * np.exp(np.cumsum(np.log(growth)))
    opens = np.concatenate([history.open[:1], closes[:-1]]) * opened[chosen]
    high, low = (opens * ratio[chosen] for ratio in ratios[:2])
    time = int(history.time[0]) + history.step * np.arange(bars)
    name = f"{history.name}, drawn anew by {seed}"
    return _made(name, history.step, time, (opens, high, low, closes), history.funding[chosen])


@dataclass(frozen=True)
class JumpDiffusion:
    """A price that wanders, and jumps: Merton's model.

    Attributes:
        volatility: Of the wandering, per root year, a fraction.
        drift: Of the price's expectation, jumps included, per year.
        jumps: A year.
        jump_mean: Of a jump's logarithm.
        jump_spread: Standard deviation of it.
        rate: Of funding, a fraction per day.
        price: To begin with, quote.
        step: Length of a bar, seconds.
    """

    volatility: float = 0.65
    drift: float = 0.0
    jumps: float = 4.0
    jump_mean: float = -0.05
    jump_spread: float = 0.08
    rate: float = 0.0003
    price: float = 40_000.0
    step: int = HOUR


def jump_diffusion(model: JumpDiffusion, bars: int, seed: int) -> Path:
    """Return a path of a model; a bar's extremes are those of four steps inside it.

    Args:
        model: The price.
        bars: How many.
        seed: Of the walk.

    Raises:
        PathError: There is nothing to walk, or the price ends up out of bounds.
    """
    if bars < 1:
        raise PathError(f"{bars} bars", "walk at least one")
    wander, jumped, sizes = (
        np.random.default_rng(each) for each in np.random.SeedSequence(seed).spawn(3)
    )
    span = model.step / YEAR / _STEPS
    mean_jump = np.exp(model.jump_mean + model.jump_spread**2 / 2) - 1
    pull = model.drift - model.volatility**2 / 2 - model.jumps * mean_jump
    steps = (bars, _STEPS)
    moves = pull * span + model.volatility * np.sqrt(span) * wander.standard_normal(steps)
    count = jumped.poisson(model.jumps * span, steps)
    jumps = model.jump_mean * count
    jumps = jumps + model.jump_spread * np.sqrt(count) * sizes.standard_normal(steps)
    walked = model.price * np.exp(np.cumsum((moves + jumps).reshape(-1))).reshape(steps)
    closes = walked[:, -1]
    opens = np.concatenate([[model.price], closes[:-1]])
    high, low = np.maximum(walked.max(axis=1), opens), np.minimum(walked.min(axis=1), opens)
    time = _START + model.step * np.arange(bars)
    rates = np.full(bars, round(model.rate * 10**18))
    columns = opens * ANSWER, high * ANSWER, low * ANSWER, closes * ANSWER
    return _made(f"jump diffusion {seed}", model.step, time, columns, rates)


def _made(name: str, step: int, time: Ints, columns: tuple[Floats, ...], rates: Ints) -> Path:
    """Return a path of unrounded feed answers: opens, highs, lows and closes."""
    if not all((column < MAX_ANSWER).all() for column in columns):
        raise PathError(f"{name}: the price leaves all bounds", "make it shorter or calmer")
    opens, high, low, closes = (
        np.maximum(np.rint(column), _LEAST * ANSWER).astype(np.int64) for column in columns
    )
    high = np.maximum(high, np.maximum(opens, closes))
    low = np.minimum(low, np.minimum(opens, closes))
    return Path(name, step, time, opens, high, low, closes, rates)
