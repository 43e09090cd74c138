"""What a deployment under way has signed: written down before it is sent."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steelyard.book import Address, BlockRecord, BookError, Hash, write_atomically
from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.plan import Plan

START_ANEW = "start anew with --abandon"


class Journal(BaseModel):
    """A deployment under way, <network>.partial.json beside its record.

    Attributes:
        format: Of the file.
        chain_id: Of its chain.
        anchor: A block of before it began: tells its chain from another one of the same id.
        deployer: Who sends.
        first_nonce: Of its first transaction.
        config_hash: Of the configuration that it deploys.
        plan_hash: Of everything that it sends.
        sent: Nonce to the hashes of what was signed for it, in order; one of them is mined at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = Field(default=1, ge=1, le=1)
    chain_id: int
    anchor: BlockRecord
    deployer: Address
    first_nonce: int = Field(ge=0)
    config_hash: Hash
    plan_hash: Hash
    sent: dict[int, tuple[Hash, ...]] = {}

    def hashes(self, nonce: int) -> tuple[str, ...]:
        """Return what was signed for a nonce."""
        return self.sent.get(nonce, ())

    def signed(self, nonce: int, hash: str) -> Journal:
        """Return the journal with one more hash."""
        return self.model_copy(update={"sent": {**self.sent, nonce: (*self.hashes(nonce), hash)}})

    def write(self, path: Path) -> None:
        """Write it, so that it survives a crash of the machine.

        Raises:
            BookError: It cannot be written: then nothing may be sent.
        """
        try:
            write_atomically(path, self.model_dump_json(indent=2) + "\n")
        except OSError as error:
            raise BookError(f"cannot write {path}: {error.strerror}", "check the folder") from error

    def check(self, plan: Plan, config_hash: str) -> None:
        """Refuse to go on with anything but what was begun.

        Args:
            plan: Of what is to go on, from the same nonce.
            config_hash: Of its configuration.

        Raises:
            DeploymentError: It is something else.
        """
        if self.plan_hash == plan.digest:
            return
        changed = "the configuration" if self.config_hash != config_hash else "the checkout"
        raise DeploymentError(
            f"{changed} has changed since this deployment began",
            f"go back to what it was, or {START_ANEW}",
        )


def read_journal(path: Path) -> Journal | None:
    """Read a journal; None if there is none.

    Raises:
        BookError: It is damaged.
    """
    try:
        return Journal.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BookError(f"cannot read {path}: {error.strerror}", "check the path") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        remedy = f"restore the file, or {START_ANEW}"
        raise BookError(f"{path} is no journal of a deployment: {problem}", remedy) from error
