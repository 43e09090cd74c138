"""The keeper: rebalances what needs it, liquidates what is due, and is paid for both.

It wakes with every price, and in between when `rebalance_status` says that something will be ready:
the next part of a chunked trade after its cooldown, the daily boundary of a schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steelyard.accounting import Cause
from steelyard.demo.ledger import Ledger, Rebalance
from steelyard.demo.world import PEOPLE, World
from steelyard.errors import SteelyardError
from steelyard.evm import Revert
from steelyard.model.policy import Obstacle, Trigger

BLOCK = 2
"""Seconds between two tries."""
MOST_CHUNKS = 100
"""Chunks of one liquidation; a venue closes at least a tenth each time."""


class Keeper:
    """Somebody with a machine, and nothing to lose but its gas."""

    def __init__(self, world: World, ledgers: Mapping[str, Ledger]) -> None:
        """Watch tokens.

        Args:
            world: Where they live.
            ledgers: Their books, by symbol.
        """
        self._world = world
        self._ledgers = ledgers
        self._account = PEOPLE["keeper"]

    def work(self, until: int) -> None:
        """Do all there is to do now, and what becomes ready before a time.

        Args:
            until: Unix seconds; the next price comes then.
        """
        while True:
            ready = [self._tend(ledger) for ledger in self._ledgers.values()]
            soonest = min((time for time in ready if time), default=0)
            wake = max(soonest, self._world.now + BLOCK)
            if not soonest or wake >= until:
                return
            self._world.pass_to(wake)
            for ledger in self._ledgers.values():
                ledger.accrue()

    def collect(self) -> None:
        """Claim what the venue owes, to a unit of collateral."""
        if self._world.exchange.owed(self._account) >= self._world.scale:
            self._world.exchange.claim_keeper_fees(self._account, sender=self._account)

    def earned(self) -> int:
        """Return what the keeper has, with what the venue owes it; quote WAD."""
        owed: int = self._world.exchange.owed(self._account)
        return self._world.collateral(self._account) + owed

    def _tend(self, ledger: Ledger) -> int:
        """Do what one token needs now; return when to look again, 0 = with the next price."""
        if self._liquidate(ledger):
            return self._world.now + BLOCK
        status = ledger.token.handle.rebalance_status()
        if status.trigger != Trigger.NOTHING and status.obstacle == Obstacle.CLEAR:
            self._rebalance(ledger, status)
            status = ledger.token.handle.rebalance_status()
        if status.trigger != Trigger.NOTHING:
            ledger.obstacles[Obstacle(status.obstacle).name] += 1
        ready: int = status.ready_at
        return ready

    def _rebalance(self, ledger: Ledger, status: Any) -> None:
        """Trade, and book it from the events of token and venue."""
        reward = ledger.token.handle.rebalance(sender=self._account) * self._world.scale
        (done,) = (log.args for log in ledger.token.handle.logs("Rebalanced"))
        (order,) = (log.args for log in self._world.exchange.logs("PositionModified"))
        if (done.size_delta, reward) != (status.size_delta, status.reward):
            raise SteelyardError("a rebalance did not do what rebalance_status had said")
        ledger.book_rebalance(
            Rebalance(
                time=self._world.now,
                trigger=Trigger(done.trigger).name,
                price=order.price,
                size_delta=done.size_delta,
                size=done.size,
                fee=order.fee,
                impact=done.cost - order.fee,
                reward=reward,
                equity=done.equity,
                leverage_before=done.leverage_before,
                leverage_after=done.leverage_after,
            )
        )

    def _liquidate(self, ledger: Ledger) -> bool:
        """Flag and liquidate a token that is due, until it is not; return whether some is left."""
        exchange, market, token = self._world.exchange, self._world.market.id, ledger.token
        for _ in range(MOST_CHUNKS):
            state = self._world.account(token)
            is_due = state.size != 0 and state.equity <= state.maintenance
            if not (state.flagged or is_due):
                return False
            if not state.flagged:
                exchange.flag(market, token.handle, sender=self._account)
            try:
                exchange.liquidate(market, token.handle, sender=self._account)
            except Revert as error:
                if error.reason != "liquidation: cap of this second":
                    raise
                return True
            ledger.book(Cause.LIQUIDATION)
            ledger.liquidations += 1
        raise SteelyardError(f"{token.symbol} could not be liquidated")
