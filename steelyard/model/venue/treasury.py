"""Collateral: who holds it, how much the exchange has booked, and whose it is."""

from __future__ import annotations

from collections import Counter

from steelyard.model.arithmetic import require
from steelyard.model.venue.market import Market
from steelyard.model.venue.states import ZERO_ADDRESS, Book, MarketStatus

EXCHANGE = "exchange"
"""Name of the exchange among the holders of collateral, unless it is given an address."""

MAX_PULL = 2**95
"""Most collateral pulled at once, collateral decimals."""


class Treasury:
    """Markets and the collateral behind them; the base of Exchange.

    Verbs check everything first and then call what changes state here, which cannot fail.

    Attributes:
        now: Block time of the next call, seconds.
        address: The exchange among the holders of collateral.
        scale: Quote WAD per smallest unit of collateral.
        markets: By id, from 0.
        wallets: Collateral of everybody, the exchange included, collateral decimals.
        cash: Collateral booked, collateral decimals; the exchange's wallet is never below it.
        owed: Liquidation fees that keepers may claim, quote WAD.
        owed_total: Their sum, quote WAD.
    """

    def __init__(self, asset_decimals: int = 6, now: int = 0, address: str = EXCHANGE) -> None:
        """Start without markets; arguments as in Exchange."""
        require(asset_decimals <= 18, "treasury: over 18 decimals")
        self.now = now
        self.address = address
        self.scale: int = 10 ** (18 - asset_decimals)
        self.markets: list[Market] = []
        self.wallets: Counter[str] = Counter()
        self.cash = 0
        self.owed: Counter[str] = Counter()
        self.owed_total = 0

    def transfer(self, sender: str, receiver: str, assets: int) -> None:
        """Move collateral between wallets, as the ERC-20 does.

        Args:
            sender: Whose it is.
            receiver: Who gets it; the exchange, before `modify_position` books it.
            assets: Collateral decimals.

        Raises:
            Revert: The sender has less.
        """
        self._check_wallet(sender, assets)
        self._move(sender, receiver, assets)

    def claim_keeper_fees(self, keeper: str, receiver: str) -> int:
        """Pay a keeper what he is owed; what is below one unit of collateral stays owed.

        Args:
            keeper: Flagger or liquidator.
            receiver: Who gets the collateral.

        Returns:
            Assets paid, collateral decimals.

        Raises:
            Revert: Nothing is owed, or the receiver is refused.
        """
        assets = self.owed[keeper] // self.scale
        require(assets != 0, "treasury: nothing owed")
        self._check_receiver(receiver)
        self.owed[keeper] -= assets * self.scale
        self.owed_total -= assets * self.scale
        self._send(receiver, assets)
        return assets

    # Checks

    def _market(self, market: int) -> Market:
        require(0 <= market < len(self.markets), "market: unknown")
        return self.markets[market]

    def _running_market(self, market: int) -> Market:
        venue = self._market(market)
        require(venue.status is not MarketStatus.PAUSED, "market: paused")
        return venue

    def _check_wallet(self, holder: str, assets: int) -> None:
        require(self.wallets[holder] >= assets, "erc20: transfer amount exceeds balance")

    def _check_pull(self, sender: str, assets: int) -> None:
        """Check that collateral can be pulled from a wallet."""
        require(0 < assets <= MAX_PULL, "treasury: bad amount")
        self._check_wallet(sender, assets)

    def _check_received(self, assets: int) -> None:
        """Check that collateral to be booked lies here unbooked."""
        unbooked = self.wallets[self.address] - self.cash
        require(unbooked >= assets, "treasury: not received")

    def _check_payment(
        self, market: Market, receiver: str, assets: int, book: Book | None = None
    ) -> None:
        """Check that a market can pay, and whom; with a book, out of margins and pool alone."""
        available = market.backing if book is None else market.cash(book)
        require(assets * self.scale <= available, "treasury: venue cannot pay")
        self._check_receiver(receiver)

    def _check_receiver(self, receiver: str) -> None:
        require(receiver not in (ZERO_ADDRESS, self.address), "treasury: bad receiver")

    # Changes; what can fail was checked before

    def _commit(self, market: Market, price: int, book: Book) -> None:
        """Store a book, and tell the guard which price (WAD) made it."""
        market.book = book
        if market.guard is not None and market.status is not MarketStatus.CLOSED:
            market.guard.accept(price, self.now)

    def _book_cash(self, market: Market, assets: int) -> None:
        """Book collateral that lies here as backing of a market."""
        self.cash += assets
        market.backing += assets * self.scale

    def _pull(self, market: Market, sender: str, assets: int) -> None:
        """Take collateral from a wallet as backing of a market."""
        self._move(sender, self.address, assets)
        self._book_cash(market, assets)

    def _pay(self, market: Market, receiver: str, assets: int) -> None:
        """Pay collateral out of a market's backing."""
        market.backing -= assets * self.scale
        self._send(receiver, assets)

    def _owe(self, market: Market, keeper: str, amount: int) -> None:
        """Move a fee (quote WAD) from a market's backing to a keeper."""
        market.backing -= amount
        self.owed[keeper] += amount
        self.owed_total += amount

    def _send(self, receiver: str, assets: int) -> None:
        self.cash -= assets
        self._move(self.address, receiver, assets)

    def _move(self, sender: str, receiver: str, assets: int) -> None:
        self.wallets[sender] -= assets
        self.wallets[receiver] += assets
