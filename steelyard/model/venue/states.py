"""What the exchange keeps and shows, with the field names of IPerpExchange's structs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from steelyard.model.arithmetic import WAD, floor_div, require
from steelyard.model.venue.oracle import Fault

ZERO_ADDRESS = "0x" + "00" * 20

FEE_UNIT = 10**9
"""Quote WAD per unit of the fee bucket."""

_MAX_MARGIN = 2**96
_MAX_FEES = 2**64
_MAX_FUNDING_INDEX = 2**94


class MarketStatus(IntEnum):
    """What a market does with orders; a Vyper flag."""

    ACTIVE = 1
    REDUCE_ONLY = 2
    PAUSED = 4
    CLOSED = 8


class Fill(NamedTuple):
    """What `modify_position` returns.

    Attributes:
        fill_price: WAD; 0 without an order.
        fee: Quote WAD.
        price: Oracle price, WAD.
        size: Of the position after it, underlying WAD.
        equity: Of the account after it, quote WAD.
    """

    fill_price: int
    fee: int
    price: int
    size: int
    equity: int


@dataclass(frozen=True, slots=True)
class Position:
    """A position as stored, not accrued.

    Attributes:
        size: Underlying WAD, + long, - short.
        margin: Settled at the last touch, quote WAD.
        basis: Price + funding index at the last touch, quote WAD per 1 underlying; 0 without size.
        changed_at: Last change that was not the owner's, seconds; 0 = never.
        flagged: Frozen until liquidated.
        flagger: Who flagged it last.
    """

    size: int = 0
    margin: int = 0
    basis: int = 0
    changed_at: int = 0
    flagged: bool = False
    flagger: str = ZERO_ADDRESS

    def equity(self, mark: int) -> int:
        """Return margin with everything unrealised, rounded down.

        Args:
            mark: Price + funding index, quote WAD per 1 underlying.

        Returns:
            Quote WAD; negative = bad debt.
        """
        return self.margin + floor_div(self.size * (mark - self.basis), WAD)


def free(position: Position) -> Position:
    """Return the position itself.

    Raises:
        Revert: It is flagged.
    """
    require(not position.flagged, "account: flagged")
    return position


@dataclass(frozen=True, slots=True)
class Book:
    """The sums over a market's positions, and its funding.

    Attributes:
        long_interest: Underlying WAD.
        short_interest: Underlying WAD.
        updated_at: Seconds.
        margins: Quote WAD.
        fees: Quote with 9 decimals.
        funding_index: Quote WAD per 1 underlying.
        funding_rate: WAD per day.
        basis_sum: Sum of size * basis, quote with 36 decimals.
    """

    long_interest: int = 0
    short_interest: int = 0
    updated_at: int = 0
    margins: int = 0
    fees: int = 0
    funding_index: int = 0
    funding_rate: int = 0
    basis_sum: int = 0

    @property
    def skew(self) -> int:
        """Longs - shorts, underlying WAD."""
        return self.long_interest - self.short_interest

    def mark(self, price: int) -> int:
        """Return price + funding index, quote WAD per 1 underlying."""
        return price + self.funding_index

    def traders_pnl(self, price: int) -> int:
        """Return the unrealised PnL of all positions with funding, rounded down once.

        Args:
            price: WAD.

        Returns:
            Quote WAD; at most one wei per position above the sum of theirs.
        """
        return floor_div(self.skew * self.mark(price) - self.basis_sum, WAD)

    def replaced(self, old: Position, new: Position, fees: int = 0) -> Book:
        """Return the book after one position has changed.

        Args:
            old: The position before.
            new: The position after.
            fees: What the fee bucket gains, quote WAD; booked down to 1e-9.

        Returns:
            The book after.

        Raises:
            Revert: A margin or a sum leaves its range.
        """
        require(new.margin < _MAX_MARGIN, "market: out of range")
        return Book(
            long_interest=self.long_interest + max(new.size, 0) - max(old.size, 0),
            short_interest=self.short_interest + max(-new.size, 0) - max(-old.size, 0),
            updated_at=self.updated_at,
            margins=self.margins + new.margin - old.margin,
            fees=self.fees + fees // FEE_UNIT,
            funding_index=self.funding_index,
            funding_rate=self.funding_rate,
            basis_sum=self.basis_sum + new.size * new.basis - old.size * old.basis,
        ).bounded()

    def bounded(self) -> Book:
        """Return the book itself.

        Raises:
            Revert: It does not fit its storage.
        """
        index_in_range = -_MAX_FUNDING_INDEX <= self.funding_index < _MAX_FUNDING_INDEX
        require(self.fees < _MAX_FEES and index_in_range, "market: out of range")
        return self


@dataclass(frozen=True, slots=True)
class AccountState:
    """Everything an account's owner needs to decide, with a quote for one order.

    Attributes:
        price: Oracle price, WAD; with a fault the last answer if positive, else 0.
        oracle_fault: 0 = the price is valid.
        status: Of the market.
        size: Underlying WAD.
        equity: Margin + unrealised PnL + accrued funding, quote WAD; negative = bad debt.
        withdrawable: The most that may leave now, quote WAD.
        cash: Margins + pool of the market: the most that can leave it at all now, quote WAD.
        maintenance: Maintenance margin of the position now, quote WAD.
        flagged: Frozen until liquidated.
        changed_at: Last change that was not the owner's, seconds; 0 = never.
        skew: Longs - shorts, underlying WAD.
        skew_scale: K, underlying WAD.
        maker_fee: WAD of notional at the fill.
        taker_fee: WAD of notional at the fill.
        max_leverage: WAD.
        min_margin: Least margin of an open position, quote WAD.
        min_keeper_fee: Least fee of a liquidation, quote WAD.
        funding_rate: WAD per day, > 0 longs pay.
        fill_price: Of the quoted order, WAD; 0 for no order or when no fill exists.
        order_fee: Of the quoted order, quote WAD.
    """

    price: int
    oracle_fault: Fault
    status: MarketStatus
    size: int
    equity: int
    withdrawable: int
    cash: int
    maintenance: int
    flagged: bool
    changed_at: int
    skew: int
    skew_scale: int
    maker_fee: int
    taker_fee: int
    max_leverage: int
    min_margin: int
    min_keeper_fee: int
    funding_rate: int
    fill_price: int
    order_fee: int


@dataclass(frozen=True, slots=True)
class MarketState:
    """A market seen from outside, accrued to now.

    Attributes:
        price: WAD, as in AccountState.
        oracle_fault: 0 = the price is valid.
        status: Of the market.
        long_interest: Underlying WAD.
        short_interest: Underlying WAD.
        margins: Sum of the accounts' margins, quote WAD.
        basis_sum: Sum of size * basis over accounts, quote with 36 decimals.
        funding_rate: WAD per day.
        funding_index: Accumulated funding per 1 underlying, quote WAD; falls when longs pay.
        fees: Trading fees and seized margins not yet collected, quote WAD.
        backing: Cash behind the market: margins + pool + fees, quote WAD.
        pool: The LPs' cash, quote WAD; negative when it paid more than it had.
        traders_pnl: Unrealised PnL of all accounts with funding, quote WAD.
        lp_equity: pool - traders_pnl, quote WAD.
        lp_supply: LP shares, 18 decimals and 3 more of virtual offset.
        bad_debt: All ever recorded, quote WAD.
        room_long: How much long interest may still grow, underlying WAD.
        room_short: The same for short.
    """

    price: int
    oracle_fault: Fault
    status: MarketStatus
    long_interest: int
    short_interest: int
    margins: int
    basis_sum: int
    funding_rate: int
    funding_index: int
    fees: int
    backing: int
    pool: int
    traders_pnl: int
    lp_equity: int
    lp_supply: int
    bad_debt: int
    room_long: int
    room_short: int
