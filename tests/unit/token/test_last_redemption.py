"""A redemption that leaves less than the venue keeps open closes the position, at its own cost."""

import pytest

from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import reverts


@pytest.fixture
def decimals():
    """Exact to the wei."""
    return 18


@pytest.fixture(params=[True, False], ids=["long", "short"])
def token(request, make_token):
    """Of 400 dollars, without fees; the holder has half of it."""
    return make_token(is_long=request.param, held=200, fees=(0, 0), fee_rate=0)


def shares_that_leave(venue, token, equity):
    """The most shares whose redemption leaves so much equity, wei of quote."""
    vault = venue.vault(token)
    return (vault.equity - equity) * vault.shares // vault.equity


def test_closes_the_position(venue, token, holder, factory):
    token.transfer(holder, token.balanceOf(factory) // 2, sender=factory)
    vault, shares = venue.vault(token), token.balanceOf(holder)
    paid = token.redeem(shares, holder, holder, sender=holder)
    assert paid == vault.redeem_value(shares, -vault.size)
    state = venue.state(token)
    assert state.size == 0
    assert state.equity == pytest.approx(vault.equity * (vault.shares - shares) // vault.shares)
    assert 90 * WAD < state.equity < 100 * WAD
    # 2 bp of the whole, and its premium back.
    claim = vault.equity * shares // vault.shares
    whole = abs(vault.size) * 2_000 // WAD
    assert (claim - paid) / WAD == pytest.approx(whole * 0.0002, rel=1e-3)


def test_others_keep_what_they_had(venue, token, holder, factory):
    token.transfer(holder, token.balanceOf(factory) * 3 // 4, sender=factory)
    nav = venue.nav(token)
    token.redeem(token.balanceOf(holder), holder, holder, sender=holder)
    assert nav <= venue.nav(token) <= nav * (1 + 10**-15)


@pytest.mark.parametrize(
    ("changes", "least"),
    [
        ({}, 100),
        ({"min_margin": 80 * WAD}, 160),
        ({"min_keeper_fee": 15 * WAD}, 150),
        ({"min_margin": 20 * WAD, "min_keeper_fee": 2 * WAD}, 100),
    ],
)
def test_least_is_a_hundred_twice_the_margin_or_ten_keeper_fees(
    venue, token, holder, factory, changes, least
):
    venue.configure(**changes)
    token.transfer(holder, token.balanceOf(factory), sender=factory)
    shares = shares_that_leave(venue, token, least * WAD)
    for more, is_open in ((0, True), (1, False)):
        with venue.evm.anchor():
            token.redeem(shares + more, holder, holder, sender=holder)
            assert (venue.state(token).size != 0) is is_open


def test_what_is_left_stays_open_to_redeem_and_to_mint(venue, token, holder, factory, depositor):
    token.transfer(holder, token.balanceOf(factory) // 2, sender=factory)
    token.redeem(token.balanceOf(holder), holder, holder, sender=holder)
    nav = venue.nav(token)
    with venue.evm.anchor():
        shares = token.balanceOf(factory)
        paid = token.redeem(shares, factory, factory, sender=factory)
        assert paid == shares * nav // WAD
    token.deposit(1_000 * WAD, depositor, sender=depositor)
    assert venue.leverage(token) == pytest.approx(3, rel=1e-6)
    assert venue.nav(token) >= nav


def test_withdrawal_that_closes_burns_for_the_whole_cost(venue, token, holder, factory):
    token.transfer(holder, token.balanceOf(factory) * 3 // 4, sender=factory)
    vault = venue.vault(token)
    assets = 320 * WAD
    burned = token.withdraw(assets, holder, holder, sender=holder)
    assert venue.state(token).size == 0
    cost = vault.cost(-vault.size)
    assert burned == pytest.approx((assets + cost) * vault.shares // vault.equity, rel=1e-12)
    assert vault.redeem_value(burned, -vault.size) >= assets


def test_most_of_an_owner_who_closes(venue, token, holder, factory):
    token.transfer(holder, token.balanceOf(factory) // 2, sender=factory)
    shares, assets = token.maxRedeem(holder), token.maxWithdraw(holder)
    assert shares == token.balanceOf(holder)
    for call in (
        lambda: token.redeem(shares, holder, holder, sender=holder),
        lambda: token.withdraw(assets, holder, holder, sender=holder),
    ):
        with venue.evm.anchor():
            call()
            assert venue.state(token).size == 0
    with reverts("token: more than the balance"):
        token.withdraw(assets + 1, holder, holder, sender=holder)


@pytest.fixture
def near_empty(venue, make_token, factory, holder):
    """98 dollars in an open position: any redemption closes it."""
    token = make_token(held=0, fees=(0, 0), fee_rate=0)
    shares = shares_that_leave(venue, token, 105 * WAD)
    token.redeem(shares, factory, factory, sender=factory)
    token.transfer(holder, token.balanceOf(factory) // 10, sender=factory)
    venue.price(1_955)
    assert 95 * WAD < venue.state(token).equity < 100 * WAD
    return token


def test_few_shares_cannot_pay_for_closing_it(venue, near_empty, holder):
    """It costs 6 cents; a thousandth of a share is worth 9."""
    with reverts("redeem: cost exceeds the claim"):
        near_empty.redeem(WAD // 2_000, holder, holder, sender=holder)
    paid = near_empty.redeem(WAD // 1_000, holder, holder, sender=holder)
    assert 0.02 < paid / WAD < 0.04
    assert venue.state(near_empty).size == 0


def test_what_closing_the_rest_brings_stays_with_the_rest(
    venue, near_empty, trader, holder, attacker
):
    """The crowd is long. The redeemer gets what his own part would bring, everybody the rest."""
    venue.trade(trader, 15_000, 3 * 10**6)
    assert near_empty.maxRedeem(attacker) == near_empty.maxWithdraw(attacker) == 0
    vault, nav = venue.vault(near_empty), venue.nav(near_empty)
    shares = WAD // 1_000
    paid = near_empty.redeem(shares, holder, holder, sender=holder)
    assert paid == vault.redeem_value(shares, vault.redeem_delta(shares))
    assert venue.state(near_empty).size == 0
    brought = (venue.nav(near_empty) - nav) * venue.shares(near_empty) / WAD**2
    assert brought == pytest.approx(308 * (0.015 - 0.0002), rel=0.01)


def test_everything(venue, make_token, factory):
    """Only a factory could do this: its shares are those of the seed."""
    token = make_token(held=0, fees=(0, 0), fee_rate=0)
    everything = token.balanceOf(factory)
    vault = venue.vault(token)
    paid = token.redeem(everything, factory, factory, sender=factory)
    assert paid == vault.redeem_value(everything, -vault.size)
    assert (token.totalSupply(), token.totalAssets()) == (0, 0)
    assert (venue.state(token).size, venue.state(token).equity) == (0, 0)
