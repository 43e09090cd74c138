"""Nothing or next to nothing is left: what reverts with which reason, and what still works."""

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from tests.unit.token.helpers import MIDNIGHT, reverts


@pytest.fixture(params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


@pytest.fixture
def lose(venue, is_long):
    """Let the price move against the token by so many percent; below 0 in its favour."""

    def lose(percent):
        venue.move(-percent if is_long else percent)

    return lose


@pytest.fixture
def under_water(make_token, lose, is_long):
    """E < 0, and the venue has not closed the position yet."""
    token = make_token(is_long=is_long)
    lose(35)
    return token


@pytest.fixture
def gone(venue, under_water, keeper):
    """The venue has closed the position: q = 0 and E = 0."""
    venue.liquidate(under_water, keeper)
    state = venue.state(under_water)
    assert (state.size, state.equity) == (0, 0)
    return under_water


@pytest.fixture(params=["under water", "gone"])
def wiped(request, venue, under_water, keeper):
    """Either of the two."""
    if request.param == "gone":
        venue.liquidate(under_water, keeper)
    return under_water


def flows(venue, token, depositor, holder):
    return (
        lambda: token.deposit(100 * venue.one, depositor, sender=depositor),
        lambda: token.mint(WAD, depositor, sender=depositor),
        lambda: token.redeem(WAD, holder, holder, sender=holder),
        lambda: token.withdraw(venue.one, holder, holder, sender=holder),
    )


def check_worthless(venue, token, depositor, holder):
    """Views show nothing, and do not revert."""
    assert token.totalAssets() == token.convertToAssets(WAD) == token.convertToShares(1) == 0
    assert token.maxDeposit(depositor) == token.maxMint(depositor) == 0
    assert token.maxRedeem(holder) == token.maxWithdraw(holder) == 0
    status = token.rebalance_status()
    assert (status.trigger, status.obstacle) == (Trigger.NOTHING, Obstacle.WIPED)


def test_users_and_rebalance_are_refused(venue, wiped, depositor, holder, keeper):
    check_worthless(venue, wiped, depositor, holder)
    for call in flows(venue, wiped, depositor, holder):
        with reverts("vault: no equity"):
            call()
    with reverts("rebalance: wiped"):
        wiped.rebalance(sender=keeper)


def test_shares_and_the_factorys_verbs_work(venue, wiped, factory, holder, receiver, attacker):
    wiped.transfer(receiver, WAD, sender=holder)
    wiped.approve(receiver, WAD, sender=holder)
    assert wiped.claim_fees(sender=attacker) > 0
    wiped.pause_mint(venue.evm.timestamp + DAY, sender=factory)
    venue.configure_token(wiped, mint_fee=0)
    wiped.wind_down(sender=factory)


def test_recovery_of_the_price_revives_it_into_an_emergency(
    venue, under_water, lose, rebalance, holder
):
    lose(-3)
    assert venue.state(under_water).equity > 0
    assert rebalance(under_water).trigger == Trigger.EMERGENCY
    lose(-3)
    while under_water.rebalance_status().trigger != Trigger.NOTHING:
        venue.wait(60)
        rebalance(under_water)
    assert under_water.redeem(WAD, holder, holder, sender=holder) > 0


def test_once_gone_nothing_revives_it(venue, gone, lose, keeper, depositor, holder):
    for percent in (-30, -50, 20):
        lose(percent)
        venue.wait(3 * DAY)
        check_worthless(venue, gone, depositor, holder)
    # Nor is it rebuilt at a boundary.
    venue.wait((MIDNIGHT + 120 - venue.evm.timestamp) % DAY)
    with reverts("rebalance: wiped"):
        gone.rebalance(sender=keeper)


def test_donation_to_the_venue_does_not_revive_it(venue, gone, depositor, holder):
    venue.pay(venue.exchange, 10**6)
    venue.pay(gone, 10**6)
    check_worthless(venue, gone, depositor, holder)


def test_less_than_a_dollar_without_a_position_still_redeems(
    venue, make_token, keeper, holder, depositor, factory
):
    """The keepers' fee has left 60 cents."""
    token = make_token(held=3_000, fee_rate=0)
    venue.configure(liquidation_cap=0)
    venue.move(-32.9)
    venue.liquidate(token, keeper)
    token.transfer(holder, token.balanceOf(factory), sender=factory)
    venue.configure_token(token, redeem_fee=0)
    left = venue.state(token).equity - 6 * WAD // 10
    token.withdraw(left // venue.scale, holder, holder, sender=holder)
    assert venue.state(token).equity < WAD
    status = token.rebalance_status()
    assert (status.trigger, status.obstacle) == (Trigger.NOTHING, Obstacle.WIPED)
    with reverts("rebalance: wiped"):
        token.rebalance(sender=keeper)
    for call in flows(venue, token, depositor, holder)[:2]:
        with reverts("mint: wiped"):
            call()
    assert token.maxDeposit(depositor) == token.maxMint(depositor) == 0
    assert token.totalAssets() > 0
    paid = token.redeem(token.balanceOf(holder), holder, holder, sender=holder)
    assert paid / venue.one == pytest.approx(0.6, rel=0.05)


def test_equity_of_a_cent_in_a_position_is_not_wiped(venue, make_token, lose, is_long, rebalance):
    """It is an emergency: what helps is a smaller position."""
    token = make_token(is_long=is_long)
    edge = venue.state(token).equity * 100 / abs(venue.state(token).size) / 2_000
    lose(edge - 0.001)
    assert 0 < venue.state(token).equity < 5 * WAD
    status = token.rebalance_status()
    assert status.trigger == Trigger.EMERGENCY
    assert status.obstacle != Obstacle.WIPED


def test_wind_down_and_settle_of_one_that_is_gone(venue, gone, factory, keeper, holder):
    gone.wind_down(sender=factory)
    assert gone.settle(sender=keeper) == 0
    with reverts("token: nothing to pay"):
        gone.redeem(WAD, holder, holder, sender=holder)
