"""A market history that is made up, the same everywhere and always.

Only `random.random()` is drawn, whose sequence Python promises to keep; the rest is integers.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

from steelyard.history.market import (
    FUNDING_PERIOD,
    HOUR,
    Bar,
    FundingRate,
    History,
)
from steelyard.model.arithmetic import WAD

START = 1_704_067_200
"""2024-01-01 00:00 UTC."""
OPENING_CENTS = 4_000_000
DOWNTIME = range(118, 123)
"""The hours without prices."""

_CENT = WAD // 100
_PPM = 10**6
_STEPS = 12


@dataclass(frozen=True)
class _Phase:
    """Some hours of one mood.

    Attributes:
        hours: How long.
        drift: Of the price, parts per million an hour.
        swing: At most, of the price, parts per million in a twelfth of an hour.
    """

    hours: int
    drift: int
    swing: int


# Ten days.
_PHASES = (
    _Phase(96, 3_700, 2_800),  # up
    _Phase(60, -200, 5_000),  # chop
    _Phase(2, -22_000, 3_000),  # it slides
    _Phase(1, -220_000, 6_000),  # the crash: down by a fifth within the hour
    _Phase(3, -14_000, 6_000),  # aftershocks
    _Phase(78, 1_700, 4_000),  # recovers a part
)


@cache
def default_history() -> History:
    """Return ten days of a market: up by two fifths, sideways, a crash, partly back.

    Five hours of downtime are in it, and an hour that loses a fifth.

    Example:
        >>> history = default_history()
        >>> min(bar.close * 100 // bar.open for bar in history.bars)
        79
    """
    hours = _hours(random.Random("steelyard: default history"))
    funding = _funding(hours)
    bars = tuple(bar for hour, bar in enumerate(hours) if hour not in DOWNTIME)
    return History("made up", bars, funding)


def _hours(source: random.Random) -> list[Bar]:
    """Walk through the phases; the hours of downtime are walked too, unseen."""
    bars: list[Bar] = []
    price = OPENING_CENTS
    for phase in _PHASES:
        for _ in range(phase.hours):
            path = [price]
            for _ in range(_STEPS):
                change = phase.drift // _STEPS + swing(source, phase.swing)
                path.append(path[-1] * (_PPM + change) // _PPM)
            price = path[-1]
            prices = [cents * _CENT for cents in (path[0], max(path), min(path), price)]
            bars.append(Bar(START + len(bars) * HOUR, *prices))
    return bars


def swing(source: random.Random, most: int) -> int:
    """Return a random change in [-most, most), small ones more likely.

    Args:
        source: Two numbers are drawn.
        most: In units of choice; the standard deviation is `most` by the root of 6.
    """
    # A float times a power of two is exact, so no platform rounds it another way.
    draws = sum(int(source.random() * 2**32) for _ in range(2))
    return (draws - 2**32) * most // 2**32


def _funding(hours: list[Bar]) -> tuple[FundingRate, ...]:
    """Return the rates of a crowd that runs after the last day: 1 bp per 8 hours, and 1 % of it."""
    every, day = FUNDING_PERIOD // HOUR, 24
    rates = []
    for hour in range(0, len(hours), every):
        then, now = hours[max(hour - day, 0)].open, hours[hour].open
        change = (now - then) * _PPM // then
        per_period = max(-1_500, min(1_500, 100 + change // 100))
        rates.append(FundingRate(hours[hour].timestamp, 3 * per_period * (WAD // _PPM)))
    return tuple(rates)
