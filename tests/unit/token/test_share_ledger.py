"""The management fee as shares: exact, and the same however often it is accrued."""

from __future__ import annotations

from math import expm1, log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.compiler import compile_contract
from steelyard.contract import ZERO_ADDRESS
from steelyard.evm import Evm, Revert, address
from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import YEAR, growth

KEEPER, HOLDER = address("keeper"), address("holder")
SUPPLY = 1_000_000 * WAD
# Continuous rates of 1 % and of 5 %, the cap, a year.
ONE_PERCENT = int(-log1p(-0.01) * WAD)
FIVE_PERCENT = int(-log1p(-0.05) * WAD)


@pytest.fixture
def harness():
    """share_ledger.vy, callable, that has just begun to accrue."""
    evm = Evm()
    harness = evm.deploy(compile_contract("ShareLedgerHarness"))
    harness.write(SUPPLY, 0, sender=KEEPER)
    return harness


def wait(harness, seconds):
    """Let time pass."""
    harness.evm.warp(seconds)


def test_nothing_is_owed_at_once(harness):
    assert harness.owed(FIVE_PERCENT) == 0


def test_nothing_accrues_without_a_rate(harness):
    harness.write(SUPPLY, 7, sender=KEEPER)
    wait(harness, YEAR)
    assert harness.owed(0) == 7


@pytest.mark.parametrize("rate", [ONE_PERCENT, FIVE_PERCENT])
def test_a_year_costs_the_yearly_rate_of_what_holders_have(harness, rate):
    wait(harness, YEAR)
    owed = harness.owed(rate)
    holders_keep = SUPPLY * WAD // (SUPPLY + owed)
    expected = 0.99 if rate == ONE_PERCENT else 0.95
    assert holders_keep / WAD == pytest.approx(expected, rel=1e-8)


def test_fees_owed_accrue_fees_too(harness):
    harness.write(SUPPLY, SUPPLY, sender=KEEPER)
    wait(harness, YEAR)
    grown = growth(ONE_PERCENT, YEAR)
    assert harness.owed(ONE_PERCENT) == SUPPLY + 2 * SUPPLY * grown // WAD


def test_accruing_often_changes_nothing_but_rounding():
    once, often = Evm(), Evm()
    rare = once.deploy(compile_contract("ShareLedgerHarness"))
    busy = often.deploy(compile_contract("ShareLedgerHarness"))
    for harness in (rare, busy):
        harness.write(SUPPLY, 0, sender=KEEPER)
    for _ in range(365):
        for harness in (rare, busy):
            wait(harness, YEAR // 365)
        busy.accrue(FIVE_PERCENT, sender=KEEPER)
    seldom, daily = rare.owed(FIVE_PERCENT), busy.owed(FIVE_PERCENT)
    # The fifth Taylor term of a whole year: 0.0513^5 / 120.
    assert seldom <= daily <= seldom + SUPPLY * 3 // 10**9


@given(rate=st.integers(0, FIVE_PERCENT), elapsed=st.integers(0, 10 * YEAR))
def test_growth_is_the_exponential_rounded_down(rate, elapsed):
    exact = expm1(rate * elapsed / YEAR / WAD)
    assert growth(rate, elapsed) / WAD <= exact * (1 + 1e-9) + 1e-15
    if elapsed <= YEAR:
        assert growth(rate, elapsed) / WAD == pytest.approx(exact, rel=2e-7, abs=1e-15)


@given(
    supply=st.integers(0, 10**27),
    owed=st.integers(0, 10**27),
    rate=st.integers(0, FIVE_PERCENT),
    elapsed=st.integers(0, 3 * YEAR),
)
def test_contract_and_twin_accrue_alike(supply, owed, rate, elapsed):
    harness = Evm().deploy(compile_contract("ShareLedgerHarness"))
    harness.write(supply, owed, sender=KEEPER)
    wait(harness, elapsed)
    grown = growth(rate, elapsed) if rate else 0
    assert harness.owed(rate) == owed + (supply + owed) * grown // WAD


def test_supply_and_owed_must_fit_their_fields(harness):
    most = 2**104 - 1
    harness.write(most, most, sender=KEEPER)
    for supply, owed in ((most + 1, 0), (0, most + 1)):
        with pytest.raises(Revert) as refused:
            harness.write(supply, owed, sender=KEEPER)
        assert refused.value.reason == "token: too many shares"
    assert (harness.totalSupply(), harness.owed(0)) == (most, most)


def test_minting_and_burning_keep_balance_supply_and_what_is_owed(harness):
    harness.write(0, 5, sender=KEEPER)
    harness.mint(HOLDER, 30, 0, sender=KEEPER)
    (transfer,) = harness.evm.logs
    assert transfer.args == (ZERO_ADDRESS, HOLDER, 30)
    harness.burn(HOLDER, 10, 0, sender=KEEPER)
    (transfer,) = harness.evm.logs
    assert transfer.args == (HOLDER, ZERO_ADDRESS, 10)
    assert (harness.totalSupply(), harness.balanceOf(HOLDER), harness.owed(0)) == (20, 20, 5)


def test_nobody_burns_more_than_he_has(harness):
    harness.mint(HOLDER, 30, 0, sender=KEEPER)
    with pytest.raises(Revert) as refused:
        harness.burn(HOLDER, 31, 0, sender=KEEPER)
    assert refused.value.reason == "token: more than the balance"
