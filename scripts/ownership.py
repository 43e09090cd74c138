"""Show who owns the contracts of a deployment, and take over what is offered."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.logging import LogLevel, logger
from rich.table import Table

from steelyard.ape_signer import ApeSigner
from steelyard.book import read_deployment
from steelyard.chain import Chain
from steelyard.deployment.console import make_console
from steelyard.deployment.ownership import Ownership, accept, ownerships
from steelyard.deployment.place import Place
from steelyard.errors import SteelyardError

FOLDER = click.Path(file_okay=False, path_type=Path)


def _quiet(context: click.Context, option: click.Parameter, wanted: bool) -> bool:
    """Keep what ape says of its connection out of the JSON."""
    if wanted:
        logger.set_level(LogLevel.ERROR)
    return wanted


def _record_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which record is meant."""
    name = click.option("--name", default="", help="Of the record, the network's by default.")
    folder = click.option(
        "--folder", type=FOLDER, default="deployments", show_default=True, help="Of the records."
    )
    return name(folder(command))


def _read(provider: ProviderAPI, name: str, folder: Path) -> tuple[Chain, list[Ownership]]:
    """Return the connection, and who owns what of the record."""
    place = Place(provider.network.ecosystem.name, provider.network.name, folder, name)
    chain = Chain(provider.web3)
    return chain, ownerships(chain, read_deployment(place.record))


@click.group()
def cli() -> None:
    """Show who owns the contracts of a deployment, and take over what is offered."""


@cli.command(cls=ConnectedProviderCommand)
@network_option()
@click.option("--json", "as_json", is_flag=True, callback=_quiet, help="As JSON.")
@_record_options
def show(provider: ProviderAPI, as_json: bool, name: str, folder: Path) -> None:
    """Show owner, and to whom ownership is offered, of every contract that has one."""
    try:
        _, found = _read(provider, name, folder)
    except SteelyardError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([vars(ownership) for ownership in found], indent=2))
        return
    table = Table("contract", "owner", "offered to", box=None, pad_edge=False)
    for ownership in found:
        table.add_row(ownership.name, ownership.owner, ownership.pending or "nobody")
    make_console().print(table)


@cli.command(cls=ConnectedProviderCommand, name="accept")
@network_option()
@account_option()
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@_record_options
def take(provider: ProviderAPI, account: AccountAPI, yes: bool, name: str, folder: Path) -> None:
    """Take over everything that is offered to the account. Run again, it takes what is left."""
    console = make_console()
    try:
        chain, found = _read(provider, name, folder)
        mine = [ownership for ownership in found if ownership.pending == account.address]
        if not mine:
            raise click.ClickException(f"nothing is offered to {account.address}")
        for ownership in mine:
            console.print(f"{ownership.name} of {ownership.owner}")
        if not yes:
            click.confirm(f"Take them over as {account.address}?", abort=True)
        signer = ApeSigner(account, unlock=True)
        for ownership in mine:
            receipt = accept(chain, signer, ownership)
            console.print(f"{ownership.name} is yours: {receipt.hash}")
    except SteelyardError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    cli()
