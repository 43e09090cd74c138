"""When a keeper stops sending by itself, why, and when it goes on: pure.

A breaker is a value. Each step of the keeper shows it what there is to see and gets the next one.
It is open while anything is wrong that sending would make worse or that sending cannot mend.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from steelyard.keeper.settings import Settings
from steelyard.keeper.words import amount_text


class Fault(StrEnum):
    """What stops a keeper; the label of its metrics."""

    WRONG_CHAIN = "wrong_chain"
    NODE = "node"
    NODE_BEHIND = "node_behind"
    REORGANISATION = "reorganisation"
    ORACLE = "oracle"
    BALANCE = "balance"
    REVERTS = "reverts"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a breaker bears.

    Attributes:
        chain_id: Of the chain that the keeper is for.
        min_balance: Of the account, wei.
        max_reverts: So many reverted transactions open it, count.
        revert_window: When they were, at most so long ago, seconds.
        cool_off: How long reverts and a deep reorganisation keep it open, seconds.
        max_reorg: So many replaced blocks open it, count.
        max_block_age: Oldest head of the chain, seconds; 0 = any.
    """

    chain_id: int
    min_balance: int = 10**16
    max_reverts: int = 3
    revert_window: int = 600
    cool_off: int = 300
    max_reorg: int = 3
    max_block_age: int = 60

    @classmethod
    def of(cls, settings: Settings, chain_id: int) -> Limits:
        """Return the limits that settings name.

        Args:
            settings: Of the keeper.
            chain_id: Of the chain that it is for.
        """
        return cls(
            chain_id=chain_id,
            min_balance=settings.min_balance_wei,
            max_reverts=settings.max_reverts,
            revert_window=settings.revert_window,
            cool_off=settings.cool_off,
            max_reorg=settings.max_reorg,
            max_block_age=settings.max_block_age,
        )


@dataclass(frozen=True, slots=True)
class Signs:
    """What one step has seen. With a `node_error` nothing else of it counts but the reverts.

    Attributes:
        now: Of the keeper's own clock, seconds.
        chain_id: Of the node.
        block_time: Of the last block, seconds.
        balance: Of the account, wei.
        reorganised: Blocks seen before that are not part of the chain any more, count.
        reverts: Transactions of the keeper that were found reverted since the last step, count.
        positions: Tokens that could be read and have a position, count.
        unpriced: Of these, those without a valid price, count.
        node_error: Why the node could not be asked; "" = it answered.
    """

    now: int
    chain_id: int = 0
    block_time: int = 0
    balance: int = 0
    reorganised: int = 0
    reverts: int = 0
    positions: int = 0
    unpriced: int = 0
    node_error: str = ""


@dataclass(frozen=True, slots=True)
class Open:
    """Why a breaker is open.

    Attributes:
        since: Seconds.
        reason: In words, with what ends it.
        until: When it ends by the clock, seconds; 0 = when its cause is gone.
    """

    since: int
    reason: str
    until: int = 0


@dataclass(frozen=True, slots=True)
class Breaker:
    """Whether a keeper may send.

    Attributes:
        limits: What it bears.
        faults: What is wrong now.
        reverts: When transactions were found reverted, within the window, seconds.
    """

    limits: Limits
    faults: dict[Fault, Open] = field(default_factory=dict)
    reverts: tuple[int, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether nothing may be sent."""
        return bool(self.faults)

    @property
    def reason(self) -> str:
        """Why it is open, in words; "" if it is not."""
        return "; ".join(self.faults[fault].reason for fault in Fault if fault in self.faults)

    def after(self, signs: Signs) -> Breaker:
        """Return the breaker that has seen these signs.

        Args:
            signs: Of the last step.
        """
        found = self._reverted(signs)
        if signs.node_error:
            reason = f"the node cannot be asked: {signs.node_error}"
            return found._with(Fault.NODE, reason, signs.now)
        found = found._with(Fault.NODE, "", signs.now)
        wrong = found._chain(signs)
        found = found._with(Fault.WRONG_CHAIN, wrong, signs.now)
        if wrong:  # what another chain says of blocks, prices and balances means nothing here
            return found
        for fault, reason in (
            (Fault.NODE_BEHIND, found._age(signs)),
            (Fault.ORACLE, found._prices(signs)),
            (Fault.BALANCE, found._balance(signs)),
        ):
            found = found._with(fault, reason, signs.now)
        return found._reorganised(signs)

    def _chain(self, signs: Signs) -> str:
        if signs.chain_id == self.limits.chain_id:
            return ""
        return f"the node serves chain {signs.chain_id}, not {self.limits.chain_id}"

    def _age(self, signs: Signs) -> str:
        age, most = signs.now - signs.block_time, self.limits.max_block_age
        if most == 0 or age <= most:
            return ""
        return f"the node is behind: its last block is {age} s old, over {most}"

    def _prices(self, signs: Signs) -> str:
        """One token without a price is that token's alert; all of them are the oracle's outage."""
        if signs.positions == 0 or signs.unpriced < signs.positions:
            return ""
        return f"no valid price for any of {signs.positions} tokens: the oracle is stale or down"

    def _balance(self, signs: Signs) -> str:
        if signs.balance >= self.limits.min_balance:
            return ""
        have, least = (
            amount_text(a, 18, digits=6) for a in (signs.balance, self.limits.min_balance)
        )
        return f"the account has {have} coins, less than {least}: send it some"

    def _reorganised(self, signs: Signs) -> Breaker:
        """A deep reorganisation keeps it open until the chain has been calm for a while."""
        if signs.reorganised >= self.limits.max_reorg:
            until = signs.now + self.limits.cool_off
            reason = f"{signs.reorganised} blocks were replaced: waiting {self.limits.cool_off} s"
            return self._with(Fault.REORGANISATION, reason, signs.now, until)
        return self._cooled(Fault.REORGANISATION, signs.now)

    def _reverted(self, signs: Signs) -> Breaker:
        """Repeated reverts keep it open for a while, and are forgiven then."""
        limits, recent = self.limits, signs.now - self.limits.revert_window
        times = tuple(time for time in self.reverts if time > recent)
        times += (signs.now,) * signs.reverts
        if len(times) >= limits.max_reverts:
            reason = (
                f"{len(times)} transactions reverted within {limits.revert_window} s:"
                f" waiting {limits.cool_off} s"
            )
            opened = replace(self, reverts=())
            return opened._with(Fault.REVERTS, reason, signs.now, signs.now + limits.cool_off)
        return replace(self, reverts=times)._cooled(Fault.REVERTS, signs.now)

    def _cooled(self, fault: Fault, now: int) -> Breaker:
        """Without a fault whose time is over."""
        known = self.faults.get(fault)
        return self._with(fault, "", now) if known and now >= known.until else self

    def _with(self, fault: Fault, reason: str, now: int, until: int = 0) -> Breaker:
        """With a fault and since when it lasts, or without it if there is no reason."""
        known = self.faults.get(fault)
        if not reason and known is None:
            return self
        faults = {other: open for other, open in self.faults.items() if other != fault}
        if reason:
            faults[fault] = Open(known.since if known else now, reason, until)
        return replace(self, faults=faults)
