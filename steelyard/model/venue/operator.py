"""The owner's switches: markets, parameters, and the knobs that make a venue adverse."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import WAD, require
from steelyard.model.venue.market import Market
from steelyard.model.venue.oracle import MAX_PRICE, Oracle, PriceGuard, raise_fault
from steelyard.model.venue.parameters import MarketConfig, pack
from steelyard.model.venue.states import FEE_UNIT, Book, MarketStatus
from steelyard.model.venue.treasury import Treasury

MAX_MARKETS = 32


class Operator(Treasury):
    """What the owner calls; who the owner is, the model does not ask."""

    def add_market(self, config: MarketConfig, oracle: Oracle) -> int:
        """Add a market, ACTIVE from the start.

        Args:
            config: Its parameters.
            oracle: Its feed.

        Returns:
            Its id.

        Raises:
            Revert: The parameters are not valid, or there are 32 markets.
        """
        require(len(self.markets) < MAX_MARKETS, "market: too many")
        pack(config, oracle.decimals)
        self.markets.append(Market(config, oracle, oracle.decimals, Book(updated_at=self.now)))
        return len(self.markets) - 1

    def set_market_config(
        self, market: int, config: MarketConfig, oracle: Oracle | None = None
    ) -> None:
        """Change a market's parameters mid-flight; funding accrues under the old ones first.

        Args:
            market: Market id.
            config: New parameters.
            oracle: New feed, the same by default. It prices the accrual when the old one cannot.

        Raises:
            Revert: The parameters are not valid, or neither feed is.
        """
        venue = self._market(market)
        oracle = oracle or venue.oracle
        pack(config, oracle.decimals)
        changed = replace(venue, config=config, oracle=oracle, decimals=oracle.decimals)
        price, fault = venue.price(self.now)
        if fault:
            price, fault = changed.price(self.now)
            raise_fault(fault)
        book = venue.accrued(price, self.now)
        if not venue.forced:
            book = replace(book, funding_rate=changed.clamped_rate(book.funding_rate))
        venue.book = book.bounded()
        venue.config, venue.oracle, venue.decimals = config, oracle, oracle.decimals

    def set_price_guard(self, market: int, guard: PriceGuard | None) -> None:
        """Set the optional price checks of a market, None for none; they forget the last price."""
        self._market(market).guard = guard
        if guard is not None:
            guard.accept(0, self.now)

    def set_market_status(self, market: int, status: int) -> None:
        """Switch a market between ACTIVE, REDUCE_ONLY and PAUSED.

        Args:
            market: Market id.
            status: A MarketStatus.

        Raises:
            Revert: The market is CLOSED, or the status is none of the three.
        """
        switchable = (MarketStatus.ACTIVE, MarketStatus.REDUCE_ONLY, MarketStatus.PAUSED)
        require(status in switchable, "market: bad status")
        venue = self._market(market)
        require(venue.status is not MarketStatus.CLOSED, "market: closed for good")
        venue.status = MarketStatus(status)

    def close_market(self, market: int, settlement_price: int) -> None:
        """Delist a market for good: positions settle at a frozen price, funding stops.

        Args:
            market: Market id.
            settlement_price: WAD.

        Raises:
            Revert: With the contract's reason.
        """
        require(0 < settlement_price <= MAX_PRICE, "market: bad settlement price")
        venue = self._market(market)
        require(venue.status is not MarketStatus.CLOSED, "market: closed for good")
        venue.book = venue.accrued(settlement_price, self.now).bounded()
        venue.settlement_price = settlement_price
        venue.status = MarketStatus.CLOSED

    def force_funding_rate(self, market: int, rate: int, forced: bool = True) -> None:
        """Hold the funding rate at a value, or let it move with the skew again from there.

        Args:
            market: Market id.
            rate: WAD per day, within +-1e18; a released rate is clamped to the market's cap.
            forced: False to let it go.

        Raises:
            Revert: With the contract's reason.
        """
        require(-WAD <= rate <= WAD, "market: bad funding rate")
        venue = self._market(market)
        price, book = venue.opened(self.now)
        held = rate if forced else venue.clamped_rate(rate)
        self._commit(venue, price, replace(book, funding_rate=held).bounded())
        venue.forced = forced

    def drain_pool(self, market: int, assets: int, receiver: str) -> None:
        """Take cash out of a market past its reserve, as a failing venue would.

        Args:
            market: Market id.
            assets: Collateral decimals; at most what backs the market.
            receiver: Who gets the collateral.

        Raises:
            Revert: With the contract's reason.
        """
        venue = self._market(market)
        self._check_payment(venue, receiver, assets)
        venue.check_pool(venue.book, -assets * self.scale)
        self._pay(venue, receiver, assets)

    def collect_fees(self, market: int, receiver: str) -> int:
        """Pay out a market's fee bucket; what is below one unit of collateral stays.

        Args:
            market: Market id.
            receiver: Who gets the collateral.

        Returns:
            Assets paid, collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        venue = self._market(market)
        unit = max(self.scale, FEE_UNIT)
        amount = venue.book.fees * FEE_UNIT // unit * unit
        assets = amount // self.scale
        self._check_payment(venue, receiver, assets)
        venue.book = replace(venue.book, fees=venue.book.fees - amount // FEE_UNIT)
        self._pay(venue, receiver, assets)
        return assets
