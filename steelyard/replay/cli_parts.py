"""What the commands of `steelyard` share: options, errors without a traceback, progress bars."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path as FilePath
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from steelyard.errors import SteelyardError
from steelyard.replay.path import Path
from steelyard.replay.rules import PRESETS, STEELYARD, Kind, make_rule, parse_kind

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


def typed() -> str:
    """Return the command as it was typed."""
    return shlex.join(["steelyard", *sys.argv[1:]])


def history_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which history is played."""
    for option in (
        click.option("--to", "end", metavar="TIME", help="End, not included."),
        click.option(
            "--from", "start", metavar="TIME", help="Date or time in UTC, or unix seconds."
        ),
        click.option(
            "--funding", type=FILE, help="CSV of 8-hour funding: timestamp,rate. Default: none."
        ),
    ):
        command = option(command)
    return command


def token_options(default: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what adds the tokens and their rules.

    Args:
        default: Tokens.
    """
    names = ", ".join((STEELYARD, *PRESETS))

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        rule = click.option(
            "--rule",
            "rules",
            type=RULES,
            default=STEELYARD,
            show_default=True,
            help=f"When it trades; several to compare. {names}.",
        )
        token = click.option("--token", "kinds", type=TOKENS, default=default, show_default=True)
        return token(rule(command))

    return add


def parquet_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what writes Parquet too."""
    said = "Write the tables of --out as Parquet too; needs pip install 'steelyard[parquet]'."
    return click.option("--parquet", is_flag=True, help=said)(command)


def check_parquet(parquet: bool, out: FilePath | None) -> None:
    """Refuse Parquet that cannot be written, before anything is played.

    Args:
        parquet: It is wanted.
        out: Where to.

    Raises:
        ReportError: pyarrow is not installed.
    """
    if parquet and out is None:
        raise click.UsageError("--parquet writes into a folder; name it with --out")
    if parquet:
        from steelyard.replay.report.machine import refuse_parquet

        refuse_parquet()


def refuse_free(rules: list[str], fees: list[float | None]) -> None:
    """Refuse trades that cost nothing where Steelyard's own rule is played.

    Args:
        rules: Names.
        fees: Of orders, fractions; None = the venue's own.
    """
    if 0 in fees and STEELYARD in rules:
        raise click.UsageError(
            "--fee 0: Steelyard's rule knows no safe size of a trade where trading is free; "
            "give a fee above 0"
        )
