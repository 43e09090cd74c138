"""Shares that exist and shares that are owed, followed from events alone.

Every event carries what the ledger of the contract adds, but for one wei: a `deposit` says how many
shares its owner got, and not how many traded. Where the entry fee's rounding leaves two answers
(at 0.1 % in one deposit of a thousand) both are followed, until fees are claimed or the token is
settled, which says how many were owed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from steelyard.model.arithmetic import WAD
from steelyard.model.token.ledger import Ledger
from steelyard.model.token.terms import Terms
from steelyard.sdk.history.errors import HistoryError

_RATE_UNIT = 10**6
_FINE = 10**22  # digits below WAD that the series is summed in


def continuous_rate(yearly: int) -> int:
    """Return the continuous fee that takes a yearly part y: -ln(1 - y), down to 1e-12 a year.

    Args:
        yearly: y, WAD, at most 0.05.

    Returns:
        r per year, WAD: the rate that a token keeps.

    >>> continuous_rate(WAD // 100), continuous_rate(0)
    (10050335853000000, 0)
    """
    one = WAD * _FINE
    part = power = yearly * _FINE
    total, order = 0, 1
    while power:
        total += power // order
        power = power * part // one
        order += 1
    rate = total // _FINE
    return rate - rate % _RATE_UNIT


@dataclass(frozen=True)
class Counted:
    """Shares at a moment, 18 decimals.

    Attributes:
        supply: That exist.
        owed: Not yet minted, accrued to then; at least so many.
        slack: How many more may be owed; 0 but for the rounding of an entry fee.
    """

    supply: int
    owed: int
    slack: int = 0

    @property
    def all(self) -> int:
        """S: supply and owed."""
        return self.supply + self.owed


class ShareBook:
    """The twin's ledger, kept twice where an event leaves a wei open.

    Attributes:
        terms: What users obey now.
        balances: By holder, lower-case hex str.
    """

    def __init__(self, terms: Terms) -> None:
        """Start without shares."""
        self.terms = terms
        self._low, self._high = Ledger(), Ledger()

    @property
    def balances(self) -> dict[str, int]:
        """Shares by holder."""
        return {holder: shares for holder, shares in self._low.balances.items() if shares}

    def counted(self, now: int) -> Counted:
        """Return the shares at a time (seconds), not before the last change."""
        low, high = self._owed(now)
        return Counted(self._low.supply, low, high - low)

    def mint(self, receiver: str, shares: int, now: int) -> None:
        """Mint without a fee: the seed."""
        low, high = self._owed(now)
        self._mint(receiver, shares, low, high, now)

    def deposit(self, receiver: str, shares: int, now: int) -> None:
        """Mint with the entry fee of a deposit or a mint."""
        low, high = self._owed(now)
        if self.terms.fees_on:
            low += self.terms.mint_traded(shares) - shares
            # The most that may have traded: one more would have bought another share.
            high += ((shares + 1) * (WAD + self.terms.mint_fee) - 1) // WAD - shares
        self._mint(receiver, shares, low, high, now)

    def redeem(self, owner: str, shares: int, now: int) -> None:
        """Burn with the exit fee of a redemption or a withdrawal."""
        low, high = self._owed(now)
        if self.terms.fees_on:
            fee = shares - self.terms.redeem_traded(shares)
            low, high = low + fee, high + fee
        self._low.burn(owner, shares, low, now)
        self._high.burn(owner, shares, high, now)

    def claim(self, receiver: str, shares: int, now: int) -> None:
        """Mint what is owed: from here on it is known to the wei.

        Raises:
            HistoryError: So many cannot have been owed.
        """
        self._check_owed(shares, now)
        self._mint(receiver, shares, 0, 0, now)

    def settle(self, all_shares: int, now: int) -> None:
        """Learn S, and so what is owed.

        Raises:
            HistoryError: It cannot be so many.
        """
        owed = all_shares - self._low.supply
        self._check_owed(owed, now)
        self._record(owed, owed, now)

    def transfer(self, sender: str, receiver: str, shares: int) -> None:
        """Move shares."""
        for ledger in (self._low, self._high):
            ledger.transfer(sender, receiver, shares)

    def accrue(self, now: int) -> None:
        """Record what is owed, before the terms change."""
        self._record(*self._owed(now), now)

    def wind_down(self, now: int) -> None:
        """Record what is owed, and end all fees."""
        self.accrue(now)
        self.terms = self.terms.without_fees()

    def configure(self, terms: Terms, now: int) -> None:
        """Record what is owed, and take other terms; pause and phase stay."""
        self.accrue(now)
        was = self.terms
        self.terms = replace(terms, paused_until=was.paused_until, phase=was.phase)

    def _owed(self, now: int) -> tuple[int, int]:
        rate = self.terms.fee_rate
        return self._low.owed(rate, now), self._high.owed(rate, now)

    def _record(self, low: int, high: int, now: int) -> None:
        self._low.record(self._low.supply, low, now)
        self._high.record(self._high.supply, high, now)

    def _mint(self, receiver: str, shares: int, low: int, high: int, now: int) -> None:
        self._low.mint(receiver, shares, low, now)
        self._high.mint(receiver, shares, high, now)

    def _check_owed(self, owed: int, now: int) -> None:
        low, high = self._owed(now)
        if not low <= owed <= high:
            raise HistoryError(
                f"{owed} fee shares are owed where the logs make it {low} to {high}",
                "the node's logs are incomplete: read the history from another one",
            )
