"""Integers of the chain as people read them."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol, overload

from steelyard.model.leverage import INFINITE_LEVERAGE
from steelyard.sdk.amounts import WAD_DECIMALS, to_decimal


class HasRaw(Protocol):
    """What amounts are read from."""

    @property
    def raw(self) -> object:
        """Integers by name."""
        ...

    @property
    def decimals(self) -> int:
        """Of the collateral."""
        ...


class Figure:
    """An integer of `raw` by the same name, in people's units.

    Attributes:
        is_assets: Whether its unit is that of the collateral; otherwise it has 18 decimals.
    """

    def __init__(self, *, is_assets: bool = False) -> None:
        """Say which unit it has."""
        self.is_assets = is_assets
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name of the attribute."""
        self._name = name

    @overload
    def __get__(self, record: None, owner: type) -> Figure: ...

    @overload
    def __get__(self, record: HasRaw, owner: type) -> Decimal: ...

    def __get__(self, record: HasRaw | None, owner: type) -> Figure | Decimal:
        """Return the amount of a record."""
        if record is None:
            return self
        value: int = getattr(record.raw, self._name)
        if value == INFINITE_LEVERAGE:
            return Decimal("Infinity")
        return to_decimal(value, record.decimals if self.is_assets else WAD_DECIMALS)
