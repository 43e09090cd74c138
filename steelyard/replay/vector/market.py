"""What the venue asks, in floats and for many tokens at once: each is alone in its market.

The formulas are those of docs/venue.md and `steelyard.model.leverage`, without their roundings.
Every argument is float64 of one shape; money quote, sizes underlying.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steelyard.model.leverage import QUOTES
from steelyard.replay.path import Floats
from steelyard.replay.vector.terms import Terms

Bools = NDArray[np.bool_]


class Order(NamedTuple):
    """What an order comes to.

    Attributes:
        fill: Price, quote; at or below 0 = there is none.
        fee: Quote.
        impact: Quote; below 0 = a rebate.
    """

    fill: Floats
    fee: Floats
    impact: Floats

    @property
    def cost(self) -> Floats:
        """Fee and impact, quote."""
        return self.fee + self.impact


def quote(terms: Terms, size: Floats, price: Floats, delta: Floats) -> Order:
    """Return what trading `delta` comes to, the token's own size being the market's skew."""
    fill = price * (1 + (size + delta / 2) / terms.scale)
    amount = np.abs(delta)
    makes = np.where(size * delta < 0, np.minimum(amount, np.abs(size)), 0.0)
    fee = fill * (makes * terms.maker + (amount - makes) * terms.taker)
    return Order(fill, fee, delta * (fill - price))


def level(size: Floats, price: Floats, equity: Floats) -> Floats:
    """Return real leverage: inf without equity, 0 without a position."""
    notional = np.abs(size) * price
    found = np.divide(notional, equity, out=np.full_like(notional, np.inf), where=equity > 0)
    found[size == 0] = 0.0
    return found


def delta_to(
    terms: Terms, size: Floats, price: Floats, equity: Floats, aim: Floats, rate: Floats
) -> Floats:
    """Return the trade that leaves leverage `aim` after its own cost and reward.

    Args:
        terms: Of the tokens.
        size: q.
        price: P.
        equity: E, above 0.
        aim: Leverage.
        rate: Reward per notional.
    """
    held = np.abs(size)
    gap = aim * equity - held * price
    upward = gap > 0
    gap, turn = np.abs(gap), np.where(upward, 1.0, -1.0)
    side = turn * terms.side
    delta = np.zeros_like(size)
    per_notional, open_ = rate, np.ones(size.shape, dtype=bool)
    for step in range(QUOTES + 1):
        factor = 1 + turn * aim * per_notional
        open_ &= factor > 0
        amount = gap / (price * np.where(open_, factor, 1.0))
        amount = np.where(upward, amount, np.minimum(amount, held))
        delta = np.where(open_, side * amount, delta)
        if step == QUOTES:
            break
        order = quote(terms, size, price, delta)
        open_ &= (order.fill > 0) & (amount > 0)
        traded = np.where(open_, amount * price, 1.0)
        per_notional = rate + order.cost / traded
    return delta


def keeper_fee(terms: Terms, notional: Floats) -> Floats:
    """Return what liquidating a notional costs."""
    return np.clip(notional * terms.liquidation_fee, terms.least_keeper_fee, terms.most_keeper_fee)


def maintenance(terms: Terms, size: Floats, price: Floats) -> Floats:
    """Return the equity at or below which a position may be liquidated."""
    notional = np.abs(size) * price
    premium = np.minimum(np.abs(size) / terms.scale * terms.premium, 1.0)
    margin = notional * (terms.maintenance + premium) + keeper_fee(terms, notional)
    needed: Floats = np.where(size == 0, 0.0, margin)
    return needed


def room(terms: Terms, size: Floats, price: Floats, equity: Floats, pot: Floats) -> Floats:
    """Return how much a token's side may still grow, underlying.

    Args:
        terms: Of the tokens.
        size: q.
        price: P.
        equity: E.
        pot: Pool and E together.
    """
    most = np.minimum(terms.most_interest, terms.most_notional / price)
    backed = np.maximum(pot - equity, 0.0) / price / terms.reserve
    left: Floats = np.maximum(np.minimum(most, backed) - np.abs(size), 0.0)
    return left


def bears(terms: Terms, size: Floats, price: Floats, left: Floats) -> Bools:
    """Return whether margin is enough to increase a position to this.

    Args:
        terms: Of the tokens.
        size: q after the increase.
        price: P.
        left: Equity after its cost.
    """
    initial = np.abs(size) * price <= left * terms.most_leverage
    return (left >= terms.least_margin) & initial


def is_kept(terms: Terms, size: Floats, price: Floats, left: Floats) -> Bools:
    """Return whether the venue would not liquidate what an order leaves; as in `bears`."""
    kept: Bools = (size == 0) | (left > maintenance(terms, size, price))
    return kept
