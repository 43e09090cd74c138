"""What docs/risk.md says each command gives is what it gives, on the history it speaks of."""

import json
import os
import re
import shlex
from itertools import groupby
from pathlib import Path

import pytest
from click.testing import CliRunner

from steelyard.replay.cli import cli
from steelyard.replay.report.table import share

PRICES, FUNDING = os.environ.get("PRICES"), os.environ.get("FUNDING")
TEXT = (Path(__file__).parents[2] / "docs" / "risk.md").read_text()
NUMBERS = {"--latency": (0, 1, 2, 3, 6, 24), "--seed": range(6)}
CUTS = (range(1_584_010_800, 1_584_064_800, 3_600), range(1_584_054_000, 1_584_064_800, 3_600))


def sections():
    """Yield each block of commands with the text up to the next one."""
    pieces = re.split(r"```\n(.*?)```\n", TEXT, flags=re.DOTALL)
    for commands, said in zip(pieces[1::2], pieces[2::2], strict=True):
        lines = [line for line in commands.splitlines() if line.startswith("steelyard replay")]
        yield lines, said.replace("*", "")


def variants(line):
    """Return the arguments of a command, once for each N."""
    args = shlex.split(line)[1:]
    if "--out" in args:
        place = args.index("--out")
        del args[place : place + 2]
    for name, numbers in NUMBERS.items():
        if name in args and args[-1] == "N":
            return [[*args[:-1], str(number)] for number in numbers]
    return [args]


def run(args, prices):
    """Return the tokens of a command."""
    known = {"$PRICES": PRICES, "$FUNDING": FUNDING, "gap.csv": str(prices)}
    command = [known.get(arg, arg) for arg in args]
    result = CliRunner(mix_stderr=False).invoke(cli, [*command, "--json"], catch_exceptions=False)
    if "has no prices" in result.stderr or "no funding" in result.stderr:
        pytest.skip(f"PRICES and FUNDING do not have it: {result.stderr}")
    return json.loads(result.stdout)["tokens"]


def files(args, folder):
    """Yield the prices to play: those of PRICES, or what the awk of the page leaves of them."""
    if "gap.csv" not in args:
        yield PRICES
        return
    head, *rows = Path(PRICES).read_text().splitlines()
    for number, cut in enumerate(CUTS):
        kept = [row for row in rows if int(row.split(",")[0]) not in cut]
        file = folder / f"gap{number}.csv"
        file.write_text("\n".join([head, *kept]) + "\n")
        yield file


def figures(token):
    """Return what the page must say of a token: its return, or that it is dead."""
    return "dead" if token["wiped_at"] else share(token["return"])


@pytest.mark.parametrize("place", range(len(list(sections()))))
def test_the_page_says_what_its_commands_give(place, tmp_path):
    if not PRICES or not FUNDING:
        pytest.skip("PRICES and FUNDING name no files: hourly BTC prices, and rates per 8 hours")
    lines, said = list(sections())[place]
    assert lines
    for line in lines:
        for args in variants(line):
            for prices in files(args, tmp_path):
                for token in run(args, prices):
                    assert figures(token) in said, (args, token["label"])


def test_the_nearest_of_every_rule_in_the_crash_is_on_the_page(tmp_path):
    if not PRICES or not FUNDING:
        pytest.skip("PRICES and FUNDING name no files: hourly BTC prices, and rates per 8 hours")
    line = next(line for lines, _ in sections() for line in lines if "--rule" in line)
    tokens = sorted(run(shlex.split(line)[1:], tmp_path), key=lambda token: token["rule"])
    for rule, group in groupby(tokens, key=lambda token: token["rule"]):
        (row,) = re.findall(rf"^\| {rule} \|(.*)\|$", TEXT, flags=re.MULTILINE)
        cells = [cell.strip() for cell in row.split("|")]
        assert len(cells) == 6
        for token, told, near in zip(group, cells[::2], cells[1::2], strict=True):
            sign = -1 if token["leverage"] > 0 else 1
            if token["wiped_at"]:
                day, hour = token["wiped_at"].split()
                assert told == f"dead, {int(day[-2:])} March {hour}" and near == ""
            else:
                assert (told, near) == (share(token["return"]), share(sign * token["closest"]))
