"""Pictures of tokens over time: what a share was worth, and the leverage behind it.

This is display: numbers are floats, leverage and NAV in plain units, times unix seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, nan
from pathlib import Path
from types import MappingProxyType

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from steelyard.errors import SteelyardError

NAV, NAIVE, SPOT, LEVERAGE = "#1f5fa8", "#d9822b", "#9a9a9a", "#333333"
BAND, EMERGENCY, DOWNTIME = "#cfe8cf", "#c0392b", "#ddd6c8"
DAY = 86_400

# Trigger to marker, colour and size; the rest looks like `_OTHER`.
_MARKERS: Mapping[str, tuple[str, str, int]] = MappingProxyType(
    {
        "emergency": ("X", "#c0392b", 64),
        "drift": ("o", "#1f5fa8", 46),
        "schedule": ("s", "#2e8b57", 36),
        "rebuild": ("D", "#8e44ad", 40),
        "wind down": ("v", "#111111", 48),
        "unfinished": (".", "#e0a100", 60),
    }
)
_OTHER = ("P", "#555555", 48)
# What the ticks leave out of a date, from years to seconds.
_OFFSETS = ["UTC", "%Y UTC", "%b %Y UTC", *["%d %b %Y UTC"] * 2, "%d %b %Y %H:%M UTC"]
# Leverage above this multiple of em is off the picture; a note says how high it went.
_HEADROOM = 1.7
# Less is off the picture: a position that was worth nothing is gone.
_FLOOR = -0.1


class ChartError(SteelyardError):
    """A series that cannot be drawn."""


@dataclass(frozen=True)
class TokenSeries:
    """A token over time.

    Attributes:
        symbol: Of the token, e.g. `BTC3L`.
        leverage_factor: Target, signed: -2 is a double short.
        times: Unix seconds, ascending; a time may be there twice, before and after a rebalance.
        spot: Price at each time, quote, above zero.
        nav: Net asset value per share at each time, quote; the first above zero.
        leverage: Real leverage at each time, unsigned; inf or nan where equity is gone.
        band: Edges lo and hi, and the emergency leverage em; unsigned; inf = there is none.
        rebalances: Time (unix seconds) and name of the trigger, by time.
        gaps: Downtimes, start and end, unix seconds.
    """

    symbol: str
    leverage_factor: float
    times: Sequence[int]
    spot: Sequence[float]
    nav: Sequence[float]
    leverage: Sequence[float]
    band: tuple[float, float, float]
    rebalances: Sequence[tuple[int, str]] = ()
    gaps: Sequence[tuple[int, int]] = ()

    def __post_init__(self) -> None:
        """Check that there is something to draw.

        Raises:
            ChartError: There is not, or the lists do not fit together.
        """
        if len(self.times) < 2:
            raise ChartError(
                f"{self.symbol} has {len(self.times)} points in time", "give at least two"
            )
        for name in ("spot", "nav", "leverage"):
            values = getattr(self, name)
            if len(values) != len(self.times):
                raise ChartError(
                    f"{self.symbol} has {len(self.times)} times but {len(values)} of {name}",
                    "give one value for each time",
                )
        if any(later < time for time, later in pairwise(self.times)):
            raise ChartError(f"the times of {self.symbol} go back", "sort them")
        if not (self.spot[0] > 0 and self.nav[0] > 0):
            raise ChartError(f"{self.symbol} starts at zero", "start where it is worth something")

    @property
    def naive(self) -> list[float]:
        """What 1 would be with the leverage times the return of spot, never rebalanced.

        >>> TokenSeries("X2L", 2, [0, 1], [100, 75], [1, 0.6], [2, 3], (1.6, 2.5, 3.1)).naive
        [1.0, 0.5]
        """
        return [1 + self.leverage_factor * (price / self.spot[0] - 1) for price in self.spot]


def draw_tokens(series: Sequence[TokenSeries], path: str | Path) -> None:
    """Write a picture of tokens, see `token_figure`.

    Args:
        series: One for each column.
        path: Of the PNG; its folder is made.

    Raises:
        ChartError: There is no series.
    """
    figure = token_figure(series)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png", metadata={"Software": None})


def token_figure(series: Sequence[TokenSeries]) -> Figure:
    """Draw tokens side by side: NAV against spot above, real leverage in its band below.

    Args:
        series: One for each column.

    Raises:
        ChartError: There is no series.
    """
    if not series:
        raise ChartError("there is no token to draw", "give at least one series")
    # Not from pyplot: nothing of it is global, and no screen is asked for.
    figure = Figure(figsize=(max(6.5, 4.4 * len(series)), 6.8), dpi=130, layout="constrained")
    panels = figure.subplots(2, len(series), sharex="col", squeeze=False, height_ratios=(5, 4))
    for column, token in enumerate(series):
        worth, lever = panels[0][column], panels[1][column]
        _draw_worth(worth, token)
        _draw_leverage(lever, token)
        for panel in (worth, lever):
            _dress(panel, token)
    panels[0][0].set_ylabel("value, start = 1")
    panels[1][0].set_ylabel("real leverage")
    figure.align_ylabels(panels[:, 0])
    _add_legend(figure, len(series))
    return figure


def _add_legend(figure: Figure, columns: int) -> None:
    """Say once, below all panels, what everything is."""
    entries: dict[str, Artist] = {}
    for panel in figure.axes:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    if "downtime" in entries:
        entries["downtime"] = entries.pop("downtime")  # last: it belongs to all panels
    figure.legend(
        list(entries.values()),
        list(entries),
        loc="outside lower center",
        ncols=min(len(entries), columns + 2),
        frameon=False,
        fontsize=9,
    )


def _draw_worth(panel: Axes, token: TokenSeries) -> None:
    """Draw NAV, the naive multiple of spot, and spot."""
    nav = [value / token.nav[0] for value in token.nav]
    spot = [price / token.spot[0] for price in token.spot]
    for values, label, colour, style, width in (
        (spot, "spot", SPOT, "-", 1.2),
        (token.naive, "leverage x spot return", NAIVE, "--", 1.3),
        (nav, "NAV per share", NAV, "-", 1.9),
    ):
        panel.plot(*_broken(token, values), style, color=colour, linewidth=width, label=label)
    if min(token.naive) < _FLOOR:
        panel.set_ylim(bottom=_FLOOR)
    factor = f"{token.leverage_factor:+g}x".replace("-", "\N{MINUS SIGN}")
    panel.set_title(f"{token.symbol}  ({factor})", fontsize=12, fontweight="bold", pad=22)
    changes = (("NAV", nav), (f"{factor} spot", token.naive), ("spot", spot))
    panel.text(
        0.5,
        1.02,
        ",  ".join(f"{name} {_percent(values[-1] - 1)}" for name, values in changes),
        transform=panel.transAxes,
        ha="center",
        va="bottom",
        fontsize=9,
        color="#444444",
    )


def _draw_leverage(panel: Axes, token: TokenSeries) -> None:
    """Draw leverage inside its band, with every rebalance on it."""
    lo, hi, em = token.band
    known = [value for value in token.leverage if isfinite(value)]
    peak = max(token.leverage, key=lambda value: value if value == value else inf)
    edge = next((level for level in (em, hi) if isfinite(level)), abs(token.leverage_factor))
    top = min(max([edge, *known]) * 1.12, edge * _HEADROOM)
    if lo > 0 or isfinite(hi):
        panel.axhspan(lo, min(hi, top), color=BAND, linewidth=0, label="band", zorder=0)
    if isfinite(em):
        panel.axhline(em, color=EMERGENCY, linestyle=":", linewidth=1.4, label="emergency leverage")
    panel.plot(
        *_broken(token, [value if isfinite(value) else nan for value in token.leverage]),
        color=LEVERAGE,
        linewidth=1.1,
        label="real leverage",
    )
    panel.set_ylim(0, top)
    _mark_rebalances(panel, token, top)
    if not peak < top:
        at = token.times[token.leverage.index(peak)]
        note = f"up to {peak:.1f}x" if isfinite(peak) else "equity gone"
        early = at < (token.times[0] + token.times[-1]) / 2
        panel.annotate(
            note,
            (_days([at])[0], top),
            xytext=(7 if early else -7, -5),
            textcoords="offset points",
            ha="left" if early else "right",
            va="top",
            fontsize=8,
            color=EMERGENCY,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )


def _mark_rebalances(panel: Axes, token: TokenSeries, top: float) -> None:
    """Draw a marker for each rebalance, on the line; what is above the picture, at its edge."""
    by_trigger: dict[str, list[int]] = {}
    for time, trigger in token.rebalances:
        by_trigger.setdefault(trigger.lower().replace("_", " "), []).append(time)
    known = [name for name in _MARKERS if name in by_trigger]
    for trigger in (*known, *sorted(by_trigger.keys() - known)):
        times = by_trigger[trigger]
        marker, colour, size = _MARKERS.get(trigger, _OTHER)
        values = [token.leverage[max(bisect_right(token.times, at) - 1, 0)] for at in times]
        panel.scatter(
            _days(times),
            [min(value, top * 0.97) for value in values],
            s=size,
            marker=marker,
            color=colour,
            edgecolors="white",
            linewidths=0.6,
            label=f"rebalance: {trigger}",
            zorder=3,
        )


def _dress(panel: Axes, token: TokenSeries) -> None:
    """Shade downtime, and make the axes quiet and readable."""
    for start, end in token.gaps:
        panel.axvspan(*_days([start, end]), color=DOWNTIME, linewidth=1, label="downtime", zorder=1)
    dress_time(panel, token.times[0], token.times[-1])
    panel.yaxis.set_major_locator(MaxNLocator(6))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    panel.grid(axis="y", color="#eeeeee", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=9)
    panel.spines[["top", "right"]].set_visible(False)


def dress_time(panel: Axes, start: int, end: int) -> None:
    """Make an axis of days since 1970 say UTC dates.

    Args:
        panel: Whose horizontal axis.
        start: Its left end, unix seconds.
        end: Its right end, unix seconds.
    """
    panel.set_xlim(*_days([start, end]))
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    formatter = ConciseDateFormatter(locator, offset_formats=_OFFSETS)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(formatter)


def _broken(token: TokenSeries, values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Return what to plot: days and values, interrupted where there was downtime."""
    points = [*zip(token.times, values, strict=True)]
    points += [((start + end) // 2, nan) for start, end in token.gaps]
    points.sort(key=lambda point: point[0])
    return _days(time for time, _ in points), [value for _, value in points]


def _days(times: Iterable[int]) -> list[float]:
    """Return times (unix seconds) as matplotlib counts them, in days."""
    return [time / DAY for time in times]


def _percent(change: float) -> str:
    """Return a relative change for people.

    >>> _percent(0.1234), _percent(-1)
    ('+12.3 %', '−100.0 %')
    """
    return f"{change * 100:+.1f} %".replace("-", "\N{MINUS SIGN}")
