"""What a rebalance pays: an auction on need, capped, and never what the venue keeps."""

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Trigger
from tests.unit.token.helpers import BP, MIDNIGHT

BOUNDARY = MIDNIGHT + 120


@pytest.fixture
def at(venue):
    """Go to a time, with the price as fresh as then."""

    def at(timestamp):
        venue.wait(timestamp - venue.evm.timestamp)

    return at


def rate(venue, status):
    """Of the notional that is traded, in basis points."""
    price = venue.feed.latestRoundData()[1] * 10**10
    return status.reward / (abs(status.size_delta) * price // WAD) * 10**4


@pytest.mark.parametrize(
    ("percent", "leverage"), [(-11.2, 4.011), (-14, 4.448), (-16, 4.846), (-16.6, 4.982)]
)
def test_drift_above_pays_by_its_distance(venue, make_token, percent, leverage):
    """1 bp at 4x, 10 at 5x, and 0.3 % of equity over the leverage at most."""
    token = make_token()
    venue.move(percent)
    status = token.rebalance_status()
    assert status.leverage / WAD == pytest.approx(leverage, rel=1e-3)
    leverage = status.leverage / WAD
    expected = min(1 + 9 * (leverage - 4), 30 / leverage)
    assert rate(venue, status) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("percent", [33.5, 40, 60, 100])
def test_drift_below_pays_by_the_same_distance_in_ratio(venue, make_token, percent):
    """At a fifth below 2x as much as at 5x."""
    token = make_token(max_reward=WAD * 5 // 1_000)
    venue.move(percent)
    status = token.rebalance_status()
    leverage = status.leverage / WAD
    expected = min(1 + 9 * min((1 - leverage / 2) / (1 - 4 / 5), 1), 50 / 3)
    assert rate(venue, status) == pytest.approx(expected, rel=1e-4)


def test_emergency_pays_the_most_without_a_cap(venue, make_token, rebalance):
    """0.3 % of equity over 10x would be 3 bp."""
    token = make_token()
    venue.move(-24)
    status = token.rebalance_status()
    assert (status.trigger, status.leverage // WAD) == (Trigger.EMERGENCY, 8)
    assert rate(venue, status) == pytest.approx(10, rel=1e-6)
    rebalance(token)


@pytest.mark.parametrize("waited", [0, 1, 900, 1_800, 7_200])
def test_schedule_pays_by_the_time_since_the_boundary(venue, make_token, at, waited):
    """From 1 to 10 bp in half an hour."""
    token = make_token(scheduled=True)
    venue.move(7)
    at(BOUNDARY + DAY + waited)
    status = token.rebalance_status()
    assert status.trigger == Trigger.SCHEDULE
    assert rate(venue, status) == pytest.approx(1 + 9 * min(waited / 1_800, 1), rel=1e-4)


@pytest.mark.parametrize("waited", [0, 900, 1_800, 3 * DAY])
def test_wind_down_pays_by_the_time_since_its_start(venue, make_token, factory, waited):
    token = make_token()
    token.wind_down(sender=factory)
    venue.wait(waited)
    status = token.rebalance_status()
    assert rate(venue, status) == pytest.approx(1 + 9 * min(waited / 1_800, 1), rel=1e-4)


@pytest.mark.parametrize("waited", [60, 61, 960, 1_860, 3_600])
def test_unfinished_pays_by_the_time_since_the_cooldown(venue, make_token, keeper, waited):
    token = make_token(trade_share=WAD // 100)
    venue.move(-12)
    token.rebalance(sender=keeper)
    venue.wait(waited)
    status = token.rebalance_status()
    assert status.trigger == Trigger.UNFINISHED
    expected = min(1 + 9 * min((waited - 60) / 1_800, 1), 30 / (status.leverage / WAD))
    assert rate(venue, status) == pytest.approx(expected, rel=1e-4)


def test_no_reward_if_the_rates_are_zero(venue, make_token, rebalance):
    token = make_token(min_rate=0, max_rate=0)
    venue.move(-12)
    assert rebalance(token).reward == 0


def test_parts_together_earn_at_most_the_cap(venue, make_token, rebalance):
    token = make_token(
        min_rate=30 * BP, max_rate=30 * BP, trade_share=WAD // 100, cost_budget=WAD // 10
    )
    venue.move(-16)
    equity, earned = venue.state(token).equity, 0
    while not earned or venue.memory(token).aim:
        earned += rebalance(token).reward * venue.scale
        venue.wait(60)
    assert equity // 1_000 < earned <= equity * 3 // 1_000


@pytest.mark.parametrize("percent", [-31, -31.8, -32.3])
def test_reward_is_what_the_venue_lets_leave(venue, make_token, rebalance, percent):
    """Beyond 25x no margin may leave, so a part that stays above it pays nothing; and it trades."""
    token = make_token(trade_share=WAD // 100)
    venue.move(percent)
    assert venue.leverage(token) > 25
    notional = venue.state(token).size * venue.state(token).price // WAD
    done = rebalance(token)
    still_too_high = done.leverage_after > 24 * WAD
    assert (done.reward == 0) is still_too_high
    assert done.reward * venue.scale <= notional // 4 // 1_000


def test_reward_of_a_closing_trade(venue, make_token, rebalance, factory):
    token = make_token()
    token.wind_down(sender=factory)
    venue.wait(3_600)
    done = rebalance(token)
    assert done.size == 0
    assert done.reward * venue.scale == pytest.approx(-done.size_delta * 2 // 1, rel=1e-5)
