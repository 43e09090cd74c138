"""What a market history is made of.

Prices are quote per 1 underlying, WAD (1e18), in whole 8 decimals, as a Chainlink feed gives them.
Funding rates are WAD per day, positive: longs pay. Times are unix seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from steelyard.errors import SteelyardError

HOUR = 3_600
FUNDING_PERIOD = 8 * HOUR
PRICE_STEP = 10**10
"""WAD of the last of 8 decimals."""


class HistoryError(SteelyardError):
    """A history that cannot be read, or does not know what it was asked."""


def utc(timestamp: int) -> str:
    """Return a time for people.

    Args:
        timestamp: Unix seconds.

    >>> utc(1_583_971_200), utc(1_583_971_201)
    ('2020-03-12 00:00', '2020-03-12 00:00:01')
    """
    time = datetime.fromtimestamp(timestamp, UTC)
    return time.strftime("%Y-%m-%d %H:%M:%S" if timestamp % 60 else "%Y-%m-%d %H:%M")


@dataclass(frozen=True, slots=True)
class Bar:
    """The prices (WAD) of an hour.

    Attributes:
        timestamp: Start of the hour, unix seconds.
        open: First price.
        high: Highest price.
        low: Lowest price.
        close: Last price.
    """

    timestamp: int
    open: int
    high: int
    low: int
    close: int

    def path(self) -> tuple[int, int, int, int]:
        """Return open, the extreme nearer to it (in ratio), the other extreme, and close.

        That is the order that a price takes most often, and four points a quarter of an hour apart.

        >>> Bar(0, 100, 110, 80, 90).path(), Bar(0, 100, 130, 80, 90).path()
        ((100, 110, 80, 90), (100, 80, 130, 90))
        """
        # Nearer in ratio: high / open is less than open / low.
        if self.high * self.low < self.open * self.open:
            return self.open, self.high, self.low, self.close
        return self.open, self.low, self.high, self.close


class FundingRate(NamedTuple):
    """A rate that holds from its time until the next one.

    Attributes:
        timestamp: Unix seconds.
        rate: WAD per day, positive: longs pay.
    """

    timestamp: int
    rate: int


class Gap(NamedTuple):
    """Downtime: hours without prices.

    Attributes:
        start: End of the last hour with prices, unix seconds.
        end: Start of the next one, unix seconds.
    """

    start: int
    end: int

    def __str__(self) -> str:
        """Return a sentence for people.

        >>> print(Gap(1_583_312_400, 1_583_316_000))
        no prices for 1 hour, 2020-03-04 09:00 to 2020-03-04 10:00 UTC
        """
        hours = (self.end - self.start) // HOUR
        length = f"{hours} hour{'' if hours == 1 else 's'}"
        return f"no prices for {length}, {utc(self.start)} to {utc(self.end)} UTC"


@dataclass(frozen=True)
class History:
    """An hourly history of a market and its funding.

    Attributes:
        name: Where it comes from, for people.
        bars: At least one, by time; hours that are missing are downtime.
        funding: By time, from the rate of the first hour on.

    Example:
        >>> bars = tuple(Bar(hour * HOUR, *[40_000 * 10**18] * 4) for hour in (0, 1, 4))
        >>> history = History("flat", bars, (FundingRate(0, 3 * 10**14),))
        >>> history.start, history.end, history.gaps == ((7_200, 14_400),)
        (0, 18000, True)
    """

    name: str
    bars: tuple[Bar, ...]
    funding: tuple[FundingRate, ...]

    @property
    def start(self) -> int:
        """Start of the first hour, unix seconds."""
        return self.bars[0].timestamp

    @property
    def end(self) -> int:
        """End of the last hour, unix seconds."""
        return self.bars[-1].timestamp + HOUR

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The downtimes, by time."""
        return tuple(
            Gap(bar.timestamp + HOUR, later.timestamp)
            for bar, later in pairwise(self.bars)
            if later.timestamp - bar.timestamp > HOUR
        )

    def rate_at(self, timestamp: int) -> int:
        """Return the funding rate, WAD per day, positive: longs pay.

        Args:
            timestamp: Unix seconds; the last rate at or before it counts.

        Raises:
            HistoryError: There is no such rate.

        >>> History("", (), (FundingRate(8, 3), FundingRate(16, -3))).rate_at(16)
        -3
        """
        index = bisect_right(self.funding, timestamp, key=lambda funding: funding.timestamp) - 1
        if index < 0:
            raise HistoryError(
                f"no funding rate at {utc(timestamp)} UTC", "ask from the first rate on"
            )
        return self.funding[index].rate
