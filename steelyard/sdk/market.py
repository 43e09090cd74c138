"""A token's market at its venue, at one block."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Any

from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import MarketStatus
from steelyard.sdk.amounts import to_decimal

DAYS_OF_YEAR = 365


def readable(name: IntEnum) -> str:
    """Return how people read a name.

    >>> readable(MarketStatus.REDUCE_ONLY)
    'reduce only'
    """
    return name.name.lower().replace("_", " ")


@dataclass(frozen=True)
class MarketInfo:
    """A token's market at its venue. Properties are Decimal in people's units.

    Attributes:
        raw: IPerpExchange.AccountState of the token, integers as there.
        id: What the venue calls it.
        symbol: The underlying, e.g. `BTC`.
        venue: Address of the exchange.
    """

    raw: Any = field(repr=False)
    id: int
    symbol: str
    venue: str

    @property
    def price(self) -> Decimal | None:
        """Oracle price, quote per 1 underlying; the last one when it has a fault; or None."""
        return to_decimal(self.raw.price) if self.raw.price else None

    @property
    def fault(self) -> Fault:
        """Why the price may not be used; `Fault.VALID` when it may."""
        return Fault(self.raw.oracle_fault)

    @property
    def status(self) -> MarketStatus:
        """What the market does with orders."""
        return MarketStatus(self.raw.status)

    @property
    def skew(self) -> Decimal:
        """Longs less shorts, underlying."""
        return to_decimal(self.raw.skew)

    @property
    def skew_scale(self) -> Decimal:
        """Skew at which the fill is twice the price, or zero; underlying."""
        return to_decimal(self.raw.skew_scale)

    @property
    def maker_fee(self) -> Decimal:
        """Of the notional of what lowers the skew."""
        return to_decimal(self.raw.maker_fee)

    @property
    def taker_fee(self) -> Decimal:
        """Of the notional of what raises the skew."""
        return to_decimal(self.raw.taker_fee)

    @property
    def funding_per_day(self) -> Decimal:
        """Of notional, above zero when longs pay."""
        return to_decimal(self.raw.funding_rate)

    @property
    def funding_per_year(self) -> Decimal:
        """Of notional at the present rate, not compounded; above zero when longs pay."""
        return to_decimal(self.raw.funding_rate * DAYS_OF_YEAR)

    @property
    def max_leverage(self) -> Decimal:
        """The venue's."""
        return to_decimal(self.raw.max_leverage)
