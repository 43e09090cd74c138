"""Formulas against published and recomputed figures."""

import math

import pytest

from steelyard.replay import theory
from steelyard.replay.theory import Style

FEE = 0.0005
SIGMA = 0.65


@pytest.mark.parametrize(
    "factor, left", [(2, 0.655), (3, 0.2815), (-1, 0.655), (-2, 0.2815), (-3, 0.0793)]
)
def test_decay_of_a_flat_year(factor, left):
    assert theory.growth(factor, 1.0, SIGMA**2) == pytest.approx(left, abs=5e-4)


def test_growth_without_variance_is_a_power():
    assert theory.growth(3, 1.1, 0.0) == pytest.approx(1.331)
    assert theory.growth(-3, 1.1, 0.0) == pytest.approx(1.1**-3)


def test_growth_where_a_long_breaks_even():
    variance = 0.4
    ratio = math.exp(theory.break_even(3, variance))
    assert theory.break_even(3, variance) == pytest.approx(1.5 * variance)
    assert theory.growth(3, ratio, variance) == pytest.approx(ratio)


@pytest.mark.parametrize(
    "factor, edge, percent",
    [
        (3, 4, -11.11),
        (3, 2, 33.33),
        (-3, 4, 6.67),
        (-3, 2, -11.11),
        (2, 8 / 3, -20.0),
        (2, 4 / 3, 100.0),
        (2, 1.7, 21.43),
        (2, 2.3, -11.54),
        (3, 2.25, 20.0),
        (3, 4.125, -12.0),
        (-1, 4 / 3, 14.29),
    ],
)
def test_edges(factor, edge, percent):
    move = theory.edge_move(factor, edge)
    # A few are printed with one decimal.
    assert 100 * move == pytest.approx(percent, abs=0.06)
    assert theory.drifted(factor, move) == pytest.approx(edge)


def test_drifted_to_nothing():
    assert theory.drifted(3, -0.34) == math.inf


@pytest.mark.parametrize("before, after, leverage", [(10_000, 11_000, 2.5385), (100, 105, 2.739)])
def test_leverage_that_exchanges_publish(before, after, leverage):
    assert theory.drifted(3, after / before - 1) == pytest.approx(leverage, abs=5e-4)


def test_turnover_of_a_daily_reset():
    assert theory.reset_turnover(3, 0.69) == pytest.approx(63, abs=0.5)


@pytest.mark.parametrize(
    "factor, half_width, trades, cost, error",
    [
        (3, 0.5, 60.8, 0.0152, 0.133),
        (3, 1.0, 15.2, 0.0076, 0.265),
        (2, 1 / 3, 15.2, 0.00254, None),
        (-3, 1.0, 60.8, 0.0304, None),
    ],
)
def test_bands(factor, half_width, trades, cost, error):
    assert theory.trades_per_year(factor, half_width, SIGMA) == pytest.approx(trades, rel=5e-3)
    assert theory.cost_per_year(factor, half_width, SIGMA, FEE) == pytest.approx(cost, rel=5e-3)
    if error is not None:
        assert theory.tracking_error(half_width, SIGMA) == pytest.approx(error, rel=5e-3)


def test_bands_traded_to_their_edge():
    cost = theory.cost_per_year(3, 0.5, SIGMA, FEE, Style.EDGE)
    error = theory.tracking_error(0.5, SIGMA, Style.EDGE)
    assert cost == pytest.approx(0.0076, rel=5e-3)
    assert error == pytest.approx(0.188, rel=5e-3)
    # Cost times error is the same for every band, with a one-sided spread of twice the fee.
    implied = math.sqrt(3) / 12 * 2 * FEE * SIGMA**3 * theory.spread(3)
    assert cost * error == pytest.approx(implied)


@pytest.mark.parametrize(
    "factor, fee, aversion, half_width",
    [
        (3, 5e-4, 1, 0.476),
        (3, 5e-4, 5, 0.279),
        (3, 5e-4, 20, 0.175),
        (3, 1e-3, 5, 0.351),
        (-3, 5e-4, 5, 0.442),
        (2, 5e-4, 5, 0.134),
        (3, 5e-4, 0.108, 1.0),
    ],
)
def test_best_band(factor, fee, aversion, half_width):
    assert theory.best_band(factor, aversion, fee) == pytest.approx(half_width, abs=1.1e-3)


@pytest.mark.parametrize(
    "style, fee, fixed",
    [
        (Style.TARGET, 5e-4, 0.0),
        (Style.TARGET, 5e-4, 1e-4),
        (Style.TARGET, 0.0, 1e-4),
        (Style.EDGE, 5e-4, 0.0),
    ],
)
def test_best_band_is_the_least(style, fee, fixed):
    aversion = 5.0

    def loss(half_width):
        cost = theory.cost_per_year(3, half_width, SIGMA, fee, style, fixed)
        return cost + aversion / 2 * theory.tracking_error(half_width, SIGMA, style) ** 2

    best = theory.best_band(3, aversion, fee, style, fixed)
    assert loss(best) < min(loss(best * 0.99), loss(best * 1.01))


def test_best_band_of_fixed_costs_alone():
    assert theory.best_band(3, 5, 0.0, fixed=1e-4) == pytest.approx((12e-4 * 36 / 5) ** 0.25)


@pytest.mark.parametrize(
    "leverage, down, up",
    [
        (3, -32.66, 32.01),
        (4, -24.24, 23.76),
        (2, -49.49, 48.51),
        (4.125, -23.48, 23.01),
        (8 / 3, -36.87, 36.14),
    ],
)
def test_wipe_gap(leverage, down, up):
    assert 100 * theory.wipe_gap(leverage, True, 0.01) == pytest.approx(down, abs=6e-3)
    assert 100 * theory.wipe_gap(leverage, False, 0.01) == pytest.approx(up, abs=6e-3)
    assert theory.wipe_gap(leverage, True) == -1 / leverage


def test_wipe_probability():
    assert theory.wipe_probability(2, 3, 0.1) == pytest.approx(1 - math.exp(-0.6))
    assert theory.wipe_probability(2, 3, 0.0) == 0


def test_funding():
    assert theory.funding_apr(1e-4) == pytest.approx(0.1095)
    assert theory.funding_apy(1e-4) == pytest.approx(0.1157, abs=5e-5)
    assert theory.funding_drag(3, 1e-4) == pytest.approx(1 - 0.28, abs=5e-4)
    assert theory.funding_drag(-3, 1e-4) > 1
