"""What a decision is made of: the twin of contracts/modules/policy_case.vy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from steelyard.model.arithmetic import DAY, WAD, sdiv
from steelyard.model.leverage import Market, leverage
from steelyard.model.policy.types import Memory, Rules
from steelyard.model.venue.states import AccountState, MarketStatus

MIN_EQUITY = 100 * WAD
"""The least equity of a position where the venue asks less, quote WAD."""


def least_equity(state: AccountState) -> int:
    """Return the equity that a position needs, quote WAD: what the venue can keep open, twice."""
    return max(MIN_EQUITY, 2 * state.min_margin, 10 * state.min_keeper_fee)


@dataclass(frozen=True)
class Case:
    """Everything the rules of a rebalance look at.

    Attributes:
        state: Of the token's account at the venue; no quote is read.
        is_long: Side of the token.
        rules: How it rebalances.
        memory: What it remembers.
        now: Seconds.
        reference: Price of the reference feed if one is set and fresh, WAD; 0 = none.
    """

    state: AccountState
    is_long: bool
    rules: Rules
    memory: Memory
    now: int
    reference: int = 0

    @cached_property
    def leverage(self) -> int:
        """Real leverage L, WAD."""
        return leverage(self.state.size, self.state.price, self.state.equity)

    @property
    def least_equity(self) -> int:
        """Equity that a position needs, quote WAD."""
        return least_equity(self.state)

    @cached_property
    def market(self) -> Market:
        """What the venue charges; a CLOSED market settles at its price for nothing."""
        state = self.state
        if state.status == MarketStatus.CLOSED:
            return Market(state.price, 0, 0, 0, 0)
        return Market(state.price, state.skew, state.skew_scale, state.maker_fee, state.taker_fee)

    @cached_property
    def emergency(self) -> bool:
        """Leverage at or above em, at the oracle price and at a fresh reference price too."""
        em = self.rules.emergency_leverage
        if self.leverage < em:
            return False
        if self.reference == 0:
            return True
        change = self.reference - self.state.price
        equity = self.state.equity + sdiv(self.state.size * change, WAD)
        return leverage(self.state.size, self.reference, equity) >= em

    @property
    def last_boundary(self) -> int:
        """The last daily boundary that has come, now included, seconds."""
        today = self.now - self.now % DAY + self.rules.boundary
        return today if today <= self.now else today - DAY
