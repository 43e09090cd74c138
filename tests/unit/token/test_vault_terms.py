"""Terms in one word: every field, exact or refused; and the fees that are taken in shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.compiler import compile_contract
from steelyard.evm import Evm
from steelyard.model.arithmetic import DAY, WAD, ceil_div
from tests.unit.token.helpers import (
    LEVERAGE,
    MICRO,
    NOON,
    SETTLED,
    TERMS,
    TRADING,
    WINDING_DOWN,
    pack_terms,
    reverts,
    unpack_terms,
)

NAMES = [name for name, _, _ in TERMS]
PHASES = (TRADING, WINDING_DOWN, SETTLED)
# Fields that are numbers: the others have types that fit.
NUMBERS = [field for field in TERMS if field[0] not in ("fees_on", "phase")]
ORDINARY = {
    "mint_fee": 10**15,
    "redeem_fee": 2 * 10**15,
    "fee_rate": 10**16,
    "leverage_lo": 2 * WAD,
    "leverage_hi": 4 * WAD,
    "cap": 1_234_567_891 * MICRO,
    "fees_on": 1,
    "paused_until": NOON,
    "phase": TRADING,
    "target": 3 * WAD,
}

any_terms = st.fixed_dictionaries(
    {
        name: st.sampled_from(PHASES)
        if name == "phase"
        else st.integers(0, 2**bits - 1).map(lambda number, unit=unit: number * unit)
        for name, bits, unit in TERMS
    }
)
amounts = st.integers(1, 2**103) | st.integers(1, 10**4)


@pytest.fixture(scope="module")
def harness():
    """vault_terms.vy, callable."""
    return Evm(timestamp=NOON).deploy(compile_contract("VaultTermsHarness"))


def struct(terms):
    """Terms as the ABI wants them."""
    return tuple(
        bool(value) if name == "fees_on" else value
        for name, value in ((name, terms[name]) for name in NAMES)
    )


@given(terms=any_terms)
def test_round_trip(harness, terms):
    word = harness.pack(struct(terms))
    assert word == pack_terms(**terms)
    assert tuple(harness.unpack(word)) == struct(terms)
    assert unpack_terms(word) == terms


def test_every_field_has_bits_of_its_own():
    seen = 0
    for name, bits, unit in TERMS:
        word = pack_terms(**dict.fromkeys(NAMES, 0) | {name: (2**bits - 1) * unit})
        assert word & seen == 0
        seen |= word
    assert seen == 2 ** sum(bits for _, bits, _ in TERMS) - 1


@pytest.mark.parametrize(("name", "bits", "unit"), NUMBERS)
def test_largest_value_fits_and_the_next_does_not(harness, name, bits, unit):
    terms = ORDINARY | {name: (2**bits - 1) * unit}
    assert tuple(harness.unpack(harness.pack(struct(terms)))) == struct(terms)
    for value in (2**bits * unit, 2 ** (255 - unit.bit_length()) * unit, 2**256 - 2**256 % unit):
        with reverts("terms: does not fit its field"):
            harness.pack(struct(ORDINARY | {name: min(value, 2**256 - 1)}))


@pytest.mark.parametrize(("name", "unit"), [(name, unit) for name, _, unit in NUMBERS if unit > 1])
def test_nothing_is_rounded(harness, name, unit):
    for value in (1, unit - 1, unit + 1, ORDINARY[name] + 1):
        with reverts("terms: does not fit its field"):
            harness.pack(struct(ORDINARY | {name: value}))


@given(terms=any_terms, other=any_terms, phase=st.sampled_from(PHASES))
def test_changing_one_part_keeps_the_others(harness, terms, other, phase):
    word, new = pack_terms(**terms), pack_terms(**other)
    assert unpack_terms(harness.in_phase(word, phase)) == terms | {"phase": phase}
    until = other["paused_until"]
    assert unpack_terms(harness.paused(word, until)) == terms | {"paused_until": until}
    kept = {name: terms[name] for name in ("paused_until", "phase")}
    assert unpack_terms(harness.configured(word, new)) == other | kept
    gone = dict.fromkeys(("mint_fee", "redeem_fee", "fee_rate"), 0)
    assert unpack_terms(harness.without_fees(word)) == terms | gone


def test_pause_ends_with_its_second(harness):
    for until, paused in ((0, False), (NOON, False), (NOON + 1, True), (NOON + DAY, True)):
        assert harness.is_paused(pack_terms(**ORDINARY | {"paused_until": until})) is paused


@given(terms=any_terms, amount=amounts)
def test_fee_to_enter_and_its_inverse(harness, terms, amount):
    """Minting n trades n (1 + fee), up; of those traded a minter gets the most that this allows."""
    word, fee = pack_terms(**terms), terms["mint_fee"] // MICRO
    traded = harness.mint_traded(word, amount)
    assert traded == ceil_div(amount * (10**6 + fee), 10**6)
    assert harness.mint_shares(word, traded) == amount
    shares = harness.mint_shares(word, amount)
    assert harness.mint_traded(word, shares) <= amount < harness.mint_traded(word, shares + 1)


@given(terms=any_terms, amount=amounts)
def test_fee_to_leave_and_its_inverse(harness, terms, amount):
    """Redeeming n trades n (1 - fee), down; the fewest are burned of which enough trade."""
    word, fee = pack_terms(**terms), terms["redeem_fee"] // MICRO
    traded = harness.redeem_traded(word, amount)
    assert traded == amount * (10**6 - fee) // 10**6
    assert harness.redeem_shares(word, traded) <= amount
    shares = harness.redeem_shares(word, amount)
    assert harness.redeem_traded(word, shares) >= amount > harness.redeem_traded(word, shares - 1)


def test_units_are_those_that_configurations_use():
    """A hundredth of a basis point, a ten-thousandth of leverage, a millionth of underlying."""
    units = {name: unit for name, _, unit in TERMS}
    assert units["mint_fee"] == units["redeem_fee"] == units["cap"] == MICRO
    assert units["leverage_lo"] == units["leverage_hi"] == units["target"] == LEVERAGE
