"""What can go wrong between us and a node, each with what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.errors import CONTRACT_ERRORS, SteelyardError

if TYPE_CHECKING:
    from steelyard.chain.types import Receipt


class ChainError(SteelyardError):
    """Base of everything that goes wrong between us and a node.

    Attributes:
        is_transient: Whether the same question may be answered a moment later.
        delivered: Whether the node may have received the question.
        arrived_before: Whether it may have received it in an attempt before the last one.
    """

    is_transient = False
    delivered = True
    arrived_before = False


class NodeUnreachable(ChainError):
    """There is no connection, or it broke before the answer was complete."""

    is_transient = True

    def __init__(self, endpoint: str, detail: str, *, delivered: bool = True) -> None:
        """Say which node and what happened."""
        remedy = "start the node, or check its address and your network"
        super().__init__(f"no connection to {endpoint}: {detail}", remedy)
        self.delivered = delivered


class NodeTimeout(ChainError):
    """The node took longer than it may."""

    is_transient = True

    def __init__(self, endpoint: str, method: str, detail: str = "") -> None:
        """Say which node was asked what."""
        said = f": {detail}" if detail else ""
        remedy = "try again, allow a longer timeout, or use another node"
        super().__init__(f"{endpoint} did not answer {method} in time{said}", remedy)


class NodeError(ChainError):
    """The node answered with an error, or with nonsense.

    Attributes:
        code: Of JSON-RPC, or the status of HTTP; 0 for an answer that makes no sense.
        said: The node's message.
    """

    def __init__(self, code: int, message: str, *, transient: bool = False) -> None:
        """Keep code and message."""
        remedy = "try again later, or use another node" if transient else _REMEDIES.get(code, "")
        super().__init__(f"the node answered with an error: {message} [{code}]", remedy)
        self.code, self.said, self.is_transient = code, message, transient


_REMEDIES = {
    401: "check the key in the node's address",
    403: "check the key in the node's address",
    404: "check the path in the node's address",
    -32601: "use a node that offers this method",
}


class WrongChain(ChainError):
    """The node serves another chain than the one that is meant."""

    def __init__(self, expected: int, actual: int) -> None:
        """Say both chain ids."""
        remedy = f"connect to a node of chain {expected}, or use the deployment of chain {actual}"
        super().__init__(f"expected chain {expected}, but the node serves {actual}", remedy)
        self.expected, self.actual = expected, actual


class Reverted(ChainError):
    """A contract refused a call; nothing has happened.

    Attributes:
        reason: What it said, e.g. `mint: paused`; empty when it said nothing.
        data: What it returned.
    """

    def __init__(self, reason: str, data: bytes = b"") -> None:
        """Add the remedy of a known reason."""
        said = f"reverted: {reason}" if reason else "reverted without a reason"
        super().__init__(said, CONTRACT_ERRORS.get(reason, ""))
        self.reason, self.data = reason, data


class InsufficientFunds(ChainError):
    """The account cannot pay for the gas. Amounts in wei, None where the node did not say."""

    def __init__(self, address: str, needed: int | None = None, has: int | None = None) -> None:
        """Say who lacks how much."""
        sums = "" if needed is None else f": it has {has} wei and may need {needed} wei"
        remedy = f"send the chain's own coin (ether or the like) to {address}"
        super().__init__(f"{address} cannot pay for the gas{sums}", remedy)
        self.address, self.needed, self.has = address, needed, has


class NonceConflict(ChainError):
    """Another transaction of the account has the same nonce."""

    def __init__(self, detail: str) -> None:
        """Keep what the node said."""
        remedy = "another program may be using this account: wait for it and try again"
        super().__init__(f"the account has sent something else meanwhile: {detail}", remedy)


class Underpriced(ChainError):
    """The node wants a higher fee."""

    def __init__(self, detail: str) -> None:
        """Keep what the node said."""
        remedy = "try again: the fee is read anew; or wait for what is pending of this account"
        super().__init__(f"the fee is too low: {detail}", remedy)


class OutcomeUnknown(ChainError):
    """A transaction may have been sent, and we do not know what became of it.

    Attributes:
        hash: Of the transaction.
    """

    def __init__(self, hash: str, detail: str) -> None:
        """Say which transaction."""
        remedy = "look up this hash before you send anything again: it may still be mined"
        super().__init__(f"transaction {hash}: {detail}", remedy)
        self.hash = hash


class ReceiptTimeout(OutcomeUnknown):
    """A transaction was sent and is not mined yet."""

    def __init__(self, hash: str, seconds: float) -> None:
        """Say which transaction."""
        super().__init__(hash, f"not mined within {seconds:g} seconds")


class TransactionDropped(ChainError):
    """Another transaction with the same nonce was mined instead: this one never will be."""

    def __init__(self, hash: str) -> None:
        """Say which transaction."""
        remedy = "nothing happened: another program used this account; send it again"
        super().__init__(f"transaction {hash} was replaced by another one", remedy)
        self.hash = hash


class TransactionFailed(ChainError):
    """A transaction was mined and reverted; only gas was paid.

    Attributes:
        hash: Of the transaction.
        reason: What the contract said; empty when it could not be found out.
        receipt: With the gas that was paid.
    """

    def __init__(self, hash: str, reason: str, receipt: Receipt | None = None) -> None:
        """Add the remedy of a known reason."""
        said = f": {reason}" if reason else ""
        remedy = CONTRACT_ERRORS.get(reason, "something changed before it was mined: try again")
        super().__init__(f"transaction {hash} failed{said}", remedy)
        self.hash, self.reason, self.receipt = hash, reason, receipt
