"""A sweep and its futures for people and machines: tables, a page of heat maps, CSV."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go  # type: ignore[import-untyped]
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from steelyard.replay.report.interactive import dressed
from steelyard.replay.report.machine import write_parquet
from steelyard.replay.report.page import chart, document, paragraph, table_of
from steelyard.replay.report.table import share

AXES = ("band", "delay", "fee", "miss", "leverage", "side", "rule")
"""What a sweep varies; the first two that it does are the axes of a heat map."""
SHOWN = {
    "total_return": "return",
    "trades_per_year": "trades a year, parts apart",
    "cost_per_year": "trading cost a year",
    "tracking_error": "tracking error a year",
    "drawdown": "deepest loss",
}
_COUNTED = ("trades_per_year", "expected_trades", "leverage_max", "leverage")
_DIVERGING, _RISING = "RdYlGn", "YlOrRd"

Column = tuple[str, str]
SWEPT: tuple[Column, ...] = (
    ("token", "token"),
    ("rule", "rule"),
    ("edges", "band"),
    ("fee", "fee"),
    ("delay", "late"),
    ("miss", "missed"),
    ("total_return", "return"),
    ("trades_per_year", "parts/y"),
    ("expected_trades", "theory"),
    ("cost_per_year", "cost/y"),
    ("expected_cost", "theory"),
    ("tracking_error", "tracking/y"),
    ("drawdown", "deepest loss"),
    ("leverage_max", "highest"),
    ("end", "end"),
)
"""Columns of the table of a sweep, and their heads."""


def shown(row: dict[Any, Any], name: str) -> str:
    """Return a figure of a point as text.

    Args:
        row: Of the sweep's table.
        name: Of the column, or of what is made of several.
    """
    if name == "token":
        return f"{row['leverage']:g}{row['side']}"
    if name == "edges":
        return f"[{row['lower']:.3g}, {row['upper']:.3g}]"
    if name == "end":
        died = f"row {row['ended_at']}" if row["ended_at"] >= 0 else "lives"
        return f"{died}, {row['liquidations']} liq." if row["liquidations"] else died
    value = row[name]
    if isinstance(value, str):
        return value
    if not math.isfinite(value):
        return "-"
    if name == "delay":
        return f"{value:g}"
    if name in _COUNTED:
        return f"{value:,.2f}{'x' if name == 'leverage_max' else ''}"
    return share(value, sign=name == "total_return")


def print_sweep(console: Console, table: pd.DataFrame) -> None:
    """Print a line for each point.

    Args:
        console: Where.
        table: Of `steelyard.replay.sweep.sweep`.
    """
    _print(console, [head for _, head in SWEPT], _lines(table))


def write_sweep(
    table: pd.DataFrame, folder: Path, title: str, command: str, parquet: bool = False
) -> list[Path]:
    """Write a sweep as a page and as CSV, and Parquet if wanted.

    Args:
        table: Of `steelyard.replay.sweep.sweep`.
        folder: Where; made if need be.
        title: Of the page.
        command: What was typed.
        parquet: Write that too.

    Returns:
        `sweep.html` and `sweep.csv`, and `sweep.parquet` if wanted.

    Raises:
        ReportError: Parquet is wanted, and pyarrow is not installed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page, rows = folder / "sweep.html", folder / "sweep.csv"
    table.to_csv(rows, index=False)
    page.write_text(sweep_page(table, title, command), encoding="utf-8")
    if not parquet:
        return [page, rows]
    write_parquet(table, rows.with_suffix(".parquet"))
    return [page, rows, rows.with_suffix(".parquet")]


def sweep_page(table: pd.DataFrame, title: str, command: str = "") -> str:
    """Return a sweep as one page: heat maps and a table.

    Args:
        table: Of `steelyard.replay.sweep.sweep`.
        title: Of the page.
        command: What was typed.
    """
    body = [
        paragraph(
            "Each cell is one replay of the same history with other settings. The band is half its "
            "width over the target: 0.33 of a 3x token is from 2x to 4x. Late is how many bars the "
            "keeper comes late. The best cell of one history need not be the best of the next."
        )
    ]
    for number, (heading, part) in enumerate(_groups(table)):
        body.append(chart(f"sweep-{number}", heading, heat(part), ""))
    body.append(table_of([head for _, head in SWEPT], _lines(table)))
    body.append(paragraph(f"Made by {command}") if command else "")
    return document(title, "\n".join(body))


def heat(part: pd.DataFrame) -> go.Figure:
    """Draw the points of a sweep that differ in at most two axes, a figure to choose.

    Args:
        part: Rows of the table.
    """
    across, down = _varied(part)[:2]
    figure = go.Figure()
    for number, (name, text) in enumerate(SHOWN.items()):
        cells = part.pivot_table(index=down, columns=across, values=name, aggfunc="first")
        texts = [[shown({name: each}, name) for each in row] for row in cells.to_numpy().tolist()]
        figure.add_heatmap(
            x=[_tick(each) for each in cells.columns],
            y=[_tick(each) for each in cells.index],
            z=cells.to_numpy().tolist(),
            text=texts,
            texttemplate="%{text}",
            hovertemplate=f"{across} %{{x}}, {down} %{{y}}: %{{text}}<extra>{text}</extra>",
            colorscale=_DIVERGING if name == "total_return" else _RISING,
            visible=number == 0,
            name=text,
            showscale=False,
        )
    buttons = [
        {
            "label": text,
            "method": "update",
            "args": [{"visible": [number == chosen for number in range(len(SHOWN))]}],
        }
        for chosen, text in enumerate(SHOWN.values())
    ]
    figure.update_layout(
        xaxis={"title": across, "type": "category"},
        yaxis={"title": down, "type": "category"},
        updatemenus=[
            {"type": "buttons", "direction": "right", "showactive": False, "buttons": buttons}
            | {"x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"}
        ],
    )
    rows = part[down].nunique()
    return dressed(figure, 180 + 46 * rows)


def print_futures(console: Console, table: pd.DataFrame) -> None:
    """Print what became of tokens in many futures.

    Args:
        console: Where.
        table: Of `Futures.table`, with a column `token` before it.
    """
    heads = ["token", "days", "wiped out", "between", "liquidated", "between"]
    heads += ["bad return (5 %)", "median", "good (95 %)"]
    lines = []
    for row in table.to_dict("records"):
        line = [row["token"], f"{row['days']:g}"]
        for name in ("wiped", "liquidated"):
            low, high = share(row[f"{name}_low"], False), share(row[f"{name}_high"], False)
            line += [share(row[name], False), f"{low} - {high}"]
        lines.append([*line, *(share(row[f"return_{each}"]) for each in (5, 50, 95))])
    _print(console, heads, lines)


def _print(console: Console, heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    for line in lines:
        table.add_row(*line)
    console.print(table)


def _lines(table: pd.DataFrame) -> list[list[str]]:
    """Return the cells of a sweep's table."""
    return [[shown(row, name) for name, _ in SWEPT] for row in table.to_dict("records")]


def _varied(table: pd.DataFrame) -> list[str]:
    """Return the axes that differ most, two at least."""
    found = [name for name in AXES if table[name].nunique() > 1]
    return (found + [name for name in AXES if name not in found])[: max(2, len(found))]


def _groups(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield what is the same in each heat map, and its points."""
    rest = ["leverage", "side", "rule", *(name for name in _varied(table)[2:])]
    rest = [name for name in dict.fromkeys(rest) if name not in _varied(table)[:2]]
    for values in product(*(table[name].unique() for name in rest)):
        part = table
        for name, value in zip(rest, values, strict=True):
            part = part[part[name] == value]
        if len(part):
            said = dict(zip(rest, values, strict=True))
            yield ", ".join(f"{name} {_tick(value)}" for name, value in said.items()), part


def _tick(value: Any) -> str:
    """Return a value of an axis as text."""
    return value if isinstance(value, str) else f"{value:.4g}"
