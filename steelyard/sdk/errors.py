"""What can go wrong in using a token, each with what to do about it.

What a contract says is a `ProtocolError`, of the class that its reason belongs to. What goes wrong
between us and a node is a `steelyard.chain.ChainError`, and passes through as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from steelyard.chain.errors import Reverted, TransactionFailed
from steelyard.errors import CONTRACT_ERRORS, SteelyardError


class SdkError(SteelyardError):
    """Base of everything that goes wrong in using a token."""


class AmountError(SdkError, ValueError):
    """An amount that cannot be meant."""


class AddressError(SdkError, ValueError):
    """An address that is mistyped."""


class NoSigner(SdkError):
    """There is nobody to sign."""

    def __init__(self) -> None:
        """Say how to name one."""
        super().__init__("this needs an account that can sign", "connect with signer=")


class UnknownToken(SdkError):
    """The factory has made no such token."""


class NotDeployed(SdkError):
    """The chain has not what the record of the deployment says."""


class PermitUnavailable(SdkError):
    """The collateral cannot be approved by signature."""


class ProtocolError(SdkError):
    """A contract refused.

    Attributes:
        reason: What it said, e.g. `mint: paused`; empty when it said nothing.
        hash: Of the transaction when it was mined, and gas paid; None when nothing was sent.
    """

    def __init__(self, reason: str, detail: str = "", *, hash: str | None = None) -> None:
        """Add the remedy of a known reason.

        Args:
            reason: What the contract said, or would say.
            detail: Figures, if they are known.
            hash: Of the transaction, if one was mined.
        """
        said = reason or "reverted without a reason"
        message = f"{said}: {detail}" if detail else said
        if hash is not None:
            message = f"transaction {hash} failed: {message}"
        super().__init__(message, CONTRACT_ERRORS.get(reason) or _REMEDIES.get(reason, ""))
        self.reason, self.hash = reason, hash


class InsufficientBalance(ProtocolError):
    """The account has less than that."""


class AllowanceTooLow(ProtocolError):
    """The owner has not approved as much."""


class PermitInvalid(ProtocolError):
    """A permit's signature or deadline is not valid."""


class BadReceiver(ProtocolError):
    """A receiver that could never use what it gets."""


class MintClosed(ProtocolError):
    """Nothing can be minted now, for whichever reason; redemption is not touched by it."""


class MintPaused(MintClosed):
    """The guardian has closed minting for a time."""


class MintOutOfBand(MintClosed):
    """Leverage is outside of the band in which minting is open: a rebalance opens it."""


class CapReached(MintClosed):
    """The token may not grow so far."""


class TokenWindingDown(MintClosed):
    """The token ends."""


class TokenWiped(MintClosed):
    """Nothing is left of the token."""


class SlippageExceeded(ProtocolError):
    """The price has moved beyond what was accepted."""


class AmountOutOfRange(ProtocolError):
    """No flow of this size is possible."""


class AmountTooSmall(AmountOutOfRange):
    """More is needed."""


class AmountTooLarge(AmountOutOfRange):
    """Less is possible."""


class RedeemBlocked(ProtocolError):
    """The venue lets no margin leave at this leverage: a rebalance opens it."""


class VenuePaused(ProtocolError):
    """The venue is down; nothing is lost."""


class VenueRefuses(ProtocolError):
    """The venue does not take such an order now."""


class AccountFlagged(ProtocolError):
    """The venue is liquidating the token's position."""


class OracleInvalid(ProtocolError):
    """The venue has no valid price: stale, deviating, or none at all."""


class RebalanceNotDue(ProtocolError):
    """A rebalance would do nothing now."""


class RewardTooSmall(RebalanceNotDue):
    """The reward is less than was asked for."""


class RebalanceRefused(ProtocolError):
    """The trade would not have done what it should: nothing moved."""


class FaucetLimit(ProtocolError):
    """The faucet gives no more."""


_CLASSES: dict[type[ProtocolError], tuple[str, ...]] = {
    InsufficientBalance: (
        "erc20: transfer amount exceeds balance",
        "erc20: burn amount exceeds balance",
        "token: more than the balance",
    ),
    AllowanceTooLow: ("erc20: insufficient allowance", "token: transfer failed"),
    PermitInvalid: ("erc20: expired deadline", "erc20: invalid signature"),
    BadReceiver: ("token: bad receiver", "erc20: transfer to the zero address"),
    MintPaused: ("mint: paused",),
    MintOutOfBand: ("mint: rebalance first",),
    CapReached: ("mint: cap reached",),
    TokenWindingDown: ("mint: winding down", "token: winding down"),
    TokenWiped: ("mint: wiped", "rebalance: wiped", "vault: no equity"),
    SlippageExceeded: (
        "deposit: too few shares",
        "mint: too many assets",
        "redeem: too few assets",
        "withdraw: too many shares",
        "order: price limit",
    ),
    AmountOutOfRange: (
        "vault: zero or more than all",
        "vault: zero or too many assets",
        "vault: zero or too many shares",
    ),
    AmountTooSmall: (
        "mint: below 10 quote",
        "mint: leaves too little equity",
        "redeem: cost exceeds the claim",
        "token: nothing to pay",
        "vault: assets buy no share",
        "withdraw: cost exceeds the claim",
    ),
    AmountTooLarge: (
        "market: open interest cap",
        "market: pool reserve",
        "order: beyond the skew scale",
        "token: too many shares",
        "treasury: venue cannot pay",
        "vault: no fill for so many",
        "vault: no fill to open",
        "withdraw: all shares pay less",
        "withdraw: more than is left",
    ),
    RedeemBlocked: ("redeem: rebalance first",),
    VenuePaused: ("market: paused",),
    VenueRefuses: (
        "margin: below initial",
        "margin: below maintenance",
        "margin: below minimum",
        "market: closed for good",
        "market: reduce only",
        "rebalance: venue refuses",
        "token: venue took too much",
    ),
    AccountFlagged: ("account: flagged", "rebalance: flagged"),
    OracleInvalid: ("rebalance: no valid price",),
    RebalanceNotDue: (
        "rebalance: budget used up",
        "rebalance: cooldown",
        "rebalance: futile",
        "rebalance: no safe size",
        "rebalance: nothing to do",
        "rebalance: price bound",
        "rebalance: reference price",
    ),
    RewardTooSmall: ("rebalance: reward too small",),
    RebalanceRefused: (
        "rebalance: cost over its bound",
        "rebalance: not closer to the aim",
        "rebalance: past the aim",
    ),
    FaucetLimit: ("mock_usd: over the call limit", "mock_usd: over the daily limit"),
}
_CLASS_OF = {reason: kind for kind, reasons in _CLASSES.items() for reason in reasons}

# Of reasons that are not our contracts': ERC-20's.
_REMEDIES = {
    "erc20: transfer amount exceeds balance": "use less, or get more first",
    "erc20: burn amount exceeds balance": "use less, or get more first",
    "erc20: insufficient allowance": "approve as much first",
    "erc20: expired deadline": "sign the permit again, with a later deadline",
    "erc20: invalid signature": "sign with the owner's key, for this chain and this token",
    "erc20: transfer to the zero address": "name a receiver",
}


def protocol_error(reason: str, detail: str = "", *, hash: str | None = None) -> ProtocolError:
    """Return the error of a reason.

    Args:
        reason: What a contract said.
        detail: Figures, if they are known.
        hash: Of the transaction, if one was mined.

    >>> protocol_error("mint: paused")
    MintPaused('mint: paused (wait: the pause ends by itself within days; redemption is open)')
    >>> type(protocol_error("oracle: stale")).__name__
    'OracleInvalid'
    """
    kind = _CLASS_OF.get(reason)
    if kind is None:
        kind = OracleInvalid if reason.startswith("oracle: ") else ProtocolError
    return kind(reason, detail, hash=hash)


@contextmanager
def typed_errors() -> Iterator[None]:
    """Turn what contracts say, inside the `with`, into the class of its reason.

    Raises:
        ProtocolError: A contract refused a call, or a transaction that was mined.
    """
    try:
        yield
    except Reverted as error:
        raise protocol_error(error.reason) from error
    except TransactionFailed as error:
        raise protocol_error(error.reason, hash=error.hash) from error
