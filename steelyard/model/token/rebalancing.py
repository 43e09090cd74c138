"""Acts on the policy's decision, and checks what came of it: the twin of rebalancing.vy."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import WAD, require
from steelyard.model.leverage import leverage
from steelyard.model.policy import Case, Decision, Obstacle, Trigger, decide, order, remember
from steelyard.model.token.account import VaultAccount
from steelyard.model.token.atomic import atomic
from steelyard.model.token.reference import fresh_price

OVERSHOOT = 1_000
"""A trade takes leverage past its aim by at most this part of it."""


class Rebalancing(VaultAccount):
    """What keepers call."""

    @property
    def rebalance_status(self) -> Decision:
        """What a rebalance would do now, and if nothing: why, and until when."""
        case = self._policy_case()
        decision = decide(case)
        if decision.obstacle is Obstacle.CLEAR and not self._is_taken(case, decision):
            decision = replace(decision, obstacle=Obstacle.VENUE)
        return replace(decision, reward=decision.reward - decision.reward % self.exchange.scale)

    @atomic
    def rebalance(self, caller: str, min_reward: int = 0, receiver: str | None = None) -> int:
        """Trade as `rebalance_status` says, and be paid for it.

        Args:
            caller: Anyone.
            min_reward: Least reward accepted, collateral decimals.
            receiver: Who gets the reward; the caller by default.

        Returns:
            Reward paid, collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        receiver = caller if receiver is None else receiver
        self._check_receiver(receiver)
        case = self._policy_case()
        state, decision = case.state, order(case)
        reward = decision.reward // self.exchange.scale
        require(reward >= min_reward, "rebalance: reward too small")
        fill = self._trade(state.size, -reward, decision.size_delta, decision.price_limit, receiver)
        paid = reward * self.exchange.scale
        done = replace(decision, reward=paid, cost=state.equity - fill.equity - paid)
        level = leverage(fill.size, state.price, fill.equity)
        _check(done, fill.fee, level, state.price)
        self.memory = remember(done, self.memory, self.rules, self.now, state.equity, level)
        return reward

    def _is_taken(self, case: Case, decision: Decision) -> bool:
        """Return whether the venue would not liquidate what a trade leaves, and has room for it."""
        size = case.state.size + decision.size_delta
        if decision.size_delta == 0:
            return True
        left = case.state.equity - decision.cost - decision.reward
        if size != 0 and left <= self.exchange.maintenance_margin(self.market, size):
            return False
        if (decision.size_delta > 0) != self.is_long:
            return True
        market = self.exchange.market_state(self.market)
        room = market.room_long if self.is_long else market.room_short
        return abs(decision.size_delta) <= room

    def _policy_case(self) -> Case:
        """Return what a decision is made of."""
        feed = self.feeds.get(self.rules.reference)
        return Case(
            state=self.case.state,
            is_long=self.is_long,
            rules=self.rules,
            memory=self.memory,
            now=self.now,
            reference=fresh_price(feed, self.rules.reference_max_age, self.now),
        )


def _check(done: Decision, fee: int, level: int, price: int) -> None:
    """Check that a trade brought leverage closer to the aim, not past it, at a cost in its bound.

    Args:
        done: With the cost that was.
        fee: Of the order, quote WAD.
        level: Leverage after, WAD.
        price: Oracle price, WAD.
    """
    aim = done.aim
    # Dust at the end of a wind-down is at the aim before and after.
    closer = level == aim or abs(level - aim) < abs(done.leverage - aim)
    require(closer, "rebalance: not closer to the aim")
    slack = aim // OVERSHOOT
    within = level >= aim - slack if done.leverage > aim else level <= aim + slack
    require(done.trigger is Trigger.EMERGENCY or within, "rebalance: past the aim")
    # fee + |d| b P, and two wei for the roundings.
    bound = fee + abs(done.size_delta) * abs(done.price_limit - price) // WAD + 2
    require(done.cost <= bound, "rebalance: cost over its bound")
