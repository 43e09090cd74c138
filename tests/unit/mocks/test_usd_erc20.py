"""That the standard functions are wired; snekmate's authors test them in depth."""

import ape
import pytest


@pytest.fixture(autouse=True)
def balance(usd, one, owner, trader):
    usd.mint(trader, 100 * one, sender=owner)


def test_transfer(usd, one, trader, attacker):
    tx = usd.transfer(attacker, 40 * one, sender=trader)

    assert tx.return_value is True
    assert usd.balanceOf(trader) == 60 * one
    assert usd.balanceOf(attacker) == 40 * one
    assert tx.events == [usd.Transfer(sender=trader, receiver=attacker, value=40 * one)]


def test_transfer_over_the_balance(usd, one, trader, attacker):
    with ape.reverts("erc20: transfer amount exceeds balance"):
        usd.transfer(attacker, 100 * one + 1, sender=trader)


def test_approve_then_transfer_from(usd, one, trader, attacker):
    tx = usd.approve(attacker, 30 * one, sender=trader)
    assert tx.return_value is True
    assert tx.events == [usd.Approval(owner=trader, spender=attacker, value=30 * one)]

    assert usd.transferFrom(trader, attacker, 10 * one, sender=attacker).return_value is True
    assert usd.balanceOf(attacker) == 10 * one
    assert usd.allowance(trader, attacker) == 20 * one

    with ape.reverts("erc20: insufficient allowance"):
        usd.transferFrom(trader, attacker, 20 * one + 1, sender=attacker)


def test_transfer_from_without_approval(usd, trader, attacker):
    with ape.reverts("erc20: insufficient allowance"):
        usd.transferFrom(trader, attacker, 1, sender=attacker)
