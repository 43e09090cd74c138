"""A market's price feed: how old its price is, and how much it has moved of late."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.abi import AbiError
from steelyard.chain import Chain, ChainContract, ChainError, Reverted
from steelyard.chain.logs import SPAN
from steelyard.sdk import Steelyard

BLOCKS = 40_000
"""How far back moves are looked for: what a public node gives in a few seconds."""
DAYS = 7
"""Moves that are older do not count."""
PATIENCE = 5.0
"""Seconds for reading them: what a holder waits for is something else."""
LEAST_MOVES, LEAST_SECONDS = 20, 3_600
"""With less, a volatility would be chance."""

YEAR = 365 * 86_400
_AGGREGATOR = keccak(b"aggregator()")[:4]


@dataclass(frozen=True)
class Volatility:
    """How much a price has moved.

    Attributes:
        yearly: Standard deviation of the logarithm in a year, a part of one.
        moves: Of how many changes of the price.
        seconds: Over how long.
    """

    yearly: Decimal
    moves: int
    seconds: int


@dataclass(frozen=True)
class PriceNews:
    """What a feed tells.

    Attributes:
        updated_at: Of its last answer, unix seconds; None if it cannot be read.
        volatility: None if there are too few moves, or they cannot be read.
    """

    updated_at: int | None = None
    volatility: Volatility | None = None


def volatility(points: Sequence[tuple[int, int]]) -> Volatility | None:
    """Return the realised volatility of a price that was written down at any times.

    Args:
        points: Time (seconds) and price (any unit), in order.

    Returns:
        sqrt(sum of squared log returns / time), a year; None when there is too little to tell.
    """
    prices = [(at, price) for at, price in points if price > 0]
    if len(prices) <= LEAST_MOVES or prices[-1][0] - prices[0][0] < LEAST_SECONDS:
        return None
    elapsed = prices[-1][0] - prices[0][0]
    variance = Decimal(0)
    for (_, before), (_, after) in zip(prices, prices[1:], strict=False):
        variance += (Decimal(after) / Decimal(before)).ln() ** 2
    return Volatility((variance * YEAR / elapsed).sqrt(), len(prices) - 1, elapsed)


def read_news(steelyard: Steelyard, market: str, now: int) -> PriceNews:
    """Read what a market's feed tells.

    What a node or a feed does not give is left out: nobody should be kept from leaving because an
    old log cannot be had.

    Args:
        steelyard: Where.
        market: Symbol.
        now: Time of the chain, seconds.
    """
    record = steelyard.deployment.markets.get(market)
    if record is None:
        return PriceNews()
    feed = steelyard.connection.contract("MockAggregator", record.feed)
    try:
        updated_at = feed.call.latestRoundData()[3]
    except (Reverted, AbiError):
        updated_at = None
    try:
        points = _answers(_Hasty(steelyard.chain), _source(feed, record.feed_kind), now)
    except ChainError:
        return PriceNews(updated_at)  # whoever shows it says that it is unknown
    return PriceNews(updated_at, volatility(points))


class _TooSlow(ChainError):
    """There was no time for another question."""


class _Hasty(Chain):
    """A node that is asked once each, and nothing more when the time is over."""

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain.web3, attempts=1)
        self._end = time.monotonic() + PATIENCE

    @property
    def is_late(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() > self._end

    def request(self, method: str, *params: Any) -> Any:
        """Ask, as `Chain.request`."""
        if self.is_late:
            raise _TooSlow(f"no time for {method}")
        return super().request(method, *params)


def _source(feed: ChainContract, kind: str) -> ChainContract:
    """Return who writes the feed's log: behind a live feed's proxy that is its aggregator."""
    if kind == "mock":
        return feed
    try:
        answer = feed.chain.call(feed.address, _AGGREGATOR)
    except Reverted:
        return feed
    return ChainContract(feed.chain, to_checksum_address(answer[-20:]), feed.interface)


def _answers(chain: _Hasty, feed: ChainContract, now: int) -> list[tuple[int, int]]:
    """Return times and prices, as far back as they count and there is time to read them."""
    last = chain.block().number
    first, oldest = max(last - BLOCKS + 1, 0), now - DAYS * 86_400
    found: list[tuple[int, int]] = []
    while last >= first and not chain.is_late:
        start = max(last - SPAN + 1, first)
        logs = chain.logs(feed.address, [feed.topic("AnswerUpdated")], start, last)
        page = [(event.values.updatedAt, event.values.current) for event in feed.events(logs)]
        found = page + found
        if page and page[0][0] < oldest:
            break
        last = start - 1
    return [point for point in found if oldest <= point[0] <= now]
