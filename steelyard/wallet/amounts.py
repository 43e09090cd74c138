"""Amounts as people write and read them; exact, never floats."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal

from steelyard.sdk import AmountError, parse_amount, to_decimal

_PLAIN = re.compile(r"\d+(\.\d*)?|\.\d+", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}([,_' ]\d{3})+([.,]\d*)?|\d{1,3}(\.\d{3})+,\d*")
_LIKE = "write it like 1234.5"
# Enough digits for any integer of a chain.
_WIDE = Context(prec=200, rounding=ROUND_HALF_EVEN)

ETHER = "ether"
"""What the chain's own coin is called."""


def read_amount(text: str, decimals: int) -> int:
    """Return what somebody wrote in chain units.

    Args:
        text: People's units, digits and at most one point.
        decimals: How many chain units make one.

    Raises:
        AmountError: It is not a number above zero that the unit can hold.

    >>> read_amount("1.5", 6)
    1500000
    >>> read_amount("1,000", 6)
    Traceback (most recent call last):
        ...
    steelyard.sdk.errors.AmountError: '1,000': a comma could mean two things (write it like 1234.5)
    """
    text = text.strip()
    if not _PLAIN.fullmatch(text):
        raise AmountError(_why_not(text), _LIKE)
    amount = parse_amount(text, decimals)
    if not amount:
        raise AmountError(f"{text} is nothing", "use an amount above zero")
    return amount


def _why_not(text: str) -> str:
    if text.startswith("-"):
        return f"{text!r} is negative"
    if "," in text:
        return f"{text!r}: a comma could mean two things"
    if _GROUPED.fullmatch(text):
        return f"{text!r} has separators between thousands"
    return f"{text!r} is not a number"


def plain(amount: Decimal | None) -> str | None:
    """Return an amount for machines: every digit, no exponent.

    >>> plain(Decimal("1E-7")), plain(Decimal("12.500")), plain(None)
    ('0.0000001', '12.500', None)
    """
    if amount is None:
        return None
    return format(amount, "f") if amount.is_finite() else str(amount)


def ratio(part: Decimal | None) -> str | None:
    """Return what was divided, and so has no last digit, for machines: with 18 decimals.

    >>> ratio(Decimal(1) / Decimal(3))
    '0.333333333333333333'
    """
    return plain(None if part is None else _WIDE.quantize(part, Decimal("1e-18")))


def number(amount: Decimal, places: int = 2) -> str:
    """Return an amount for people, rounded; what would round to nothing keeps two digits.

    >>> number(Decimal("-1234.567")), number(Decimal("0.00001234")), number(Decimal(0), 4)
    ('-1,234.57', '0.000012', '0.0000')
    """
    unit = Decimal(1).scaleb(-places)
    if amount and abs(amount) < unit / 2:
        # Shown as 0.00 it would look free.
        return f"{_WIDE.quantize(amount, Decimal(1).scaleb(amount.adjusted() - 1)):f}"
    return f"{_WIDE.quantize(amount, unit):,f}"


def percent(part: Decimal, places: int = 2) -> str:
    """Return a part of one as percent.

    >>> percent(Decimal("0.0012")), percent(Decimal("-0.5"), 1)
    ('0.12 %', '-50.0 %')
    """
    return f"{_WIDE.quantize(part * 100, Decimal(1).scaleb(-places)):,f} %"


def times(leverage: Decimal | None) -> str:
    """Return a leverage.

    >>> times(Decimal("3.0149")), times(None)
    ('3.01x', 'none')
    """
    if leverage is None or not leverage.is_finite():
        return "none" if leverage is None else "infinite"
    return f"{_WIDE.quantize(leverage, Decimal('0.01')):f}x"


def ether(wei: int) -> str:
    """Return an amount of the chain's own coin with three digits that count.

    >>> ether(1_234_567_890_000_000), ether(0), ether(2 * 10**18)
    ('0.00123 ether', '0 ether', '2 ether')
    """
    amount = to_decimal(wei)
    if amount:
        places = max(-(amount.adjusted() - 2), 0)
        amount = _WIDE.quantize(amount, Decimal(1).scaleb(-places))
    shown = f"{amount:,f}"
    return f"{shown.rstrip('0').rstrip('.') if '.' in shown else shown} {ETHER}"


def seconds(duration: int) -> str:
    """Return a duration in its two largest units.

    >>> seconds(7), seconds(185), seconds(90_000)
    ('7 s', '3 min 5 s', '1 d 1 h')
    """
    parts: list[tuple[int, str]] = []
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, duration = divmod(duration, size)
        if count or parts:
            parts.append((count, unit))
    shown = [f"{count} {unit}" for count, unit in parts[:2] if count]
    return " ".join(shown) or "0 s"
