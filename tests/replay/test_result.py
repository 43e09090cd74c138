"""Figures of a result: as JSON and tables hold them, and as the package reckons them elsewhere."""

import json
from dataclasses import replace

import numpy as np
import pytest

from steelyard.demo.risk import distance
from steelyard.model.arithmetic import WAD
from steelyard.replay import make_settings, replay
from tests.replay.makers import HOUR, hourly, play, walk, with_bars

WIPED = with_bars(hourly([100, 100, 100, 100]), low={1: 60})


@pytest.mark.parametrize(
    ("path", "token", "rule"),
    [(walk(1), "3L", "steelyard"), (walk(1), "2S", "ftx"), (WIPED, "3L", "hold")],
)
def test_a_summary_is_json(path, token, rule):
    summary = play(path, token, rule).summary()
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert (summary["token"], summary["rule"], summary["bars"]) == (token, rule, len(path))
    assert sum(summary["triggers"].values()) == summary["rebalances"]
    assert sum(summary["parts"].values()) == pytest.approx(summary["return"], abs=1e-12)


def test_a_summary_tells_of_the_end():
    summary = play(WIPED, rule="hold").summary()
    assert summary["wiped_at"] == "2020-01-01 01:20"
    assert (summary["liquidations"], summary["drawdown"], summary["return"]) == (1, 1, -1)
    assert (summary["closest"], summary["closest_at"]) == (0, "2020-01-01 01:00")
    assert summary["leverage_max"] is None


def test_extremes_of_a_bar_are_in_the_figures():
    path = with_bars(hourly([100, 100, 100]), low={1: 90}, high={1: 130})
    result = play(path, rule="hold", free=True)
    assert result.summary()["leverage_max"] == pytest.approx(3 * 0.9 / 0.7)
    assert play(path, "2S", "hold", free=True).summary()["leverage_max"] == pytest.approx(6.5)
    assert result.summary()["closest_at"] == "2020-01-01 01:00"


@pytest.mark.parametrize("token", ["3L", "3S"])
def test_distance_is_what_the_demo_reckons(token):
    result = play(walk(6, hours=40), token)
    config = result.settings.venue.market(result.path).config
    for bar in range(0, 40, 7):
        figures = (result.rows.size[bar], result.worst_equity[bar], result.adverse[bar])
        expected = distance(*(round(figure * WAD) for figure in figures), config) / WAD
        assert result.distance[bar] == pytest.approx(expected, abs=1e-9)


def test_a_table_has_every_row():
    result = play(walk(7, hours=30))
    frame = result.frame()
    assert len(frame) == 31
    assert str(frame.index[1] - frame.index[0]) == "0 days 01:00:00"
    assert {"price", "nav", "leverage", "size", "funding", "trigger"} <= set(frame.columns)
    assert (frame["nav"].to_numpy() == result.nav).all()


def test_tracking_error_is_of_leverage_times_the_price():
    path = walk(8, hours=300, swing=0.01)
    held = replay(path, make_settings("1L", "hold").without_costs())
    free = replace(path, funding=path.funding * 0)
    assert replay(free, held.settings).tracking_error == pytest.approx(0, abs=1e-6)
    hold, daily = (play(path, rule=rule, free=True).tracking_error for rule in ("hold", "daily"))
    assert hold > daily > 0


def test_drawdown_is_from_the_highest_so_far():
    result = play(hourly([100, 110, 99, 105]), "1L", "hold", free=True)
    assert result.drawdown == pytest.approx(np.array([0, 0, 0.1, 5 / 110]), abs=1e-6)
    assert result.time[1] - result.time[0] == HOUR
