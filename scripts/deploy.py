"""Deploy a configuration: `ape run deploy config/local.yaml --network ethereum:devnet`."""

from __future__ import annotations

import json
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option, network_option
from ape.logging import LogLevel, logger

from steelyard.ape_signer import ApeSigner
from steelyard.chain import Chain
from steelyard.deployment.console import (
    make_console,
    plan_json,
    print_plan,
    print_record,
    progress_bar,
)
from steelyard.deployment.place import Place, abandon, locked
from steelyard.deployment.running import prepare_job, run_job
from steelyard.deployment.spec import read_spec
from steelyard.errors import SteelyardError


def _quiet(context: click.Context, option: click.Parameter, wanted: bool) -> bool:
    """Keep what ape says of its connection out of the JSON."""
    if wanted:
        logger.set_level(LogLevel.ERROR)
    return wanted


@click.command(cls=ConnectedProviderCommand)
@click.argument("config", type=click.Path(path_type=Path))
@network_option()
@account_option()
@click.option("--dry-run", is_flag=True, help="Show the plan, send nothing.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--json", "as_json", is_flag=True, callback=_quiet, help="Plan or record as JSON; does not ask."
)
@click.option("--again", is_flag=True, help="Deploy once more; the old record is kept aside.")
@click.option("--abandon", "give_up", is_flag=True, help="Give up a deployment that is half-way.")
@click.option("--name", default="", help="Of the record, the network's by default.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default="deployments",
    show_default=True,
    help="Of the records.",
)
@click.option("--timeout", default=300.0, show_default=True, help="For each receipt, seconds.")
def cli(
    config: Path,
    provider: ProviderAPI,
    account: AccountAPI,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    again: bool,
    give_up: bool,
    name: str,
    folder: Path,
    timeout: float,
) -> None:
    """Deploy what CONFIG, a YAML file, describes.

    Every transaction is shown before anything is sent. A deployment that stops half-way goes on
    when the same command is run again.
    """
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json does not ask: add --dry-run or --yes")
    if provider.name == "test":
        raise click.UsageError(
            "the chain inside the process ends with this command: name another with --network, "
            "e.g. ethereum:devnet after `make devnet`"
        )
    place = Place(provider.network.ecosystem.name, provider.network.name, folder, name)
    console = make_console(quiet=as_json)
    try:
        spec = read_spec(config)
        chain = Chain(provider.web3)
        with locked(place):
            job = prepare_job(chain, account.address, spec, place, again=again, anew=give_up)
            if as_json and dry_run:
                click.echo(json.dumps(plan_json(job), indent=2))
            else:
                print_plan(console, job)
            if dry_run:
                return
            job.check_funds()
            if not yes:
                click.confirm("Send them?", abort=True)
            signer = ApeSigner(account, unlock=True)
            if give_up:
                abandon(place)  # not before somebody agreed to what comes instead
            with progress_bar(console) as progress:
                record = run_job(job, signer, progress, timeout=timeout)
    except SteelyardError as error:
        raise click.ClickException(str(error)) from error
    except (KeyboardInterrupt, SystemExit) as error:  # ape makes the second of a Ctrl-C
        raise click.ClickException("stopped: the same command goes on from here") from error
    if as_json:
        click.echo(record.model_dump_json(indent=2))
    else:
        verify = f"ape run verify {place.options}"
        print_record(console, record, place.record.as_posix(), verify)


if __name__ == "__main__":
    cli()
