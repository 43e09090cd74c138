"""One episode with tokens: random actions on bytecode and twins, checked after each."""

from __future__ import annotations

from random import Random
from typing import Any

from steelyard.evm import Revert
from steelyard.model.exchange import WAD
from tests.stateful.machine import OUTSIDE, Machine
from tests.stateful.token_actions import TokenGenerator
from tests.stateful.token_invariants import Invariants, hold
from tests.stateful.token_probes import TokenProber
from tests.stateful.token_way_out import WayOut
from tests.stateful.token_world import FLOWS, OWNERS, TOKEN_VERBS, TokenWorld, is_alive
from tests.stateful.world import Action

FULL_COMPARISON = 60  # steps between comparisons of all accounts
TOKEN_OUTSIDE = {*OUTSIDE, "donate"}


class TokenMachine(Machine):
    """Runs actions on a TokenWorld and checks all there is to check."""

    world: TokenWorld
    outside = TOKEN_OUTSIDE
    full_comparison = FULL_COMPARISON

    def __init__(self, world: TokenWorld) -> None:
        """Begin an episode on a world."""
        super().__init__(world)
        self.token_prober = TokenProber(world, self.stats)

    def begin(self) -> None:
        """Go back to the state after set-up; what was counted stays."""
        super().begin()
        self.invariants = Invariants(self.world)

    @property
    def is_spent(self) -> bool:
        """Whether no token is left that anybody could do something with."""
        return not any(is_alive(token) for token in self.world.token_twins)

    def generator(self, random: Random) -> TokenGenerator:
        """Return what draws the actions of an episode."""
        return TokenGenerator(self.world, random)

    def step(self, action: Action) -> None:
        """Run one action on both sides.

        Raises:
            Violation: They differ, or an invariant is broken.
        """
        self.succeeded = True
        super().step(action)
        self.invariants.check(action, self.succeeded, self.result)
        if action.verb not in self.outside:
            self._compare_tokens(action)
            self.token_prober.probe(self.world.steps)

    def finish(self) -> None:
        """Check that everybody can leave.

        Raises:
            Violation: Somebody cannot, or something is wrong on the way.
        """
        super().finish()
        WayOut(self.world, self.step).walk()

    def _call(self, action: Action) -> bool:
        """Run a call on both sides, with what its preview says, and again after a rebalance."""
        is_flow = action.verb in FLOWS
        preview = self._preview(action) if is_flow else ("", None)
        self.succeeded = super()._call(action)
        if self.succeeded and is_flow:
            self._check_preview(action, preview)
        if self.succeeded and action.verb == "rebalance":
            self._check_second(action)
            self.stats["rebalanced", self.world.decided.trigger.name] += 1
        return self.succeeded

    def _preview(self, action: Action) -> tuple[str, Any]:
        """Return what the preview of a flow says before it."""
        index, amount = action.args[:2]
        view = getattr(self.world.tokens[index], "preview" + action.verb.title())
        return self.world.outcome(lambda: view(amount))

    def _check_preview(self, action: Action, preview: tuple[str, Any]) -> None:
        """4: a preview is what happens then; where all of an owner's shares just do, no less."""
        outcome, said = preview
        hold(outcome == "ok", 4, "what works has a preview", f"{action}: {outcome}")
        if action.verb == "withdraw" and said > self.result:
            ledger = self.world.token_twins[action.args[0]].ledger
            left = ledger.balances[action.args[3]]
            hold(left <= 1, 4, "the preview of a withdrawal is exact", f"{said} > {self.result}")
            return
        hold(said == self.result, 4, "previews are exact", f"{action}: {said}, {self.result}")

    def _check_second(self, action: Action) -> None:
        """5: a second rebalance in the same block reverts."""
        world = self.world
        with world.evm.anchor():
            try:
                world.tokens[action.args[0]].rebalance(sender=action.caller)
            except Revert:
                return
        hold(False, 5, "no second rebalance at once")

    def _compare_tokens(self, action: Action) -> None:
        """Compare the token an action names, or another, with amounts that differ every time."""
        world, step = self.world, self.world.steps
        named = action.verb in TOKEN_VERBS
        index = action.args[0] if named else step % len(world.tokens)
        holder = action.caller if step % 2 else OWNERS[step // 2 % len(OWNERS)]
        unit = WAD // world.twin.scale
        magnitude = 10 ** (step % 9)
        amounts = (magnitude * (step % 7 + 1) * WAD // 10**3, magnitude * unit * step // 10**3)
        world.compare_token(index, holder, *amounts)
        touched = {value for value in action.args if isinstance(value, str)} if named else set()
        for account in sorted(touched):
            contract, twin = world.tokens[index], world.token_twins[index]
            hold(contract.balanceOf(account) == twin.ledger.balances[account], 4, "balances agree")
