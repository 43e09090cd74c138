"""Formulas of the exchange as pure functions: fill, fee, funding and margin requirements.

Rounding is against the account: fills of a buy, fees and requirements go up, fills of a sell down.
All numbers are ints in WAD unless a docstring says otherwise.
"""

from __future__ import annotations

from steelyard.model.arithmetic import DAY, WAD, ceil_div, clamp, floor_div, sdiv, uint256


def fill_price(price: int, skew_scale: int, skew: int, size_delta: int) -> int:
    """Return the mean of the skew premium before and after an order: P (1 + (skew + d/2) / K).

    Args:
        price: Oracle price, WAD.
        skew_scale: K, underlying WAD.
        skew: longs - shorts before the order, underlying WAD.
        size_delta: d, underlying WAD, not 0.

    Returns:
        Quote per 1 underlying (WAD), up for a buy, down for a sell; 0 when nothing positive is
        left.

    >>> fill_price(2_000 * WAD, 10**6 * WAD, 5_000 * WAD, 100 * WAD) / WAD
    2010.1
    """
    weight = 2 * skew_scale + 2 * skew + size_delta
    if weight <= 0:
        return 0
    divide = ceil_div if size_delta > 0 else floor_div
    return divide(price * weight, 2 * skew_scale)


def order_fee(fill: int, skew: int, size_delta: int, maker_fee: int, taker_fee: int) -> int:
    """Return taker fee on what raises |skew| and maker fee on what lowers it.

    Args:
        fill: Fill price, WAD.
        skew: longs - shorts before the order, underlying WAD.
        size_delta: Order, underlying WAD.
        maker_fee: WAD of notional.
        taker_fee: WAD of notional.

    Returns:
        Quote WAD, rounded up once.
    """
    amount = abs(size_delta)
    is_maker = (skew > 0) != (size_delta > 0)
    maker_amount = min(amount, abs(skew)) if is_maker else 0
    weighted = maker_amount * maker_fee + (amount - maker_amount) * taker_fee
    return ceil_div(uint256(fill * weighted), WAD * WAD)


def funding_velocity(skew: int, skew_scale: int, max_velocity: int) -> int:
    """Return how fast the funding rate moves: clamp(skew / K, -1, 1) max_velocity, truncated.

    Args:
        skew: longs - shorts, underlying WAD.
        skew_scale: K, underlying WAD.
        max_velocity: WAD per day^2.

    Returns:
        WAD per day^2.
    """
    share = clamp(sdiv(skew * WAD, skew_scale), -WAD, WAD)
    return sdiv(share * max_velocity, WAD)


def accrue_funding(
    rate: int, velocity: int, max_rate: int, elapsed: int, price: int
) -> tuple[int, int]:
    """Move the funding rate on and price what it has charged since.

    The rate is linear until it meets its cap, so its integral is a trapezoid and a rectangle.

    Args:
        rate: WAD per day, within +-max_rate.
        velocity: WAD per day^2.
        max_rate: WAD per day.
        elapsed: Seconds.
        price: Oracle price now, WAD; the whole interval is priced at it.

    Returns:
        New rate (WAD per day), change of the funding index (quote WAD per 1 underlying, truncated;
        negative when longs pay).
    """
    new_rate = rate + sdiv(velocity * elapsed, DAY)
    doubled = (rate + new_rate) * elapsed
    if abs(new_rate) > max_rate:
        new_rate = max_rate if new_rate > 0 else -max_rate
        rising = min(elapsed, sdiv((new_rate - rate) * DAY, velocity))
        doubled = (rate + new_rate) * rising + 2 * new_rate * (elapsed - rising)
    return new_rate, -sdiv(doubled * price, 2 * DAY * WAD)


def initial_margin(size: int, price: int, max_leverage: int) -> int:
    """Return the margin that an increase or a withdrawal must leave, rounded up.

    Args:
        size: Underlying WAD, any sign.
        price: WAD.
        max_leverage: WAD.

    Returns:
        Quote WAD.
    """
    return ceil_div(abs(size) * price, max_leverage)


def keeper_fee(size: int, price: int, fee_ratio: int, min_fee: int, max_fee: int) -> int:
    """Return what liquidating `size` costs an account that has as much, rounded up.

    Args:
        size: Underlying WAD, any sign.
        price: WAD.
        fee_ratio: WAD of notional.
        min_fee: Quote WAD.
        max_fee: Quote WAD.

    Returns:
        Quote WAD.
    """
    return clamp(ceil_div(abs(size) * price * fee_ratio, WAD * WAD), min_fee, max_fee)


def maintenance_margin(
    size: int,
    price: int,
    skew_scale: int,
    maintenance_ratio: int,
    fee_ratio: int,
    premium: int,
    min_fee: int,
    max_fee: int,
) -> int:
    """Return the equity at or below which a position may be liquidated.

    Buffer + keeper fee + N * min(|size| / K * premium, 1), each rounded up; 0 for no position.

    Args:
        size: Underlying WAD, any sign.
        price: WAD.
        skew_scale: K, underlying WAD.
        maintenance_ratio: WAD of notional.
        fee_ratio: Liquidation fee, WAD of notional.
        premium: Multiplier, WAD.
        min_fee: Quote WAD.
        max_fee: Quote WAD.

    Returns:
        Quote WAD.
    """
    if size == 0:
        return 0
    notional_36 = abs(size) * price
    premium_ratio = min(ceil_div(abs(size) * premium, skew_scale), WAD)
    return (
        ceil_div(notional_36 * maintenance_ratio, WAD * WAD)
        + keeper_fee(size, price, fee_ratio, min_fee, max_fee)
        + ceil_div(notional_36 * premium_ratio, WAD * WAD)
    )


def chunk_size(size: int, price: int, equity: int, max_leverage: int, fee_ratio: int) -> int:
    """Return how much to close so that what is left has its initial margin again.

    q = (imr N - E) / ((imr - f) P), up, at least a tenth of the position.

    Args:
        size: Underlying WAD, any sign.
        price: WAD.
        equity: Quote WAD.
        max_leverage: WAD; imr is its inverse, rounded up.
        fee_ratio: Liquidation fee f, WAD of notional.

    Returns:
        Underlying WAD; may be more than the position.
    """
    amount = abs(size)
    ratio = ceil_div(WAD * WAD, max_leverage)
    missing = ceil_div(amount * price * ratio, WAD) - equity * WAD
    least = ceil_div(amount, 10)
    if missing <= 0:
        return least
    relief = max(1, (ratio - fee_ratio) * price // WAD)  # of a unit closed, quote WAD
    return max(least, ceil_div(missing, relief))
