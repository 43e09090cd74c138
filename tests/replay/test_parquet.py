"""Tables as Parquet: the same as the CSV, and a plain word where pyarrow is absent."""

import sys

import pandas as pd
import pytest
from click.testing import CliRunner

from steelyard.replay.cli import cli
from steelyard.replay.report import Subject, write_report
from steelyard.replay.report.machine import ReportError, refuse_parquet
from tests.replay.makers import hourly, play

REASON = "pyarrow is an extra: pip install 'steelyard[parquet]'"
ABSENT = "pyarrow is not installed (pip install 'steelyard[parquet]')"
COMMANDS = {
    "replay": ((), {"2L", "2L-events"}),
    "sweep": (("--band", "0.1,0.2"), {"sweep"}),
    "risk": (("--futures", "5", "--days", "1,2"), {"risk"}),
}


@pytest.fixture
def prices(tmp_path):
    """A file of two hundred hours, up and down."""
    hours = [f"{1_577_836_800 + 3_600 * at},{100 + at % 7},107,100,103" for at in range(200)]
    file = tmp_path / "eth_usd.csv"
    file.write_text("timestamp,open,high,low,close\n" + "\n".join(hours) + "\n")
    return file


def run(*args):
    return CliRunner(mix_stderr=False).invoke(cli, [*map(str, args)])


@pytest.mark.parametrize("command", COMMANDS)
def test_the_tables_are_those_of_the_csv(prices, tmp_path, command):
    pytest.importorskip("pyarrow", reason=REASON, exc_type=ImportError)
    options, names = COMMANDS[command]
    out = tmp_path / "out"
    result = run(command, prices, "--token", "2L", *options, "--out", out, "--parquet")
    assert result.exit_code == 0, result.stderr
    assert {file.stem for file in out.glob("*.parquet")} == names
    assert {file.stem for file in out.glob("*.csv")} == names
    for name in names:
        table = pd.read_parquet(out / f"{name}.parquet")
        table = table.reset_index() if table.index.name else table
        written = pd.read_csv(out / f"{name}.csv")
        if "time" in table:
            assert str(table["time"].dtype).endswith("UTC]")
            written["time"] = pd.to_datetime(written["time"])
        words = written.columns.intersection(["trigger", "cause"])
        written[words] = written[words].fillna("")
        pd.testing.assert_frame_equal(table, written, check_dtype=False, rtol=1e-11)


def test_events_of_a_token_that_had_none_have_their_columns(tmp_path):
    pytest.importorskip("pyarrow", reason=REASON, exc_type=ImportError)
    quiet = Subject("2L", "X", play(hourly([100, 101, 102]), "2L", "hold"))
    write_report([quiet], tmp_path, parquet=True)
    events = pd.read_parquet(tmp_path / "2L-events.parquet")
    assert len(events) == 0 and list(events)[:4] == ["bar", "time", "kind", "cause"]
    assert str(events["time"].dtype).endswith("UTC]")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_pyarrow_it_says_what_to_install_before_it_plays(
    prices, tmp_path, command, monkeypatch
):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    out = tmp_path / "out"
    result = run(command, prices, "--out", out, "--parquet")
    assert (result.exit_code, result.stderr) == (1, f"Error: {ABSENT}\n")
    assert result.stdout == "" and not out.exists()
    quiet = Subject("2L", "X", play(hourly([100, 101, 102]), "2L", "hold"))
    with pytest.raises(ReportError, match="^pyarrow is not installed"):
        write_report([quiet], out, parquet=True)
    assert not out.exists()


def test_a_pyarrow_that_does_not_fit_is_told(tmp_path, monkeypatch):
    (tmp_path / "pyarrow.py").write_text("raise ImportError('it wants NumPy 2')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyarrow", raising=False)
    with pytest.raises(ReportError) as caught:
        refuse_parquet()
    assert str(caught.value) == (
        "pyarrow does not start: it wants NumPy 2 (pip install 'steelyard[parquet]')"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_parquet_needs_a_folder(prices, command):
    result = run(command, prices, "--parquet")
    assert result.exit_code == 2
    assert "--parquet writes into a folder; name it with --out" in result.stderr
