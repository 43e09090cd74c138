"""Liquidation by the venue, one token at a time: as `steelyard.model.venue.liquidation`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steelyard.model.arithmetic import DAY
from steelyard.replay.vector.market import keeper_fee, maintenance, quote
from steelyard.replay.vector.terms import Terms

_PARTS_LEFT = 0.9


class Left(NamedTuple):
    """What a liquidation leaves.

    Attributes:
        size: Underlying.
        equity: Quote.
        now: Unix seconds.
        fees: To those who liquidated, quote.
        borne: Loss that the pool bore, quote.
    """

    size: float
    equity: float
    now: float
    fees: float
    borne: float


def liquidate(
    terms: Terms, size: float, equity: float, price: float, now: float, rate: float
) -> Left:
    """Liquidate an account that is due, chunk after chunk, a second later where a cap says so.

    Args:
        terms: Of this token alone.
        size: q, underlying.
        equity: E, quote.
        price: P, quote.
        now: Unix seconds.
        rate: Of funding, per day.
    """
    used = fees = 0.0
    cap = float(terms.cap[0])
    while size and equity <= _margin(terms, size, price):
        if equity <= 0:
            return Left(0.0, 0.0, now, fees, -equity)
        whole = cap == 0 or equity <= float(terms.least_margin[0])
        if not whole and used > cap * _PARTS_LEFT:
            now, used = now + 1, 0.0
            equity -= size * price * rate / DAY
            continue
        closed = abs(size) if whole else min(_wanted(terms, size, price, equity), cap - used)
        delta = -closed if size > 0 else closed
        fee = min(equity, float(keeper_fee(terms, np.array([closed * price]))[0]))
        order = quote(terms, np.array([size]), np.array([price]), np.array([delta]))
        impact = float(order.impact[0]) if order.fill[0] > 0 else 0.0
        left = equity - fee - impact
        fees, used = fees + fee, used + closed
        size = 0.0 if closed >= abs(size) else size + delta
        equity = max(0.0, left)
    return Left(size, equity, now, fees, 0.0)


def _margin(terms: Terms, size: float, price: float) -> float:
    """Return the maintenance margin, quote."""
    return float(maintenance(terms, np.array([size]), np.array([price]))[0])


def _wanted(terms: Terms, size: float, price: float, equity: float) -> float:
    """Return how much to close so that what is left has its initial margin again."""
    ratio = 1 / float(terms.most_leverage[0])
    missing = abs(size) * price * ratio - equity
    relief = (ratio - float(terms.liquidation_fee[0])) * price
    return min(abs(size), max(abs(size) / 10, missing / relief))
