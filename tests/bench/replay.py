"""How fast tokens are replayed: four years of made-up hours to one token, on one core.

Time is the processor's, so that what else the machine does is left out. The memory that is counted
is what a second pass over more bars adds to the first: none, but for the rows of the result.
"""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import click
import numpy as np

from steelyard.replay import make_settings, replay
from steelyard.replay.making import JumpDiffusion, jump_diffusion
from steelyard.replay.sweep import Grid, sweep
from steelyard.replay.vector import play

OUT = Path(__file__).resolve().parents[2] / "out" / "replay.json"
YEAR_HOURS = 8_760
YEARS = 4

AIMS = {"bytecode_bars_per_second": 8_000.0, "bytecode_seconds": 5.0, "bytecode_added_mb": 30.0}
AIMS |= {"vector_updates_per_second": 20e6, "sweep_seconds": 1.0}
"""What each figure should be: at least the first, at most the others."""


def market(years: float) -> JumpDiffusion:
    """A market that ends where it began, so that no token is lost on the way."""
    return JumpDiffusion(volatility=0.65, jumps=4.0, jump_mean=0.0, jump_spread=0.05, drift=0.8)


def memory() -> float:
    """Return the most memory there was so far, megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def measure_bytecode(years: float = YEARS) -> dict[str, float]:
    """Return the figures of the bytecode engine.

    Args:
        years: How much to play.
    """
    settings = make_settings("3L")
    hours = round(years * YEAR_HOURS)
    replay(jump_diffusion(market(years), hours // 4, seed=1), settings)
    path, before = jump_diffusion(market(years), hours, seed=1), memory()
    start = time.process_time()
    result = replay(path, settings)
    seconds = time.process_time() - start
    added = memory() - before
    if result.ended_at is not None:
        raise click.ClickException("the token died on the way: nothing was measured")
    return {
        "bytecode_bars_per_second": round(len(path) / seconds, 1),
        "bytecode_seconds": round(seconds, 3),
        "bytecode_added_mb": round(added, 1),
        "bytecode_rebalances": len(result.rebalances),
    }


def grid(bands: int, fees: int) -> Grid:
    """Return a grid of bands and fees of a 3x, from narrow to wide and from cheap to dear."""
    widths = np.linspace(0.15, 0.45, bands).round(4).tolist()
    rates = np.linspace(0.0002, 0.002, fees).round(6).tolist()
    return Grid(bands=widths, fees=rates)


def measure_vector(years: float = YEARS) -> dict[str, float]:
    """Return the figures of the engine in floats: its speed, and a sweep with its table.

    Args:
        years: How much to play.
    """
    path = jump_diffusion(market(years), round(years * YEAR_HOURS), seed=1)
    points = grid(40, 25).points()
    start = time.process_time()
    replays = play(points, path)
    seconds = time.process_time() - start
    if (replays.ended() >= 0).any():
        raise click.ClickException("a token died on the way: nothing was measured")
    start = time.process_time()
    table = sweep(path, grid(10, 10), processes=1)
    return {
        "vector_updates_per_second": round(len(points) * len(path) / seconds, 1),
        "vector_tokens": len(points),
        "sweep_seconds": round(time.process_time() - start, 3),
        "sweep_points": len(table),
        "sweep_rebalances": int(table["rebalances"].sum()),
    }


def meets(name: str, figure: float) -> bool:
    """Return whether a figure is what it should be."""
    if name not in AIMS:
        return True
    return figure >= AIMS[name] if name.endswith("per_second") else figure <= AIMS[name]


@click.command()
@click.option("--years", default=float(YEARS), help="How much to play.")
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="Where to write it.")
def main(years: float, out: Path) -> None:
    """Measure, print and write the figures."""
    figures = measure_bytecode(years) | measure_vector(years)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n")
    for name, figure in figures.items():
        aim = f"  aim {AIMS[name]:,.0f}" if name in AIMS else ""
        verdict = "" if meets(name, figure) else "  missed"
        click.echo(f"{name:28} {figure:14,.1f}{aim}{verdict}")


if __name__ == "__main__":
    main()
