"""The keeper's bench runs on a small system; its figures are nobody's promise here."""

import pytest

from tests.bench import scan

pytestmark = pytest.mark.node


def test_the_bench_measures_what_it_says(monkeypatch):
    for name, value in {"MARKETS": 2, "SHARE": 4, "ROUNDS": 1}.items():
        monkeypatch.setattr(scan, name, value)
    figures = scan.measure()
    assert {*scan.AIMS, "idle_memory_mb", "drift_step_ms"} == set(figures)
    assert all(figure > 0 for figure in figures.values())
    assert figures["drift_blocks"] == 1
