"""The command `steelyard`: what would a token have done?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress, TaskID

from steelyard.replay.bytecode import replay
from steelyard.replay.cli_many import risk_command, sweep_command
from steelyard.replay.cli_parts import (
    FILE,
    FOLDER,
    WIDTH,
    check_parquet,
    history_options,
    market_name,
    parquet_option,
    plain_errors,
    progress_bars,
    refuse_free,
    token_options,
    typed,
)
from steelyard.replay.path import Path, read_path
from steelyard.replay.report import Subject, print_table, to_text, write_report
from steelyard.replay.rules import Kind, make_rule
from steelyard.replay.settings import Keeper, Settings


@click.group()
@click.version_option(package_name="steelyard")
def cli() -> None:
    """Replay leveraged tokens on a market's history, with the contracts that are deployed."""


@cli.command("replay")
@click.argument("prices", type=FILE)
@history_options
@token_options("3L,2L,3S")
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
@parquet_option
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
    parquet: bool,
    as_json: bool,
    **habits: Any,
) -> None:
    """Say what tokens would have done, and how near they came to their end.

    PRICES is a CSV of hourly prices: timestamp,open,high,low,close. Missing hours are downtime.
    """
    command = typed()
    refuse_free(rules, [habits["fee"]])
    with plain_errors():
        check_parquet(parquet, out)
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
                count = 4 + (4 if parquet else 2) * len(subjects)
                task = bars.add_task("write the report", total=count)
                write_report(
                    subjects,
                    out,
                    command=command,
                    parquet=parquet,
                    progress=lambda _: bars.advance(task),
                )
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


cli.add_command(sweep_command)
cli.add_command(risk_command)
