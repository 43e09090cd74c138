"""Actors by role, and what tests need of the machine they run on."""

import os
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Ape looks for `vyper` and `anvil` on PATH only, and the environment need not be activated.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]]
)


def pytest_runtest_setup(item):
    if item.get_closest_marker("node") and not shutil.which("anvil"):
        pytest.skip("needs anvil: install Node.js with npm, then `make setup`")


def _actor(index):
    @pytest.fixture(scope="session")
    def actor(accounts):
        return accounts[index]

    return actor


owner = _actor(0)
guardian = _actor(1)
lp = _actor(2)
trader = _actor(3)
other_trader = _actor(4)
keeper = _actor(5)
depositor = _actor(6)
attacker = _actor(7)
fee_receiver = _actor(8)
