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

from steelyard.replay import make_settings, replay
from steelyard.replay.making import JumpDiffusion, jump_diffusion

OUT = Path(__file__).resolve().parents[2] / "out" / "replay.json"
YEAR_HOURS = 8_760
YEARS = 4

AIMS = {"bytecode_bars_per_second": 8_000.0, "bytecode_seconds": 5.0, "bytecode_added_mb": 30.0}
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
    figures = measure_bytecode(years)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(figures, indent=2) + "\n")
    for name, figure in figures.items():
        aim = f"  aim {AIMS[name]:,.0f}" if name in AIMS else ""
        verdict = "" if meets(name, figure) else "  missed"
        click.echo(f"{name:28} {figure:12,.1f}{aim}{verdict}")


if __name__ == "__main__":
    main()
