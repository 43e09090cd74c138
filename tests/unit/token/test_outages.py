"""Flagged, the venue down, the price stale: nothing is lost, and views say so."""

import pytest

from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from tests.unit.token.helpers import PAUSED, reverts


@pytest.fixture(params=[True, False], ids=["long", "short"])
def token(request, make_token):
    return make_token(is_long=request.param)


def down(venue, token):
    venue.status(PAUSED)


def stale(venue, token):
    venue.evm.warp(11 * DAY)


def unanswered(venue, token):
    venue.feed.set_reverts(True, sender=DEPLOYER)


def without_a_price(venue, token):
    venue.feed.push(-1, sender=DEPLOYER)


def flagged(venue, token):
    venue.move(-32.9 if token.setup().is_long else 32.2)
    venue.exchange.flag(0, token, sender=DEPLOYER)


OUTAGES = {
    down: ("market: paused", Obstacle.VENUE),
    stale: ("oracle: stale", Obstacle.PRICE),
    unanswered: ("oracle: call failed", Obstacle.PRICE),
    without_a_price: ("oracle: answer not positive", Obstacle.PRICE),
    flagged: ("account: flagged", Obstacle.FLAGGED),
}


@pytest.fixture(params=OUTAGES, ids=lambda outage: outage.__name__)
def outage(request):
    return request.param


def test_whatever_trades_reverts_with_the_reason(venue, token, outage, depositor, holder, keeper):
    outage(venue, token)
    reason, obstacle = OUTAGES[outage]
    before = venue.books(token, depositor, holder, keeper)
    for call in (
        lambda: token.deposit(100 * venue.one, depositor, sender=depositor),
        lambda: token.mint(WAD, depositor, sender=depositor),
        lambda: token.redeem(WAD, holder, holder, sender=holder),
        lambda: token.withdraw(venue.one, holder, holder, sender=holder),
        lambda: token.previewDeposit(100 * venue.one),
        lambda: token.previewMint(WAD),
        lambda: token.previewRedeem(WAD),
        lambda: token.previewWithdraw(venue.one),
    ):
        with reverts(reason):
            call()
    refusal = {
        Obstacle.VENUE: "rebalance: venue refuses",
        Obstacle.PRICE: "rebalance: no valid price",
        Obstacle.FLAGGED: "rebalance: flagged",
    }
    assert token.rebalance_status().obstacle == obstacle
    with reverts(refusal[obstacle]):
        token.rebalance(sender=keeper)
    assert venue.books(token, depositor, holder, keeper) == before


def test_views_of_value_and_limits_do_not_revert(venue, token, outage, depositor, holder):
    outage(venue, token)
    has_price = outage in (down, stale, flagged)
    equity = venue.state(token).equity if has_price else 0
    assert token.totalAssets() == equity // venue.scale
    assert (token.convertToAssets(WAD) > 0) is has_price
    assert (token.convertToShares(venue.one) > 0) is has_price
    assert token.maxDeposit(depositor) == token.maxMint(depositor) == 0
    assert token.maxRedeem(holder) == token.maxWithdraw(holder) == 0
    status = token.rebalance_status()
    assert (status.leverage > 0) is has_price
    assert token.words() and token.setup() and token.owed_shares() > 0


def test_what_needs_no_venue_works(venue, token, outage, factory, holder, receiver, attacker):
    outage(venue, token)
    token.transfer(receiver, WAD, sender=holder)
    token.pause_mint(venue.evm.timestamp + DAY, sender=factory)
    token.claim_fees(sender=attacker)
    venue.configure_token(token, redeem_fee=0)
    token.wind_down(sender=factory)


def test_downtime_passes(venue, token, depositor, holder, rebalance):
    """Funding and fees go on; then everything is as before."""
    nav = venue.nav(token)
    venue.status(PAUSED)
    venue.wait(3 * DAY)
    venue.status(1)
    assert venue.nav(token) / nav == pytest.approx(1 - 0.01 * 3 / 365, rel=1e-5)
    token.deposit(100 * venue.one, depositor, sender=depositor)
    token.redeem(WAD, holder, holder, sender=holder)
    venue.move(-12 if token.setup().is_long else 12)
    rebalance(token)


def test_flagged_account_that_has_recovered_is_freed_by_anyone(
    venue, token, attacker, holder, rebalance
):
    flagged(venue, token)
    venue.price(2_000)
    with reverts("account: flagged"):
        token.redeem(WAD, holder, holder, sender=holder)
    venue.exchange.liquidate(0, token, sender=attacker)
    assert token.redeem(WAD, holder, holder, sender=holder) > 0


def test_flagged_account_is_liquidated_in_chunks_and_lives_on(
    venue, token, keeper, rebalance, holder
):
    """The venue shrinks it; what is left is an emergency or a drift, as ever."""
    venue.configure(liquidation_cap=100 * WAD)
    flagged(venue, token)
    venue.exchange.liquidate(0, token, sender=keeper)
    while venue.state(token).flagged:
        venue.wait(1)
        venue.exchange.liquidate(0, token, sender=keeper)
    assert venue.state(token).size != 0
    venue.wait(60)
    assert rebalance(token).trigger in (Trigger.EMERGENCY, Trigger.DRIFT)


def test_stale_price_shows_what_the_last_one_said(venue, token):
    venue.move(5)
    expected = token.totalAssets(), token.rebalance_status().leverage
    venue.evm.warp(11 * DAY)
    assert (token.totalAssets(), token.rebalance_status().leverage) == expected
