"""Amounts for people, and parts that add up in every digit that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from steelyard.model.arithmetic import WAD


def money(amount: int) -> str:
    """Return an amount to the cent.

    Args:
        amount: WAD.

    >>> money(1_234_567 * WAD // 1_000)
    '1,234.57'
    """
    return f"{Decimal(amount) / WAD:,.2f}"


def exact(amount: int) -> str:
    """Return an amount with every digit it has.

    Args:
        amount: WAD.

    >>> exact(-1_500 * WAD - 1), exact(2_000 * WAD)
    ('-1,500.000000000000000001', '2,000')
    """
    whole, rest = divmod(abs(amount), WAD)
    digits = f"{whole:,}.{rest:018}".rstrip("0").rstrip(".")
    return f"-{digits}" if amount < 0 else digits


def percent(amount: int, digits: int, sign: bool = True) -> str:
    """Return whole units of 10^-digits percent as text.

    Args:
        amount: Units.
        digits: Decimals.
        sign: Whether what is above zero gets a plus.

    >>> percent(-12_345, 2), percent(5, 2), percent(0, 2), percent(412, 1, sign=False)
    ('-123.45 %', '+0.05 %', '0.00 %', '41.2 %')
    """
    shown = f"{Decimal(amount).scaleb(-digits):,.{digits}f} %"
    return f"+{shown}" if sign and amount > 0 else shown


def rounded(amount: int, whole: int) -> int:
    """Return amount / whole, rounded to the nearest, halves up.

    Args:
        amount: Any sign.
        whole: Above zero.

    >>> rounded(5, 2), rounded(-5, 2), rounded(7, 5)
    (3, -2, 1)
    """
    return (2 * amount + whole) // (2 * whole)


def apportion(parts: Sequence[int], whole: int, scale: int) -> list[int]:
    """Return parts in units of whole / scale, rounded so that they add up to their rounded sum.

    What rounding down leaves over goes to the parts with the largest remainders, so each is less
    than one unit off.

    Args:
        parts: Any sign.
        whole: What they are parts of, above zero.
        scale: Units that make a whole.

    >>> apportion([-1, 2, 3], 3, 10), apportion([1, 1, 1], 3, 100), apportion([], 1, 1)
    ([-3, 6, 10], [34, 33, 33], [])
    """
    shares, rests = [], []
    for part in parts:
        share, rest = divmod(part * scale, whole)
        shares.append(share)
        rests.append(rest)
    missing = rounded(sum(parts) * scale, whole) - sum(shares)
    for index in sorted(range(len(parts)), key=lambda index: (-rests[index], index))[:missing]:
        shares[index] += 1
    return shares
