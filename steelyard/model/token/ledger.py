"""Shares: an ERC-20, and what of it is owed as fees and not yet minted."""

from __future__ import annotations

from collections import Counter

from steelyard.model.arithmetic import WAD, Revert, require
from steelyard.model.leverage import growth
from steelyard.model.venue.states import ZERO_ADDRESS

MAX_SHARES = 2**104 - 1
"""Most shares that exist, and most that are owed."""

UNLIMITED = 2**256 - 1
"""An allowance that spending does not lower."""


class Ledger:
    """Balances and allowances of one token's shares, all with 18 decimals.

    Attributes:
        supply: Shares that exist.
        balances: By holder.
        allowances: By owner and spender.
        accrued_at: When owed shares were recorded, seconds.
    """

    def __init__(self) -> None:
        """Start without shares."""
        self.supply = 0
        self.balances: Counter[str] = Counter()
        self.allowances: Counter[tuple[str, str]] = Counter()
        self._owed = 0
        self.accrued_at = 0

    def owed(self, rate: int, now: int) -> int:
        """Return the fee shares owed now, down: S grows by S (e^(rate t) - 1).

        Args:
            rate: Continuous management fee per year, WAD.
            now: Seconds.
        """
        grown = growth(rate, now - self.accrued_at)
        return self._owed + (self.supply + self._owed) * grown // WAD

    def mint(self, receiver: str, amount: int, owed: int, now: int) -> None:
        """Mint shares, and record what is owed now."""
        self.record(self.supply + amount, owed, now)
        self.balances[receiver] += amount

    def burn(self, owner: str, amount: int, owed: int, now: int) -> None:
        """Burn an owner's shares, and record what is owed now."""
        require(amount <= self.balances[owner], "token: more than the balance")
        self.record(self.supply - amount, owed, now)
        self.balances[owner] -= amount

    def record(self, supply: int, owed: int, now: int) -> None:
        """Record how many shares exist, and how many more are owed, at a time (seconds)."""
        require(max(supply, owed) <= MAX_SHARES, "token: too many shares")
        self.supply, self._owed, self.accrued_at = supply, owed, now

    # ERC-20

    def transfer(self, sender: str, receiver: str, amount: int) -> None:
        """Move shares.

        Raises:
            Revert: With the contract's reason.
        """
        require(receiver != ZERO_ADDRESS, "erc20: transfer to the zero address")
        require(self.balances[sender] >= amount, "erc20: transfer amount exceeds balance")
        self.balances[sender] -= amount
        self.balances[receiver] += amount

    def approve(self, owner: str, spender: str, amount: int) -> None:
        """Let a spender move an owner's shares.

        Raises:
            Revert: With the contract's reason.
        """
        require(owner != ZERO_ADDRESS, "erc20: approve from the zero address")
        require(spender != ZERO_ADDRESS, "erc20: approve to the zero address")
        self.allowances[owner, spender] = amount

    def transfer_from(self, spender: str, owner: str, receiver: str, amount: int) -> None:
        """Move an owner's shares by allowance; his own need one too.

        Raises:
            Revert: With the contract's reason.
        """
        allowed = self.allowances[owner, spender]
        self.spend(owner, spender, amount)
        try:
            self.transfer(owner, receiver, amount)
        except Revert:
            self.allowances[owner, spender] = allowed
            raise

    def spend(self, owner: str, spender: str, amount: int) -> None:
        """Use an allowance.

        Raises:
            Revert: It is too small.
        """
        allowed = self.allowances[owner, spender]
        if allowed != UNLIMITED:
            require(allowed >= amount, "erc20: insufficient allowance")
            self.approve(owner, spender, allowed - amount)
