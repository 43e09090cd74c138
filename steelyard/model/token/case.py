"""What a flow meets, and what it comes to: the twin of contracts/modules/vault_case.vy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from steelyard.model.arithmetic import WAD, require
from steelyard.model.exchange import AccountState, Exchange, Fault, MarketStatus
from steelyard.model.leverage import Market, leverage
from steelyard.model.policy.case import least_equity
from steelyard.model.shares import Vault
from steelyard.model.token.terms import Terms

WIPED_EQUITY = WAD
"""Without a position and with less equity a token is wiped, quote WAD."""

MAX_AMOUNT = 2**96
"""Most money a flow may name, quote WAD."""


@dataclass(frozen=True)
class Quote:
    """What a flow comes to, and what it starts from; as IVaultQuotes.Quote.

    Attributes:
        assets: Taken or paid, collateral decimals.
        shares: Minted or burned, 18 decimals.
        traded: Shares whose part of the position trades, 18 decimals: with the entry fee's, without
            the exit fee's.
        size_delta: Underlying WAD.
        size: q before, underlying WAD.
        equity: E before, quote WAD.
    """

    assets: int
    shares: int
    traded: int
    size_delta: int
    size: int
    equity: int


@dataclass(frozen=True)
class Case:
    """A token's account at its venue, and the token's own part of a flow.

    Attributes:
        exchange: The venue.
        market: Market id.
        account: The token's address.
        is_long: Side of the token.
        terms: Of the token.
        shares: S, fee shares owed included, 18 decimals.
    """

    exchange: Exchange
    market: int
    account: str
    is_long: bool
    terms: Terms
    shares: int

    @property
    def scale(self) -> int:
        """Quote WAD per unit of collateral."""
        return self.exchange.scale

    @cached_property
    def state(self) -> AccountState:
        """The account now."""
        return self.exchange.account_state(self.market, self.account)

    @cached_property
    def vault(self) -> Vault:
        """The same as formulas see it; equity 0 where it is negative."""
        state = self.state
        market = Market(state.price, state.skew, state.skew_scale, state.maker_fee, state.taker_fee)
        if state.status is MarketStatus.CLOSED:
            market = Market(state.price, 0, 0, 0, 0)
        return Vault(market, state.size, max(state.equity, 0), self.shares)

    @property
    def least(self) -> int:
        """Equity that a position needs, quote WAD."""
        return least_equity(self.state)

    @property
    def is_too_high(self) -> bool:
        """Whether leverage is above what the venue lets a withdrawal or an increase leave."""
        state = self.state
        if state.size == 0:
            return False
        over_initial = abs(state.size) * state.price > state.equity * state.max_leverage
        return over_initial or state.equity <= state.maintenance

    @property
    def is_trading(self) -> bool:
        """Whether price, market and account let anything trade."""
        state = self.state
        usable = state.oracle_fault is Fault.VALID and state.status is not MarketStatus.PAUSED
        return usable and not state.flagged

    @property
    def is_remainder(self) -> bool:
        """Whether too little is left to be rebuilt: a mint may open the position again."""
        return self.vault.size == 0 and WIPED_EQUITY <= self.vault.equity < self.least

    @property
    def is_wiped(self) -> bool:
        """Whether nothing is left that could be opened again; what little there is redeems."""
        return self.vault.size == 0 and self.vault.equity < WIPED_EQUITY

    @property
    def in_band(self) -> bool:
        """Whether leverage is where minting is open; a remainder has none and is.

        So is what is small and below the band: nobody can rebalance it upward.
        """
        if self.is_remainder:
            return True
        level = leverage(self.vault.size, self.vault.market.price, self.vault.equity)
        is_small = self.vault.size != 0 and self.vault.equity < self.least
        return level <= self.terms.leverage_hi and (is_small or level >= self.terms.leverage_lo)

    @property
    def value(self) -> int:
        """Equity, quote WAD; 0 when negative or without any price."""
        return 0 if self.vault.size and self.state.price == 0 else self.vault.equity

    def trading(self) -> Case:
        """Return the case itself.

        Raises:
            Revert: Nothing can trade, with the venue's reason; or there is no equity to share.
        """
        if not self.is_trading:
            self.exchange.check_trading(self.market, self.account)
        require(self.vault.equity != 0, "vault: no equity")
        return self

    def amount(self, assets: int) -> int:
        """Return collateral as money, quote WAD.

        Raises:
            Revert: It is nothing, or more than the venue could book.
        """
        in_range = 0 < assets <= MAX_AMOUNT // self.scale
        require(in_range, "vault: zero or too many assets")
        return assets * self.scale

    def quote(self, assets: int, shares: int, traded: int, size_delta: int) -> Quote:
        """Return a quote that starts from here."""
        return Quote(assets, shares, traded, size_delta, self.vault.size, self.vault.equity)


def market_of(state: AccountState) -> Market:
    """Return what the venue charges; a CLOSED market settles at its price for nothing."""
    if state.status is MarketStatus.CLOSED:
        return Market(state.price, 0, 0, 0, 0)
    return Market(state.price, state.skew, state.skew_scale, state.maker_fee, state.taker_fee)
