"""From a call to a receipt: simulate, price, sign, send and wait, each step for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.chain.client import Chain
from steelyard.chain.errors import ChainError, InsufficientFunds, Reverted, TransactionFailed
from steelyard.chain.signer import Signer
from steelyard.chain.types import Receipt

GAS_MARGIN_PERCENT, GAS_MARGIN = 20, 40_000
"""Gas on top of the estimate: what a transaction does may change until it is mined. One that is
estimated in the second of the venue's last accrual does without what the next second asks of it,
which is much of a small call: hence a margin in gas too. What is not used is not paid."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A transaction that was simulated and priced, ready to be signed.

    Attributes:
        sender: Who will sign.
        transaction: Type 2, as `Signer.sign_transaction` takes it.
        result: What the simulation returned; empty for a creation.
        gas_estimate: Gas, without the margin that `transaction` allows.
        base_fee: Of the last block, wei per gas.
    """

    sender: str
    transaction: dict[str, Any] = field(hash=False)
    result: bytes
    gas_estimate: int
    base_fee: int

    @property
    def nonce(self) -> int:
        """Of the sender, count."""
        return int(self.transaction["nonce"])

    @property
    def expected_cost(self) -> int:
        """What it should come to at the present base fee, value included, wei."""
        price = self.base_fee + int(self.transaction["maxPriorityFeePerGas"])
        return self.gas_estimate * price + int(self.transaction["value"])

    @property
    def max_cost(self) -> int:
        """What the sender must have, value included, wei."""
        price = int(self.transaction["maxFeePerGas"])
        return int(self.transaction["gas"]) * price + int(self.transaction["value"])


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction; its hash is known before it is sent.

    Attributes:
        hash: Hex str.
        raw: What is sent.
        prepared: What was signed.
    """

    hash: str
    raw: bytes = field(repr=False)
    prepared: Prepared


def prepare(
    chain: Chain,
    sender: str,
    to: str | None,
    data: bytes,
    *,
    value: int = 0,
    nonce: int | None = None,
    gas: int | None = None,
) -> Prepared:
    """Simulate a transaction and price it. Nothing is signed or sent.

    Args:
        chain: Where.
        sender: Who will sign.
        to: Contract; None to create one from `data`.
        data: Calldata, or creation code with arguments.
        value: Wei.
        nonce: The account's next one by default, after what is pending.
        gas: Limit; the estimate and a margin by default.

    Raises:
        Reverted: The contract refuses it.
        InsufficientFunds: The sender cannot pay for the gas.
        WrongChain: The node has changed since it was connected.
        ChainError: The node does not answer.
    """
    chain.check_chain()
    call: dict[str, Any] = {"from": sender, "data": data, "value": value}
    if to is not None:
        call["to"] = to
    result = b"" if to is None else chain.call(to, data, sender=sender)
    estimate = chain.estimate_gas(call)
    fees = chain.fees()
    transaction: dict[str, Any] = {
        "type": 2,
        "chainId": chain.chain_id,
        "nonce": chain.nonce(sender, "pending") if nonce is None else nonce,
        "gas": gas_limit(estimate) if gas is None else gas,
        "maxFeePerGas": fees.max_fee,
        "maxPriorityFeePerGas": fees.priority_fee,
        "value": value,
        "data": data,
    }
    if to is not None:
        transaction["to"] = to_checksum_address(to)  # eth_account takes no other
    prepared = Prepared(sender, transaction, result, estimate, fees.base_fee)
    has = chain.balance(sender)
    if has < prepared.max_cost:
        raise InsufficientFunds(sender, prepared.max_cost, has)
    return prepared


def sign(signer: Signer, prepared: Prepared) -> Signed:
    """Sign a transaction. Nothing is sent.

    Args:
        signer: The sender of `prepared`.
        prepared: What `prepare` gave.
    """
    if signer.address.lower() != prepared.sender.lower():
        raise ValueError(f"{signer.address} cannot sign for {prepared.sender}")
    raw = signer.sign_transaction(dict(prepared.transaction))
    return Signed("0x" + keccak(raw).hex(), raw, prepared)


def send(
    chain: Chain, signed: Signed, *, timeout: float = 120.0, confirmations: int = 1
) -> Receipt:
    """Send a signed transaction, and wait for its receipt.

    Args:
        chain: Where.
        signed: What `sign` gave. It may be sent again: it can be mined only once.
        timeout: Seconds to wait.
        confirmations: Blocks to wait for, its own included.

    Raises:
        TransactionFailed: It was mined and reverted.
        ChainError: As in `Chain.send_raw` and `Chain.wait`.
    """
    chain.send_raw(signed.raw)
    receipt = chain.wait(signed.hash, timeout=timeout, confirmations=confirmations)
    if not receipt.status:
        raise TransactionFailed(signed.hash, failure_reason(chain, signed, receipt), receipt)
    return receipt


def execute(
    chain: Chain,
    signer: Signer,
    to: str | None,
    data: bytes,
    *,
    value: int = 0,
    timeout: float = 120.0,
    confirmations: int = 1,
) -> Receipt:
    """Simulate, price, sign and send a transaction, and wait for its receipt.

    Args:
        chain: Where.
        signer: Who sends.
        to: Contract; None to create one.
        data: Calldata, or creation code with arguments.
        value: Wei.
        timeout: Seconds to wait.
        confirmations: Blocks to wait for.

    Raises:
        ChainError: As in `prepare` and `send`.
    """
    prepared = prepare(chain, signer.address, to, data, value=value)
    return send(chain, sign(signer, prepared), timeout=timeout, confirmations=confirmations)


def gas_limit(estimate: int) -> int:
    """Return the gas to allow where so much is estimated."""
    return estimate * (100 + GAS_MARGIN_PERCENT) // 100 + GAS_MARGIN


def failure_reason(chain: Chain, signed: Signed, receipt: Receipt) -> str:
    """Return why a mined transaction reverted, as far as asking again shows it; else empty."""
    transaction = signed.prepared.transaction
    if receipt.gas_used >= int(transaction["gas"]):
        return "out of gas"
    to, sender = transaction.get("to"), signed.prepared.sender
    if to is None:
        return ""
    # The state after its block is nearest to what it met; before it, next.
    for block in (receipt.block, receipt.block - 1):
        try:
            chain.call(to, transaction["data"], sender=sender, block=block)
        except Reverted as error:
            return error.reason
        except ChainError:
            return ""  # that it failed is known, and must be told
    return ""
