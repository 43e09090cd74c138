"""Addresses that people type or copy: a wrong letter must not send anything to nobody."""

from __future__ import annotations

from eth_utils.address import is_checksum_address, is_hex_address

from steelyard.sdk.errors import AddressError


def check_typed(address: object) -> None:
    """Refuse an address whose upper and lower case do not fit its digits (EIP-55).

    Args:
        address: Anything; all in one case, there is nothing to check.

    Raises:
        AddressError: It is mistyped.

    >>> check_typed("0x" + "ab" * 20)
    """
    if not isinstance(address, str) or not is_hex_address(address):
        return  # whoever encodes it says what else is wrong
    digits = address[-40:]
    if digits not in (digits.lower(), digits.upper()) and not is_checksum_address(address):
        remedy = "copy it again: upper and lower case do not fit its digits"
        raise AddressError(f"{address} is mistyped", remedy)
