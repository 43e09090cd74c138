"""What a node tells, as frozen values. Addresses are EIP-55 hex str, hashes lower-case hex str."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address


@dataclass(frozen=True, slots=True)
class Block:
    """A block.

    Attributes:
        number: Index.
        timestamp: Unix seconds.
        hash: Hex str.
        base_fee: Wei per gas; None on a chain without EIP-1559.
    """

    number: int
    timestamp: int
    hash: str
    base_fee: int | None


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers per gas, wei.

    Attributes:
        base_fee: Of the last block.
        max_fee: Twice the base fee, and the priority fee.
        priority_fee: For who makes the block.
    """

    base_fee: int
    max_fee: int
    priority_fee: int


@dataclass(frozen=True, slots=True)
class RawLog:
    """A log, not decoded.

    Attributes:
        address: Contract.
        topics: 32 bytes each.
        data: The rest.
        block: Number of its block.
        transaction: Hash.
        index: Position in its block.
        block_hash: Of its block; empty where the node does not say.
        timestamp: Of its block, seconds; None where the node does not say.
        removed: Whether its block is no longer part of the chain.
    """

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
    transaction: str
    index: int
    block_hash: str = ""
    timestamp: int | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction that was mined.

    Attributes:
        hash: Of the transaction.
        block: Number of its block.
        status: False when it reverted.
        gas_used: Gas.
        effective_gas_price: Wei per gas.
        contract_address: What it created, or None.
        logs: In order.
        block_hash: Of its block: after a reorganisation it is another.
        data_fee: What a rollup charges besides the gas, for the data it publishes; wei.
    """

    hash: str
    block: int
    status: bool
    gas_used: int
    effective_gas_price: int
    contract_address: str | None
    logs: tuple[RawLog, ...]
    block_hash: str = ""
    data_fee: int = 0

    @property
    def gas_cost(self) -> int:
        """What the gas came to, with the rollup's data fee; wei."""
        return self.gas_used * self.effective_gas_price + self.data_fee


def from_hex(text: str | bytes) -> bytes:
    """Return the bytes of a hex str.

    >>> from_hex("0x6162")
    b'ab'
    """
    return bytes(text) if isinstance(text, bytes) else bytes.fromhex(text.removeprefix("0x"))


def read_block(answer: Mapping[str, Any]) -> Block:
    """Return a block as `eth_getBlockByNumber` gives it."""
    base_fee = answer.get("baseFeePerGas")
    return Block(
        number=int(answer["number"], 16),
        timestamp=int(answer["timestamp"], 16),
        hash=answer["hash"],
        base_fee=None if base_fee is None else int(base_fee, 16),
    )


def read_log(answer: Mapping[str, Any]) -> RawLog:
    """Return a log as `eth_getLogs` gives it."""
    timestamp = answer.get("blockTimestamp")
    return RawLog(
        address=to_checksum_address(answer["address"]),
        topics=tuple(from_hex(topic) for topic in answer["topics"]),
        data=from_hex(answer["data"]),
        block=int(answer["blockNumber"], 16),
        transaction=answer["transactionHash"],
        index=int(answer["logIndex"], 16),
        block_hash=answer.get("blockHash") or "",
        # Not in the standard; some nodes give it, and some of those as a number.
        timestamp=int(timestamp, 16) if isinstance(timestamp, str) else timestamp,
        removed=bool(answer.get("removed", False)),
    )


def read_receipt(answer: Mapping[str, Any]) -> Receipt:
    """Return a receipt as `eth_getTransactionReceipt` gives it."""
    created = answer.get("contractAddress")
    return Receipt(
        hash=answer["transactionHash"],
        block=int(answer["blockNumber"], 16),
        status=int(answer["status"], 16) == 1,
        gas_used=int(answer["gasUsed"], 16),
        effective_gas_price=int(answer.get("effectiveGasPrice") or "0x0", 16),
        contract_address=to_checksum_address(created) if created else None,
        logs=tuple(map(read_log, answer["logs"])),
        block_hash=answer.get("blockHash") or "",
        data_fee=int(answer.get("l1Fee") or "0x0", 16),  # of the OP stack
    )
