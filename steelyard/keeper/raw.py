"""Transactions as they are signed, and what one that is signed says."""

from __future__ import annotations

from typing import NamedTuple

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from hexbytes import HexBytes

from steelyard.chain import Signer
from steelyard.keeper.types import Attempt


class Sent(NamedTuple):
    """What a transaction does.

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


def sign(
    signer: Signer,
    chain_id: int,
    nonce: int,
    what: Sent,
    offered: tuple[int, int],
    now: int,
    *,
    cancels: bool = False,
) -> Attempt:
    """Sign a transaction. Nothing is sent.

    Args:
        signer: The keeper's account.
        chain_id: Of EIP-155.
        nonce: Of the account.
        what: It does.
        offered: The most paid per gas and for priority, wei.
        now: Of the chain, seconds.
        cancels: Whether it does nothing but use the nonce.
    """
    most, priority = offered
    transaction = {"type": 2, "chainId": chain_id, "nonce": nonce, "value": 0, **what._asdict()}
    raw = signer.sign_transaction(
        transaction | {"maxFeePerGas": most, "maxPriorityFeePerGas": priority}
    )
    return Attempt(
        hash="0x" + keccak(raw).hex(),
        raw="0x" + raw.hex(),
        max_fee=most,
        priority_fee=priority,
        sent_at=now,
        cancels=cancels,
    )
