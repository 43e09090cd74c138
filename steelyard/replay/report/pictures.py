"""Pictures of a replay, in the house style of `steelyard.charts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from steelyard.charts import EMERGENCY, NAIVE, NAV, TokenSeries, dress_time, token_figure
from steelyard.demo.amounts import percent
from steelyard.replay.path import Floats, Ints
from steelyard.replay.report.figures import CENTI, Subject, distances, trades, waterfall
from steelyard.replay.report.thinning import thin, union

STRETCHES = 1_500
"""Of a series: more than a picture has pixels for."""
GAIN, LOSS = "#2e8b57", EMERGENCY
_DAY = 86_400
_SHORT = 500
_DPI = 130


def write_pictures(subjects: Sequence[Subject], folder: Path) -> list[Path]:
    """Write the pictures of a replay.

    Args:
        subjects: The tokens, a column each.
        folder: Where; it exists.

    Returns:
        `tokens.png`, NAV and leverage; `risk.png`, where the return went, and how near the end was.
    """
    figures = {
        "tokens.png": token_figure([series(subject) for subject in subjects]),
        "risk.png": risk_figure(subjects),
    }
    for name, figure in figures.items():
        figure.savefig(folder / name, format="png", metadata={"Software": None})
    return [folder / name for name in figures]


def series(subject: Subject) -> TokenSeries:
    """Return what a picture of a token needs: each row before and after its trades.

    Args:
        subject: Which.
    """
    result = subject.result
    before, after = result.rows.leverage_open.copy(), result.leverage.copy()
    if result.ended_at is not None:
        after[result.ended_at :] = math.nan
    traded = np.array([event.bar for event in result.rebalances], dtype=np.int64)
    chosen = union(
        thin(result.price, STRETCHES),
        thin(result.nav, STRETCHES),
        thin(before, STRETCHES),
        traded,
        np.maximum(traded - 1, 0),
    )
    twice = np.repeat(chosen, 2)
    shortest = (int(result.time[-1]) - int(result.time[0])) / _SHORT
    level = np.stack([before[chosen], after[chosen]], axis=1).ravel()
    return TokenSeries(
        symbol=subject.name,
        leverage_factor=result.settings.kind.factor,
        times=result.time[twice].tolist(),
        spot=result.price[twice].tolist(),
        nav=result.nav[twice].tolist(),
        leverage=level.tolist(),
        band=subject.band,
        rebalances=[(trade.time, trade.trigger) for trade in trades(result)],
        gaps=[gap for gap in result.path.gaps if gap.end - gap.start >= shortest],
    )


def risk_figure(subjects: Sequence[Subject]) -> Figure:
    """Draw tokens side by side: waterfall of the return, drawdown, and nearness to liquidation.

    Args:
        subjects: One for each column.
    """
    columns = len(subjects)
    figure = Figure(figsize=(max(6.5, 4.4 * columns), 9.2), dpi=_DPI, layout="constrained")
    panels = figure.subplots(3, columns, squeeze=False, height_ratios=(5, 3, 3))
    for column, subject in enumerate(subjects):
        steps, lost, near = panels[:, column]
        _draw_waterfall(steps, subject)
        result = subject.result
        _draw_share(lost, result.time, -result.drawdown, NAV)
        _draw_share(near, result.time[:-1], distances(result), NAIVE)
        near.set_ylim(0, min(near.get_ylim()[1], 1))
    panels[1][0].set_ylabel("below the highest NAV so far")
    panels[2][0].set_ylabel("price move to liquidation,\nfrom each bar's worst price")
    figure.align_ylabels(panels[:, 0])
    return figure


def _draw_waterfall(panel: Axes, subject: Subject) -> None:
    """Draw the steps from what was put in, at the top, to what is left."""
    steps = waterfall(subject.result)
    left = CENTI + sum(amount for _, amount in steps)
    starts, lengths = [0], [CENTI]
    for _, amount in steps:
        starts.append(starts[-1] + lengths[-1])
        lengths.append(amount)
    names = ["put in", *(name for name, _ in steps), "left"]
    colours = [NAV, *(GAIN if amount >= 0 else LOSS for _, amount in steps), NAV]
    texts = [percent(amount, 2) for _, amount in steps]
    texts = [percent(CENTI, 2, sign=False), *texts, percent(left, 2, sign=False)]
    bars = list(zip((*starts, 0), (*lengths, left), texts, strict=True))
    for place, (start, length, text) in enumerate(bars):
        panel.barh(place, length / CENTI, left=start / CENTI, color=colours[place], height=0.66)
        panel.annotate(
            text.replace("-", "\N{MINUS SIGN}"),
            (max(start, start + length) / CENTI, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color="#444444",
        )
    panel.axvline(0, color="#999999", linewidth=0.8)
    panel.set_yticks(range(len(names)), names)
    panel.invert_yaxis()
    low, high = panel.get_xlim()
    panel.set_xlim(low, high + 0.28 * (high - low))
    panel.set_title(f"{subject.name}: where the return went", fontsize=11, fontweight="bold", pad=8)
    panel.set_xlabel("of what was put in", fontsize=8)
    _dress(panel, panel.xaxis, 4)


def _draw_share(panel: Axes, times: Ints, values: Floats, colour: str) -> None:
    """Draw fractions over time."""
    chosen = thin(values, STRETCHES)
    panel.plot(times[chosen] / _DAY, values[chosen], color=colour, linewidth=1.1)
    dress_time(panel, int(times[0]), int(times[-1]))
    _dress(panel, panel.yaxis, 6)


def _dress(panel: Axes, axis: Axis, ticks: int) -> None:
    """Make a panel quiet, the values of an axis percentages."""
    axis.set_major_locator(MaxNLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0%}"))
    panel.grid(axis="x" if axis is panel.xaxis else "y", color="#eeeeee", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
