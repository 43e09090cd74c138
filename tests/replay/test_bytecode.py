"""What the bytecode engine does in a bar, and that its books add up."""

from dataclasses import fields, replace

import numpy as np
import pytest

from steelyard.replay import (
    DEEP,
    Flow,
    Keeper,
    SettingsError,
    Venue,
    from_prices,
    make_settings,
    replay,
)
from tests.replay.makers import HOUR, MIDNIGHT, hourly, play, walk, with_bars

DAY = 86_400
FLAT = [100.0] * 30


def kinds(result):
    return [(event.bar, event.kind, event.cause) for event in result.events]


# Books


@pytest.mark.parametrize("rule", ["steelyard", "ftx", "bybit", "kucoin", "mexc", "gate", "fli"])
def test_parts_add_up_to_the_last_digit(rule):
    result = play(walk(3), rule=rule)
    first, last = result.navs
    assert sum(result.moves.values()) == last - first
    assert sum(result.parts.values()) == pytest.approx(result.total_return, abs=1e-12)
    assert result.rebalances
    assert result.nav[[0, -1]] * 1e36 == pytest.approx(np.array(result.navs, dtype=float))


@pytest.mark.parametrize("token", ["3L", "3S"])
def test_rows_add_up_to_what_equity_did(token):
    result = play(walk(4), token)
    rows = result.rows
    gain = rows.size[:-1] * np.diff(result.price)
    spent = rows.fees + rows.impact + rows.reward
    expected = rows.equity[0] + gain.sum() + (rows.funding - spent).sum()
    assert rows.equity[-1] == pytest.approx(expected, rel=1e-9)
    assert (rows.fees >= 0).all() and rows.fees.sum() > 0 and rows.reward.sum() > 0
    assert rows.traded.sum() == pytest.approx(
        sum(abs(event.size_delta) * event.price for event in result.rebalances)
    )
    assert [event.cause for event in result.rebalances][0] == rows.trigger[rows.trigger != ""][0]


def test_price_part_is_leverage_times_the_price_and_the_rest_of_it_compounding():
    result = play(from_prices([100, 110, 121, 108.9]), rule="hold", free=True)
    assert result.parts["naive"] == pytest.approx(3 * 0.089)
    assert result.parts["compounding"] == pytest.approx(0, abs=1e-8)
    assert play(from_prices([100, 110, 99]), rule="daily", free=True).parts[
        "compounding"
    ] == pytest.approx(0.91 - 1 + 0.03)


@pytest.mark.parametrize("segment", [3, 40])
def test_the_length_of_segments_changes_nothing(segment):
    path, settings = walk(5), make_settings("3L")
    whole, cut = replay(path, settings), replay(path, settings, segment=segment)
    assert (cut.moves, cut.navs, cut.events) == (whole.moves, whole.navs, whole.events)
    for field in fields(whole.rows):
        assert (getattr(cut.rows, field.name) == getattr(whole.rows, field.name)).all()


def test_progress_is_told():
    told = []
    replay(hourly(FLAT), make_settings("3L"), progress=told.append)
    assert told == [0]


# Rebalances


def test_own_rule_trades_above_its_band_and_back_to_its_target():
    result = play(hourly([100, 88, 88]))
    (event,) = result.rebalances
    assert (event.bar, event.cause) == (1, "DRIFT")
    assert event.leverage_before > 4
    assert event.leverage_after == pytest.approx(3, rel=1e-3)
    assert result.rows.leverage_open[1] == event.leverage_before
    assert result.leverage[1] == event.leverage_after


def test_a_large_token_trades_in_chunks_a_minute_apart():
    result = play(hourly([100, 88, 88]), venue=Venue(depth=4e8), deposit=100_000.0)
    times = [event.time - MIDNIGHT - HOUR for event in result.rebalances]
    assert times == [60 * chunk for chunk in range(len(times))]
    assert len(times) > 3
    assert {event.cause for event in result.rebalances[1:]} == {"UNFINISHED"}


def test_chunks_go_on_in_the_next_bar():
    rule = make_settings("3L").rule
    small = replace(rule, rules=replace(rule.rules, trade_share=10**16))
    settings = replace(make_settings("3L"), rule=small, venue=Venue(depth=1.4e9))
    result = replay(hourly([100, 88, 88, 88, 88, 88]), settings)
    assert {event.bar for event in result.rebalances} == {1, 2, 3}
    assert result.leverage[4] == pytest.approx(3, rel=0.011)


def test_a_schedule_is_traded_at_its_boundary_inside_the_bar():
    rule = make_settings("2L").rule
    scheduled = replace(rule, rules=replace(rule.rules, scheduled=True))
    prices = [100.0] * 20 + [115.0] * 10
    assert play(hourly(prices), "2L").rebalances == []
    settings = replace(make_settings("2L"), rule=scheduled, deposit=100_000.0)
    (event,) = replay(hourly(prices), settings).rebalances
    assert (event.cause, event.time) == ("SCHEDULE", MIDNIGHT + DAY + 120)


def test_a_late_keeper_trades_at_what_he_then_sees():
    path = hourly([100, 88, 86, 84, 84])
    late = play(path, keeper=Keeper(delay=2))
    assert [(event.bar, event.price) for event in late.rebalances] == [(3, 84.0)]
    assert play(path).rebalances[0].bar == 1


def test_what_passes_before_a_late_keeper_comes_is_not_traded():
    assert play(hourly([100, 88, 100, 100, 100]), keeper=Keeper(delay=2)).rebalances == []
    assert play(hourly([100, 88, 100, 100]), rule="bybit", keeper=Keeper(1)).rebalances == []


@pytest.mark.parametrize("rule", ["steelyard", "bybit"])
def test_missed_bars_are_told_and_made_up_for(rule):
    keeper = Keeper(miss=0.5, seed=7)
    looks = keeper.looks(6).tolist()
    assert looks == [True, True, True, False, False, True]
    result = play(hourly([100, 100, 100, 88, 88, 88, 88]), rule=rule, keeper=keeper)
    expected = [(3, "missed", "DRIFT"), (4, "missed", "DRIFT"), (5, "rebalance", "DRIFT")]
    assert kinds(result) == expected
    assert result.summary()["missed"] == 2


def test_what_blocks_a_trade_is_told_once():
    result = play(hourly([100, 88, 88, 88]), venue=replace(DEEP, maker_fee=0.0))
    assert kinds(result) == [(1, "blocked", "NO_SAFE_SIZE")]


# Ends


def test_a_fall_inside_a_bar_wipes_out_at_its_low():
    path = with_bars(hourly([100, 100, 100, 100]), low={1: 60})
    result = play(path, rule="hold")
    assert kinds(result) == [(2, "liquidation", ""), (2, "wiped", "")]
    assert result.events[0].price == 60
    assert result.wiped_at == MIDNIGHT + HOUR + HOUR // 3
    assert result.ended_at == 2
    assert result.nav[1:].tolist() == [100, 0, 0]
    assert result.total_return == -1
    # The pool bears what the fall took beyond all equity.
    assert result.parts["liquidation"] == pytest.approx(0.2, rel=1e-3)
    assert result.distance[1] == 0 and result.worst_leverage[1] == np.inf


def test_a_rise_wipes_a_short_out_and_a_fall_does_not():
    up = with_bars(hourly([100, 100, 100]), high={1: 140})
    down = with_bars(hourly([100, 100, 100]), low={1: 60})
    assert play(up, "3S", "hold").wiped_at is not None
    assert play(down, "3S", "hold").events == ()


def test_just_above_its_margin_a_token_lives_and_just_below_it_is_sold_in_part():
    edge = 100 * (1 - float(play(hourly(FLAT), rule="hold").distance[0]))
    alive = with_bars(hourly([100, 100, 100]), low={1: edge * 1.0005})
    due = with_bars(hourly([100, 100, 100]), low={1: edge * 0.9995})
    assert play(alive, rule="hold").events == ()
    result = play(due, rule="hold")
    assert [kind for _, kind, _ in kinds(result)] == ["liquidation"]
    assert 0 < result.rows.size[2] < result.rows.size[1]
    assert result.ended_at is None and result.rows.liquidated[2] > 0


def test_a_gap_over_the_margin_liquidates_before_the_keeper():
    result = play(hourly([100, 60, 60]))
    assert [kind for _, kind, _ in kinds(result)] == ["liquidation", "wiped"]
    assert result.ended_at == 1


def test_a_liquidated_token_is_rebuilt_a_day_later():
    venue = Venue(liquidation_cap=0.0)
    path = with_bars(hourly([100.0] * 60), low={1: 67.05})
    result = play(path, rule="steelyard", venue=venue)
    assert [kind for _, kind, _ in kinds(result)][0] == "liquidation"
    rebuilt = result.rebalances[0]
    assert (rebuilt.cause, rebuilt.time) == ("REBUILD", MIDNIGHT + 2 * DAY + 120)
    assert result.leverage[-1] == pytest.approx(3, rel=1e-3)


# Time, people


def test_downtime_is_a_jump_that_funding_knows():
    path = hourly(FLAT[:4], rate=0.01)
    late = with_bars(path, time={2: MIDNIGHT + 10 * HOUR})
    result = play(late, rule="hold", free=True)
    assert [str(gap) for gap in late.gaps] == [
        "no prices for 8 hours, 2020-01-01 02:00 to 2020-01-01 10:00 UTC"
    ]
    assert kinds(result) == [(2, "downtime", "")]
    assert result.parts["funding"] == pytest.approx(-0.03 * 11 / 24, rel=1e-6)


def test_without_rates_nobody_pays_and_a_venue_may_charge_its_own_skew():
    assert play(hourly(FLAT), rule="hold").parts["funding"] == 0
    own = play(hourly(FLAT), rule="hold", venue=Venue(depth=2e8, own_funding=True))
    assert own.parts["funding"] < 0


def test_who_comes_and_goes_leaves_the_others_what_they_have():
    flows = (Flow(MIDNIGHT + HOUR, 50_000.0), Flow(MIDNIGHT + 5 * HOUR + 1, -20_000.0))
    flows += (Flow(MIDNIGHT + 9 * HOUR, -1e9),)
    result = play(hourly(FLAT), rule="hold", flows=flows)
    assert [bar for bar, kind, _ in kinds(result) if kind == "flow"] == [1, 6, 9]
    assert result.rows.equity[[0, 1, 6]] == pytest.approx([99_809, 149_809, 129_809], rel=2e-3)
    assert abs(result.parts["flows"]) < 1e-9
    assert result.rows.equity[9] == pytest.approx(99_809, rel=2e-3)


def test_a_refused_entry_is_told():
    result = play(hourly(FLAT[:3]), flows=(Flow(MIDNIGHT + HOUR, 1.0),))
    assert kinds(result) == [(1, "blocked", "mint: below 10 quote")]


def test_what_the_contracts_refuse_is_said():
    with pytest.raises(SettingsError, match="^the contracts refuse: bounds: target not 2x to 5x"):
        play(hourly(FLAT), "6L")
