"""The rules of other venues as pure functions, and settings that make sense."""

import numpy as np
import pytest

from steelyard.model.arithmetic import WAD
from steelyard.replay import (
    PRESETS,
    Flow,
    Keeper,
    Kind,
    Preset,
    RuleError,
    Settings,
    SettingsError,
    Steelyard,
    make_rule,
    make_settings,
    parse_kind,
)
from steelyard.replay.rules import aim, is_due, period
from tests.replay.makers import MIDNIGHT, play, walk, with_bars

LONG, SHORT = Kind(3.0, True), Kind(3.0, False)
HOUR, DAY = 3_600, 86_400


def due(name, leverage, *, move=0.0, scheduled=False, kind=LONG):
    return bool(
        is_due(make_rule(name, kind), kind.is_long, leverage, 100 * (1 + move), 100.0, scheduled)
    )


def test_edges_are_included():
    assert due("bybit", 4.0) and due("bybit", 2.0)
    assert not due("bybit", 3.999) and not due("bybit", 2.001)
    assert due("ftx", 4.0) and not due("ftx", 1.0)
    assert due("gate", 4.125) and due("gate", 2.25) and not due("gate", 4.1)


def test_only_a_move_that_hurts_counts():
    assert due("kucoin", 3.0, move=-0.151) and not due("kucoin", 3.0, move=-0.149)
    assert not due("kucoin", 3.0, move=0.2)
    assert due("mexc", 3.0, move=0.151, kind=SHORT)
    assert not due("mexc", 3.0, move=-0.2, kind=SHORT)


def test_schedules():
    assert due("ftx", 3.0, scheduled=True) and not due("ftx", 3.0)
    assert due("gate", 3.0, move=0.01, scheduled=True)
    assert due("gate", 3.0, move=-0.01, scheduled=True)
    assert not due("gate", 3.0, move=0.009, scheduled=True)
    assert due("fli", 3.5, scheduled=True) and not due("fli", 3.5)
    assert not any(due("hold", level, scheduled=False) for level in (0.1, 3.0, 50.0))


def test_a_boundary_belongs_to_the_bar_that_has_it():
    daily, ftx = make_rule("daily", LONG), make_rule("ftx", LONG)
    counts = [int(period(daily, MIDNIGHT + hour * HOUR, HOUR)) for hour in range(-1, 2)]
    assert counts[1] - counts[0] == 1 and counts[2] == counts[1]
    assert period(ftx, MIDNIGHT, HOUR) - period(ftx, MIDNIGHT - HOUR, HOUR) == 1
    assert period(ftx, MIDNIGHT, 60) == period(ftx, MIDNIGHT - 60, 60)
    assert period(make_rule("bybit", LONG), MIDNIGHT, DAY) == 0


def test_partial_recentering_stays_in_its_band():
    fli = make_rule("fli", Kind(2.0, True))
    assert aim(fli, 2.2) == pytest.approx(2.19)
    assert aim(fli, 3.0) == pytest.approx(2.3) and aim(fli, 1.0) == pytest.approx(1.7)
    assert aim(make_rule("bybit", LONG), 4.5) == 3


@pytest.mark.parametrize("name", PRESETS)
def test_arrays_are_judged_as_one_by_one(name):
    source = np.random.default_rng(1)
    level, price = source.uniform(0.5, 6, 50), source.uniform(80, 120, 50)
    side, scheduled = source.random(50) < 0.5, source.random(50) < 0.5
    rule = make_rule(name, LONG)
    together = is_due(rule, side, level, price, 100.0, scheduled)
    alone = [
        bool(is_due(rule, bool(side[i]), level[i], price[i], 100.0, bool(scheduled[i])))
        for i in range(50)
    ]
    assert np.broadcast_to(together, 50).tolist() == alone
    assert np.allclose(aim(rule, level), [aim(rule, each) for each in level])


def test_presets_trade_when_their_venues_say():
    path = walk(2, hours=100, swing=0.001)
    hours = {
        name: {event.time % DAY // HOUR for event in play(path, rule=name).rebalances}
        for name in ("ftx", "kucoin", "mexc", "daily", "bybit", "hold")
    }
    assert hours == {
        "ftx": {0},
        "kucoin": {23},
        "mexc": {16},
        "daily": {0},
        "bybit": set(),
        "hold": set(),
    }


def test_a_schedule_missed_in_downtime_is_made_up_for():
    path = walk(2, hours=40, swing=0.001)
    late = with_bars(path, time={bar: int(path.time[bar]) + 5 * HOUR for bar in range(20, 40)})
    events = [(event.kind, event.bar) for event in play(late, rule="daily").events]
    assert events == [("downtime", 20), ("rebalance", 20)]


def test_own_rules_are_those_that_are_offered():
    rule = make_rule("steelyard", LONG)
    assert isinstance(rule, Steelyard)
    assert (rule.target, rule.lower, rule.upper) == (3, 2, 4)
    odd = make_rule("steelyard", Kind(2.5, True))
    assert isinstance(odd, Steelyard) and odd.rules.target == 25 * WAD // 10
    assert play(walk(1, hours=30), "2.5L").leverage[0] == pytest.approx(2.5, rel=1e-4)


# Malformed


@pytest.mark.parametrize("text", ["", "3", "L", "3X", "-3L", "0L", "nanL", "infS", "3l"])
def test_what_is_no_token_is_refused(text):
    with pytest.raises(RuleError, match="is no token"):
        parse_kind(text)


def test_what_is_no_rule_is_refused():
    with pytest.raises(RuleError, match=r"^no rule 'binance' \(known: steelyard, ftx, bybit"):
        make_settings("3L", "binance")
    with pytest.raises(RuleError, match="^x: the target is not inside its band"):
        Preset("x", 3.0, lower=3.0)
    with pytest.raises(RuleError, match="^x: a figure is out of range"):
        Preset("x", 3.0, recentering=0.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rule": make_rule("ftx", Kind(2.0, True))}, "a 3L with a rule for 2x"),
        ({"keeper": Keeper(miss=1.0)}, "a keeper who never comes"),
        ({"keeper": Keeper(delay=-1)}, "a keeper who never comes"),
        ({"management_fee": 1.0}, "a management fee of 100% a year"),
        ({"deposit": 99.0}, "a deposit under 100"),
        ({"flows": (Flow(2, 1.0), Flow(1, 1.0))}, "the flows are not in order"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(changes, said):
    with pytest.raises(SettingsError, match=f"^{said}"):
        Settings(**{"kind": LONG, "rule": make_rule("ftx", LONG)} | changes)
