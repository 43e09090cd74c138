"""What a step of the keeper did, for logs, metrics and whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from steelyard.keeper.books import Outcome


class Deed(StrEnum):
    """What was done about a transaction, or was not."""

    SENT = "sent"
    RESENT = "resent"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    BOOKED = "booked"
    UNBOOKED = "unbooked"
    LOST = "lost"  # somebody else was first, or it would fail: not sent, nothing paid
    HELD = "held"  # not sent: fees over the cap, or no money for gas
    REFUSED = "refused"  # signed and written down, but the node did not take it: tried again


@dataclass(frozen=True, slots=True)
class Note:
    """One deed.

    Attributes:
        deed: What was done.
        text: In words.
        kind: What the transaction is for.
        token: What it acts on, lower-case hex; "" for none.
        symbol: For people.
        nonce: Of the transaction; None if none was signed.
        hash: Of the transaction, 0x-prefixed hex; "" if none was signed.
        outcome: Of what was booked.
    """

    deed: Deed
    text: str
    kind: str
    token: str = ""
    symbol: str = ""
    nonce: int | None = None
    hash: str = ""
    outcome: Outcome | None = None
