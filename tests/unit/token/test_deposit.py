"""Depositing an amount for as many shares as it pays."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from steelyard.model.shares import PRECISION
from tests.unit.token.helpers import BP, MAX_UINT, reverts

TOO_MUCH = 2**96 // 10**12 + 1


@pytest.mark.parametrize("is_long", [True, False])
def test_mints_what_the_amount_pays_for(venue, make_token, depositor, receiver, is_long):
    token = make_token(is_long=is_long)
    before, vault, supply = venue.state(token), venue.vault(token), token.totalSupply()
    owed, cash, mine = token.owed_shares(), venue.exchange.cash(), venue.usd.balanceOf(depositor)
    assets = 10_000 * venue.one
    traded = vault.shares_for(10_000 * WAD, venue.scale)
    shares = traded * 1_000 // 1_001

    assert token.deposit(assets, receiver, sender=depositor) == shares
    minted, deposited = token.logs()
    assert (minted.name, tuple(minted.args)) == ("Transfer", (ZERO_ADDRESS, receiver, shares))
    expected = (depositor, receiver, assets, shares)
    assert (deposited.name, tuple(deposited.args)) == ("Deposit", expected)

    # 30,000 of notional cost 6 bp and the premium of 15 on top of 150 ether of skew.
    paid = 10_000 - 30_000 * (0.0006 + 157.5 / 1_000_000)
    assert traded / WAD * vault.equity / vault.shares == pytest.approx(paid, rel=2e-5)
    assert token.balanceOf(receiver) == shares
    assert token.totalSupply() == supply + shares
    assert token.owed_shares() == owed + traded - shares
    assert venue.usd.balanceOf(depositor) == mine - assets
    assert venue.exchange.cash() == cash + assets
    assert venue.usd.balanceOf(token) == 0
    assert venue.state(token).size == before.size + vault.mint_delta(traded)


def test_all_of_the_amount_is_used(venue, make_token, depositor):
    token = make_token(fees=(0, 0))
    vault = venue.vault(token)
    for dollars in (10, 123.456789, 99_999, 5_000_000):
        with venue.evm.anchor():
            amount = round(dollars * venue.one) * venue.scale
            shares = token.deposit(amount // venue.scale, depositor, sender=depositor)
        assert vault.mint_price(shares) <= amount
        assert amount - vault.mint_price(shares) <= venue.scale + amount // PRECISION


def test_anyone_for_anyone(venue, token, attacker, holder):
    venue.fund(attacker, token)
    balance = token.balanceOf(holder)
    shares = token.deposit(100 * venue.one, holder, sender=attacker)
    assert token.balanceOf(holder) == balance + shares
    assert token.balanceOf(attacker) == 0


def test_at_least_so_many_shares(venue, token, depositor):
    expected = token.previewDeposit(100 * venue.one)
    with venue.evm.anchor():
        assert token.deposit(100 * venue.one, depositor, expected, sender=depositor) == expected
    with reverts("deposit: too few shares"):
        token.deposit(100 * venue.one, depositor, expected + 1, sender=depositor)


def test_least_deposit_is_ten(venue, token, depositor):
    with venue.evm.anchor():
        assert token.deposit(10 * venue.one, depositor, sender=depositor)
    with reverts("mint: below 10 quote"):
        token.deposit(10 * venue.one - 1, depositor, sender=depositor)


@pytest.mark.parametrize("assets", [0, TOO_MUCH, MAX_UINT])
def test_nothing_or_too_much(token, depositor, assets):
    with reverts("vault: zero or too many assets"):
        token.deposit(assets, depositor, sender=depositor)
    with reverts("vault: zero or too many assets"):
        token.previewDeposit(assets)


@pytest.mark.parametrize("decimals", [18])
def test_too_little_for_a_share(make_token):
    """At 100 a share, 200 wei are one wei of a share and a rest; 99 are none."""
    token = make_token(fees=(0, 0))
    assert token.previewDeposit(200) == 1
    with reverts("vault: assets buy no share"):
        token.previewDeposit(99)


def test_to_nobody_to_the_token_and_to_the_venue(venue, token, depositor):
    for receiver in (ZERO_ADDRESS, token, venue.exchange):
        with reverts("token: bad receiver"):
            token.deposit(100 * venue.one, receiver, sender=depositor)


def test_without_approval(venue, token, attacker):
    venue.pay(attacker, 100)
    with reverts("erc20: insufficient allowance"):
        token.deposit(100 * venue.one, attacker, sender=attacker)


def test_without_money(venue, token, attacker):
    venue.fund(attacker, token, 99)
    with reverts("erc20: transfer amount exceeds balance"):
        token.deposit(100 * venue.one, attacker, sender=attacker)


def test_beyond_the_pool(venue, token, depositor):
    """The venue's own limits refuse, with its reasons."""
    assets = token.maxDeposit(depositor) + venue.one
    with reverts("market: pool reserve"):
        token.deposit(assets, depositor, sender=depositor)


def test_what_is_refused_changes_nothing(venue, token, depositor):
    before = venue.books(token, depositor)
    with reverts("deposit: too few shares"):
        token.deposit(100 * venue.one, depositor, WAD, sender=depositor)
    assert venue.books(token, depositor) == before


def test_without_fees_all_shares_are_the_depositors(venue, make_token, depositor):
    token = make_token(fees=(0, 0), fee_rate=0)
    traded = venue.vault(token).shares_for(1_000 * WAD, venue.scale)
    assert token.deposit(1_000 * venue.one, depositor, sender=depositor) == traded
    assert token.owed_shares() == 0


def test_fee_of_one_percent(venue, make_token, depositor):
    token = make_token(fees=(100 * BP, 0), fee_rate=0, held=0)
    traded = venue.vault(token).shares_for(1_000 * WAD, venue.scale)
    shares = token.deposit(1_000 * venue.one, depositor, sender=depositor)
    assert shares == traded * 100 // 101
    assert token.owed_shares() == traded - shares


def test_rebate_buys_more_shares(venue, make_token, trader, depositor):
    """The crowd is short: a mint relieves the skew by more than its fee."""
    token = make_token(fees=(0, 0), fee_rate=0)
    venue.trade(trader, -10_000, 10**6)
    worth = token.convertToShares(10_000 * venue.one)
    shares = token.deposit(10_000 * venue.one, depositor, sender=depositor)
    # 30,000 of notional at a premium of 9,840 in a million, less 2 bp.
    assert shares / worth == pytest.approx(1 + 3 * (0.00984 - 0.0002), rel=2e-3)
