"""What a keeper must not forget: what it has signed, what came of it, and what that cost.

Nothing here changes: every step makes new books, and a store keeps them. Money is collateral
units, gas prices and costs of gas wei, times seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from steelyard.errors import SteelyardError
from steelyard.keeper.types import Kind, Pending
from steelyard.model.policy import Trigger

KEPT_RECEIPTS = 500
"""Bookings that are remembered one by one; what they add up to is kept for ever."""

KEPT_DAYS = 14


class BooksError(SteelyardError):
    """What is to be written contradicts the books."""


class Outcome(StrEnum):
    """What became of a nonce."""

    DONE = "done"
    REVERTED = "reverted"
    CANCELLED = "cancelled"
    FOREIGN = "foreign"  # used by a transaction that is not in the books


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Booking(_Frozen):
    """What one nonce came to.

    Attributes:
        hash: Of the transaction that was mined, 0x-prefixed hex; "" if it is not known.
        sender: Address of the keeper.
        nonce: Of the sender.
        token: What it acted on, an address; "" for none.
        symbol: For people.
        kind: What it was for.
        trigger: Of a rebalance.
        outcome: What became of it.
        block: Number.
        block_hash: 0x-prefixed hex.
        time: Of the block, seconds.
        gas_used: Amount.
        gas_cost: Paid for it, wei.
        data_fee: Of that, what a rollup charged for its data, wei.
        cost: The same, collateral units.
        reward: Received, collateral units.
        sponsored: Of the loss, what the sponsor's budget pays, collateral units.
    """

    hash: str
    sender: str
    nonce: int
    token: str = ""
    symbol: str = ""
    kind: Kind = Kind.REBALANCE
    trigger: Trigger | None = None
    outcome: Outcome = Outcome.DONE
    block: int = 0
    block_hash: str = ""
    time: int = 0
    gas_used: int = 0
    gas_cost: int = 0
    data_fee: int = 0
    cost: int = 0
    reward: int = 0
    sponsored: int = 0

    @property
    def profit(self) -> int:
        """Reward less cost, collateral units."""
        return self.reward - self.cost


class Sums(_Frozen):
    """What bookings add up to.

    Attributes:
        transactions: Mined, count.
        rebalances: Done, count.
        reverts: Count.
        gas_used: Amount.
        gas_cost: Wei.
        cost: Collateral units.
        reward: Collateral units.
        sponsored: Collateral units.
    """

    transactions: int = 0
    rebalances: int = 0
    reverts: int = 0
    gas_used: int = 0
    gas_cost: int = 0
    cost: int = 0
    reward: int = 0
    sponsored: int = 0

    @property
    def profit(self) -> int:
        """Reward less cost, collateral units."""
        return self.reward - self.cost

    def plus(self, booking: Booking, sign: int = 1) -> Sums:
        """Return the sums with a booking, or without it.

        Args:
            booking: One more.
            sign: -1 takes it out.
        """
        done = booking.outcome == Outcome.DONE and booking.kind == Kind.REBALANCE
        return Sums(
            transactions=self.transactions + sign,
            rebalances=self.rebalances + sign * done,
            reverts=self.reverts + sign * (booking.outcome == Outcome.REVERTED),
            gas_used=self.gas_used + sign * booking.gas_used,
            gas_cost=self.gas_cost + sign * booking.gas_cost,
            cost=self.cost + sign * booking.cost,
            reward=self.reward + sign * booking.reward,
            sponsored=self.sponsored + sign * booking.sponsored,
        )


class State(_Frozen):
    """A keeper's books.

    Attributes:
        chain_id: Of the chain they are of; 0 = not known yet.
        sender: Address of the keeper; "" = not known yet.
        pending: What was signed and is not booked, by nonce.
        settling: What is booked, but not for good: a reorganisation may undo it.
        block: Number of the last block that was dealt with.
        block_hash: Its hash, 0x-prefixed hex.
        bookings: The last ones, in the order they were booked.
        days: Sums by UTC day, "2026-01-31".
        totals: Sums since ever.
    """

    chain_id: int = 0
    sender: str = ""
    pending: tuple[Pending, ...] = ()
    settling: tuple[Pending, ...] = ()
    block: int = 0
    block_hash: str = ""
    bookings: tuple[Booking, ...] = ()
    days: dict[str, Sums] = Field(default_factory=dict)
    totals: Sums = Sums()

    def claimed(self, chain_id: int, sender: str) -> State:
        """Return books of one chain and one account.

        Args:
            chain_id: Of the chain.
            sender: Address of the keeper.

        Raises:
            BooksError: They are those of another.
        """
        if self.chain_id not in (0, chain_id) or self.sender.lower() not in ("", sender.lower()):
            raise BooksError(
                f"the books are of {self.sender} on chain {self.chain_id}, not of {sender} on "
                f"chain {chain_id}",
                "give each account on each chain its own store",
            )
        return self.model_copy(update={"chain_id": chain_id, "sender": sender})

    def with_pending(self, pending: Pending) -> State:
        """Return books with a transaction that is about to be sent, or another attempt at it.

        Args:
            pending: New, or what there is of its nonce and more.

        Raises:
            BooksError: Its nonce is booked, or an attempt would be forgotten, or its token has a
                live transaction with another nonce.
        """
        if any(_same(pending, booking) for booking in self.bookings):
            raise BooksError(f"nonce {pending.nonce} is booked already")
        rest = []
        for other in self.pending:
            if _same(pending, other):
                if pending.hashes[: len(other.hashes)] != other.hashes:
                    raise BooksError(f"an attempt with nonce {other.nonce} would be forgotten")
            elif pending.token and pending.token.lower() == other.token.lower():
                raise BooksError(f"{pending.token} has a live transaction, nonce {other.nonce}")
            else:
                rest.append(other)
        ordered = sorted((*rest, pending), key=lambda transaction: transaction.nonce)
        return self.model_copy(update={"pending": tuple(ordered)})

    def without_pending(self, nonce: int) -> State:
        """Return books without a transaction that never was sent, or can never be mined.

        Args:
            nonce: Its.
        """
        rest = tuple(pending for pending in self.pending if pending.nonce != nonce)
        return self.model_copy(update={"pending": rest})

    def booked(self, booking: Booking) -> State:
        """Return books in which a nonce has come to its end.

        Args:
            booking: What it came to; takes the place of what is pending of the nonce.

        Raises:
            BooksError: The nonce is booked already.
        """
        if any(_same(booking, other) for other in self.bookings):
            raise BooksError(f"nonce {booking.nonce} is booked already")
        day = utc_day(booking.time)
        days = self.days | {day: self.days.get(day, Sums()).plus(booking)}
        settling = (pending for pending in self.pending if _same(booking, pending))
        return self.without_pending(booking.nonce).model_copy(
            update={
                "settling": (*self.settling, *settling),
                "bookings": (*self.bookings, booking)[-KEPT_RECEIPTS:],
                "days": dict(sorted(days.items())[-KEPT_DAYS:]),
                "totals": self.totals.plus(booking),
            }
        )

    def unbooked(self, nonce: int) -> State:
        """Return books as if a nonce had not come to its end: its block was reorganised away.

        What was signed is pending again; if its token has another live transaction by now, it acts
        on none, so that it is not wanted.

        Args:
            nonce: Its.

        Raises:
            BooksError: It is not among the last bookings.
        """
        for booking in self.bookings:
            if booking.nonce == nonce:
                break
        else:
            raise BooksError(f"nonce {nonce} is not among the last bookings")
        day = utc_day(booking.time)
        days = self.days | {day: self.days.get(day, Sums()).plus(booking, -1)}
        live, pending = set(self.live()), list(self.pending)
        for again in self.settling:
            if _same(again, booking):
                taken = again.token.lower() in live
                pending.append(again.model_copy(update={"token": ""}) if taken else again)
        return self.model_copy(
            update={
                "pending": tuple(sorted(pending, key=lambda transaction: transaction.nonce)),
                "settling": tuple(p for p in self.settling if not _same(p, booking)),
                "bookings": tuple(other for other in self.bookings if other is not booking),
                "days": days,
                "totals": self.totals.plus(booking, -1),
            }
        )

    def settled(self, nonce: int) -> State:
        """Return books in which a booking is for good.

        Args:
            nonce: Its.
        """
        rest = tuple(pending for pending in self.settling if pending.nonce != nonce)
        return self.model_copy(update={"settling": rest})

    def sponsored_on(self, now: int) -> int:
        """Return what the sponsor's budget has paid on a UTC day, collateral units.

        Args:
            now: Any second of the day.
        """
        return self.days.get(utc_day(now), Sums()).sponsored

    def live(self) -> Iterator[str]:
        """Yield the tokens, lower-case, that have a live transaction."""
        return (pending.token.lower() for pending in self.pending if pending.token)


def utc_day(time: int) -> str:
    """Return the UTC day of a time.

    Args:
        time: Seconds.

    >>> utc_day(20_000 * 86_400 - 1), utc_day(20_000 * 86_400)
    ('2024-10-03', '2024-10-04')
    """
    return datetime.fromtimestamp(time, UTC).date().isoformat()


def _same(one: Pending | Booking, other: Pending | Booking) -> bool:
    return one.nonce == other.nonce and one.sender.lower() == other.sender.lower()
