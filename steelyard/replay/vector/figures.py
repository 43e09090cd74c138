"""A few figures of a token, reckoned without making a whole result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.replay.path import YEAR, Floats
from steelyard.replay.vector.log import KINDS
from steelyard.replay.vector.outcome import Outcome


@dataclass(frozen=True)
class Figures:
    """What sweeps compare; as in `steelyard.replay.result.Result`.

    Attributes:
        total_return: A fraction.
        rebalances: Count, chunks apart.
        cost: Fees, impact and rewards of rebalances, a fraction of the equity then, in all.
        tracking_error: Per root year.
        drawdown: A fraction.
        leverage_max: At opens before anything was done, and at the adverse extremes of bars, had
            nothing been done there; inf = nothing left.
        liquidations: Count.
        ended_at: Row of the end; -1 = it lives.
    """

    total_return: float
    rebalances: int
    cost: float
    tracking_error: float
    drawdown: float
    leverage_max: float
    liquidations: int
    ended_at: int


def figures_of(outcome: Outcome, token: int) -> Figures:
    """Return the figures of a token."""
    player, entry = outcome.player, outcome.entry(token)
    series, end = player.series, int(player.ended[token])
    course = outcome.course(token)
    equity, size, shares = course.equity, course.size, course.shares
    last = series.width if end < 0 else end + 1
    nav = equity[:last] / shares[:last]
    offset = int(player.offset[token])
    price = series.open[offset : offset + last]
    traded = entry.kind == KINDS.index("rebalance")
    cost = (entry.fee + entry.impact + entry.reward)[traded] / entry.equity[traded]
    factor = player.settings[token].kind.factor
    error = 0.0
    if last >= 3 and (nav[:-1] > 0).all():
        apart = nav[1:] / nav[:-1] - 1 - factor * (price[1:] / price[:-1] - 1)
        error = float(apart.std() * np.sqrt(YEAR / series.step))
    worst = (series.low if factor > 0 else series.high)[offset : offset + last - 1]
    held, opened = size[: last - 1], course.size_before[: last - 1]
    # The highest of notional over equity is the lowest of equity over notional.
    at_worst = equity[: last - 1] + held * (worst - price[:-1])
    least = min(_least(at_worst, held * worst), _least(course.before, opened * price[:-1]))
    return Figures(
        total_return=float(nav[-1] / nav[0] - 1),
        rebalances=int(traded.sum()),
        cost=float(cost.sum()),
        tracking_error=error,
        drawdown=float(np.max(1 - nav / np.maximum.accumulate(nav))),
        leverage_max=1 / least if least > 0 else np.inf,
        liquidations=int((entry.kind == KINDS.index("liquidation")).sum()),
        ended_at=end,
    )


def _least(equity: Floats, notional: Floats) -> float:
    """Return the lowest equity over notional; inf without a position."""
    held = np.abs(notional)
    count = len(held)
    shares = np.divide(equity[:count], held, out=np.full(count, np.inf), where=held > 0)
    return float(shares.min(initial=np.inf))
