"""What the keeper sends: a call of one contract for one token or account."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak

from steelyard.abis import load_abi
from steelyard.keeper.types import Kind, Rebalance
from steelyard.model.policy import Trigger

STAGGER = 0.25
"""Keepers wait for up to so long, each for another time in each block, seconds: those that see a
block in the same instant would else all send, and all but one pay for nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """A call to send, once simulated.

    Attributes:
        kind: What it is for.
        token: What it acts on, lower-case hex: never are two under way for one.
        to: Contract.
        data: Calldata.
        reason: In words.
        symbol: For people.
        trigger: Of a rebalance.
        min_reward: Asked for, collateral units.
        reward: Expected, collateral units.
        sponsored: The most it may take of the day's sponsor budget, collateral units.
    """

    kind: Kind
    token: str
    to: str
    data: bytes
    reason: str
    symbol: str = ""
    trigger: Trigger | None = None
    min_reward: int = 0
    reward: int = 0
    sponsored: int = 0


def stagger(sender: str, block: int) -> float:
    """Return how long a keeper waits in a block, seconds: always the same, and nobody else's.

    Args:
        sender: Its address.
        block: Number.
    """
    chosen = keccak(text=f"{sender.lower()} {block}")[0]
    return STAGGER * chosen / 255


def encode(contract: str, name: str, *args: object) -> bytes:
    """Return the calldata of a call.

    Args:
        contract: Name of its ABI.
        name: Of the function, in the form that takes as many arguments.
        args: In order.
    """
    overloads = load_abi(contract).functions[name]
    (function,) = (entry for entry in overloads if len(entry.inputs) == len(args))
    return function.encode(args)


def rebalance_order(action: Rebalance, receiver: str) -> Order:
    """Return the call that does what was decided.

    Args:
        action: With the least reward to accept.
        receiver: Who gets the reward.
    """
    return Order(
        kind=Kind.REBALANCE,
        token=action.token,
        to=action.token,
        data=encode("LeveragedToken", "rebalance", action.min_reward, receiver),
        reason=action.reason,
        symbol=action.symbol,
        trigger=action.trigger,
        min_reward=action.min_reward,
        reward=action.reward,
        sponsored=action.sponsored,
    )
