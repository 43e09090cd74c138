"""The command `steelyard replay`: what it prints and writes, and what it refuses."""

import json
import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from steelyard.replay.cli import cli
from tests.replay.makers import walk

PRICES, FUNDING = os.environ.get("PRICES"), os.environ.get("FUNDING")


@pytest.fixture
def prices(tmp_path):
    """A file of three hundred hours."""
    path = walk(7, hours=300)
    columns = (path.open / 1e8, path.high / 1e8, path.low / 1e8, path.close / 1e8)
    rows = zip(path.time, *columns, strict=True)
    lines = [f"{at}," + ",".join(f"{price:.8f}" for price in bar) for at, *bar in rows]
    file = tmp_path / "eth_usd.csv"
    file.write_text("timestamp,open,high,low,close\n" + "\n".join(lines) + "\n")
    return file


@pytest.fixture
def funding(tmp_path):
    """A file of a rate that never changes."""
    file = tmp_path / "funding.csv"
    rows = [f"{1_577_836_800 + period * 28_800},0.0001" for period in range(40)]
    file.write_text("timestamp,rate\n" + "\n".join(rows) + "\n")
    return file


def run(*args, code=0):
    """Run `steelyard replay`."""
    result = CliRunner(mix_stderr=False).invoke(cli, ["replay", *map(str, args)])
    assert result.exit_code == code, result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def tokens(*args):
    """Return what `--json` says of the tokens."""
    return json.loads(run(*args, "--json").stdout)["tokens"]


def test_a_table_with_a_column_for_each_token_and_a_sentence(prices, funding):
    out = run(prices, "--funding", funding, "--token", "3L,2S").stdout
    assert "ETH3L" in out and "ETH2S" in out and "ETH2L" not in out
    for row in ("naive", "compounding", "funding", "= return (NAV per share)", "highest leverage"):
        assert row in out
    assert "liquidated" in out


def test_the_report_is_written_and_named(prices, tmp_path):
    out = tmp_path / "a" / "b"
    result = run(prices, "--token", "2L", "--out", out, "--name", "COIN")
    assert result.stdout.splitlines()[-1] == f"report: {out}/report.html"
    assert "COIN2L" in (out / "report.html").read_text()
    assert json.loads((out / "summary.json").read_text())["tokens"][0]["market"] == "COIN"


def test_several_rules_are_compared(prices):
    found = tokens(prices, "--token", "3L", "--rule", "steelyard, ftx,ftx")
    assert [token["label"] for token in found] == ["3L steelyard", "3L ftx"]
    assert [token["rule"] for token in found] == ["steelyard", "ftx"]


def test_the_range_is_cut(prices):
    (token,) = tokens(prices, "--token", "2L", "--from", "2020-01-03", "--to", "2020-01-04")
    assert (token["bars"], token["start"]) == (24, "2020-01-03 00:00")


def test_habits_and_costs_are_set(prices):
    options = ("--latency", 2, "--missed", 0.5, "--seed", 3, "--fee", 0.001)
    (token,) = tokens(
        prices, "--token", "2L", *options, "--management-fee", 0.02, "--deposit", 5_000
    )
    assert token["settings"] == {
        "deposit": 5_000,
        "delay": 2,
        "miss": 0.5,
        "seed": 3,
        "taker_fee": 0.001,
        "maker_fee": 0.001,
        "management_fee": 0.02,
        "depth": 4e9,
        "emergency_leverage": 3.125,
    }


def test_funding_is_paid(prices, funding):
    (without,) = tokens(prices, "--token", "2L", "--rule", "hold")
    (paid,) = tokens(prices, "--funding", funding, "--token", "2L", "--rule", "hold")
    assert abs(without["parts"]["funding"]) < 1e-15
    assert paid["parts"]["funding"] < -0.001


def test_a_wrong_line_is_named_without_a_traceback(prices):
    lines = prices.read_text().splitlines()
    lines[41] = lines[41].replace(",", ",x", 1)
    prices.write_text("\n".join(lines))
    result = run(prices, code=1)
    assert result.stderr.startswith(f"Error: {prices}:42: open 'x")
    assert result.stderr.endswith("is not a finite number (write a plain decimal number)\n")
    assert result.stdout == ""


def test_a_wrong_line_of_funding_is_named(prices, funding):
    funding.write_text("timestamp,rate\n1577836800,0.0001\n1577836800,0.0001\n")
    result = run(prices, "--funding", funding, code=1)
    assert result.stderr == (
        f"Error: {funding}:3: timestamp 1577836800 is there twice (delete one of the rows)\n"
    )


@pytest.mark.parametrize(
    "args, code, message",
    [
        (["--token", "3X"], 2, "'3X' is no token (write leverage and side: 3L, 2S)"),
        (["--rule", "okx"], 2, "no rule 'okx' (known: steelyard, ftx"),
        (["--missed", "1"], 2, "1.0 is not in the range 0<=x<1"),
        (["--latency", "-1"], 2, "-1 is not in the range x>=0"),
        (["--fee", "0"], 2, "--fee 0: Steelyard's rule knows no safe size of a trade"),
        (["--from", "soon"], 1, "'soon' is not a time"),
        (["--from", "2030-01-01"], 1, "has no prices from 2030-01-01 00:00 UTC"),
        (["--from", "2020-01-02", "--to", "2020-01-01"], 1, "is empty (end it after its start)"),
        (["--token", "7L"], 1, "the contracts refuse"),
        (["--deposit", "2e8", "--token", "2L"], 1, "seed: over the cap"),
    ],
)
def test_what_is_refused(prices, args, code, message):
    result = run(prices, *args, code=code)
    assert message in result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""


def test_a_file_that_is_not_there(tmp_path):
    result = run(tmp_path / "none.csv", code=1)
    assert result.stderr == f"Error: {tmp_path}/none.csv: no such file (check the path)\n"


def test_a_folder_that_cannot_be_written(prices, tmp_path):
    (tmp_path / "file").write_text("")
    result = run(prices, "--token", "2L", "--out", tmp_path / "file" / "in", code=1)
    assert "file" in result.stderr and "Not a directory" in result.stderr


def test_the_command_is_installed(prices):
    command = [f"{sys.exec_prefix}/bin/steelyard", "replay", str(prices), "--token", "2L", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout)["command"] == f"steelyard replay {prices} --token 2L --json"


def test_four_years_are_reported_in_seconds(tmp_path):
    if not PRICES or not FUNDING:
        pytest.skip("PRICES and FUNDING name no files: hourly BTC prices, and rates per 8 hours")
    start = time.process_time()
    span = ("--from", "2020-01-01", "--to", "2024-01-01")
    run(PRICES, "--funding", FUNDING, "--token", "3L,2L,3S", *span, "--out", tmp_path)
    assert time.process_time() - start < 60
    assert (tmp_path / "report.html").stat().st_size < 6_000_000
    three = json.loads((tmp_path / "summary.json").read_text())["tokens"][0]
    assert three["closest_at"] == "2020-03-12 23:00"
    assert three["wiped_at"] is None
