"""Every reason to rebalance, from what brings it about to what comes of it, on both sides."""

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Trigger
from tests.unit.token.helpers import CLOSED, MIDNIGHT, NOON, reverts

BOUNDARY = MIDNIGHT + 120


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
def at(venue):
    """Go to a time, with the price as fresh as then."""

    def at(timestamp):
        venue.wait(timestamp - venue.evm.timestamp)

    return at


def test_drift_above(make_token, rebalance, lose, is_long):
    """A long's 4x is 11.1 % away, a short's 6.7 %."""
    token = make_token(is_long=is_long)
    lose(11 if is_long else 6.5)
    assert token.rebalance_status().trigger == Trigger.NOTHING
    lose(0.3)
    done = rebalance(token)
    assert (done.trigger, done.aim) == (Trigger.DRIFT, 3 * WAD)
    assert (done.size_delta < 0) is is_long
    assert done.leverage_after / WAD == pytest.approx(3, rel=1e-6)


def test_drift_below(make_token, rebalance, lose, is_long):
    """A long's 2x is 33.3 % away, a short's 11.1 %."""
    token = make_token(is_long=is_long)
    lose(-33 if is_long else -11)
    assert token.rebalance_status().trigger == Trigger.NOTHING
    lose(-0.4)
    done = rebalance(token)
    assert (done.trigger, done.aim) == (Trigger.DRIFT, 3 * WAD)
    assert (done.size_delta > 0) is is_long
    assert done.leverage_after / WAD == pytest.approx(3, rel=1e-6)


def test_emergency(venue, make_token, rebalance, lose, is_long):
    """At 5x a quarter of the position may go at once, however little is safe from a sandwich."""
    token = make_token(is_long=is_long, trade_share=WAD // 100)
    lose(17 if is_long else 11.5)
    size = venue.state(token).size
    done = rebalance(token)
    assert (done.trigger, done.aim) == (Trigger.EMERGENCY, 3 * WAD)
    assert done.leverage_before > 5 * WAD
    assert abs(done.size_delta) == -(-abs(size) // 4)
    assert (done.size_delta < 0) is is_long


def test_emergency_waits_for_a_later_timestamp_alone(venue, make_token, rebalance, lose, keeper):
    token = make_token(is_long=True, trade_share=WAD // 100)
    venue.move(-25)
    assert rebalance(token).leverage_after > 5 * WAD
    with reverts("rebalance: cooldown"):
        token.rebalance(sender=keeper)
    venue.wait(1)
    assert rebalance(token).trigger == Trigger.EMERGENCY


def test_unfinished(venue, make_token, rebalance, lose, is_long):
    """At 1 % of the safe 400 ether a trade of 37 takes many."""
    token = make_token(is_long=is_long, trade_share=WAD // 100)
    lose(12 if is_long else 7.5)
    assert rebalance(token).trigger == Trigger.DRIFT
    venue.wait(60)
    # Back in the band, and still going to the target.
    lose(-2)
    assert 3.1 * WAD < venue.leverage(token) * WAD < 4 * WAD
    done = rebalance(token)
    assert (done.trigger, done.aim) == (Trigger.UNFINISHED, 3 * WAD)
    assert abs(done.size_delta) == 4 * WAD


def test_schedule(venue, make_token, rebalance, lose, at, keeper, is_long):
    """In the two hours from 00:02, once, where leverage is more than a tenth away."""
    token = make_token(is_long=is_long, scheduled=True)
    lose(-7 if is_long else -3)
    at(BOUNDARY + DAY - 1)
    status = token.rebalance_status()
    assert (status.trigger, status.ready_at) == (Trigger.NOTHING, BOUNDARY + DAY)
    at(BOUNDARY + DAY)
    with venue.evm.anchor():
        at(BOUNDARY + DAY + 7_201)
        assert token.rebalance_status().trigger == Trigger.NOTHING
    done = rebalance(token)
    assert (done.trigger, done.aim) == (Trigger.SCHEDULE, 3 * WAD)
    assert done.leverage_after / WAD == pytest.approx(3, rel=1e-6)
    lose(-7 if is_long else -3)
    at(BOUNDARY + DAY + 600)
    with reverts("rebalance: nothing to do"):
        token.rebalance(sender=keeper)
    at(BOUNDARY + 2 * DAY)
    assert rebalance(token).trigger == Trigger.SCHEDULE


def test_schedule_leaves_a_small_drift(venue, make_token, lose, at):
    token = make_token(is_long=True, scheduled=True)
    venue.move(-4)
    at(BOUNDARY + DAY)
    assert 1 < venue.leverage(token) / 3 < 1.1
    assert token.rebalance_status().trigger == Trigger.NOTHING


@pytest.fixture
def liquidated(venue, make_token, lose, keeper, is_long):
    """Liquidated whole at noon; some six hundred dollars are left."""
    token = make_token(is_long=is_long)
    venue.configure(liquidation_cap=0)
    lose(32.9 if is_long else 32.2)
    venue.liquidate(token, keeper)
    state = venue.state(token)
    assert state.size == 0 and state.equity > 500 * WAD
    return token


def test_rebuild(venue, liquidated, rebalance, at, keeper, is_long):
    """In the first window that begins a day after the liquidation, not in the one before."""
    for early in (NOON + 60, BOUNDARY + DAY, NOON + DAY, BOUNDARY + 2 * DAY - 1):
        at(early)
        status = liquidated.rebalance_status()
        assert status.trigger == Trigger.NOTHING
        assert status.ready_at == BOUNDARY + 2 * DAY
        with reverts("rebalance: nothing to do"):
            liquidated.rebalance(sender=keeper)
    at(BOUNDARY + 2 * DAY)
    done = rebalance(liquidated)
    assert (done.trigger, done.aim, done.leverage_before) == (Trigger.REBUILD, 3 * WAD, 0)
    assert done.leverage_after / WAD == pytest.approx(3, rel=1e-6)
    assert (done.size > 0) is is_long


def test_rebuild_in_a_later_window(venue, liquidated, rebalance, at):
    at(BOUNDARY + 2 * DAY + 7_201)
    status = liquidated.rebalance_status()
    assert (status.trigger, status.ready_at) == (Trigger.NOTHING, BOUNDARY + 3 * DAY)
    at(BOUNDARY + 3 * DAY + 7_200)
    assert rebalance(liquidated).trigger == Trigger.REBUILD


def test_rebuild_after_the_last_redemption(venue, make_token, rebalance, holder, factory, at):
    """The venue never reports it: the next window will do."""
    token = make_token(held=300, fees=(0, 0), fee_rate=0)
    venue.configure(min_margin=150 * WAD)
    token.redeem(token.balanceOf(holder), holder, holder, sender=holder)
    assert venue.state(token).size == 0
    assert venue.state(token).equity > 100 * WAD
    venue.configure(min_margin=50 * WAD)
    at(BOUNDARY + DAY)
    done = rebalance(token)
    assert done.trigger == Trigger.REBUILD
    assert done.leverage_after / WAD == pytest.approx(3, rel=1e-6)


def test_rebuild_goes_on_to_the_end_of_its_window(venue, make_token, rebalance, at, keeper):
    token = make_token(held=10**6, trade_share=WAD // 1_000)
    venue.configure(liquidation_cap=0)
    venue.move(-32.9)
    venue.liquidate(token, keeper)
    at(BOUNDARY + 2 * DAY)
    assert rebalance(token).trigger == Trigger.REBUILD
    assert venue.memory(token).rebuilding
    at(BOUNDARY + 2 * DAY + 60)
    done = rebalance(token)
    assert (done.trigger, done.aim) == (Trigger.REBUILD, 3 * WAD)
    assert 0 < done.leverage_before < done.leverage_after < 2 * WAD
    at(BOUNDARY + 2 * DAY + 7_201)
    assert token.rebalance_status().trigger == Trigger.DRIFT


def test_wind_down(venue, make_token, rebalance, factory, is_long):
    """In parts of at least a hundredth, with the cooldown between them, to nothing."""
    token = make_token(is_long=is_long, trade_share=WAD // 100)
    size = venue.state(token).size
    token.wind_down(sender=factory)
    trades = 0
    while venue.state(token).size:
        done = rebalance(token)
        assert (done.trigger, done.aim) == (Trigger.WIND_DOWN, 0)
        trades += 1
        venue.wait(60)
    # Four ether at once.
    assert trades == -(-abs(size) // (4 * WAD))
    assert token.rebalance_status().trigger == Trigger.NOTHING


def test_wind_down_in_a_closed_market_is_one_free_trade(venue, make_token, rebalance, keeper):
    token = make_token(trade_share=WAD // 100)
    venue.status(CLOSED, price=1_900)
    token.wind_down(sender=keeper)
    done = rebalance(token)
    assert (done.trigger, done.size, done.cost) == (Trigger.WIND_DOWN, 0, 0)
    assert done.fill_price == 1_900 * WAD


def test_first_reason_counts(venue, make_token, at, factory):
    """Wind-down before emergency before unfinished before drift before schedule."""
    token = make_token(scheduled=True, trade_share=WAD // 100)

    def trigger():
        return token.rebalance_status().trigger

    at(BOUNDARY + DAY)
    venue.move(8)
    assert trigger() == Trigger.SCHEDULE
    venue.move(-19)
    assert trigger() == Trigger.DRIFT
    token.rebalance(sender=factory)
    venue.wait(60)
    assert trigger() == Trigger.UNFINISHED
    venue.move(-8)
    assert trigger() == Trigger.EMERGENCY
    token.wind_down(sender=factory)
    assert trigger() == Trigger.WIND_DOWN
