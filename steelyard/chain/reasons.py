"""Why a node or a contract refused, read from the error that the node gave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from eth_abi.abi import decode as eth_abi_decode
from eth_abi.exceptions import DecodingError

from steelyard.chain.errors import ChainError, InsufficientFunds, NonceConflict, Reverted
from steelyard.chain.errors import Underpriced as UnderpricedError
from steelyard.chain.transport import node_error
from steelyard.chain.types import from_hex

_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256), of contracts in Solidity
# Nodes word these in their own ways; none has a code that all share.
_REVERTED = re.compile(r"revert|invalid opcode|invalidfeopcode|out ?of ?gas", re.IGNORECASE)
_FUNDS = re.compile(r"insufficient funds|not enough funds|insufficient balance", re.IGNORECASE)
_NONCE = re.compile(r"nonce (too (low|high)|has already been used)|invalid nonce", re.IGNORECASE)
_PRICE = re.compile(
    r"underpriced|less than block base fee|fee cap|fee too low|gas price too low"
    r"|max fee per gas less",
    re.IGNORECASE,
)
_KNOWN = re.compile(r"already known|known transaction|already imported|already in", re.IGNORECASE)


def revert_reason(data: bytes) -> str:
    """Return the reason in what a reverted call returned; empty when it gave none.

    >>> revert_reason(bytes.fromhex("4e487b71") + (17).to_bytes(32, "big"))
    'panic 0x11'
    """
    try:
        if data[:4] == _ERROR:
            return str(eth_abi_decode(["string"], data[4:])[0])
        if data[:4] == _PANIC:
            return f"panic {hex(eth_abi_decode(['uint256'], data[4:])[0])}"
    except (DecodingError, UnicodeDecodeError):
        return ""
    return ""


def refusal(error: Any, sender: str) -> ChainError:
    """Return what the error of a call, an estimate or a send means.

    Args:
        error: `error` of the answer.
        sender: Whose transaction it is, for the message.
    """
    plain = node_error(error)
    data = _data(error)
    if data or plain.code == 3:  # first: a contract's words may sound like a node's
        return Reverted(revert_reason(data), data)
    if _FUNDS.search(plain.said):
        return InsufficientFunds(sender)
    if _REVERTED.search(plain.said):
        return Reverted("", data)
    if _NONCE.search(plain.said):
        return NonceConflict(plain.said)
    if _PRICE.search(plain.said):
        return UnderpricedError(plain.said)
    return plain


def is_known(error: Any) -> bool:
    """Whether the node has the transaction already."""
    return bool(_KNOWN.search(node_error(error).said))


def _data(error: Any) -> bytes:
    """Return what the call returned; some nodes wrap it once more."""
    found = error.get("data") if isinstance(error, Mapping) else None
    if isinstance(found, Mapping):
        found = found.get("data") or found.get("result")
    if isinstance(found, str) and re.fullmatch(r"0x([0-9a-fA-F]{2})*", found):
        return from_hex(found)
    return b""
