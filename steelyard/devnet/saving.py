"""A chain that is kept while nothing runs: its state and the record of what is deployed on it.

Both are in one file, replaced as a whole, so that one is never without the other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steelyard.devnet.errors import DevnetError, StateError

FORMAT = 1
_REMEDY = "begin anew with --fresh"


@dataclass(frozen=True)
class Saved:
    """A chain to go on with.

    Attributes:
        state: What the node loads, JSON.
        record: What is deployed, the JSON of the deployment's record.
        number: Of the last block.
        hash: Of the last block, hex.
        code: Digest of what was deployed from; another one in the checkout means: it has changed.
        walked: Where the price paths are, by symbol.
    """

    state: bytes
    record: bytes
    number: int
    hash: str
    code: str
    walked: Mapping[str, Mapping[str, Any]]


def saved_file(folder: Path) -> Path:
    """Return where a folder keeps its chain."""
    return folder / "chain.zip"


def write_saved(folder: Path, saved: Saved) -> None:
    """Keep a chain in place of the one before: all of it, or nothing.

    Args:
        folder: Made if need be.
        saved: What to keep.
    """
    about = {
        "format": FORMAT,
        "number": saved.number,
        "hash": saved.hash,
        "code": saved.code,
        "walked": saved.walked,
        "sha256": {"state.json": _digest(saved.state), "record.json": _digest(saved.record)},
    }
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix="chain-", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as parts:
                parts.writestr("state.json", saved.state)
                parts.writestr("record.json", saved.record)
                parts.writestr("about.json", json.dumps(about, indent=1))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, saved_file(folder))
    except BaseException:
        os.unlink(temporary)
        raise


def read_saved(folder: Path) -> Saved | None:
    """Return the chain that a folder keeps, None if there is none.

    Raises:
        StateError: It is damaged, or its parts do not belong together.
    """
    path = saved_file(folder)
    try:
        with zipfile.ZipFile(path) as parts:
            state, record = parts.read("state.json"), parts.read("record.json")
            about = json.loads(parts.read("about.json"))
        if about["format"] != FORMAT:
            raise StateError(f"{path} is of another version of Steelyard", _REMEDY)
        if about["sha256"] != {"state.json": _digest(state), "record.json": _digest(record)}:
            raise StateError(f"{path}: state and record do not belong together", _REMEDY)
        found = (about[key] for key in ("number", "hash", "code", "walked"))
        return Saved(state, record, *found)
    except FileNotFoundError:
        return None
    except (zipfile.BadZipFile, zlib.error, OSError, KeyError, ValueError, TypeError) as error:
        raise StateError(f"{path} is damaged: {error}", _REMEDY) from error


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Keep a folder to one devnet for the time of the `with` block.

    Raises:
        DevnetError: Another one has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DevnetError(
                f"a devnet of {folder} runs already (process {lock.read().strip() or 'unknown'})",
                "use it or stop it; --folder and --port make room for another",
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
