"""A price feed with its faults, and the optional checks around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from steelyard.model.arithmetic import WAD, Revert, require

MAX_PRICE = 2**94
"""Largest price the accounting is proven for, WAD."""

MAX_TOLERANCE = 10 * WAD
"""Largest deviation or jump that a guard can ask for, WAD."""


class Fault(IntEnum):
    """Why a price may not be used; the codes of IPriceGuard."""

    VALID = 0
    SEQUENCER_DOWN = 1
    GRACE_PERIOD = 2
    CALL_FAILED = 3
    NOT_POSITIVE = 4
    ROUND_INCOMPLETE = 5
    FROM_THE_FUTURE = 6
    STALE = 7
    OUT_OF_BOUNDS = 8
    REFERENCE_INVALID = 9
    DEVIATES = 10
    JUMP = 11


_REASONS = {
    Fault.SEQUENCER_DOWN: "oracle: sequencer down",
    Fault.GRACE_PERIOD: "oracle: sequencer grace period",
    Fault.CALL_FAILED: "oracle: call failed",
    Fault.NOT_POSITIVE: "oracle: answer not positive",
    Fault.ROUND_INCOMPLETE: "oracle: round incomplete",
    Fault.FROM_THE_FUTURE: "oracle: from the future",
    Fault.STALE: "oracle: stale",
    Fault.OUT_OF_BOUNDS: "oracle: out of bounds",
    Fault.REFERENCE_INVALID: "oracle: reference invalid",
    Fault.DEVIATES: "oracle: deviates from reference",
    Fault.JUMP: "oracle: jump",
}


def raise_fault(fault: Fault) -> None:
    """Raise Revert with the reason of a fault; nothing for a valid price."""
    if fault is not Fault.VALID:
        raise Revert(_REASONS[fault])


@dataclass(slots=True)
class Oracle:
    """A Chainlink feed: its latest round, whatever that holds.

    Attributes:
        decimals: What the feed says of its answers, count.
        answer: Price in `decimals` decimals, any sign.
        started_at: Seconds, any value.
        updated_at: Seconds, any value.
        reverts: Whether reading it fails.
        address: Of the feed, hex str.

    >>> oracle = Oracle(decimals=8)
    >>> oracle.push(2_000 * 10**8, at=1_000)
    >>> oracle.read(decimals=8, max_age=60, now=1_061)
    (2000000000000000000000, <Fault.STALE: 7>)
    """

    decimals: int = 8
    answer: int = 0
    started_at: int = 0
    updated_at: int = 0
    reverts: bool = False
    address: str = "0x" + "00" * 20

    def push(self, answer: int, at: int) -> None:
        """Publish a round.

        Args:
            answer: Price in the feed's decimals.
            at: Both dates of the round, seconds.
        """
        self.set_round(answer, at, at)

    def set_round(self, answer: int, started_at: int, updated_at: int) -> None:
        """Publish a round with nothing checked.

        Args:
            answer: Price in the feed's decimals, any value.
            started_at: Seconds, any value.
            updated_at: Seconds, any value.
        """
        self.answer, self.started_at, self.updated_at = answer, started_at, updated_at

    def read(self, decimals: int, max_age: int, now: int) -> tuple[int, Fault]:
        """Return the price with the checks every feed gets.

        Args:
            decimals: Of the answer as they were when the market was configured, at most 18.
            max_age: Seconds.
            now: Seconds.

        Returns:
            Price (WAD; with a fault the last answer if positive and in bounds, else 0), fault.
        """
        if self.reverts:
            return 0, Fault.CALL_FAILED
        if self.answer <= 0:
            return 0, Fault.NOT_POSITIVE
        price = self.answer * 10 ** (18 - decimals)
        if price > MAX_PRICE:
            return 0, Fault.OUT_OF_BOUNDS
        if self.updated_at == 0:
            return price, Fault.ROUND_INCOMPLETE
        if self.updated_at > now:
            return price, Fault.FROM_THE_FUTURE
        return price, Fault.STALE if now - self.updated_at > max_age else Fault.VALID


@dataclass(frozen=True, slots=True)
class PriceChecks:
    """What a guard checks, as IPriceGuard.PriceChecks; zero or None switches a check off.

    Attributes:
        sequencer: L2 uptime feed, answer 0 = up.
        grace_period: After the sequencer came back, seconds.
        reference: Second feed.
        reference_max_age: Seconds.
        max_deviation: |P - P_ref| <= this * min(P, P_ref), WAD.
        max_jump: |P - last accepted P| <= this * last accepted P, WAD.
        jump_window: An accepted price older than this does not bind, seconds.
        min_price: WAD.
        max_price: WAD.
    """

    sequencer: Oracle | None = None
    grace_period: int = 0
    reference: Oracle | None = None
    reference_max_age: int = 0
    max_deviation: int = 0
    max_jump: int = 0
    jump_window: int = 0
    min_price: int = 0
    max_price: int = 0


@dataclass(slots=True)
class PriceGuard:
    """The optional checks of one market.

    Attributes:
        checks: What is checked.
        accepted_price: Last price a verb of the market used, WAD; only kept with `max_jump`.
        accepted_at: When, seconds.
    """

    checks: PriceChecks
    accepted_price: int = 0
    accepted_at: int = 0
    _reference_decimals: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Check the bounds of what is asked for, as the constructor does.

        Raises:
            Revert: A tolerance or a bound is too large.
        """
        checks = self.checks
        tolerance = max(checks.max_deviation, checks.max_jump)
        require(tolerance <= MAX_TOLERANCE, "guard: bad tolerance")
        bound = max(checks.min_price, checks.max_price)
        require(bound <= MAX_PRICE, "guard: bad price bounds")
        if checks.reference is not None:
            require(checks.reference.decimals <= 18, "oracle: over 18 decimals")
            self._reference_decimals = checks.reference.decimals

    def accept(self, price: int, now: int) -> None:
        """Remember a price that a verb used.

        Args:
            price: WAD.
            now: Seconds.
        """
        if self.checks.max_jump:
            self.accepted_price, self.accepted_at = price, now

    def fault(self, price: int, basic: Fault, now: int) -> Fault:
        """Return the fault of a price after all checks, in order of precedence.

        Args:
            price: WAD.
            basic: What the feed's own checks found.
            now: Seconds.

        Returns:
            The first fault: sequencer, feed, bounds, reference, jump.
        """
        checks = self.checks
        sequencer = self._sequencer_fault(now)
        if sequencer is not Fault.VALID:
            return sequencer
        if basic is not Fault.VALID:
            return basic
        if price < checks.min_price or 0 < checks.max_price < price:
            return Fault.OUT_OF_BOUNDS
        if checks.reference is not None:
            other, fault = checks.reference.read(
                self._reference_decimals, checks.reference_max_age, now
            )
            if fault is not Fault.VALID:
                return Fault.REFERENCE_INVALID
            if abs(price - other) * WAD > checks.max_deviation * min(price, other):
                return Fault.DEVIATES
        accepted = self.accepted_price
        binds = accepted != 0 and now - self.accepted_at <= checks.jump_window
        if binds and abs(price - accepted) * WAD > checks.max_jump * accepted:
            return Fault.JUMP
        return Fault.VALID

    def _sequencer_fault(self, now: int) -> Fault:
        feed = self.checks.sequencer
        if feed is None:
            return Fault.VALID
        # A feed that never started is taken as down.
        if feed.reverts or feed.answer != 0 or feed.started_at == 0:
            return Fault.SEQUENCER_DOWN
        if now - feed.started_at <= self.checks.grace_period:  # also when it starts in the future
            return Fault.GRACE_PERIOD
        return Fault.VALID
