"""Collateral that lies, takes a part, or calls back: nothing is minted or paid for nothing."""

import pytest

from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import MAX_UINT, reverts

YES, NO, NOTHING, REVERT = 1, 2, 4, 8
# Deadline, v, r, s: nothing that anybody has signed.
UNSIGNED = (MAX_UINT, 27, bytes(32), bytes(32))


@pytest.fixture
def changes():
    return {"collateral": "HostileUSD"}


@pytest.fixture
def settled(token, factory, keeper):
    token.wind_down(sender=factory)
    token.rebalance(sender=keeper)
    token.settle(sender=keeper)
    return token


def ins(venue, token, depositor):
    return (
        lambda: token.deposit(100 * venue.one, depositor, sender=depositor),
        lambda: token.mint(WAD, depositor, sender=depositor),
    )


def outs(venue, token, holder):
    return (
        lambda: token.redeem(WAD, holder, holder, sender=holder),
        lambda: token.withdraw(100 * venue.one, holder, holder, sender=holder),
    )


def test_answer_of_nothing_is_an_answer(venue, token, depositor, holder):
    venue.usd.misbehave(NOTHING, 0, sender=DEPLOYER)
    for call in (*ins(venue, token, depositor), *outs(venue, token, holder)):
        assert call() > 0


def test_answer_of_nothing_after_the_settlement(venue, settled, holder):
    venue.usd.misbehave(NOTHING, 0, sender=DEPLOYER)
    for call in outs(venue, settled, holder):
        assert call() > 0


def test_refused_transfers(venue, token, depositor, holder):
    venue.usd.misbehave(NO, 0, sender=DEPLOYER)
    for call in ins(venue, token, depositor):
        with reverts("token: transfer failed"):
            call()
    for call in outs(venue, token, holder):
        with reverts("treasury: payment failed"):
            call()


def test_refused_payments_after_the_settlement(venue, settled, holder):
    venue.usd.misbehave(NO, 0, sender=DEPLOYER)
    for call in outs(venue, settled, holder):
        with reverts("token: payment failed"):
            call()
    assert settled.balanceOf(holder) == settled.maxRedeem(holder)


def test_reverting_transfers(venue, token, depositor, holder):
    venue.usd.misbehave(REVERT, 0, sender=DEPLOYER)
    for call in (*ins(venue, token, depositor), *outs(venue, token, holder)):
        with reverts("hostile: refused"):
            call()


def test_transfers_that_deliver_less(venue, token, depositor):
    """The venue books what it has received."""
    venue.usd.misbehave(YES, 1, sender=DEPLOYER)
    for call in ins(venue, token, depositor):
        with reverts("treasury: not received"):
            call()


@pytest.mark.parametrize("takes_all", [False, True])
def test_permit_that_the_collateral_does_not_know(venue, token, depositor, attacker, takes_all):
    """Refused or swallowed: it is a deposit with an allowance, and fails without, as that does."""
    venue.usd.take_all(takes_all, sender=DEPLOYER)
    with venue.evm.anchor():
        shares = FLOWS["deposit"](venue, token, depositor)
        expected = shares, venue.books(token, depositor)
    with venue.evm.anchor():
        shares = FLOWS["deposit_with_permit"](venue, token, depositor)
        assert (shares, venue.books(token, depositor)) == expected
    venue.pay(attacker, 100)
    for flow in ("deposit", "deposit_with_permit"):
        with reverts(None):
            FLOWS[flow](venue, token, attacker)
    venue.usd.misbehave(NO, 0, sender=DEPLOYER)
    for account in (depositor, attacker):
        venue.usd.approve(token, MAX_UINT, sender=account)
        with reverts("token: transfer failed"):
            FLOWS["deposit_with_permit"](venue, token, account)


def entries(venue, token, account):
    """Every function that reads or moves what a flow is moving, as calldata."""
    one = venue.one
    return {
        "deposit": token.deposit.encode(100 * one, account, 0),
        "deposit_with_permit": token.deposit_with_permit.encode(100 * one, account, 0, *UNSIGNED),
        "mint": token.mint.encode(WAD, account, MAX_UINT),
        "redeem": token.redeem.encode(WAD, account, account, 0),
        "withdraw": token.withdraw.encode(one, account, account, MAX_UINT),
        "rebalance": token.rebalance.encode(0, account),
        "claim_fees": token.claim_fees.encode(),
        "wind_down": token.wind_down.encode(),
        "settle": token.settle.encode(),
        "totalAssets": token.totalAssets.encode(),
        "convertToAssets": token.convertToAssets.encode(WAD),
        "convertToShares": token.convertToShares.encode(one),
        "previewDeposit": token.previewDeposit.encode(100 * one),
        "previewRedeem": token.previewRedeem.encode(WAD),
        "maxWithdraw": token.maxWithdraw.encode(account),
        "maxDeposit": token.maxDeposit.encode(account),
        "rebalance_status": token.rebalance_status.encode(),
        "owed_shares": token.owed_shares.encode(),
    }


FLOWS = {
    "deposit": lambda venue, token, who: token.deposit(100 * venue.one, who, sender=who),
    "deposit_with_permit": lambda venue, token, who: token.deposit_with_permit(
        100 * venue.one, who, 0, *UNSIGNED, sender=who
    ),
    "mint": lambda venue, token, who: token.mint(WAD, who, sender=who),
    "redeem": lambda venue, token, who: token.redeem(WAD, who, who, sender=who),
    "withdraw": lambda venue, token, who: token.withdraw(venue.one, who, who, sender=who),
}


def test_collateral_does_call_back(venue, token, holder):
    """What moves nothing can be entered, and outside of a flow the others can be called, too."""
    venue.usd.call_back(token, token.balanceOf.encode(holder), sender=DEPLOYER)
    FLOWS["deposit"](venue, token, holder)
    assert venue.usd.entered()
    for name in ("claim_fees", "totalAssets", "maxDeposit"):
        venue.usd.act(token, entries(venue, token, holder)[name], sender=DEPLOYER)


@pytest.mark.parametrize("flow", FLOWS)
def test_nothing_can_be_entered_in_the_middle_of_a_flow(venue, token, holder, flow):
    """Neither a second flow, nor a view that would show half of the first."""
    with venue.evm.anchor():
        expected = FLOWS[flow](venue, token, holder), venue.books(token, holder)
    for name, data in entries(venue, token, holder).items():
        with venue.evm.anchor():
            venue.usd.call_back(token, data, sender=DEPLOYER)
            assert (FLOWS[flow](venue, token, holder), venue.books(token, holder)) == expected
            assert not venue.usd.entered(), name


def test_nothing_can_be_entered_in_the_middle_of_a_permit(venue, token, holder):
    with venue.evm.anchor():
        flow = FLOWS["deposit_with_permit"]
        expected = flow(venue, token, holder), venue.books(token, holder)
    venue.usd.take_all(True, sender=DEPLOYER)
    with venue.evm.anchor():
        venue.usd.call_back(token, token.balanceOf.encode(holder), sender=DEPLOYER)
        flow(venue, token, holder)
        assert venue.usd.entered()
    for name, data in entries(venue, token, holder).items():
        with venue.evm.anchor():
            venue.usd.call_back(token, data, sender=DEPLOYER)
            assert (flow(venue, token, holder), venue.books(token, holder)) == expected
            assert not venue.usd.entered(), name


def test_nothing_can_be_entered_while_a_settled_share_is_paid(venue, settled, holder):
    with venue.evm.anchor():
        expected = FLOWS["redeem"](venue, settled, holder), venue.books(settled, holder)
    for name, data in entries(venue, settled, holder).items():
        with venue.evm.anchor():
            venue.usd.call_back(settled, data, sender=DEPLOYER)
            done = FLOWS["redeem"](venue, settled, holder), venue.books(settled, holder)
            assert done == expected
            assert not venue.usd.entered(), name


def test_nothing_can_be_entered_while_a_reward_is_paid(venue, token, holder, keeper):
    venue.move(-12)
    for name, data in entries(venue, token, holder).items():
        with venue.evm.anchor():
            venue.usd.call_back(token, data, sender=DEPLOYER)
            assert token.rebalance(sender=keeper) > 0
            assert not venue.usd.entered(), name
