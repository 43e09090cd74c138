"""Integers as the contracts divide and bound them, and the error a refused call raises."""

from __future__ import annotations

from steelyard.errors import CONTRACT_ERRORS, SteelyardError

WAD = 10**18
"""One, in the fixed-point scale of prices, sizes, quote amounts, ratios and rates."""

DAY = 86_400
"""Seconds."""


class Revert(SteelyardError):
    """A call that the contract would refuse; the state is as before it.

    Attributes:
        reason: The contract's reason string; None for arithmetic out of range.

    >>> print(Revert("market: paused"))
    market: paused (wait: the venue is down, nothing is lost)
    """

    def __init__(self, reason: str | None) -> None:
        """Keep the reason and look its remedy up."""
        self.reason = reason
        super().__init__(reason or "arithmetic out of range", CONTRACT_ERRORS.get(reason or "", ""))


def require(condition: bool, reason: str | None) -> None:
    """Raise Revert with `reason` unless `condition` holds."""
    if not condition:
        raise Revert(reason)


def sdiv(a: int, b: int) -> int:
    """Return a / b truncated toward zero, as Vyper's signed `//`; b is not 0.

    >>> sdiv(-7, 2), -7 // 2
    (-3, -4)
    """
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def floor_div(a: int, b: int) -> int:
    """Return a / b rounded toward minus infinity; b > 0.

    >>> floor_div(-7, 2)
    -4
    """
    return a // b


def ceil_div(a: int, b: int) -> int:
    """Return a / b rounded toward plus infinity; b > 0.

    >>> ceil_div(7, 2)
    4
    """
    return -(-a // b)


def clamp(value: int, low: int, high: int) -> int:
    """Return `value` moved into low..high.

    >>> clamp(7, -1, 1)
    1
    """
    return max(low, min(value, high))


def uint256(value: int) -> int:
    """Return `value` if the EVM can hold it unsigned.

    Raises:
        Revert: It cannot; without a reason, as checked arithmetic reverts.
    """
    require(0 <= value < 1 << 256, None)
    return value
