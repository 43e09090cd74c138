"""One episode: random actions on bytecode and twin, compared and checked after each."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from random import Random

from tests.stateful import invariants
from tests.stateful.actions import Generator
from tests.stateful.probes import Prober
from tests.stateful.world import TRADERS, Action, Violation, World, same

FULL_COMPARISON = 40  # steps between comparisons of all accounts
PROBES = 8  # steps between probes
OUTSIDE = {"warp", "push_at", "set_raw", "set_reverts", "set_decimals", "send"}
"""Actions that are no calls of the exchange."""


class Failure(Exception):
    """A violation, with what led to it.

    Attributes:
        actions: Everything since the start of the episode; the last one failed.
        violation: What is wrong.
    """

    def __init__(self, actions: list[Action], violation: Violation) -> None:
        """Keep both."""
        super().__init__(str(violation))
        self.actions = actions
        self.violation = violation

    def __reduce__(self) -> tuple[type[Failure], tuple[list[Action], Violation]]:
        """Survive the way between processes."""
        return Failure, (self.actions, self.violation)


class Machine:
    """Runs actions on a World and checks all there is to check."""

    def __init__(self, world: World) -> None:
        """Begin an episode on a world."""
        world.begin()
        self.world = world
        self.calls = 0
        self.stats: Counter[tuple[str, str]] = Counter()
        self.prober = Prober(world, self.stats)

    def step(self, action: Action) -> None:
        """Run one action on both sides.

        Raises:
            Violation: They differ, or an invariant is broken.
        """
        world = self.world
        world.steps += 1
        was = invariants.before(world.twin)
        if action.verb in OUTSIDE:
            getattr(world, action.verb)(*action.args)
            invariants.check(world.twin, action, True, was)
            return
        succeeded = self._call(action)
        world.compare_markets()
        self._compare_touched(action)
        invariants.check(world.twin, action, succeeded, was)
        if world.steps % FULL_COMPARISON == 0:
            world.compare_all()
        if world.steps % PROBES == 0:
            self.prober.probe(world.steps // PROBES)

    def _call(self, action: Action) -> bool:
        on_evm, on_twin = self.world.calls(action)
        twin, expected = self.world.outcome(on_twin)
        bytecode, got = self.world.outcome(on_evm)
        same(f"outcome of {action}", bytecode, twin)
        same(f"result of {action}", got, expected)
        self.calls += 1
        self.stats[action.verb, twin] += 1
        if twin == "ok":
            self.world.compare_event(action, expected)
        return twin == "ok"

    def _compare_touched(self, action: Action) -> None:
        """Compare the accounts an action names, each with a quote of another size."""
        step = self.world.steps
        named = [value for value in (action.caller, *action.args) if isinstance(value, str)]
        touched = {*named, TRADERS[step % len(TRADERS)]}
        market = action.args[0] if action.args and action.args[0] in (0, 1) else step % 2
        for account in sorted(touched):
            size = self.world.twin.position(market, account).size
            quotes = (0, -size, 10**18 + step, -(10**18) - step, -3 * size // 2, 2**95 + step % 2)
            outcome = self.world.compare_account(market, account, quotes[step % len(quotes)])
            self.stats["account_state", outcome] += 1


def run(world: World, seed: str, calls: int) -> Machine:
    """Run one episode.

    Args:
        world: Where; it begins anew.
        seed: Decides everything.
        calls: How many calls of the exchange to make.

    Returns:
        The machine, with its statistics.

    Raises:
        Failure: Something is wrong.
    """
    machine = Machine(world)
    generator = Generator(world.twin, world.oracles, Random(seed))
    done: list[Action] = []
    try:
        while machine.calls < calls:
            for action in generator.draw():
                done.append(action)
                machine.step(action)
        world.compare_all()
    except Exception as error:  # one that nobody expected is a finding too
        raise Failure(done, _violation(error)) from error
    return machine


def replay(world: World, actions: list[Action]) -> Failure | None:
    """Run given actions; return the failure they lead to, None if they do not."""
    machine = Machine(world)
    for index, action in enumerate(actions):
        try:
            machine.step(action)
        except Exception as error:
            return Failure(actions[: index + 1], _violation(error))
    return None


def _violation(error: Exception) -> Violation:
    """Return the error as a Violation; another kind with where it was raised."""
    if isinstance(error, Violation):
        return error
    return Violation("".join(traceback.format_exception(error)))


def shrink(world: World, failure: Failure, seconds: float = 30) -> Failure:
    """Drop actions while what is left still fails, in ever smaller blocks, for so long at most."""
    best, size = failure, len(failure.actions) // 2
    until = time.monotonic() + seconds
    while size >= 1 and time.monotonic() < until:
        start = 0
        while start < len(best.actions) - 1 and time.monotonic() < until:
            rest = best.actions[:start] + best.actions[start + size :]
            smaller = replay(world, rest) if rest else None
            if smaller is not None:
                best = smaller
            else:
                start += size
        size //= 2
    return best
