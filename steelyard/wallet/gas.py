"""What a transaction would cost in gas, before anybody is asked to sign."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.chain import Chain, ChainContract, InsufficientFunds
from steelyard.chain.sending import gas_limit, prepare
from steelyard.sdk.errors import typed_errors

ENTERING_GAS = 200_000
"""Of a deposit with the signature of a permit, which cannot be simulated before it is signed."""


@dataclass(frozen=True)
class Gas:
    """What the gas of a transaction comes to.

    Attributes:
        cost: At the present base fee, wei.
        max_cost: What the account must have, wei.
        is_typical: Whether it is the gas of such transactions, not of this one.
    """

    cost: int
    max_cost: int
    is_typical: bool = False


def simulated(chain: Chain, sender: str, contract: ChainContract, name: str, *args: object) -> Gas:
    """Simulate a call as the sender would send it, and price it.

    Args:
        chain: Where.
        sender: Who would sign.
        contract: Called.
        name: Of the function.
        args: Of the function.

    Raises:
        ProtocolError: The contract refuses it.
        ChainError: The sender cannot pay for it, or the node does not answer.
    """
    with typed_errors():
        prepared = prepare(chain, sender, contract.address, contract.encode(name, *args))
    return Gas(prepared.expected_cost, prepared.max_cost)


def typical(chain: Chain, sender: str, gas: int) -> Gas:
    """Price an amount of gas.

    Args:
        chain: Where.
        sender: Who would sign.
        gas: How much.

    Raises:
        InsufficientFunds: The sender cannot pay for it.
        ChainError: The node does not answer.
    """
    fees = chain.fees()
    most = gas_limit(gas) * fees.max_fee
    if (has := chain.balance(sender)) < most:
        raise InsufficientFunds(sender, most, has)
    return Gas(gas * (fees.base_fee + fees.priority_fee), most, is_typical=True)
