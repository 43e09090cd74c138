"""Compile the contracts of this checkout without ape, once per content.

Ape runs the `vyper` program of the same environment; this module calls the same compiler in the
process, with the same settings, and keeps what it made in `.cache/contracts/`. A cached artifact is
only ever returned for exactly the sources, versions and settings it was made from.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from steelyard.errors import SteelyardError

ROOT = Path(__file__).resolve().parents[1]

# What ape hands to the compiler: this EVM version (ape-config.yaml says the same, a test compares
# them) and nothing else, so that pragmas decide the rest; Vyper's default is to optimise for gas.
EVM_VERSION = "cancun"

# Part of every key: raise it when the stored form or the settings above change in meaning.
_CACHE_FORMAT = 1
_CACHE = ROOT / ".cache" / "contracts"
_SOURCE_FOLDERS = ("contracts", "interfaces")
_OUTPUTS = ("abi", "bytecode", "bytecode_runtime")


class CompileError(SteelyardError):
    """The compiler refused a contract, or there is no contract of that name."""


@dataclass(frozen=True)
class Artifact:
    """A compiled contract.

    Attributes:
        name: File stem of the source, as in ape, e.g. `PerpExchange`.
        abi: Contract ABI, as the compiler wrote it. Not to be modified.
        creation_code: Code that a deployment runs, without constructor arguments.
        runtime_code: Code that stays on chain, without immutables.
        source: Path of the source relative to the repository, or as given for other sources.
    """

    name: str
    abi: list[dict[str, Any]] = field(hash=False, repr=False)
    creation_code: bytes = field(repr=False)
    runtime_code: bytes = field(repr=False)
    source: str


def compile_contract(name: str) -> Artifact:
    """Return the compiled contract of this checkout whose file is called `name`.vy.

    Args:
        name: File stem, e.g. `PerpExchange`.

    Raises:
        CompileError: There is no such contract, or it does not compile (Vyper's message is kept).
    """
    paths = contract_paths()
    if name not in paths:
        known = ", ".join(sorted(paths)) or "none: contracts only exist in a checkout"
        raise CompileError(f"no contract named {name!r}; known contracts: {known}")
    source = paths[name].relative_to(ROOT).as_posix()
    key = _cache_key(source)
    cached = _CACHE / f"{name}-{key}.json"
    try:
        return _loads(cached.read_text())
    except FileNotFoundError:
        artifact = _compile(paths[name].read_text(), paths[name], source)
    # A file saved while the compiler ran may or may not be in the artifact: only keep a sure one.
    if _cache_key(source) == key:
        _store(artifact, cached)
    return artifact


def compile_file(path: Path) -> Artifact:
    """Compile a file that is not one of the checkout's contracts. Never cached.

    Args:
        path: A `.vy` file; its relative imports work, and so does snekmate.

    Raises:
        CompileError: It does not compile.
    """
    return _compile(path.read_text(), path.resolve(), path.as_posix())


def compile_source(source: str, name: str = "Contract") -> Artifact:
    """Compile a contract given as text, without relative imports. Never cached.

    Args:
        source: The contract, Vyper.
        name: Name of the artifact.

    Raises:
        CompileError: It does not compile.
    """
    return _compile(source, Path(f"{name}.vy"), f"{name}.vy")


def standard_input(name: str) -> dict[str, Any]:
    """Return what a block explorer wants to see of a contract: the compiler's standard JSON input.

    Args:
        name: File stem of a contract of this checkout.

    Returns:
        All sources that it is made from, paths relative, and the settings; `vyper-json` makes the
        same code from it.

    Raises:
        CompileError: As in `compile_contract`.
    """
    path = contract_paths()[compile_contract(name).name]
    source = path.relative_to(ROOT).as_posix()
    with contextlib.chdir(ROOT):  # the paths of this output are relative to the working directory
        search = [_site_packages(), ROOT]
        made = _run(path.read_text(), path, source, search, ("solc_json",))["solc_json"]
    # Libraries are where this machine keeps them: the reader's machine has them beside the rest.
    made["sources"] = {_portable(path): text for path, text in made["sources"].items()}
    made["settings"]["search_paths"] = ["."]
    return dict(made)


def contract_paths() -> dict[str, Path]:
    """Return the deployable contracts of this checkout: file stem to absolute path.

    Raises:
        CompileError: Two contracts share a file stem, which ape could not tell apart either.
    """
    paths: dict[str, Path] = {}
    for path in sorted((ROOT / "contracts").rglob("*.vy")):
        # Modules only compile as a part of the contracts that initialise them.
        if "modules" in path.relative_to(ROOT).parts:
            continue
        if path.stem in paths:
            raise CompileError(f"two contracts are named {path.stem}", "rename one")
        paths[path.stem] = path
    return paths


def _portable(path: str) -> str:
    """Return the path of a source without the folder that libraries are installed in."""
    return path if path.startswith(_SOURCE_FOLDERS) else path[path.index("snekmate/") :]


def _cache_key(source: str) -> str:
    """Return a digest of everything that can change what compiling `source` gives.

    All sources count, imported or not: which file an import means can change when another appears.
    Only relative paths are part of it, so that moving the checkout keeps the cache.
    """
    inputs = {
        "format": _CACHE_FORMAT,
        "source": source,
        "evm_version": EVM_VERSION,
        "versions": {package: version(package) for package in ("vyper", "snekmate")},
        "files": {
            path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in _source_files()
        },
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()[:32]


def _source_files() -> Iterator[Path]:
    """Yield every file that an import statement can reach inside the checkout."""
    for folder in _SOURCE_FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".vy", ".vyi", ".json"):
                yield path


def _compile(text: str, path: Path, source: str) -> Artifact:
    """Run the compiler on `text`, which stands at `path`; `source` is the name in messages."""
    output = _run(text, path, source, [_site_packages()], _OUTPUTS)
    return Artifact(
        name=path.stem,
        abi=output["abi"],
        creation_code=bytes.fromhex(output["bytecode"].removeprefix("0x")),
        runtime_code=bytes.fromhex(output["bytecode_runtime"].removeprefix("0x")),
        source=source,
    )


def _run(
    text: str, path: Path, source: str, search: list[Path], outputs: tuple[str, ...]
) -> dict[str, Any]:
    """Run the compiler, see `_compile`, and return its outputs; imports look in `search`."""
    # Importing Vyper takes longer than reading a cached artifact: only when it has work to do.
    # It ships no type information.
    from vyper.compiler import compile_from_file_input  # type: ignore[import-untyped]
    from vyper.compiler.input_bundle import (  # type: ignore[import-untyped]
        FileInput,
        FilesystemInputBundle,
    )
    from vyper.compiler.settings import Settings  # type: ignore[import-untyped]

    bundle = FilesystemInputBundle(search)
    file = FileInput(source_id=-1, path=Path(source), resolved_path=path, contents=text)
    settings = Settings(evm_version=EVM_VERSION)
    try:
        output: dict[str, Any] = compile_from_file_input(
            file, bundle, settings, output_formats=outputs
        )
    except Exception as error:  # Vyper's errors have no public base class; none is lost here.
        raise CompileError(f"{source} does not compile: {error}") from error
    return output


@functools.cache
def _site_packages() -> Path:
    """Return the folder that snekmate is installed in: the only one that imports search."""
    spec = importlib.util.find_spec("snekmate")
    if spec is None or not spec.submodule_search_locations:
        raise CompileError("snekmate is not installed", "run `make setup`")
    return Path(next(iter(spec.submodule_search_locations))).parent


def _loads(text: str) -> Artifact:
    """Read an artifact that `_store` wrote."""
    stored = json.loads(text)
    for key in ("creation_code", "runtime_code"):
        stored[key] = bytes.fromhex(stored[key])
    return Artifact(**stored)


def _store(artifact: Artifact, path: Path) -> None:
    """Write an artifact so that parallel readers see all of it or nothing."""
    stored = vars(artifact) | {
        "creation_code": artifact.creation_code.hex(),
        "runtime_code": artifact.runtime_code.hex(),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(stored, file)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    for stale in path.parent.glob(f"{artifact.name}-*.json"):
        if stale != path:
            stale.unlink(missing_ok=True)
