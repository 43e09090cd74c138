"""The price walker: goes along price paths faster than time, and pushes what it sees to the feeds.

It waits for nothing: a push is sent at one tick and looked after at the next ones, so whoever calls
`tick` often stays responsive. What cannot be pushed is told and tried again; prices between two
pushes are left out. A price that stands still is pushed again before its heartbeat ends.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from steelyard.chain import Chain, ChainContract, ChainError, Signer, prepare, sign
from steelyard.devnet.paths import PricePath

PATIENCE = 30.0
"""Seconds in which a push should be mined."""
RETRY = 5.0
"""Seconds between a push that failed and the next try."""


@dataclass(frozen=True)
class Feed:
    """A mock feed, and where its price goes.

    Attributes:
        symbol: Of the market.
        contract: MockAggregator.
        decimals: Of its answers.
        path: Its prices.
        position: Where on the path the walk begins, seconds of the path's time.
    """

    symbol: str
    contract: ChainContract
    decimals: int
    path: PricePath
    position: int = 0


@dataclass(frozen=True)
class Push:
    """A price that was pushed, or was not.

    Attributes:
        symbol: Of the market.
        price: Quote per 1 underlying, exact.
        error: Why it is not on the chain; empty when it is.
    """

    symbol: str
    price: Decimal
    error: str = ""


@dataclass
class _Walk:
    """A feed on its way; times are of the walker's clock.

    Attributes:
        feed: Which.
        pushed: What the chain has, in the feed's decimals; None before the first push.
        at: When that was sent.
        sent: Hash, answer and time of what is not mined yet.
        wait: No new try before it.
    """

    feed: Feed
    pushed: int | None = None
    at: float = 0.0
    sent: tuple[str, int, float] | None = None
    wait: float = field(default=float("-inf"))

    def push(self, answer: int, error: str = "") -> Push:
        """Return what became of an answer."""
        return Push(self.feed.symbol, Decimal(answer).scaleb(-self.feed.decimals), error)


class Walker:
    """Walks all feeds at one speed.

    Attributes:
        speed: Seconds of a path per second.
    """

    def __init__(
        self,
        chain: Chain,
        feeds: Sequence[Feed],
        signers: Mapping[str, Signer],
        *,
        speed: int,
        heartbeat: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stand at the beginning; the clock runs from now on.

        Args:
            chain: Where the feeds are.
            feeds: What to push.
            signers: By address, lower case: whoever may own a feed.
            speed: Seconds of a path per second.
            heartbeat: The longest without a push, seconds.
            clock: Seconds, never backwards.
        """
        self._chain, self._signers, self._clock = chain, signers, clock
        self._walks = [_Walk(feed) for feed in feeds]
        self.speed, self._heartbeat, self._began = speed, heartbeat, clock()

    def tick(self) -> list[Push]:
        """Look after what was sent and send what is due; return what has come to an end."""
        return [push for walk in self._walks for push in self._tick(walk)]

    def idle(self) -> bool:
        """Return whether nothing is on its way to the chain."""
        return all(walk.sent is None for walk in self._walks)

    def position(self, feed: Feed) -> int:
        """Return how far along its path a feed is, seconds of the path's time."""
        return feed.position + int((self._clock() - self._began) * self.speed)

    def says(self) -> str:
        """Return the paths' own time for people."""
        said = {walk.feed.path.says(self.position(walk.feed)): None for walk in self._walks}
        return ", ".join(said)

    def walked(self) -> dict[str, dict[str, Any]]:
        """Return where every path is, by symbol, for a later walk to go on."""
        return {
            walk.feed.symbol: {
                "path": walk.feed.path.name,
                "base": str(walk.feed.path.base),
                "position": self.position(walk.feed),
            }
            for walk in self._walks
        }

    def _tick(self, walk: _Walk) -> Iterator[Push]:
        if walk.sent is not None:
            yield from self._look_after(walk)
        if walk.sent is None and self._clock() >= walk.wait:
            yield from self._send(walk)

    def _look_after(self, walk: _Walk) -> Iterator[Push]:
        """See what became of the push that was sent."""
        assert walk.sent is not None
        hash, answer, at = walk.sent
        try:
            receipt = self._chain.receipt(hash)
        except ChainError as error:
            yield self._failed(walk, answer, str(error))
            return
        if receipt is None and self._clock() - at > PATIENCE:
            yield self._failed(walk, answer, f"not mined within {PATIENCE:g} seconds")
        elif receipt is not None and not receipt.status:
            yield self._failed(walk, answer, "the feed refused it")
        elif receipt is not None:
            walk.sent, walk.pushed, walk.at = None, answer, at
            yield walk.push(answer)

    def _send(self, walk: _Walk) -> Iterator[Push]:
        """Send the price of now, if the chain does not have it or has had it for long."""
        feed, now = walk.feed, self._clock()
        answer = feed.path.price(self.position(feed)) // 10 ** (18 - feed.decimals)
        if answer == walk.pushed and now - walk.at < self._heartbeat:
            return
        try:
            owner = str(feed.contract.call.owner())
            signer = self._signers.get(owner.lower())
            if signer is None:
                yield self._failed(walk, answer, f"the feed belongs to {owner}: no key")
                return
            call = feed.contract.encode("push", answer)
            signed = sign(signer, prepare(self._chain, signer.address, feed.contract.address, call))
            walk.sent = self._chain.send_raw(signed.raw), answer, now
        except ChainError as error:
            yield self._failed(walk, answer, str(error))

    def _failed(self, walk: _Walk, answer: int, error: str) -> Push:
        """Give a push up, and wait a moment before the next one."""
        walk.sent, walk.wait = None, self._clock() + RETRY
        return walk.push(answer, error)
