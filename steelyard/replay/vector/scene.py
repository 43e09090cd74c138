"""Tokens in bars in which something may happen, each in a bar of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steelyard.replay.path import Floats, Ints
from steelyard.replay.vector.log import KINDS, Column, Log
from steelyard.replay.vector.market import level
from steelyard.replay.vector.policy import Case, Memory
from steelyard.replay.vector.series import Place, Series, Stake, equity_at, touched
from steelyard.replay.vector.terms import Table, Terms


class State(NamedTuple):
    """What lasts of tokens from bar to bar, float64, shape (tokens,).

    First what they hold (`Stake`), last what they remember (`Memory`).

    Attributes:
        pot: Pool and equity together, quote.
        shares: All of them, from which they grow
        shares_at: from this time on, unix seconds.
        held: Shares of who comes and goes.
        flow: Number of the next flow.
        due_since: Row; -1 = nothing is due.
        blocked: Cause that was noted last; 0 = none.
        small: 1 where too little is left for a preset to act on.
        traded_price: Of a preset's last trade, quote.
        served: Number of the boundary that a preset served last.
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
    pot: Floats
    shares: Floats
    shares_at: Floats
    held: Floats
    flow: Floats
    due_since: Floats
    blocked: Floats
    small: Floats
    traded_price: Floats
    served: Floats
    aim: Floats
    aimed_at: Floats
    upward: Floats
    rebuilding: Floats
    traded_at: Floats
    used: Floats
    changed_at: Floats


STAKE, MEMORY = slice(0, len(Stake._fields)), slice(-len(Memory._fields), None)


class Scene:
    """Some tokens at work. Arrays are of shape (tokens of the scene,).

    Attributes:
        tokens: Their numbers.
        is_own: Whether they trade by Steelyard's own rule.
        row: Of the bar each is in.
        at: Its place in flat arrays.
        terms: Of the tokens.
        state: Views of `columns`.
        columns: What lasts, float64, shape (fields of State, tokens).
        now: Unix seconds.
        price: Quote.
        equity: Quote.
        shares: Now.
        booked: Row that things are booked to.
        read: Price, equity and shares at the last reading, shape (3, tokens).
    """

    def __init__(
        self, series: Series, table: Table, columns: Floats, tokens: Ints, at: Ints, row: Ints
    ) -> None:
        """Show the open of their bars."""
        self.series, self.tokens, self.at, self.row = series, tokens, at, row
        self.is_own = table.is_own
        self._figures = table.take(tokens)
        self.terms = Terms._make(self._figures)
        self.columns = columns[:, tokens]
        self.state = State._make(self.columns)
        self.now, self.price = series.time[at].copy(), series.open[at].copy()
        self.equity = equity_at(series, self.stake, self.place)
        self.shares = self._grown(self.now)
        self.booked = row.astype(np.float64)
        self.read = np.array((self.price, self.equity, self.shares))

    @property
    def stake(self) -> Stake:
        """What is held."""
        return Stake._make(self.columns[STAKE])

    @property
    def place(self) -> Place:
        """Where they are."""
        return Place(self.row, self.at, self.now, self.price)

    @property
    def level(self) -> Floats:
        """Leverage."""
        return level(self.state.size, self.price, self.equity)

    def case(self, chosen: Ints) -> Case:
        """Return what decisions of some are made of."""
        here = self.state.size, self.equity, self.price, self.now, self.state.pot
        if len(chosen) == len(self.tokens):
            return Case(self._figures, self.columns[MEMORY], *here)
        memory = self.columns[MEMORY, chosen]
        return Case(self._figures[:, chosen], memory, *(column[chosen] for column in here))

    def some_terms(self, chosen: Ints) -> Terms:
        """Return the terms of some."""
        if len(chosen) == len(self.tokens):
            return self.terms
        return Terms._make(self._figures[:, chosen])

    def pass_to(self, log: Log, chosen: Ints, now: Floats, price: Floats) -> None:
        """Go on to a time and a price inside the bar, and book what they have done.

        Args:
            log: Where it is written down.
            chosen: Who.
            now: Unix seconds.
            price: Quote.
        """
        equity, shares = self.equity[chosen], self.shares[chosen]
        gain = self.state.size[chosen] * (price - self.price[chosen])
        self.now[chosen], self.price[chosen] = now, price
        place = Place._make(column[chosen] for column in self.place)
        stake = Stake._make(self.columns[STAKE][:, chosen])
        self.equity[chosen] = equity_at(self.series, stake, place)
        self.shares[chosen] = self._grown(self.now)[chosen]
        after = self.equity[chosen], self.shares[chosen]
        self.read[:, chosen] = price, *after
        self.note(
            log,
            "read",
            0,
            chosen,
            equity=equity,
            shares=shares,
            equity_after=after[0],
            shares_after=after[1],
            impact=gain,
        )

    def touch(self, chosen: Ints, size: Floats, equity: Floats) -> None:
        """Let accounts hold something else from now on.

        Args:
            chosen: Whose.
            size: Underlying.
            equity: Quote.
        """
        place = Place._make(column[chosen] for column in self.place)
        old = Stake._make(self.columns[STAKE][:, chosen])
        stake = touched(self.series, self.some_terms(chosen), old, place, equity, size)
        for column, values in zip(self.columns[STAKE], stake, strict=True):
            column[chosen] = values
        self.equity[chosen] = self.read[1, chosen] = equity

    def note(self, log: Log, kind: str, cause: Floats | int, chosen: Ints, **more: Floats) -> None:
        """Write down what happened, or will by the figures given: see `Entry`."""
        size, equity, shares = (
            column[chosen] for column in (self.state.size, self.equity, self.shares)
        )
        figures: dict[str, Column] = {
            "token": self.tokens[chosen],
            "row": self.booked[chosen],
            "kind": KINDS.index(kind),
            "cause": cause,
            "time": self.now[chosen],
            "price": self.price[chosen],
            "size": size,
            "equity": equity,
            "shares": shares,
            "size_after": size,
            "equity_after": equity,
            "shares_after": shares,
            "fee": 0.0,
            "impact": 0.0,
            "reward": 0.0,
        }
        log.enter(figures | more)

    def standing(self) -> dict[str, Column]:
        """Return how they stand: the columns of a `Standing`."""
        state = self.state
        here = {
            "token": self.tokens,
            "row": self.row,
            "equity": self.equity.copy(),
            "shares": self.shares.copy(),
            "held": state.size.copy(),
            "shares_base": state.shares,
            "shares_at": state.shares_at,
        }
        read = dict(zip(("price", "equity_read", "shares_read"), self.read, strict=True))
        return here | read | self.stake._asdict()

    def _grown(self, now: Floats) -> Floats:
        """Return shares with those of the management fee."""
        state = self.state
        shares: Floats = state.shares * grown(
            self.terms.fee_rate, now - state.shares_at, self.is_own
        )
        return shares


def grown(rate: Floats | float, elapsed: Floats, is_own: bool) -> Floats:
    """Return what one share has become, fee shares included.

    Args:
        rate: Continuous, per second.
        elapsed: Seconds.
        is_own: Whether the contract reckons it, by four terms, or the replay.
    """
    x = rate * elapsed
    if not is_own:
        return np.asarray(np.exp(x))
    series: Floats = 1 + x + x * x / 2 + x**3 / 6 + x**4 / 24
    return series
