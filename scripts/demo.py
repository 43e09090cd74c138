"""Play leveraged tokens through a price history on a chain inside the process: `make demo`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from steelyard import demo
from steelyard.history import History, HistoryError, default_history, parse_time, read_history

FILE = click.Path(dir_okay=False, path_type=Path)


def _history(
    prices: Path | None, funding: Path | None, start: str | None, end: str | None
) -> History:
    """Read the history that was asked for, or cut the made-up one."""
    if prices is None or funding is None:
        if prices is not None or funding is not None:
            raise click.UsageError("--prices and --funding come together")
        first, last = (None if time is None else parse_time(time) for time in (start, end))
        return demo.cut(default_history(), first, last)
    return read_history(prices, funding, start, end)


@click.command()
@click.option("--prices", type=FILE, help="CSV of hourly prices: timestamp,open,high,low,close.")
@click.option("--funding", type=FILE, help="CSV of 8-hour funding: timestamp,rate.")
@click.option(
    "--from", "start", metavar="TIME", help="Start: date or time in UTC, or unix seconds."
)
@click.option("--to", "end", metavar="TIME", help="End, not included.")
@click.option("--out", type=FILE, default="out/demo.png", show_default=True, help="Picture.")
@click.option(
    "--json", "figures", type=FILE, default="out/demo.json", show_default=True, help="Figures."
)
def cli(
    prices: Path | None,
    funding: Path | None,
    start: str | None,
    end: str | None,
    out: Path,
    figures: Path,
) -> None:
    """Play leveraged tokens through a market history; fails if any check does.

    Without files the history is made up: ten days, with a crash and five hours of downtime.
    """
    try:
        history = _history(prices, funding, start, end)
    except HistoryError as error:
        raise click.ClickException(str(error)) from error
    console = Console(highlight=False)
    console.width = max(console.width, demo.WIDTH)
    if not demo.run(console, history, out, figures):
        raise click.ClickException("a check failed")
    console.print(f"picture: {out}, figures: {figures}")


if __name__ == "__main__":
    cli()
