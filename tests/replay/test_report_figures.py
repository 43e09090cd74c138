"""Where a return went, in figures that add up; long series without a lost spike."""

import math
from dataclasses import replace

import numpy as np
import pytest

from steelyard.replay.report.figures import (
    CENTI,
    Subject,
    details,
    factors,
    formula,
    trades,
    waterfall,
)
from steelyard.replay.report.thinning import thin
from tests.replay.makers import hourly, play, walk, with_bars

FALLING = [100, 99, 95, 88, 84, 85, 60, 61, 62]


@pytest.fixture(scope="module", params=["3L", "2L", "3S"])
def result(request):
    return play(walk(3, hours=400), request.param, deposit=1_000_000.0)


def from_arrays(path, keep):
    """Return a path of some of another's bars; the others are downtime."""
    names = ("time", "open", "high", "low", "close", "funding")
    return replace(path, **{name: getattr(path, name)[keep] for name in names})


def subject(result, label="3L"):
    return Subject(label, "BTC", result)


def test_the_waterfall_adds_up_to_the_return(result):
    total = sum(amount for _, amount in waterfall(result))
    assert total == math.floor(result.total_return * CENTI + 0.5)
    assert abs(dict(waterfall(result))["funding"]) > 0


def test_factors_multiply_to_the_return(result):
    product = math.prod(factors(result).values())
    assert product == pytest.approx(1 + result.total_return, rel=1e-12)


def test_funding_as_a_factor_is_what_its_rates_and_leverage_say():
    result = play(hourly([100.0] * 241, rate=0.001), "2L", "hold", management_fee=0.0)
    assert factors(result)["funding"] == pytest.approx(math.exp(-2 * 0.001 * 10), rel=2e-3)
    assert formula(result)["funding"] == pytest.approx(math.exp(-2 * 0.001 * 10), rel=1e-9)
    assert formula(result)["decay"] == 1


def test_management_as_a_factor_is_its_yearly_fee():
    result = play(hourly([100.0] * 8_761), "2L", "hold", management_fee=0.02)
    assert factors(result)["management"] == pytest.approx(0.98, rel=1e-6)


def test_a_token_that_is_wiped_has_no_factors():
    path = with_bars(hourly([100, 99, 98]), low={1: 50})
    assert factors(play(path, "3L", "hold")) is None


def test_the_rebalances_of_a_bar_are_one_trade_of_several_parts():
    result = play(hourly(FALLING), "3L", deposit=1_000_000.0)
    events, found = result.rebalances, trades(result)
    assert len({event.bar for event in events}) == len(found) < len(events)
    assert sum(trade.chunks for trade in found) == len(events)
    assert found[0].before == events[0].leverage_before > found[0].after
    assert sum(trade.notional for trade in found) == pytest.approx(result.rows.traded.sum())
    paid = result.rows.fees + result.rows.impact + result.rows.reward
    assert sum(trade.cost for trade in found) == pytest.approx(paid.sum())


def test_the_open_after_downtime_counts_before_the_keeper_mends_it():
    whole = hourly([100, 100, 100, 72, 72])
    path = from_arrays(whole, keep=[0, 1, 3])
    summary = play(path, "3L", deposit=1_000_000.0).summary()
    assert summary["downtimes"] == 1
    assert summary["leverage_max"] == pytest.approx(3 * 0.72 / (1 - 3 * 0.28), rel=0.02)
    assert summary["closest"] < 0.08
    assert summary["closest_at"] == "2020-01-01 03:00"


def test_a_preset_has_no_emergency_leverage():
    low, high, emergency = subject(play(hourly(FALLING[:4]), "3L", "ftx")).band
    assert (low, high, emergency) == (0, 4, math.inf)


def test_details_say_when_it_was_liquidated_and_what_was_set():
    path = with_bars(hourly([100, 99, 98]), low={1: 50})
    found = details(subject(play(path, "3L", "hold")))
    assert found["liquidated_at"] == found["wiped_at"] == "2020-01-01 01:20"
    assert found["nav_low"] == [0, "2020-01-01 02:00"]
    assert found["settings"]["deposit"] == 100_000
    assert found["settings"]["emergency_leverage"] is None


# Thinning


def test_thinning_keeps_every_stretch_s_extremes():
    values = np.random.default_rng(1).normal(size=35_000).cumsum()
    values[12_345], values[23_456] = 1e9, -1e9
    chosen = thin(values, 900)
    assert len(chosen) <= 2 * 900 + 2
    assert {0, 12_345, 23_456, 34_999} <= set(chosen.tolist())
    assert (np.diff(chosen) > 0).all()
    for edge in range(0, 35_000, 35):
        near = chosen[(chosen >= edge - 39) & (chosen < edge + 74)]
        assert values[near].max() >= values[edge : edge + 35].max()
        assert values[near].min() <= values[edge : edge + 35].min()


def test_thinning_leaves_a_short_series_alone():
    assert thin(np.arange(10.0), 5).tolist() == list(range(10))


def test_thinning_keeps_a_hole():
    values = np.arange(1_000.0)
    values[400:600] = np.nan
    chosen = thin(values, 20)
    assert np.isnan(values[chosen]).sum() == 4
    assert {399, 600} <= set(chosen.tolist())
