"""When does anything happen next? Bars in which nothing could are passed over in blocks.

A token without a trade in hand trades once its leverage is out of the band, is liquidated once its
equity at a bar's adverse extreme is at its margin, and so on. Each of these is a linear function of
price and funding index that falls to zero, so its least value in a block of bars follows from the
block's extremes. What is found is checked again by what acts on it: to find too much is no harm.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steelyard.model.arithmetic import DAY
from steelyard.replay.path import Floats, Ints
from steelyard.replay.vector.market import Bools
from steelyard.replay.vector.series import BLOCK, Series, Stake
from steelyard.replay.vector.terms import NEVER, Terms

AHEAD = 32
"""Blocks that are looked at together."""
_SLACK, _NOISE = 1.02, 1e-12


class Bounds(NamedTuple):
    """What calls for attention, float64, shape (tokens,).

    Attributes:
        stake: What is held.
        side: 1 for a long, -1 for a short.
        lower: Leverage at or below which it does.
        upper: Leverage at or above which it does.
        margin: Equity per notional at or below which it does,
        fee: with this besides, quote.
        low: Price at or below which it does, quote.
        high: Price at or above which it does, quote.
        enough: Equity at or above which it does, quote.
    """

    stake: Stake
    side: Floats
    lower: Floats
    upper: Floats
    margin: Floats
    fee: Floats
    low: Floats
    high: Floats
    enough: Floats

    def pick(self, chosen: Ints) -> Bounds:
        """Return what calls for attention of some tokens."""
        stake = Stake._make(column[chosen] for column in self.stake)
        return Bounds(stake, *(column[chosen] for column in self[1:]))


def make_bounds(
    series: Series, terms: Terms, stake: Stake, traded_price: Floats, small: Floats
) -> Bounds:
    """Return what calls for attention.

    Args:
        series: The paths.
        terms: Of the tokens.
        stake: What they hold.
        traded_price: Of their last trade, quote; where the rule counts no move, 0.
        small: 1 where too little is left for the rule to act on.
    """
    never = np.full_like(small, NEVER)
    acts = small == 0
    bands = acts & (terms.edges != 0) & (stake.size != 0)
    premium = np.minimum(np.abs(stake.size) / terms.scale * terms.premium, 1.0)
    margin = (terms.maintenance + terms.liquidation_fee + premium) * _SLACK
    # What funding may take from the open to the extreme.
    most = np.maximum(series.most_rate, terms.max_rate / DAY * series.makes_funding)
    moves = acts & (terms.adverse < NEVER) & (traded_price > 0)
    move = np.where(moves, terms.adverse, 0.0)
    is_long = terms.side > 0
    return Bounds(
        stake,
        terms.side,
        np.where(bands, terms.lower, -1.0),
        np.where(bands, terms.upper, never),
        margin + most * series.step,
        terms.least_keeper_fee * _SLACK,
        np.where(moves & is_long, traded_price * (1 - move) * (1 + _NOISE), -1.0),
        np.where(moves & ~is_long, traded_price * (1 + move) * (1 - _NOISE), never),
        np.where(acts, never, terms.least * (1 - _NOISE)),
    )


def find_bars(series: Series, bounds: Bounds, offset: Ints, start: Ints, stop: Ints) -> Ints:
    """Return the first bar from `start` on, before `stop`, that calls for attention, else -1.

    Only the next `BLOCK` bars are looked at.

    Args:
        series: The paths.
        bounds: Of the tokens.
        offset: Of their paths in flat arrays.
        start: Row, int64.
        stop: Row, int64.
    """
    rows = start[:, None] + np.arange(BLOCK)
    at = offset[:, None] + np.minimum(rows, series.width - 1)
    price = series.open[at]
    wide = Stake._make(column[:, None] for column in bounds.stake)
    capped = np.where(rows < wide.until, price, wide.capped)
    index = series.mark[at] - price + wide.kappa * capped
    if series.makes_funding:
        index -= price * wide.accrued(series.time[at])[1]
    worth = price + index
    notional = np.abs(wide.size) * price
    equity = wide.base + wide.size * worth
    calls = notional > bounds.upper[:, None] * equity * (1 - _NOISE)
    calls |= notional < bounds.lower[:, None] * equity * (1 + _NOISE)
    calls |= equity >= bounds.enough[:, None]
    extreme = np.where(bounds.side[:, None] > 0, series.low[at], series.high[at])
    notional = np.abs(wide.size) * np.maximum(extreme, price)
    equity += wide.size * (extreme - price)
    calls |= equity <= notional * bounds.margin[:, None] + bounds.fee[:, None]
    calls |= (price <= bounds.low[:, None]) | (price >= bounds.high[:, None])
    calls &= rows < stop[:, None]
    first = calls.argmax(axis=1)
    found = calls[np.arange(len(start)), first]
    return np.where(found, start + first, -1)


def skip_blocks(series: Series, bounds: Bounds, path: Ints, start: Ints) -> tuple[Ints, Bools]:
    """Return the row from which a look is worth it, and whether the block there calls for one.

    Args:
        series: The paths.
        bounds: Of the tokens; none has a kappa left, nor a venue that makes its own funding.
        path: Of each token, number.
        start: Row, int64.
    """
    first = start // BLOCK
    numbers = first[:, None] + np.arange(AHEAD)
    beyond = numbers >= series.count
    at = path[:, None] * series.count + np.minimum(numbers, series.count - 1)
    blocks = series.blocks
    stake, side = bounds.stake, bounds.side[:, None] > 0
    size = stake.size[:, None]
    base = (stake.base + stake.size * stake.kappa * stake.capped)[:, None]
    amount = np.abs(size)
    low, high = blocks.open_low[at], blocks.open_high[at]
    worst_index = size * np.where(side, blocks.index_low[at], blocks.index_high[at])
    best_index = size * np.where(side, blocks.index_high[at], blocks.index_low[at])
    upper, lower = bounds.upper[:, None], bounds.lower[:, None]
    # upper E - N and N - lower E are linear in the price: least at one of its ends.
    ends = [(base + size * price, amount * price) for price in (low, high)]
    calls = beyond.copy()
    for equity, notional in ends:
        calls |= notional > upper * (equity + worst_index) * (1 - _NOISE)
        calls |= notional < lower * (equity + best_index) * (1 + _NOISE)
        calls |= equity + best_index >= bounds.enough[:, None]
    extreme = np.where(side, blocks.low[at], blocks.high[at])
    notional = amount * np.where(side, high, extreme)
    equity = base + size * extreme + worst_index
    calls |= equity <= notional * bounds.margin[:, None] + bounds.fee[:, None]
    calls |= (low <= bounds.low[:, None]) | (high >= bounds.high[:, None])
    found = calls.any(axis=1)
    block = np.where(found, first + calls.argmax(axis=1), first + AHEAD)
    return np.maximum(start, block * BLOCK), found
