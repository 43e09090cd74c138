"""Flag, then liquidate, at the fill of an order without fee; and forced deleveraging."""

from __future__ import annotations

from dataclasses import dataclass, replace

from steelyard.model.arithmetic import WAD, floor_div, require
from steelyard.model.venue import maths
from steelyard.model.venue.market import Market
from steelyard.model.venue.states import FEE_UNIT, Book, MarketStatus, Position, free
from steelyard.model.venue.treasury import Treasury


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one liquidation does to a position and to the money around it."""

    size_closed: int  # underlying WAD, sign of the position
    keeper_fee: int  # quote WAD
    position: Position
    seized: int = 0  # quote WAD
    bad_debt: int = 0  # quote WAD
    fees_used: int = 0  # quote with 9 decimals
    closed_size: int | None = None  # new count against the cap of this second, underlying WAD


class Liquidation(Treasury):
    """What keepers call."""

    def flag(self, market: int, account: str, keeper: str) -> None:
        """Flag an account whose equity is at or below its maintenance margin.

        Args:
            market: Market id.
            account: Account to flag; it freezes until liquidated.
            keeper: The caller, owed half of the liquidation fee.

        Raises:
            Revert: With the contract's reason.
        """
        venue, price, book = self._opened(market)
        position = free(venue.position(account))
        equity = position.equity(book.mark(price))
        due = position.size != 0 and equity <= venue.maintenance(position.size, price)
        require(due, "liquidation: above maintenance")
        self._commit(venue, price, book.bounded())
        venue.positions[account] = replace(position, flagged=True, flagger=keeper)

    def liquidate(self, market: int, account: str, keeper: str) -> tuple[int, int]:
        """Close a flagged position, whole or a chunk; an account that recovered is unflagged.

        Args:
            market: Market id.
            account: Flagged account.
            keeper: The caller, owed the other half of the fee.

        Returns:
            Size closed (underlying WAD), keeper fee (quote WAD).

        Raises:
            Revert: With the contract's reason.
        """
        venue, price, book = self._opened(market)
        old = venue.position(account)
        require(old.flagged, "liquidation: not flagged")
        equity = old.equity(book.mark(price))
        if equity > venue.maintenance(old.size, price):
            self._commit(venue, price, book.bounded())
            venue.positions[account] = replace(old, flagged=False)
            return 0, 0
        if equity <= 0:
            outcome = self._write_off(venue, old, equity, book)
        else:
            outcome = self._close_chunk(venue, old, equity, price, book)
        book = replace(book, fees=book.fees - outcome.fees_used)
        book = book.replaced(old, outcome.position, fees=outcome.seized)
        venue.check_pool(book, -outcome.keeper_fee)
        self._commit(venue, price, book)
        venue.positions[account] = outcome.position
        venue.bad_debt += outcome.bad_debt
        if outcome.closed_size is not None:
            venue.closed_at, venue.closed_size = self.now, outcome.closed_size
        half = outcome.keeper_fee // 2
        self._owe(venue, old.flagger, half)
        self._owe(venue, keeper, outcome.keeper_fee - half)
        return abs(outcome.size_closed), outcome.keeper_fee

    def deleverage(self, market: int, account: str, size: int) -> None:
        """Force a position smaller at the oracle price, free of impact and fee; the owner's.

        Args:
            market: Market id.
            account: Owner of the position.
            size: How much to close, underlying WAD.

        Raises:
            Revert: With the contract's reason.
        """
        venue, price, book = self._opened(market)
        old = free(venue.position(account))
        require(0 < size <= abs(old.size), "deleverage: bad size")
        equity = old.equity(book.mark(price))
        require(equity >= 0, "deleverage: negative equity")
        left = old.size - (size if old.size > 0 else -size)
        new = self._changed(old, left, equity, book.mark(price), flagged=False)
        book = book.replaced(old, new)
        venue.check_pool(book)
        self._commit(venue, price, book)
        venue.positions[account] = new

    def _opened(self, market: int) -> tuple[Market, int, Book]:
        venue = self._market(market)
        if not venue.config.liquidate_when_paused:
            self._running_market(market)
        return venue, *venue.opened(self.now)

    def _changed(self, old: Position, size: int, margin: int, mark: int, flagged: bool) -> Position:
        """Return a position after a change that was not its owner's."""
        return Position(
            size=size,
            margin=margin,
            basis=mark if size else 0,
            changed_at=self.now,
            flagged=flagged,
            flagger=old.flagger,
        )

    def _write_off(self, venue: Market, old: Position, equity: int, book: Book) -> _Outcome:
        """Close a position worth nothing or less at the pool's cost.

        The keepers' least fee comes from the market's fees if they, and its cash, cover it.
        """
        least = venue.config.min_keeper_fee
        fee = least if min(book.fees * FEE_UNIT, venue.backing) >= least else 0
        return _Outcome(
            size_closed=old.size,
            keeper_fee=fee,
            position=self._changed(old, 0, 0, 0, flagged=False),
            bad_debt=-equity,
            fees_used=fee // FEE_UNIT,
        )

    def _close_chunk(
        self, venue: Market, old: Position, equity: int, price: int, book: Book
    ) -> _Outcome:
        """Close as much as restores the initial margin, or all.

        The keepers' fee comes first, then the impact, as far as margin goes.
        """
        config = venue.config
        closed, closed_size = self._chunk(venue, old.size, equity, price)
        sign = 1 if old.size > 0 else -1
        fee = maths.keeper_fee(
            closed,
            price,
            config.liquidation_fee_ratio,
            config.min_keeper_fee,
            config.max_keeper_fee,
        )
        fee = min(equity, venue.backing, fee)
        left = old.size - sign * closed
        margin = max(0, equity - fee + self._closing_gain(venue, sign * closed, price, book))
        seized = margin if left == 0 and config.seize_remainder else 0
        margin -= seized
        flagged = left != 0 and margin <= venue.maintenance(left, price)
        return _Outcome(
            size_closed=sign * closed,
            keeper_fee=fee,
            position=self._changed(old, left, margin, book.mark(price), flagged),
            seized=seized,
            closed_size=closed_size,
        )

    def _closing_gain(self, venue: Market, closed: int, price: int, book: Book) -> int:
        """Return what the skew makes of closing a chunk, quote WAD, down: closed * (fill - P)."""
        if venue.status is MarketStatus.CLOSED:
            return 0
        fill = maths.fill_price(price, venue.config.skew_scale, book.skew, -closed)
        return floor_div(closed * (fill - price), WAD) if fill else 0

    def _chunk(self, venue: Market, size: int, equity: int, price: int) -> tuple[int, int | None]:
        """Return how much to close now, and the new count against the cap of this second.

        Whole without a cap, or when what is left could not be traded anyway.
        """
        config = venue.config
        amount, cap = abs(size), config.liquidation_cap
        if cap == 0 or equity <= config.min_margin:
            return amount, None
        used = venue.closed_size if venue.closed_at == self.now else 0
        # A turn that is nearly used up is refused: a chunk of dust would cost a whole fee.
        require(used <= cap - cap // 10, "liquidation: cap of this second")
        wanted = maths.chunk_size(
            size, price, equity, config.max_leverage, config.liquidation_fee_ratio
        )
        closed = min(wanted, amount, cap - used)
        return closed, used + closed
