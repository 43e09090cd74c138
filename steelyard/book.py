"""The record of a deployment, deployments/<ecosystem>/<network>.json: what is where.

Written by the deploy command, read by everything that uses a deployed system. Addresses are EIP-55
hex str, hashes lower-case hex str with 0x. Integers that another language could not read exactly
(from 2**53 on) are decimal str inside `config` and `args`; see `to_json`.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from eth_utils.address import is_address, to_checksum_address
from eth_utils.crypto import keccak
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from steelyard.errors import SteelyardError

FORMAT = 1
"""What this version reads and writes."""

FOLDER = Path("deployments")
"""Where records are, in a checkout."""

ENVIRONMENT = "STEELYARD_DEPLOYMENT"
"""Names the record to use when nothing else does."""

_PARTIAL = ".partial.json"  # the journal of a deployment that is not finished
_SAFE = 2**53  # what a double of another language holds exactly


class BookError(SteelyardError):
    """There is no record of a deployment, or it cannot be used."""


def _address(text: str) -> str:
    if not is_address(text):
        raise ValueError(f"not an address: {text!r}")
    return str(to_checksum_address(text))


Address = Annotated[str, AfterValidator(_address)]
Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CollateralRecord(_Record):
    """The collateral's ERC-20.

    Attributes:
        address: Where it is.
        symbol: E.g. `mUSD`.
        decimals: Count.
    """

    address: Address
    symbol: str
    decimals: int = Field(ge=0, le=18)


class ContractRecord(_Record):
    """A contract that was deployed by a transaction of its own.

    Attributes:
        address: Where it is.
        args: Constructor arguments, as `to_json` makes them.
        block: Number of its block.
        transaction: Hash.
        code_hash: `code_hash` of the code at the address, immutables included.
    """

    address: Address
    args: tuple[Any, ...]
    block: int = Field(ge=0)
    transaction: Hash
    code_hash: Hash


class MarketRecord(_Record):
    """A market of the exchange.

    Attributes:
        id: What the exchange calls it.
        feed: Its price feed, an AggregatorV3.
        feed_kind: Whether the feed is our mock, or real.
        guard: Its PriceGuard, or None.
    """

    id: int = Field(ge=0)
    feed: Address
    feed_kind: Literal["mock", "chainlink"]
    guard: Address | None = None


class TokenRecord(_Record):
    """A leveraged token, made by the factory.

    Attributes:
        address: Where it is.
        market: Symbol of its market.
        block: Number of the block that made it.
    """

    address: Address
    market: str
    block: int = Field(ge=0)


class BlockRecord(_Record):
    """A block.

    Attributes:
        number: Index.
        hash: Tells one chain of this id from another, e.g. a local node that was started anew.
    """

    number: int = Field(ge=0)
    hash: Hash


class Deployment(_Record):
    """What was deployed to a chain.

    Attributes:
        format: Of the record, `FORMAT`.
        ecosystem: As ape calls it, e.g. `ethereum`.
        network: As ape calls it, e.g. `local`.
        chain_id: Of EIP-155.
        deployer: Who deployed it.
        start_nonce: His nonce before the first transaction.
        config: The whole normalised configuration.
        config_hash: Of the configuration.
        commit: Of the checkout it was deployed from; None outside of one.
        dirty: Whether that checkout had changes that were not committed.
        block: Of the last transaction.
        collateral: What tokens are paid with.
        contracts: By name, e.g. `LeveragedTokenFactory`.
        markets: By symbol.
        tokens: By symbol.
    """

    format: Literal[1] = 1
    ecosystem: str
    network: str
    chain_id: int = Field(gt=0)
    deployer: Address
    start_nonce: int = Field(ge=0)
    config: Mapping[str, Any]
    config_hash: Hash
    commit: str | None = None
    dirty: bool = False
    block: BlockRecord
    collateral: CollateralRecord
    contracts: Mapping[str, ContractRecord]
    markets: Mapping[str, MarketRecord] = {}
    tokens: Mapping[str, TokenRecord] = {}

    def address(self, contract: str) -> str:
        """Return where a contract is.

        Args:
            contract: E.g. `LeveragedTokenLens`.

        Raises:
            BookError: It was not deployed.
        """
        if contract in self.contracts:
            return self.contracts[contract].address
        known = ", ".join(self.contracts) or "nothing"
        raise BookError(f"{contract} is not in the deployment", f"it has {known}")

    def market_symbol(self, market: int) -> str:
        """Return the symbol of a market by its id; `market 7` for one that is not recorded."""
        found = (symbol for symbol, record in self.markets.items() if record.id == market)
        return next(found, f"market {market}")


def read_deployment(path: Path | str) -> Deployment:
    """Read a record.

    Raises:
        BookError: There is none, or it is damaged.
    """
    path = Path(path)
    try:
        return Deployment.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        remedy = "deploy first (`ape run deploy`, `make devnet`), or name another file"
        raise BookError(f"no deployment at {path}", remedy) from error
    except OSError as error:
        raise BookError(f"cannot read {path}: {error.strerror}", "check the path") from error
    except ValidationError as error:
        remedy = "restore the file, or deploy again"
        raise BookError(f"{path} is not a deployment: {_problem(error)}", remedy) from error


def write_deployment(deployment: Deployment, path: Path | str) -> None:
    """Write a record so that readers see all of it or what was there before, even after a crash.

    Raises:
        BookError: It cannot be written.
    """
    path = Path(path)
    text = deployment.model_dump_json(indent=2) + "\n"
    try:
        write_atomically(path, text)
    except OSError as error:
        raise BookError(f"cannot write {path}: {error.strerror}", "check the folder") from error


def write_atomically(path: Path, text: str) -> None:
    """Replace a file by a text, wholly or not at all.

    Raises:
        OSError: It cannot be written; what was there is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp lets nobody else read
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    # The new name is only sure to survive a crash once the folder is written too.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def find_deployment(chain_id: int, folder: Path | str = FOLDER) -> Deployment:
    """Return the deployment to a chain.

    Args:
        chain_id: Of EIP-155.
        folder: With records in folders by ecosystem.

    Raises:
        BookError: There is none, or more than one.
    """
    found: dict[Path, Deployment] = {}
    damaged: list[BookError] = []
    for path in sorted(Path(folder).rglob("*.json")):
        if path.name.endswith(_PARTIAL):
            continue
        try:
            deployment = read_deployment(path)
        except BookError as error:
            damaged.append(error)
            continue
        if deployment.chain_id == chain_id:
            found[path] = deployment
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        names = ", ".join(map(str, found))
        raise BookError(f"several deployments to chain {chain_id}: {names}", "name one of them")
    also = "".join(f"; {error}" for error in damaged)
    remedy = "deploy first (`ape run deploy`, `make devnet`), or name a file"
    raise BookError(f"no deployment to chain {chain_id} in {folder}{also}", remedy)


def open_deployment(chain_id: int, path: Path | str | None = None) -> Deployment:
    """Return the deployment to use on a chain.

    Args:
        chain_id: Of EIP-155; what to look for when no file is named.
        path: Of the record; by default the one that $STEELYARD_DEPLOYMENT names, else the one in
            ./deployments whose chain it is.

    Raises:
        BookError: There is no such record, or it is damaged.
    """
    named = path if path is not None else os.environ.get(ENVIRONMENT)
    return read_deployment(named) if named else find_deployment(chain_id)


def find_record(named: str | None, ecosystem: str, network: str) -> str | None:
    """Return the path of the record of a network; None to look for one by the id of the chain.

    What was named comes first, then what $STEELYARD_DEPLOYMENT names, then the network's own.

    Args:
        named: With `--deployment`.
        ecosystem: As ape calls it.
        network: As ape calls it.
    """
    own = FOLDER / ecosystem / f"{network}.json"
    return named or os.environ.get(ENVIRONMENT) or (str(own) if own.is_file() else None)


def code_hash(code: bytes) -> str:
    """Return the hash by which a record knows the code at an address (keccak256).

    >>> code_hash(b"")[:10]
    '0xc5d24601'
    """
    return "0x" + keccak(code).hex()


def to_json(value: Any) -> Any:
    """Return arguments or a configuration as JSON that any language reads exactly.

    Args:
        value: Of None, bool, int, str, bytes, sequences, mappings, and contract handles.

    >>> to_json([2**53, 7, b"ab", ("x", True)])
    ['9007199254740992', 7, '0x6162', ['x', True]]
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < _SAFE else str(int(value))
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(address := getattr(value, "address", None), str):
        return _address(address)
    raise TypeError(f"{value!r} has no exact form in JSON")


def _problem(error: ValidationError) -> str:
    """Return the first problem of a record with its place."""
    first = error.errors(include_url=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
