"""Actors by role, and what tests need of the machine they run on."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

# Ape looks for `vyper` and `anvil` on PATH only, and the environment need not be activated.
os.environ["PATH"] = os.pathsep.join(
    [str(Path(sys.executable).parent), str(ROOT / "node_modules" / ".bin"), os.environ["PATH"]]
)

# Time is no finding: a busy machine may take long to draw or to run an example.
settings.register_profile("quick", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", settings.get_profile("quick"), max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_configure(config):
    """Recompile when any Vyper file has changed: ape does not see that a module has."""
    if hasattr(config, "workerinput"):
        return  # the process that started the workers has done it
    sources = sorted(
        path for folder in ("contracts", "interfaces") for path in (ROOT / folder).rglob("*.vy*")
    )
    seen = hashlib.sha256()
    for path in sources:
        seen.update(path.as_posix().encode() + b"\0" + path.read_bytes())
    stamp = ROOT / ".build" / "sources.sha256"
    if not stamp.is_file() or stamp.read_text() != seen.hexdigest():
        subprocess.run(
            ["ape", "compile", "--force"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
        )
        stamp.write_text(seen.hexdigest())


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
