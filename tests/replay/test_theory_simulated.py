"""Formulas of bands against simulated prices, as far off as the formulas are said to be."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard.replay import DEEP, JumpDiffusion, Kind, Preset, Settings, jump_diffusion, theory
from steelyard.replay.theory import Style
from steelyard.replay.vector import play

SIGMA, FEE = 0.65, 0.0005
MARKET = JumpDiffusion(volatility=SIGMA, jumps=0.0, rate=0.0, step=900)
VENUE = replace(DEEP, maker_fee=FEE, taker_fee=FEE)


@pytest.fixture(scope="module")
def years():
    """A year of quarters of an hour, forty times."""
    return [jump_diffusion(MARKET, 35_040, seed) for seed in range(40)]


def simulate(years, factor, half_width, style=Style.TARGET):
    """Return means of trades, cost and tracking error."""
    target = abs(float(factor))
    # To the edge: as good as none of the way back, which ends in the band.
    recentering = 1.0 if style is Style.TARGET else 1e-9
    rule = Preset("band", target, target - half_width, target + half_width, recentering)
    settings = Settings(Kind(target, factor > 0), rule, VENUE, deposit=1e7)
    replays = play([settings] * len(years), years)
    found = [replays.figures(number) for number in range(len(replays))]
    names = ("rebalances", "cost", "tracking_error")
    return [float(np.mean([getattr(each, name) for each in found])) for name in names]


@pytest.mark.parametrize(
    ("factor", "half_width", "trades", "cost", "error"),
    [
        (3, 0.5, 55.7, 0.0143, 0.139),
        (3, 1.0, 12.7, 0.0065, 0.295),
        (2, 1 / 3, 13.9, 0.00235, None),
        (-3, 1.0, 52.4, 0.0270, None),
    ],
)
def test_bands(years, factor, half_width, trades, cost, error):
    """4,000 such years gave these figures; forty have a standard error of 2 to 4 percent."""
    found = simulate(years, factor, half_width)
    assert found[0] == pytest.approx(trades, rel=0.09)
    assert found[1] == pytest.approx(cost, rel=0.09)
    assert error is None or found[2] == pytest.approx(error, rel=0.06)
    # The formulas are 5 to 20 percent off.
    assert theory.trades_per_year(factor, half_width, SIGMA) == pytest.approx(found[0], rel=0.3)
    assert theory.cost_per_year(factor, half_width, SIGMA, FEE) == pytest.approx(found[1], rel=0.3)


def test_band_traded_to_its_edge(years):
    _, cost, error = simulate(years, 3, 0.5, Style.EDGE)
    assert cost == pytest.approx(0.0077, rel=0.09)
    assert error == pytest.approx(0.193, rel=0.06)


def test_decay_of_a_daily_reset(years):
    """Held at L at every step, growth is the formula's, to its third order."""
    rule = Preset("always", 3.0, every=900)
    settings = Settings(Kind(3.0, True), rule, DEEP, deposit=1e7)
    weeks = [year[:2_000] for year in years[:3]]
    replays = play([settings] * len(weeks), weeks)
    for number, path in enumerate(weeks):
        logs = np.diff(np.log(path.marks))
        expected = theory.growth(3, path.final / path.open[0], float(np.sum(logs**2)))
        assert 1 + replays.result(number).total_return == pytest.approx(expected, rel=2e-3)
