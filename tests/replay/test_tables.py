"""What exchanges printed of their tokens, and what formulas say, comes out of both engines."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard.replay import Event, from_prices, make_settings, replay, vector

# Returns of (spot, a static 3x, a 3x reset daily), in percent: FTX help 360032720832.
FTX_DAYS = [
    ((10_000, 11_000, 10_000), 0, 0, -5.4545),
    ((10_000, 11_000, 12_100), 21, 63, 69),
    ((10_000, 9_500, 9_000), -10, -30, -28.42),
    ((200, 210, 220), 10, 30, 31.43),
    ((200, 210, 200), 0, 0, -1.43),
    ((200, 190, 180), -10, -30, -28.42),
]
# Four days of a 3L, growth of it and of spot: KuCoin support 900004691986.
KUCOIN_DAYS = [
    ((10, 10, 10, 10), 2.8561, 46.41),
    ((-10, -10, -10, -10), 0.2401, -34.39),
    ((10, -10, 10, -10), 0.8281, -1.99),
]
ENGINES = {
    "bytecode": replay,
    "floats": lambda path, settings: vector.play([settings], path).result(0),
}


@pytest.fixture(params=ENGINES)
def play(request):
    """Play prices, a day apart, to a token that pays no costs, with one engine and the other."""

    def play(prices, token="3L", rule="daily", rate=0.0, **changes):
        settings = make_settings(token, rule).without_costs()
        settings = replace(settings, **{"deposit": 10_000.0} | changes)
        return ENGINES[request.param](from_prices(prices, rate=rate), settings)

    return play


def trades(result):
    return [event.size_delta for event in result.rebalances]


@pytest.mark.parametrize(("prices", "spot", "static", "daily"), FTX_DAYS)
def test_ftx_days(play, prices, spot, static, daily):
    result = play(prices, rule="ftx")
    assert result.price_return * 100 == pytest.approx(spot)
    assert play(prices, rule="hold").total_return * 100 == pytest.approx(static, abs=1e-6)
    assert result.total_return * 100 == pytest.approx(daily, abs=0.005)


def test_ftx_rebalance(play):
    """-20,000 and 150 ETH at 210: worth 11,500, at 2.739x, and 14.2857 ETH short of 3x."""
    result = play((200, 210, 210))
    (event,) = result.rebalances
    assert isinstance(event, Event)
    assert event.equity == pytest.approx(11_500, rel=1e-7)
    assert event.leverage_before == pytest.approx(31_500 / 11_500, rel=1e-7)
    assert event.size_delta == pytest.approx(14.285714, abs=1e-6)
    assert event.leverage_after == pytest.approx(3, rel=1e-9)


@pytest.mark.parametrize(("moves", "grown", "spot"), KUCOIN_DAYS)
def test_kucoin_days(play, moves, grown, spot):
    prices = [100.0]
    for move in moves:
        prices.append(prices[-1] * (1 + move / 100))
    result = play(prices, rule="kucoin")
    assert 1 + result.total_return == pytest.approx(grown, rel=1e-8)
    assert result.price_return * 100 == pytest.approx(spot)


@pytest.mark.parametrize(
    ("price", "nav", "leverage", "traded"),
    [(35_555.55555555, 20 / 3, 4.0, -75), (53_333.33333334, 20.0, 2.0, 150)],
)
def test_bybit_edges(play, price, nav, leverage, traded):
    """40,000, 300 BTC and 400,000 tokens at 10: at either edge it goes back to 3x."""
    result = play((40_000, price, price), rule="bybit", deposit=4e6, initial_nav=10.0)
    assert result.rows.shares[0] == pytest.approx(400_000)
    assert result.rows.size[0] == pytest.approx(300, rel=1e-6)
    assert result.nav[1] == pytest.approx(nav, rel=1e-6)
    assert result.rows.leverage_open[1] == pytest.approx(leverage, rel=1e-6)
    assert trades(result) == [pytest.approx(traded, rel=1e-6)]


def test_bybit_waits_inside_its_band(play):
    assert trades(play((40_000, 35_556, 53_333), rule="bybit", deposit=4e6)) == []


def test_pionex_and_xt_drift(play):
    assert play((10_000, 11_000, 11_000)).rows.leverage_open[1] == pytest.approx(33 / 13)
    result = play((100, 105, 105), deposit=1_000.0)
    assert result.rows.leverage_open[1] == pytest.approx(315 / 115)
    assert trades(result)[0] * 105 == pytest.approx(300, rel=1e-6)


@pytest.mark.parametrize(
    ("token", "flat", "chop"),
    [("2L", 0.9778, 0.96), ("3L", 0.9333, 0.91), ("1S", 0.9778, 0.99), ("3S", 0.8667, 0.91)],
)
def test_there_and_back(play, token, flat, chop):
    """-10 % and back; then +10 % and -10 %: 1 - (L r)^2, whatever the side."""
    assert 1 + play((100, 90, 100), token).total_return == pytest.approx(flat, abs=5e-5)
    assert 1 + play((100, 110, 99), token).total_return == pytest.approx(chop, rel=1e-8)


@pytest.mark.parametrize(("token", "factor"), [("3L", 3), ("2L", 2), ("3S", -3), ("1S", -1)])
def test_daily_rule_is_the_closed_product(play, token, factor):
    """(1 + L r) over all days, to 1e-9."""
    source = np.random.default_rng(1)
    result = play(1_000 * np.exp(np.cumsum(source.normal(0, 0.03, 40))), token)
    marks = result.path.marks
    expected = np.prod(1 + factor * (marks[1:] / marks[:-1] - 1))
    assert 1 + result.total_return == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("token", "paid"), [("1L", 0.1095), ("3L", 0.3285), ("3S", -0.3285)])
def test_a_basis_point_of_funding_is_eleven_percent_a_year(play, token, paid):
    result = play([100.0] * 366, token, "hold", rate=0.0003)
    assert result.total_return == pytest.approx(-paid, rel=1e-7)
    assert result.parts["funding"] == pytest.approx(-paid, rel=1e-7)


def test_management_fee_of_a_year(play):
    for rule, fee in (("steelyard", 0.01), ("ftx", 1 - 0.9997**365)):
        result = play([100.0] * 366, rule=rule, management_fee=fee, deposit=1e6)
        assert result.parts["management"] == pytest.approx(-fee, rel=1e-3)
