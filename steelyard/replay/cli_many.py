"""`steelyard sweep` and `steelyard risk`: many replays at once, by the engine in floats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path as FilePath
from typing import Any

import click
import pandas as pd
from rich.console import Console

from steelyard.replay.cli_parts import (
    FILE,
    FOLDER,
    Words,
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
from steelyard.replay.estimating import estimate_jumps
from steelyard.replay.making import BLOCK, JumpDiffusion
from steelyard.replay.path import ANSWER, Path, read_path
from steelyard.replay.report.machine import write_parquet
from steelyard.replay.risk import CONFIDENCE, HORIZONS, Futures, play_bootstrap, play_jumps
from steelyard.replay.rules import Kind, RuleError, make_rule
from steelyard.replay.settings import Keeper, Settings
from steelyard.replay.sweep import Grid, sweep

WIDTH = 165


def _number(text: str) -> float:
    """Return a number, or a ratio of two: `1/3`."""
    above, _, below = text.partition("/")
    try:
        return float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError):
        raise RuleError(f"{text!r} is no number", "write 0.25 or 1/4") from None


def _whole(text: str) -> int:
    """Return a whole number that is not below zero."""
    if not text.isdigit():
        raise RuleError(f"{text!r} is no number of bars", "write 0, 1, 2, ...")
    return int(text)


MODEL = {
    "volatility": (click.FloatRange(0, 20), "Of the wandering, per root year: 0.6 is 60 %."),
    "drift": (click.FloatRange(-20, 20), "Of the price's expectation, jumps included, per year."),
    "jumps": (click.FloatRange(0, 10_000), "A year."),
    "jump_mean": (click.FloatRange(-5, 5), "Of a jump's logarithm."),
    "jump_spread": (click.FloatRange(0, 5), "Standard deviation of a jump's logarithm."),
    "rate": (click.FloatRange(-0.1, 0.1), "Of funding, a fraction per day."),
}
"""What a jump diffusion can be told: the range of each figure, and its meaning."""
NUMBERS, BARS = Words("numbers", _number), Words("bars", _whole)


def _model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the figures of a jump diffusion."""
    for name, (kind, text) in reversed(MODEL.items()):
        said = f"For --model jumps. {text}  [default: as in PRICES, by the test of Lee and Mykland]"
        if name == "rate":
            said = f"For --model jumps. {text}  [default: the mean of --funding]"
        option = click.option(f"--{name.replace('_', '-')}", type=kind, help=said)
        command = option(command)
    return command


@click.command("sweep")
@click.argument("prices", type=FILE)
@history_options
@token_options("3L")
@click.option(
    "--band", "bands", type=NUMBERS, help="Half its width over the target, e.g. 0.1,0.2,1/3."
)
@click.option("--fee", "fees", type=NUMBERS, help="Of all orders, of notional, e.g. 0.0005,0.001.")
@click.option("--latency", "delays", type=BARS, default="0", help="Of the keeper, bars: 0,1,3.")
@click.option("--missed", "misses", type=NUMBERS, default="0", help="Probabilities of a miss.")
@click.option("--deposit", type=click.FloatRange(min=100), default=1_000_000, show_default=True)
@click.option("--processes", type=click.IntRange(min=1), help="At most so many.")
@click.option("--dask", metavar="ADDRESS", help="Play on a Dask cluster instead.")
@click.option("--out", type=FOLDER, help="Write sweep.html and sweep.csv there.")
@parquet_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
def sweep_command(
    prices: FilePath,
    funding: FilePath | None,
    start: str | None,
    end: str | None,
    kinds: list[Kind],
    rules: list[str],
    processes: int | None,
    dask: str | None,
    out: FilePath | None,
    parquet: bool,
    as_json: bool,
    **axes: Any,
) -> None:
    """Replay every combination of bands, fees, delays and misses, and compare.

    PRICES is a CSV of hourly prices: timestamp,open,high,low,close.
    """
    refuse_free(rules, axes["fees"] or [])
    with plain_errors():
        check_parquet(parquet, out)
        points = [point for kind in kinds for point in _points(kind, rules, **axes)]
        path = read_path(prices, funding, start, end)
        with progress_bars() as bars:
            task = bars.add_task("sweep", total=len(points))
            table = sweep(
                path,
                points,
                processes=processes,
                dask=dask,
                progress=lambda done, _: bars.update(task, completed=done),
            )
        from steelyard.replay.report.grids import print_sweep, write_sweep

        if out is not None:
            name = market_name(path) or path.name
            write_sweep(table, out, f"{len(points)} leveraged tokens on {name}", typed(), parquet)
    if as_json:
        click.echo(table.to_json(orient="records", indent=2))
        return
    print_sweep(_console(), table)
    if out is not None:
        _console().print(f"report: {out / 'sweep.html'}", soft_wrap=True)


@click.command("risk")
@click.argument("prices", type=FILE)
@history_options
@token_options("3L,2L,3S")
@click.option("--latency", type=click.IntRange(min=0), metavar="BARS", default=0)
@click.option("--missed", type=click.FloatRange(0, 1, max_open=True), metavar="P", default=0.0)
@click.option(
    "--model",
    type=click.Choice(["bootstrap", "jumps"]),
    default="bootstrap",
    show_default=True,
    help="Of futures: blocks of PRICES drawn anew, or Merton's price that wanders and jumps.",
)
@_model_options
@click.option(
    "--futures", type=click.IntRange(min=1), default=1_000, show_default=True, help="How many."
)
@click.option(
    "--days",
    type=NUMBERS,
    default=",".join(map(str, HORIZONS)),
    show_default=True,
    help="Horizons, ascending.",
)
@click.option(
    "--block",
    type=click.IntRange(min=1),
    help=f"For --model bootstrap. Bars of PRICES that stay together.  [default: {BLOCK}]",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=CONFIDENCE,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--out", type=FOLDER, help="Write risk.csv there.")
@parquet_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the table.")
def risk_command(
    prices: FilePath,
    funding: FilePath | None,
    start: str | None,
    end: str | None,
    kinds: list[Kind],
    rules: list[str],
    latency: int,
    missed: float,
    model: str,
    futures: int,
    days: list[float],
    block: int | None,
    confidence: float,
    seed: int,
    out: FilePath | None,
    parquet: bool,
    as_json: bool,
    **told: float | None,
) -> None:
    """Say how likely tokens are to die, in futures made from a history.

    PRICES is a CSV of hourly prices: timestamp,open,high,low,close.
    """
    figures = {name: value for name, value in told.items() if value is not None}
    _refuse_strangers(model, block, figures)
    with plain_errors():
        check_parquet(parquet, out)
        tokens = {
            f"{kind}" if len(rules) == 1 else f"{kind} {rule}": Settings(
                kind, make_rule(rule, kind), keeper=Keeper(latency, missed, seed)
            )
            for rule in rules
            for kind in kinds
        }
        path = read_path(prices, funding, start, end)
        price = _jumps(path, figures) if model == "jumps" else block or BLOCK
        played = _play(path, price, list(tokens.values()), futures, days, seed)
        table = _together(list(tokens), [each.table(confidence) for each in played])
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            table.to_csv(out / "risk.csv", index=False)
            if parquet:
                write_parquet(table, out / "risk.parquet")
    if isinstance(price, JumpDiffusion):
        click.echo(_described(price), err=as_json)
    if as_json:
        click.echo(table.to_json(orient="records", indent=2))
        return
    from steelyard.replay.report.grids import print_futures

    print_futures(_console(), table)


def _refuse_strangers(model: str, block: int | None, figures: dict[str, float]) -> None:
    """Refuse what the model would not look at.

    Args:
        model: Of futures.
        block: Bars, if given.
        figures: Of a jump diffusion, those that were given.
    """
    if model == "jumps" and block is not None:
        raise click.UsageError("--block is of --model bootstrap; a price that jumps has no blocks")
    if model == "bootstrap" and figures:
        name = next(iter(figures)).replace("_", "-")
        raise click.UsageError(f"--{name} is of --model jumps; add that, or leave it out")


def _jumps(path: Path, figures: dict[str, Any]) -> JumpDiffusion:
    """Return the jump diffusion of a history, but for the figures that were given."""
    if len(figures) == len(MODEL):  # then a short history will do
        return JumpDiffusion(**figures, price=path.final / ANSWER, step=path.step)
    return replace(estimate_jumps(path), **figures)


def _play(
    path: Path,
    model: JumpDiffusion | int,
    tokens: list[Settings],
    futures: int,
    days: Sequence[float],
    seed: int,
) -> list[Futures]:
    """Play tokens through futures of a price that jumps, or of blocks of so many bars."""
    with progress_bars() as bars:
        task = bars.add_task("futures", total=futures)

        def progress(done: int, _: int) -> None:
            bars.update(task, completed=done)

        if isinstance(model, JumpDiffusion):
            return play_jumps(model, tokens, futures, horizons=days, seed=seed, progress=progress)
        return play_bootstrap(
            path, tokens, futures, horizons=days, block=model, seed=seed, progress=progress
        )


def _together(labels: list[str], tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the tables of tokens as one."""
    for label, each in zip(labels, tables, strict=True):
        each.insert(0, "token", label)
    return pd.concat(tables, ignore_index=True)


def _described(model: JumpDiffusion) -> str:
    """Return a price that jumps as the options that make it."""
    figures = asdict(model)
    return "futures: " + " ".join(
        f"--{name.replace('_', '-')} {figures[name]:.6g}" for name in MODEL
    )


def _points(
    kind: Kind,
    rules: list[str],
    *,
    bands: list[float] | None,
    fees: list[float] | None,
    delays: list[int],
    misses: list[float],
    deposit: float,
) -> list[Settings]:
    """Return the points of one token."""
    grid = Grid(
        leverages=(kind.target,),
        sides=("L" if kind.is_long else "S",),
        rules=rules,
        delays=delays,
        misses=misses,
        deposit=deposit,
    )
    return replace(grid, bands=bands or (None,), fees=fees or (None,)).points()


def _console() -> Console:
    """Return a console wide enough for the tables."""
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    return console
