"""How long the keeper thinks: the decision about a thousand tokens, all of which need something.

The worst case: each of them waits for an auction, so that its end is computed, or is sent. What
takes a node, `scan` measures.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import click

from steelyard.keeper.decide import Policy, decide
from steelyard.keeper.types import TokenView
from steelyard.model.policy import Trigger
from tests.bench import scan
from tests.keeper.views import GAS, NOW, OPENED, USDC, due, view

OUT = Path(__file__).resolve().parents[2] / "out" / "keeper.json"
TOKENS = 1_000
ROUNDS = 20

AIMS = {"decide_quiet_ms": 10.0, "decide_mixed_ms": 10.0, "decide_auctions_ms": 10.0}
"""The most that each figure should be, milliseconds."""


def quiet(index: int) -> TokenView:
    """A token in its band, as nearly all are in nearly every block."""
    return view(index)


def waiting(index: int) -> TokenView:
    """A token whose auction has just begun."""
    return due(index, Trigger.SCHEDULE, timestamp=OPENED + 60, paid=USDC * 13 // 10)


def mixed(index: int) -> TokenView:
    """After a move: half of the tokens are in their band, the others are due, at any reward."""
    if index % 2:
        return quiet(index)
    return due(index, paid=index * USDC // 300) if index % 4 else waiting(index)


def measure(make: Callable[[int], TokenView]) -> float:
    """Return the least time of several decisions about TOKENS tokens, milliseconds."""
    tokens = [make(index) for index in range(TOKENS)]
    policy, times = Policy(min_profit=2 * USDC), []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        actions = decide(tokens, NOW, GAS, policy)
        times.append(time.perf_counter() - start)
        if len(actions) != TOKENS:
            raise click.ClickException(f"{len(actions)} actions for {TOKENS} tokens")
    return min(times) * 1_000


def measure_all() -> dict[str, float]:
    """Return every figure by name, milliseconds."""
    makers = {"quiet": quiet, "mixed": mixed, "auctions": waiting}
    return {f"decide_{name}_ms": round(measure(make), 2) for name, make in makers.items()}


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Where to write it.")
def main(out: Path) -> None:
    """Measure, print and write the figures."""
    figures, aims = measure_all() | scan.measure(), AIMS | scan.AIMS
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n")
    for name, figure in figures.items():
        aim = f"  aim {aims[name]:.0f}" if name in aims else ""
        verdict = "  over its aim" if figure > aims.get(name, figure) else ""
        click.echo(f"{name:24} {figure:8.2f}{aim}{verdict}")


if __name__ == "__main__":
    main()
