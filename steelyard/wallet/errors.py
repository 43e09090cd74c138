"""What the wallet itself refuses."""

from __future__ import annotations

from steelyard.errors import SteelyardError


class WalletError(SteelyardError):
    """Base of everything that the wallet refuses by itself."""


class UsageTrouble(WalletError):
    """The command was not given as it should be."""


class NothingHeld(WalletError):
    """The account has nothing of what it wants to spend."""


class Aborted(WalletError):
    """Somebody said no, or stopped it."""
