"""Seed, configuration, pause, fees, and the end: the twins of lifecycle.vy and settlement.vy."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import WAD, require
from steelyard.model.exchange import MarketStatus
from steelyard.model.policy import Rules
from steelyard.model.policy.case import MIN_EQUITY
from steelyard.model.token.account import VaultAccount
from steelyard.model.token.atomic import atomic
from steelyard.model.token.minting import opening
from steelyard.model.token.terms import Phase, Terms
from steelyard.model.venue.states import ZERO_ADDRESS


class Lifecycle(VaultAccount):
    """What the factory calls, and what anyone may when a token ends."""

    @atomic
    def seed(self, caller: str, assets: int, initial_nav: int) -> int:
        """Open the position with the first deposit, which lies at the venue already.

        Args:
            caller: The factory, whose the shares are for ever.
            assets: Collateral decimals.
            initial_nav: Equity per share to begin with, quote WAD, > 0.

        Returns:
            Shares minted, 18 decimals.

        Raises:
            Revert: With the contract's reason.
        """
        self._check_factory(caller)
        require(self.ledger.supply == 0, "seed: only once")
        size_delta = opening(self.case, assets * self.exchange.scale)
        equity = self._trade(0, assets, size_delta).equity
        require(equity >= MIN_EQUITY, "seed: below 100 quote")
        shares = equity * WAD // initial_nav
        self.ledger.mint(caller, shares, 0, self.now)
        return shares

    @atomic
    def configure(
        self, caller: str, terms: Terms, rules: Rules, fee_receiver: str = ZERO_ADDRESS
    ) -> None:
        """Replace terms and rules; fees accrue first, to whom they were owed.

        Args:
            caller: The factory, which has validated them.
            terms: Pause and phase in them are ignored.
            rules: How to rebalance from now on.
            fee_receiver: Who gets fee shares from now on, or the zero address.

        Raises:
            Revert: With the contract's reason.
        """
        self._check_factory(caller)
        self._check_active()
        self._accrue()
        if self.fee_receiver != ZERO_ADDRESS:
            self._claim()
        self.fee_receiver = fee_receiver
        was = self.terms
        self.terms = replace(terms, paused_until=was.paused_until, phase=was.phase)
        self.rules = rules

    def pause_mint(self, caller: str, until: int) -> None:
        """Close minting until a time (seconds); everything else stays open.

        Raises:
            Revert: The caller is not the factory.
        """
        self._check_factory(caller)
        self.terms = replace(self.terms, paused_until=until % 2**40)

    @atomic
    def claim_fees(self, caller: str) -> int:
        """Mint the fee shares that are owed to the fee receiver, and return how many.

        Raises:
            Revert: There is no fee receiver.
        """
        require(self.fee_receiver != ZERO_ADDRESS, "fees: no receiver")
        return self._claim()

    @atomic
    def wind_down(self, caller: str) -> None:
        """End the token: fees stop, and the position is sold by rebalances.

        Args:
            caller: The factory; anyone once the venue has CLOSED the market.

        Raises:
            Revert: With the contract's reason.
        """
        state = self.case.state
        if state.status is not MarketStatus.CLOSED:
            self._check_factory(caller)
        self._check_active()
        self._accrue()
        self.terms = replace(self.terms.without_fees(), phase=Phase.WIND_DOWN)
        self.memory = replace(
            self.memory, winding_down_at=self.now, winding_down_size=abs(state.size)
        )

    @atomic
    def settle(self, caller: str) -> int:
        """Take all equity of a closed position; every share redeems for the same rate from now on.

        Args:
            caller: Anyone.

        Returns:
            Assets taken, collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        require(self.terms.phase is Phase.WIND_DOWN, "settle: not winding down")
        vault = self.case.vault
        require(vault.size == 0, "settle: position still open")
        assets = vault.equity // self.exchange.scale
        self.settlement = (assets, self.shares)
        self.terms = replace(self.terms, phase=Phase.CLOSED)
        if assets != 0:
            self._trade(0, -assets, 0, 0, self.address)
        return assets

    def _claim(self) -> int:
        owed = self.owed_shares
        self.ledger.mint(self.fee_receiver, owed, 0, self.now)
        return owed

    def _accrue(self) -> None:
        """Record the fees owed up to now, before their rate changes."""
        self.ledger.record(self.ledger.supply, self.owed_shares, self.now)
