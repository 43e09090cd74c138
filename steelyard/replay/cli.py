"""The command `steelyard`: what would a token have done?"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from steelyard.errors import SteelyardError
from steelyard.replay.bytecode import replay
from steelyard.replay.path import Path, read_path
from steelyard.replay.report import Subject, print_table, to_text, write_report
from steelyard.replay.rules import PRESETS, STEELYARD, Kind, make_rule, parse_kind
from steelyard.replay.settings import Keeper, Settings

FILE = click.Path(dir_okay=False, path_type=FilePath)
FOLDER = click.Path(file_okay=False, path_type=FilePath)
WIDTH = 100
_LONGEST_NAME = 5


class Words(click.ParamType):
    """Some words between commas, each read by a function that refuses what it does not know."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        """Keep what reads them."""
        self.name, self._read = name, read

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return what the words mean, each once."""
        if not isinstance(value, str):
            return value
        words = dict.fromkeys(word.strip() for word in value.split(","))
        try:
            return [self._read(word) for word in words]
        except SteelyardError as error:
            self.fail(str(error), param, ctx)


def _rule_name(name: str) -> str:
    """Return the name of a rule that there is."""
    make_rule(name, Kind(3.0, True))
    return name


TOKENS, RULES = Words("tokens", parse_kind), Words("rules", _rule_name)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Say what Steelyard raises on purpose, and what the system refuses, in a line."""
    try:
        yield
    except SteelyardError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}") from error


@contextmanager
def progress_bars() -> Iterator[Progress]:
    """Show bars on the error stream of a terminal; elsewhere nothing."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        yield bars


def market_name(path: Path) -> str:
    """Return what a path's price is called, guessed from its name; empty where it is no guess.

    Args:
        path: As it was read.

    >>> from steelyard.replay import from_prices
    >>> [market_name(from_prices([1, 2], name=name)) for name in ("btc_usd_1h", "gap3", "hourly")]
    ['BTC', '', '']
    """
    word = path.name.replace("-", "_").split("_")[0]
    return word.upper() if word.isalpha() and len(word) <= _LONGEST_NAME else ""


@click.group()
@click.version_option(package_name="steelyard")
def cli() -> None:
    """Replay leveraged tokens on a market's history, with the contracts that are deployed."""


@cli.command("replay")
@click.argument("prices", type=FILE)
@click.option("--funding", type=FILE, help="CSV of 8-hour funding: timestamp,rate. Default: none.")
@click.option("--token", "kinds", type=TOKENS, default="3L,2L,3S", show_default=True)
@click.option(
    "--rule",
    "rules",
    type=RULES,
    default=STEELYARD,
    show_default=True,
    help=f"When it trades; several to compare. {', '.join((STEELYARD, *PRESETS))}.",
)
@click.option("--from", "start", metavar="TIME", help="Date or time in UTC, or unix seconds.")
@click.option("--to", "end", metavar="TIME", help="End, not included.")
@click.option(
    "--latency",
    type=click.IntRange(min=0),
    metavar="BARS",
    default=0,
    show_default=True,
    help="How much later than due the keeper comes.",
)
@click.option(
    "--missed",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="P",
    default=0.0,
    show_default=True,
    help="Probability that the keeper misses a bar.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the misses.")
@click.option(
    "--fee",
    type=click.FloatRange(0, 0.05),
    metavar="F",
    help="Of all orders, of notional: 0.0006 is 0.06 %.  [default: 0.0006, 0.0002 if relieving]",
)
@click.option(
    "--management-fee",
    "management",
    type=click.FloatRange(0, 1, max_open=True),
    metavar="F",
    help="A year: 0.01 is 1 %.  [default: the rule's]",
)
@click.option(
    "--deposit",
    type=click.FloatRange(min=100),
    default=1_000_000,
    show_default=True,
    help="What is put in at the start.",
)
@click.option("--name", help="What the price is called.  [default: from the file's name]")
@click.option("--out", type=FOLDER, help="Write the report there: HTML, PNG, JSON, CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json instead of the table.")
def replay_command(
    prices: FilePath,
    funding: FilePath | None,
    kinds: list[Kind],
    rules: list[str],
    start: str | None,
    end: str | None,
    name: str | None,
    out: FilePath | None,
    as_json: bool,
    **habits: Any,
) -> None:
    """Say what tokens would have done, and how near they came to their end.

    PRICES is a CSV of hourly prices: timestamp,open,high,low,close. Missing hours are downtime.
    """
    command = shlex.join(["steelyard", *sys.argv[1:]])
    with plain_errors():
        wanted = [
            (str(kind) if len(rules) == 1 else f"{kind} {rule}", _settings(kind, rule, **habits))
            for rule in rules
            for kind in kinds
        ]
        path = read_path(prices, funding, start, end)
        market = name or market_name(path)
        with progress_bars() as bars:
            subjects = [
                Subject(label, market, _play(path, settings, bars, f"replay {label}"))
                for label, settings in wanted
            ]
            if out is not None:
                count = 4 + 2 * len(subjects)
                task = bars.add_task("write the report", total=count)
                write_report(subjects, out, command=command, progress=lambda _: bars.advance(task))
    _show(subjects, command, out, as_json)


def _settings(
    kind: Kind,
    rule: str,
    *,
    latency: int,
    missed: float,
    seed: int,
    fee: float | None,
    management: float | None,
    deposit: float,
) -> Settings:
    """Return what is replayed."""
    if fee == 0 and rule == STEELYARD:
        raise click.UsageError(
            "--fee 0: Steelyard's rule knows no safe size of a trade where trading is free; "
            "give a fee above 0"
        )
    settings = Settings(
        kind,
        make_rule(rule, kind),
        keeper=Keeper(latency, missed, seed),
        deposit=deposit,
        management_fee=management,
    )
    if fee is None:
        return settings
    return replace(settings, venue=replace(settings.venue, maker_fee=fee, taker_fee=fee))


def _play(path: Path, settings: Settings, bars: Progress, title: str) -> Any:
    """Replay one token under a progress bar."""
    task: TaskID = bars.add_task(title, total=len(path))
    result = replay(path, settings, progress=lambda done: bars.update(task, completed=done))
    bars.update(task, completed=len(path))
    return result


def _show(subjects: list[Subject], command: str, out: FilePath | None, as_json: bool) -> None:
    """Print the figures, and where the report is."""
    if as_json:
        click.echo(to_text(subjects, command), nl=False)
        return
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    print_table(console, subjects)
    if out is not None:
        console.print(f"report: {out / 'report.html'}", soft_wrap=True)
