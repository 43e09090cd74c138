"""A picture of the right size with all there is in it, whatever became of the token."""

import struct
from dataclasses import replace
from itertools import combinations
from math import inf, isfinite, nan

import pytest

from steelyard.charts import ChartError, TokenSeries, draw_tokens, token_figure

HOUR = 3_600
T0 = 1_704_067_200
POINTS = 48
TRIGGERS = ("EMERGENCY", "DRIFT", "SCHEDULE", "REBUILD", "WIND_DOWN", "UNFINISHED", "SURPRISE")


def token(**changes):
    spot = [40_000.0 + 50 * hour for hour in range(POINTS)]
    series = TokenSeries(
        symbol="BTC3L",
        leverage_factor=3,
        times=[T0 + hour * HOUR for hour in range(POINTS)],
        spot=spot,
        nav=[100 * (price / spot[0]) ** 3 for price in spot],
        leverage=[3 - hour / POINTS for hour in range(POINTS)],
        band=(2, 4, 5),
    )
    return replace(series, **changes)


def size_of(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


def labels(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def line(panel, label):
    (found,) = [line for line in panel.lines if line.get_label() == label]
    return found.get_ydata()


@pytest.mark.parametrize(("count", "width"), [(1, 845), (2, 1_144), (4, 2_288)])
def test_writes_a_png_as_wide_as_there_are_tokens(tmp_path, count, width):
    path = tmp_path / "new" / "folder" / "tokens.png"
    draw_tokens([token()] * count, path)
    assert size_of(path) == (width, 884)
    assert 20_000 < path.stat().st_size < 400_000


def test_the_same_series_make_the_same_file(tmp_path):
    paths = [tmp_path / name for name in ("one.png", "two.png", "other.png")]
    for path, series in zip(
        paths, (token(), token(), token(rebalances=[(T0, "DRIFT")])), strict=True
    ):
        draw_tokens([series], str(path))
    one, two, other = (path.read_bytes() for path in paths)
    assert one == two != other


def test_values_start_at_one():
    worth, _ = token_figure([token(leverage_factor=-2, spot=[100] * 47 + [110])]).axes
    assert line(worth, "NAV per share")[0] == 1
    assert line(worth, "NAV per share")[-1] == pytest.approx((42_350 / 40_000) ** 3)
    assert list(line(worth, "spot"))[-2:] == pytest.approx([1, 1.1])
    assert list(line(worth, "leverage x spot return"))[-2:] == pytest.approx([1, 0.8])
    assert worth.get_title() == "BTC3L  (−2x)"
    assert worth.texts[0].get_text() == "NAV +18.7 %,  −2x spot −20.0 %,  spot +10.0 %"


def test_a_calm_token_shows_its_band_and_emergency_leverage():
    figure = token_figure([token()])
    assert labels(figure) == [
        "spot",
        "leverage x spot return",
        "NAV per share",
        "band",
        "emergency leverage",
        "real leverage",
    ]
    _, lever = figure.axes
    (band,) = lever.patches
    assert (band.get_y(), band.get_height()) == (2, 2)
    assert set(line(lever, "emergency leverage")) == {5}
    assert 5 < lever.get_ylim()[1] < 6


def test_each_trigger_has_a_marker_of_its_own_where_it_happened():
    rebalances = [(T0 + hour * HOUR + 60, name) for hour, name in enumerate(TRIGGERS)]
    figure = token_figure([token(rebalances=rebalances)])
    names = [f"rebalance: {name.lower().replace('_', ' ')}" for name in TRIGGERS]
    assert sorted(labels(figure)[6:]) == sorted(names)
    _, lever = figure.axes
    assert len({mark.get_paths()[0].vertices.tobytes() for mark in lever.collections}) == 7
    for mark in lever.collections:
        hour = names.index(mark.get_label())
        assert mark.get_offsets().tolist() == [
            [pytest.approx((T0 + hour * HOUR + 60) / 86_400), token().leverage[hour]]
        ]


def test_a_marker_is_where_leverage_is_after_the_rebalance():
    times = [T0, T0 + HOUR, T0 + HOUR, T0 + 2 * HOUR]
    series = token(
        times=times,
        spot=[1] * 4,
        nav=[1] * 4,
        leverage=[3.9, 4.2, 3, 3],
        rebalances=[(T0 + HOUR, "DRIFT")],
    )
    (mark,) = token_figure([series]).axes[1].collections
    assert mark.get_offsets()[0][1] == 3


def test_downtime_is_shaded_and_interrupts_the_lines():
    gap = (T0 + 10 * HOUR, T0 + 11 * HOUR)
    figure = token_figure([token(gaps=[gap])])
    assert labels(figure)[-1] == "downtime"
    for panel in figure.axes:
        shade = panel.patches[-1]
        assert shade.get_x() * 86_400 == pytest.approx(gap[0])
        assert shade.get_width() * 86_400 == pytest.approx(HOUR)
    values = list(line(figure.axes[0], "spot"))
    assert [at for at, value in enumerate(values) if not isfinite(value)] == [11]


@pytest.mark.parametrize(
    ("worst", "note"), [(9.26, "up to 9.3x"), (inf, "equity gone"), (nan, "equity gone")]
)
def test_leverage_off_the_picture_is_said(worst, note):
    leverage = [3.0] * POINTS
    leverage[20] = worst
    _, lever = token_figure([token(leverage=leverage)]).axes
    assert [text.get_text() for text in lever.texts] == [note]
    assert lever.get_ylim()[1] <= 8.5


def test_leverage_just_above_emergency_is_in_the_picture():
    leverage = [3.0] * (POINTS - 1) + [6.0]
    _, lever = token_figure([token(leverage=leverage)]).axes
    assert not lever.texts
    assert lever.get_ylim()[1] > 6


def test_a_multiple_of_spot_below_zero_does_not_squeeze_the_rest():
    worth, _ = token_figure([token(spot=[100.0] * 47 + [20.0])]).axes
    assert min(line(worth, "leverage x spot return")) == pytest.approx(-1.4)
    assert worth.get_ylim()[0] == -0.1


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_nothing_overlaps_or_is_cut(count):
    rebalances = [(T0 + hour * HOUR, name) for hour, name in enumerate(TRIGGERS[:6])]
    series = token(
        nav=[100] * 47 + [0.001],
        spot=[100] * 47 + [1_000],
        rebalances=rebalances,
        gaps=[(T0 + 10 * HOUR, T0 + 12 * HOUR)],
    )
    figure = token_figure([series] * count)
    figure.draw_without_rendering()
    boxes = [figure.legends[0].get_window_extent()]
    for panel in figure.axes:
        boxes += [panel.get_window_extent()]
        boxes += [text.get_window_extent() for text in (panel.title, *panel.texts)]
    boxes = [box for box in boxes if box.width > 1]
    for box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0
        assert box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    for one, other in combinations(boxes, 2):
        assert not one.overlaps(other)


def refusal(**changes):
    with pytest.raises(ChartError) as caught:
        token(**changes)
    return str(caught.value)


def test_no_series(tmp_path):
    with pytest.raises(ChartError) as caught:
        draw_tokens([], tmp_path / "tokens.png")
    assert str(caught.value) == "there is no token to draw (give at least one series)"
    assert not (tmp_path / "tokens.png").exists()


@pytest.mark.parametrize("points", [0, 1])
def test_too_few_points(points):
    empty = dict.fromkeys(("times", "spot", "nav", "leverage"), [1] * points)
    assert refusal(**empty) == f"BTC3L has {points} points in time (give at least two)"


@pytest.mark.parametrize("name", ["spot", "nav", "leverage"])
def test_lists_of_different_length(name):
    assert refusal(**{name: [1.0] * 47}) == (
        f"BTC3L has 48 times but 47 of {name} (give one value for each time)"
    )


def test_times_that_go_back():
    times = [T0 + hour * HOUR for hour in range(POINTS)]
    times[5] = T0
    assert refusal(times=times) == "the times of BTC3L go back (sort them)"


@pytest.mark.parametrize("name", ["spot", "nav"])
def test_a_start_at_zero(name):
    assert refusal(**{name: [0.0] * POINTS}) == (
        "BTC3L starts at zero (start where it is worth something)"
    )
