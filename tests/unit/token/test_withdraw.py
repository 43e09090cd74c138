"""Withdrawing an exact amount for as few shares as pay it."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD, ceil_div
from steelyard.model.shares import PRECISION
from tests.unit.token.helpers import MAX_UINT, reverts

TOO_MUCH = 2**96 // 10**12 + 1


@pytest.mark.parametrize("is_long", [True, False])
def test_burns_what_the_amount_costs(venue, make_token, holder, receiver, is_long):
    token = make_token(is_long=is_long)
    before, vault, supply = venue.state(token), venue.vault(token), token.totalSupply()
    owed, cash, balance = token.owed_shares(), venue.exchange.cash(), token.balanceOf(holder)
    assets = 10_000 * venue.one
    traded = vault.shares_worth(10_000 * WAD, vault.shares, venue.scale)
    shares = ceil_div(traded * 1_000, 999)

    assert token.withdraw(assets, receiver, holder, sender=holder) == shares
    burned, withdrawn = token.logs()
    assert (burned.name, tuple(burned.args)) == ("Transfer", (holder, ZERO_ADDRESS, shares))
    expected = (holder, receiver, holder, assets, shares)
    assert (withdrawn.name, tuple(withdrawn.args)) == ("Withdraw", expected)

    # 2 bp of three times as much, and the premium of 142.5 back.
    claim = 10_000 / (1 + 3 * (0.0001425 - 0.0002))
    assert traded / WAD * vault.equity / vault.shares == pytest.approx(claim, rel=1e-5)
    assert token.balanceOf(holder) == balance - shares
    assert token.totalSupply() == supply - shares
    assert token.owed_shares() == owed + shares - traded
    assert venue.usd.balanceOf(receiver) == assets
    assert venue.exchange.cash() == cash - assets
    assert venue.usd.balanceOf(token) == 0
    assert venue.state(token).size == before.size + vault.redeem_delta(traded)


def test_no_share_too_many(venue, make_token, holder):
    token = make_token(fees=(0, 0))
    vault = venue.vault(token)
    for dollars in (0.000001, 1, 123.456789, 90_000):
        with venue.evm.anchor():
            amount = round(dollars * venue.one) * venue.scale
            shares = token.withdraw(amount // venue.scale, holder, holder, sender=holder)
        paid = vault.redeem_value(shares, vault.redeem_delta(shares))
        assert amount <= paid <= amount + venue.scale + amount // PRECISION


@pytest.mark.parametrize("part", [0.5, 0.9, 0.98, 0.99, 0.9999])
def test_no_share_too_many_of_nearly_all_with_a_rebate(venue, make_token, trader, holder, part):
    """The crowd is long. The search once took all of an owner's shares where the amount was more

    than the equity, which a rebate lets him withdraw: of 104,000 he would have lost 4,000.
    """
    token = make_token(fees=(0, 0))
    venue.trade(trader, 15_000, 3 * 10**6)
    vault, most = venue.vault(token), token.maxWithdraw(holder)
    assert most * venue.scale > vault.equity * 104 // 100
    amount = round(most * part) * venue.scale
    shares = token.withdraw(amount // venue.scale, holder, holder, sender=holder)
    paid = vault.redeem_value(shares, vault.redeem_delta(shares))
    assert amount <= paid <= amount + venue.scale + amount // PRECISION


def test_by_allowance(venue, token, holder, spender, receiver):
    burned = token.previewWithdraw(100 * venue.one)
    token.approve(spender, burned + 7, sender=holder)
    assert token.withdraw(100 * venue.one, receiver, holder, sender=spender) == burned
    assert token.allowance(holder, spender) == 7
    assert venue.usd.balanceOf(receiver) == 100 * venue.one


def test_by_infinite_allowance(venue, token, holder, spender):
    token.approve(spender, MAX_UINT, sender=holder)
    token.withdraw(venue.one, spender, holder, sender=spender)
    assert token.allowance(holder, spender) == MAX_UINT


def test_with_too_little_allowance(venue, token, holder, spender):
    token.approve(spender, token.previewWithdraw(100 * venue.one) - 1, sender=holder)
    with reverts("erc20: insufficient allowance"):
        token.withdraw(100 * venue.one, spender, holder, sender=spender)


def test_of_somebody_else(venue, token, holder, attacker):
    with reverts("erc20: insufficient allowance"):
        token.withdraw(venue.one, attacker, holder, sender=attacker)


def test_more_than_the_balance_pays(venue, token, holder, depositor):
    most = token.maxWithdraw(holder)
    with reverts("token: more than the balance"):
        token.withdraw(most + 1, holder, holder, sender=holder)
    with reverts("token: more than the balance"):
        token.withdraw(1, depositor, depositor, sender=depositor)


def test_more_than_all_shares_pay(venue, token, holder):
    all_of_it = token.totalAssets()
    with reverts("withdraw: all shares pay less"):
        token.withdraw(all_of_it + venue.one, holder, holder, sender=holder)
    with reverts("withdraw: all shares pay less"):
        token.previewWithdraw(all_of_it + venue.one)


@pytest.mark.parametrize("assets", [0, TOO_MUCH, MAX_UINT])
def test_nothing_or_too_much(token, holder, assets):
    with reverts("vault: zero or too many assets"):
        token.withdraw(assets, holder, holder, sender=holder)
    with reverts("vault: zero or too many assets"):
        token.previewWithdraw(assets)


def test_for_at_most_so_many_shares(venue, token, holder):
    expected = token.previewWithdraw(100 * venue.one)
    with venue.evm.anchor():
        args = 100 * venue.one, holder, holder
        assert token.withdraw(*args, expected, sender=holder) == expected
    before = venue.books(token, holder)
    with reverts("withdraw: too many shares"):
        token.withdraw(100 * venue.one, holder, holder, expected - 1, sender=holder)
    assert venue.books(token, holder) == before


def test_to_nobody_to_the_token_and_to_the_venue(venue, token, holder):
    for receiver in (ZERO_ADDRESS, token, venue.exchange):
        with reverts("token: bad receiver"):
            token.withdraw(venue.one, receiver, holder, sender=holder)


def test_everything_one_has(venue, token, holder):
    """What is left is worth less than a unit, and the others have no less."""
    before = venue.nav(token)
    token.withdraw(token.maxWithdraw(holder), holder, holder, sender=holder)
    assert token.convertToAssets(token.balanceOf(holder)) == 0
    assert venue.nav(token) >= before


def test_rebate_burns_fewer_shares(venue, make_token, trader, holder):
    token = make_token(fees=(0, 0))
    venue.trade(trader, 10_000, 10**6)
    worth = token.convertToShares(1_000 * venue.one)
    shares = token.withdraw(1_000 * venue.one, holder, holder, sender=holder)
    assert worth / shares == pytest.approx(1 + 3 * (0.01015 - 0.0002), rel=1e-4)
