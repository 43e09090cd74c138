"""Everything that speaks to a node: over web3.py, with timeouts, bounded retries and typed errors.

A node may be slow, gone, behind, or wrong. Whatever happens, the caller gets an answer or a
`ChainError` that says what to do, and a transaction is never sent a second time.
"""

from steelyard.chain.client import Chain
from steelyard.chain.contract import ChainContract, Event
from steelyard.chain.errors import (
    ChainError,
    InsufficientFunds,
    NodeError,
    NodeTimeout,
    NodeUnreachable,
    NonceConflict,
    OutcomeUnknown,
    ReceiptTimeout,
    Reverted,
    TransactionDropped,
    TransactionFailed,
    Underpriced,
    WrongChain,
)
from steelyard.chain.sending import Prepared, Signed, execute, prepare, send, sign
from steelyard.chain.signer import KeySigner, Signer
from steelyard.chain.types import Block, Fees, RawLog, Receipt

__all__ = [
    "Block",
    "Chain",
    "ChainContract",
    "ChainError",
    "Event",
    "Fees",
    "InsufficientFunds",
    "KeySigner",
    "NodeError",
    "NodeTimeout",
    "NodeUnreachable",
    "NonceConflict",
    "OutcomeUnknown",
    "Prepared",
    "RawLog",
    "Receipt",
    "ReceiptTimeout",
    "Reverted",
    "Signed",
    "Signer",
    "TransactionDropped",
    "TransactionFailed",
    "Underpriced",
    "WrongChain",
    "execute",
    "prepare",
    "send",
    "sign",
]
