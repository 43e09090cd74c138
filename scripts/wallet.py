"""Use leveraged tokens: `ape run wallet COMMAND`."""

from __future__ import annotations

import functools
import re
import signal
from collections.abc import Callable
from typing import Any

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import network_option
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger

from steelyard.ape_signer import ApeSigner, SignerError, find_account
from steelyard.book import find_record
from steelyard.sdk import SLIPPAGE_BPS
from steelyard.wallet import flowing, moving, past, reading
from steelyard.wallet.errors import UsageTrouble, WalletError
from steelyard.wallet.guarding import run_guarded
from steelyard.wallet.session import Options, Session


class Wallet(click.Group):
    """Ends every command with a message and one of four exit codes."""

    def invoke(self, ctx: click.Context) -> None:
        """Run the command."""
        as_json = "--json" in [*ctx.protected_args, *ctx.args]
        invoke = functools.partial(super().invoke, ctx)
        # Ape makes a Ctrl-C an exit without a word: one has to be told what may still be mined.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            code = run_guarded(functools.partial(_explained, invoke), as_json)
        finally:
            signal.signal(signal.SIGINT, before)
        ctx.exit(code)


def _explained(invoke: Callable[[], object]) -> None:
    """Put what ape and click say in words that fit the rest."""
    try:
        invoke()
    except click.NoSuchOption as error:
        if re.fullmatch(r"-[\d.]", error.option_name):
            raise click.UsageError("amounts are above zero", error.ctx) from error
        raise
    except ApeException as error:
        raise WalletError(str(error)) from error


# ---------------------------------------------------------------- ACCOUNTS


def _account(alias: str) -> AccountAPI:
    """Return an account by its alias."""
    try:
        return find_account(alias)
    except SignerError as error:
        raise UsageTrouble(str(error)) from error


def _address(text: str) -> str:
    """Return the address of an account, given as that or as an alias."""
    return moving.read_address(text) if text.lower().startswith("0x") else _account(text).address


def _open(account: AccountAPI) -> ApeSigner:
    """Return the signer of an account, unlocked: what it signs was shown and agreed to."""
    with logger.at_level(LogLevel.ERROR):
        return ApeSigner(account, unlock=True)


# ---------------------------------------------------------------- OPTIONS


def _session(provider: ProviderAPI, options: Options) -> Session:
    """Return what a command works with; nothing is asked of the node yet."""
    network = provider.network
    if provider.name == "test":
        raise UsageTrouble(
            "the chain inside the process ends with this command",
            "leave out --network for the devnet, or name another one",
        )
    try:
        rpc = str(provider.uri)
        chain_id = None if network.is_adhoc or network.is_dev else network.chain_id
    except (ApeException, AttributeError) as error:
        choice = f"{network.ecosystem.name}:{network.name}:https://.."
        remedy = f"name it: --network {choice}, or `node:` in ape-config.yaml"
        raise UsageTrouble(f"no address of a node of {network.name} is known", remedy) from error
    record = find_record(options.deployment, network.ecosystem.name, network.name)
    return Session(rpc, options, record, chain_id=chain_id)


def _network(command: Callable[..., None]) -> Callable[..., None]:
    # Anew for each command: ape's option keeps what it found out about the last one.
    said = "Where: the devnet by default. `ape networks list` shows all."
    return network_option(default=":devnet", help=said)(command)


_SECONDS = click.FloatRange(0.01, 86_400)
_LOOKING = (
    _network,
    click.option("--deployment", metavar="FILE", help="Record of what is there."),
    click.option("--json", "as_json", is_flag=True, help="One JSON value on standard output."),
    click.option(
        "--timeout",
        type=_SECONDS,
        default=10.0,
        metavar="SECONDS",
        help="For each answer of the node, 10 by default.",
    ),
)
_SIGNED = click.option("--account", metavar="ALIAS", help="Who signs: a key file, or TEST::1.")
_SENDING = (
    _SIGNED,
    click.option("-y", "--yes", is_flag=True, help="Do not ask."),
    click.option("--dry-run", is_flag=True, help="Show everything, send nothing."),
    *_LOOKING,
    click.option(
        "--wait",
        type=_SECONDS,
        default=120.0,
        metavar="SECONDS",
        help="Until it is mined, 120 by default.",
    ),
)
_WHOSE = click.option("--account", metavar="WHO", help="Alias or address.")
_SLIPPAGE = click.option(
    "--slippage",
    "slippage_bps",
    type=click.IntRange(0, 10_000),
    default=SLIPPAGE_BPS,
    metavar="BPS",
    help=f"How much worse than shown it may come out, 1/100 %; {SLIPPAGE_BPS} by default.",
)


def _command(*options: Callable[[Any], Any]) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of a function that takes a session, and its own options."""

    def decorate(body: Callable[..., None]) -> click.Command:
        signs = _SIGNED in options

        def run(provider: ProviderAPI, account: str | None = None, **given: Any) -> None:
            common = {name: given.pop(name) for name in Options.__annotations__ if name in given}
            session = _session(provider, Options(**common))
            if account is not None and signs:
                signer = _account(account)
                session.account = str(signer.address)
                session.open_signer = functools.partial(_open, signer)
            elif account is not None:
                session.account = _address(account)
            with session.output():
                body(session, **given)

        run.__name__, run.__doc__ = body.__name__, body.__doc__
        run.__click_params__ = list(getattr(body, "__click_params__", ()))  # type: ignore[attr-defined]
        wrapped: Any = run
        for option in reversed(options):
            wrapped = option(wrapped)
        return cli.command(body.__name__)(wrapped)

    return decorate


# ---------------------------------------------------------------- COMMANDS


@click.group(cls=Wallet)
def cli() -> None:
    """Use leveraged tokens; without --network on the devnet (`make devnet`).

    Amounts are in people's units, like 1234.5. Everything that is sent is shown first, with all
    costs and the risk, and asked for.

    Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 130 said no or stopped.
    """


@_command(*_LOOKING)
def tokens(session: Session) -> None:
    """Show all tokens."""
    reading.tokens(session)


@_command(_WHOSE, *_LOOKING)
@click.argument("symbol")
def show(session: Session, symbol: str) -> None:
    """Show a token and its risk; with --account also what that has of it."""
    reading.show(session, symbol)


@_command(_WHOSE, *_LOOKING)
@click.argument("who", metavar="[ACCOUNT]", required=False)
def balance(session: Session, who: str | None) -> None:
    """Show what an account has: an alias or an address."""
    reading.balance(session, session.need_account() if who is None else _address(who))


@_command(_SLIPPAGE, *_SENDING)
@click.argument("symbol")
@click.argument("amount")
@click.option("--shares", "by_shares", is_flag=True, help="AMOUNT is the shares to get.")
def mint(session: Session, symbol: str, amount: str, by_shares: bool) -> None:
    """Mint shares for AMOUNT of collateral."""
    flowing.mint(session, symbol, amount, by_shares=by_shares)


@_command(_SLIPPAGE, *_SENDING)
@click.argument("symbol")
@click.argument("amount", metavar="AMOUNT|all")
@click.option("--assets", "by_assets", is_flag=True, help="AMOUNT is the collateral to get.")
def redeem(session: Session, symbol: str, amount: str, by_assets: bool) -> None:
    """Redeem AMOUNT of shares, or all of them."""
    flowing.redeem(session, symbol, amount, by_assets=by_assets)


@_command(*_SENDING)
@click.argument("symbol")
@click.argument("amount", metavar="AMOUNT|all")
@click.argument("to")
def transfer(session: Session, symbol: str, amount: str, to: str) -> None:
    """Send AMOUNT of shares to TO, an address or an alias."""
    moving.transfer(session, symbol, amount, _address(to))


@_command(_WHOSE, *_LOOKING)
@click.argument("symbol")
@click.option("--from", "since", metavar="WHEN", help="A block, a time in UTC, or 7d, 12h, 30min.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV on standard output.")
def history(session: Session, symbol: str, since: str | None, as_csv: bool) -> None:
    """Show what happened to a token; with --account what it has made there."""
    past.history(session, symbol, since, as_csv)


@_command(*_SENDING)
@click.argument("symbol")
def rebalance(session: Session, symbol: str) -> None:
    """Rebalance a token if that is due, for its reward."""
    moving.rebalance(session, symbol)


@_command(*_SENDING)
@click.argument("amount", required=False)
def faucet(session: Session, amount: str | None) -> None:
    """Draw test dollars, as many as there are to have at once by default."""
    moving.faucet(session, amount)


if __name__ == "__main__":
    cli()
