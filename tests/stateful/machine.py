"""One episode: random actions on bytecode and twin, compared and checked after each."""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from collections.abc import Callable, Container
from random import Random
from typing import Any

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

    outside: Container[str] = OUTSIDE
    full_comparison = FULL_COMPARISON

    def __init__(self, world: World) -> None:
        """Begin an episode on a world."""
        self.world = world
        self.calls = 0
        self.result: Any = None  # of the last call
        self.stats: Counter[tuple[str, str]] = Counter()
        self.prober = Prober(world, self.stats)
        self.begin()

    def begin(self) -> None:
        """Go back to the state after set-up; what was counted stays."""
        self.world.begin()

    @property
    def is_spent(self) -> bool:
        """Whether nothing more can happen that is worth the while."""
        return False

    def step(self, action: Action) -> None:
        """Run one action on both sides.

        Raises:
            Violation: They differ, or an invariant is broken.
        """
        world = self.world
        world.steps += 1
        was = invariants.before(world.twin)
        if action.verb in self.outside:
            getattr(world, action.verb)(*action.args)
            invariants.check(world.twin, action, True, was)
            return
        succeeded = self._call(action)
        world.compare_markets()
        self._compare_touched(action)
        invariants.check(world.twin, action, succeeded, was)
        if world.steps % self.full_comparison == 0:
            world.compare_all()
        if world.steps % PROBES == 0:
            self.prober.probe(world.steps // PROBES)

    def generator(self, random: Random) -> Generator:
        """Return what draws the actions of an episode."""
        return Generator(self.world, random)

    def finish(self) -> None:
        """Check what is checked at the end of an episode.

        Raises:
            Violation: Something is wrong.
        """
        self.world.compare_all()

    def _call(self, action: Action) -> bool:
        on_evm, on_twin = self.world.calls(action)
        twin, expected = self.world.outcome(on_twin)
        bytecode, got = self.world.outcome(on_evm)
        same(f"outcome of {action}", bytecode, twin)
        same(f"result of {action}", got, expected)
        self.calls += 1
        self.result = expected
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


def run(machine: Machine, seed: str, calls: int) -> None:
    """Run one episode.

    Args:
        machine: At the beginning of an episode.
        seed: Decides everything.
        calls: How many calls of the contracts to make.

    Raises:
        Failure: Something is wrong.
    """
    random = Random(seed)
    generator, done = machine.generator(random), list[Action]()
    try:
        while machine.calls < calls:
            if machine.is_spent:
                machine.finish()
                machine.begin()
                generator, done = machine.generator(random), []
            for action in generator.draw():
                done.append(action)
                machine.step(action)
        machine.finish()
    except Exception as error:  # one that nobody expected is a finding too
        raise Failure(done, _violation(error)) from error


def replay(machine: Machine, actions: list[Action]) -> Failure | None:
    """Run given actions; return the failure they lead to, None if they do not."""
    done: list[Action] = []
    try:
        for action in actions:
            done.append(action)
            machine.step(action)
        machine.finish()
    except Exception as error:
        return Failure(done, _violation(error))
    return None


def _violation(error: Exception) -> Violation:
    """Return the error as a Violation; another kind with where it was raised."""
    if isinstance(error, Violation):
        return error
    return Violation("".join(traceback.format_exception(error)))


def shrink(begin: Callable[[], Machine], failure: Failure, seconds: float = 30) -> Failure:
    """Drop actions while what is left fails in the same way, in ever smaller blocks.

    Args:
        begin: Gives a machine at the beginning of an episode.
        failure: To be shortened.
        seconds: Most time to spend.
    """
    best, size = failure, len(failure.actions) // 2
    until = time.monotonic() + seconds
    while size >= 1 and time.monotonic() < until:
        start = 0
        while start < len(best.actions) - 1 and time.monotonic() < until:
            rest = best.actions[:start] + best.actions[start + size :]
            smaller = replay(begin(), rest) if rest else None
            if smaller is not None and _head(smaller) == _head(best):
                best = smaller
            else:
                start += size
        size //= 2
    return best


def _head(failure: Failure) -> str:
    """Return what a failure begins to say last, without numbers: the same for the same failure."""
    return re.sub(r"\d+", "", str(failure).splitlines()[-1])[:40]
