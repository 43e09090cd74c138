"""What the keeper's transactions offer: enough to be mined and to replace, never over the cap."""

from hypothesis import given
from hypothesis import strategies as st

from steelyard.keeper.fees import cancel_pays, offer, replacement
from steelyard.keeper.types import GWEI, Attempt, GasPrice

FEE = st.integers(0, 10**12)


def gas(base_fee, priority_fee=GWEI):
    return GasPrice(base_fee, priority_fee, 0, 1)


def attempt(max_fee, priority_fee):
    return Attempt(hash="0x", raw="0x", max_fee=max_fee, priority_fee=priority_fee, sent_at=0)


def test_an_offer_bears_twice_the_base_fee():
    assert offer(gas(10 * GWEI), 100 * GWEI) == (21 * GWEI, GWEI)


def test_no_offer_while_the_base_fee_is_over_the_cap():
    assert offer(gas(100 * GWEI + 1), 100 * GWEI) is None
    assert offer(gas(100 * GWEI), 100 * GWEI) == (100 * GWEI, GWEI)


def test_an_offer_leaves_room_for_a_replacement_if_it_can():
    most, _ = offer(gas(80 * GWEI), 115 * GWEI, 15)
    assert most == 100 * GWEI
    assert replacement([attempt(most, GWEI)], gas(80 * GWEI), 115 * GWEI, 15) is not None
    assert offer(gas(110 * GWEI), 115 * GWEI, 15) == (111 * GWEI, GWEI)


def test_a_replacement_over_the_cap_is_none():
    assert replacement([attempt(90 * GWEI, GWEI)], gas(GWEI), 100 * GWEI, 15) is None


def test_a_replacement_beats_every_attempt_and_not_only_the_last():
    attempts = [attempt(50 * GWEI, 5 * GWEI), attempt(20 * GWEI, 2 * GWEI)]
    most, priority = replacement(attempts, gas(GWEI), 100 * GWEI, 15)
    assert (most, priority) == (575 * GWEI // 10, 575 * GWEI // 100)


@given(FEE, FEE, FEE, FEE, st.integers(1, 10**13), st.integers(13, 100))
def test_a_replacement_raises_both_fees_and_keeps_the_cap(base, tip, most, old_tip, cap, percent):
    old = attempt(max(most, old_tip), old_tip)
    found = replacement([old], gas(base, tip), cap, percent)
    if cap == 10**13:
        assert found is not None
    if found is None:
        return
    assert found[0] * 1_000 >= old.max_fee * 1_125
    assert found[1] * 1_000 >= old_tip * 1_125
    assert found[0] > old.max_fee and found[1] > old_tip
    assert found[1] <= found[0] <= cap
    assert found[0] >= base


def test_a_cancel_pays_where_doing_nothing_is_cheaper_than_to_fail():
    latest = attempt(3 * GWEI, GWEI)
    assert cancel_pays(latest, (4 * GWEI, 2 * GWEI), gas(GWEI))
    assert not cancel_pays(latest, (40 * GWEI, 30 * GWEI), gas(GWEI))
