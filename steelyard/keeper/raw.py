"""What a signed transaction says."""

from __future__ import annotations

from typing import NamedTuple

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes


class Sent(NamedTuple):
    """A signed transaction.

    Attributes:
        to: Contract, EIP-55 hex str.
        data: Calldata.
        gas: Limit.
    """

    to: str
    data: bytes
    gas: int


def read_raw(raw: str) -> Sent:
    """Return what was signed.

    Args:
        raw: A transaction of type 2 as it is sent, 0x-prefixed hex.
    """
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    to = to_checksum_address(bytes(fields["to"]))
    return Sent(to, bytes(fields["data"]), int(fields["gas"]))
