"""The keeper's books: what may follow what, and that the sums are those of the bookings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.keeper import books
from steelyard.keeper.books import Booking, BooksError, Outcome, State, Sums
from steelyard.keeper.types import Kind
from steelyard.model.arithmetic import DAY
from steelyard.model.policy import Trigger
from tests.keeper.views import NOW, USDC, address, pending

ME = address(99)


def booking(nonce=0, **changes):
    values = {
        "hash": f"0x{nonce:064x}",
        "sender": ME,
        "nonce": nonce,
        "token": address(1),
        "trigger": Trigger.DRIFT,
        "block": 10 + nonce,
        "time": NOW,
        "gas_used": 120_000,
        "gas_cost": 10**14,
        "cost": USDC // 3,
        "reward": 2 * USDC,
    }
    return Booking(**values | changes)


def test_pending_are_kept_by_nonce():
    state = State().with_pending(pending(2, nonce=5)).with_pending(pending(1, nonce=4))
    assert [entry.nonce for entry in state.pending] == [4, 5]
    assert list(state.live()) == [address(1), address(2)]


def test_replacement_keeps_every_attempt():
    first = pending(1, nonce=4)
    more = first.attempts[0].model_copy(update={"hash": "0x2"})
    second = first.model_copy(update={"attempts": (*first.attempts, more)})
    state = State().with_pending(first).with_pending(second)
    assert state.pending == (second,)
    with pytest.raises(BooksError, match="^an attempt with nonce 4 would be forgotten$"):
        state.with_pending(first)


def test_token_has_one_live_transaction():
    state = State().with_pending(pending(0xAB, nonce=4))
    twin = pending(0xAB, nonce=5)
    with pytest.raises(BooksError, match=f"^{address(0xAB)} has a live transaction, nonce 4$"):
        state.with_pending(twin)
    assert len(state.with_pending(twin.model_copy(update={"token": ""})).pending) == 2


def test_booking_ends_what_is_pending_and_is_added_up():
    state = State().with_pending(pending(1, nonce=4)).with_pending(pending(2, nonce=5))
    state = state.booked(booking(4))
    state = state.booked(booking(5, outcome=Outcome.REVERTED, reward=0, sponsored=7))
    assert (state.pending, [entry.nonce for entry in state.bookings]) == ((), [4, 5])
    sums = Sums(
        transactions=2,
        rebalances=1,
        reverts=1,
        gas_used=240_000,
        gas_cost=2 * 10**14,
        cost=2 * (USDC // 3),
        reward=2 * USDC,
        sponsored=7,
    )
    assert (state.totals, state.days) == (sums, {"2024-10-04": sums})
    assert sums.profit == 2 * USDC - 2 * (USDC // 3) == sum(b.profit for b in state.bookings)


def test_nonce_is_booked_once():
    state = State().booked(booking(4))
    for again in (lambda: state.booked(booking(4)), lambda: state.with_pending(pending(2, 4))):
        with pytest.raises(BooksError, match="^nonce 4 is booked already$"):
            again()


def test_reorganised_booking_is_taken_back():
    before = State().booked(booking(4))
    after = before.booked(booking(5)).unbooked(5)
    assert after == before
    with pytest.raises(BooksError, match="^nonce 5 is not among the last bookings$"):
        after.unbooked(5)
    assert after.with_pending(pending(1, nonce=5)).booked(booking(5)).totals.transactions == 2


def test_what_never_was_sent_is_dropped():
    assert State().with_pending(pending(1, nonce=4)).without_pending(4) == State()


def test_sponsoring_is_per_utc_day():
    midnight = NOW - NOW % DAY
    state = State().booked(booking(1, time=midnight - 1, sponsored=5))
    state = state.booked(booking(2, time=midnight, sponsored=7)).booked(booking(3, sponsored=1))
    assert [state.sponsored_on(time) for time in (midnight - 1, midnight, NOW)] == [5, 8, 8]
    assert state.sponsored_on(NOW + DAY) == 0


def test_other_kinds_are_no_rebalances():
    assert State().booked(booking(1, kind=Kind.SETTLE)).totals.rebalances == 0


def test_old_bookings_are_forgotten_but_not_their_sums(monkeypatch):
    monkeypatch.setattr(books, "KEPT_RECEIPTS", 3)
    monkeypatch.setattr(books, "KEPT_DAYS", 2)
    state = State()
    for nonce in range(5):
        state = state.booked(booking(nonce, time=NOW + nonce * DAY))
    assert [entry.nonce for entry in state.bookings] == [2, 3, 4]
    assert list(state.days) == ["2024-10-07", "2024-10-08"]
    assert state.totals.transactions == 5


def test_books_are_of_one_account_on_one_chain():
    state = State().claimed(31_337, ME)
    assert state.claimed(31_337, ME.upper().replace("X", "x")).chain_id == 31_337
    for chain, sender in ((1, ME), (31_337, address(98))):
        with pytest.raises(BooksError, match=f"^the books are of {ME} on chain 31337, not of"):
            state.claimed(chain, sender)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 3)), max_size=30))
def test_sums_are_those_of_the_bookings(steps):
    """Whatever is booked and taken back, the books agree with what is in them."""
    state = State()
    for back, nonce, day in steps:
        known = {entry.nonce for entry in state.bookings}
        if back and nonce in known:
            state = state.unbooked(nonce)
        elif not back and nonce not in known:
            outcome = list(Outcome)[day]
            state = state.booked(booking(nonce, time=NOW + day * DAY, outcome=outcome, cost=nonce))
    for field in ("transactions", "rebalances", "reverts", "gas_cost", "cost", "reward"):
        total = getattr(state.totals, field)
        assert sum(getattr(sums, field) for sums in state.days.values()) == total
    assert state.totals.cost == sum(entry.cost for entry in state.bookings)
    assert State.model_validate_json(state.model_dump_json()) == state
