"""The compiler front end: same code as ape's compiler gives, and a cache that never lies."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from steelyard import compiler
from steelyard.compiler import CompileError, compile_contract, compile_file, compile_source

CONTRACT = """\
# pragma version 0.4.3
from snekmate.auth import ownable
from ..interfaces import ICounter
from .modules import step

implements: ICounter
initializes: ownable
exports: ownable.owner

count: public(uint256)

@deploy
def __init__():
    ownable.__init__()

@external
def add():
    self.count += step.STEP
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout with one contract, one module and one interface."""
    root = tmp_path / "checkout"
    write(root / "contracts/Counter.vy", CONTRACT)
    write(root / "contracts/modules/step.vy", "STEP: constant(uint256) = 1\n")
    write(root / "interfaces/ICounter.vyi", "@external\ndef add(): ...\n")
    use(root, monkeypatch)
    return root


def use(root, monkeypatch):
    monkeypatch.setattr(compiler, "ROOT", root)
    monkeypatch.setattr(compiler, "_CACHE", root / ".cache/contracts")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def cached(root):
    return sorted(path.name for path in (root / ".cache/contracts").iterdir())


@pytest.fixture
def compilations(monkeypatch):
    """Names of the sources that the real compiler was run on, in order."""
    ran = []
    real = compiler._compile

    def counting(text, path, source):
        ran.append(source)
        return real(text, path, source)

    monkeypatch.setattr(compiler, "_compile", counting)
    return ran


def test_compiles_with_relative_imports_and_snekmate(checkout):
    artifact = compile_contract("Counter")
    assert artifact.name == "Counter"
    assert artifact.source == "contracts/Counter.vy"
    assert {item.get("name") for item in artifact.abi} >= {"add", "count", "owner"}
    assert artifact.runtime_code in artifact.creation_code


def test_code_is_what_the_vyper_program_makes_for_ape(checkout):
    config = yaml.safe_load((Path(__file__).parents[2] / "ape-config.yaml").read_text())
    evm_version = config["vyper"]["evm_version"]
    assert evm_version == compiler.EVM_VERSION
    command = [Path(sys.executable).with_name("vyper"), "contracts/Counter.vy", "-p", checkout]
    options = ["-f", "bytecode,bytecode_runtime,abi", "--evm-version", evm_version]
    result = subprocess.run(
        [*command, *options], cwd=checkout, check=True, capture_output=True, text=True
    )
    creation_code, runtime_code, abi = result.stdout.splitlines()
    artifact = compile_contract("Counter")
    assert "0x" + artifact.creation_code.hex() == creation_code
    assert "0x" + artifact.runtime_code.hex() == runtime_code
    assert artifact.abi == json.loads(abi)


def test_pragmas_decide_the_optimisation():
    body = "x: public(uint256)\n@external\ndef f(y: uint256):\n    self.x = y * 3 // 7 + 2 ** 9\n"
    default = compile_source(body)
    assert compile_source("# pragma optimize gas\n" + body).runtime_code == default.runtime_code
    assert compile_source("# pragma optimize none\n" + body).runtime_code != default.runtime_code


def test_another_evm_version_is_refused_as_by_ape():
    compile_source(f"# pragma evm-version {compiler.EVM_VERSION}\n")
    with pytest.raises(CompileError, match="settings conflict"):
        compile_source("# pragma evm-version prague\n")


def test_contracts_of_this_checkout_are_found_without_modules():
    paths = compiler.contract_paths()
    assert "MockUSD" in paths
    assert not any("modules" in path.parts for path in paths.values())


def test_unknown_name_lists_the_known_ones(checkout):
    write(checkout / "contracts/mocks/Other.vy", "")
    with pytest.raises(CompileError, match=r"'step'; known contracts: Counter, Other$"):
        compile_contract("step")


def test_equal_stems_are_refused(checkout):
    write(checkout / "contracts/mocks/Counter.vy", CONTRACT)
    with pytest.raises(CompileError, match="two contracts are named Counter"):
        compile_contract("Counter")


def test_compile_error_keeps_vypers_message(checkout):
    write(checkout / "contracts/Counter.vy", CONTRACT + "    self.nothing = 1\n")
    with pytest.raises(CompileError, match=r"^contracts/Counter.vy does not compile") as error:
        compile_contract("Counter")
    assert "'nothing' has not been declared" in str(error.value)
    assert "line 19" in str(error.value)
    assert error.value.__cause__ is not None
    assert not (checkout / ".cache").exists()


def test_second_call_reads_the_cache(checkout, compilations):
    first = compile_contract("Counter")
    assert compile_contract("Counter") == first
    assert compilations == ["contracts/Counter.vy"]


@pytest.mark.parametrize(
    ("file", "text", "changes_code"),
    [
        ("contracts/Counter.vy", CONTRACT.replace("+=", "="), True),
        ("contracts/modules/step.vy", "STEP: constant(uint256) = 2\n", True),
        ("interfaces/ICounter.vyi", "# new\n@external\ndef add(): ...\n", False),
        ("contracts/modules/unrelated.vy", "", False),
        ("interfaces/external/IOther.vyi", "", False),
        ("contracts/abi.json", "[]", False),
    ],
)
def test_any_source_invalidates_the_cache(checkout, compilations, file, text, changes_code):
    first = compile_contract("Counter")
    write(checkout / file, text)
    second = compile_contract("Counter")
    assert len(compilations) == 2
    assert (second.runtime_code != first.runtime_code) == changes_code
    assert len(cached(checkout)) == 1, "the stale artifact is gone"


@pytest.mark.parametrize(
    ("name", "value"),
    [("EVM_VERSION", "prague"), ("_CACHE_FORMAT", 0), ("version", lambda package: "9.9.9")],
)
def test_settings_and_versions_invalidate_the_cache(
    checkout, compilations, monkeypatch, name, value
):
    compile_contract("Counter")
    monkeypatch.setattr(compiler, name, value)
    compile_contract("Counter")
    assert len(compilations) == 2


def test_moving_the_checkout_keeps_the_cache(checkout, compilations, monkeypatch):
    first = compile_contract("Counter")
    moved = checkout.with_name("moved")
    shutil.move(checkout, moved)
    use(moved, monkeypatch)
    assert compile_contract("Counter") == first
    assert len(compilations) == 1


def test_source_saved_while_compiling_is_not_cached(checkout, monkeypatch):
    real = compiler._compile

    def saved_meanwhile(text, path, source):
        write(checkout / "contracts/modules/step.vy", "STEP: constant(uint256) = 3\n")
        return real(text, path, source)

    monkeypatch.setattr(compiler, "_compile", saved_meanwhile)
    compile_contract("Counter")
    assert not (checkout / ".cache").exists()


def test_failed_write_leaves_nothing_behind(checkout, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(compiler.os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        compile_contract("Counter")
    assert cached(checkout) == []


def test_parallel_workers_share_the_cache(checkout):
    program = (
        "import sys, pathlib; from steelyard import compiler as c;"
        "c.ROOT = pathlib.Path(sys.argv[1]); c._CACHE = c.ROOT / '.cache/contracts';"
        "print(hash(c.compile_contract('Counter').creation_code.hex()))"
    )
    environment = {"PYTHONHASHSEED": "0"}
    command = [sys.executable, "-c", program, checkout]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) for _ in range(4)]
    outputs = {worker.communicate()[0] for worker in workers}
    assert [worker.returncode for worker in workers] == [0] * 4
    assert len(outputs) == 1
    assert len(cached(checkout)) == 1


def test_compile_file_outside_the_checkout(tmp_path):
    write(tmp_path / "lib/two.vy", "TWO: constant(uint256) = 2\n")
    write(
        tmp_path / "Four.vy",
        "from lib import two\n@external\n@pure\ndef four() -> uint256:\n    return two.TWO * 2\n",
    )
    artifact = compile_file(tmp_path / "Four.vy")
    assert artifact.name == "Four"
    assert [item["name"] for item in artifact.abi] == ["four"]
