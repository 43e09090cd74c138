"""Shares as an ERC-20."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import MAX_UINT, reverts


def test_transfer(token, holder, receiver):
    supply, balance = token.totalSupply(), token.balanceOf(holder)
    assert token.transfer(receiver, WAD, sender=holder)
    [log] = token.logs()
    assert (log.name, tuple(log.args)) == ("Transfer", (holder, receiver, WAD))
    assert token.balanceOf(receiver) == WAD
    assert token.balanceOf(holder) == balance - WAD
    assert token.totalSupply() == supply


def test_transfer_of_everything_and_of_nothing(token, holder, receiver):
    everything = token.balanceOf(holder)
    token.transfer(receiver, 0, sender=holder)
    token.transfer(receiver, everything, sender=holder)
    assert (token.balanceOf(holder), token.balanceOf(receiver)) == (0, everything)


def test_transfer_to_oneself(token, holder):
    balance = token.balanceOf(holder)
    token.transfer(holder, balance, sender=holder)
    assert token.balanceOf(holder) == balance


def test_transfer_leaves_the_position_alone(venue, token, holder, receiver):
    before = venue.state(token), token.words()
    token.transfer(receiver, WAD, sender=holder)
    assert (venue.state(token), token.words()) == before


def test_transfer_to_nobody(token, holder):
    with reverts("erc20: transfer to the zero address"):
        token.transfer(ZERO_ADDRESS, WAD, sender=holder)


def test_transfer_of_more_than_the_balance(token, holder, receiver):
    with reverts("erc20: transfer amount exceeds balance"):
        token.transfer(receiver, token.balanceOf(holder) + 1, sender=holder)


@pytest.mark.parametrize("amount", [0, WAD, MAX_UINT])
def test_approve(token, holder, spender, amount):
    assert token.approve(spender, amount, sender=holder)
    [log] = token.logs()
    assert (log.name, tuple(log.args)) == ("Approval", (holder, spender, amount))
    assert token.allowance(holder, spender) == amount


def test_approve_nobody(token, holder):
    with reverts("erc20: approve to the zero address"):
        token.approve(ZERO_ADDRESS, WAD, sender=holder)


def test_transfer_from_spends_the_allowance(token, holder, spender, receiver):
    token.approve(spender, 3 * WAD, sender=holder)
    assert token.transferFrom(holder, receiver, WAD, sender=spender)
    assert token.allowance(holder, spender) == 2 * WAD
    assert token.balanceOf(receiver) == WAD


def test_transfer_from_with_an_infinite_allowance(token, holder, spender, receiver):
    token.approve(spender, MAX_UINT, sender=holder)
    token.transferFrom(holder, receiver, WAD, sender=spender)
    assert token.allowance(holder, spender) == MAX_UINT


def test_transfer_from_with_too_little_allowance(token, holder, spender, receiver):
    token.approve(spender, WAD - 1, sender=holder)
    with reverts("erc20: insufficient allowance"):
        token.transferFrom(holder, receiver, WAD, sender=spender)
    with reverts("erc20: insufficient allowance"):
        token.transferFrom(holder, receiver, 1, sender=receiver)


def test_nobody_mints_or_burns_by_himself(token):
    """What snekmate's ERC-20 offers an owner is not exported: shares come from flows alone."""
    offered = dir(token)
    for name in ("burn", "burn_from", "set_minter", "owner", "transfer_ownership"):
        assert name not in offered


def test_verbs_are_those_that_have_tests(token):
    functions = token.interface.functions.items()
    verbs = {name for name, overloads in functions if not overloads[0].is_view}
    anyone = {"claim_fees", "rebalance", "settle", "wind_down"}
    users = {"deposit", "deposit_with_permit", "mint", "redeem", "withdraw"}
    shares = {"approve", "permit", "transfer", "transferFrom"}
    assert verbs == anyone | users | shares | {"configure", "pause_mint", "seed"}
