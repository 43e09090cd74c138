"""The packaged ABIs are those of the contracts, and stale ones are found."""

import json
import shutil

import pytest
from click.testing import CliRunner

from scripts import build_abis
from steelyard.abis import load_abi
from steelyard.errors import SteelyardError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    folder = tmp_path / "abis"
    shutil.copytree(build_abis.FOLDER, folder)
    monkeypatch.setattr(build_abis, "FOLDER", folder)
    return folder


def run(*args):
    return CliRunner().invoke(build_abis.cli, list(args))


def test_packaged_abis_are_up_to_date():
    assert build_abis.stale(build_abis.FOLDER) == []


def test_stale_missing_and_left_over_files_are_found_and_mended(folder):
    (folder / "MockUSD.json").write_text("[]\n")
    (folder / "PriceGuard.json").unlink()
    (folder / "Gone.json").write_text("[]\n")
    names = "Gone.json, MockUSD.json, PriceGuard.json"
    result = run("--check")
    assert result.exit_code == 1
    assert result.output == f"Error: steelyard/abis: {names} out of date: `make abis`\n"
    assert run().output.split() == [f"steelyard/abis/{name}" for name in names.split(", ")]
    assert run("--check").exit_code == 0
    assert run().output == ""


def test_feed_has_what_every_feed_has():
    functions = set(load_abi("IAggregatorV3").functions)
    wanted = {"decimals", "description", "version", "latestRoundData", "getRoundData"}
    assert functions == wanted


@pytest.mark.parametrize("name", [*build_abis.CONTRACTS, build_abis.FEED])
def test_abis_load(name):
    assert load_abi(name).name == name
    assert load_abi(name) is load_abi(name)
    assert json.loads((build_abis.FOLDER / f"{name}.json").read_text())


def test_no_such_abi():
    with pytest.raises(SteelyardError) as caught:
        load_abi("Nothing")
    known = sorted([*build_abis.CONTRACTS, build_abis.FEED])
    assert str(caught.value) == f"no ABI named 'Nothing' (there are: {', '.join(known)})"
