"""When the keeper stops sending, the words it says why with, and that it goes on by itself."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.keeper.breaker import Breaker, Fault, Limits, Open, Signs
from steelyard.keeper.settings import Settings

NOW = 1_700_000_000
LIMITS = Limits(chain_id=31_337)
GOOD = Signs(now=NOW, chain_id=31_337, block_time=NOW - 2, balance=10**18, positions=3, unpriced=2)
CLOSED = Breaker(LIMITS)


def seen(breaker=CLOSED, later=0, **changes):
    now = NOW + later
    return breaker.after(replace(GOOD, now=now, block_time=now - 2, **changes))


def test_closed_while_all_is_well():
    assert (seen(), seen().is_open, seen().reason) == (CLOSED, False, "")


@pytest.mark.parametrize(
    "signs, fault, reason",
    [
        ({"chain_id": 1}, Fault.WRONG_CHAIN, "the node serves chain 1, not 31337"),
        (
            {"node_error": "it does not answer"},
            Fault.NODE,
            "the node cannot be asked: it does not answer",
        ),
        (
            {"unpriced": 3},
            Fault.ORACLE,
            "no valid price for any of 3 tokens: the oracle is stale or down",
        ),
        (
            {"balance": 10**16 - 10**12},
            Fault.BALANCE,
            "the account has 0.009999 coins, less than 0.010000: send it some",
        ),
    ],
)
def test_open_while_the_cause_lasts_and_closed_when_it_is_gone(signs, fault, reason):
    opened = seen(**signs)
    assert opened.faults == {fault: Open(NOW, reason)}
    assert (opened.is_open, opened.reason) == (True, reason)
    assert seen(opened, 5, **signs).faults[fault].since == NOW
    assert seen(opened, 5) == CLOSED


@pytest.mark.parametrize(
    "signs",
    [
        {"balance": 10**16},
        {"positions": 0, "unpriced": 0},
        {"reorganised": 2},
        {"reverts": 2},
    ],
)
def test_closed_at_the_edge(signs):
    assert not seen(**signs).is_open


@pytest.mark.parametrize("age, is_open", [(60, False), (61, True), (-500, False)])
def test_node_is_behind_when_its_head_is_old(age, is_open):
    breaker = CLOSED.after(replace(GOOD, block_time=NOW - age))
    assert breaker.is_open == is_open
    if is_open:
        assert breaker.reason == "the node is behind: its last block is 61 s old, over 60"
    assert not Breaker(replace(LIMITS, max_block_age=0)).after(replace(GOOD, block_time=0)).is_open


def test_deep_reorganisation_needs_calm():
    opened = seen(reorganised=3)
    assert opened.faults == {
        Fault.REORGANISATION: Open(NOW, "3 blocks were replaced: waiting 300 s", NOW + 300)
    }
    again = seen(opened, 299, reorganised=4)
    assert again.faults[Fault.REORGANISATION] == Open(
        NOW, "4 blocks were replaced: waiting 300 s", NOW + 599
    )
    assert seen(again, 598).is_open
    assert seen(again, 599) == CLOSED


def test_repeated_reverts_need_a_cool_off_and_are_forgiven_then():
    breaker = seen(seen(reverts=1), 100, reverts=1)
    assert not breaker.is_open
    opened = seen(breaker, 200, reverts=1)
    assert opened.faults == {
        Fault.REVERTS: Open(
            NOW + 200, "3 transactions reverted within 600 s: waiting 300 s", NOW + 500
        )
    }
    assert seen(opened, 499).is_open
    closed = seen(opened, 500)
    assert closed == CLOSED
    assert not seen(closed, 501, reverts=2).is_open


def test_reverts_long_ago_do_not_count():
    breaker = seen(seen(reverts=2), 600, reverts=1)
    assert (breaker.is_open, breaker.reverts) == (False, (NOW + 600,))


def test_reverts_count_while_the_node_is_away():
    assert Fault.REVERTS in seen(node_error="gone", reverts=3).faults


def test_node_that_does_not_answer_says_nothing_of_other_faults():
    opened = seen(balance=0)
    away = CLOSED.after(Signs(NOW + 1, node_error="gone")).after(Signs(NOW + 2, node_error="gone"))
    assert set(away.faults) == {Fault.NODE}
    both = opened.after(Signs(NOW + 1, node_error="gone"))
    assert set(both.faults) == {Fault.NODE, Fault.BALANCE}
    assert set(seen(both, 2, balance=0).faults) == {Fault.BALANCE}


def test_another_chain_says_nothing_of_other_faults():
    both = seen(seen(reorganised=9), 1, chain_id=1, balance=0)
    assert set(both.faults) == {Fault.WRONG_CHAIN, Fault.REORGANISATION}


def test_all_reasons_are_said_in_a_fixed_order():
    breaker = seen(balance=0, unpriced=3, reverts=3)
    assert breaker.reason == (
        "no valid price for any of 3 tokens: the oracle is stale or down;"
        " the account has 0.000000 coins, less than 0.010000: send it some;"
        " 3 transactions reverted within 600 s: waiting 300 s"
    )


def test_limits_are_those_of_the_settings():
    assert Limits.of(Settings(), 31_337) == LIMITS


SIGNS = st.builds(
    Signs,
    now=st.just(NOW),
    chain_id=st.sampled_from([31_337, 31_337, 1]),
    block_time=st.integers(NOW - 99, NOW),
    balance=st.sampled_from([0, 10**18]),
    reorganised=st.integers(0, 5),
    reverts=st.integers(0, 3),
    positions=st.integers(0, 2),
    unpriced=st.integers(0, 2),
    node_error=st.sampled_from(["", "", "gone"]),
)


@given(st.lists(st.tuples(st.integers(0, 400), SIGNS), max_size=12))
def test_whatever_it_has_seen_it_recovers(steps):
    """No history keeps it open: once all is well for a cool-off it sends again."""
    breaker, now = CLOSED, NOW
    for later, signs in steps:
        now += later
        breaker = breaker.after(replace(signs, now=now))
        assert breaker.is_open == bool(breaker.reason)
    for _ in range(2):
        now += LIMITS.cool_off
        breaker = breaker.after(replace(GOOD, now=now, block_time=now))
    assert not breaker.is_open
