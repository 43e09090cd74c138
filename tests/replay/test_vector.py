"""The engine in floats against the bytecode: the same events, NAV within 1e-6, and far closer."""

import os
from dataclasses import replace

import numpy as np
import pytest

from steelyard.model.arithmetic import WAD
from steelyard.replay import (
    PRESETS,
    STEELYARD,
    Flow,
    Keeper,
    SettingsError,
    Venue,
    compare,
    make_settings,
    read_path,
    replay,
    vector,
)
from tests.replay.makers import HOUR, MIDNIGHT, hourly, walk, with_bars

RULES = (STEELYARD, *PRESETS)
FLOWS = (
    Flow(MIDNIGHT + 5 * HOUR, 50_000),
    Flow(MIDNIGHT + 100 * HOUR, 5.0),
    Flow(MIDNIGHT + 200 * HOUR, -20_000),
    Flow(MIDNIGHT + 500 * HOUR, -1e9),
    Flow(MIDNIGHT + 501 * HOUR, -5.0),
)


def vectorised(path, settings):
    return vector.play([settings], path).result(0)


def assert_same(path, settings, nav=1e-9):
    """Play both engines; every event, NAV, row and part is the same."""
    one, other = replay(path, settings), vectorised(path, settings)
    found = compare(one, other)
    assert found.agrees, str(found)
    assert found.nav < nav and found.figures < 1e-5
    assert one.ended_at == other.ended_at
    assert (one.rows.trigger == other.rows.trigger).all()
    for name, part in one.parts.items():
        assert other.parts[name] == pytest.approx(part, rel=1e-6, abs=1e-8), name
    scale = max(abs(one.rows.equity))
    for name in ("funding", "fees", "impact", "reward", "management", "liquidated"):
        apart = getattr(one.rows, name) - getattr(other.rows, name)
        assert abs(apart).max() < 1e-6 * scale, name
    levels = one.rows.leverage_open, other.rows.leverage_open
    held = np.isfinite(levels[0]) & (one.rows.equity > 1e-3 * scale)
    assert levels[1][held] == pytest.approx(levels[0][held], rel=1e-6)
    assert sum(other.moves.values()) == other.navs[1] - other.navs[0]
    return one


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("token", ["3L", "2S"])
def test_rules(rule, token):
    assert_same(walk(4, 700), make_settings(token, rule))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("token", ["5L", "3S"])
def test_wild_markets(rule, token):
    assert_same(walk(5, 400, 0.09), make_settings(token, rule))


@pytest.mark.parametrize("rule", [STEELYARD, "ftx", "fli"])
@pytest.mark.parametrize("keeper", [Keeper(2), Keeper(0, 0.4, 5), Keeper(1, 0.3, 7)])
def test_late_keepers(rule, keeper):
    result = assert_same(walk(7, 500, 0.03), replace(make_settings("3L", rule), keeper=keeper))
    assert keeper.miss == 0 or any(event.kind == "missed" for event in result.events)


@pytest.mark.parametrize("rule", [STEELYARD, "ftx", "kucoin"])
@pytest.mark.parametrize("token", ["3L", "3S"])
def test_flows(rule, token):
    settings = replace(make_settings(token, rule), deposit=100_000.0, flows=FLOWS)
    result = assert_same(walk(7, 600, 0.01), settings)
    kinds = [event.kind for event in result.events]
    assert kinds.count("flow") == 3 and "blocked" in kinds


@pytest.mark.parametrize("rule", [STEELYARD, "ftx"])
def test_funding_of_the_venue_itself(rule):
    settings = make_settings("3L", rule)
    settings = replace(settings, venue=Venue(own_funding=True), deposit=3_000_000.0)
    result = assert_same(walk(7, 500, 0.02), settings)
    assert abs(result.rows.funding).sum() > 1_000


@pytest.mark.parametrize("token", ["3L", "3S"])
def test_schedule_of_the_own_rule(token):
    settings = make_settings(token)
    rules = replace(
        settings.rule.rules,
        scheduled=True,
        recentering=WAD // 2,
        boundary=1_800,
        min_drift=WAD // 50,
    )
    settings = replace(settings, rule=replace(settings.rule, rules=rules))
    result = assert_same(walk(3, 400, 0.01), settings)
    assert {event.cause for event in result.rebalances} > {"SCHEDULE"}


def test_chunks():
    """A token whose trades take many turns, through the end of their bars."""
    settings = replace(make_settings("3L"), deposit=3_000_000.0, venue=Venue(depth=2e9))
    with pytest.raises(SettingsError, match="over the token's cap"):
        vector.play([settings], walk(3, 10))
    settings = replace(settings, deposit=1_600_000.0)
    result = assert_same(walk(3, 500, 0.03), settings)
    assert sum(event.cause == "UNFINISHED" for event in result.rebalances) > 50


@pytest.mark.parametrize("cap", [0.0, 0.00002])
def test_liquidations_by_cap(cap):
    settings = replace(make_settings("3L", "hold"), venue=Venue(liquidation_cap=cap))
    path = hourly([10_000, 10_000, 6_715, 6_710, 6_800, 8_000])
    result = assert_same(path, settings)
    assert any(event.kind == "liquidation" for event in result.events)


def test_liquidation_inside_a_bar():
    path = with_bars(hourly([10_000] * 6), low={2: 6_700})
    result = assert_same(path, make_settings("3L"))
    liquidation = next(event for event in result.events if event.kind == "liquidation")
    assert (liquidation.bar, liquidation.time) == (3, MIDNIGHT + 2 * HOUR + HOUR // 3)


def test_rebuilding_after_a_liquidation():
    path = with_bars(hourly([10_000] * 60), low={2: 6_700})
    settings = replace(make_settings("3L"), venue=Venue(liquidation_cap=0.0))
    result = assert_same(path, settings)
    assert "REBUILD" in {event.cause for event in result.rebalances}


@pytest.mark.parametrize("rule", [STEELYARD, "gate"])
def test_downtime(rule):
    path = walk(3, 300)
    later = {bar: int(path.time[bar]) + 5 * HOUR for bar in range(100, 300)}
    assert_same(with_bars(path, time=later), make_settings("3L", rule))


def test_nothing_costs_anything():
    assert_same(walk(3, 300), make_settings("3L").without_costs())


@pytest.mark.parametrize("rule", [STEELYARD, "bybit"])
def test_real_history(rule):
    prices, funding = os.environ.get("PRICES"), os.environ.get("FUNDING")
    if not prices:
        pytest.skip("no PRICES: set it, and FUNDING, to the files of a history")
    path = read_path(prices, funding, "2020-02-20", "2020-05-01")
    for token in ("3L", "2L", "3S"):
        assert_same(path, make_settings(token, rule))


# Many at once


def test_many_are_as_one():
    """Tokens of all rules on paths of their own, each as if it were alone."""
    paths = [walk(seed, 500, 0.03) for seed in range(3)]
    settings = [
        replace(make_settings(token, rule), keeper=Keeper(delay, 0.1, 3))
        for rule in RULES
        for token in ("3L", "2S")
        for delay in (0, 1)
    ]
    chosen = [paths[number % 3] for number in range(len(settings))]
    together = vector.play(settings, chosen)
    assert len(together) == len(settings)
    for number, (one, path) in enumerate(zip(settings, chosen, strict=True)):
        alone = vectorised(path, one)
        result = together.result(number)
        assert result.events == alone.events
        assert (result.nav == alone.nav).all()


@pytest.mark.parametrize("rule", [STEELYARD, "gate", "kucoin"])
def test_what_comes_later_changes_nothing(rule):
    path, settings = walk(3, 600, 0.03), make_settings("3L", rule)
    whole = vectorised(path, settings)
    for bars in (1, 63, 64, 65, 400):
        part = vectorised(path[:bars], settings)
        assert part.nav[:bars] == pytest.approx(whole.nav[:bars], rel=1e-12)
        assert part.rebalances == [event for event in whole.rebalances if event.bar < bars]


def test_figures_are_those_of_the_result():
    path = walk(5, 500, 0.04)
    play = vector.play(
        [make_settings(token, rule) for rule in RULES for token in ("3L", "3S")], path
    )
    for number in range(len(play)):
        result, figures = play.result(number), play.figures(number)
        summary = result.summary()
        assert figures.total_return == pytest.approx(summary["return"], abs=1e-12)
        assert figures.rebalances == summary["rebalances"]
        assert figures.drawdown == pytest.approx(summary["drawdown"])
        assert figures.tracking_error == pytest.approx(summary["tracking_error"])
        assert figures.liquidations == summary["liquidations"]
        assert figures.ended_at == (-1 if result.ended_at is None else result.ended_at)
        most = summary["leverage_max"]
        assert figures.leverage_max == (np.inf if most is None else pytest.approx(most))


def test_progress_reaches_the_end():
    seen = []
    settings = [make_settings("3L"), make_settings("3L", "daily")]
    vector.play(settings, walk(3, 3_000), progress=seen.append)
    assert seen == sorted(seen) and seen[-1] == 6_000
