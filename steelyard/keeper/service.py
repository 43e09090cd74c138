"""A keeper with its logs and its page: what the bot and `ape run keeper` both are."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from steelyard.book import open_deployment
from steelyard.chain import Chain, ChainError, KeySigner, Signer
from steelyard.errors import SteelyardError
from steelyard.keeper.books import State
from steelyard.keeper.health import HealthError, HealthServer
from steelyard.keeper.keeper import Keeper, Report
from steelyard.keeper.logs import LOGGER
from steelyard.keeper.monitor import Monitor, Step
from steelyard.keeper.notes import Deed, Note
from steelyard.keeper.settings import PREFIX, Settings
from steelyard.keeper.store import PATIENCE, Ledger, RedisStore, SqliteStore, Store
from steelyard.keeper.types import Alert

TIMEOUT = 5.0
"""For each answer of the node, seconds: what takes longer is a block that is missed."""
ATTEMPTS = 2
POLL = 0.5
"""Between two looks for a new block, seconds."""
LONGEST = 15.0
"""Without a new block, seconds: then a step finds out that the chain stands still."""
RETRY = 2.0
"""After a step that failed, seconds."""
PORTS = 8
"""Workers on one machine, each with a page of its own from the port of the settings on."""

_TROUBLES = (Deed.HELD, Deed.REFUSED, Deed.UNBOOKED)
_LASTING = (Deed.HELD, Deed.LOST)
"""May be said anew with every block; logged once."""


class Service:
    """A keeper whose every step is logged and shown.

    Attributes:
        keeper: Does the work.
        monitor: Shows it.
    """

    def __init__(self, chain: Chain, keeper: Keeper, monitor: Monitor) -> None:
        """Take a keeper and where to show it."""
        self._chain, self.keeper, self.monitor = chain, keeper, monitor
        self._log = logging.getLogger(LOGGER)
        self._alerts: dict[str, str] = {}
        self._error = self._stopped = self._warning = ""
        self._told: frozenset[Note] = frozenset()

    def step(self, number: int = 0) -> Report:
        """Do a step, log and show it; see `Keeper.step`."""
        report = self.keeper.step(number)
        self._show(report)
        return report

    def run(self, stop: threading.Event, poll: float = POLL) -> None:
        """Do a step with every block until told to stop; a step is never broken off.

        Args:
            stop: Set it to stop.
            poll: Between two looks for a new block, seconds.
        """
        done, at = -1, 0.0
        while not stop.is_set():
            number, now = self._head(), time.monotonic()
            if number is not None and number == done and now - at < LONGEST:
                stop.wait(poll)
                continue
            report, at = self.step(), now
            if report.problem is not None:
                stop.wait(RETRY)
            elif report.block is not None:
                done = report.block.number

    def _head(self) -> int | None:
        """Number of the last block; None if the node does not say, as the step will find out."""
        try:
            return int(self._chain.request("eth_blockNumber"), 16)
        except (ChainError, TypeError, ValueError):
            return None

    # ------------------------------------------------------------ SHOWING

    def _show(self, report: Report) -> None:
        if report.problem is not None:
            self.monitor.failed(report.problem, self.keeper.breaker)
        elif report.seen is not None and report.state is not None:
            self.monitor.stepped(self._figures(report, report.state))
        for booking in report.bookings:
            self.monitor.booked(booking)
        for note in report.notes:
            if note not in self._told:
                self._log_note(note)
        if report.seen is not None:
            self._told = frozenset(note for note in report.notes if note.deed in _LASTING)
        self._log_changes(report)

    def _figures(self, report: Report, state: State) -> Step:
        assert report.seen is not None
        seen, head = report.seen, self._head()
        return Step(
            block=seen.block.number,
            block_time=seen.block.timestamp,
            head=seen.block.number if head is None else head,
            tokens=seen.tokens,
            actions=report.actions,
            gas=seen.gas,
            balance=seen.balance,
            breaker=self.keeper.breaker,
            books=state,
            duration=report.seconds,
        )

    def _log_note(self, note: Note) -> None:
        level = logging.WARNING if note.deed in _TROUBLES else logging.INFO
        name = note.symbol or note.token or "account"
        extra = {
            "deed": note.deed.value,
            "kind": note.kind,
            "token": note.token,
            "nonce": note.nonce,
            "hash": note.hash,
        }
        self._log.log(level, "%s: %s %s: %s", name, note.kind, note.deed, note.text, extra=extra)

    def _log_changes(self, report: Report) -> None:
        """Log what lasts once, when it begins and when it ends."""
        if report.error != self._error:
            if report.error:
                self._log.warning("the step failed: %s", report.error)
            else:
                self._log.info("the steps work again")
            self._error = report.error
        if report.seen is None:
            return
        if report.warning != self._warning:
            if report.warning:
                self._log.warning("%s", report.warning)
            self._warning = report.warning
        if report.stopped != self._stopped:
            if report.stopped and self.keeper.breaker.is_open:
                self._log.error("nothing is sent: %s", report.stopped)
            elif self._stopped:
                self._log.info("sending again")
            self._stopped = report.stopped
        alerts = {a.token: a for a in report.actions if isinstance(a, Alert)}
        for token, alert in alerts.items():
            if self._alerts.get(token) != alert.cause:
                extra = {"token": token, "cause": alert.cause.value}
                self._log.warning("%s: %s", alert.symbol, alert.reason, extra=extra)
        for token in self._alerts.keys() - alerts.keys():
            self._log.info("the alert is over", extra={"token": token})
        self._alerts = {token: alert.cause for token, alert in alerts.items()}


# ---------------------------------------------------------------- MAKING ONE


class MemoryStore:
    """Books that nobody needs afterwards, for a dry run."""

    def __init__(self) -> None:
        """Begin empty."""
        self._state = State()

    def read(self) -> State:
        """Return the books."""
        return self._state

    @contextmanager
    def locked(self, patience: float = PATIENCE) -> Iterator[Ledger]:
        """Hold the books; nobody else has them."""
        yield Ledger(self._state, lambda state: setattr(self, "_state", state))


class Nobody:
    """An account that signs nothing, for a dry run without one."""

    address = "0x" + "00" * 19 + "01"

    def sign_transaction(self, transaction: object) -> bytes:
        """Refuse."""
        raise SteelyardError("a dry run signs nothing")

    def sign_typed(self, message: object) -> tuple[int, bytes, bytes]:
        """Refuse."""
        raise SteelyardError("a dry run signs nothing")


def make_service(
    settings: Settings,
    rpc: str,
    *,
    signer: Signer | None = None,
    record: Path | str | None = None,
    dry_run: bool = False,
    timeout: float = TIMEOUT,
) -> Service:
    """Connect a keeper to a node, its deployment and its books.

    Args:
        settings: Of the keeper.
        rpc: Address of the node.
        signer: Who sends; by default the private key of the settings.
        record: Of the deployment; by default the settings', or the one of the node's chain.
        dry_run: Sign nothing, and leave the books alone.
        timeout: For each answer of the node, seconds.

    Raises:
        SteelyardError: Something of that is not there.
    """
    chain = Chain.connect(rpc, timeout=timeout, attempts=ATTEMPTS, poll=0.1)
    deployment = open_deployment(chain.chain_id, settings.deployment or record)
    sender = signer or _signer(settings, dry_run)
    store = MemoryStore() if dry_run else make_store(settings, chain.chain_id, sender.address)
    keeper = Keeper(chain, deployment, sender, store, settings, dry_run=dry_run)
    decimals = deployment.collateral.decimals
    monitor = Monitor(
        decimals, settings.max_step_age, settings.sponsor_budget(decimals), settings.secrets()
    )
    return Service(chain, keeper, monitor)


def make_store(settings: Settings, chain_id: int, sender: str) -> Store:
    """Return the books of an account: on the Redis server of the settings, else in their file.

    Args:
        settings: Of the keeper.
        chain_id: Of the chain.
        sender: Address of the account.

    Raises:
        StoreError: They cannot be read.
    """
    if settings.redis_url is None:
        return SqliteStore(settings.store)
    name = f"{chain_id}:{sender.lower()}"
    return RedisStore.connect(settings.redis_url.get_secret_value(), name, settings.redis_lease)


def serve(service: Service, settings: Settings) -> HealthServer:
    """Show a service at the port of the settings, or at one of the next if other workers have it.

    Raises:
        HealthError: None is free.
    """
    first = settings.metrics_port
    last = first + (PORTS if first else 1) - 1
    for port in range(first, last + 1):
        try:
            return HealthServer(service.monitor, settings.metrics_host, port)
        except HealthError:
            if port == last:
                raise
    raise AssertionError("unreachable")


def _signer(settings: Settings, dry_run: bool) -> Signer:
    if settings.private_key is not None:
        try:
            return KeySigner(settings.private_key.get_secret_value())
        except ValueError:
            # Without the cause: its message may quote the key.
            raise SteelyardError(f"{PREFIX}PRIVATE_KEY is not a private key") from None
    if dry_run:
        return Nobody()
    raise SteelyardError("no account to send from", f"name one, or set {PREFIX}PRIVATE_KEY")
