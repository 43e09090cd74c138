"""What the deployment commands print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from eth_utils.address import to_checksum_address
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from steelyard.book import Deployment
from steelyard.deployment.running import Job
from steelyard.deployment.running import Progress as Tell
from steelyard.deployment.values import people
from steelyard.deployment.verifying import Check, differences

WIDTH = 130  # where there is no terminal to say
_SIX = 10**12  # wei: ether is shown with six decimals


def make_console(*, quiet: bool = False) -> Console:
    """Return a console; a quiet one prints to standard error."""
    console = Console(highlight=False, stderr=quiet)
    if not console.is_terminal:
        console.width = WIDTH
    return console


def ether(wei: int) -> str:
    """Return an amount of ether to six decimals, rounded up: it is a cost.

    >>> ether(1_230_000_000_123_456)
    '0.001231'
    """
    millionths = -(-wei // _SIX)
    return f"{millionths // 10**6:,}.{millionths % 10**6:06}"


def print_plan(console: Console, job: Job) -> None:
    """Print every transaction of a deployment, what is left of it costs, and who pays."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("step", "transaction", "creates", "gas", "ether"):
        table.add_column(name, justify="right" if name in ("step", "gas", "ether") else "left")
    for index, step in enumerate(job.plan.steps):
        created = to_checksum_address(step.sent.address) if step.sent.address else ""
        cost = "sent" if index < job.done else ether(step.gas * job.price)
        table.add_row(str(index + 1), step.title, created, f"{step.gas:,}", cost)
    console.print(table)
    roles = job.spec.roles.given()
    for role, account in roles.items():
        console.print(f"{role.replace('_', ' ')}: {account}")
    count, left = len(job.plan.steps), len(job.plan.steps) - job.done
    went = f"{job.done} of {count} transactions are mined; left are" if job.done else "total:"
    price = people(job.price, 9)
    console.print(
        f"{went} {left} transactions, about {job.gas:,} gas, {ether(job.cost)} ether at "
        f"{price} gwei (an L2 charges for data besides)",
    )
    deployer = to_checksum_address(job.plan.deployer)
    balance = people(job.balance // _SIX, 6)
    console.print(
        f"deployer {deployer} has {balance} ether, nonce {job.plan.first_nonce + job.done}"
    )


def plan_json(job: Job) -> dict[str, Any]:
    """Return the same for scripts; amounts in wei as text."""
    return {
        "chain_id": job.plan.chain_id,
        "deployer": to_checksum_address(job.plan.deployer),
        "balance_wei": str(job.balance),
        "gas_price_wei": str(job.price),
        "gas": job.gas,
        "cost_wei": str(job.cost),
        "config_hash": job.spec.digest(),
        "plan_hash": job.plan.digest,
        "record": job.place.record.as_posix(),
        "transactions": [
            {
                "title": step.title,
                "nonce": step.nonce,
                "to": None if step.sent.to is None else to_checksum_address(step.sent.to),
                "creates": to_checksum_address(step.sent.address) if step.sent.address else None,
                "gas": step.gas,
                "data_hash": step.data_hash,
                "mined": index < job.done,
            }
            for index, step in enumerate(job.plan.steps)
        ],
    }


@contextmanager
def progress_bar(console: Console) -> Iterator[Tell]:
    """Show how far a deployment is."""
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, title: bar.update(
            task, completed=done, total=total, description=title
        )


def print_record(console: Console, record: Deployment, path: str, verify: str) -> None:
    """Print where everything is.

    Args:
        console: Where to.
        record: Of the deployment.
        path: Of the record.
        verify: The command that verifies it.
    """
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("contract")
    table.add_column("address")
    for name, contract in record.contracts.items():
        table.add_row(name, contract.address)
    for symbol, token in record.tokens.items():
        table.add_row(symbol, token.address)
    console.print(table)
    console.print(f"recorded in {path}; now: {verify}", soft_wrap=True)


def print_checks(console: Console, checks: list[Check], *, every: bool) -> None:
    """Print what was compared by contract, and every difference with both values."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("contract", "checks", "result"):
        table.add_column(name, justify="right" if name == "checks" else "left")
    for name, mine in _by_contract(checks).items():
        if every:
            for check in mine:
                table.add_row(name, check.what, "ok" if check.ok else "differs")
            continue
        failed = len(differences(mine))
        table.add_row(name, str(len(mine)), f"{failed} differ" if failed else "ok")
    console.print(table)
    for check in differences(checks):
        console.print(f"\n{check.contract}, {check.what} differs:", style="bold")
        console.print(f"  expected {check.expected}", soft_wrap=True)
        console.print(f"  found    {check.found}", soft_wrap=True)


def _by_contract(checks: list[Check]) -> Mapping[str, list[Check]]:
    grouped: dict[str, list[Check]] = {}
    for check in checks:
        grouped.setdefault(check.contract, []).append(check)
    return grouped
