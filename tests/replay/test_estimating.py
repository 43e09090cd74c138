"""What is read out of a history is what made it."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard.replay import JumpDiffusion, PathError, from_prices, jump_diffusion
from steelyard.replay.estimating import estimate_jumps
from steelyard.replay.path import ANSWER
from tests.replay.makers import HOUR, hourly, with_bars

YEARS = 4
MODEL = JumpDiffusion(volatility=0.5, drift=0.3, jumps=40.0, jump_mean=-0.1, jump_spread=0.03)


@pytest.fixture(scope="module")
def history():
    return jump_diffusion(MODEL, YEARS * 8_760, seed=1)


def test_the_figures_of_a_made_history_are_found(history):
    found = estimate_jumps(history)
    assert found.volatility == pytest.approx(MODEL.volatility, rel=0.02)
    # A count has the spread of its root; a mean of 160, a twelfth of one's.
    assert found.jumps == pytest.approx(MODEL.jumps, abs=3 * np.sqrt(MODEL.jumps / YEARS))
    assert found.jump_mean == pytest.approx(MODEL.jump_mean, abs=0.008)
    # Two in one hour look like one, of twice the size.
    assert found.jump_spread == pytest.approx(MODEL.jump_spread, abs=0.008)
    assert found.rate == pytest.approx(MODEL.rate)
    assert (found.price, found.step) == (history.final / ANSWER, HOUR)


def test_drift_and_variance_are_those_of_the_history(history):
    found = estimate_jumps(history)
    moves = np.diff(np.log(history.close / ANSWER))
    years = len(moves) / 8_760
    jumped = found.jump_mean**2 + found.jump_spread**2
    assert found.volatility**2 + found.jumps * jumped == pytest.approx(
        (moves**2).sum() / years, rel=1e-3
    )
    lifted = np.exp(found.jump_mean + found.jump_spread**2 / 2) - 1
    grown = found.drift - found.volatility**2 / 2 - found.jumps * (lifted - found.jump_mean)
    assert grown == pytest.approx(moves.sum() / years, abs=1e-9)


def test_a_walk_that_does_not_jump_has_no_jumps():
    found = estimate_jumps(jump_diffusion(replace(MODEL, jumps=0.0), 8_760, seed=2))
    assert (found.jumps, found.jump_mean, found.jump_spread) == (0, 0, 0)
    assert found.volatility == pytest.approx(0.5, rel=0.03)


def test_a_storm_is_no_jump_but_a_move_out_of_nowhere_is():
    swings = np.where(np.arange(2_000) % 2, 0.001, -0.001)
    swings[500:1_000] *= 1 + np.minimum(np.arange(500), 499 - np.arange(500)) / 20
    quiet = estimate_jumps(hourly(1_000 * np.exp(np.cumsum(swings))))
    swings[1_700] = -0.03
    found = estimate_jumps(hourly(1_000 * np.exp(np.cumsum(swings))))
    assert quiet.jumps == 0 and abs(swings[500:1_000]).max() > 0.013
    assert found.jumps == pytest.approx(8_760 / 1_998)
    assert found.jump_mean == pytest.approx(-0.03, rel=1e-4) and found.jump_spread == 0


def test_moves_through_downtime_do_not_count():
    path = jump_diffusion(replace(MODEL, jumps=0.0), 1_000, seed=2)
    halved = {}
    for name in ("open", "high", "low", "close"):
        halved[name] = getattr(path, name).copy()
        halved[name][600:] //= 2
    path = replace(path, **halved)
    assert estimate_jumps(path).jumps > 0
    later = {bar: int(path.time[bar]) + HOUR for bar in range(600, 1_000)}
    assert estimate_jumps(with_bars(path, time=later)).jumps == 0


def test_a_price_that_stands_still_has_nothing():
    found = estimate_jumps(hourly([100.0] * 300))
    assert (found.volatility, found.jumps, found.drift) == (0, 0, 0)


def test_a_short_history_is_refused():
    assert estimate_jumps(hourly([100.0] * 190)).jumps == 0
    message = (
        "^prices: 187 moves say too little of jumps "
        r"\(give at least 189 bars, or draw blocks\)$"
    )
    with pytest.raises(PathError, match=message):
        estimate_jumps(from_prices([100.0] * 189, step=HOUR))
