"""Every reason that the venue's contracts give is met by a test of this folder."""

import re
from pathlib import Path

from steelyard.errors import CONTRACT_ERRORS

TESTS = Path(__file__).parent
CONTRACTS = TESTS.parents[2] / "contracts" / "venue"

# Reasons that no input reaches, and why.
EXCUSED: dict[str, str] = {}


def reasons():
    """Return what stands in the contracts, comments and documentation aside."""
    found = set()
    for path in CONTRACTS.rglob("*.vy"):
        code = re.sub(r'"""[\s\S]*?"""|#.*', "", path.read_text())
        found |= set(re.findall(r'"([a-z]+: [^"]+)"', code))
    return found


def test_there_are_reasons():
    assert len(reasons()) > 60
    assert reasons() <= CONTRACT_ERRORS.keys()


def test_each_reason_is_tested():
    tests = "".join(
        path.read_text() for path in sorted(TESTS.glob("test_*.py")) if path != Path(__file__)
    )
    untested = {reason for reason in reasons() if f'"{reason}"' not in tests}
    assert untested == EXCUSED.keys()
