"""Figures for people, made of integers alone."""

from __future__ import annotations

from steelyard.model.leverage import INFINITE_LEVERAGE


def leverage_text(leverage: int) -> str:
    """Return a leverage for people.

    Args:
        leverage: WAD.

    >>> leverage_text(3_456 * 10**15), leverage_text(INFINITE_LEVERAGE)
    ('3.46x', 'no equity')
    """
    if leverage == INFINITE_LEVERAGE:
        return "no equity"
    cents = (leverage + 5 * 10**15) // 10**16
    return f"{cents // 100}.{cents % 100:02}x"


def amount_text(amount: int, decimals: int, symbol: str = "", digits: int = 4) -> str:
    """Return an amount for people, rounded to the nearest.

    Args:
        amount: Units, any sign.
        decimals: Of the unit, count.
        symbol: What it is of.
        digits: Shown after the point.

    >>> amount_text(-1_234_567, 6, "USDC"), amount_text(5, 0), amount_text(10**15, 18, "ETH", 6)
    ('-1.2346 USDC', '5.0000', '0.001000 ETH')
    """
    scale = 10**decimals
    whole, rest = divmod((abs(amount) * 10**digits + scale // 2) // scale, 10**digits)
    text = f"{whole}.{rest:0{digits}} {symbol}" if symbol else f"{whole}.{rest:0{digits}}"
    return f"-{text}" if amount < 0 else text
