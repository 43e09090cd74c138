"""Minting exactly so many shares."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD, ceil_div
from tests.unit.token.helpers import MAX_UINT, reverts


@pytest.mark.parametrize("is_long", [True, False])
def test_takes_what_the_shares_cost(venue, make_token, depositor, receiver, is_long):
    token = make_token(is_long=is_long)
    before, vault, supply = venue.state(token), venue.vault(token), token.totalSupply()
    owed, cash, mine = token.owed_shares(), venue.exchange.cash(), venue.usd.balanceOf(depositor)
    shares, traded = 100 * WAD, 1_001 * WAD // 10
    assets = ceil_div(vault.mint_price(traded), venue.scale)

    assert token.mint(shares, receiver, sender=depositor) == assets
    minted, deposited = token.logs()
    assert (minted.name, tuple(minted.args)) == ("Transfer", (ZERO_ADDRESS, receiver, shares))
    expected = (depositor, receiver, assets, shares)
    assert (deposited.name, tuple(deposited.args)) == ("Deposit", expected)

    # The claim, 10 bp of it as fee, and 6 bp and the premium of three times as much.
    claim = 100.1 * vault.equity / vault.shares
    assert assets / venue.one == pytest.approx(claim * (1 + 3 * (0.0006 + 0.0001575)), rel=1e-5)
    assert token.balanceOf(receiver) == shares
    assert token.totalSupply() == supply + shares
    assert token.owed_shares() == owed + traded - shares
    assert venue.usd.balanceOf(depositor) == mine - assets
    assert venue.exchange.cash() == cash + assets
    assert venue.usd.balanceOf(token) == 0
    assert venue.state(token).size == before.size + vault.mint_delta(traded)


def test_anyone_for_anyone(venue, token, attacker, holder):
    venue.fund(attacker, token)
    balance = token.balanceOf(holder)
    token.mint(WAD, holder, sender=attacker)
    assert token.balanceOf(holder) == balance + WAD
    assert token.balanceOf(attacker) == 0


def test_for_at_most_so_many_assets(venue, token, depositor):
    expected = token.previewMint(WAD)
    with venue.evm.anchor():
        assert token.mint(WAD, depositor, expected, sender=depositor) == expected
    with reverts("mint: too many assets"):
        token.mint(WAD, depositor, expected - 1, sender=depositor)


def test_least_mint_costs_ten(venue, token, depositor):
    few, many = 1, WAD
    while many - few > 1:
        middle = (few + many) // 2
        if token.previewMint(middle) < 10 * venue.one:
            few = middle
        else:
            many = middle
    with venue.evm.anchor():
        assert token.mint(many, depositor, sender=depositor) == 10 * venue.one
    with reverts("mint: below 10 quote"):
        token.mint(few, depositor, sender=depositor)


@pytest.mark.parametrize("shares", [0, 2**103 + 1, MAX_UINT])
def test_nothing_or_too_much(token, depositor, shares):
    with reverts("vault: zero or too many shares"):
        token.mint(shares, depositor, sender=depositor)
    with reverts("vault: zero or too many shares"):
        token.previewMint(shares)


def test_more_than_any_order_can_fill(make_token, depositor):
    """A sale of twice the skew scale would push the price to zero."""
    token = make_token(is_long=False)
    with reverts("vault: no fill for so many"):
        token.mint(2**103, depositor, sender=depositor)
    with reverts("vault: no fill for so many"):
        token.previewMint(2**103)


def test_to_nobody_to_the_token_and_to_the_venue(venue, token, depositor):
    for receiver in (ZERO_ADDRESS, token, venue.exchange):
        with reverts("token: bad receiver"):
            token.mint(WAD, receiver, sender=depositor)


def test_without_approval(venue, token, attacker):
    venue.pay(attacker, 1_000)
    with reverts("erc20: insufficient allowance"):
        token.mint(WAD, attacker, sender=attacker)


def test_without_money(venue, token, attacker):
    venue.fund(attacker, token, 99)
    with reverts("erc20: transfer amount exceeds balance"):
        token.mint(WAD, attacker, sender=attacker)


def test_what_is_refused_changes_nothing(venue, token, depositor):
    before = venue.books(token, depositor)
    with reverts("mint: too many assets"):
        token.mint(WAD, depositor, 0, sender=depositor)
    assert venue.books(token, depositor) == before


def test_hand_computed(venues, depositor):
    """Three ether at 1,000 on a market with K = 10,000 and 10 bp, then a third more.

    3 cost 1,000 (1 + 1.5 / 10,000) each, 3.00045 of fee, 0.45 of impact: 1,003.45045 seeded leave
    1,000. One more fills at 1,000 (1 + 3.5 / 10,000): 0.35, and 1.00035 of fee. The claim of a
    third is 333.333333..., so 334.683684 are taken; the third is rounded down by the last wei.
    """
    venue = venues(
        price=1_000,
        skew_scale=10_000 * WAD,
        taker_fee=WAD // 1_000,
        max_long=1_000 * WAD,
        max_short=1_000 * WAD,
        liquidation_cap=0,
    )
    with venue.evm.anchor():
        token = venue.make_token(seed=1_003.45045, fees=(0, 0), fee_rate=0)
        venue.fund(depositor, token)
        state = venue.state(token)
        assert state.size / WAD == pytest.approx(3, rel=1e-9)
        assert state.equity / WAD == pytest.approx(1_000, rel=1e-9)
        assets = token.mint(token.totalSupply() // 3, depositor, sender=depositor)
        assert assets / venue.one == pytest.approx(334.683684, abs=2e-6)
        state = venue.state(token)
        assert state.size / WAD == pytest.approx(4, rel=1e-9)
        assert state.equity / WAD == pytest.approx(4_000 / 3, rel=1e-9)
