"""What can go wrong with a history, beyond what can go wrong with the node."""

from __future__ import annotations

from steelyard.sdk.errors import SdkError


class HistoryError(SdkError):
    """The logs do not tell the whole life of a token."""


class ChainReorganised(HistoryError):
    """The chain changed under every attempt to read it."""
