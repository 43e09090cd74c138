"""Reads a token's logs from a node, all of one chain: what changes meanwhile is read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from steelyard.abi import address_bytes
from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain.client import Chain
from steelyard.chain.errors import NodeError
from steelyard.chain.logs import SPAN
from steelyard.chain.types import Block, RawLog
from steelyard.sdk.history.errors import ChainReorganised, HistoryError
from steelyard.sdk.history.events import Happened
from steelyard.sdk.history.history import History
from steelyard.sdk.history.replay import play

Progress = Callable[[int, int], None]
Topics = Sequence[bytes | Sequence[bytes] | None]

ATTEMPTS = 3
"""How often a history is read before a chain that keeps changing is given up."""

_TOKEN = ("Transfer", "Deposit", "Withdraw", "Rebalanced", "Configured", "MintPaused")
_TOKEN_LIFE = ("WindDownStarted", "Settled", "FeesClaimed")
_VENUE = ("PositionModified", "MarginDeposited", "PositionLiquidated", "PositionDeleveraged")
_VENUE_FLAGS = ("AccountFlagged", "AccountRecovered")


@dataclass(frozen=True)
class Source:
    """Which token, and where its logs are. Addresses are EIP-55 hex str.

    Attributes:
        token: The token.
        symbol: Of the token.
        decimals: Of the collateral.
        venue: The exchange.
        market: The token's market there.
        factory: Who made the token.
        since: Block from which to look for its making: its own, or that of the factory.
        until: Block up to which to look for it; None for the end of the range.
    """

    token: str
    symbol: str
    decimals: int
    venue: str
    market: int
    factory: str
    since: int
    until: int | None = None

    @classmethod
    def recorded(
        cls, deployment: Deployment, token: str, symbol: str, venue: str, market: int
    ) -> Source:
        """Return where the logs of a token of a deployment are.

        Args:
            deployment: The record; it need not know the token, only its factory.
            token: As in Source.
            symbol: As in Source.
            venue: As in Source.
            market: As in Source.
        """
        factory = deployment.contracts["LeveragedTokenFactory"]
        known = [record.block for record in deployment.tokens.values() if record.address == token]
        return cls(
            token=token,
            symbol=symbol,
            decimals=deployment.collateral.decimals,
            venue=venue,
            market=market,
            factory=factory.address,
            since=known[0] if known else factory.block,
            until=known[0] if known else None,
        )


def read_history(
    chain: Chain,
    source: Source,
    last: int | None = None,
    *,
    span: int = SPAN,
    progress: Progress | None = None,
) -> History:
    """Return the history of a token from its first block on. Needs no archive node.

    Args:
        chain: Where.
        source: Which token.
        last: Number of the last block; the newest by default.
        span: Blocks asked for at once, at most.
        progress: Called with the blocks done and the blocks in all; begins anew when the chain
            changes.

    Raises:
        HistoryError: There is no such token in these blocks, or logs are missing.
        ChainReorganised: The chain changed during every attempt.
        ChainError: The node does not answer.
    """
    for _ in range(ATTEMPTS):
        try:
            return _read(_Reader(chain, source, span, progress), last)
        except _Changed:
            continue
    raise ChainReorganised(
        f"the chain changed {ATTEMPTS} times while {source.symbol} was read",
        "read up to an older block, or try again later",
    )


class _Changed(Exception):
    """What was read belongs to two chains."""


def _read(reader: _Reader, last: int | None) -> History:
    source, tip = reader.source, reader.chain.block("latest" if last is None else last)
    try:
        created, *events = reader.events(tip)
    except NodeError as error:
        # A node refuses to speak of blocks that it no longer has.
        if reader.holds(tip):
            raise
        raise _Changed from error
    return History(
        token=source.token,
        symbol=source.symbol,
        decimals=source.decimals,
        born=created.block,
        first=created.block,
        last=tip.number,
        last_hash=tip.hash,
        all=tuple(play(created, events, source.decimals)),
    )


@dataclass(frozen=True)
class _Reader:
    """Asks the node."""

    chain: Chain
    source: Source
    span: int
    progress: Progress | None

    def events(self, tip: Block) -> list[Happened]:
        """Return all there is up to a block, the token's making first.

        Raises:
            _Changed: It is not of one chain.
        """
        made = self.made(tip.number)
        logs = [*self.of_token(made.block, tip.number), *self.of_account(made.block, tip.number)]
        times = self.times([made, *logs], tip)
        logs.sort(key=lambda log: (log.block, log.index))
        return [_happened(log, times[log.block]) for log in (made, *logs)]

    def holds(self, tip: Block) -> bool:
        """Return whether a block is still part of the chain."""
        if self.chain.block().number < tip.number:
            return False
        return self.chain.block(tip.number).hash == tip.hash

    def made(self, last: int) -> RawLog:
        """Return the log of the token's making."""
        source = self.source
        topics = [_topic("LeveragedTokenFactory", "TokenCreated"), _address(source.token)]
        until = last if source.until is None else min(source.until, last)
        logs = self.chain.logs(source.factory, topics, source.since, until, span=self.span)
        for log in logs:
            return log
        raise HistoryError(
            f"{source.symbol} was not made in blocks {source.since} to {until}",
            "ask for a later block, or check the record of the deployment",
        )

    def of_token(self, first: int, last: int) -> Iterable[RawLog]:
        """Yield the token's own logs."""
        topics = [[_topic("LeveragedToken", name) for name in (*_TOKEN, *_TOKEN_LIFE)]]
        return self._logs(self.source.token, topics, first, last, half=0)

    def of_account(self, first: int, last: int) -> Iterable[RawLog]:
        """Yield the venue's logs of the token's account."""
        names = [_topic("PerpExchange", name) for name in (*_VENUE, *_VENUE_FLAGS)]
        market = self.source.market.to_bytes(32, "big")
        topics: Topics = [names, market, _address(self.source.token)]
        return self._logs(self.source.venue, topics, first, last, half=1)

    def times(self, logs: Iterable[RawLog], tip: Block) -> dict[int, int]:
        """Return the times (seconds) of all blocks with logs, which must be of one chain.

        Raises:
            _Changed: They are not, or the last block is no longer what it was.
        """
        hashes, times = {tip.number: tip.hash}, {tip.number: tip.timestamp}
        for log in logs:
            if log.removed or not _same(
                hashes.setdefault(log.block, log.block_hash), log.block_hash
            ):
                raise _Changed
            if log.timestamp is not None:
                times[log.block] = log.timestamp
        for number in hashes.keys() - times.keys():
            times[number] = self._block(number, hashes[number]).timestamp
        # Every page lies between two looks at the last block: if it is the same, so were all.
        self._block(tip.number, tip.hash)
        return times

    def _block(self, number: int, expected: str) -> Block:
        block = self.chain.block(number)
        if not _same(block.hash, expected):
            raise _Changed
        return block

    def _logs(
        self,
        address: str,
        topics: Topics,
        first: int,
        last: int,
        *,
        half: int,
    ) -> Iterable[RawLog]:
        tell = self.progress
        report = None
        if tell is not None:

            def report(done: int, total: int) -> None:
                tell((half * total + done) // 2, total)

        return self.chain.logs(address, topics, first, last, span=self.span, progress=report)


def _same(one: str, other: str) -> bool:
    """Return whether two block hashes agree, as far as they are known."""
    return not one or not other or one == other


def _happened(log: RawLog, timestamp: int) -> Happened:
    event = _EVENTS[log.topics[0]]
    values = event.decode(log.topics, log.data)
    return Happened(event.name, values, log.block, log.index, timestamp, log.transaction)


def _topic(contract: str, name: str) -> bytes:
    (topic,) = (e.topic for e in load_abi(contract).events.values() if e.name == name)
    return topic


def _address(address: str) -> bytes:
    return bytes(12) + address_bytes(address)


_EVENTS = (
    load_abi("LeveragedTokenFactory").events
    | load_abi("PerpExchange").events
    | load_abi("LeveragedToken").events
)
