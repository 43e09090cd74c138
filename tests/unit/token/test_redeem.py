"""Redeeming exactly so many shares."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import MAX_UINT, reverts


@pytest.mark.parametrize("is_long", [True, False])
def test_pays_what_the_shares_are_worth(venue, make_token, holder, receiver, is_long):
    token = make_token(is_long=is_long)
    before, vault, supply = venue.state(token), venue.vault(token), token.totalSupply()
    owed, cash, balance = token.owed_shares(), venue.exchange.cash(), token.balanceOf(holder)
    shares, traded = 100 * WAD, 999 * WAD // 10
    delta = vault.redeem_delta(traded)
    assets = vault.redeem_value(traded, delta) // venue.scale

    assert token.redeem(shares, receiver, holder, sender=holder) == assets
    burned, withdrawn = token.logs()
    assert (burned.name, tuple(burned.args)) == ("Transfer", (holder, ZERO_ADDRESS, shares))
    expected = (holder, receiver, holder, assets, shares)
    assert (withdrawn.name, tuple(withdrawn.args)) == ("Withdraw", expected)

    # The claim of all but 10 bp; 2 bp of three times as much, and the premium of 142.5 back.
    claim = 99.9 * vault.equity / vault.shares
    assert assets / venue.one == pytest.approx(claim * (1 + 3 * (0.0001425 - 0.0002)), rel=1e-5)
    assert token.balanceOf(holder) == balance - shares
    assert token.totalSupply() == supply - shares
    assert token.owed_shares() == owed + shares - traded
    assert venue.usd.balanceOf(receiver) == assets
    assert venue.exchange.cash() == cash - assets
    assert venue.usd.balanceOf(token) == 0
    assert venue.state(token).size == before.size + delta


def test_everything(venue, token, holder, factory):
    expected = token.previewRedeem(token.balanceOf(holder))
    paid = token.redeem(token.balanceOf(holder), holder, holder, sender=holder)
    assert paid == expected
    assert token.balanceOf(holder) == 0
    # The seed, and the fees of a deposit and a redemption of 100,000, remain.
    assert token.totalAssets() / venue.one == pytest.approx(200 + 200, rel=0.01)
    assert token.totalSupply() == token.balanceOf(factory)


def test_by_allowance(venue, token, holder, spender, receiver):
    token.approve(spender, 3 * WAD, sender=holder)
    paid = token.redeem(WAD, receiver, holder, sender=spender)
    assert token.allowance(holder, spender) == 2 * WAD
    assert venue.usd.balanceOf(receiver) == paid
    [log] = token.logs("Withdraw")
    assert (log.args.sender, log.args.owner) == (spender, holder)


def test_by_infinite_allowance(token, holder, spender):
    token.approve(spender, MAX_UINT, sender=holder)
    token.redeem(WAD, spender, holder, sender=spender)
    assert token.allowance(holder, spender) == MAX_UINT


def test_with_too_little_allowance(token, holder, spender):
    token.approve(spender, WAD - 1, sender=holder)
    with reverts("erc20: insufficient allowance"):
        token.redeem(WAD, spender, holder, sender=spender)


def test_of_somebody_else(token, holder, attacker):
    with reverts("erc20: insufficient allowance"):
        token.redeem(WAD, attacker, holder, sender=attacker)


def test_own_shares_need_no_allowance(token, holder):
    assert token.allowance(holder, holder) == 0
    assert token.redeem(WAD, holder, holder, sender=holder)


def test_more_than_the_balance(token, holder, depositor):
    with reverts("token: more than the balance"):
        token.redeem(token.balanceOf(holder) + 1, holder, holder, sender=holder)
    with reverts("token: more than the balance"):
        token.redeem(WAD, depositor, depositor, sender=depositor)


def test_nothing_or_more_than_all(venue, token, holder):
    for shares in (0, venue.shares(token) + 1, MAX_UINT):
        with reverts("vault: zero or more than all"):
            token.redeem(shares, holder, holder, sender=holder)
        with reverts("vault: zero or more than all"):
            token.previewRedeem(shares)


def test_for_at_least_so_many_assets(venue, token, holder):
    expected = token.previewRedeem(WAD)
    with venue.evm.anchor():
        assert token.redeem(WAD, holder, holder, expected, sender=holder) == expected
    before = venue.books(token, holder)
    with reverts("redeem: too few assets"):
        token.redeem(WAD, holder, holder, expected + 1, sender=holder)
    assert venue.books(token, holder) == before


def test_to_nobody_to_the_token_and_to_the_venue(venue, token, holder):
    for receiver in (ZERO_ADDRESS, token, venue.exchange):
        with reverts("token: bad receiver"):
            token.redeem(WAD, receiver, holder, sender=holder)


def test_too_few_to_pay_a_unit(token, holder):
    """A hundred-millionth of a share is a unit; a little less pays nothing."""
    worth_a_unit = token.convertToShares(1)
    with reverts("redeem: cost exceeds the claim"):
        token.redeem(worth_a_unit, holder, holder, sender=holder)
    assert token.redeem(2 * worth_a_unit, holder, holder, sender=holder) == 1


def test_cost_above_the_claim(venue, token, trader, holder):
    """24x, and a sale would fill nearly 5 % too low: more than the equity behind the shares."""
    venue.trade(trader, -19_000, 5 * 10**6)
    venue.configure(skew_scale=400_000 * WAD)
    venue.price(1_390)
    assert 23 < venue.leverage(token) < 25
    with reverts("redeem: cost exceeds the claim"):
        token.redeem(WAD, holder, holder, sender=holder)
    assert token.maxRedeem(holder) == token.maxWithdraw(holder) == 0


def test_leverage_above_what_the_venue_allows(venue, token, holder):
    """From 3x, a fall of 30.56 % brings 25x."""
    venue.price(1_389)
    assert venue.leverage(token) < 25
    with venue.evm.anchor():
        assert token.redeem(WAD, holder, holder, sender=holder)
    venue.price(1_388)
    assert venue.leverage(token) > 25
    for call in (
        lambda: token.redeem(WAD, holder, holder, sender=holder),
        lambda: token.previewRedeem(WAD),
        lambda: token.withdraw(venue.one, holder, holder, sender=holder),
        lambda: token.previewWithdraw(venue.one),
    ):
        with reverts("redeem: rebalance first"):
            call()


def test_at_the_maintenance_margin(venue, token, holder):
    """The premium of a large position lifts maintenance above what 25x asks for."""
    venue.price(1_389)
    assert token.previewRedeem(WAD)
    venue.configure(skew_scale=100_000 * WAD, liquidation_premium=26 * WAD)
    state = venue.state(token)
    assert venue.leverage(token) < 25 and state.maintenance > state.equity
    with reverts("redeem: rebalance first"):
        token.redeem(WAD, holder, holder, sender=holder)


def test_rebate_is_paid_out(venue, make_token, trader, holder):
    """The crowd is long: leaving relieves the skew by more than its fee."""
    token = make_token(fees=(0, 0))
    venue.trade(trader, 10_000, 10**6)
    worth = token.convertToAssets(WAD)
    paid = token.redeem(WAD, holder, holder, sender=holder)
    # Three times a premium of 10,150 in a million, less 2 bp.
    assert paid / worth == pytest.approx(1 + 3 * (0.01015 - 0.0002), rel=1e-4)


def test_last_shares_of_a_holder_pay_no_less(venue, make_token, holder):
    """At one price, leaving in two parts pays what leaving at once does."""
    token = make_token(fees=(0, 0), fee_rate=0)
    shares = token.balanceOf(holder)
    with venue.evm.anchor():
        at_once = token.redeem(shares, holder, holder, sender=holder)
    first = token.redeem(shares // 3, holder, holder, sender=holder)
    second = token.redeem(shares - shares // 3, holder, holder, sender=holder)
    assert at_once - 2 <= first + second <= at_once + 10
