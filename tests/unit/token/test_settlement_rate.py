"""The rate of a settled token: a fraction, kept in one word, rounded against the caller."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.evm import Revert
from steelyard.model.arithmetic import WAD, ceil_div
from tests.unit.token.helpers import reverts

totals = st.integers(1, 2**104)
funds = st.integers(1, 2**96) | st.integers(1, 10**6)


@pytest.fixture(scope="module")
def harness(venues, keeper):
    """settlement.vy, callable, with a rate that a test chooses."""
    venue = venues(decimals=6)
    setup = ("", "", venue.exchange, 0, venue.policy, venue.quotes, True)
    return replace(venue.backend, owner=keeper).deploy("SettlementHarness", setup)


@given(assets=st.integers(0, 2**128 - 1), shares=st.integers(0, 2**128 - 1))
def test_word_keeps_both(harness, keeper, assets, shares):
    harness.fix_rate(assets, shares, sender=keeper)
    assert harness.rate() == (assets, shares)


@given(assets=funds, shares=totals, part=st.integers(0, 10**6))
def test_shares_pay_their_part_rounded_down(harness, keeper, assets, shares, part):
    harness.fix_rate(assets, shares, sender=keeper)
    some = shares * part // 10**6
    assert harness.assets_of(some) == some * assets // shares
    assert harness.assets_of(shares) == assets
    assert harness.assets_of(some) + harness.assets_of(shares - some) <= assets


@given(assets=funds, shares=totals, part=st.integers(1, 10**6))
def test_amounts_cost_the_fewest_shares_that_pay_them(harness, keeper, assets, shares, part):
    harness.fix_rate(assets, shares, sender=keeper)
    amount = ceil_div(assets * part, 10**6)
    fewest = harness.shares_for(amount)
    assert fewest == ceil_div(amount * shares, assets) <= shares
    assert harness.assets_of(fewest) >= amount
    assert fewest == 0 or harness.assets_of(fewest - 1) < amount


def test_more_than_there_was(harness, keeper):
    harness.fix_rate(10**6, WAD, sender=keeper)
    assert harness.shares_for(10**6) == WAD
    with reverts("withdraw: more than is left"):
        harness.shares_for(10**6 + 1)


def test_of_nothing(harness, keeper):
    """A token that was settled for nothing: no amount, no shares."""
    harness.fix_rate(0, WAD, sender=keeper)
    assert harness.assets_of(WAD) == harness.shares_for(0) == 0
    with reverts("withdraw: more than is left"):
        harness.shares_for(1)


def test_more_shares_than_ever_exist_overflow(harness, keeper):
    harness.fix_rate(2**96, WAD, sender=keeper)
    with pytest.raises(Revert):
        harness.assets_of(2**200)
