"""One command: what it speaks to, where it writes, and how it asks."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TextIO

import click
from eth_utils.crypto import keccak
from rich.console import Console, RenderableType
from rich.status import Status

from steelyard.book import Deployment
from steelyard.chain import Chain, Signer
from steelyard.sdk import Steelyard
from steelyard.wallet.errors import Aborted, UsageTrouble

WIDTH = 100
"""Columns that everything fits into."""


@dataclass(frozen=True)
class Options:
    """What all commands understand.

    Attributes:
        deployment: Path of a record; None for the network's own.
        yes: Do not ask.
        dry_run: Send nothing.
        as_json: One JSON value on standard output, and nothing else.
        slippage_bps: How much worse than its preview a flow may come out, 1/100 of a percent.
        timeout: For each answer of the node, seconds.
        wait: For a transaction to be mined, seconds.
    """

    deployment: str | None = None
    yes: bool = False
    dry_run: bool = False
    as_json: bool = False
    slippage_bps: int = 50
    timeout: float = 10.0
    wait: float = 120.0


@dataclass
class Session:
    """One command.

    Attributes:
        rpc: Address of the node.
        options: What the command was given.
        record: Deployment, or path of its record; None to find it by the chain.
        open_signer: Returns who signs, after everything was shown; None if nobody does.
        account: Address of who signs; None if nobody does.
        chain_id: What the network's chain should be; None for any.
        sent: Hashes of what was signed, in order; the last may not be mined yet.
        stdout: Where JSON goes, whatever is turned away from standard output later.
    """

    rpc: str
    options: Options
    record: Deployment | str | None = None
    open_signer: Callable[[], Signer] | None = None
    account: str | None = None
    chain_id: int | None = None
    sent: list[str] = field(default_factory=list)
    stdout: TextIO = field(default_factory=lambda: sys.stdout)

    @cached_property
    def out(self) -> Console:
        """Where people read: standard output, or beside it when that is for JSON."""
        return _console(sys.stderr if self.options.as_json else sys.stdout)

    @cached_property
    def side(self) -> Console:
        """Where progress goes: standard error, but for a machine that expects JSON there."""
        console = _console(sys.stderr)
        console.quiet = self.options.as_json and not console.is_terminal
        return console

    @cached_property
    def steelyard(self) -> Steelyard:
        """The deployed system.

        Raises:
            SteelyardError: There is none, or no node.
        """
        options = self.options
        with self.working("connecting"):
            chain = Chain.connect(self.rpc, timeout=options.timeout)
            if self.chain_id is not None:
                chain.check_chain(self.chain_id)
            signer = _Watched(self) if self.account is not None else None
            return Steelyard.connect(
                chain, self.record, signer=signer, receipt_timeout=options.wait
            )

    def need_account(self) -> str:
        """Return the address of who signs.

        Raises:
            UsageTrouble: Nobody does.
        """
        if self.account is None:
            raise UsageTrouble(
                "this needs an account",
                "add --account: the alias of a key file, or TEST::1 on a devnet",
            )
        return self.account

    # ------------------------------------------------------------ SAY

    @contextmanager
    def output(self) -> Iterator[None]:
        """Keep standard output for JSON, if it is asked for: whoever prompts does so beside it."""
        if not self.options.as_json:
            yield
            return
        with redirect_stdout(sys.stderr):
            yield

    def show(self, *shown: RenderableType) -> None:
        """Print for people. Skipped when only a machine reads."""
        if self.options.as_json and (self.options.yes or self.options.dry_run):
            return
        self._print(shown)

    def result(self, value: Any, *shown: RenderableType) -> None:
        """Print what came of it: as JSON, or for people.

        Args:
            value: For JSON.
            shown: For people.
        """
        if self.options.as_json:
            click.echo(json.dumps(value, indent=2), file=self.stdout)
            return
        self._print(shown)

    def _print(self, shown: tuple[RenderableType, ...]) -> None:
        with self.out.capture() as text:
            for part in shown:
                self.out.print(part)
        # Tables fill up their columns: nobody needs that at the end of a line.
        lines = (line.rstrip() for line in text.get().splitlines())
        click.echo("\n".join(lines), file=self.out.file)

    def warn(self, text: str) -> None:
        """Say something that nobody asked for, beside the output."""
        self.side.print(f"note: {text}")

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[int, int], None]]:
        """Show that something takes time, while it does, to who watches.

        Yields:
            To be called with how much is done, and of how much.
        """
        if not self.side.is_terminal:
            yield lambda done, total: None
            return
        with self.side.status(f"{what} ...") as status:
            yield lambda done, total: status.update(f"{what}: {done} of {total}")

    # ------------------------------------------------------------ ASK

    def agree(self, question: str) -> None:
        """Ask whether to go on.

        Raises:
            Aborted: No, or nobody is there to answer.
        """
        if self.options.yes:
            return
        try:
            if click.confirm(question, err=True):
                return
        except click.Abort as error:
            raise Aborted("no answer: nothing was sent", "add --yes where nobody can") from error
        raise Aborted("nothing was sent")

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Watch over something that is signed, sent and waited for.

        Raises:
            Aborted: Ctrl-C; says what may still happen.
        """
        before = len(self.sent)
        try:
            yield
        except KeyboardInterrupt as error:
            if len(self.sent) == before:
                raise Aborted("stopped: nothing was sent") from error
            raise Aborted(
                f"stopped while waiting for transaction {self.sent[-1]}",
                "look it up before you send anything again: it may still be mined",
            ) from error
        finally:
            self.waiting.stop()

    def signed(self, hash: str) -> None:
        """Tell of a transaction that is about to be sent."""
        self.sent.append(hash)
        self.side.print(f"sending {hash}, waiting for its block")
        if self.side.is_terminal:
            self.waiting.start()

    @cached_property
    def waiting(self) -> Status:
        """What turns while a transaction is waited for."""
        return self.side.status("waiting for its block ...")


class _Watched:
    """A signer that is opened when it first has to sign, and whose transactions are told."""

    def __init__(self, session: Session) -> None:
        self.address = session.need_account()
        self._session = session

    @cached_property
    def _signer(self) -> Signer:
        assert self._session.open_signer is not None
        return self._session.open_signer()

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        self._session.waiting.stop()  # the account may have to ask
        raw = self._signer.sign_transaction(transaction)
        self._session.signed("0x" + keccak(raw).hex())
        return raw

    def sign_typed(self, message: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
        return self._signer.sign_typed(message)


def _console(stream: Any) -> Console:
    console = Console(file=stream, highlight=False, markup=False, emoji=False)
    # A pipe has no width: what it gets should not depend on whose shell it is.
    console.width = min(console.width, WIDTH) if console.is_terminal else WIDTH
    return console
