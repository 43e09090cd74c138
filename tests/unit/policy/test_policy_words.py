"""Rules and memory in two words each: nothing is lost, and what cannot be stored is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.compiler import compile_contract
from steelyard.evm import Revert
from steelyard.model import arithmetic
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import (
    Memory,
    Rules,
    pack_memory,
    pack_rules,
    unpack_memory,
    unpack_rules,
)
from tests.unit.policy.cases import LEVERAGE, MICRO, RULES, any_rules, struct

SPREAD = replace(RULES, reference="0x" + "f0" * 20, reference_max_age=2**20 - 1, scheduled=True)
# The most each field holds, in its own scale, and the least step.
WIDTHS = {
    "recentering": (WAD, MICRO),
    "min_drift": ((2**20 - 1) * MICRO, MICRO),
    "max_slippage": (RULES.emergency_slippage, MICRO),
    "emergency_slippage": (WAD - MICRO, MICRO),
    "min_rate": (RULES.max_rate, MICRO),
    "max_rate": ((2**16 - 1) * MICRO, MICRO),
    "max_reward": ((2**16 - 1) * MICRO, MICRO),
    "trade_share": ((2**20 - 1) * MICRO, MICRO),
    "cost_budget": ((2**20 - 1) * MICRO, MICRO),
    "emergency_leverage": ((2**20 - 1) * LEVERAGE, LEVERAGE),
    "boundary": (DAY - 1, 1),
    "window": (2**14 - 1, 1),
    "auction_duration": (2**13 - 1, 1),
    "cooldown": (2**10 - 1, 1),
    "reference_max_age": (2**20 - 1, 1),
    "max_deviation": ((2**20 - 1) * MICRO, MICRO),
}


@pytest.fixture(scope="module")
def words(evm):
    return evm.deploy(compile_contract("PolicyWordsHarness"))


def assert_round_trip(words, rules: Rules) -> None:
    packed = words.pack_rules(struct(rules))
    assert packed == pack_rules(rules)
    assert words.unpack_rules(packed) == struct(rules)
    assert unpack_rules(packed) == rules


def assert_refused(words, rules: Rules, reason: str) -> None:
    with pytest.raises(Revert, match=reason):
        words.pack_rules(struct(rules))
    with pytest.raises(arithmetic.Revert, match=reason):
        pack_rules(rules)


@given(st.randoms(use_true_random=False))
def test_rules_survive(words, random):
    feed = f"0x{random.getrandbits(160):040x}"
    age = random.getrandbits(20)
    assert_round_trip(words, replace(any_rules(random), reference=feed, reference_max_age=age))


@pytest.mark.parametrize("name", WIDTHS)
def test_the_largest_of_a_field_fits_alone_and_one_step_more_does_not(words, name):
    most, step = WIDTHS[name]
    assert_round_trip(words, replace(SPREAD, **{name: most}))
    assert_refused(words, replace(SPREAD, **{name: most + step}), "policy: ")
    if step > 1:
        assert_refused(words, replace(SPREAD, **{name: most - 1}), "policy: does not fit its field")


@pytest.mark.parametrize(
    "change",
    [
        {"leverage_lo": 0},
        {"leverage_lo": RULES.target},
        {"leverage_hi": RULES.target},
        {"emergency_leverage": RULES.leverage_hi},
        {"recentering": WAD + MICRO},
        {"max_slippage": RULES.emergency_slippage + MICRO},
        {"emergency_slippage": WAD},
        {"min_rate": RULES.max_rate + MICRO},
        {"cost_budget": 0},
        {"boundary": DAY},
        {"auction_duration": 0},
    ],
)
def test_rules_a_decision_cannot_compute_with_are_refused(words, change):
    assert_refused(words, replace(RULES, **change), "policy: rules out of order")


TIMES = st.integers(0, 2**40 - 1)


@given(
    st.builds(
        Memory,
        aim=st.integers(0, 2**72 - 1),
        since=TIMES,
        upward=st.booleans(),
        rebuilding=st.booleans(),
        traded_at=TIMES,
        budget_used=st.integers(0, 2**101 - 1),
        winding_down_at=TIMES,
        winding_down_size=st.integers(0, 2**96 - 1),
    )
)
def test_memory_survives(words, memory):
    packed = words.pack_memory(struct(memory))
    assert packed == pack_memory(memory)
    assert words.unpack_memory(packed) == struct(memory)
    assert unpack_memory(packed) == memory


def test_a_cost_beyond_all_equity_saturates_and_touches_nothing_else(words):
    memory = Memory(aim=3 * WAD, since=1, rebuilding=True, traded_at=2, budget_used=2**255)
    packed = words.pack_memory(struct(memory))
    assert packed == pack_memory(memory)
    assert unpack_memory(packed) == replace(memory, budget_used=2**101 - 1)


def test_the_policy_packs_and_unpacks_alike(policy):
    packed = policy.pack_rules(struct(SPREAD))
    assert packed == pack_rules(SPREAD)
    assert policy.unpack_rules(packed) == struct(SPREAD)
