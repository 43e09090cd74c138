"""Deploy a configuration to a chain: plan, journal, send what is missing, record.

A deployment that stops half-way goes on when it is run again: its plan is made anew, from the same
nonce, and what the chain has mined of it is not sent again. Every transaction has its nonce from
the plan, and its hash in the journal before it is sent: nothing can be deployed twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eth_utils.address import to_checksum_address

from steelyard.book import BlockRecord, BookError, Deployment, read_deployment, write_deployment
from steelyard.chain import (
    Chain,
    ChainError,
    InsufficientFunds,
    Receipt,
    Reverted,
    Signer,
    TransactionDropped,
    TransactionFailed,
    prepare,
    send,
    sign,
)
from steelyard.deployment.checking import checked_plan
from steelyard.deployment.feeds import read_feeds
from steelyard.deployment.journal import START_ANEW, Journal, read_journal
from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.place import Place as Place
from steelyard.deployment.place import locked, put_aside
from steelyard.deployment.plan import Plan, Step
from steelyard.deployment.recording import make_record
from steelyard.deployment.spec import DeploymentSpec, SpecError

Progress = Callable[[int, int, str], None]
"""Told how many steps are done, of how many, and the title of the next one (empty at the end)."""

_ANCHOR_DEPTH = 64  # blocks: deeper than a reorganisation of a public network goes
_GO_ON = "run the same command again: it goes on here, and sends nothing twice"
_HEADROOM_PERCENT = 25  # of fees that rise while we send
_LOOKS = 5  # for a receipt that must be there: nodes behind one address may lag


class Stopped(DeploymentError):
    """A deployment stopped half-way; it can go on."""


@dataclass(frozen=True)
class Job:
    """A deployment that is ready to be sent.

    Attributes:
        chain: Where.
        spec: What.
        place: Of its record.
        plan: Its transactions.
        journal: What was sent of it, or nothing yet.
        done: Steps that are mined.
        price: Wei per gas, at present.
        balance: Of the deployer, wei.
    """

    chain: Chain
    spec: DeploymentSpec
    place: Place
    plan: Plan
    journal: Journal
    done: int
    price: int
    balance: int

    @property
    def gas(self) -> int:
        """What is still to be sent, gas, an estimate."""
        return sum(step.gas for step in self.plan.steps[self.done :])

    @property
    def cost(self) -> int:
        """The same at present fees, wei."""
        return self.gas * self.price

    def check_funds(self) -> None:
        """Refuse to begin what the deployer cannot pay for.

        Raises:
            InsufficientFunds: Fees need only rise a little for it.
        """
        needed = self.cost * (100 + _HEADROOM_PERCENT) // 100
        if self.balance < needed:
            raise InsufficientFunds(to_checksum_address(self.plan.deployer), needed, self.balance)


def run_deployment(
    chain: Chain,
    signer: Signer,
    spec: DeploymentSpec,
    folder: Path | Place,
    progress: Progress | None = None,
    *,
    again: bool = False,
    timeout: float = 120.0,
) -> Deployment:
    """Deploy a configuration, or go on with it, and return its record.

    Args:
        chain: Where.
        signer: Who deploys.
        spec: What.
        folder: Of the records, for `ethereum/local.json`; or another place.
        progress: Told before each step, and at the end.
        again: Whether to deploy once more when the place has a live deployment.
        timeout: For each receipt, seconds.

    Raises:
        SpecError: The configuration has problems; nothing was sent.
        DeploymentError: It cannot begin, or stopped; the message says how it goes on.
        ChainError: The node does not answer; nothing was sent.
    """
    place = folder if isinstance(folder, Place) else Place(folder=folder)
    with locked(place):
        job = prepare_job(chain, signer.address, spec, place, again=again)
        return run_job(job, signer, progress, timeout=timeout)


def prepare_job(
    chain: Chain,
    deployer: str,
    spec: DeploymentSpec,
    place: Place,
    *,
    again: bool = False,
    anew: bool = False,
) -> Job:
    """Make the plan of a deployment, from where it stopped if it was begun. Nothing is sent.

    Args:
        chain: Where.
        deployer: Who will sign.
        spec: What.
        place: Of its record.
        again: Whether to deploy once more when the place has a live deployment.
        anew: Whether to plan as if nothing had been begun; `abandon` gives up what was.

    Raises:
        SpecError: The configuration has problems.
        DeploymentError: There is a live deployment, or what was begun cannot go on.
        ChainError: The node does not answer.
    """
    if spec.chain_id not in (None, chain.chain_id):
        problem = f"chain_id: is {spec.chain_id}, but the node serves chain {chain.chain_id}"
        raise SpecError([problem])
    journal = None if anew else read_journal(place.journal)
    if journal is None and not again:
        _check_vacant(chain, place)
    if journal is not None:
        _check_same(chain, journal, deployer)
    latest = chain.block()
    nonce = chain.nonce(deployer)
    plan = checked_plan(
        spec,
        chain_id=chain.chain_id,
        deployer=deployer,
        nonce=nonce if journal is None else journal.first_nonce,
        timestamp=latest.timestamp,
        live=read_feeds(chain, spec),
    )
    if journal is None:
        _check_idle(chain, deployer, nonce)
        anchor = chain.block(max(latest.number - _ANCHOR_DEPTH, 0))
        journal = Journal(
            chain_id=chain.chain_id,
            anchor=BlockRecord(number=anchor.number, hash=anchor.hash),
            deployer=deployer,
            first_nonce=nonce,
            config_hash=spec.digest(),
            plan_hash=plan.digest,
        )
    journal.check(plan, spec.digest())
    done = min(max(nonce - journal.first_nonce, 0), len(plan.steps))
    fees = chain.fees()
    price, balance = fees.base_fee + fees.priority_fee, chain.balance(deployer)
    return Job(chain, spec, place, plan, journal, done, price, balance)


def run_job(
    job: Job, signer: Signer, progress: Progress | None = None, *, timeout: float = 120.0
) -> Deployment:
    """Send what a deployment still lacks, check what came out, and record it.

    Args:
        job: What `prepare_job` made.
        signer: Its deployer.
        progress: Told before each step, and at the end.
        timeout: For each receipt, seconds.

    Raises:
        InsufficientFunds: The deployer cannot pay for it; nothing was sent.
        Stopped: Half-way; run again to go on.
        DeploymentError: It cannot go on.
    """
    if signer.address.lower() != job.plan.deployer:
        raise DeploymentError(f"{signer.address} is not the deployer {job.plan.deployer}")
    job.check_funds()
    tell: Progress = progress or (lambda done, total, title: None)
    journal, receipts, total = job.journal, [], len(job.plan.steps)
    journal.write(job.place.journal)
    for index, step in enumerate(job.plan.steps):
        tell(index, total, step.title)
        sender = _Sender(job, signer, journal, timeout)
        try:
            receipts.append(sender.receipt_of(step))
        except Reverted as error:
            raise Stopped(f"{_name(job, step)} would fail: {error}", _remedy(job, error)) from error
        except TransactionFailed as error:
            message = f"{_name(job, step)} failed, and its nonce is used: {error}"
            raise DeploymentError(message, START_ANEW) from error
        except ChainError as error:
            raise Stopped(f"{_name(job, step)}: {error}", _GO_ON) from error
        journal = sender.journal
    record = make_record(job, receipts)
    if job.place.record.exists() and not _is_written(record, job.place):
        put_aside(job.place.record)
    write_deployment(record, job.place.record)
    job.place.journal.unlink()
    tell(total, total, "")
    return record


class _Sender:
    """Gets the receipt of a step, whatever has happened of it already."""

    def __init__(self, job: Job, signer: Signer, journal: Journal, timeout: float) -> None:
        self._job, self._signer, self._timeout = job, signer, timeout
        self._chain = job.chain
        self.journal = journal

    def receipt_of(self, step: Step) -> Receipt:
        """Return the receipt of a step, which is sent unless it was."""
        hashes = self.journal.hashes(step.nonce)
        if self._chain.nonce(self._job.plan.deployer) > step.nonce:
            return self._mined(step, hashes)
        try:
            pending = [hash for hash in hashes if self._chain.transaction(hash) is not None]
            if pending:
                return _good(self._chain.wait(pending[-1], timeout=self._timeout))
            return self._send(step)
        except TransactionDropped:
            # So it seems, too, where nonces are up to date and receipts are not yet.
            return self._mined(step, self.journal.hashes(step.nonce))

    def _mined(self, step: Step, hashes: tuple[str, ...]) -> Receipt:
        """Return the receipt of a step whose nonce is used."""
        for look in range(_LOOKS if hashes else 0):
            if look:
                time.sleep(self._chain.poll)
            for hash in hashes:
                receipt = self._chain.receipt(hash)
                if receipt is not None:
                    return _good(receipt)
        raise DeploymentError(
            f"{_name(self._job, step)}: something else was sent with its nonce {step.nonce}",
            f"leave the account alone while it deploys; {START_ANEW}",
        )

    def _send(self, step: Step) -> Receipt:
        """Send a step that no node knows."""
        deployer, sent = self._job.plan.deployer, step.sent
        to = None if sent.to is None else to_checksum_address(sent.to)
        prepared = prepare(self._chain, deployer, to, sent.data, nonce=step.nonce)
        signed = sign(self._signer, prepared)
        # Written before it is sent: whatever happens now, the next run finds it.
        self.journal = self.journal.signed(step.nonce, signed.hash)
        self.journal.write(self._job.place.journal)
        return send(self._chain, signed, timeout=self._timeout)


def _is_written(record: Deployment, place: Place) -> bool:
    """Return whether a record is at its place already: we died right after writing it."""
    try:
        return read_deployment(place.record).block == record.block
    except BookError:
        return False  # what is there is damaged: it is kept aside as it is


def _good(receipt: Receipt) -> Receipt:
    """Return the receipt of what did not fail."""
    if not receipt.status:
        raise TransactionFailed(receipt.hash, "", receipt)
    return receipt


def _remedy(job: Job, error: Reverted) -> str:
    """Return what helps against the refusal of a step."""
    if error.reason == "oracle: stale" and any(m.is_mock for m in job.plan.system.markets.values()):
        # A push would take a nonce of the plan.
        return f"too much time has passed since the mock feeds got their prices: {START_ANEW}"
    return _GO_ON


def _name(job: Job, step: Step) -> str:
    index = step.nonce - job.plan.first_nonce + 1
    return f"step {index} of {len(job.plan.steps)}, {step.title}"


def _check_vacant(chain: Chain, place: Place) -> None:
    """Refuse to forget a deployment that is there."""
    if not place.record.exists():
        return
    record = read_deployment(place.record)
    if record.chain_id != chain.chain_id:
        raise BookError(
            f"{place.record} is of chain {record.chain_id}, the node serves {chain.chain_id}",
            "choose another name with --name",
        )
    if chain.code(record.address("PerpExchange")):
        raise DeploymentError(
            f"{place.record} is of a deployment that is live on chain {chain.chain_id}",
            "deploy once more with --again, which keeps the old record aside, or with --name NAME",
        )


def _check_same(chain: Chain, journal: Journal, deployer: str) -> None:
    """Refuse to go on with a deployment of another account, or on another chain."""
    if journal.deployer.lower() != deployer.lower():
        raise DeploymentError(
            f"{journal.deployer} began this deployment, not {deployer}",
            f"use that account, or {START_ANEW}",
        )
    chain.check_chain(journal.chain_id)
    try:
        is_there = chain.block(journal.anchor.number).hash == journal.anchor.hash
    except ChainError as error:
        if error.is_transient:
            raise
        is_there = False
    if not is_there:
        raise DeploymentError(
            "this deployment was begun on another chain of the same id, e.g. before the node was "
            "started anew",
            START_ANEW,
        )


def _check_idle(chain: Chain, deployer: str, nonce: int) -> None:
    """Refuse to plan around transactions that are on their way."""
    waiting = chain.nonce(deployer, "pending") - nonce
    if waiting > 0:
        raise DeploymentError(
            f"{waiting} transactions of {deployer} are not mined yet", "wait until they are"
        )
