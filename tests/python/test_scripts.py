"""`ape run` finds every script and can show its help."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))


def ape_run(*args: str) -> subprocess.CompletedProcess[str]:
    """Run a script as a user of Ape does."""
    command = ["ape", "run", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_lists_every_script_without_complaint():
    listed = ape_run("--help")
    assert listed.returncode == 0
    assert "ERROR" not in listed.stdout + listed.stderr
    assert all(script in listed.stdout for script in SCRIPTS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_shows_its_help(script):
    shown = ape_run(script, "--help")
    assert shown.returncode == 0, shown.stderr
    assert "Usage:" in shown.stdout
