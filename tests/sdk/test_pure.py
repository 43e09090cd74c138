"""What needs no node: amounts, errors, and what the SDK may import."""

import subprocess
import sys
from decimal import Decimal

import pytest

from steelyard.errors import CONTRACT_ERRORS
from steelyard.sdk import AmountError, ProtocolError, parse_amount, protocol_error, to_decimal
from steelyard.sdk.errors import _CLASS_OF


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        ("1", 10**6),
        ("1.5", 1_500_000),
        (".5", 500_000),
        (" 2 ", 2 * 10**6),
        ("1e3", 10**9),
        ("1_000", 10**9),
        ("0.000001", 1),
        ("1.5000000000", 1_500_000),
        (Decimal("123456789012345678901234567890.123456"), 123456789012345678901234567890123456),
        (7, 7),
        (0, 0),
        ("0e-50", 0),
    ],
)
def test_amounts(amount, units):
    assert parse_amount(amount, 6) == units


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("-1", "-1 is negative (use an amount above zero)"),
        (-1, "-1 is negative (use an amount above zero)"),
        ("1,000", "'1,000' is not a number (write it like 1234.5)"),
        ("", "'' is not a number (write it like 1234.5)"),
        ("all", "'all' is not a number (write it like 1234.5)"),
        ("nan", "nan is not an amount (write it like 1234.5)"),
        ("Infinity", "Infinity is not an amount (write it like 1234.5)"),
        ("1e-7", "1e-7 has more than 6 decimals (round it)"),
        ("1e-999999", "1e-999999 has more than 6 decimals (round it)"),
        ("1e80", "1e80 is too large (a chain counts to 2**256)"),
        ("1e999999999", "1e999999999 is too large (a chain counts to 2**256)"),
        (2**256, f"{2**256} is too large (a chain counts to 2**256)"),
    ],
)
def test_amounts_that_cannot_be_meant(amount, said):
    with pytest.raises(AmountError) as caught:
        parse_amount(amount, 6)
    assert str(caught.value) == said
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("amount", [0.1, 1.0, True, None, b"1", float("nan")])
def test_types_that_are_no_amount(amount):
    with pytest.raises(TypeError, match="use int \\(chain units\\), str or Decimal"):
        parse_amount(amount, 6)


def test_decimals_are_exact():
    units = 2**256 - 1
    assert parse_amount(to_decimal(units, 18), 18) == units
    assert to_decimal(-(10**30) - 1, 18) == Decimal("-1000000000000.000000000000000001")


def test_every_class_is_of_a_reason_that_exists():
    ours = {reason for reason in _CLASS_OF if not reason.startswith("erc20: ")}
    assert ours <= set(CONTRACT_ERRORS)


@pytest.mark.parametrize("reason", [*_CLASS_OF, *CONTRACT_ERRORS])
def test_every_reason_says_what_to_do(reason):
    error = protocol_error(reason)
    assert error.reason == reason
    assert str(error) == f"{reason} ({error.remedy})"
    assert error.remedy


@pytest.mark.parametrize("reason", [r for r in CONTRACT_ERRORS if r.startswith(("mint: ",))])
def test_reasons_of_minting_have_a_class(reason):
    assert type(protocol_error(reason)) is not ProtocolError


def test_unknown_reason():
    assert str(protocol_error("foo: bar")) == "foo: bar"
    assert str(protocol_error("")) == "reverted without a reason"


@pytest.mark.parametrize("module", ["steelyard.sdk", "steelyard.chain", "steelyard.book"])
def test_imports_neither_ape_nor_compiler_nor_evm(module):
    heavy = {"ape", "ape_vyper", "pyrevm", "vyper", "pandas", "matplotlib"}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
