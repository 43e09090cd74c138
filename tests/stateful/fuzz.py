"""Run the machines for long, on all cores, and say how to see any violation again."""

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

from tests.stateful.machine import Failure, Machine, run, shrink
from tests.stateful.token_machine import TokenMachine
from tests.stateful.token_world import TokenWorld
from tests.stateful.world import World

CALLS_PER_EPISODE = 300
ASSET_DECIMALS = (6, 18)
REPORT = Path(__file__).resolve().parents[2] / "out" / "fuzz.json"
KINDS: dict[str, tuple[type[World], type[Machine]]] = {
    "exchange": (World, Machine),
    "token": (TokenWorld, TokenMachine),
}

Stats = Counter[tuple[str, str]]


@functools.cache
def world_of(kind: str, asset_decimals: int) -> World:
    """Return this process's world; setting it up takes longer than an episode."""
    return KINDS[kind][0](asset_decimals)


def machine_of(kind: str, episode: int) -> Machine:
    """Return a machine at the beginning of an episode."""
    return KINDS[kind][1](world_of(kind, ASSET_DECIMALS[episode % len(ASSET_DECIMALS)]))


def run_episode(kind: str, seed: int, episode: int) -> tuple[int, Stats, Failure | None]:
    """Run one episode; return its calls, its statistics and what failed."""
    machine = machine_of(kind, episode)
    try:
        run(machine, f"{seed}:{episode}", CALLS_PER_EPISODE)
    except Failure as failure:
        return machine.calls, machine.stats, failure
    return machine.calls, machine.stats, None


def report_failure(kind: str, seed: int, episode: int, failure: Failure, seconds: float) -> None:
    """Print a violation and the fewest actions that `seconds` of trying find to lead to it."""
    click.echo(f"\nVIOLATION, {kind}, in episode {episode}: {failure}")
    shortest = shrink(functools.partial(machine_of, kind, episode), failure, seconds)
    click.echo(f"shrunk from {len(failure.actions)} to {len(shortest.actions)} actions:")
    for action in shortest.actions:
        click.echo(f"  {action!r},")
    click.echo(f"  -> {shortest}")
    again = f"--machine {kind} --seed {seed} --episode {episode}"
    click.echo(f"again: python -m tests.stateful.fuzz {again}\n")


def print_coverage(stats: Stats) -> None:
    """Print how often each verb succeeded, and why it was refused."""
    verbs = sorted({verb for verb, _ in stats})
    for verb in verbs:
        click.echo(verb)
        outcomes = [(count, reason) for (name, reason), count in stats.items() if name == verb]
        for count, reason in sorted(outcomes, reverse=True):
            click.echo(f"  {count:>8,}  {reason}")


def _worked(seed: int, task: tuple[str, int]) -> tuple[str, int, int, Stats, Failure | None]:
    """Run one episode of one kind, and say which it was."""
    return *task, *run_episode(task[0], seed, task[1])


def fuzz(
    kinds: list[str], seed: int, calls: int, processes: int, shrinking: float
) -> tuple[dict[str, dict[str, int]], Stats]:
    """Run episodes until enough calls are made, of each kind as many.

    Returns:
        Calls, violations and seed by kind, and statistics.
    """
    episodes = -(-calls // CALLS_PER_EPISODE // len(kinds))
    found = {kind: {"calls": 0, "violations": 0, "seed": seed} for kind in kinds}
    stats = Stats()
    began = last = time.monotonic()
    tasks = [(kind, episode) for episode in range(episodes) for kind in kinds]
    with multiprocessing.Pool(processes) as pool:
        work = functools.partial(_worked, seed)
        for kind, episode, made, seen, failure in pool.imap_unordered(work, tasks):
            found[kind]["calls"] += made
            stats += seen
            if failure is not None:
                found[kind]["violations"] += 1
                report_failure(kind, seed, episode, failure, shrinking)
                if found[kind]["violations"] == 3:
                    break  # more of the same
            if time.monotonic() - last > 10:
                last = time.monotonic()
                click.echo(_summary(found) + f", {_calls(found) / (last - began):,.0f} calls/s")
    return found, stats


def _calls(found: dict[str, dict[str, int]]) -> int:
    return sum(each["calls"] for each in found.values())


def _summary(found: dict[str, dict[str, int]]) -> str:
    return "; ".join(
        f"{kind}: {each['calls']:,} calls, {each['violations']} violations"
        for kind, each in found.items()
    )


@click.command()
@click.option("--machine", type=click.Choice([*KINDS, "both"]), default="both", show_default=True)
@click.option("--seed", type=int, help="Decides everything; a random one by default.")
@click.option("--episode", type=int, help="Run only this episode, in this process.")
@click.option("--calls", default=200_000, show_default=True, help="Calls to make, in equal parts.")
@click.option("--processes", default=os.cpu_count() or 1, show_default="one per core")
@click.option("--shrinking", default=30.0, show_default=True, help="Seconds to shorten a finding.")
@click.option("--coverage", is_flag=True, help="Print how often each verb met which outcome.")
def main(
    machine: str,
    seed: int | None,
    episode: int | None,
    calls: int,
    processes: int,
    shrinking: float,
    coverage: bool,
) -> None:
    """Run the bytecode against its twins; exit code 1 if they differ or an invariant breaks."""
    seed = SystemRandom().randrange(2**32) if seed is None else seed
    kinds = list(KINDS) if machine == "both" else [machine]
    if episode is not None:
        failures = [_run_alone(kind, seed, episode, shrinking) for kind in kinds]
        sys.exit(any(failures))
    click.echo(f"seed {seed}: {calls:,} calls on {processes} processes")
    found, stats = fuzz(kinds, seed, calls, processes, shrinking)
    if coverage:
        print_coverage(stats)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(found) + "\n")
    click.echo(f"{_summary(found)}, seed {seed}")
    sys.exit(any(each["violations"] for each in found.values()))


def _run_alone(kind: str, seed: int, episode: int, shrinking: float) -> bool:
    """Run one episode in this process; return whether it failed."""
    calls, _, failure = run_episode(kind, seed, episode)
    if failure is not None:
        report_failure(kind, seed, episode, failure, shrinking)
    click.echo(f"{kind}: {calls:,} calls, {'a violation' if failure else 'no violation'}")
    return failure is not None


if __name__ == "__main__":
    main()
