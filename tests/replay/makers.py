"""Paths to test with."""

from dataclasses import replace

import numpy as np

from steelyard.replay import Path, from_prices, make_settings, replay
from steelyard.replay.path import ANSWER

HOUR = 3_600
MIDNIGHT = 1_577_836_800


def hourly(prices, *, start=MIDNIGHT, rate=0.0):
    """Return a path of hours that go straight from price to price."""
    return from_prices(prices, step=HOUR, start=start, rate=rate)


def with_bars(path, *, low=(), high=(), time=()):
    """Return a path with other lows, highs (quote) or times (seconds) at some bars."""
    changed = {}
    for name, new, unit in (("low", low, ANSWER), ("high", high, ANSWER), ("time", time, 1)):
        values = getattr(path, name).copy()
        for bar, value in dict(new).items():
            values[bar] = round(value * unit)
        changed[name] = values
    return replace(path, **changed)


def walk(seed, hours=200, swing=0.02, start_price=10_000.0, rate=0.0003):
    """Return a random walk of hours, with extremes and funding that changes every eight hours."""
    source = np.random.default_rng(seed)
    prices = start_price * np.exp(np.cumsum(source.normal(0, swing, hours + 1)))
    path = hourly(prices)
    ends = np.stack([path.open, path.close])
    spread = 1 + abs(source.normal(0, swing / 2, (2, hours)))
    rates = source.normal(rate, 2 * abs(rate), hours // 8 + 1).repeat(8)[:hours]
    return Path(
        "walk",
        HOUR,
        path.time,
        path.open,
        (ends.max(axis=0) * spread[0]).astype(np.int64),
        (ends.min(axis=0) / spread[1]).astype(np.int64),
        path.close,
        np.rint(rates * 1e18),
    )


def play(path, token="3L", rule="steelyard", *, free=False, **changes):
    """Replay a path to a token."""
    settings = make_settings(token, rule)
    settings = settings.without_costs() if free else settings
    return replay(path, replace(settings, **{"deposit": 100_000.0} | changes))
