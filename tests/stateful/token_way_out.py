"""The end of an episode: however it went, there is a way out for everybody.

Invariant 8 supposes a live venue with a fresh price that can pay. So the venue is repaired first,
with what its owner, a liquidity provider and an arbitrageur would do, and then holders and keepers
alone have to find the way.
"""

from __future__ import annotations

from collections.abc import Callable

from steelyard.model.arithmetic import Revert, ceil_div
from steelyard.model.exchange import WAD, Fault, MarketStatus
from steelyard.model.policy import Decision, Obstacle
from steelyard.model.token import LeveragedToken, Phase
from tests.stateful.token_invariants import hold, is_closing
from tests.stateful.token_world import TokenWorld
from tests.stateful.world import (
    CONFIGS,
    FEED_DECIMALS,
    FIRST_ANSWERS,
    KEEPERS,
    OWNER,
    PROVIDERS,
    REFERENCES,
    TRADERS,
    Action,
)

KEEPER = KEEPERS[0]
ARBITRAGEUR = PROVIDERS[1]
PATIENCE = 400
"""Most calls of keepers before a token counts as stuck."""


class WayOut:
    """Walks out of whatever state a world is in."""

    def __init__(self, world: TokenWorld, step: Callable[[Action], None]) -> None:
        """Act on a world through `step`, which checks every action."""
        self.world = world
        self.twin = world.twin
        self.step = step

    def walk(self) -> None:
        """Repair the venue and have everybody leave.

        Raises:
            Violation: Somebody is stuck.
        """
        for market in (0, 1):
            self._repair(market)
        for index, token in enumerate(self.world.token_twins):
            self._free(index, token)
            self._leave(index, token)

    # The venue

    def _repair(self, market: int) -> None:
        """Bring a market back to where it began: parameters, price, cash and skew."""
        venue = self.twin.markets[market]
        if venue.status is not MarketStatus.CLOSED:
            self._own("set_market_status", market, MarketStatus.ACTIVE)
            self._own("set_price_guard", market, None)
            self._publish(market)
            self._own("set_market_config", market, CONFIGS[market], market, 0)
            self._own("force_funding_rate", market, 0, True)
        self._pay_in(market)
        self._level(market)

    def _publish(self, market: int) -> None:
        """Publish the last price, if it is one, on the market's feed and its reference."""
        first, last = FIRST_ANSWERS[market], self.twin.markets[market].oracle.answer
        oracle = self.world.oracles[market]
        last = oracle.answer if first // 1_000 < oracle.answer < first * 1_000 else first
        for feed in (market, REFERENCES[market]):
            decimals = FEED_DECIMALS[feed]
            answer = last * 10**decimals // 10 ** FEED_DECIMALS[market]
            self.step(Action("set_reverts", "", (feed, False)))
            self.step(Action("set_decimals", "", (feed, decimals)))
            self.step(Action("push_at", "", (feed, answer, self.twin.now)))

    def _pay_in(self, market: int) -> None:
        """Bring a market's cash up to what its traders may claim."""
        state = self.twin.market_state(market)
        claims = state.margins + max(0, state.traders_pnl) + abs(state.pool) + 10**6 * WAD
        assets = min(ceil_div(claims, self.twin.scale), 2**88)
        self.step(Action("deposit_margin", ARBITRAGEUR, (market, assets)))
        if self.twin.market_state(market).lp_equity > 0:
            self.step(Action("add_liquidity", PROVIDERS[0], (market, assets, 0)))

    def _level(self, market: int) -> None:
        """Have traders close, and an arbitrageur take what skew is left."""
        for trader in TRADERS:
            size = self.twin.position(market, trader).size
            if size:
                self.step(Action("modify_position", trader, (market, 0, -size, 0, trader)))
        skew = self.twin.account_state(market, ARBITRAGEUR).skew
        if skew:
            order = (market, 0, -skew, 0, ARBITRAGEUR)
            self.step(Action("modify_position", ARBITRAGEUR, order))

    # The tokens

    def _free(self, index: int, token: LeveragedToken) -> None:
        """Have keepers do what has to be done before anybody can leave."""
        for _ in range(PATIENCE):
            if not self._is_stuck(token):
                return
            self._keep(index, token)
        hold(False, 8, "no dead end", f"token {index}: {token.rebalance_status}")

    def _is_stuck(self, token: LeveragedToken) -> bool:
        """Return whether keepers have something to do: a high leverage, or the end."""
        state, venue = token.case.state, self.twin.markets[token.market]
        if state.flagged:
            return True
        if token.is_closed or (state.size == 0 and state.equity == 0):
            return False
        if token.terms.phase is Phase.WIND_DOWN:
            return True
        too_high = abs(state.size) * state.price > state.equity * state.max_leverage
        above = venue.status is not MarketStatus.CLOSED and state.equity <= state.maintenance
        return state.size != 0 and (too_high or above or state.equity <= 0)

    def _keep(self, index: int, token: LeveragedToken) -> None:
        """Do the next thing a keeper can do."""
        state, account = token.case.state, (token.market, token.address)
        if state.flagged:
            self._wait(1, token.market)
            self.step(Action("liquidate", KEEPER, account))
        elif state.size == 0:
            self.step(Action("settle", KEEPER, (index,)))
        elif state.equity <= state.maintenance:
            self.step(Action("flag", KEEPER, account))
        else:
            self._rebalance(index, token, token.rebalance_status)

    def _rebalance(self, index: int, token: LeveragedToken, status: Decision) -> None:
        if status.obstacle == Obstacle.CLEAR:
            self.step(Action("rebalance", KEEPER, (index,)))
        elif status.obstacle == Obstacle.COOLDOWN:
            self._wait(status.ready_at - self.twin.now, token.market)
        else:
            self._level(token.market)
            self._wait(600, token.market)

    def _wait(self, seconds: int, market: int) -> None:
        self.step(Action("warp", "", (seconds,)))
        if self.twin.markets[market].status is not MarketStatus.CLOSED:
            self._publish(market)

    def _leave(self, index: int, token: LeveragedToken) -> None:
        """Have every holder redeem all he has; the factory stays for ever.

        Who has most goes first: where his leaving closes the position, at a cost that is more than
        what others have, they pay nothing after him.
        """
        _, fault = self.twin.markets[token.market].price(self.twin.now)
        hold(fault is Fault.VALID, 8, "the venue is repaired", fault)
        lost = {token.address, self.twin.address, OWNER}
        lost |= {other.address for other in self.world.token_twins}
        balances = sorted(token.ledger.balances.items(), key=lambda item: -item[1])
        for holder, shares in balances:
            if shares and holder not in lost and not self._is_worthless(token, shares):
                self.step(Action("redeem", holder, (index, shares, holder, holder)))
                left = token.ledger.balances[holder]
                hold(left == 0, 8, "everybody can leave", f"token {index}, {holder}: {left}")

    def _is_worthless(self, token: LeveragedToken, shares: int) -> bool:
        """Return whether shares would pay less than two units, or than selling them costs."""
        if token.convert_to_assets(token.terms.redeem_traded(shares)) <= 2:
            return True
        try:
            token.preview_redeem(shares)
        except Revert as error:
            costs_more = error.reason == "redeem: cost exceeds the claim"
            return costs_more and self._is_less_than_the_cost(token, shares)
        return False

    def _is_less_than_the_cost(self, token: LeveragedToken, shares: int) -> bool:
        """Return whether shares are worth less than a cent, or than closing all if they must."""
        vault, traded = token.case.vault, token.terms.redeem_traded(shares)
        worth = vault.equity * traded // token.shares
        closing = vault.size and is_closing(token.case.state, token.shares, traded)
        cost = vault.cost(-vault.size) if closing else 0
        return worth < max(WAD // 100, (cost or 0) + token.exchange.scale)

    def _own(self, verb: str, *args: object) -> None:
        self.step(Action(verb, OWNER, args))
