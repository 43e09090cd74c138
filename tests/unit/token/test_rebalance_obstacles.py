"""What stands in the way of a rebalance: the status says it, and the call reverts with it."""

import pytest

from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from tests.unit.token.helpers import CLOSED, PAUSED, REDUCE_ONLY, reverts

REASONS = {
    Obstacle.WIPED: "wiped",
    Obstacle.FLAGGED: "flagged",
    Obstacle.VENUE: "venue refuses",
    Obstacle.PRICE: "no valid price",
    Obstacle.REFERENCE: "reference price",
    Obstacle.COOLDOWN: "cooldown",
    Obstacle.BUDGET: "budget used up",
    Obstacle.NO_SAFE_SIZE: "no safe size",
    Obstacle.BOUND: "price bound",
    Obstacle.FUTILE: "futile",
}


@pytest.fixture
def check(venue, keeper):
    """The status shows an obstacle, and a rebalance reverts with its name and changes nothing."""

    def check(token, obstacle, trigger=None, ready_at=0):
        status = token.rebalance_status()
        assert status.obstacle == obstacle
        assert trigger is None or status.trigger == trigger
        assert status.ready_at == ready_at
        before = venue.books(token, keeper)
        with reverts(f"rebalance: {REASONS[obstacle]}"):
            token.rebalance(sender=keeper)
        assert venue.books(token, keeper) == before

    return check


def test_cooldown(venue, make_token, rebalance, check):
    """Of a minute, until its last second, whatever the trigger."""
    token = make_token(trade_share=WAD // 100)
    venue.move(-12)
    rebalance(token)
    end = venue.evm.timestamp + 60
    for waited in (0, 1, 58):
        venue.wait(waited)
        check(token, Obstacle.COOLDOWN, Trigger.UNFINISHED, end)
    venue.wait(1)
    rebalance(token)


def test_cooldown_of_a_wind_down_at_em(venue, make_token, rebalance, factory, check):
    """Its pace is in its chunk: at 5x too it waits."""
    token = make_token(trade_share=WAD // 100)
    token.wind_down(sender=factory)
    venue.move(-19)
    done = rebalance(token)
    assert done.trigger == Trigger.WIND_DOWN
    assert done.size_delta * 4 == pytest.approx(-done.size + done.size_delta, rel=1e-9)
    check(token, Obstacle.COOLDOWN, Trigger.WIND_DOWN, venue.evm.timestamp + 60)


def test_budget(venue, make_token, rebalance, keeper, check):
    """Used up by one trade, it heals by itself; the second says when, exactly."""
    token = make_token(
        cost_budget=WAD // 2_000, min_rate=30 * WAD // 10_000, max_rate=30 * WAD // 10_000
    )
    venue.move(-12)
    rebalance(token)
    used, start = venue.memory(token).budget_used, venue.evm.timestamp
    assert used > WAD // 2_000
    venue.move(-12)
    venue.wait(60)
    ready_at = token.rebalance_status().ready_at
    check(token, Obstacle.BUDGET, Trigger.DRIFT, ready_at)
    excess = used - WAD // 2_000
    assert ready_at - start == pytest.approx(excess * DAY / (WAD // 2_000), abs=1)
    venue.wait(ready_at - 1 - venue.evm.timestamp)
    check(token, Obstacle.BUDGET, Trigger.DRIFT, ready_at)
    venue.wait(1)
    rebalance(token)


@pytest.mark.parametrize("way_out", ["emergency", "wind down"])
def test_budget_stops_neither_an_emergency_nor_a_wind_down(
    venue, make_token, rebalance, factory, way_out
):
    token = make_token(cost_budget=WAD // 2_000)
    venue.move(-12)
    rebalance(token)
    used = venue.memory(token).budget_used
    venue.wait(60)
    if way_out == "emergency":
        venue.move(-19)
    else:
        token.wind_down(sender=factory)
    done = rebalance(token)
    assert done.trigger == (Trigger.EMERGENCY if way_out == "emergency" else Trigger.WIND_DOWN)
    # Nor does it count what they cost.
    assert venue.memory(token).budget_used <= used


def test_price_bound(venue, make_token, trader, check):
    token = make_token()
    venue.trade(trader, -10_200, 3 * 10**6)
    venue.move(-12)
    check(token, Obstacle.BOUND, Trigger.DRIFT)


def test_no_safe_size(venue, make_token, check):
    """Without a fee any size could be sandwiched, without a share of what is safe there is none."""
    token = make_token()
    venue.move(-12)
    with venue.evm.anchor():
        venue.configure(maker_fee=0)
        check(token, Obstacle.NO_SAFE_SIZE, Trigger.DRIFT)
    venue.configure_token(token, trade_share=0)
    check(token, Obstacle.NO_SAFE_SIZE, Trigger.DRIFT)


def test_futile(venue, make_token, trader, check):
    """At 50x a sale at 4 % costs more equity than it takes leverage off."""
    token = make_token(trade_share=WAD // 100)
    venue.trade(trader, -19_000, 5 * 10**6)
    venue.configure(skew_scale=500_000 * WAD)
    venue.move(-32)
    check(token, Obstacle.FUTILE, Trigger.EMERGENCY)


@pytest.fixture
def reference(venue):
    """A second feed, at the price of the market."""
    return venue.backend.deploy("MockAggregator", 8, "reference", 1_760 * 10**8)


@pytest.fixture
def guarded(venue, make_token, reference):
    """Trusts no price older than an hour, or 1 % from the other; drifted."""
    token = make_token(reference=reference.address, reference_max_age=3_600)
    venue.price(1_760)
    return token


def test_reference_that_agrees(guarded, rebalance):
    rebalance(guarded)


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [(1_742.57, False), (1_742.58, True), (1_777.77, True), (1_777.78, False)],
)
def test_reference_that_deviates(venue, guarded, reference, rebalance, check, answer, agrees):
    """By 1 % of itself at most: 1,760 is 101 % of 1,742.574, and 99 % of 1,777.777."""
    reference.push(round(answer * 10**8), sender=DEPLOYER)
    if agrees:
        rebalance(guarded)
    else:
        check(guarded, Obstacle.REFERENCE, Trigger.DRIFT)


def test_reference_that_is_stale(venue, guarded, reference, rebalance, check):
    venue.wait(3_601)
    check(guarded, Obstacle.REFERENCE, Trigger.DRIFT)
    reference.push(1_760 * 10**8, sender=DEPLOYER)
    venue.wait(3_600)
    rebalance(guarded)


@pytest.mark.parametrize("break_it", ["reverts", "zero"])
def test_reference_that_is_broken(venue, guarded, reference, check, break_it):
    if break_it == "reverts":
        reference.set_reverts(True, sender=DEPLOYER)
    else:
        reference.push(0, sender=DEPLOYER)
    check(guarded, Obstacle.REFERENCE, Trigger.DRIFT)


def test_emergency_without_a_fresh_reference(venue, guarded, rebalance):
    """A broken feed must not lock the way out."""
    venue.price(1_600)
    venue.wait(3_601)
    assert rebalance(guarded).trigger == Trigger.EMERGENCY


def test_emergency_that_a_fresh_reference_denies(venue, guarded, check):
    """At 1,760 it is none; the drift that is left needs the two to agree."""
    venue.price(1_640)
    assert venue.leverage(guarded) > 5
    check(guarded, Obstacle.REFERENCE, Trigger.DRIFT)


@pytest.mark.parametrize("percent", [-12, 35])
def test_venue_paused(venue, token, check, percent):
    venue.move(percent)
    venue.status(PAUSED)
    check(token, Obstacle.VENUE, Trigger.DRIFT)


@pytest.mark.parametrize("status", [REDUCE_ONLY, CLOSED])
def test_venue_takes_no_increase(venue, make_token, rebalance, check, status):
    token = make_token()
    venue.move(35)
    venue.status(status, price=2_700)
    check(token, Obstacle.VENUE, Trigger.DRIFT)


def test_reduce_only_lets_a_reduction_through(venue, token, rebalance):
    venue.move(-12)
    venue.status(REDUCE_ONLY)
    rebalance(token)


def test_venue_has_no_room(venue, make_token, trader, keeper):
    """What the account's state does not tell: the status knows it, the venue says why."""
    token = make_token()
    venue.move(35)
    venue.configure(max_long=150 * WAD)
    status = token.rebalance_status()
    assert (status.trigger, status.obstacle) == (Trigger.DRIFT, Obstacle.VENUE)
    with reverts("market: open interest cap"):
        token.rebalance(sender=keeper)


def test_stale_price(venue, token, check):
    venue.move(-12)
    venue.evm.warp(11 * DAY)
    check(token, Obstacle.PRICE, Trigger.DRIFT)


def test_no_price(venue, token, check):
    venue.feed.set_reverts(True, sender=DEPLOYER)
    check(token, Obstacle.PRICE, Trigger.NOTHING)


def test_flagged(venue, token, keeper, check):
    venue.move(-32.9)
    venue.exchange.flag(0, token, sender=keeper)
    check(token, Obstacle.FLAGGED, Trigger.EMERGENCY)


def test_wiped(venue, token, check):
    venue.move(-40)
    check(token, Obstacle.WIPED, Trigger.NOTHING)


def test_budget_comes_after_the_cooldown_and_the_reference_before_it(
    venue, guarded, reference, keeper, check
):
    venue.configure_token(guarded, trade_share=WAD // 100, cost_budget=WAD // 10**5)
    guarded.rebalance(sender=keeper)
    end = venue.evm.timestamp + 60
    check(guarded, Obstacle.COOLDOWN, Trigger.UNFINISHED, end)
    with venue.evm.anchor():
        reference.push(1_900 * 10**8, sender=DEPLOYER)
        check(guarded, Obstacle.REFERENCE, Trigger.UNFINISHED)
    venue.wait(60)
    assert guarded.rebalance_status().obstacle == Obstacle.BUDGET
