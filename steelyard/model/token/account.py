"""A token's state, its account at the venue, and the verb that moves it."""

from __future__ import annotations

from collections.abc import Mapping

from steelyard.model.arithmetic import require
from steelyard.model.exchange import Exchange, Fill, Oracle
from steelyard.model.policy import Memory, Rules
from steelyard.model.token.case import Case
from steelyard.model.token.ledger import Ledger
from steelyard.model.token.terms import Phase, Terms
from steelyard.model.venue.states import ZERO_ADDRESS


class VaultAccount:
    """What all parts of a token share; the base of LeveragedToken.

    Attributes:
        exchange: The venue.
        market: Market id there.
        is_long: Side of the position.
        address: The token's, among the accounts of the venue and the holders of collateral.
        factory: Who may configure it.
        feeds: Reference feeds by address.
        terms: What users obey.
        rules: How it rebalances.
        memory: What it remembers of rebalances.
        fee_receiver: Who gets fee shares, or the zero address.
        settlement: Assets (collateral decimals) and the shares (18 decimals) they are for; zeros
            before CLOSED.
        ledger: Shares.
    """

    def __init__(
        self,
        exchange: Exchange,
        market: int,
        is_long: bool,
        terms: Terms,
        rules: Rules,
        fee_receiver: str = ZERO_ADDRESS,
        address: str = "token",
        factory: str = "factory",
        feeds: Mapping[str, Oracle] | None = None,
    ) -> None:
        """Start without shares; arguments as in LeveragedToken."""
        self.exchange = exchange
        self.market = market
        self.is_long = is_long
        self.address = address
        self.factory = factory
        self.feeds: Mapping[str, Oracle] = feeds or {}
        self.terms = terms
        self.rules = rules
        self.memory = Memory()
        self.fee_receiver = fee_receiver
        self.settlement = (0, 0)
        self.ledger = Ledger()

    @property
    def now(self) -> int:
        """Block time, seconds."""
        return self.exchange.now

    @property
    def owed_shares(self) -> int:
        """Fee shares accrued to now and not yet minted, 18 decimals."""
        rate = self.terms.fee_rate if self.terms.fees_on else 0
        return self.ledger.owed(rate, self.now)

    @property
    def shares(self) -> int:
        """S: shares that exist, and those owed as fees; 18 decimals."""
        return self.ledger.supply + self.owed_shares

    @property
    def case(self) -> Case:
        """What a flow would meet now."""
        return Case(self.exchange, self.market, self.address, self.is_long, self.terms, self.shares)

    @property
    def is_closed(self) -> bool:
        """Whether the token is settled."""
        return self.terms.phase is Phase.CLOSED

    def _trade(
        self, size: int, assets: int, size_delta: int, price_limit: int = 0, receiver: str = ""
    ) -> Fill:
        """Move margin and position together; all of the order or nothing.

        Args:
            size: Position before, underlying WAD.
            assets: Collateral in (+, already sent) or out (-), collateral decimals.
            size_delta: Underlying WAD.
            price_limit: Worst fill accepted, WAD; 0 = none.
            receiver: Who gets what leaves.
        """
        fill = self.exchange.modify_position(
            self.market, self.address, assets, size_delta, price_limit, receiver
        )
        require(fill.size == size + size_delta, "token: partial fill")
        return fill

    def _check_active(self) -> None:
        require(self.terms.phase is Phase.ACTIVE, "token: winding down")

    def _check_factory(self, caller: str) -> None:
        require(caller == self.factory, "token: only the factory")

    def _check_receiver(self, receiver: str) -> None:
        refused = (ZERO_ADDRESS, self.address, self.exchange.address)
        require(receiver not in refused, "token: bad receiver")
