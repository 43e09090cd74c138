"""What a reader gets: a table, a sentence for each token, who gained what, and the checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from steelyard.accounting import NAV_UNIT, Cause
from steelyard.demo.amounts import money, percent
from steelyard.demo.checks import Check
from steelyard.demo.figures import TokenFigures
from steelyard.demo.holders import PLAN
from steelyard.demo.path import HOUR, largest_jump
from steelyard.demo.story import Story
from steelyard.demo.world import SYMBOL
from steelyard.history.market import utc
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Obstacle, Trigger

WIDTH = 112
CENTI = 10_000
"""Units of 100 % when two decimals are shown."""


class Row(NamedTuple):
    """A line of the table.

    Attributes:
        name: What it is.
        show: The figure of a token as text.
        meaning: In one line; empty where the name says it.
    """

    name: str
    show: Callable[[TokenFigures], str]
    meaning: str = ""


def _part(*names: str) -> Callable[[TokenFigures], str]:
    """Return what shows the sum of parts of a return."""
    return lambda token: percent(sum(token.parts(CENTI)[name] for name in names), 2)


PARTS = (
    Row(
        "price, at the leverage held",
        _part("naive", "compounding"),
        "size held x price move, step by step; like all parts, over the first NAV",
    ),
    Row("  naive", _part("naive"), "target leverage x the move of the price from start to end"),
    Row(
        "  compounding",
        _part("compounding"),
        "the rest: a trend adds; going back and forth, and jumps, take (decay)",
    ),
    Row("funding", _part("funding"), "rate x notional x time; above zero longs pay it to shorts"),
    Row("fees of rebalances", _part("fees"), "what the venue takes for their orders"),
    Row(
        "impact of rebalances",
        _part("impact"),
        "fill against oracle price; a gain where they relieve the venue's skew",
    ),
    Row("keeper rewards", _part("rewards"), "paid by the token for each rebalance"),
    Row("management fee", _part("management"), "1 % a year, in new shares"),
    Row(
        "entries and exits",
        _part("flows"),
        "what who came or went left to the others: fees and costs are his own",
    ),
)
LIQUIDATION = Row(
    "liquidations",
    _part("liquidation"),
    "by the venue: its keeper's fee and the fill, less what its pool bore",
)


def headline(story: Story) -> list[str]:
    """Return what is played, a line each.

    Args:
        story: Before or after it.
    """
    history, first, last = story.history, story.moments[0], story.moments[-1]
    jump = largest_jump(story.moments)
    lines = [
        f"Leveraged tokens on {history.name}: {utc(history.start)} to {utc(history.end)} UTC, "
        f"{SYMBOL} from {money(first.price)} to {money(last.price)}",
        "Each hour is four prices: open, nearer extreme, other extreme, close. "
        "Such jumps are harsher than a market.",
        f"Largest jump: {percent(jump.size * CENTI // WAD, 2)}, {utc(jump.time)}",
    ]
    for gap in history.gaps:
        made = " (made for the demo)" if gap == story.made else ""
        lines.append(f"Downtime{made}: {gap}")
    return lines


def print_report(console: Console, story: Story, tokens: list[TokenFigures]) -> None:
    """Print everything but the checks.

    Args:
        console: Where.
        story: After its end.
        tokens: Its figures.
    """
    parts = (*PARTS, LIQUIDATION) if any(token.liquidations for token in tokens) else PARTS
    console.print(_table(tokens, parts))
    for token in tokens:
        console.print(sentence(token))
    console.print()
    for row in (row for row in (*parts, *RISKS) if row.meaning):
        console.print(f"[bold]{row.name.strip()}[/]: {escape(row.meaning)}")
    if story.holders.delayed:
        reasons = ", ".join(f"{reason!r}" for reason, _ in story.holders.refusals.most_common())
        delayed, stranded = len(story.holders.delayed), len(story.holders.stranded)
        console.print(
            f"\nOf {len(PLAN)} orders of holders {delayed} were refused at first, "
            f"{stranded} for good: {escape(reasons)}"
        )
    console.print(_gains(story))


def print_checks(console: Console, checks: Iterable[Check]) -> bool:
    """Print each check, and return whether all hold.

    Args:
        console: Where.
        checks: Of a story.
    """
    checks = list(checks)
    for check in checks:
        mark = "[green]ok   [/]" if check.holds else "[red]WRONG[/]"
        console.print(f"{mark} {check.name}: {escape(check.detail)}", soft_wrap=True)
    wrong = sum(not check.holds for check in checks)
    verdict = f"[red]{wrong} WRONG[/]" if wrong else "[green]all ok[/]"
    console.print(f"\n{len(checks)} checks, {verdict}")
    return not wrong


def sentence(token: TokenFigures) -> str:
    """Return in one sentence what happened to a token.

    Args:
        token: Its figures.
    """
    parts, gain, move = token.parts(CENTI), token.gain(CENTI), token.price_gain(CENTI)
    causes = {
        "compounding": parts["compounding"],
        "funding": parts["funding"],
        "rebalancing": parts["fees"] + parts["impact"] + parts["rewards"],
        "management": parts["management"],
        "others' entries and exits": parts["flows"],
        "liquidation": parts["liquidation"],
    }
    shown = ", ".join(f"{name} {percent(part, 2)}" for name, part in causes.items() if part)
    return (
        f"[bold]{token.symbol}[/] {'gained' if gain >= 0 else 'lost'} "
        f"{percent(abs(gain), 2, sign=False)}: {SYMBOL} {'rose' if move >= 0 else 'fell'} "
        f"{percent(abs(move), 2, sign=False)}, naively {percent(parts['naive'], 2)} at "
        f"{token.factor}x; {shown}; {_worst(token)}."
    )


def _worst(token: TokenFigures) -> str:
    """Say how near the token came to its end."""
    risk = token.risk
    if risk.wiped_at:
        return f"wiped out on {utc(risk.wiped_at)}"
    if token.liquidations:
        return f"partly liquidated on {utc(risk.distance_at)}"
    way = "fall" if token.factor > 0 else "rise"
    left = percent(risk.distance * CENTI // WAD, 2, sign=False)
    return f"at worst, on {utc(risk.distance_at)}, a further {way} of {left} was liquidation"


def _table(tokens: list[TokenFigures], parts: tuple[Row, ...]) -> Table:
    """Return the table: a column for each token."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("")
    for token in tokens:
        table.add_column(token.symbol, justify="right", min_width=13)

    def add(row: Row, style: str = "", last: bool = False) -> None:
        cells = (row.show(token) for token in tokens)
        table.add_row(row.name, *cells, style=style, end_section=last)

    add(Row(f"price of {SYMBOL}", lambda token: percent(token.price_gain(CENTI), 2)), last=True)
    for row in parts:
        add(row, "dim" if row.name.startswith(" ") else "")
    add(Row("= return (NAV per share)", lambda token: percent(token.gain(CENTI), 2)), "bold", True)
    for row in (*_trades(tokens), *RISKS):
        add(row)
    return table


def _trades(tokens: list[TokenFigures]) -> list[Row]:
    """Return the rows about rebalances: each trigger and each obstacle that any token met."""
    rows = [Row("rebalances", lambda token: str(len(token.rebalances)))]
    for trigger in Trigger:
        if any(token.triggers()[trigger.name] for token in tokens):
            name = trigger.name.lower().replace("_", " ")
            rows.append(Row(f"  {name}", partial(_triggered, trigger.name)))
    for obstacle in (Obstacle.BUDGET, Obstacle.BOUND, Obstacle.VENUE):
        if any(token.obstacles[obstacle.name] for token in tokens):
            name = f"  held up when due: {obstacle.name.lower()}"
            rows.append(Row(name, partial(_hindered, obstacle.name)))
    return rows


def _triggered(trigger: str, token: TokenFigures) -> str:
    """Show how many rebalances a trigger caused."""
    return str(token.triggers()[trigger])


def _hindered(obstacle: str, token: TokenFigures) -> str:
    """Show how often an obstacle was met."""
    return str(token.obstacles[obstacle])


def _leverage(token: TokenFigures) -> str:
    """Show the highest leverage."""
    highest = token.risk.leverage
    return "equity gone" if highest is None else f"{highest / WAD:.2f}x"


def _nearest(token: TokenFigures) -> str:
    """Show the least price move to liquidation, with its sign."""
    if token.liquidations:
        return "liquidated"
    sign = -1 if token.factor > 0 else 1
    return percent(sign * (token.risk.distance * CENTI // WAD), 2)


RISKS = (
    Row("lowest NAV", lambda token: f"{token.risk.navs[0] / NAV_UNIT:.2f}"),
    Row("highest NAV", lambda token: f"{token.risk.navs[1] / NAV_UNIT:.2f}"),
    Row("notional traded by them, $", lambda token: money(token.traded())),
    Row("keeper income, $", lambda token: money(-token.quote[Cause.REWARDS])),
    Row("highest leverage", _leverage),
    Row(
        "nearest to liquidation, price move",
        _nearest,
        "from where the price was to the venue's maintenance margin",
    ),
    Row(
        "hours out of the band",
        lambda token: f"{token.risk.outside / HOUR:.2f}",
        "leverage outside [lo, hi] after the keeper has done what it may",
    ),
    Row(
        "gain of all holders, $",
        lambda token: money(token.holders_gain),
        "taken out less put in; a dozen people who came and went at other prices",
    ),
)


def _gains(story: Story) -> Table:
    """Return the table of who gained what."""
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("who gained what", min_width=32)
    table.add_column("$", justify="right", min_width=13)
    for who, gain in story.gains.items():
        table.add_row(who, money(gain))
    return table
