"""One market: its parameters, its book and its positions."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from steelyard.model.arithmetic import WAD, clamp, require
from steelyard.model.venue import maths
from steelyard.model.venue.oracle import Fault, Oracle, PriceGuard, raise_fault
from steelyard.model.venue.parameters import MarketConfig
from steelyard.model.venue.states import FEE_UNIT, Book, MarketState, MarketStatus, Position

MAX_POOL = 2**95
"""The pool stays below this and at or above its negative, quote WAD."""

_NO_POSITION = Position()


@dataclass(slots=True)
class Market:
    """State of one market. Read freely; only Exchange writes.

    Attributes:
        config: Its parameters.
        oracle: Its feed.
        decimals: Of the feed when it was configured, count.
        book: Sums over positions and funding, as stored.
        status: What it does with orders.
        guard: Optional checks around the price.
        forced: Whether the owner holds the funding rate.
        backing: Cash behind margins, pool and fees together, quote WAD.
        bad_debt: All ever recorded, quote WAD.
        settlement_price: WAD; of a CLOSED market.
        lp_supply: LP share units.
        lp_shares: LP share units by provider.
        positions: By account; those never touched are missing.
        closed_at: Second that `closed_size` belongs to.
        closed_size: Closed by partial liquidations in that second, underlying WAD.
    """

    config: MarketConfig
    oracle: Oracle
    decimals: int
    book: Book
    status: MarketStatus = MarketStatus.ACTIVE
    guard: PriceGuard | None = None
    forced: bool = False
    backing: int = 0
    bad_debt: int = 0
    settlement_price: int = 0
    lp_supply: int = 0
    lp_shares: dict[str, int] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    closed_at: int = 0
    closed_size: int = 0

    def position(self, account: str) -> Position:
        """Return a position as stored, an empty one for an unknown account."""
        return self.positions.get(account, _NO_POSITION)

    def price(self, now: int) -> tuple[int, Fault]:
        """Return the oracle price (WAD), or the settlement price once CLOSED, and its fault."""
        if self.status is MarketStatus.CLOSED:
            return self.settlement_price, Fault.VALID
        price, fault = self.oracle.read(self.decimals, self.config.max_age, now)
        if self.guard is not None:
            fault = self.guard.fault(price, fault, now)
        return price, fault

    def accrued(self, price: int, now: int) -> Book:
        """Return the book with funding accrued to `now`; a CLOSED market accrues none.

        Args:
            price: WAD.
            now: Seconds.

        Returns:
            The book, dated `now`.
        """
        book = self.book
        if now == book.updated_at:
            return book
        if self.status is MarketStatus.CLOSED:
            return replace(book, updated_at=now)
        velocity, max_rate = 0, WAD
        if not self.forced:
            config = self.config
            max_rate = config.max_funding_rate
            velocity = maths.funding_velocity(
                book.skew, config.skew_scale, config.max_funding_velocity
            )
        rate, paid = maths.accrue_funding(
            book.funding_rate, velocity, max_rate, now - book.updated_at, price
        )
        return replace(
            book, updated_at=now, funding_rate=rate, funding_index=book.funding_index + paid
        )

    def opened(self, now: int) -> tuple[int, Book]:
        """Return a valid price (WAD) and the accrued book, the first step of most verbs.

        Raises:
            Revert: The price has a fault.
        """
        price, fault = self.price(now)
        raise_fault(fault)
        return price, self.accrued(price, now)

    def clamped_rate(self, rate: int) -> int:
        """Return a funding rate (WAD per day) within the market's cap."""
        bound = self.config.max_funding_rate
        return clamp(rate, -bound, bound)

    # Money

    def pool(self, book: Book) -> int:
        """Return the LPs' cash, quote WAD: what backing leaves after margins and fees."""
        return self.backing - book.margins - book.fees * FEE_UNIT

    def check_pool(self, book: Book, moved: int = 0) -> None:
        """Check that the pool fits its field once a book is stored.

        Args:
            book: What will be stored.
            moved: Collateral that comes (+) or goes with it, quote WAD.

        Raises:
            Revert: It does not.
        """
        in_range = -MAX_POOL <= self.pool(book) + moved < MAX_POOL
        require(in_range, "market: out of range")

    def cash(self, book: Book) -> int:
        """Return what traders and LPs may withdraw, quote WAD: margins + pool, not the fees."""
        return max(0, self.backing - book.fees * FEE_UNIT)

    def lp_equity(self, book: Book, price: int) -> int:
        """Return the pool's worth if all positions closed at `price` (WAD), quote WAD."""
        return self.pool(book) - book.traders_pnl(price)

    def maintenance(self, size: int, price: int) -> int:
        """Return the maintenance margin (quote WAD) of a size (underlying WAD) at a price (WAD).

        A CLOSED market settles at a known price and needs none.
        """
        if self.status is MarketStatus.CLOSED:
            return 0
        config = self.config
        return maths.maintenance_margin(
            size,
            price,
            config.skew_scale,
            config.maintenance_ratio,
            config.liquidation_fee_ratio,
            config.liquidation_premium,
            config.min_keeper_fee,
            config.max_keeper_fee,
        )

    def quote(self, skew: int, price: int, size_delta: int) -> tuple[int, int]:
        """Quote an order; a CLOSED market settles at its price for nothing.

        Args:
            skew: longs - shorts before it, underlying WAD.
            price: WAD.
            size_delta: Underlying WAD; 0 = no order.

        Returns:
            Fill price (WAD; 0 = no order or no fill exists), fee (quote WAD).
        """
        if size_delta == 0:
            return 0, 0
        if self.status is MarketStatus.CLOSED:
            return price, 0
        config = self.config
        fill = maths.fill_price(price, config.skew_scale, skew, size_delta)
        return fill, maths.order_fee(fill, skew, size_delta, config.maker_fee, config.taker_fee)

    # Open interest

    def limits(self, is_long: bool, book: Book, price: int) -> tuple[int, int]:
        """Return how large one side, and both together, may be after an increase.

        Args:
            is_long: Which side.
            book: Accrued, before the order.
            price: WAD, 0 = none usable.

        Returns:
            Most interest of the side, most interest of both (underlying WAD, rounded down).
        """
        total = self.total_limit(self.lp_equity(book, price), price)
        if total == 0:
            return 0, 0
        config = self.config
        cap = config.max_long if is_long else config.max_short
        return min(cap, config.max_notional * WAD // price), total

    def total_limit(self, lp_equity: int, price: int) -> int:
        """Return the most interest of both sides that the pool backs.

        Args:
            lp_equity: Quote WAD.
            price: WAD, 0 = none usable.

        Returns:
            Underlying WAD, rounded down.
        """
        if price == 0 or lp_equity <= 0:
            return 0
        return lp_equity * WAD // price * WAD // self.config.reserve_factor

    def room(self, is_long: bool, book: Book, price: int) -> int:
        """Return how much one side may still grow, underlying WAD; arguments as in `limits`."""
        side_limit, total_limit = self.limits(is_long, book, price)
        side = book.long_interest if is_long else book.short_interest
        total = book.long_interest + book.short_interest
        return max(0, min(side_limit - side, total_limit - total))

    def check_interest(self, book: Book, price: int, size: int, size_delta: int) -> None:
        """Check what an increase must leave: the side under its caps, both backed by the pool.

        Args:
            book: Accrued, before the order.
            price: WAD.
            size: Of the position before the order, underlying WAD.
            size_delta: Order, underlying WAD.

        Raises:
            Revert: A cap or the reserve is broken.
        """
        is_long = size_delta > 0
        new_size = abs(size + size_delta)
        # Across zero, the side of the order grows by all that is left on it.
        kept = abs(size) if (size > 0) == is_long else 0
        side_limit, total_limit = self.limits(is_long, book, price)
        side = (book.long_interest if is_long else book.short_interest) + new_size - kept
        require(side <= side_limit, "market: open interest cap")
        total = book.long_interest + book.short_interest + new_size - abs(size)
        require(total <= total_limit, "market: pool reserve")

    # View

    def state(self, now: int) -> MarketState:
        """Return the market accrued to `now` (seconds), as `IPerpExchange.market_state`."""
        price, fault = self.price(now)
        book = self.accrued(price, now)
        pool, traders_pnl = self.pool(book), book.traders_pnl(price)
        return MarketState(
            price=price,
            oracle_fault=fault,
            status=self.status,
            long_interest=book.long_interest,
            short_interest=book.short_interest,
            margins=book.margins,
            basis_sum=book.basis_sum,
            funding_rate=book.funding_rate,
            funding_index=book.funding_index,
            fees=book.fees * FEE_UNIT,
            backing=self.backing,
            pool=pool,
            traders_pnl=traders_pnl,
            lp_equity=pool - traders_pnl,
            lp_supply=self.lp_supply,
            bad_debt=self.bad_debt,
            room_long=self.room(True, book, price),
            room_short=self.room(False, book, price),
        )
