"""How people write values in a configuration: exact decimals, durations, addresses."""

from __future__ import annotations

import re
from decimal import Context, Decimal, InvalidOperation
from typing import Annotated, Any

from eth_utils.address import is_checksum_address, to_checksum_address
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

DECIMALS = 18
_EXACT = Context(prec=100)
_MAX_DIGITS = 40  # before the point: beyond any field of the contracts
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_DURATION = re.compile("".join(rf"(?:(\d+){unit})?" for unit in _UNITS))
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def wad(value: Decimal) -> int:
    """Return an amount in units of 1e-18.

    Args:
        value: People's units, at most 18 decimals.

    >>> wad(Decimal("0.0006"))
    600000000000000
    """
    return int(_EXACT.scaleb(value, DECIMALS))


def people(value: int, decimals: int = DECIMALS) -> str:
    """Return an amount as people write it, without zeros at its end.

    Args:
        value: Units of 10**-decimals.
        decimals: How many.

    >>> people(25 * 10**18), people(5 * 10**16), people(20_000_000 * 10**6, 6)
    ('25', '0.05', '20,000,000')
    """
    text = f"{_EXACT.scaleb(Decimal(value), -decimals):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def refuse(message: str) -> PydanticCustomError:
    """Return the error of a value that cannot be read."""
    return PydanticCustomError("steelyard", "{message}", {"message": message})


def _amount(value: Any) -> Decimal:
    text = str(value)
    if text.endswith("%"):
        raise refuse(f"{text!r} is a percentage: write the ratio, 0.01 for 1 %")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise refuse(f"{text!r} is not a number, like 20000000 or 0.0006") from None
    if not number.is_finite():
        raise refuse(f"{text!r} is not a number")
    if number < 0:
        raise refuse(f"{text} is negative")
    digits, exponent = number.as_tuple().digits, number.as_tuple().exponent
    if not isinstance(exponent, int) or len(digits) + exponent > _MAX_DIGITS:
        raise refuse(f"{text} is too large")
    if -exponent > DECIMALS and wad(number) != _EXACT.scaleb(number, DECIMALS):
        raise refuse(f"{text} has more than {DECIMALS} decimals")
    return number


def _duration(value: Any) -> int:
    text = str(value)
    if text.isdecimal():
        return int(text)
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise refuse(f"{text!r} is not a duration: write seconds, or 90s, 15m, 1h05m, 1d")
    parts = zip(match.groups(), _UNITS.values(), strict=True)
    return sum(int(count) * seconds for count, seconds in parts if count is not None)


def _count(value: Any) -> int:
    text = str(value)
    if not text.isdecimal():
        raise refuse(f"{text!r} is not a whole number")
    return int(text)


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value not in ("true", "false"):
        raise refuse(f"{value!r} is neither true nor false")
    return bool(value == "true")


def _address(value: Any) -> str:
    text = str(value)
    if _ADDRESS.fullmatch(text) is None:
        raise refuse(f"{text!r} is not an address: 0x and 40 hexadecimal digits")
    if int(text, 16) == 0:
        raise refuse("the zero address: leave the field out instead")
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and not is_checksum_address(text):
        raise refuse(f"{text} has a wrong checksum: a digit is mistyped, or the case of a letter")
    return str(to_checksum_address(text))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(f"{value!r} is not a text")
    return value


Amount = Annotated[Decimal, BeforeValidator(_amount)]
"""Money, sizes, ratios and leverage: an exact decimal of at most 18 places, not negative."""
Duration = Annotated[int, BeforeValidator(_duration)]
"""Seconds, written as such or like `1h05m`."""
Count = Annotated[int, BeforeValidator(_count)]
"""A whole number, not negative."""
Switch = Annotated[bool, BeforeValidator(_switch)]
"""true or false."""
Address = Annotated[str, BeforeValidator(_address)]
"""A checksummed address; all in one case is taken, too."""
Text = Annotated[str, BeforeValidator(_text)]
"""A text."""
