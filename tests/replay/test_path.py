"""Paths say what is wrong with them; drawn ones follow from their seed."""

from dataclasses import replace

import numpy as np
import pytest

from steelyard.history import default_history
from steelyard.replay import PathError, from_history, from_prices, read_path
from steelyard.replay.making import JumpDiffusion, bootstrap, jump_diffusion
from steelyard.replay.path import ANSWER, Path, to_answers
from tests.replay.makers import HOUR, MIDNIGHT, hourly, walk, with_bars


def refused(make):
    with pytest.raises(PathError) as caught:
        make()
    return str(caught.value)


def test_a_history_becomes_the_same_bars_in_the_feeds_units():
    history = default_history()
    path = from_history(history)
    assert len(path) == len(history.bars) and path.step == HOUR
    for bar in (0, 100, len(path) - 1):
        columns = [int(getattr(path, name)[bar]) for name in ("open", "high", "low", "close")]
        known = history.bars[bar]
        assert [price * 10**10 for price in columns] == list(
            (known.open, known.high, known.low, known.close)
        )
        assert path.time[bar] == known.timestamp
        assert path.funding[bar] == history.rate_at(known.timestamp)
    assert path.gaps == history.gaps
    assert path.end == history.end


def test_files_are_read_without_funding_too(tmp_path):
    prices = tmp_path / "prices.csv"
    rows = [f"{MIDNIGHT + hour * HOUR},100,101,99,100" for hour in range(5)]
    prices.write_text("\n".join(["timestamp,open,high,low,close", *rows]) + "\n")
    path = read_path(prices, start=MIDNIGHT + HOUR)
    assert (len(path), path.funding.tolist()) == (4, [0] * 4)
    (tmp_path / "funding.csv").write_text(f"timestamp,rate\n{MIDNIGHT},0.0001\n")
    path = read_path(prices, tmp_path / "funding.csv")
    assert path.funding.tolist() == [3 * 10**14] * 5
    assert not path.settlements.any()


def test_funding_is_booked_every_eight_hours_and_where_it_changes():
    path = hourly([100.0] * 25, rate=0.001)
    assert np.flatnonzero(path.settlements).tolist() == [8, 16]
    rates = path.funding.copy()
    rates[3:5] = 0
    assert np.flatnonzero(replace(path, funding=rates).settlements).tolist() == [3, 5, 8, 16]


def test_cuts_are_by_time():
    path = hourly([100.0] * 49)
    assert len(path.cut("2020-01-02")) == 24
    assert len(path.cut(end="2020-01-01T06:00")) == 6
    said = refused(lambda: path.cut("2021-01-01"))
    assert said == (
        "prices has no prices in this range (it has 2020-01-01 00:00 to 2020-01-03 00:00 UTC)"
    )


def test_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        hourly([1.0, 2.0]).open[0] = 3


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"low": {1: 101}}, "bar 1 (2020-01-01 01:00 UTC): low is not the lowest"),
        ({"high": {2: 99}}, "bar 2 (2020-01-01 02:00 UTC): high is not the highest"),
        ({"low": {0: 0}}, "bar 0 (2020-01-01 00:00 UTC): low is not above zero"),
        ({"high": {0: 1e10}}, "bar 0 (2020-01-01 00:00 UTC): high is 1e10 or more"),
        (
            {"time": {2: MIDNIGHT + HOUR + 1}},
            "bar 2 (2020-01-01 01:00:01 UTC): it begins before the last one's end",
        ),
    ],
)
def test_a_wrong_bar_is_named(changed, said):
    assert refused(lambda: with_bars(hourly([100.0] * 4), **changed)) == (
        f"prices: {said} (mend the bar)"
    )


def test_what_is_no_path_is_refused():
    assert refused(lambda: from_prices([1.0])).startswith("a path of fewer than two prices")
    assert refused(lambda: to_answers([1.0, np.nan])).startswith("a price is not a finite number")
    assert refused(lambda: from_prices([1, 2], start=5)).endswith("(mend the bar)")
    assert refused(lambda: from_prices([1, 2], rate=1.1)).count("over 100 % per day")
    assert refused(lambda: from_prices([1, 2], step=0)) == (
        "a bar of 0 seconds (use 1 second to 10 days)"
    )
    path = hourly([1.0, 2.0])
    assert refused(lambda: replace(path, low=path.low[:0])).startswith("the arrays of a path")


# Made paths


def test_a_bootstrap_has_the_bars_of_its_history():
    history = walk(1, hours=100)
    drawn = bootstrap(history, 250, seed=5, block=10)
    assert len(drawn) == 250 and drawn.gaps == ()
    shapes = {round(low / first, 9) for low, first in zip(history.low, history.open, strict=True)}
    found = {round(low / first, 9) for low, first in zip(drawn.low, drawn.open, strict=True)}
    assert len(found - shapes) < 0.1 * len(found)
    assert set(drawn.funding.tolist()) <= set(history.funding.tolist())
    same = bootstrap(history, 250, seed=5, block=10)
    assert (same.close == drawn.close).all()
    assert (bootstrap(history, 250, seed=6, block=10).close != drawn.close).any()
    assert (bootstrap(history, 100, seed=5, block=10).low == drawn.low[:100]).all()


def test_a_jump_diffusion_has_the_moments_of_its_model():
    calm = JumpDiffusion(volatility=0.5, jumps=0.0, drift=0.1)
    path = jump_diffusion(calm, 20_000, seed=3)
    moves = np.diff(np.log(path.marks / ANSWER))
    assert moves.std() * np.sqrt(8_760) == pytest.approx(0.5, rel=0.03)
    wild = replace(calm, jumps=100.0, jump_mean=-0.1, jump_spread=0.0)
    fallen = np.diff(np.log(jump_diffusion(wild, 20_000, seed=3).marks / ANSWER)) < -0.07
    assert fallen.sum() == pytest.approx(100 * 20_000 / 8_760, rel=0.25)
    assert (
        jump_diffusion(wild, 50, seed=3).high == jump_diffusion(wild, 90, seed=3).high[:50]
    ).all()


def test_a_made_path_stays_in_bounds_or_is_refused():
    doomed = JumpDiffusion(jumps=8_760.0, jump_mean=-1.0, jump_spread=0.0, drift=-8_760.0)
    assert jump_diffusion(doomed, 100, seed=1).low.min() == 10_000
    risen = JumpDiffusion(drift=50_000.0, price=1e9)
    assert refused(lambda: jump_diffusion(risen, 100, seed=1)) == (
        "jump diffusion 1: the price leaves all bounds (make it shorter or calmer)"
    )
    assert refused(lambda: bootstrap(walk(1), 0, 1)) == "0 bars in blocks of 24 (draw at least one)"
    assert isinstance(jump_diffusion(JumpDiffusion(), 1, seed=1), Path)
