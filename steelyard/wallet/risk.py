"""What a holder risks: leverage, liquidation, decay and funding, all as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from steelyard.model.venue.oracle import Fault
from steelyard.sdk import TokenState, readable
from steelyard.wallet.prices import PriceNews

ASSUMED_VOLATILITY = Decimal("0.6")
"""Of a year; BTC's in calm times. Where the present one is not known."""


@dataclass(frozen=True)
class Risk:
    """A token's risk at a block. Parts of one unless said otherwise.

    Attributes:
        market: Symbol of the underlying.
        is_long: Its side.
        leverage: Now; None if it has none.
        band: Leverage in which nothing is corrected.
        liquidation: Move of the underlying at which the venue may liquidate, negative for a fall;
            None if none would.
        volatility: Of the underlying, a year.
        is_assumed: Whether that is an assumption.
        decay: What a year without a net move would cost at this volatility, of net asset value.
        funding: Of net asset value a year; negative when holders pay.
        price: Oracle price, quote per 1 underlying; None without one.
        price_state: `valid`, or its fault.
        price_age: Seconds; None if unknown.
        rebalance_prices: Prices at which leverage leaves its band, the lower first; or None.
    """

    market: str
    is_long: bool
    leverage: Decimal | None
    band: tuple[Decimal, Decimal]
    liquidation: Decimal | None
    volatility: Decimal
    is_assumed: bool
    decay: Decimal
    funding: Decimal | None
    price: Decimal | None
    price_state: str
    price_age: int | None
    rebalance_prices: tuple[Decimal, Decimal] | None


def decay(leverage: Decimal, volatility: Decimal) -> Decimal:
    """Return what compounding costs in a year in which the price ends where it began.

    The logarithm of net asset value loses (L^2 - L)/2 of the variance.

    Args:
        leverage: Target, negative for a short.
        volatility: Of the underlying, a year, a part of one.

    Returns:
        The part of net asset value that is lost, from 0 to 1.

    >>> round(decay(Decimal(3), Decimal("0.65")), 4), round(decay(Decimal(-2), Decimal("0.65")), 4)
    (Decimal('0.7185'), Decimal('0.7185'))
    """
    return 1 - (-(leverage * leverage - leverage) / 2 * volatility * volatility).exp()


def band_prices(state: TokenState) -> tuple[Decimal, Decimal] | None:
    """Return the prices at which leverage leaves its band, the lower first; None without any.

    Leverage is |q| P' / (E + q (P' - P)): at a given one, P' = L (E - q P) / (|q| - q L).
    """
    size, equity, price = state.size, state.equity, state.price
    if not size or equity <= 0 or price is None or state.leverage is None:
        return None
    first, second = (
        level * (equity - size * price) / (abs(size) - size * level) for level in state.band
    )
    return min(first, second), max(first, second)


def risk_of(state: TokenState, news: PriceNews) -> Risk:
    """Return a token's risk.

    Args:
        state: Of the token.
        news: Of its market's feed.
    """
    known = news.volatility
    sigma = known.yearly if known else ASSUMED_VOLATILITY
    distance, fault = state.liquidation_distance, state.market.fault
    age = None if news.updated_at is None else max(state.timestamp - news.updated_at, 0)
    return Risk(
        market=state.market.symbol,
        is_long=state.is_long,
        leverage=state.leverage,
        band=state.band,
        liquidation=None if distance is None else (-distance if state.is_long else distance),
        volatility=sigma,
        is_assumed=known is None,
        decay=decay(state.target if state.is_long else -state.target, sigma),
        funding=state.funding_per_year,
        price=state.price,
        price_state="valid" if fault is Fault.VALID else readable(fault),
        price_age=age,
        rebalance_prices=band_prices(state),
    )
