"""Keep tokens inside their bands and be paid for it: `ape run keeper --account ALIAS`."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path

import click
from ape.api import ProviderAPI
from ape.cli import network_option
from ape.exceptions import ApeException

from steelyard.ape_signer import ApeSigner, find_account
from steelyard.book import find_record
from steelyard.errors import SteelyardError
from steelyard.keeper.keeper import Report
from steelyard.keeper.logs import redact, start_logging
from steelyard.keeper.service import Service, make_service, serve
from steelyard.keeper.settings import Settings
from steelyard.keeper.showing import report_json, report_lines

FILE = click.Path(dir_okay=False, path_type=Path)


def _load(file: Path | None, sponsor: bool) -> Settings:
    """Read the settings, and what the command line adds to them."""
    settings = Settings.load(file)
    if not sponsor:
        return settings
    if not settings.sponsor_daily_budget:
        raise click.UsageError("--sponsor needs sponsor_daily_budget in the settings")
    return settings.model_copy(update={"sponsor": True})


def _service(
    settings: Settings, provider: ProviderAPI, account: str | None, record: str | None, dry: bool
) -> Service:
    """Connect to what was named; the settings' own node comes before that of the network."""
    network = provider.network
    if settings.rpc is not None:
        rpc = settings.rpc.get_secret_value()
    elif provider.name == "test":
        raise click.UsageError("the chain inside the process ends with this command")
    else:
        rpc = str(provider.uri)
    signer = None if account is None else ApeSigner(find_account(account), unlock=True)
    named = record or (str(settings.deployment) if settings.deployment else None)
    found = find_record(named, network.ecosystem.name, network.name)
    return make_service(settings, rpc, signer=signer, record=found, dry_run=dry)


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report_json(report)))
    else:
        click.echo("\n".join(report_lines(report)))


def _run(service: Service, settings: Settings) -> None:
    """Work until SIGINT or SIGTERM; a step that has begun is finished."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serve(service, settings) as page:
        log = logging.getLogger("steelyard.keeper")
        log.info("%s keeps tokens; metrics at %s/metrics", service.keeper.sender, page.url)
        service.run(stop)
        log.info("stopped")


@click.command()
@network_option(default=":devnet")
@click.option("--account", metavar="ALIAS", help="Who sends: a key file, or TEST::1.")
@click.option("--deployment", metavar="FILE", help="Record of what is where.")
@click.option("--settings", "file", type=FILE, help="TOML file; the environment comes before it.")
@click.option("--once", is_flag=True, help="One step, for cron.")
@click.option("--dry-run", is_flag=True, help="One step that shows what it would do.")
@click.option("--sponsor", is_flag=True, help="At a loss if need be, within the daily budget.")
@click.option("--json", "as_json", is_flag=True, help="The step's report as JSON.")
def cli(
    provider: ProviderAPI,
    account: str | None,
    deployment: str | None,
    file: Path | None,
    once: bool,
    dry_run: bool,
    sponsor: bool,
    as_json: bool,
) -> None:
    """Keep all tokens inside their bands; without --network on the devnet (`make devnet`).

    Settings come from the environment (STEELYARD_KEEPER_*) and a TOML file: docs/keeper.md.
    """
    secrets: tuple[str, ...] = ()
    try:
        settings = _load(file, sponsor)
        secrets = settings.secrets()
        start_logging(settings.log_level, secrets)
        service = _service(settings, provider, account, deployment, dry_run)
        if not (once or dry_run):
            return _run(service, settings)
        report = service.step()
    except (SteelyardError, ApeException) as error:
        raise click.ClickException(redact(str(error), secrets)) from None
    _print(report, as_json)
    if report.problem is not None:
        raise SystemExit(1)
    return None


if __name__ == "__main__":
    cli()
