"""Run the machine for long, on all cores, and say how to see any violation again."""

from __future__ import annotations

import functools
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path
from random import SystemRandom

import click

from tests.stateful.machine import Failure, run, shrink
from tests.stateful.world import World

CALLS_PER_EPISODE = 300
ASSET_DECIMALS = (6, 18)
REPORT = Path(__file__).resolve().parents[2] / "out" / "fuzz.json"

Stats = Counter[tuple[str, str]]


@functools.cache
def world_of(asset_decimals: int) -> World:
    """Return this process's world; setting it up takes longer than an episode."""
    return World(asset_decimals)


def run_episode(seed: int, episode: int) -> tuple[int, int, Stats, Failure | None]:
    """Run one episode; return its number, its calls, its statistics and what failed."""
    world = world_of(ASSET_DECIMALS[episode % len(ASSET_DECIMALS)])
    try:
        machine = run(world, f"{seed}:{episode}", CALLS_PER_EPISODE)
    except Failure as failure:
        return episode, len(failure.actions), Counter(), failure
    return episode, machine.calls, machine.stats, None


def report_failure(seed: int, episode: int, failure: Failure, seconds: float) -> None:
    """Print a violation and the fewest actions that `seconds` of trying find to lead to it."""
    world = world_of(ASSET_DECIMALS[episode % len(ASSET_DECIMALS)])
    click.echo(f"\nVIOLATION in episode {episode}: {failure}")
    shortest = shrink(world, failure, seconds)
    click.echo(f"shrunk from {len(failure.actions)} to {len(shortest.actions)} actions:")
    for action in shortest.actions:
        click.echo(f"  {action!r},")
    click.echo(f"  -> {shortest}")
    click.echo(f"again: python -m tests.stateful.fuzz --seed {seed} --episode {episode}\n")


def print_coverage(stats: Stats) -> None:
    """Print how often each verb succeeded, and why it was refused."""
    verbs = sorted({verb for verb, _ in stats})
    for verb in verbs:
        click.echo(verb)
        outcomes = [(count, reason) for (name, reason), count in stats.items() if name == verb]
        for count, reason in sorted(outcomes, reverse=True):
            click.echo(f"  {count:>8,}  {reason}")


def fuzz(seed: int, calls: int, processes: int, shrinking: float) -> tuple[int, int, Stats]:
    """Run episodes until enough calls are made; return calls, violations and statistics."""
    episodes = -(-calls // CALLS_PER_EPISODE)
    done, violations, stats = 0, 0, Stats()
    began = last = time.monotonic()
    with multiprocessing.Pool(processes) as pool:
        work = functools.partial(run_episode, seed)
        for episode, made, seen, failure in pool.imap_unordered(work, range(episodes)):
            done += made
            stats += seen
            if failure is not None:
                violations += 1
                report_failure(seed, episode, failure, shrinking)
                if violations == 3:
                    break  # more of the same
            if time.monotonic() - last > 10:
                last = time.monotonic()
                speed = done / (last - began)
                click.echo(f"{done:>9,} calls, {violations} violations, {speed:,.0f} calls/s")
    return done, violations, stats


@click.command()
@click.option("--seed", type=int, help="Decides everything; a random one by default.")
@click.option("--episode", type=int, help="Run only this episode, in this process.")
@click.option("--calls", default=200_000, show_default=True, help="Calls of the exchange to make.")
@click.option("--processes", default=os.cpu_count() or 1, show_default="one per core")
@click.option("--shrinking", default=30.0, show_default=True, help="Seconds to shorten a finding.")
@click.option("--coverage", is_flag=True, help="Print how often each verb met which outcome.")
def main(
    seed: int | None,
    episode: int | None,
    calls: int,
    processes: int,
    shrinking: float,
    coverage: bool,
) -> None:
    """Run the exchange against its twin; exit code 1 if they ever differ."""
    seed = SystemRandom().randrange(2**32) if seed is None else seed
    if episode is not None:
        _, done, stats, failure = run_episode(seed, episode)
        if failure is not None:
            report_failure(seed, episode, failure, shrinking)
        click.echo(f"{done:,} actions, {'a violation' if failure else 'no violation'}")
        sys.exit(failure is not None)
    click.echo(f"seed {seed}: {calls:,} calls on {processes} processes")
    done, violations, stats = fuzz(seed, calls, processes, shrinking)
    if coverage:
        print_coverage(stats)
    REPORT.parent.mkdir(exist_ok=True)
    found = {"calls": done, "violations": violations, "seed": seed}
    REPORT.write_text(json.dumps({"exchange": found}) + "\n")
    click.echo(f"{done:,} calls, {violations} violations, seed {seed}")
    sys.exit(violations > 0)


if __name__ == "__main__":
    main()
