"""A node, asked with timeouts and bounded retries."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3

from steelyard.chain import logs as log_ranges
from steelyard.chain import reasons, transport
from steelyard.chain.errors import (
    ChainError,
    NodeError,
    NodeUnreachable,
    NonceConflict,
    OutcomeUnknown,
    ReceiptTimeout,
    TransactionDropped,
    WrongChain,
)
from steelyard.chain.types import (
    Block,
    Fees,
    RawLog,
    Receipt,
    from_hex,
    read_block,
    read_receipt,
)
from steelyard.contract import ZERO_ADDRESS

_LONGEST_PAUSE = 8.0  # seconds between two attempts
_LOOKS = 5  # for a receipt that should be there
_NO_SUCH_METHOD = -32601


class Chain:
    """A node, asked with timeouts and bounded retries; every failure is a ChainError.

    Attributes:
        web3: For whatever is not here.
        attempts: How often a question is asked at most.
        poll: Seconds between two looks for a receipt, and before the first retry.
        endpoint: How messages name the node.

    Example:
        >>> from web3.providers import BaseProvider
        >>> class Node(BaseProvider):
        ...     def make_request(self, method, params):
        ...         return {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}
        >>> Chain(Web3(Node())).chain_id
        31337
    """

    def __init__(self, web3: Web3, *, attempts: int = 4, poll: float = 0.5) -> None:
        """Take a connection; nothing is asked yet."""
        if attempts < 1:
            raise ValueError("attempts: at least 1")
        self.web3, self.attempts, self.poll = web3, attempts, poll
        self.endpoint = transport.endpoint(web3.provider)

    @classmethod
    def connect(
        cls, rpc: str | Web3, *, timeout: float = 10.0, attempts: int = 4, poll: float = 0.5
    ) -> Chain:
        """Connect to a node, and check that it answers.

        Args:
            rpc: Address (http, https, ws or wss), or a connection with timeouts of its own.
            timeout: For each answer, seconds.
            attempts: How often a question is asked at most.
            poll: As in `Chain`.

        Raises:
            ChainError: It does not.
        """
        web3 = rpc if isinstance(rpc, Web3) else Web3(transport.connect(rpc, timeout))
        chain = cls(web3, attempts=attempts, poll=poll)
        _ = chain.chain_id
        return chain

    # ------------------------------------------------------------ READ

    @functools.cached_property
    def chain_id(self) -> int:
        """The chain's id, read once."""
        return self._number("eth_chainId")

    def check_chain(self, expected: int | None = None) -> None:
        """Read the chain's id again: a node may have been replaced by another.

        Args:
            expected: What it should be; what it was at first by default.

        Raises:
            WrongChain: It is another.
        """
        wanted = self.chain_id if expected is None else expected
        if (actual := self._number("eth_chainId")) != wanted:
            raise WrongChain(wanted, actual)

    def block(self, number: int | str = "latest") -> Block:
        """Return a block.

        Args:
            number: Number or tag.

        Raises:
            ChainError: There is none.
        """
        answer = self.request("eth_getBlockByNumber", _tag(number), False)
        if answer is None:
            raise NodeError(0, f"block {number} not found")
        return read_block(answer)

    def call(
        self, to: str, data: bytes, *, sender: str | None = None, block: int | str = "latest"
    ) -> bytes:
        """Call a contract without a transaction.

        Args:
            to: Contract.
            data: Calldata.
            sender: Who calls; nobody by default.
            block: Number or tag of the block whose state is asked.

        Raises:
            Reverted: The contract refused.
            ChainError: The node did not answer.
        """
        call = {"to": to, "data": data} | ({"from": sender} if sender else {})
        return from_hex(self._ask("eth_call", [_transaction(call), _tag(block)], sender))

    def code(self, address: str, block: int | str = "latest") -> bytes:
        """Return the code at an address, immutables included; empty when there is none."""
        return from_hex(self.request("eth_getCode", address, _tag(block)))

    def balance(self, address: str, block: int | str = "latest") -> int:
        """Return the balance of an account, wei."""
        return self._number("eth_getBalance", address, _tag(block))

    def nonce(self, address: str, block: int | str = "latest") -> int:
        """Return how many transactions an account has sent; with `pending`, those to come too."""
        return self._number("eth_getTransactionCount", address, _tag(block))

    def logs(
        self,
        addresses: str | Sequence[str] | None,
        topics: Sequence[bytes | Sequence[bytes] | None],
        first: int,
        last: int,
        *,
        span: int = log_ranges.SPAN,
        progress: Callable[[int, int], None] | None = None,
    ) -> Iterator[RawLog]:
        """Yield logs in order, asked for in ranges that the node bears; see `chain.logs`."""
        return log_ranges.get_logs(
            self, addresses, topics, first, last, span=span, progress=progress
        )

    # ------------------------------------------------------------ SEND

    def estimate_gas(self, transaction: dict[str, Any], block: int | str | None = None) -> int:
        """Return the gas that a transaction needs now.

        Args:
            transaction: from, to, value, data; numbers as int, data as bytes.
            block: Number or tag of the block whose state is asked; by default as the node likes,
                which for some is behind what is pending.

        Raises:
            Reverted: The contract refuses it.
            InsufficientFunds: The sender cannot pay for it.
        """
        asked = [_transaction(transaction), *([] if block is None else [_tag(block)])]
        answer = self._ask("eth_estimateGas", asked, transaction.get("from"))
        return int(answer, 16)

    def fees(self) -> Fees:
        """Return what a transaction should offer: enough for a base fee twice as high."""
        base_fee = self.block().base_fee
        if base_fee is None:
            raise NodeError(0, "the chain has no base fee (EIP-1559)")
        try:
            priority = self._number("eth_maxPriorityFeePerGas")
        except NodeError as error:
            if error.code != _NO_SUCH_METHOD:
                raise
            priority = max(self._number("eth_gasPrice") - base_fee, 0)
        return Fees(base_fee, 2 * base_fee + priority, priority)

    def send_raw(self, raw: bytes) -> str:
        """Send a signed transaction and return its hash.

        What is sent again is the same transaction, which can be mined only once; that the node
        has it already, or has mined it, is no error.

        Raises:
            ChainError: It was refused, and is not with the node.
            OutcomeUnknown: The node broke off: it may have it or not.
        """
        sent = "0x" + keccak(raw).hex()
        try:
            self._ask("eth_sendRawTransaction", ["0x" + raw.hex()], _sender(raw))
        except ChainError as error:
            if isinstance(error, NonceConflict) and self._knows(sent):
                return sent
            # A refusal tells only of the last attempt: one before it may be on its way.
            if error.arrived_before or (error.is_transient and error.delivered):
                raise OutcomeUnknown(sent, f"it may have been sent: {error}") from error
            raise
        return sent

    def _knows(self, hash: str) -> bool:
        """Whether the node has a transaction; no if it does not even say."""
        try:
            return self.transaction(hash) is not None
        except ChainError:
            return False

    def transaction(self, hash: str) -> dict[str, Any] | None:
        """Return a transaction as the node tells it, mined or pending; None if it knows none."""
        answer: dict[str, Any] | None = self.request("eth_getTransactionByHash", hash)
        return answer

    def receipt(self, hash: str) -> Receipt | None:
        """Return what became of a transaction; None while it is not mined."""
        answer = self.request("eth_getTransactionReceipt", hash)
        # A pending transaction has none, but some nodes show a half-filled one.
        return read_receipt(answer) if answer and answer.get("blockNumber") else None

    def wait(self, hash: str, *, timeout: float = 120.0, confirmations: int = 1) -> Receipt:
        """Wait until a transaction is mined, and return what became of it, good or bad.

        Args:
            hash: Of the transaction.
            timeout: Seconds.
            confirmations: Blocks, its own included.

        Raises:
            ReceiptTimeout: It is not mined in time.
            TransactionDropped: Another transaction took its nonce.
            OutcomeUnknown: The node went away.
        """
        deadline = time.monotonic() + timeout
        known: dict[str, Any] | None = None
        try:
            while True:
                receipt = self.receipt(hash)
                if receipt is not None and self._depth(receipt) >= confirmations:
                    return receipt
                if receipt is None:
                    known = self.transaction(hash) or known
                    self._check_alive(hash, known)
                if time.monotonic() >= deadline:
                    raise ReceiptTimeout(hash, timeout)
                time.sleep(min(self.poll, max(deadline - time.monotonic(), 0)))
        except (OutcomeUnknown, TransactionDropped):
            raise
        except ChainError as error:
            raise OutcomeUnknown(hash, f"it was sent, then: {error}") from error

    def _depth(self, receipt: Receipt) -> int:
        return self._number("eth_blockNumber") - receipt.block + 1

    def _check_alive(self, hash: str, known: dict[str, Any] | None) -> None:
        """Raise when the nonce of a transaction that has no receipt is used up."""
        if known is None or self.nonce(known["from"]) <= int(known["nonce"], 16):
            return
        # It may be mined by now, and a node may show its nonce before its receipt.
        for look in range(_LOOKS):
            if look:
                time.sleep(self.poll)
            if self.receipt(hash) is not None:
                return
        # A node forgets what was replaced: one that still has it shows its receipt late.
        if self.transaction(hash) is None:
            raise TransactionDropped(hash)

    # ------------------------------------------------------------ ASK

    def request(self, method: str, *params: Any) -> Any:
        """Ask anything of JSON-RPC and return the result, with retries.

        Args:
            method: Of JSON-RPC; one that may be asked twice.
            params: As JSON.

        Raises:
            ChainError: There is no answer, or an error.
        """
        return self._ask(method, list(params), None, plain=True)

    def _number(self, method: str, *params: Any) -> int:
        answer = self.request(method, *params)
        try:
            return int(answer, 16)
        except (TypeError, ValueError) as error:
            raise NodeError(0, f"{method}: {answer!r} is not a number") from error

    def _ask(
        self, method: str, params: list[Any], sender: str | None, *, plain: bool = False
    ) -> Any:
        """Ask until there is an answer, at most `attempts` times."""
        delivered = False
        for attempt in range(self.attempts):
            if attempt:
                time.sleep(min(self.poll * 2 ** (attempt - 1), _LONGEST_PAUSE))
            try:
                return self._ask_once(method, params, sender, plain)
            except ChainError as error:
                error.arrived_before, delivered = delivered, delivered or error.delivered
                if not error.is_transient:
                    raise
                last = error
        # Of a send, it counts whether any attempt may have arrived.
        if isinstance(last, NodeUnreachable):
            last.delivered = delivered
        raise last

    def _ask_once(self, method: str, params: list[Any], sender: str | None, plain: bool) -> Any:
        answer = transport.ask(self.web3.provider, method, params)
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        if method == "eth_sendRawTransaction" and reasons.is_known(error):
            return None
        raise (
            transport.node_error(error) if plain else reasons.refusal(error, sender or ZERO_ADDRESS)
        )


def _tag(block: int | str) -> str:
    return hex(block) if isinstance(block, int) else block


def _transaction(transaction: dict[str, Any]) -> dict[str, str]:
    """Return a transaction as JSON."""
    shown: dict[str, str] = {}
    for key, value in transaction.items():
        if isinstance(value, int):
            shown[key] = hex(value)
        else:
            shown[key] = "0x" + value.hex() if isinstance(value, bytes) else value
    return shown


def _sender(raw: bytes) -> str:
    """Return who signed a transaction, for messages."""
    from eth_account import Account

    return to_checksum_address(Account.recover_transaction(raw))
