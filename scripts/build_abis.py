"""Write the ABIs that the package carries, so that a client needs neither compiler nor checkout."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from steelyard.compiler import ROOT, compile_contract

FOLDER = ROOT / "steelyard" / "abis"

# What a client calls or reads events of; the modules' ABIs are part of these.
CONTRACTS = (
    "LeveragedToken",
    "LeveragedTokenFactory",
    "LeveragedTokenLens",
    "MarketParameters",
    "MockAggregator",
    "MockUSD",
    "PerpExchange",
    "PriceGuard",
    "RebalancePolicy",
    "VaultQuotes",
)
# Real feeds have no more than the interface; our mock has all of it, and its ABI is at hand.
FEED, FEED_INTERFACE = "IAggregatorV3", ROOT / "interfaces" / "external" / "IAggregatorV3.vyi"


def abis() -> Iterator[tuple[str, str]]:
    """Yield the file name and the text of each ABI, from the sources as they are now."""
    for name in CONTRACTS:
        yield f"{name}.json", _text(compile_contract(name).abi)
    declared = set(re.findall(r"^def (\w+)\(", FEED_INTERFACE.read_text(), re.MULTILINE))
    feed = [item for item in compile_contract("MockAggregator").abi if item.get("name") in declared]
    yield f"{FEED}.json", _text(feed)


def stale(folder: Path) -> list[str]:
    """Return the names of the files in `folder` that are missing, out of date or left over."""
    fresh = dict(abis())
    found = {path.name: path.read_text() for path in folder.glob("*.json")}
    return sorted(name for name in {*fresh, *found} if fresh.get(name) != found.get(name))


def write(folder: Path) -> list[str]:
    """Bring the files in `folder` up to date and return the names of those that were not."""
    fresh, names = dict(abis()), stale(folder)
    for name in names:
        if name in fresh:
            (folder / name).write_text(fresh[name])
        else:
            (folder / name).unlink()
    return names


def _text(abi: Sequence[dict[str, Any]]) -> str:
    """Return an ABI as JSON with an item a line: a change of a function is a change of its line."""
    items = ",\n".join(json.dumps(item, sort_keys=True, separators=(",", ":")) for item in abi)
    return f"[\n{items}\n]\n"


@click.command()
@click.option("--check", is_flag=True, help="Change nothing, and fail when a file is out of date.")
def cli(check: bool) -> None:
    """Write the ABIs in steelyard/abis."""
    names = stale(FOLDER) if check else write(FOLDER)
    if check and names:
        raise click.ClickException(f"steelyard/abis: {', '.join(names)} out of date: `make abis`")
    for name in names:
        click.echo(f"steelyard/abis/{name}")


if __name__ == "__main__":
    cli()
