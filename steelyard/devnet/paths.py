"""Where a price goes: an hourly history, or a walk that is made up. A quarter of an hour at a time.

A history is cut as the demo cuts it: an hour is its open, its two extremes and its close. A walk is
the same for the same seed, everywhere; only `random.random()` is drawn, the rest is integers.
"""

from __future__ import annotations

import hashlib
import random
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from steelyard.history import Bar, read_prices
from steelyard.history.made import swing
from steelyard.history.market import HOUR, PRICE_STEP, utc

QUARTER = HOUR // 4

_PPM = 10**6
# At most, in a quarter of an hour, parts per million: what all markets share, and a market's own
# part. Both together make 0.33 % (standard deviation), 0.66 % an hour, 62 % a year, as of a major,
# with a correlation of three quarters between two markets.
_SHARED, _OWN = 7_000, 4_000


class PricePath(Protocol):
    """Prices, found by how far a path has been walked.

    Attributes:
        name: What it is made from; a path of the same name can be gone on with.
        base: Where it began, quote WAD; nothing but a made-up path needs it.
    """

    name: str
    base: int

    def price(self, position: int) -> int:
        """Return a price, quote WAD in whole 8 decimals.

        Args:
            position: Seconds of the path's own time since its beginning.
        """
        ...

    def says(self, position: int) -> str:
        """Return the path's own time for people."""
        ...


class MadeUp:
    """A random walk without end and without drift.

    >>> first, second = MadeUp("BTC", 40_000 * 10**18, seed=1), MadeUp("BTC", 10**18, seed=1)
    >>> first.price(0) // 10**18, first.price(899) == first.price(0) != first.price(900)
    (40000, True)
    """

    def __init__(self, symbol: str, base: int, seed: int) -> None:
        """Begin at a price.

        Args:
            symbol: Markets of one seed share a part of their moves, but not all of it.
            base: First price, quote WAD.
            seed: The same gives the same walk.
        """
        self.name, self.base = f"made up, seed {seed}", base
        self._shared = random.Random(f"steelyard devnet {seed}")
        self._own = random.Random(f"steelyard devnet {seed} {symbol}")
        self._prices = [base // PRICE_STEP * PRICE_STEP]

    def price(self, position: int) -> int:
        """Return a price, see `PricePath.price`."""
        index = position // QUARTER
        while len(self._prices) <= index:
            change = _PPM + swing(self._shared, _SHARED) + swing(self._own, _OWN)
            price = self._prices[-1] * change // _PPM // PRICE_STEP * PRICE_STEP
            self._prices.append(max(price, PRICE_STEP))
        return self._prices[index]

    def says(self, position: int) -> str:
        """Return how far it has come, in its own time."""
        days, rest = divmod(position, 24 * 3_600)
        return f"day {days + 1}, {rest // 3_600:02}:{rest % 3_600 // 60:02}"


class Played:
    """The prices of a history, in their order; the last one stays.

    Hours without prices keep the price before them.
    """

    def __init__(self, name: str, bars: Sequence[Bar]) -> None:
        """Cut the hours.

        Args:
            name: What it is made from.
            bars: By time, at least one.
        """
        self.name = name
        self._start = bars[0].timestamp
        self._times = [bar.timestamp + quarter * QUARTER for bar in bars for quarter in range(4)]
        self._prices = [price for bar in bars for price in bar.path()]
        self.base = self._prices[0]

    def price(self, position: int) -> int:
        """Return a price, see `PricePath.price`."""
        return self._prices[bisect_right(self._times, self._start + position) - 1]

    def says(self, position: int) -> str:
        """Return the time of the price."""
        time = self._start + position
        return f"{utc(time - time % 60)}" if time < self._times[-1] else "at its end"


def read_path(file: Path) -> Played:
    """Read a file of hourly prices, as `steelyard.history` reads it.

    Args:
        file: CSV with columns timestamp, open, high, low, close.

    Raises:
        HistoryError: It is not as it should be.
    """
    bars = read_prices(file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    return Played(f"{file.name} ({digest})", bars)
