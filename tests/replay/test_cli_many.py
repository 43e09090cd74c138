"""The commands `steelyard sweep` and `steelyard risk`: what they print and write, and refuse."""

import json
import re
import shlex

import pandas as pd
import pytest
from click.testing import CliRunner
from plotly.offline import get_plotlyjs

from steelyard.replay import make_settings, read_path, replay
from steelyard.replay.cli import cli
from steelyard.replay.cli_many import MODEL
from tests.replay.makers import walk


@pytest.fixture
def prices(tmp_path):
    """A file of five hundred hours."""
    path = walk(7, hours=500, swing=0.012)
    columns = (path.open / 1e8, path.high / 1e8, path.low / 1e8, path.close / 1e8)
    rows = zip(path.time, *columns, strict=True)
    lines = [f"{at}," + ",".join(f"{price:.8f}" for price in bar) for at, *bar in rows]
    file = tmp_path / "eth_usd.csv"
    file.write_text("timestamp,open,high,low,close\n" + "\n".join(lines) + "\n")
    return file


def run(*args, code=0):
    """Run `steelyard`."""
    result = CliRunner(mix_stderr=False).invoke(cli, [*map(str, args)])
    assert result.exit_code == code, result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def test_a_sweep_has_every_combination(prices):
    axes = (
        "--token",
        "3L,2S",
        "--band",
        "0.1,1/5,0.4",
        "--fee",
        "0.0005,0.001",
        "--latency",
        "0,2",
    )
    rows = json.loads(run("sweep", prices, *axes, "--json").stdout)
    points = {(r["leverage"], r["side"], r["band"], r["fee"], r["delay"]) for r in rows}
    assert len(rows) == len(points) == 2 * 3 * 2 * 2


def test_a_sweep_s_point_is_the_replay_of_the_same_settings(prices):
    (row,) = json.loads(run("sweep", prices, "--token", "3L", "--json").stdout)
    result = replay(read_path(prices), make_settings("3L"))
    assert row["total_return"] == pytest.approx(result.total_return, rel=1e-6)
    assert row["rebalances"] == len(result.rebalances)


def test_a_sweep_prints_a_line_for_each_point_and_writes_a_page(prices, tmp_path):
    out = tmp_path / "out"
    axes = ("--band", "0.1,0.2,0.3", "--latency", "0,1", "--rule", "steelyard,bybit")
    printed = run("sweep", prices, *axes, "--out", out).stdout
    assert printed.count("3L ") == 12
    assert printed.splitlines()[-1] == f"report: {out}/sweep.html"
    assert len(pd.read_csv(out / "sweep.csv")) == 12
    html = (out / "sweep.html").read_text()
    assert "12 leveraged tokens on ETH" in html
    own = html.replace(get_plotlyjs(), "")
    assert own.count('class="chart"') == 2
    assert not re.search(r"https?:|//[a-z]|@import|url\(|src=|href=", own)
    figure = json.loads(re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', own)[0])
    assert [len(figure["data"][0][axis]) for axis in "xyz"] == [3, 2, 2]


def test_a_sweep_of_one_point_has_a_page(prices, tmp_path):
    run("sweep", prices, "--out", tmp_path)
    assert (tmp_path / "sweep.html").read_text().count('class="chart"') == 1


def test_risk_says_how_many_futures_a_token_does_not_survive(prices, tmp_path):
    options = ("--futures", 20, "--days", "2,10", "--token", "2L,3S", "--seed", 1)
    printed = run("risk", prices, *options, "--out", tmp_path).stdout
    assert "wiped out" in printed and printed.count("2L") == 2
    rows = json.loads(run("risk", prices, *options, "--json").stdout)
    assert [(row["token"], row["days"]) for row in rows] == [
        ("2L", 2),
        ("2L", 10),
        ("3S", 2),
        ("3S", 10),
    ]
    for row in rows:
        assert 0 <= row["wiped_low"] <= row["wiped"] <= row["wiped_high"] <= 1
        assert row["return_5"] <= row["return_50"] <= row["return_95"]
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "risk.csv"), pd.DataFrame(rows))


def test_futures_that_jump_are_those_of_the_history_or_as_told(prices):
    options = ("--model", "jumps", "--futures", 15, "--days", "5,20", "--token", "5L,2S")
    found = run("risk", prices, *options, "--json")
    figures = shlex.split(found.stderr)
    assert figures[:2] == ["futures:", "--volatility"] and len(figures) == 13
    again = run("risk", prices, *options, "--json", *figures[1:])
    rows, told = json.loads(found.stdout), json.loads(again.stdout)
    assert [(row["token"], row["days"]) for row in rows] == [
        (token, days) for token in ("5L", "2S") for days in (5, 20)
    ]
    for row, other in zip(rows, told, strict=True):
        assert other == pytest.approx(row, rel=1e-3, abs=1e-5)
    assert found.stderr == again.stderr
    drawn = run("risk", prices, *options[2:], "--json").stdout
    assert rows[0]["return_50"] != json.loads(drawn)[0]["return_50"]


def test_jumps_that_are_told_kill(prices):
    options = ("--model", "jumps", "--futures", 30, "--days", "10", "--token", "3L,3S")
    jumps = ("--jumps", 2_000, "--jump-mean", -0.5, "--jump-spread", 0, "--volatility", 0.01)
    printed = run("risk", prices, *options, *jumps, "--drift", 0).stdout
    assert printed.startswith("futures: --volatility 0.01 --drift 0 --jumps 2000 --jump-mean -0.5")
    long, short = json.loads(run("risk", prices, *options, *jumps, "--json").stdout)
    assert long["wiped"] == 1 and short["wiped"] < 1


def test_a_short_history_will_do_where_all_is_told(prices):
    options = ("--model", "jumps", "--futures", 3, "--days", 1, "--to", "2020-01-03")
    assert "47 moves say too little of jumps" in run("risk", prices, *options, code=1).stderr
    figures = (f"--{name.replace('_', '-')}={0.01}" for name in MODEL)
    assert "3L" in run("risk", prices, *options, *figures).stdout


@pytest.mark.parametrize(
    "args, code, message",
    [
        (["sweep", "--band", "wide"], 2, "'wide' is no number (write 0.25 or 1/4)"),
        (["sweep", "--band", "1/0"], 2, "'1/0' is no number"),
        (
            ["sweep", "--band", "2"],
            1,
            "a band of 2 of the target (give a fraction between 0 and 1)",
        ),
        (["sweep", "--latency", "-1"], 2, "'-1' is no number of bars"),
        (["sweep", "--fee", "0,0.001"], 2, "--fee 0: Steelyard's rule knows no safe size"),
        (["risk", "--days", "90,30"], 1, "no futures, no tokens or no horizons"),
        (["risk", "--model", "walk"], 2, "'walk' is not one of 'bootstrap', 'jumps'"),
        (["risk", "--model", "jumps", "--block", "9"], 2, "--block is of --model bootstrap; a"),
        (["risk", "--jump-mean", "-0.1"], 2, "--jump-mean is of --model jumps; add that"),
        (["risk", "--model", "jumps", "--volatility", "-1"], 2, "-1.0 is not in the range 0<=x"),
        (["risk", "--futures", "0"], 2, "0 is not in the range x>=1"),
        (["risk", "--from", "2030-01-01"], 1, "has no prices from 2030-01-01 00:00 UTC"),
    ],
)
def test_what_is_refused(prices, args, code, message):
    command, *options = args
    result = run(command, prices, *options, code=code)
    assert message in result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""
