"""The one place where what goes wrong becomes a message, a code and an exit code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from steelyard.book import BookError
from steelyard.chain import InsufficientFunds, NodeUnreachable
from steelyard.errors import SteelyardError
from steelyard.sdk import (
    AmountError,
    FaucetLimit,
    InsufficientBalance,
    MintOutOfBand,
    NotDeployed,
    RedeemBlocked,
    SlippageExceeded,
    UnknownToken,
)
from steelyard.wallet.amounts import ether
from steelyard.wallet.errors import Aborted, UsageTrouble

DONE, REFUSED, USAGE, ABORTED = 0, 1, 2, 130
"""Exit codes; 130 is what shells give after Ctrl-C."""


@dataclass(frozen=True)
class Trouble:
    """What went wrong, for people and for machines.

    Attributes:
        code: For machines, e.g. `mint_paused`.
        exit_code: Of the command.
        message: What happened and what to do.
        reason: What a contract said, e.g. `mint: paused`; empty if none did.
        hash: Of a transaction that was sent; empty if none was.
    """

    code: str
    exit_code: int
    message: str
    reason: str = ""
    hash: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        fields = {"code": self.code, "exit_code": self.exit_code, "message": self.message}
        more = {"reason": self.reason, "hash": self.hash}
        return {"error": fields | {name: value for name, value in more.items() if value}}


def trouble_of(error: SteelyardError) -> Trouble:
    """Return what an error means to who gave the command."""
    message, hint = _message(error), _hint(error)
    return Trouble(
        code=code_of(type(error)),
        exit_code=_exit_code(error),
        message=f"{message}\n{hint}" if hint else message,
        reason=getattr(error, "reason", ""),
        hash=getattr(error, "hash", None) or "",
    )


def code_of(kind: type[BaseException]) -> str:
    """Return a class's name as a code.

    >>> code_of(SlippageExceeded)
    'slippage_exceeded'
    """
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()
    return name.removesuffix("_trouble")


def _exit_code(error: SteelyardError) -> int:
    if isinstance(error, Aborted):
        return ABORTED
    return USAGE if isinstance(error, (UsageTrouble, AmountError, UnknownToken)) else REFUSED


def _message(error: SteelyardError) -> str:
    if isinstance(error, InsufficientFunds) and error.needed is not None:
        has = ether(error.has or 0)
        return (
            f"{error.address} cannot pay for the gas: it has {has} and may need "
            f"{ether(error.needed)} ({error.remedy})"
        )
    return str(error)


def _hint(error: SteelyardError) -> str:
    """Return the command that helps, where one does."""
    return next((hint for kind, hint in _HINTS if isinstance(error, kind)), "")


_HINTS: tuple[tuple[type[SteelyardError], str], ...] = (
    (SlippageExceeded, "The price moved: look again, or accept more with --slippage BPS."),
    (InsufficientBalance, "See `ape run wallet balance`; test dollars come from `faucet`."),
    (FaucetLimit, "Without an amount, `faucet` draws the most it gives you now."),
    (MintOutOfBand, "`ape run wallet rebalance SYMBOL` does it, and pays you."),
    (RedeemBlocked, "`ape run wallet rebalance SYMBOL` does it, and pays you."),
    (NodeUnreachable, "`make devnet` starts a local one."),
    (NotDeployed, "Name the record of this chain with --deployment FILE."),
    (BookError, "--deployment FILE names a record; --network NAME another chain."),
)
