"""What every user path of a token obeys: the twin of contracts/modules/vault_terms.vy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from steelyard.model.arithmetic import WAD, ceil_div, require

_LEVERAGE, _MICRO, _RATE = 10**14, 10**12, 10**6

# Name, storage unit in the field's own scale, bits: from the low bits up.
_LAYOUT = (
    ("mint_fee", _MICRO, 14),
    ("redeem_fee", _MICRO, 14),
    ("fee_rate", _RATE, 40),
    ("leverage_lo", _LEVERAGE, 20),
    ("leverage_hi", _LEVERAGE, 20),
    ("cap", _MICRO, 64),
    ("fees_on", 1, 1),
    ("paused_until", 1, 40),
    ("phase", 1, 3),
    ("target", _LEVERAGE, 20),
)


class Phase(IntEnum):
    """Where a token is in its life. Values are those of the contract's flag."""

    ACTIVE = 1
    WIND_DOWN = 2
    CLOSED = 4


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Fees, band, cap, pause and phase, as ILeveragedToken.Terms.

    Attributes:
        mint_fee: Of the shares minted, WAD, a multiple of 1e-6.
        redeem_fee: Of the shares redeemed, WAD, a multiple of 1e-6.
        fee_rate: Continuous management fee per year, WAD, a multiple of 1e-12.
        leverage_lo: Minting is open from here, WAD, a multiple of 1e-4.
        leverage_hi: Up to here, WAD, a multiple of 1e-4.
        cap: Largest |size| a mint may leave, underlying WAD, a multiple of 1e-6.
        fees_on: Whether there is a fee receiver; without one entry and exit fees are burned.
        paused_until: Minting is paused before this, seconds.
        phase: Of the token.
        target: T, leverage WAD, a multiple of 1e-4.
    """

    mint_fee: int = WAD // 1_000
    redeem_fee: int = WAD // 1_000
    fee_rate: int = 0
    leverage_lo: int = 2 * WAD
    leverage_hi: int = 4 * WAD
    cap: int
    fees_on: bool = False
    paused_until: int = 0
    phase: Phase = Phase.ACTIVE
    target: int = 3 * WAD

    def mint_traded(self, shares: int) -> int:
        """Return the shares that minting n trades: n (1 + fee), up."""
        return ceil_div(shares * (WAD + self.mint_fee), WAD)

    def mint_shares(self, traded: int) -> int:
        """Return what a minter gets of the shares that trade, down."""
        return traded * WAD // (WAD + self.mint_fee)

    def redeem_traded(self, shares: int) -> int:
        """Return the shares that redeeming n trades: n (1 - fee), down."""
        return shares * (WAD - self.redeem_fee) // WAD

    def redeem_shares(self, traded: int) -> int:
        """Return the shares to burn so that enough of them trade, up."""
        return ceil_div(traded * WAD, WAD - self.redeem_fee)

    def without_fees(self) -> Terms:
        """Return the terms of a token that winds down."""
        return replace(self, mint_fee=0, redeem_fee=0, fee_rate=0)


def pack_terms(terms: Terms) -> int:
    """Return terms in one word.

    Raises:
        Revert: They cannot be stored exactly.
    """
    word = shift = 0
    for name, unit, bits in _LAYOUT:
        value = int(getattr(terms, name))
        fits = value % unit == 0 and value // unit < 1 << bits
        require(fits, "terms: does not fit its field")
        word |= value // unit << shift
        shift += bits
    return word


def unpack_terms(word: int) -> Terms:
    """Return the terms in a word.

    >>> terms = Terms(cap=400 * WAD, paused_until=1_700_000_000)
    >>> unpack_terms(pack_terms(terms)) == terms
    True
    """
    values: dict[str, Any] = {}
    for name, unit, bits in _LAYOUT:
        values[name] = (word & (1 << bits) - 1) * unit
        word >>= bits
    return Terms(**values | {"fees_on": bool(values["fees_on"]), "phase": Phase(values["phase"])})
