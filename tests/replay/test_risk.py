"""Futures: what is counted, how sure that is, and that it follows from the seed."""

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from steelyard.replay import DEEP, JumpDiffusion, make_settings, theory
from steelyard.replay.risk import RiskError, play_bootstrap, play_jumps, wilson
from steelyard.replay.vector import play
from tests.replay.makers import walk

HISTORY = walk(5, 2_000, 0.02)
CALM = JumpDiffusion(volatility=0.01, jumps=0.0, rate=0.0)


@pytest.mark.parametrize(
    ("count", "tries", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilson(count, tries, low, high):
    assert wilson(count, tries) == pytest.approx((low, high), abs=6e-5)


def test_wilson_is_wider_the_surer():
    sure, surer = wilson(5, 100, 0.9), wilson(5, 100, 0.99)
    assert surer[0] < sure[0] < 0.05 < sure[1] < surer[1]


def test_jumps_come_as_theory_says():
    """A price that only jumps, each time by a third or so: every second jump ends a 3x."""
    model = JumpDiffusion(
        volatility=1e-6, jumps=1.0, jump_mean=float(np.log(1 - 0.33)), jump_spread=0.05, rate=0.0
    )
    settings = replace(make_settings("3L", "daily"), venue=DEEP)
    (found,) = play_jumps(model, [settings], 600, horizons=(90, 365))
    table = found.table(0.999)
    gap = np.log(1 + theory.wipe_gap(3, True, 0.0113))
    # Half the normal distribution and a bit, of the jump's logarithm.
    z = (gap - model.jump_mean) / model.jump_spread
    lethal = NormalDist().cdf(float(z))
    for row in table.itertuples():
        expected = theory.wipe_probability(model.jumps, row.days / 365, lethal)
        assert row.liquidated_low < expected < row.liquidated_high
        assert row.liquidated_low < row.liquidated < row.liquidated_high


def test_nothing_happens_in_a_calm_market():
    (found,) = play_jumps(CALM, [make_settings("3L").without_costs()], 50, horizons=(10,))
    row = found.table().loc[0]
    assert (row["wiped"], row["wiped_low"], row["liquidated"]) == (0, 0, 0)
    assert row["wiped_high"] == pytest.approx(wilson(0, 50)[1])
    assert abs(row["return_50"]) < 0.01
    assert row["return_5"] < row["return_50"] < row["return_95"]


def test_horizons_are_of_the_same_futures():
    (long,) = play_bootstrap(HISTORY, [make_settings("5L")], 15, horizons=(20, 60), seed=3)
    (short,) = play_bootstrap(HISTORY, [make_settings("5L")], 15, horizons=(20,), seed=3)
    assert long.growth[:, 0] == pytest.approx(short.growth[:, 0], rel=1e-9)
    ends = long.table()["liquidated"]
    assert ends.is_monotonic_increasing
    assert ends[0] == short.table()["liquidated"][0]


def test_seeds():
    one, again, other = (
        play_bootstrap(HISTORY, [make_settings("3L")], 10, horizons=(20,), seed=seed)[0]
        for seed in (1, 1, 100)
    )
    assert (one.growth == again.growth).all()
    assert not (one.growth == other.growth).any()


def test_tokens_see_the_same_futures(monkeypatch):
    """However many are played at once."""
    tokens = [make_settings("3L"), make_settings("3S", "ftx")]
    whole = play_bootstrap(HISTORY, tokens, 9, horizons=(5, 10))
    seen = []
    monkeypatch.setattr("steelyard.replay.risk._ROWS_AT_ONCE", 1_000)
    parts = play_bootstrap(
        HISTORY, tokens, 9, horizons=(5, 10), progress=lambda *done: seen.append(done)
    )
    for one, other in zip(whole, parts, strict=True):
        assert (one.growth == other.growth).all()
        assert (one.ended == other.ended).all()
    assert seen == [(4, 9), (8, 9), (9, 9)]
    assert np.corrcoef(whole[0].growth[:, 0], whole[1].growth[:, 0])[0, 1] < -0.5


def test_a_future_that_is_wiped_out_is_worth_nothing():
    (found,) = play_bootstrap(HISTORY, [make_settings("5L", "hold")], 60, horizons=(60,))
    dead = found.ended >= 0
    assert 5 < dead.sum() < 60
    assert (found.growth[dead] < 1e-3).all()
    assert (found.liquidated[dead] >= 0).all()
    assert play([make_settings("5L", "hold")], HISTORY).liquidated().shape == (1,)


@pytest.mark.parametrize(
    ("futures", "horizons"), [(0, (30,)), (5, ()), (5, (30, 10)), (5, (0,)), (5, (10, 10))]
)
def test_nothing_to_play(futures, horizons):
    with pytest.raises(RiskError, match="no futures, no tokens or no horizons"):
        play_jumps(CALM, [make_settings("3L")], futures, horizons=horizons)
