"""What a report shows of a replay: where the return went, each trade, how near the end was."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from steelyard.accounting import NAV_UNIT
from steelyard.demo.amounts import apportion
from steelyard.history.market import utc
from steelyard.model.arithmetic import WAD
from steelyard.replay import theory
from steelyard.replay.path import Floats
from steelyard.replay.result import Event, Result, finite
from steelyard.replay.rules import Steelyard

CENTI = 10_000
"""Units of 100 % when two decimals are shown."""

STEPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("naive", ("naive",)),
    ("compounding", ("compounding",)),
    ("funding", ("funding",)),
    ("trading", ("fees", "impact")),
    ("keepers", ("rewards",)),
    ("management", ("management",)),
    ("others' flows", ("flows",)),
    ("liquidation", ("liquidation",)),
)
"""Steps of the waterfall: name, and the parts of `PART_NAMES` in it."""
_SELDOM = ("others' flows", "liquidation")


@dataclass(frozen=True)
class Subject:
    """A token of a report.

    Attributes:
        label: What it is called, e.g. `3L`, or `3L ftx` where rules are compared.
        market: What its price is called, e.g. `BTC`; may be empty.
        result: What became of it.
    """

    label: str
    market: str
    result: Result

    @property
    def name(self) -> str:
        """Market and label: `BTC3L`."""
        return self.market + self.label

    @property
    def price(self) -> str:
        """The price in a sentence."""
        return self.market or "the price"

    @property
    def file(self) -> str:
        """The label as a part of a file's name."""
        return self.label.replace(" ", "-")

    @property
    def band(self) -> tuple[float, float, float]:
        """Edges lo and hi, and emergency leverage; 0 or inf = there is none."""
        rule = self.result.settings.rule
        emergency = math.inf
        if isinstance(rule, Steelyard):
            emergency = rule.rules.emergency_leverage / WAD
        return rule.lower, rule.upper, emergency


@dataclass(frozen=True)
class Trade:
    """The rebalances of one bar, chunk after chunk.

    Attributes:
        time: Of the first, unix seconds.
        trigger: Of the first.
        chunks: How many.
        price: Oracle price of the first, quote.
        before: Leverage before them.
        after: Leverage after them.
        notional: Traded, quote.
        cost: Fees, impact and rewards, quote.
    """

    time: int
    trigger: str
    chunks: int
    price: float
    before: float
    after: float
    notional: float
    cost: float


def trades(result: Result) -> list[Trade]:
    """Return the rebalances, those of a bar as one.

    Args:
        result: Of a replay.
    """
    found = []
    for _, group in groupby(result.rebalances, key=lambda event: event.bar):
        chunks = list(group)
        first, last = chunks[0], chunks[-1]
        found.append(
            Trade(
                time=first.time,
                trigger=first.cause,
                chunks=len(chunks),
                price=first.price,
                before=first.leverage_before,
                after=last.leverage_after,
                notional=sum(abs(chunk.size_delta) * chunk.price for chunk in chunks),
                cost=sum(chunk.fee + chunk.impact + chunk.reward for chunk in chunks),
            )
        )
    return found


def waterfall(result: Result) -> list[tuple[str, int]]:
    """Return where the return went, in hundredths of a percent of the first NAV.

    Args:
        result: Of a replay.

    Returns:
        Name and amount of each step; they add up to the return, rounded. Steps that hardly any
        token has are left out where they are nothing.
    """
    moves = [sum(result.moves[part] for part in parts) for _, parts in STEPS]
    amounts = apportion(moves, result.navs[0], CENTI)
    pairs = zip((name for name, _ in STEPS), amounts, moves, strict=True)
    return [(name, amount) for name, amount, move in pairs if move or name not in _SELDOM]


def factors(result: Result) -> dict[str, float] | None:
    """Return what each cause multiplied NAV by; their product is NAV at the end over the start.

    Each row's change is split among its causes in proportion, as logarithms. `trend` is the price's
    ratio to the power of the leverage, what leverage held exactly brings where the price goes
    straight; `decay` is what all price moves brought, over that. Entries of others count there too.

    Args:
        result: Of a replay.

    Returns:
        None where nothing is left: no factors make zero.
    """
    nav = result.nav
    before = np.concatenate(([result.navs[0] / NAV_UNIT], nav[:-1]))
    if (nav <= 0).any() or (before <= 0).any():
        return None
    change, rows = nav - before, result.rows
    logs = np.log(nav / before)
    each = np.divide(logs, change, out=1 / before, where=change != 0) / rows.shares
    amounts = {
        "funding": rows.funding,
        "trading": -rows.fees - rows.impact - rows.reward,
        "management": -rows.management,
        "liquidation": -rows.liquidated,
    }
    parts = {name: float((amount * each).sum()) for name, amount in amounts.items()}
    price = float(logs.sum()) - sum(parts.values())
    trend = result.settings.kind.factor * math.log1p(result.price_return)
    parts = {"trend": trend, "decay": price - trend} | parts
    return {name: math.exp(part) for name, part in parts.items()}


def formula(result: Result) -> dict[str, float]:
    """Return what formulas expect, to lay beside `factors`: see `steelyard.replay.theory`.

    Args:
        result: Of a replay.

    Returns:
        `volatility` of the price a year; `decay` and `funding`, what they multiply NAV by.
    """
    path, factor = result.path, result.settings.kind.factor
    moves = np.diff(np.log(result.price))
    variance = float((moves**2).sum())
    paid = float((path.funding / WAD * np.diff(result.time) / 86_400).sum())
    return {
        "volatility": math.sqrt(variance / path.years),
        "decay": theory.growth(factor, 1.0, variance),
        "funding": theory.growth(factor, 1.0, 0.0, paid),
    }


def distances(result: Result) -> Floats:
    """Return the nearest move to liquidation in each bar, nan without a position.

    Args:
        result: Of a replay.

    Returns:
        Fractions of the price, float64, shape (n,).
    """
    return np.where(np.isfinite(result.nearness), result.nearness, np.nan)


def endings(result: Result) -> list[Event]:
    """Return the liquidations, by time.

    Args:
        result: Of a replay.
    """
    return [event for event in result.events if event.kind == "liquidation"]


def details(subject: Subject) -> dict[str, Any]:
    """Return the figures of a token for `summary.json`.

    What `Result.summary` has, and: label, market, when it was liquidated, the deepest loss and the
    extremes of NAV with their times, what else multiplied NAV, formulas, and the settings.

    Args:
        subject: Which.
    """
    result = subject.result
    settings, times = result.settings, result.time
    low, high = int(np.argmin(result.nav)), int(np.argmax(result.nav))
    liquidated = [utc(event.time) for event in endings(result)]
    return {
        "label": subject.label,
        "market": subject.market,
        **result.summary(),
        "drawdown_at": utc(int(times[np.argmax(result.drawdown)])),
        "nav_low": [float(result.nav[low]), utc(int(times[low]))],
        "nav_high": [float(result.nav[high]), utc(int(times[high]))],
        "liquidated_at": liquidated[0] if liquidated else None,
        "ended_at": None if result.ended_at is None else utc(int(times[result.ended_at])),
        "factors": factors(result),
        "formula": formula(result),
        "settings": {
            "deposit": settings.deposit,
            "delay": settings.keeper.delay,
            "miss": settings.keeper.miss,
            "seed": settings.keeper.seed,
            "taker_fee": settings.venue.taker_fee,
            "maker_fee": settings.venue.maker_fee,
            "management_fee": settings.fee,
            "depth": settings.venue.depth,
            "emergency_leverage": finite(subject.band[2]),
        },
    }
