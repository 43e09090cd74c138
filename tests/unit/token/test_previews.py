"""Previews: what the flow would do in the same state, limits aside."""

import pytest

from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import CLOSED, MICRO, NOON, PAUSED, REDUCE_ONLY, reverts


@pytest.fixture(params=[True, False], ids=["long", "short"])
def token(request, make_token):
    return make_token(is_long=request.param)


@pytest.fixture(params=[-9_000, 0, 9_000])
def crowd(request, venue, trader):
    """Others hold this much."""
    if request.param:
        venue.trade(trader, request.param, 10**6)


def test_equal_the_flow(venue, token, crowd, holder, depositor):
    venue.move(1)
    venue.wait(DAY)
    amount, shares = 12_345 * venue.one + 678, 123 * WAD + 456
    for preview, flow in (
        (token.previewDeposit(amount), lambda: token.deposit(amount, depositor, sender=depositor)),
        (token.previewMint(shares), lambda: token.mint(shares, depositor, sender=depositor)),
        (token.previewRedeem(shares), lambda: token.redeem(shares, holder, holder, sender=holder)),
        (
            token.previewWithdraw(amount),
            lambda: token.withdraw(amount, holder, holder, sender=holder),
        ),
    ):
        with venue.evm.anchor():
            assert flow() == preview


def test_are_the_same_for_everybody(token, depositor, attacker):
    of_depositor = token.previewDeposit(10**9, sender=depositor)
    assert token.previewDeposit(10**9, sender=attacker) == of_depositor


def test_withdrawal_by_an_owner_of_just_enough_burns_no_more(venue, token, holder, depositor):
    """A preview cannot know the owner, so it may say a share or two more than he burns."""
    for dollars in range(50, 60):
        with venue.evm.anchor():
            token.deposit(dollars * venue.one, depositor, sender=depositor)
            most = token.maxWithdraw(depositor)
            preview = token.previewWithdraw(most)
            burned = token.withdraw(most, depositor, depositor, sender=depositor)
            assert burned <= preview <= burned + 2 * WAD * MICRO // venue.nav(token)


@pytest.mark.parametrize(
    "close",
    [
        lambda venue, token: token.pause_mint(NOON + DAY, sender=token.factory()),
        lambda venue, token: venue.configure_token(token, cap=0),
        lambda venue, token: venue.configure(max_long=WAD, max_short=WAD),
        lambda venue, token: venue.status(REDUCE_ONLY),
        lambda venue, token: token.wind_down(sender=token.factory()),
        lambda venue, token: venue.move(-12 if token.setup().is_long else 12),
    ],
    ids=["paused", "cap", "open interest", "reduce only", "winding down", "over the band"],
)
def test_ignore_the_limits_of_deposits(venue, token, depositor, close):
    """A dollar is below the least deposit, too."""
    close(venue, token)
    assert token.maxDeposit(depositor) == token.maxMint(depositor) == 0
    nav = venue.nav(token) / WAD
    assert token.previewDeposit(venue.one) / WAD == pytest.approx(float(1 / nav), rel=0.005)
    assert token.previewMint(WAD) / venue.one == pytest.approx(float(nav), rel=0.005)


def test_ignore_what_an_owner_has(venue, token):
    assert token.previewRedeem(venue.shares(token) // 2)
    assert token.previewWithdraw(token.totalAssets() // 2)


def previews(venue, token):
    return (
        lambda: token.previewDeposit(100 * venue.one),
        lambda: token.previewMint(WAD),
        lambda: token.previewRedeem(WAD),
        lambda: token.previewWithdraw(100 * venue.one),
    )


def flows(venue, token, depositor, holder):
    return (
        lambda: token.deposit(100 * venue.one, depositor, sender=depositor),
        lambda: token.mint(WAD, depositor, sender=depositor),
        lambda: token.redeem(WAD, holder, holder, sender=holder),
        lambda: token.withdraw(100 * venue.one, holder, holder, sender=holder),
    )


def fall_and_flag(venue, token):
    venue.move(-32.9 if token.setup().is_long else 32.9)
    venue.exchange.flag(0, token, sender=DEPLOYER)


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (lambda venue, token: venue.status(PAUSED), "market: paused"),
        (lambda venue, token: venue.evm.warp(11 * DAY), "oracle: stale"),
        (lambda venue, token: venue.price(0), "oracle: answer not positive"),
        (
            lambda venue, token: venue.feed.set_reverts(True, sender=DEPLOYER),
            "oracle: call failed",
        ),
        (fall_and_flag, "account: flagged"),
    ],
    ids=["paused", "stale", "not positive", "call failed", "flagged"],
)
def test_revert_with_the_reason_of_a_venue_that_does_not_trade(
    venue, token, depositor, holder, stop, reason
):
    stop(venue, token)
    before = venue.books(token, depositor, holder)
    for call in (*previews(venue, token), *flows(venue, token, depositor, holder)):
        with reverts(reason):
            call()
    assert venue.books(token, depositor, holder) == before


def test_revert_without_equity(venue, token, depositor, holder):
    venue.move(-40 if token.setup().is_long else 40)
    for call in (*previews(venue, token), *flows(venue, token, depositor, holder)):
        with reverts("vault: no equity"):
            call()


def test_in_a_closed_market_leaving_is_free(venue, token, crowd, holder):
    venue.status(CLOSED)
    nav = venue.nav(token)
    preview = token.previewRedeem(100 * WAD)
    assert preview == 999 * WAD // 10 * nav // WAD // venue.scale
    assert token.redeem(100 * WAD, holder, holder, sender=holder) == preview
