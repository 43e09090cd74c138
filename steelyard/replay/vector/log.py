"""What happened to many tokens, kept in columns until somebody asks for one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steelyard.replay.path import Floats, Ints

KINDS = ("rebalance", "flow", "liquidation", "missed", "blocked", "wiped", "read")
"""Of entries; `read` is no event: price and time were booked inside a bar."""


Column = NDArray[Any] | float


class Entry(NamedTuple):
    """Things that happened, in columns, shape (entries,).

    Attributes:
        token: Number.
        row: Of the path that it is booked to.
        kind: Number in KINDS.
        cause: Number in the log's causes.
        time: Unix seconds.
        price: Quote.
        equity: Before, quote.
        size: Before, underlying.
        equity_after: Quote.
        size_after: Underlying.
        fee: Of the order, quote.
        impact: Quote; of a reading, what the price has earned since the last one.
        reward: Quote.
        shares: Before.
        shares_after: After.
    """

    token: Floats
    row: Floats
    kind: Floats
    cause: Floats
    time: Floats
    price: Floats
    equity: Floats
    size: Floats
    equity_after: Floats
    size_after: Floats
    fee: Floats
    impact: Floats
    reward: Floats
    shares: Floats
    shares_after: Floats


class Standing(NamedTuple):
    """How tokens stand from a row on, in columns, shape (entries,).

    Attributes:
        token: Number.
        row: Of the path.
        size: Underlying, from then on.
        base: A of the stake, see `series`.
        kappa: Of the stake.
        until: Of the stake.
        capped: Of the stake.
        since: Of the stake.
        rate: Of the stake.
        velocity: Of the stake.
        most: Of the stake.
        equity: At the row's end, quote.
        shares: At the row's end.
        held: Size at the row's end, underlying.
        shares_base: From which shares grow,
        shares_at: from this time on, unix seconds.
        price: Of the last reading, quote; not the row's where the venue liquidated inside a bar.
        equity_read: At the last reading, quote.
        shares_read: At the last reading.
    """

    token: Floats
    row: Floats
    size: Floats
    base: Floats
    kappa: Floats
    until: Floats
    capped: Floats
    since: Floats
    rate: Floats
    velocity: Floats
    most: Floats
    equity: Floats
    shares: Floats
    held: Floats
    shares_base: Floats
    shares_at: Floats
    price: Floats
    equity_read: Floats
    shares_read: Floats


class Log:
    """Entries and standings of all tokens, each token's in the order of time.

    Attributes:
        causes: By number.
    """

    def __init__(self) -> None:
        """Start empty."""
        self.causes = [""]
        self._entries: list[Floats] = []
        self._standings: list[Floats] = []

    def cause(self, name: str) -> int:
        """Return the number of a cause."""
        if name not in self.causes:
            self.causes.append(name)
        return self.causes.index(name)

    def enter(self, columns: Mapping[str, Column]) -> None:
        """Write down what happened: the columns of an `Entry` by name; a number fills one."""
        self._entries.append(_stacked([columns[name] for name in Entry._fields]))

    def stand(self, columns: Mapping[str, Column]) -> None:
        """Write down how tokens stand: the columns of a `Standing` by name."""
        self._standings.append(_stacked([columns[name] for name in Standing._fields]))

    def entries(self, tokens: int) -> tuple[Entry, Ints]:
        """Return all entries by token, and where each token's begin; shape (tokens + 1,)."""
        matrix, starts = _by_token(self._entries, len(Entry._fields), tokens)
        return Entry._make(matrix), starts

    def standings(self, tokens: int) -> tuple[Standing, Ints]:
        """Return all standings by token, and where each token's begin; shape (tokens + 1,)."""
        matrix, starts = _by_token(self._standings, len(Standing._fields), tokens)
        return Standing._make(matrix), starts


def _stacked(columns: Sequence[Column]) -> Floats:
    """Return columns as one array; the first says how long it is, a number stands for a column."""
    matrix = np.empty((len(columns), np.size(columns[0])))
    for row, column in zip(matrix, columns, strict=True):
        row[:] = column
    return matrix


def _by_token(columns: list[Floats], height: int, tokens: int) -> tuple[Floats, Ints]:
    """Return columns joined and sorted by token, and where each token's begin."""
    matrix = np.concatenate(columns, axis=1) if columns else np.empty((height, 0))
    order = np.argsort(matrix[0], kind="stable")
    starts = np.searchsorted(matrix[0][order], np.arange(tokens + 1))
    return matrix[:, order], starts.astype(np.int64)
