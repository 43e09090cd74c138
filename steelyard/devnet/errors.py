"""What goes wrong with a devnet."""

from __future__ import annotations

from steelyard.errors import SteelyardError


class DevnetError(SteelyardError):
    """The devnet cannot start, or cannot go on."""


class NodeDied(DevnetError):
    """The node has ended, and nobody asked it to."""


class StateError(DevnetError):
    """A saved chain cannot be used."""
