"""The account's verbs, and the view that quotes them."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import WAD, floor_div, require
from steelyard.model.venue import maths
from steelyard.model.venue.market import Market
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import AccountState, Book, Fill, MarketStatus, Position, free
from steelyard.model.venue.treasury import Treasury

MAX_ORDER = 2**95
"""Largest amount an order may name, in its own scale."""


class Trading(Treasury):
    """What an account's owner calls."""

    def modify_position(
        self,
        market: int,
        account: str,
        asset_delta: int,
        size_delta: int,
        price_limit: int = 0,
        receiver: str = "",
    ) -> Fill:
        """Move margin and position of an account together.

        The whole position is settled at the oracle price, then all requirements are checked on the
        result: margin' = margin + in - out + floor(size (P + F - basis) + d (P - fill)) - fee.

        Args:
            market: Market id.
            account: The caller.
            asset_delta: Collateral in (+; sent before, see `transfer`) or out (-), collateral
                decimals.
            size_delta: Order d, underlying WAD; 0 = margin only.
            price_limit: Worst fill accepted, WAD; 0 = none.
            receiver: Who gets collateral paid out.

        Returns:
            Fill price, fee, oracle price, new size and equity.

        Raises:
            Revert: With the contract's reason.
        """
        largest = max(abs(asset_delta), abs(size_delta))
        require(0 < largest <= MAX_ORDER, "order: zero or out of range")
        venue = self._running_market(market)
        old = free(venue.position(account))
        price, book = venue.opened(self.now)
        reducing = is_reducing(old.size, size_delta)
        if not reducing:
            require(venue.status is MarketStatus.ACTIVE, "market: reduce only")
            venue.check_interest(book, price, old.size, size_delta)
        fill, fee = venue.quote(book.skew, price, size_delta)
        if size_delta != 0:
            _check_fill(fill, size_delta, price_limit)
        if asset_delta > 0:
            self._check_received(asset_delta)
        pnl = old.size * (book.mark(price) - old.basis) + size_delta * (price - fill)
        margin = old.margin + asset_delta * self.scale + floor_div(pnl, WAD) - fee
        require(margin >= 0, "margin: insufficient")
        new = _settled(old, old.size + size_delta, margin, book.mark(price))
        _check_margin(venue, new, price, asset_delta < 0, size_delta != 0, reducing)
        book = book.replaced(old, new, fees=fee)
        venue.check_pool(book, asset_delta * self.scale)
        if asset_delta < 0:
            self._check_payment(venue, receiver, -asset_delta, book)
        self._commit(venue, price, book)
        venue.positions[account] = new
        if asset_delta > 0:
            self._book_cash(venue, asset_delta)
        elif asset_delta < 0:
            self._pay(venue, receiver, -asset_delta)
        return Fill(fill, fee, price, new.size, margin)

    def deposit_margin(self, market: int, account: str, assets: int) -> None:
        """Pull collateral from the caller's wallet into his margin; needs no price.

        Args:
            market: Market id.
            account: The caller.
            assets: Collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        venue = self._running_market(market)
        old = free(venue.position(account))
        self._check_pull(account, assets)
        new = replace(old, margin=old.margin + assets * self.scale)
        book = venue.book.replaced(old, new)
        venue.check_pool(book, assets * self.scale)
        venue.book = book
        venue.positions[account] = new
        self._pull(venue, account, assets)

    def position(self, market: int, account: str) -> Position:
        """Return a position as stored, not accrued.

        Raises:
            Revert: The market is unknown.
        """
        return self._market(market).position(account)

    def account_state(self, market: int, account: str, size_delta: int = 0) -> AccountState:
        """Return the state of an account and of its market, with a quote for one order.

        Args:
            market: Market id.
            account: Owner of the position.
            size_delta: Order to quote, underlying WAD; 0 = no quote.

        Returns:
            The state, accrued to now.

        Raises:
            Revert: The market is unknown, or the order out of range.
        """
        _check_size(size_delta)
        venue = self._market(market)
        position = venue.position(account)
        price, fault = venue.price(self.now)
        book = venue.accrued(price, self.now)
        equity, fill, fee = position.margin, 0, 0
        if price != 0:
            equity = position.equity(book.mark(price))
            fill, fee = venue.quote(book.skew, price, size_delta)
        config = venue.config
        return AccountState(
            price=price,
            oracle_fault=fault,
            status=venue.status,
            size=position.size,
            equity=equity,
            withdrawable=_withdrawable(venue, position, equity, price, fault, book),
            cash=venue.cash(book),
            maintenance=venue.maintenance(position.size, price),
            flagged=position.flagged,
            changed_at=position.changed_at,
            skew=book.skew,
            skew_scale=config.skew_scale,
            maker_fee=config.maker_fee,
            taker_fee=config.taker_fee,
            max_leverage=config.max_leverage,
            min_margin=config.min_margin,
            min_keeper_fee=config.min_keeper_fee,
            funding_rate=book.funding_rate,
            fill_price=fill,
            order_fee=fee,
        )

    def maintenance_margin(self, market: int, size: int) -> int:
        """Return the maintenance margin of a position at the price that `account_state` shows.

        Args:
            market: Market id.
            size: Of the position, underlying WAD.

        Returns:
            Quote WAD.

        Raises:
            Revert: The market is unknown, or the size out of range.
        """
        _check_size(size)
        venue = self._market(market)
        price, _ = venue.price(self.now)
        return venue.maintenance(size, price)

    def check_trading(self, market: int, account: str) -> int:
        """Check what `modify_position` checks of market and account, whatever the order.

        Args:
            market: Market id.
            account: Who would trade.

        Returns:
            Price it would trade at, WAD.

        Raises:
            Revert: The market is unknown or paused, the account flagged, or the price not valid.
        """
        venue = self._running_market(market)
        free(venue.position(account))
        price, _ = venue.opened(self.now)
        return price


def is_reducing(size: int, size_delta: int) -> bool:
    """Return whether an order leaves the position on its side and no larger (or is none).

    >>> [is_reducing(5, delta) for delta in (-6, -5, 0, 1)]
    [False, True, True, False]
    """
    against = (size > 0) != (size_delta > 0)
    return size_delta == 0 or (against and abs(size_delta) <= abs(size))


def _check_size(size: int) -> None:
    """Check that a size (underlying WAD) is one that views quote."""
    require(abs(size) <= MAX_ORDER, "order: quote out of range")


def _check_fill(fill: int, size_delta: int, price_limit: int) -> None:
    """Check that there is a fill, and that the caller accepts it."""
    require(fill != 0, "order: beyond the skew scale")
    accepted = fill <= price_limit if size_delta > 0 else fill >= price_limit
    require(price_limit == 0 or accepted, "order: price limit")


def _check_margin(
    venue: Market, new: Position, price: int, withdrawing: bool, ordering: bool, reducing: bool
) -> None:
    """Check what the account must keep; adding margin and closing are always allowed."""
    if new.size == 0:
        return
    if withdrawing or not reducing:
        require(new.margin >= venue.config.min_margin, "margin: below minimum")
        initial = maths.initial_margin(new.size, price, venue.config.max_leverage)
        require(new.margin >= initial, "margin: below initial")
    if withdrawing or ordering:
        maintenance = venue.maintenance(new.size, price)
        require(new.margin > maintenance, "margin: below maintenance")


def _settled(old: Position, size: int, margin: int, mark: int) -> Position:
    """Return the position after everything up to now was realised into its margin."""
    return replace(old, size=size, margin=margin, basis=mark if size else 0)


def _withdrawable(
    venue: Market, position: Position, equity: int, price: int, fault: Fault, book: Book
) -> int:
    """Return the most that may leave, quote WAD: the margin rule, and margins + pool."""
    usable = fault is Fault.VALID and venue.status is not MarketStatus.PAUSED
    if not usable or position.flagged or equity <= 0:
        return 0
    required = 0
    if position.size != 0:
        initial = maths.initial_margin(position.size, price, venue.config.max_leverage)
        maintenance = venue.maintenance(position.size, price)
        required = max(venue.config.min_margin, initial, maintenance + 1)
    return min(max(equity - required, 0), venue.cash(book))
