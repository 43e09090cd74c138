"""What block explorers get compiles to the code that is deployed, anywhere."""

from __future__ import annotations

import json
import subprocess

import pytest

from steelyard.compiler import CompileError, compile_contract, standard_input


@pytest.mark.parametrize("name", ["PriceGuard", "MockUSD", "LeveragedTokenFactory"])
def test_same_code_by_another_route(name, tmp_path):
    """By the program `vyper-json`, in a folder without any source."""
    given = tmp_path / f"{name}.json"
    given.write_text(json.dumps(standard_input(name)))
    done = subprocess.run(
        ["vyper-json", given.name], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    answer = json.loads(done.stdout)
    assert "errors" not in answer
    (made,) = [contracts[name] for contracts in answer["contracts"].values() if name in contracts]
    artifact = compile_contract(name)
    evm = made["evm"]
    assert evm["bytecode"]["object"] == "0x" + artifact.creation_code.hex()
    assert evm["deployedBytecode"]["object"] == "0x" + artifact.runtime_code.hex()


def test_paths_are_of_no_machine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    made = standard_input("MockUSD")
    roots = {path.partition("/")[0] for path in made["sources"]}
    assert roots == {"contracts", "interfaces", "snekmate"}
    assert made["settings"]["search_paths"] == ["."]
    assert made["settings"]["evmVersion"] == "cancun"
    assert made["compiler_version"].startswith("v0.4.3")
    assert list(made["settings"]["outputSelection"]) == ["contracts/mocks/MockUSD.vy"]


def test_no_such_contract():
    with pytest.raises(CompileError, match="no contract named 'Nothing'"):
        standard_input("Nothing")
