"""What a history says of a price that wanders and jumps.

A move is a jump where it is too large for the wandering around it: the test of S. Lee and P.
Mykland, "Jumps in financial markets: a new nonparametric test and jump dynamics", Review of
Financial Studies 21 (2008) 2535-2563, at 1 %. The wandering is measured by products of neighbouring
moves, which a single jump hardly changes, over the bars before. So a storm that grows is wandering,
and a move out of nowhere is a jump.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from steelyard.model.arithmetic import WAD
from steelyard.replay.making import JumpDiffusion
from steelyard.replay.path import ANSWER, YEAR, Floats, Path, PathError

_SURE = 0.99
_SPAN = 2
"""Windows that a history has to have."""


def estimate_jumps(history: Path) -> JumpDiffusion:
    """Return the jump diffusion that a history looks like.

    Its variance, drift and mean funding are the history's; moves through downtime are left out.

    Args:
        history: At least two windows of sqrt(bars a year) bars and one: 189 hours.

    Raises:
        PathError: It is too short.
    """
    window = math.ceil(math.sqrt(YEAR / history.step))
    closes = np.log(history.close / ANSWER)
    together = np.diff(history.time) == history.step
    moves = np.diff(closes)[together]
    if len(moves) < _SPAN * window:
        raise PathError(
            f"{history.name}: {len(moves)} moves say too little of jumps",
            f"give at least {_SPAN * window + 1} bars, or draw blocks",
        )
    jumped = _jumps(moves, window)
    sizes, rest = moves[jumped], moves[~jumped]
    years = len(moves) * history.step / YEAR
    count, mean, spread = len(sizes) / years, 0.0, 0.0
    if len(sizes):
        mean, spread = float(sizes.mean()), float(sizes.std())
    volatility = float(rest.std()) * math.sqrt(YEAR / history.step)
    # Of the price's expectation: what its logarithm does on average lacks half the variance.
    lifted = count * (math.expm1(mean + spread**2 / 2) - mean)
    return JumpDiffusion(
        volatility=volatility,
        drift=float(moves.sum()) / years + volatility**2 / 2 + lifted,
        jumps=count,
        jump_mean=mean,
        jump_spread=spread,
        rate=float(history.funding.mean()) / WAD,
        price=history.final / ANSWER,
        step=history.step,
    )


def _jumps(moves: Floats, window: int) -> NDArray[np.bool_]:
    """Return which moves are jumps, bool, as many; none of the first window's."""
    products = np.abs(moves[1:]) * np.abs(moves[:-1])
    count = window - 2
    # The first is of the products before the move with number `window`, the last of the last one's.
    sums = np.convolve(products, np.ones(count), "valid")[1 : len(moves) - window + 1]
    local = np.sqrt(sums / count)
    jumped = np.zeros(len(moves), dtype=np.bool_)
    jumped[window:] = np.abs(moves[window:]) > _threshold(len(moves)) * local
    return jumped


def _threshold(count: int) -> float:
    """Return the largest move over local volatility that so many moves would have by chance."""
    scale = math.sqrt(2 / math.pi)
    root = math.sqrt(2 * math.log(count))
    centre = root / scale - (math.log(math.pi) + math.log(math.log(count))) / (2 * scale * root)
    return centre - math.log(-math.log(_SURE)) / (scale * root)
