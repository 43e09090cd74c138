"""Walk through the product on a chain inside the process: `make demo`."""

import click
from rich.console import Console

from steelyard import demo


@click.command()
def cli() -> None:
    """Play the demo; fails if any check does."""
    console = Console(highlight=False)
    console.width = max(console.width, demo.WIDTH)
    if not demo.run(console):
        raise click.ClickException("a check failed")


if __name__ == "__main__":
    cli()
