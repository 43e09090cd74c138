"""What can go wrong with a history, beyond what can go wrong with the node."""

from __future__ import annotations

from steelyard.errors import SteelyardError


class HistoryError(SteelyardError):
    """The logs do not tell the whole life of a token."""


class ChainReorganised(HistoryError):
    """The chain changed under every attempt to read it."""
