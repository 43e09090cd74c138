"""What became of a token: a row for every bar, what happened, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from steelyard.accounting import NAV_UNIT, PART_NAMES
from steelyard.history.market import utc
from steelyard.model.arithmetic import WAD
from steelyard.replay.path import ANSWER, YEAR, Floats, Ints, Path
from steelyard.replay.settings import Settings

NOTHING = ""
"""The trigger of a bar without a trade."""
_STEPS = 12


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the token.

    Attributes:
        bar: Of the path, from 0; `len(path)` = at its end.
        time: Unix seconds.
        kind: `rebalance`, `flow`, `liquidation`, `recovery`, `rebirth`, `downtime`, `missed`
            (the keeper was not there although a trade was due), `blocked`, `wiped`.
        cause: Trigger of a rebalance, or what blocked one; names of the model's enumerations.
            A preset's triggers are `DRIFT` (out of its band, or an adverse move) and `SCHEDULE`.
        price: Oracle price, quote.
        size_delta: Traded or closed, underlying.
        size: After it, underlying.
        equity: After it, quote.
        leverage_before: inf without equity.
        leverage_after: inf without equity.
        fee: Of the order, quote.
        impact: Quote; below 0 = a rebate.
        reward: To the keeper, quote.
    """

    bar: int
    time: int
    kind: str
    cause: str = ""
    price: float = 0.0
    size_delta: float = 0.0
    size: float = 0.0
    equity: float = 0.0
    leverage_before: float = 0.0
    leverage_after: float = 0.0
    fee: float = 0.0
    impact: float = 0.0
    reward: float = 0.0


@dataclass(frozen=True)
class Rows:
    """The token at every row of `Path.marks`: the open of each bar, then the last close.

    A row is what is left once everything is done that is done at that bar's open; so what it says
    depends on nothing later. Amounts of a row count from the row before it, exclusive, to itself,
    inclusive; so sums over rows are totals. After a token's end rows stay as they were then, with
    nothing in them that flows. Every array is float64, shape (n + 1,), but for the last.

    Attributes:
        equity: Quote; below 0 when the position is worth less than nothing.
        shares: With those owed as fees.
        size: Underlying, below 0 for a short.
        leverage_open: At the open, before anything is done; inf without equity.
        funding: Received (+) or paid (-) for the position, quote.
        fees: Of rebalances' orders, paid to the venue, quote.
        impact: Of rebalances' orders, paid against the oracle price, quote; below 0 = a rebate.
        reward: Paid to keepers for rebalances, quote.
        management: Paid to the token's fee receiver, quote: what the new shares are worth.
        traded: Notional of rebalances, quote.
        liquidated: Taken by liquidations, quote.
        trigger: Name of the first rebalance's trigger in the row, `NOTHING` without one; object.
    """

    equity: Floats
    shares: Floats
    size: Floats
    leverage_open: Floats
    funding: Floats
    fees: Floats
    impact: Floats
    reward: Floats
    management: Floats
    traded: Floats
    liquidated: Floats
    trigger: NDArray[np.object_]


@dataclass(frozen=True)
class Result:
    """A replay of one token over one path.

    Attributes:
        path: What was played.
        settings: To whom.
        engine: `bytecode` or `vector`.
        rows: The token at every row.
        events: What happened, by time.
        moves: Of NAV, by PART_NAMES, whole 1e-36 quote: they add up to last less first NAV.
        navs: First and last, whole 1e-36 quote.
        ended_at: Row of the token's end, None if it lives: no position, and nothing to rebuild.
    """

    path: Path
    settings: Settings
    engine: str
    rows: Rows
    events: tuple[Event, ...]
    moves: Mapping[str, int]
    navs: tuple[int, int]
    ended_at: int | None = None

    # Arrays of shape (n + 1,), float64

    @property
    def time(self) -> Ints:
        """Of each row, int64, unix seconds."""
        return self.path.times

    @cached_property
    def price(self) -> Floats:
        """Oracle price, quote."""
        price: Floats = self.path.marks / ANSWER
        return price

    @cached_property
    def nav(self) -> Floats:
        """Net asset value of a share, quote; first and last are those of `navs`."""
        return self.rows.equity / self.rows.shares

    @cached_property
    def leverage(self) -> Floats:
        """Real leverage after each row's trades; inf without equity, 0 without a position."""
        return leverage(self.rows.size, self.price, self.rows.equity)

    @cached_property
    def drawdown(self) -> Floats:
        """Loss since the highest NAV so far, a fraction, 0 at a high."""
        lost: Floats = 1 - self.nav / np.maximum.accumulate(self.nav)
        return lost

    # Arrays of shape (n,), float64: inside each bar

    @cached_property
    def adverse(self) -> Floats:
        """The price of each bar that hurts most, quote: low for a long, high for a short."""
        worst = self.path.low if self.settings.kind.is_long else self.path.high
        adverse: Floats = worst / ANSWER
        return adverse

    @cached_property
    def worst_equity(self) -> Floats:
        """Equity at the adverse price of each bar, had nothing been done, quote."""
        rows = self.rows
        return rows.equity[:-1] + rows.size[:-1] * (self.adverse - self.price[:-1])

    @cached_property
    def worst_leverage(self) -> Floats:
        """Leverage at the adverse price of each bar; inf without equity, 0 without a position."""
        return leverage(self.rows.size[:-1], self.adverse, self.worst_equity)

    @cached_property
    def distance(self) -> Floats:
        """Adverse move to the venue's maintenance margin from the adverse price of each bar.

        A fraction of that price; 0 = due, inf without a position.
        """
        return distance(
            self.rows.size[:-1], self.worst_equity, self.adverse, self.settings, self.path
        )

    @cached_property
    def opening_distance(self) -> Floats:
        """The same from each open, before anything was done there; inf in the first bar.

        After downtime, or where the open is beyond the last bar's extremes, it is the nearer one.
        """
        held, price = self.rows.size[:-2], self.price[1:-1]
        level = self.rows.leverage_open[1:-1]
        # Closed inside the bar before: leverage at the open is 0, and no position is held.
        held = np.where(level == 0, 0.0, held)
        notional = np.abs(held) * price
        equity = np.divide(notional, level, out=np.zeros_like(notional), where=level > 0)
        moves = distance(held, equity, price, self.settings, self.path)
        return np.concatenate(([np.inf], moves))

    @cached_property
    def nearness(self) -> Floats:
        """The nearer of `distance` and `opening_distance`: how near to its end each bar brought."""
        return np.minimum(self.distance, self.opening_distance)

    @cached_property
    def peak_leverage(self) -> Floats:
        """The highest leverage known of each bar, at its open or at its adverse price."""
        return np.maximum(self.worst_leverage, self.rows.leverage_open[:-1])

    # Figures

    @property
    def total_return(self) -> float:
        """NAV at the end over NAV at the start, less 1."""
        return self.navs[1] / self.navs[0] - 1

    @property
    def price_return(self) -> float:
        """The same of the price."""
        return self.path.final / int(self.path.open[0]) - 1

    @property
    def parts(self) -> dict[str, float]:
        """Parts of the return by PART_NAMES, fractions."""
        return {name: self.moves[name] / self.navs[0] for name in PART_NAMES}

    @property
    def rebalances(self) -> list[Event]:
        """The rebalances, by time; each chunk is one."""
        return [event for event in self.events if event.kind == "rebalance"]

    @property
    def wiped_at(self) -> int | None:
        """When nothing was left, unix seconds; None = never."""
        return next((event.time for event in self.events if event.kind == "wiped"), None)

    @property
    def tracking_error(self) -> float:
        """Standard deviation of NAV's return less leverage times the price's, per root year."""
        last = len(self.price) if self.ended_at is None else self.ended_at + 1
        nav, price = self.nav[:last], self.price[:last]
        if last < 3 or (nav[:-1] <= 0).any():
            return 0.0
        wanted = self.settings.kind.factor * (price[1:] / price[:-1] - 1)
        error = nav[1:] / nav[:-1] - 1 - wanted
        return float(error.std() * np.sqrt(YEAR / self.path.step))

    def frame(self) -> pd.DataFrame:
        """Return the rows as a table, a line for every row of `Path.marks`.

        Index: the row's time, UTC. Columns: price and nav (quote), leverage and leverage_open, and
        every array of `Rows`, with its unit.
        """
        index = pd.DatetimeIndex(pd.to_datetime(self.time, unit="s", utc=True), name="time")
        own = {"price": self.price, "nav": self.nav, "leverage": self.leverage}
        rows = {field.name: getattr(self.rows, field.name) for field in fields(self.rows)}
        return pd.DataFrame(own | rows, index=index)

    def summary(self) -> dict[str, Any]:
        """Return the figures, as JSON can hold them: numbers, strings, None, dicts and lists.

        Returns and parts are fractions, the parts add up to the return to the last digit of a
        float; money is quote, times are ISO in UTC.
        """
        rows, rule, kind = self.rows, self.settings.rule, self.settings.kind
        counts = Counter(event.cause for event in self.rebalances)
        kinds = Counter(event.kind for event in self.events)
        blocked = Counter(event.cause for event in self.events if event.kind == "blocked")
        return {
            "token": str(kind),
            "rule": rule.name,
            "engine": self.engine,
            "leverage": kind.factor,
            "band": [finite(rule.lower), finite(rule.upper)],
            "bars": len(self.path),
            "start": utc(int(self.path.time[0])),
            "end": utc(self.path.end),
            "price_return": self.price_return,
            "return": self.total_return,
            "parts": self.parts,
            "nav": [nav / NAV_UNIT for nav in self.navs],
            "rebalances": len(self.rebalances),
            "triggers": dict(sorted(counts.items())),
            "rebalanced_bars": int((rows.traded > 0).sum()),
            "traded": float(rows.traded.sum()),
            "paid": {
                "funding": -float(rows.funding.sum()),
                "fees": float(rows.fees.sum()),
                "impact": float(rows.impact.sum()),
                "rewards": float(rows.reward.sum()),
                "management": float(rows.management.sum()),
                "liquidation": float(rows.liquidated.sum()),
            },
            **self._extremes(),
            "drawdown": float(np.max(self.drawdown)),
            "tracking_error": self.tracking_error,
            "liquidations": kinds["liquidation"],
            "missed": kinds["missed"],
            "downtimes": kinds["downtime"],
            "blocked": dict(sorted(blocked.items())),
            "wiped_at": None if self.wiped_at is None else utc(self.wiped_at),
        }

    def _extremes(self) -> dict[str, Any]:
        """Return the highest and lowest leverage, and how near to liquidation it came."""
        held = self.rows.size[:-1] != 0
        closest = int(np.argmin(self.nearness))
        near = float(self.nearness[closest])
        high = self.peak_leverage
        low = self.leverage[:-1][held]
        return {
            "leverage_max": finite(float(high.max())),
            "leverage_min": finite(float(low.min())) if held.any() else 0.0,
            "closest": finite(near),
            "closest_at": utc(int(self.path.time[closest])) if np.isfinite(near) else None,
        }


def leverage(size: Any, price: Any, equity: Any) -> Floats:
    """Return real leverage: notional over equity.

    Args:
        size: Underlying; float64, any shape.
        price: Quote; the same shape.
        equity: Quote; the same shape.

    Returns:
        float64, the same shape; inf without equity, 0 without a position.
    """
    notional = np.abs(size) * price
    level = np.divide(notional, equity, out=np.full_like(notional, np.inf), where=equity > 0)
    return np.where(np.asarray(size) == 0, 0.0, level)


def distance(size: Any, equity: Any, price: Any, settings: Settings, path: Path) -> Floats:
    """Return the adverse move of the price after which equity is at its maintenance margin.

    E - |q| P x = maintenance(P (1 -+ x)), solved from the margin at P: that is a percent or two of
    notional, so each step leaves a hundredth of the error. As `steelyard.demo.risk.distance`.

    Args:
        size: Underlying; float64, any shape.
        equity: Quote; the same shape.
        price: Quote; the same shape.
        settings: Whose venue.
        path: Whose depth.

    Returns:
        Fractions of the price, float64, the same shape; 0 = due, inf without a position, at most 1
        for a long.
    """
    config = settings.venue.market(path).config
    amount = np.abs(size)
    notional = amount * price
    side = np.sign(size)
    premium = amount / (config.skew_scale / WAD) * (config.liquidation_premium / WAD)
    ratio = config.maintenance_ratio / WAD + np.minimum(premium, 1.0)
    fee_ratio = config.liquidation_fee_ratio / WAD
    least, most = config.min_keeper_fee / WAD, config.max_keeper_fee / WAD
    move = np.zeros_like(notional)
    held = notional > 0
    for _ in range(_STEPS):
        moved = notional * np.maximum(1 - side * move, 0.0)
        margin = moved * ratio + np.clip(moved * fee_ratio, least, most)
        left = np.divide(equity - margin, notional, out=np.zeros_like(notional), where=held)
        move = np.maximum(left, 0.0)
    return np.where(held, np.where(side > 0, np.minimum(move, 1.0), move), np.inf)


def finite(number: float) -> float | None:
    """Return a number as JSON can hold it: None for infinity."""
    return number if np.isfinite(number) else None
