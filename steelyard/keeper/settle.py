"""What became of the keeper's transactions: the books follow the chain, also when it goes back."""

from __future__ import annotations

from eth_utils.address import to_checksum_address

from steelyard.abis import load_abi
from steelyard.chain import Chain, Receipt, Reverted
from steelyard.keeper.books import Booking, Outcome, State
from steelyard.keeper.notes import Deed, Note
from steelyard.keeper.observe import Observation, in_collateral
from steelyard.keeper.raw import read_raw
from steelyard.keeper.types import Attempt, Pending

_REWARDS = {  # event: who is paid, and how much
    "Rebalanced": ("caller", "reward"),
    "KeeperFeesClaimed": ("keeper", "assets"),
}
_EVENTS = {
    topic: event
    for abi in ("LeveragedToken", "PerpExchange")
    for topic, event in load_abi(abi).events.items()
    if event.name in _REWARDS
}


class Settler:
    """Reads receipts and writes books."""

    def __init__(self, chain: Chain, sender: str, confirmations: int) -> None:
        """Remember whose they are.

        Args:
            chain: A node.
            sender: Address of the keeper.
            confirmations: Blocks until a booking is for good.
        """
        self._chain, self._sender, self._confirmations = chain, sender, confirmations

    def settle(self, state: State, seen: Observation) -> tuple[State, list[Note]]:
        """Return books that agree with the chain at a block, and what changed.

        Args:
            state: The books.
            seen: The block.

        Raises:
            ChainError: The node does not answer; nothing is booked.
        """
        notes: list[Note] = []
        for pending in state.settling:
            state = self._confirm(state, pending, seen, notes)
        for booking in state.bookings:
            if booking.nonce >= seen.nonce:
                state = self._reopen(state, booking, notes)
        for pending in state.pending:
            if pending.nonce < seen.nonce:
                state = self._book(state, pending, seen, notes)
        return state, notes

    def _confirm(
        self, state: State, pending: Pending, seen: Observation, notes: list[Note]
    ) -> State:
        """Take a booking back when its block is gone, and let it be when it is deep enough."""
        booking = next((b for b in state.bookings if b.nonce == pending.nonce), None)
        if booking is None:
            return state.settled(pending.nonce)
        receipt = self._chain.receipt(booking.hash)
        if receipt is None or receipt.block_hash != booking.block_hash:
            text = f"block {booking.block} is not part of the chain any more"
            notes.append(_note(Deed.UNBOOKED, pending, text, booking.hash))
            return state.unbooked(pending.nonce)
        deep = seen.block.number - receipt.block + 1 >= self._confirmations
        return state.settled(pending.nonce) if deep else state

    def _reopen(self, state: State, booking: Booking, notes: list[Note]) -> State:
        """Take back what was booked for good, if a deeper reorganisation has freed its nonce.

        One that the node still has will be mined again, and stays booked.
        """
        if booking.hash and self._chain.transaction(booking.hash) is not None:
            return state
        text = f"block {booking.block} is gone, and its nonce free again"
        notes.append(_note(Deed.UNBOOKED, booking, text, booking.hash))
        return state.unbooked(booking.nonce)

    def _book(self, state: State, pending: Pending, seen: Observation, notes: list[Note]) -> State:
        """Book a nonce that is used."""
        for attempt in reversed(pending.attempts):
            receipt = self._chain.receipt(attempt.hash)
            if receipt is not None and receipt.block <= seen.block.number:
                booking = self._booking(pending, attempt, receipt, seen)
                text = self._say(pending, attempt, receipt, booking)
                notes.append(_note(Deed.BOOKED, pending, text, attempt.hash, booking.outcome))
                return state.booked(booking)
        # A node may know the nonce before it finds the receipt: wait until it can only be another.
        deep = max(seen.block.number - self._confirmations, 0)
        if self._chain.nonce(self._sender, deep) <= pending.nonce:
            return state
        text = "its nonce was used by a transaction that is not in the books"
        notes.append(_note(Deed.BOOKED, pending, text, outcome=Outcome.FOREIGN))
        booking = _blank(pending).model_copy(
            update={"outcome": Outcome.FOREIGN, "time": seen.block.timestamp}
        )
        return state.booked(booking).settled(pending.nonce)

    def _booking(
        self, pending: Pending, attempt: Attempt, receipt: Receipt, seen: Observation
    ) -> Booking:
        outcome = Outcome.DONE if receipt.status else Outcome.REVERTED
        cost = in_collateral(receipt.gas_cost, seen.gas.native_price)
        reward = received(receipt, read_raw(attempt.raw).to, self._sender)
        # Of what nobody knows the price, the sponsor pays what was set aside for it.
        lost = max(0, cost - reward) if seen.gas.native_price is not None else pending.sponsored
        is_head = receipt.block == seen.block.number
        block = seen.block if is_head else self._chain.block(receipt.block)
        return _blank(pending).model_copy(
            update={
                "hash": receipt.hash,
                "outcome": Outcome.CANCELLED if attempt.cancels else outcome,
                "block": receipt.block,
                "block_hash": receipt.block_hash,
                "time": block.timestamp,
                "gas_used": receipt.gas_used,
                "gas_cost": receipt.gas_cost,
                "data_fee": receipt.data_fee,
                "cost": cost,
                "reward": reward,
                "sponsored": lost if pending.sponsored else 0,
            }
        )

    def _say(self, pending: Pending, attempt: Attempt, receipt: Receipt, booking: Booking) -> str:
        """What happened, in words; why, if it reverted."""
        if booking.outcome != Outcome.REVERTED:
            return f"{booking.outcome} in block {booking.block}: {pending.reason}"
        sent = read_raw(attempt.raw)
        if receipt.gas_used >= sent.gas:
            return f"reverted in block {booking.block}: out of gas"
        # The state after its block is nearest to what it met.
        try:
            self._chain.call(sent.to, sent.data, sender=self._sender, block=receipt.block)
        except Reverted as error:
            return f"reverted in block {booking.block}: {error.reason or 'without a reason'}"
        return f"reverted in block {booking.block}: it would not any more"


def received(receipt: Receipt, contract: str, keeper: str) -> int:
    """Return what a transaction paid to its keeper, collateral units.

    Args:
        receipt: Of it.
        contract: Which was called, EIP-55 hex str: no other tells the truth.
        keeper: Who sent it.
    """
    total = 0
    for log in receipt.logs:
        event = _EVENTS.get(log.topics[0]) if log.topics else None
        if event is not None and log.address == contract:
            values = event.decode(log.topics, log.data)
            who, amount = _REWARDS[event.name]
            if to_checksum_address(getattr(values, who)) == to_checksum_address(keeper):
                total += getattr(values, amount)
    return total


def _blank(pending: Pending) -> Booking:
    """What is known of a booking before there is a receipt."""
    return Booking(
        hash="",
        sender=pending.sender,
        nonce=pending.nonce,
        token=pending.token,
        symbol=pending.symbol,
        kind=pending.kind,
        trigger=pending.trigger,
    )


def _note(
    deed: Deed,
    pending: Pending | Booking,
    text: str,
    hash: str = "",
    outcome: Outcome | None = None,
) -> Note:
    return Note(
        deed, text, pending.kind, pending.token, pending.symbol, pending.nonce, hash, outcome
    )
