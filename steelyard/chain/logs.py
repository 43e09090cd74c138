"""Logs of many blocks, asked for in ranges that a node bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from steelyard.chain.errors import NodeError, NodeTimeout
from steelyard.chain.types import RawLog, read_log

if TYPE_CHECKING:
    from steelyard.chain.client import Chain

SPAN = 2_000
"""Blocks of a range: what most public nodes allow."""


def get_logs(
    chain: Chain,
    addresses: str | Sequence[str] | None,
    topics: Sequence[bytes | Sequence[bytes] | None],
    first: int,
    last: int,
    *,
    span: int = SPAN,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[RawLog]:
    """Yield the logs of a range of blocks, in order.

    A range that the node refuses, or does not manage in time, is halved until it does; what one
    block holds it must manage. Ranges grow again as long as the node bears it.

    Args:
        chain: Where.
        addresses: Contracts; None for all.
        topics: For each position the topic (32 bytes), several to choose from, or None for any.
        first: Number of the first block.
        last: Number of the last block, included.
        span: Blocks asked for at once, at most.
        progress: Called after each range with the blocks done and the blocks in all.

    Raises:
        ChainError: The node does not answer, or not even for one block.
    """
    if span < 1:
        raise ValueError("span: at least 1 block")
    total, at, step = last - first + 1, first, span
    while at <= last:
        end = min(at + step - 1, last)
        try:
            answer = chain.request("eth_getLogs", _filter(addresses, topics, at, end))
        except (NodeError, NodeTimeout):
            if end == at:
                raise
            step = max((end - at + 1) // 2, 1)
            continue
        yield from sorted(map(read_log, answer), key=lambda log: (log.block, log.index))
        at, step = end + 1, min(step * 2, span)
        if progress is not None:
            progress(at - first, total)


def _filter(
    addresses: str | Sequence[str] | None,
    topics: Sequence[bytes | Sequence[bytes] | None],
    first: int,
    last: int,
) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "topics": [_topic(topic) for topic in topics],
    }
    if addresses is not None:
        asked["address"] = addresses if isinstance(addresses, str) else list(addresses)
    return asked


def _topic(topic: bytes | Sequence[bytes] | None) -> Any:
    if topic is None:
        return None
    if isinstance(topic, bytes):
        return "0x" + topic.hex()
    return ["0x" + choice.hex() for choice in topic]
