"""The keeper's transactions: simulated, priced, written down, sent, and looked after until mined.

Whatever is signed is saved before it is sent, so that a process which dies at any moment finds it
again. One nonce stands for one deed: it is sent again, replaced at a higher fee, or cancelled, but
never given up, because nobody knows which nodes may still have it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from eth_utils.address import to_checksum_address

from steelyard.chain import Chain, ChainError, OutcomeUnknown, Reverted, Signer
from steelyard.chain.sending import gas_limit
from steelyard.keeper import fees
from steelyard.keeper.notes import Deed, Note
from steelyard.keeper.observe import Observation
from steelyard.keeper.orders import Order, stagger
from steelyard.keeper.raw import Sent, read_raw, sign
from steelyard.keeper.settings import Settings
from steelyard.keeper.store import Ledger
from steelyard.keeper.types import Attempt, Pending
from steelyard.model.policy import Trigger

MOST_LIVE = 12
"""Transactions under way at once: nodes keep few of one account."""

PENDING_BLOCK = "pending"
"""What a node would mine next, where it tells."""


@dataclass
class _Step:
    """What one step works with.

    Attributes:
        ledger: The books.
        seen: The block.
        notes: What was done.
        funds: What the account has for gas and has not promised yet, wei.
    """

    ledger: Ledger
    seen: Observation
    notes: list[Note]
    funds: int


class Executor:
    """Sends orders from one account, under the lock of its books."""

    def __init__(
        self,
        chain: Chain,
        signer: Signer,
        settings: Settings,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take who signs.

        Args:
            chain: A node.
            signer: The keeper's account.
            settings: Fees and patience.
            pause: Waits, seconds.
        """
        self._pause = pause
        self._chain, self._signer, self._settings = chain, signer, settings
        self._yielded: dict[str, int] = {}  # token: since when others are first, seconds

    def act(
        self,
        ledger: Ledger,
        seen: Observation,
        wishes: Mapping[str, Order],
        orders: Sequence[Order],
        notes: list[Note],
    ) -> None:
        """Look after what is under way, then send what is new.

        Args:
            ledger: The books, locked and settled.
            seen: The present block.
            wishes: What would be sent for a token with a live transaction if there were none.
            orders: What to send, in this order.
            notes: Gets what was done, also when an error ends it.

        Raises:
            ChainError: The node does not answer; what was signed is saved.
        """
        promised = sum(map(_most_paid, ledger.state.pending))
        step = _Step(ledger, seen, notes, seen.balance - promised)
        self._look_after(step, wishes, bool(orders))
        wanted = {order.token for order in orders}
        self._yielded = {t: since for t, since in self._yielded.items() if t in wanted}
        staggered = False
        for order in orders:
            busy = set(ledger.state.live())
            if order.token in busy or len(ledger.state.pending) >= MOST_LIVE:
                continue
            if not staggered and order.trigger != Trigger.EMERGENCY:
                self._pause(stagger(self._signer.address, seen.block.number))
                staggered = True
            with _apart(notes, Note(Deed.HELD, "", order.kind, order.token, order.symbol)):
                self._send_new(step, order)

    # ------------------------------------------------------------ WHAT IS UNDER WAY

    def _look_after(self, step: _Step, wishes: Mapping[str, Order], more: bool) -> None:
        """Tend every transaction that is not mined; `more` are to be sent behind them."""
        live = step.ledger.state.pending
        last = max((pending.nonce for pending in live), default=0)
        for pending in live:
            if pending.nonce >= step.seen.nonce:
                blocks = pending.nonce < last or more
                with _apart(step.notes, _note(Deed.HELD, pending, "")):
                    self._tend(step, pending, wishes.get(pending.token), blocks)
        self._fill_gap(step)

    def _tend(self, step: _Step, pending: Pending, wish: Order | None, blocks: bool) -> None:
        """Do what one transaction needs that is not mined.

        Args:
            step: The present one.
            pending: It.
            wish: What should be sent for its token now; None for nothing.
            blocks: Whether others wait behind it.
        """
        latest, seen = pending.attempts[-1], step.seen
        known = self._is_known(pending)
        minable = latest.max_fee >= seen.gas.base_fee
        waited = seen.block.timestamp - latest.sent_at
        stuck = waited >= self._settings.stuck_after or not minable
        if wish is not None and wish.kind == pending.kind:
            fails = not latest.cancels and not self._works(pending)
            if (latest.cancels or stuck or fails) and self._replace(step, pending, wish):
                return
            if not known and minable and not fails:
                self._resend(step, pending)  # a cancel too: it frees the nonce
        elif latest.cancels:
            if stuck and blocks:
                self._cancel(step, pending, "a cancel that is stuck")
            elif not known and minable:
                self._resend(step, pending)
        elif known and minable and not (stuck and blocks) and self._works(pending):
            pass  # it pays less than asked for by now, but what was signed for is still there
        elif blocks or (known and minable):
            self._cancel(step, pending, "not needed any more", only_if_cheaper=not blocks)

    def _is_known(self, pending: Pending) -> bool:
        """Whether the node has any attempt."""
        hashes = reversed(pending.hashes)
        return any(self._chain.transaction(hash) is not None for hash in hashes)

    def _works(self, pending: Pending) -> bool:
        """Whether what was signed would do what it is for, if it were mined now."""
        sent = read_raw(pending.attempts[-1].raw)
        try:
            self._chain.call(sent.to, sent.data, sender=self._signer.address)
        except Reverted:
            return False
        return True

    def _resend(self, step: _Step, pending: Pending) -> None:
        """Give the node what it has lost, or has never got."""
        self._send(step, pending, Deed.RESENT, "the node did not have it")

    def _replace(self, step: _Step, pending: Pending, order: Order) -> bool:
        """Sign again with the same nonce, at higher fees; returns whether it was."""
        bumped = self._bump(step, pending)
        if bumped is None:
            return False
        try:
            gas = self._gas(order)
        except Reverted as error:
            self._note(step, Deed.LOST, order, f"it would fail: {error.reason}")
            return False
        if not self._can_pay(step, order, gas * bumped[0] - _most_paid(pending)):
            return False
        attempt = self._sign(step, pending.nonce, order.to, order.data, gas, bumped)
        updated = pending.model_copy(
            update={
                "attempts": (*pending.attempts, attempt),
                "gas_limit": max(gas, pending.gas_limit),
                "reason": order.reason,
                "trigger": order.trigger,
                "min_reward": order.min_reward,
                "reward": order.reward,
                "sponsored": max(order.sponsored, pending.sponsored),
            }
        )
        self._send(step, updated, Deed.REPLACED, order.reason)
        return True

    def _cancel(
        self, step: _Step, pending: Pending, why: str, *, only_if_cheaper: bool = False
    ) -> None:
        """Put a transaction that does nothing in the place of one that is not wanted."""
        bumped = self._bump(step, pending)
        latest, gas = pending.attempts[-1], step.seen.gas
        if bumped is None or (only_if_cheaper and not fees.cancel_pays(latest, bumped, gas)):
            return
        sender = self._signer.address
        cancel = self._sign(step, pending.nonce, sender, b"", fees.CANCEL_GAS, bumped, cancels=True)
        updated = pending.model_copy(update={"attempts": (*pending.attempts, cancel)})
        self._send(step, updated, Deed.CANCELLED, why)

    def _bump(self, step: _Step, pending: Pending) -> tuple[int, int] | None:
        settings = self._settings
        cap, percent = settings.max_fee, settings.bump_percent
        bumped = fees.replacement(pending.attempts, step.seen.gas, cap, percent)
        if bumped is None:
            text = "to replace it would take fees over the cap"
            step.notes.append(_note(Deed.HELD, pending, text))
        return bumped

    def _fill_gap(self, step: _Step) -> None:
        """Use a nonce that others wait behind and nobody has signed for, so that they go on.

        It opens when the account was used elsewhere, and that transaction has vanished.
        """
        live, gap = step.ledger.state.pending, step.seen.nonce
        if not live or live[0].nonce <= gap:
            return
        waited = step.seen.block.timestamp - live[0].first_sent
        offered = fees.offer(step.seen.gas, self._settings.max_fee)
        if waited < self._settings.stuck_after or offered is None:
            return
        state, sender = step.ledger.state, self._signer.address
        if any(booking.nonce == gap for booking in state.bookings):
            # It came back from a block that is gone, and is not mined again.
            step.ledger.save(state.unbooked(gap))
        cancel = self._sign(step, gap, sender, b"", fees.CANCEL_GAS, offered, cancels=True)
        filler = Pending(
            sender=sender,
            nonce=gap,
            token="",
            kind=live[0].kind,
            reason="nothing: it closes a gap before others",
            gas_limit=fees.CANCEL_GAS,
            attempts=(cancel,),
        )
        self._send(step, filler, Deed.CANCELLED, filler.reason)

    # ------------------------------------------------------------ WHAT IS NEW

    def _send_new(self, step: _Step, order: Order) -> None:
        """Simulate an order, sign and send it."""
        settings = self._settings
        offered = fees.offer(step.seen.gas, settings.max_fee, settings.bump_percent)
        if offered is None:
            return self._note(step, Deed.HELD, order, "the base fee is over the cap")
        try:
            self._chain.call(order.to, order.data, sender=self._signer.address)
            gas = self._gas(order)
        except Reverted as error:
            reason = error.reason or "it would fail"
            return self._note(step, Deed.LOST, order, f"not sent: {reason}")
        if not self._can_pay(step, order, gas * offered[0]):
            return None
        nonce = self._next_nonce(step)
        attempt = self._sign(step, nonce, order.to, order.data, gas, offered)
        pending = Pending(
            sender=self._signer.address,
            nonce=nonce,
            token=order.token,
            symbol=order.symbol,
            kind=order.kind,
            trigger=order.trigger,
            reason=order.reason,
            min_reward=order.min_reward,
            reward=order.reward,
            sponsored=order.sponsored,
            gas_limit=gas,
            attempts=(attempt,),
        )
        self._save(step, pending)
        ahead = self._who_is_first(step, order)
        if ahead:  # the last question before it leaves: whoever asks later pays for nothing
            step.ledger.save(step.ledger.state.without_pending(nonce))
            return self._note(step, Deed.LOST, order, f"not sent: somebody else is first: {ahead}")
        step.funds -= gas * offered[0]
        return self._deliver(step, pending, Deed.SENT, order.reason)

    def _who_is_first(self, step: _Step, order: Order) -> str:
        """Why an order would fail behind what others have sent already; "" if it would not.

        What others have sent may never be mined: in an emergency it does not count at all, and
        otherwise not for longer than a transaction of our own may wait.
        """
        now = step.seen.block.timestamp
        waited = now - self._yielded.get(order.token, now)
        if order.trigger == Trigger.EMERGENCY or waited >= self._settings.stuck_after:
            return ""
        try:
            self._chain.call(order.to, order.data, sender=self._signer.address, block=PENDING_BLOCK)
        except Reverted as error:
            self._yielded.setdefault(order.token, now)
            return error.reason or "it would fail"
        except ChainError as error:
            if error.is_transient:
                raise
            # Not every node has a pending block.
        return ""

    def _gas(self, order: Order) -> int:
        call = {"from": self._signer.address, "to": order.to, "data": order.data, "value": 0}
        # Of the last block: behind what is pending, what is to be replaced would be in the way.
        return gas_limit(self._chain.estimate_gas(call, "latest"))

    def _next_nonce(self, step: _Step) -> int:
        """The first nonce that nobody has signed for, us or another program with this account."""
        taken = {pending.nonce for pending in step.ledger.state.pending}
        nonce = max(step.seen.nonce, self._chain.nonce(self._signer.address, "pending"))
        while nonce in taken:
            nonce += 1
        return nonce

    def _can_pay(self, step: _Step, order: Order, more: int) -> bool:
        if more <= step.funds:
            return True
        text = f"the account lacks {more - step.funds} wei for gas"
        self._note(step, Deed.HELD, order, text)
        return False

    # ------------------------------------------------------------ SIGN AND SEND

    def _sign(
        self,
        step: _Step,
        nonce: int,
        to: str,
        data: bytes,
        gas: int,
        offered: tuple[int, int],
        *,
        cancels: bool = False,
    ) -> Attempt:
        what = Sent(to_checksum_address(to), data, gas)
        now = step.seen.block.timestamp
        chain_id = self._chain.chain_id
        return sign(self._signer, chain_id, nonce, what, offered, now, cancels=cancels)

    def _send(self, step: _Step, pending: Pending, deed: Deed, text: str) -> None:
        """Save, then send: in this order, so that nothing that was sent is ever unknown."""
        self._save(step, pending)
        self._deliver(step, pending, deed, text)

    def _save(self, step: _Step, pending: Pending) -> None:
        step.ledger.save(step.ledger.state.with_pending(pending))

    def _deliver(self, step: _Step, pending: Pending, deed: Deed, text: str) -> None:
        latest = pending.attempts[-1]
        try:
            self._chain.send_raw(bytes.fromhex(latest.raw[2:]))
        except ChainError as error:
            # It stays in the books. If its nonce is used, the receipts will tell; if not, it is
            # sent again or replaced with the next block.
            step.notes.append(_note(Deed.REFUSED, pending, str(error), latest.hash))
            if error.is_transient or isinstance(error, OutcomeUnknown):
                raise
            return
        step.notes.append(_note(deed, pending, text, latest.hash))

    def _note(self, step: _Step, deed: Deed, order: Order, text: str) -> None:
        step.notes.append(Note(deed, text, order.kind, order.token, order.symbol))


@contextmanager
def _apart(notes: list[Note], note: Note) -> Iterator[None]:
    """Let what the node refuses of one transaction not stop the others; an outage stops all."""
    try:
        yield
    except ChainError as error:
        if error.is_transient or isinstance(error, OutcomeUnknown):
            raise
        notes.append(replace(note, text=str(error)))


def _most_paid(pending: Pending) -> int:
    """What its gas may come to, wei."""
    return pending.gas_limit * max(attempt.max_fee for attempt in pending.attempts)


def _note(deed: Deed, pending: Pending, text: str, hash: str = "") -> Note:
    return Note(
        deed, text, pending.kind, pending.token, pending.symbol, nonce=pending.nonce, hash=hash
    )
