"""Amounts: integers as chains count them, Decimal and str as people do, and never a float."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

from steelyard.sdk.errors import AmountError

SHARE_DECIMALS = 18
"""Of every leveraged token."""

WAD_DECIMALS = 18

_MAX = 2**256 - 1
# Enough digits for any integer of a chain, so that nothing is ever rounded.
_EXACT = Context(prec=200)
_LONGEST = 100  # digits before the point that are looked at at all


def to_decimal(amount: int, decimals: int = WAD_DECIMALS) -> Decimal:
    """Return an integer of a chain in people's units, exactly.

    Args:
        amount: Chain units.
        decimals: How many make one.

    >>> to_decimal(1_500_000, 6)
    Decimal('1.500000')
    """
    return Decimal(amount).scaleb(-decimals, _EXACT)


def parse_amount(amount: int | str | Decimal, decimals: int) -> int:
    """Return an amount in chain units.

    Args:
        amount: `int` is chain units already; `Decimal` and `str` are people's units.
        decimals: How many chain units make one, e.g. 6 for USDC.

    Returns:
        Chain units, at least 0 and below 2**256.

    Raises:
        TypeError: A float (it cannot hold 0.1), or something else that is no amount.
        AmountError: Negative, too large, not a number, or finer than the unit.

    >>> parse_amount("1.5", 6), parse_amount(1_500_000, 6)
    (1500000, 1500000)
    >>> parse_amount("0.0000001", 6)
    Traceback (most recent call last):
        ...
    steelyard.sdk.errors.AmountError: 0.0000001 has more than 6 decimals (round it)
    """
    if isinstance(amount, bool) or not isinstance(amount, (int, str, Decimal)):
        kind = type(amount).__name__
        raise TypeError(f"amount {amount!r} is a {kind}: use int (chain units), str or Decimal")
    units = amount if isinstance(amount, int) else _units(amount, decimals)
    if units < 0:
        raise AmountError(f"{amount} is negative", "use an amount above zero")
    if units > _MAX:
        raise AmountError(f"{amount} is too large", "a chain counts to 2**256")
    return units


def _units(amount: str | Decimal, decimals: int) -> int:
    try:
        number = Decimal(amount)
    except InvalidOperation as error:
        raise AmountError(f"{amount!r} is not a number", "write it like 1234.5") from error
    if not number.is_finite():
        raise AmountError(f"{amount} is not an amount", "write it like 1234.5")
    if number and number.adjusted() > _LONGEST:
        raise AmountError(f"{amount} is too large", "a chain counts to 2**256")
    # Of what is far too fine, this is far below one unit and no integer either.
    scaled = number.scaleb(decimals, _EXACT)
    if len(number.as_tuple().digits) > _LONGEST or scaled != scaled.to_integral_value():
        raise AmountError(f"{amount} has more than {decimals} decimals", "round it")
    return int(scaled)
