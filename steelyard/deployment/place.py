"""Where the record and the journal of a deployment are."""

from __future__ import annotations

import fcntl
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from steelyard.deployment.markets import DeploymentError


@dataclass(frozen=True)
class Place:
    """Where a deployment is recorded.

    Attributes:
        ecosystem: As ape calls it, e.g. `ethereum`.
        network: As ape calls it, e.g. `local`.
        folder: With the records, by ecosystem.
        name: Of the record; the network's by default.
    """

    ecosystem: str = "ethereum"
    network: str = "local"
    folder: Path = Path("deployments")
    name: str = ""

    @property
    def record(self) -> Path:
        """The record's file."""
        return self.folder / self.ecosystem / f"{self.name or self.network}.json"

    @property
    def options(self) -> str:
        """The options that name this place to a command.

        >>> Place(network="sepolia", name="two").options
        '--network ethereum:sepolia --name two'
        """
        said = f"--network {self.ecosystem}:{self.network}"
        if self.folder != Path("deployments"):
            said += f" --folder {shlex.quote(self.folder.as_posix())}"
        return said + (f" --name {shlex.quote(self.name)}" if self.name else "")

    @property
    def journal(self) -> Path:
        """The file of a deployment under way."""
        return self.record.with_suffix(".partial.json")


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Keep other deployments away from a folder of records.

    Raises:
        DeploymentError: Another one is under way.
    """
    place.record.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place.record.parent, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            remedy = "wait until it is done"
            message = f"another deployment to {place.record.parent} is running"
            raise DeploymentError(message, remedy) from error
        yield
    finally:
        os.close(handle)


def abandon(place: Place) -> Path | None:
    """Give up a deployment that is half-way; its journal is kept aside.

    Args:
        place: Of its record.

    Returns:
        Where the journal is kept, None if there was none.
    """
    return put_aside(place.journal) if place.journal.exists() else None


def put_aside(path: Path) -> Path:
    """Rename a file so that nothing takes it for a record any more, and return its new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.old-{number}")).exists():
        number += 1
    path.rename(aside)
    return aside
