"""The charts of the page, as plotly draws them in a browser."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import plotly.graph_objects as go  # type: ignore[import-untyped]

from steelyard.demo.amounts import percent
from steelyard.replay.path import Floats, Ints
from steelyard.replay.report.figures import CENTI, Subject, Trade, distances, trades, waterfall
from steelyard.replay.report.thinning import thin

STRETCHES = 900
"""Of a curve: what it loses is narrower than a pixel; and four years stay small."""
# Seen on white and on near black.
NAV, NAIVE, SPOT, LEVERAGE, WORST = "#3d85d8", "#d9822b", "#8f8f8f", "#7a8594", "#e07b7b"
BAND, EMERGENCY, GAIN, LOSS = "rgba(70, 165, 90, 0.18)", "#d9453d", "#3a9d6a", "#d9453d"
MARKERS = {
    "EMERGENCY": ("x", "#d9453d"),
    "DRIFT": ("circle", "#3d85d8"),
    "SCHEDULE": ("square", "#3a9d6a"),
    "REBUILD": ("diamond", "#9b6ad0"),
    "WIND_DOWN": ("triangle-down", "#8f8f8f"),
    "UNFINISHED": ("circle-open", "#d9a12b"),
}
_HEADROOM = 1.9
_MILLI = 1_000


def worth(subject: Subject) -> go.Figure:
    """Draw NAV, spot and naively leveraged spot, all from 1, linear or by ratio.

    Args:
        subject: Which.
    """
    result = subject.result
    spot = result.price / result.price[0]
    factor = result.settings.kind.factor
    naive = 1 + factor * (spot - 1)
    nav = result.nav / result.nav[0]
    figure = go.Figure()
    _curve(figure, result.time, spot, subject.market or "spot", SPOT)
    _curve(figure, result.time, naive, f"{factor:g} x its move", NAIVE)
    _curve(figure, result.time, nav, f"{subject.name} (NAV)", NAV, width=2.2)
    top = float(max(spot.max(), naive.max(), nav.max()))
    bottom = max(float(min(nav.min(), naive.min())), -0.1)
    linear = [bottom - 0.03 * top, 1.05 * top]
    lowest = max(float(min(nav[nav > 0].min(), spot.min())), 1e-8)
    ratio = [math.log10(lowest) - 0.1, math.log10(top) + 0.1]
    figure.update_layout(
        yaxis={"title": "value, start = 1", "range": linear},
        updatemenus=[
            {
                "type": "buttons",
                "direction": "right",
                "showactive": False,
                "x": 1,
                "xanchor": "right",
                "y": 1.02,
                "yanchor": "bottom",
                "pad": {"t": 0, "b": 0},
                "buttons": [
                    _button("linear", "linear", linear),
                    _button("ratio (log)", "log", ratio),
                ],
            }
        ],
    )
    return dressed(figure, 400, result.time)


def levers(subject: Subject) -> go.Figure:
    """Draw leverage in its band, and each rebalance where leverage was before it.

    Args:
        subject: Which.
    """
    result = subject.result
    low, high, emergency = subject.band
    level, worst = result.rows.leverage_open.copy(), result.peak_leverage.copy()
    if result.ended_at is not None:
        level[result.ended_at + 1 :] = math.nan
        worst[result.ended_at + 1 :] = math.nan
    edges = [edge for edge in (emergency, high) if math.isfinite(edge)]
    edge = edges[0] if edges else result.settings.kind.target
    peak = float(worst[np.isfinite(worst)].max(initial=0))
    top = min(max(edge, peak) * 1.08, edge * _HEADROOM)
    figure = go.Figure()
    if peak > top:
        at = int(np.nanargmax(np.where(np.isfinite(worst), worst, np.nan)))
        figure.add_annotation(
            x=int(result.time[at]) * _MILLI,
            y=top,
            text=f"up to {peak:.1f}x",
            showarrow=False,
            yanchor="top",
            xanchor="left" if at < len(worst) / 2 else "right",
            font={"color": EMERGENCY},
        )
    if low > 0 or math.isfinite(high):
        figure.add_hrect(y0=low, y1=min(high, top), fillcolor=BAND, line_width=0, layer="below")
    if math.isfinite(emergency):
        figure.add_hline(y=emergency, line={"color": EMERGENCY, "dash": "dot", "width": 1.2})
    _curve(figure, result.time[:-1], worst, "worst inside the bar", WORST, width=0.9)
    _curve(figure, result.time, level, "leverage at the open", LEVERAGE, width=1.3)
    _mark(figure, trades(result), top)
    figure.update_layout(yaxis={"title": "leverage", "range": [0, top]})
    return dressed(figure, 360, result.time)


def steps(subject: Subject) -> go.Figure:
    """Draw where the return went.

    Args:
        subject: Which.
    """
    parts = waterfall(subject.result)
    left = CENTI + sum(amount for _, amount in parts)
    amounts = [CENTI, *(amount for _, amount in parts), left]
    texts = [percent(amount, 2) for amount in amounts]
    texts[0], texts[-1] = (percent(amount, 2, sign=False) for amount in (CENTI, left))
    names = ["put in", *(name for name, _ in parts), "left"]
    levels = np.cumsum(amounts[:-1]).tolist()
    ends = [max(pair) / CENTI * 100 for pair in zip([0, *levels[:-1]], levels, strict=True)]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=names,
            x=[amount / CENTI * 100 for amount in (*amounts[:-1], 0)],
            measure=["absolute", *["relative"] * len(parts), "total"],
            increasing={"marker": {"color": GAIN}},
            decreasing={"marker": {"color": LOSS}},
            totals={"marker": {"color": NAV}},
            connector={"line": {"color": SPOT, "width": 1}},
            hoverinfo="skip",
        )
    )
    figure.add_scatter(
        y=names,
        x=[*ends, max(left, 0) / CENTI * 100],
        text=[f" {text}".replace("-", "\N{MINUS SIGN}") for text in texts],
        mode="text",
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
    )
    low, high = min(0, *levels) / CENTI * 100, max(ends)
    room = 0.2 * (high - low)
    figure.update_layout(
        xaxis={"title": "% of what was put in", "range": [low - room / 4, high + room]},
        yaxis={"autorange": "reversed"},
        showlegend=False,
    )
    return dressed(figure, 340)


def losses(subject: Subject) -> go.Figure:
    """Draw the loss since the highest NAV so far.

    Args:
        subject: Which.
    """
    result, figure = subject.result, go.Figure()
    _curve(figure, result.time, -100 * result.drawdown, subject.name, NAV, fill="tozeroy")
    figure.update_layout(
        yaxis={"title": "below the highest NAV, %", "range": [-103, 3]}, showlegend=False
    )
    return dressed(figure, 280, result.time)


def nearness(subject: Subject) -> go.Figure:
    """Draw how far the price was from liquidation, at each bar's worst price.

    Args:
        subject: Which.
    """
    result, figure = subject.result, go.Figure()
    near = 100 * distances(result)
    _curve(figure, result.time[:-1], near, subject.name, NAIVE, fill="tozeroy")
    top = float(near[np.isfinite(near)].max(initial=1))
    figure.update_layout(
        yaxis={"title": "price move to liquidation, %", "range": [0, min(1.05 * top, 100)]},
        showlegend=False,
    )
    return dressed(figure, 280, result.time)


def _curve(
    figure: go.Figure,
    times: Ints,
    values: Floats,
    name: str,
    color: str,
    *,
    width: float = 1.3,
    fill: str = "none",
) -> None:
    """Add a thinned curve; what is not finite breaks it."""
    known = np.where(np.isfinite(values), values, np.nan)
    chosen = thin(known, STRETCHES)
    figure.add_scatter(
        x=(times[chosen] * _MILLI).astype(np.float64),
        y=known[chosen].astype(np.float32),
        name=name,
        mode="lines",
        line={"color": color, "width": width},
        fill=fill,
        hovertemplate="%{y:.4g}",
    )


def _mark(figure: go.Figure, found: list[Trade], top: float) -> None:
    """Add a marker for each rebalance, by trigger; what is above the picture, at its edge."""
    for trigger in [*MARKERS, *sorted({trade.trigger for trade in found} - MARKERS.keys())]:
        own = [trade for trade in found if trade.trigger == trigger]
        if not own:
            continue
        symbol, color = MARKERS.get(trigger, ("cross", "#8f8f8f"))
        figure.add_scatter(
            x=np.array([trade.time * _MILLI for trade in own], dtype=np.float64),
            y=np.array([min(trade.before, 0.97 * top) for trade in own], dtype=np.float32),
            text=[f"{trade.before:.2f}x to {trade.after:.2f}x" for trade in own],
            name=f"rebalance: {trigger.lower().replace('_', ' ')}",
            mode="markers",
            marker={"symbol": symbol, "color": color, "size": 7},
            hovertemplate="%{text}",
        )


def _button(label: str, kind: str, span: list[float]) -> dict[str, Any]:
    """Return a button that changes the vertical axis."""
    args = [{"yaxis.type": kind, "yaxis.range": span}]
    return {"label": label, "method": "relayout", "args": args}


def dressed(figure: go.Figure, height: int, span: Ints | None = None) -> go.Figure:
    """Make a chart quiet; the page gives it its colours.

    Args:
        figure: Changed, and returned.
        height: Pixels.
        span: First and last time, unix seconds; None = its axis is no time.
    """
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 64, "r": 16, "t": 34, "b": 44},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font={"family": "system-ui, sans-serif", "size": 13},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        hovermode="x",
    )
    figure.update_yaxes(zeroline=False, automargin=True)
    if span is not None:
        ends = [int(span[0]) * _MILLI, int(span[-1]) * _MILLI]
        figure.update_xaxes(type="date", hoverformat="%Y-%m-%d %H:%M", range=ends)
    return figure
