import subprocess
import sys
from textwrap import dedent

import pytest

from scripts.check_contracts import (
    BLUEPRINTS,
    MAX_CODE,
    ROOT,
    check_size,
    check_sources,
    runtime_size,
)
from steelyard.compiler import Artifact, compile_source

PRAGMA = "# pragma version 0.4.3\n"
GOOD = '''
@external
def pay(amount: uint256) -> uint256:
    """
    @notice Pay.
    @param amount Quote, WAD
    @return paid Quote, WAD
    """
'''


@pytest.fixture
def check(tmp_path):
    """Write one file, check it and return the findings without their path."""

    def run(path, text, known=()):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        found = check_sources(tmp_path, dict.fromkeys(known, "remedy"))
        return [f"{finding.line}: {finding.message}" for finding in found]

    return run


def interface(function):
    return PRAGMA + dedent(function) + "    ...\n"


def reverting(statements, head=""):
    return (
        PRAGMA
        + head
        + "@internal\ndef _f(x: uint256):\n"
        + "".join(f"    {s}\n" for s in statements)
    )


def test_documented_interface_passes(check):
    assert check("interfaces/IPay.vyi", interface(GOOD)) == []


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ("@notice Pay.", "no @notice"),
        ("@param amount Quote, WAD", "no @param amount"),
        ("@return paid Quote, WAD", "0 @return for 1 values"),
    ],
)
def test_interface_documents_everything(check, removed, message):
    assert check("interfaces/IPay.vyi", interface(GOOD.replace(removed, ""))) == [
        f"4: pay: {message}"
    ]


@pytest.mark.parametrize("tag", ["@param amount", "@return paid"])
def test_integers_name_a_unit(check, tag):
    text = interface(GOOD.replace(f"{tag} Quote, WAD", f"{tag} How much"))
    assert check("interfaces/IPay.vyi", text) == [
        f"4: pay: {' '.join(tag.split())} names no unit or scale"
    ]


def test_each_value_of_a_tuple_is_documented(check):
    text = GOOD.replace("-> uint256", "-> (uint256, int256)")
    assert check("interfaces/IPay.vyi", interface(text)) == ["4: pay: 1 @return for 2 values"]


def test_implementation_only_needs_a_notice(check):
    check("interfaces/IPay.vyi", interface(GOOD))
    function = "@external\ndef pay(amount: uint256) -> uint256:\n{}    return amount\n"
    documented = PRAGMA + function.format('    """@notice Pay at once."""\n')
    assert check("contracts/Payer.vy", documented) == []
    assert check("contracts/Payer.vy", PRAGMA + function.format("")) == ["3: pay: no @notice"]


def test_function_of_no_interface_documents_everything(check):
    text = PRAGMA + '@external\ndef f(to: address):\n    """@notice Do."""\n    pass\n'
    assert check("contracts/Lonely.vy", text) == ["3: f: no @param to"]


def test_harness_needs_no_natspec(check):
    text = PRAGMA + "@external\ndef f():\n    pass\n"
    assert check("contracts/mocks/harness/FeeHarness.vy", text) == []


def test_public_getter_needs_no_natspec(check):
    assert check("contracts/Getter.vy", PRAGMA + "x: public(uint256)\n") == []


def test_reason_form(check):
    text = reverting(['assert x > 0, "Zero"'])
    assert check("contracts/modules/fees.vy", text, ["Zero"]) == [
        '4: "Zero" is not of the form "<module>: <reason>", lower case'
    ]


def test_reason_is_unique(check):
    text = reverting(['assert x > 0, "fees: zero"', 'raise "fees: zero"'])
    assert check("contracts/modules/fees.vy", text, ["fees: zero"]) == [
        '5: "fees: zero" is already the reason of contracts/modules/fees.vy:4'
    ]


def test_constant_reason_counts_once_where_it_is_defined(check):
    declared = 'ZERO: constant(String[10]) = "fees: zero"\n'
    text = reverting(["assert x > 0, ZERO", "assert x > 1, ZERO"], declared)
    assert check("contracts/modules/fees.vy", text, ["fees: zero"]) == []
    assert check("contracts/modules/fees.vy", text) == [
        '2: "fees: zero" is not in steelyard/errors.py'
    ]


def test_listed_reason_occurs(check):
    assert check("contracts/modules/fees.vy", PRAGMA, ["fees: gone"]) == [
        '1: "fees: gone" occurs in no contract'
    ]


def test_bare_assert(check):
    text = reverting(["assert x > 0", "assert x > 1, UNREACHABLE"])
    assert check("contracts/modules/fees.vy", text) == ["4: reverts without a reason of this file"]


def test_reasons_of_a_harness_do_not_count(check):
    text = reverting(['assert x > 0, "Anything"'])
    assert check("contracts/mocks/harness/FeeHarness.vy", text) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("contracts/leveraged_token.vy", "a contract is named PascalCase"),
        ("contracts/venue/modules/Trading.vy", "a module is named snake_case"),
        ("interfaces/Token.vyi", "an interface is named IPascalCase"),
    ],
)
def test_file_names(check, path, message):
    assert check(path, PRAGMA) == [f"1: {message}"]


def test_names_differ_in_more_than_case(check):
    check("contracts/Oracle.vy", PRAGMA)
    assert check("contracts/modules/oracle.vy", PRAGMA) == [
        "1: has the same name as contracts/Oracle.vy"
    ]


def test_pragma_is_exact(check):
    assert check("contracts/Token.vy", "# pragma version ~=0.4.3\n") == [
        '1: must start with "# pragma version 0.4.3"'
    ]


def test_long_file_says_why(check):
    body = "\n" * 400
    assert check("contracts/Token.vy", PRAGMA + body) == [
        '401: 401 lines: split it or say "# long: <reason>" at its head'
    ]
    assert check("contracts/Token.vy", PRAGMA + "# long: one table\n" + body) == []
    assert check("tests/test_token.py", body + "\n") != []


def test_unreadable_file_is_a_finding(check):
    (finding,) = check("contracts/Token.vy", PRAGMA + "def def\n")
    assert "line 2" in finding


def test_runtime_size_includes_immutables():
    source = "X: immutable(uint256)\n@deploy\ndef __init__():\n    X = 1\n"
    getter = "@external\ndef x() -> uint256:\n    return X\n"
    artifact = compile_source(source + getter)
    assert runtime_size(artifact) == len(artifact.runtime_code) + 32


def test_size_limits():
    small = compile_source("x: public(uint256)\n")

    def padded(name, runtime, creation):
        padding = bytes(creation - len(small.creation_code))
        return Artifact(name, [], padding + small.creation_code, bytes(runtime), f"{name}.vy")

    def messages(*args):
        return [finding.message for finding in check_size(padded(*args))]

    (blueprint,) = BLUEPRINTS
    assert messages("Token", MAX_CODE, MAX_CODE) == []
    assert messages("Token", MAX_CODE + 1, MAX_CODE) == [
        "24577 bytes of runtime code, 24576 allowed"
    ]
    assert messages(blueprint, 1000, MAX_CODE - 3) == []
    assert messages(blueprint, 1000, MAX_CODE - 2) == ["24577 bytes as a blueprint, 24576 allowed"]


def test_command_prints_the_sizes():
    ran = subprocess.run(
        [sys.executable, "scripts/check_contracts.py"], cwd=ROOT, capture_output=True, text=True
    )
    assert "MockUSD" in ran.stdout, ran.stderr
