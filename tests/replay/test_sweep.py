"""Grids: what their points are, and that wherever they are played the table is the same."""

import os
import sys
from dataclasses import replace

import pandas as pd
import pytest

from steelyard.replay import Keeper, RuleError, Venue, make_settings, replay, theory
from steelyard.replay.sweep import Grid, SweepError, sweep
from tests.replay.makers import walk

PATH = walk(3, 800, 0.02)
GRID = Grid(
    leverages=(2.0, 3.0), sides=("L", "S"), bands=(None, 0.2), fees=(0.0002, 0.001), delays=(0, 2)
)


def test_points():
    points = GRID.points()
    assert len(points) == 32
    assert [str(point.kind) for point in points[::8]] == ["2L", "2S", "3L", "3S"]
    assert [point.keeper.delay for point in points[:4]] == [0, 2, 0, 2]
    assert [point.venue.taker_fee for point in points[:4]] == [0.0002, 0.0002, 0.001, 0.001]
    assert points[16].rule == make_settings("3L").rule
    band = points[20].rule
    assert (band.lower, band.upper, band.rules.emergency_leverage) == (2.4, 3.6, 45 * 10**17)
    assert all(point.venue.maker_fee == point.venue.taker_fee for point in points)


def test_band_of_a_preset():
    (point,) = Grid(rules=("bybit",), bands=(0.1,)).points()
    assert (point.rule.lower, point.rule.upper) == pytest.approx((2.7, 3.3))


def test_keepers_and_fees_of_a_point():
    (point,) = Grid(
        misses=(0.3,), delays=(1,), management_fee=0.02, venue=Venue(depth=1e9)
    ).points()
    assert point.keeper == Keeper(1, 0.3)
    assert (point.fee, point.venue) == (0.02, Venue(depth=1e9))


@pytest.mark.parametrize(
    ("grid", "error"),
    [
        (Grid(sides=("X",)), "'X' is no side"),
        (Grid(bands=(1.0,)), "a band of 1 of the target"),
        (Grid(rules=("nobody",)), "no rule 'nobody'"),
    ],
)
def test_bad_points(grid, error):
    with pytest.raises(RuleError, match=error):
        sweep(PATH, grid)


def test_no_points():
    with pytest.raises(SweepError, match="a grid without points"):
        sweep(PATH, [])


def test_rows_are_what_the_bytecode_says():
    table = sweep(PATH, GRID, processes=1)
    assert len(table) == 32
    for number in (0, 9, 23, 31):
        point, row = GRID.points()[number], table.loc[number]
        summary = replay(PATH, point).summary()
        assert row["total_return"] == pytest.approx(summary["return"], abs=1e-9)
        assert row["rebalances"] == summary["rebalances"]
        assert row["tracking_error"] == pytest.approx(summary["tracking_error"])
        assert row["leverage_max"] == pytest.approx(summary["leverage_max"])


def test_what_theory_expects():
    row = sweep(PATH, Grid(bands=(0.2,), fees=(0.001,)), processes=1).loc[0]
    assert row["expected_cost"] == pytest.approx(row["expected_trades"] * 0.001 * 0.6)
    shared = theory.trades_per_year(3, 0.6, 1.0)
    assert (row["expected_trades"] / shared) ** 0.5 == pytest.approx(0.02 * 8_760**0.5, rel=0.05)
    daily = sweep(PATH, Grid(rules=("daily",)), processes=1).loc[0]
    assert pd.isna(daily["expected_trades"])


def test_dearer_is_never_better():
    table = sweep(PATH, Grid(rules=("bybit",), fees=(0.0, 0.0005, 0.002, 0.01)), processes=1)
    assert table["total_return"].is_monotonic_decreasing
    assert table["cost"].is_monotonic_increasing


def test_processes():
    seen = []
    alone = sweep(PATH, GRID, processes=1)
    table = sweep(PATH, GRID, processes=2, progress=lambda done, of: seen.append((done, of)))
    pd.testing.assert_frame_equal(table, alone)
    assert len(seen) == 8 and seen == sorted(seen) and seen[-1] == (32, 32)


def test_a_point_that_cannot_be_played():
    points = GRID.points()
    points[20] = replace(points[20], deposit=1e9)
    with pytest.raises(Exception, match="over the token's cap"):
        sweep(PATH, points, processes=2)


def test_dask_is_not_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SweepError, match="Dask is not installed"):
        sweep(PATH, GRID, dask="tcp://127.0.0.1:1")


def test_dask():
    """A scheduler and two worker processes of this machine, through their address alone."""
    distributed = pytest.importorskip("distributed", reason="the extra dask is not installed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    seen = []
    with cluster:
        table = sweep(
            PATH, GRID, dask=cluster.scheduler_address, progress=lambda *done: seen.append(done)
        )
        with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
            processes = set(client.run(os.getpid).values())
    pd.testing.assert_frame_equal(table, sweep(PATH, GRID, processes=1))
    assert seen[-1] == (32, 32)
    assert len(processes) == 2 and os.getpid() not in processes
