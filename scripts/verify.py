"""Prove that a chain holds what was deployed: `ape run verify --network ethereum:devnet`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from ape.api import ProviderAPI
from ape.cli import ConnectedProviderCommand, network_option
from ape.logging import LogLevel, logger

from steelyard.book import Deployment, read_deployment
from steelyard.chain import Chain
from steelyard.compiler import standard_input
from steelyard.deployment.console import make_console, print_checks
from steelyard.deployment.place import Place
from steelyard.deployment.verifying import as_json, contract_kinds, differences, verify
from steelyard.errors import SteelyardError


def _quiet(context: click.Context, option: click.Parameter, wanted: bool) -> bool:
    """Keep what ape says of its connection out of the JSON."""
    if wanted:
        logger.set_level(LogLevel.ERROR)
    return wanted


def _write_inputs(record: Deployment, folder: Path) -> list[Path]:
    """Write the compiler's standard JSON input of each kind of contract."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in contract_kinds(record):
        path = folder / f"{kind}.json"
        path.write_text(json.dumps(standard_input(kind), indent=1, sort_keys=True) + "\n")
        written.append(path)
    return written


@click.command(cls=ConnectedProviderCommand)
@network_option()
@click.option("--json", "json_wanted", is_flag=True, callback=_quiet, help="All checks as JSON.")
@click.option("--all", "every", is_flag=True, help="List every check.")
@click.option(
    "--standard-json",
    "inputs",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Also write the compiler's input for block explorers, a file for each kind of contract.",
)
@click.option("--name", default="", help="Of the record, the network's by default.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="deployments",
    show_default=True,
    help="Of the records.",
)
def cli(
    provider: ProviderAPI,
    json_wanted: bool,
    every: bool,
    inputs: Path | None,
    name: str,
    folder: Path,
) -> None:
    """Compare the chain with the record of a deployment and with this checkout.

    Code is compared byte for byte, then roles, markets, feeds, guards and tokens. Whatever has
    been changed since the deployment is shown with both values; exit code 1.
    """
    place = Place(provider.network.ecosystem.name, provider.network.name, folder, name)
    console = make_console(quiet=json_wanted)
    try:
        record = read_deployment(place.record)
        checks = verify(Chain(provider.web3), record)
        written = _write_inputs(record, inputs) if inputs is not None else []
    except SteelyardError as error:
        raise click.ClickException(str(error)) from error
    failed = differences(checks)
    if json_wanted:
        click.echo(json.dumps({"ok": not failed, "checks": as_json(checks)}, indent=2))
    else:
        print_checks(console, checks, every=every)
        if written:
            console.print(f"wrote {len(written)} standard JSON inputs to {inputs}")
    if failed:
        raise click.ClickException(f"{len(failed)} of {len(checks)} checks differ")
    console.print(f"{len(checks)} checks: chain, record and checkout agree")


if __name__ == "__main__":
    cli()
