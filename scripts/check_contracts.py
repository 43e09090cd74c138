"""Check what neither the compiler nor a formatter does: documentation, sizes, reasons and names.

Every finding is printed as `file:line: what is wrong`; any finding fails `make lint`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import cbor2
import click
from vyper import ast as vy
from vyper.exceptions import VyperException

from steelyard.compiler import Artifact, CompileError, compile_contract, contract_paths
from steelyard.errors import CONTRACT_ERRORS

ROOT = Path(__file__).resolve().parents[1]
PRAGMA = "# pragma version 0.4.3"
MAX_CODE = 24_576  # bytes of code an address can hold (EIP-170)
MAX_LINES = 400
LINE_LIMITED = ("contracts", "interfaces", "steelyard", "scripts", "bots", "tests")

# Deployed as EIP-5202 blueprints: their creation code, after three bytes, is itself kept on chain.
BLUEPRINTS = {"LeveragedToken"}
BLUEPRINT_PREFIX = 3

# Fewer bytes than an assert: `reasons._revert("<module>: <reason>")`.
REVERT_HELPER = "_revert"
REVERT_PARAMETER = "reason"
# What a mock says because the contract it stands for says it.
FOREIGN_REASONS = {"No data present"}

TAG = re.compile(r"^\s*@([\w:]+)\s+(.*?)\s*(?=^\s*@|\Z)", re.MULTILINE | re.DOTALL)
REASON = re.compile(r"[a-z][a-z0-9_]*: [^A-Z]+")
CONTRACT_NAME = re.compile(r"[A-Z][A-Za-z0-9]*")
MODULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
INTERFACE_NAME = re.compile(r"I[A-Z][A-Za-z0-9]*")

# An integer without a unit or a scale is how ledgers get lost: one of these must be said.
UNIT = re.compile(
    r"\b(WAD|RAY|wei|gas|seconds?|days?|timestamp|blocks?|quote|underlying|decimals|tokens?|shares?"
    r"|USD|units?|bps|percent|count|number|index|id|bool|flags?|bits?|raw|1e\d+)\b"
    r"|\b10\s*\*\*",
    re.IGNORECASE,
)


class Finding(NamedTuple):
    """One broken rule and the place to mend it."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """Return it as editors understand it."""
        return f"{self.path}:{self.line}: {self.message}"


class Source(NamedTuple):
    """A parsed Vyper file.

    Attributes:
        path: Relative to the repository, with forward slashes.
        tree: The module's syntax tree.
    """

    path: str
    tree: vy.Module

    @property
    def is_interface(self) -> bool:
        """Whether the file declares functions without bodies."""
        return self.path.endswith(".vyi")

    @property
    def is_harness(self) -> bool:
        """Whether the file only shows the inside of a module to the tests."""
        return "/harness/" in self.path

    @property
    def functions(self) -> list[vy.FunctionDef]:
        """External functions; a public variable's getter is not among them."""
        return [
            function
            for function in self.tree.get_children(vy.FunctionDef)
            if any(getattr(mark, "id", "") == "external" for mark in function.decorator_list)
        ]


def vyper_files(root: Path) -> list[Path]:
    """Return every Vyper file of the repository at `root`."""
    return sorted(
        path
        for folder in ("contracts", "interfaces")
        for path in (root / folder).rglob("*")
        if path.suffix in (".vy", ".vyi")
    )


def parse(root: Path, findings: list[Finding]) -> list[Source]:
    """Parse all Vyper files; one that is not Vyper becomes a finding."""
    sources = []
    for path in vyper_files(root):
        name = path.relative_to(root).as_posix()
        try:
            tree = vy.parse_to_ast(path.read_text(), is_interface=path.suffix == ".vyi")
        except (VyperException, SyntaxError) as error:
            findings.append(Finding(name, 1, str(error)))
        else:
            sources.append(Source(name, tree))
    return sources


def check_natspec(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each external function is documented where it is first declared.

    That is the interface, if there is one: its implementation need only say what it does.
    """
    sources = list(sources)
    specified = {f.name for source in sources if source.is_interface for f in source.functions}
    for source in sources:
        if source.is_harness:
            continue
        for function in source.functions:
            complete = source.is_interface or function.name not in specified
            for message in _natspec_gaps(function, complete):
                yield Finding(source.path, function.lineno, f"{function.name}: {message}")


def _natspec_gaps(function: vy.FunctionDef, complete: bool) -> Iterator[str]:
    """Yield what the NatSpec of a function lacks."""
    text = function.get("doc_string.value") or ""
    tags = TAG.findall(text)
    if not any(tag == "notice" for tag, _ in tags):
        yield "no @notice"
    if not complete:
        return
    parameters = dict((body.split(maxsplit=1) + [""])[:2] for tag, body in tags if tag == "param")
    for argument in function.args.args:
        if not parameters.get(argument.arg):
            yield f"no @param {argument.arg}"
        elif _needs_unit(argument.annotation) and not UNIT.search(parameters[argument.arg]):
            yield f"@param {argument.arg} names no unit or scale"
    returned = function.returns
    types = returned.elements if isinstance(returned, vy.Tuple) else [returned] if returned else []
    returns = [body for tag, body in tags if tag == "return"]
    if len(returns) != len(types):
        yield f"{len(returns)} @return for {len(types)} values"
        return
    for annotation, body in zip(types, returns, strict=True):
        if _needs_unit(annotation) and not UNIT.search(body):
            yield f"@return {body.split()[0]} names no unit or scale"


def _needs_unit(annotation: vy.VyperNode) -> bool:
    return getattr(annotation, "id", "") in ("uint256", "int256")


def check_reasons(sources: Iterable[Source], known: Mapping[str, str]) -> Iterator[Finding]:
    """Each revert has a reason that names one place in the contracts and one remedy."""
    places = defaultdict(set)
    for source in sources:
        if source.is_interface or source.is_harness:
            continue
        for line, reason in _reasons(source.tree):
            if reason is None:
                yield Finding(source.path, line, "reverts without a reason of this file")
            else:
                places[reason].add((source.path, line))
    for reason, found in places.items():
        if reason in FOREIGN_REASONS:
            continue
        first, *others = sorted(found)
        if not REASON.fullmatch(reason):
            yield Finding(*first, f'"{reason}" is not of the form "<module>: <reason>", lower case')
        if reason not in known:
            yield Finding(*first, f'"{reason}" is not in steelyard/errors.py')
        for other in others:
            yield Finding(*other, f'"{reason}" is already the reason of {first[0]}:{first[1]}')
    for reason in known:
        if reason not in places:
            yield Finding("steelyard/errors.py", 1, f'"{reason}" occurs in no contract')


def _reasons(tree: vy.Module) -> Iterator[tuple[int, str | None]]:
    """Yield line and text of each reason; a constant counts once, where it is defined."""
    constants = {
        declared.target.id: declared.value
        for declared in tree.get_children(vy.VariableDecl)
        if declared.is_constant and isinstance(declared.value, vy.Str)
    }
    for statement in tree.get_descendants((vy.Assert, vy.Raise, vy.Call)):
        if isinstance(statement, vy.Call):
            if getattr(statement.func, "attr", None) != REVERT_HELPER:
                continue
            said = statement.args[0]
        else:
            said = statement.msg if isinstance(statement, vy.Assert) else statement.exc
        name = getattr(said, "id", None)
        if name in ("UNREACHABLE", REVERT_PARAMETER):
            continue
        text = constants.get(name, said)
        if isinstance(text, vy.Str):
            yield text.lineno, text.value
        else:
            yield statement.lineno, None


def check_names(root: Path) -> Iterator[Finding]:
    """A file's name tells what it is, and ape can tell all of them apart."""
    stems: dict[str, str] = {}
    for path in vyper_files(root):
        name = path.relative_to(root).as_posix()
        if path.suffix == ".vyi":
            pattern, kind = INTERFACE_NAME, "an interface is named IPascalCase"
        elif "modules" in path.relative_to(root).parts:
            pattern, kind = MODULE_NAME, "a module is named snake_case"
        else:
            pattern, kind = CONTRACT_NAME, "a contract is named PascalCase"
        if not pattern.fullmatch(path.stem):
            yield Finding(name, 1, kind)
        twin = stems.setdefault(path.stem.lower(), name)
        if twin != name:
            yield Finding(name, 1, f"has the same name as {twin}")
        if not path.read_text().startswith(PRAGMA + "\n"):
            yield Finding(name, 1, f'must start with "{PRAGMA}"')


def check_lengths(root: Path) -> Iterator[Finding]:
    """A file stays short enough to be read at once, or says at its head why not."""
    for folder in LINE_LIMITED:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".vy", ".vyi", ".py"):
                continue
            lines = path.read_text().splitlines()
            excused = any(re.match(r"# long: \S", line) for line in lines[:20])
            if len(lines) > MAX_LINES and not excused:
                message = f'{len(lines)} lines: split it or say "# long: <reason>" at its head'
                yield Finding(path.relative_to(root).as_posix(), MAX_LINES + 1, message)


def check_size(artifact: Artifact) -> Iterator[Finding]:
    """A contract fits into an account, and so does a blueprint."""
    size = runtime_size(artifact)
    if size > MAX_CODE:
        yield Finding(artifact.source, 1, f"{size} bytes of runtime code, {MAX_CODE} allowed")
    stored = len(artifact.creation_code) + BLUEPRINT_PREFIX
    if artifact.name in BLUEPRINTS and stored > MAX_CODE:
        yield Finding(artifact.source, 1, f"{stored} bytes as a blueprint, {MAX_CODE} allowed")


def runtime_size(artifact: Artifact) -> int:
    """Return the bytes of code on chain: what the compiler calls runtime code, and immutables.

    Vyper ends creation code with CBOR that lists the size of the immutables, and two bytes with
    the length of that CBOR, themselves included.
    """
    code = artifact.creation_code
    footer = cbor2.loads(code[-int.from_bytes(code[-2:], "big") : -2])
    immutables: int = footer[-2]
    return len(artifact.runtime_code) + immutables


def check_sources(root: Path, known: Mapping[str, str]) -> list[Finding]:
    """Return all findings in the files at `root`, except for the sizes of compiled contracts.

    Args:
        root: The repository.
        known: Reason strings with their remedies, as `CONTRACT_ERRORS`.
    """
    findings: list[Finding] = []
    sources = parse(root, findings)
    findings += check_natspec(sources)
    findings += check_reasons(sources, known)
    findings += check_names(root)
    findings += check_lengths(root)
    return findings


def check_compiled() -> list[Finding]:
    """Compile the contracts of this checkout, print their sizes and return what is too large."""
    findings: list[Finding] = []
    click.echo(f"{'contract':32}{'runtime':>10}{'left':>10}{'creation':>10}")
    for name, path in contract_paths().items():
        try:
            artifact = compile_contract(name)
        except CompileError as error:
            findings.append(Finding(path.relative_to(ROOT).as_posix(), 1, str(error)))
            continue
        size, created = runtime_size(artifact), len(artifact.creation_code)
        click.echo(f"{name:32}{size:>10,}{MAX_CODE - size:>10,}{created:>10,}")
        findings += check_size(artifact)
    return findings


@click.command()
def cli() -> None:
    """Check documentation, sizes, revert reasons and names of the contracts."""
    findings = sorted(check_sources(ROOT, CONTRACT_ERRORS) + check_compiled())
    for finding in findings:
        click.echo(str(finding), err=True)
    if findings:
        raise click.ClickException(f"{len(findings)} findings")


if __name__ == "__main__":
    cli()
