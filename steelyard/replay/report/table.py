"""The table of a replay in a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from steelyard.demo.amounts import percent
from steelyard.replay.report.figures import CENTI, STEPS, Subject, endings, trades, waterfall
from steelyard.replay.report.words import sentence

Row = tuple[str, Callable[[Subject], str]]


def print_table(console: Console, subjects: Sequence[Subject]) -> None:
    """Print the figures of tokens side by side, then a sentence for each.

    Args:
        console: Where.
        subjects: At least one.
    """
    path = subjects[0].result.path
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column(f"{len(path):,} bars of {path.name}")
    for subject in subjects:
        table.add_column(subject.name, justify="right")

    def add(row: Row, style: str = "", last: bool = False) -> None:
        table.add_row(row[0], *(row[1](each) for each in subjects), style=style, end_section=last)

    add(("price", lambda each: share(each.result.price_return)), last=True)
    for row in _steps(subjects):
        add(row)
    add(("= return (NAV per share)", lambda each: percent(_gain(each), 2)), "bold", True)
    for row in rows(subjects):
        add(row)
    console.print(table)
    for subject in subjects:
        console.print(escape(sentence(subject)), soft_wrap=True)


def rows(subjects: Sequence[Subject]) -> list[Row]:
    """Return what else is told of each token: name, and what shows it.

    Args:
        subjects: At least one; triggers that none has are left out.
    """
    found: list[Row] = [
        ("deepest loss from a high", lambda each: share(-each.result.summary()["drawdown"])),
        ("highest leverage", lambda each: _leverage(each, "leverage_max")),
        ("lowest leverage", lambda each: _leverage(each, "leverage_min")),
        ("nearest to liquidation, price move", _closest),
        ("  in the bar of (UTC)", lambda each: each.result.summary()["closest_at"] or "-"),
        ("tracking error a year", lambda each: share(each.result.tracking_error, False)),
        ("bars with a rebalance", lambda each: f"{len(trades(each.result)):,}"),
    ]
    for trigger in sorted(
        {name for each in subjects for name in each.result.summary()["triggers"]}
    ):
        name = trigger.lower().replace("_", " ")
        found.append((f"  trades: {name}", _count(trigger)))
    return found


def share(fraction: float, sign: bool = True) -> str:
    """Return a fraction as a percentage with two decimals.

    Args:
        fraction: Of 1.
        sign: Whether what is above zero gets a plus.

    >>> share(0.12345), share(0.5, sign=False)
    ('+12.34 %', '50.00 %')
    """
    return percent(round(fraction * CENTI), 2, sign)


def _steps(subjects: Sequence[Subject]) -> list[Row]:
    """Return a row for each step of the waterfall that any token has."""
    there = {name for each in subjects for name, _ in waterfall(each.result)}
    return [(name, _step(name)) for name, _ in STEPS if name in there]


def _step(name: str) -> Callable[[Subject], str]:
    """Return what shows a step."""
    return lambda each: percent(dict(waterfall(each.result)).get(name, 0), 2)


def _count(trigger: str) -> Callable[[Subject], str]:
    """Return what shows how many trades a trigger caused."""
    return lambda each: f"{each.result.summary()['triggers'].get(trigger, 0):,}"


def _gain(subject: Subject) -> int:
    """Return the return, as the steps add up to it."""
    return sum(amount for _, amount in waterfall(subject.result))


def _leverage(subject: Subject, key: str) -> str:
    """Show an extreme of leverage."""
    level = subject.result.summary()[key]
    return "equity gone" if level is None else f"{level:.2f}x"


def _closest(subject: Subject) -> str:
    """Show the least move to liquidation, with its sign, or what came instead."""
    result = subject.result
    if result.wiped_at is not None:
        return "wiped out"
    if endings(result):
        return "liquidated"
    near = result.summary()["closest"]
    if near is None:
        return "-"
    return share(math.copysign(near, -result.settings.kind.factor))
