"""A local chain with everything on it and prices that move: `make devnet`."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console

from steelyard.devnet.running import run
from steelyard.devnet.settings import CONFIG, FOLDER, PORT, Settings
from steelyard.errors import SteelyardError

FILE = click.Path(dir_okay=False, path_type=Path)


def _prices(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> dict:
    """Read [SYMBOL=]FILE; without a symbol it is BTC."""
    prices: dict[str, Path] = {}
    for text in given:
        symbol, _, file = text.rpartition("=")
        symbol = symbol or "BTC"
        if symbol in prices:
            raise click.BadParameter(f"two files for {symbol}")
        prices[symbol] = Path(file)
    return prices


@click.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=PORT, show_default=True)
@click.option(
    "--block-time",
    type=click.IntRange(1),
    default=Settings.block_time,
    show_default=True,
    help="Seconds between blocks.",
)
@click.option("--fresh", is_flag=True, help="Begin anew, not with the chain of last time.")
@click.option("--no-walk", is_flag=True, help="Push no prices: they get stale.")
@click.option(
    "--prices",
    multiple=True,
    metavar="[SYMBOL=]FILE",
    callback=_prices,
    help="CSV of hourly prices, timestamp,open,high,low,close; of BTC, unless it says otherwise.",
)
@click.option(
    "--speed",
    type=click.IntRange(1, 1_000_000),
    default=Settings.speed,
    show_default=True,
    help="Seconds of price history per second; 3600: an hour every second.",
)
@click.option(
    "--seed", type=int, default=Settings.seed, show_default=True, help="Of made-up prices."
)
@click.option(
    "--heartbeat",
    type=click.IntRange(1, 3_000),
    default=Settings.heartbeat,
    show_default=True,
    help="Longest time between two pushes of a price, seconds.",
)
@click.option("--config", type=FILE, default=CONFIG, help="What to deploy; config/local.yaml.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    help="Where the chain is kept; a second devnet needs another. Default: .cache/devnet.",
)
def cli(no_walk: bool, folder: Path, **options: object) -> None:
    """Run a local chain with the whole system on it, funded accounts, and prices that move.

    Ctrl-C stops it and keeps the chain for the next time.
    """
    settings = Settings(walk=not no_walk, folder=folder.resolve(), **options)
    try:
        run(settings, Console(highlight=False))
    except SteelyardError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    cli()
