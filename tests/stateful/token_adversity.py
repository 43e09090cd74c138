"""Draws what happens around tokens: prices that move leverage, liquidations, and the factory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from steelyard.model.exchange import DAY, WAD, Fault, MarketStatus
from steelyard.model.policy import Rules
from steelyard.model.token import LeveragedToken
from steelyard.model.venue.states import ZERO_ADDRESS
from tests.stateful.adversity import Adversity
from tests.stateful.token_world import FEES, SPECS, TokenWorld
from tests.stateful.world import CONFIGS, FEED_DECIMALS, OWNER, REFERENCES, TRADERS, VAULT, Action

GAPS = (1, 12, 60, 61, 600, 3_600, 8 * 3_600, DAY, 4 * DAY)
GAP_WEIGHTS = (3, 6, 6, 8, 6, 5, 3, 3, 0.5)
MARKET_CHOICES: dict[str, tuple[int, ...]] = {
    "seize_remainder": (False, True),
    "liquidation_cap": (0, 5 * WAD, 200 * WAD),
    "maker_fee": (0, 2 * 10**14, 10**15),
    "taker_fee": (10**14, 6 * 10**14, 2 * 10**15),
    "max_leverage": (10 * WAD, 25 * WAD, 50 * WAD),
    "min_keeper_fee": (0, 2 * WAD, 8 * WAD),
    "min_margin": (0, 50 * WAD, 100 * WAD),
}
RATES = (0, 10_050_335_853_000_000, 51_293_294_387_000_000)  # 0, 1 % and 5 % a year
FEES_IN_SHARES = (0, WAD // 1_000, WAD // 100)


class TokenAdversity(Adversity):
    """Draws actions that no holder takes."""

    def __init__(self, world: TokenWorld, random: Random) -> None:
        """Read the twins of `world`; `random` decides everything."""
        super().__init__(world.twin, world.oracles, random)
        self.world = world
        self._anything = self._kinds
        self._kinds = [
            (self._of_the_exchange, 2),
            (self._broken_feed, 4),
            (self._status, 5),
            (self._market_config, 6),
            (self._force_rate, 4),
            (self._drain, 0.3),
            (self._deleverage, 5),
            (self._close, 0.4),
        ]

    def _of_the_exchange(self) -> list[Action]:
        """Return whatever the exchange alone is tested with."""
        kinds, weights = zip(*self._anything, strict=True)
        chosen: Callable[[], list[Action]] = self.random.choices(kinds, weights)[0]
        return chosen()

    # Prices

    def tick(self) -> list[Action]:
        """Let time pass and, as a rule, prices move, seldom far."""
        gap = self.random.choices(GAPS, GAP_WEIGHTS)[0]
        actions = [Action("warp", "", (gap,))]
        if self.random.random() < 0.95:
            jumps = self.random.random() < 0.04
            for feed in (0, 1):
                actions += self._publish(feed, self._moved(feed, jumps), gap)
        return actions

    def relever(self, token: LeveragedToken, level: float) -> list[Action]:
        """Return the price that brings a token to a leverage, from -60 % to +150 % away."""
        state, market = token.case.state, token.market
        if state.price == 0 or state.size == 0:
            return self.tick()
        # |q| P' = L (E + q (P' - P)), for the change of price in parts of it.
        sign, now = (1 if state.size > 0 else -1), abs(state.size) * state.price / WAD
        if level * sign == 1:
            return self.tick()
        change = (level * state.equity - now) / (now * (1 - level * sign))
        change = max(-0.6, min(change, 1.5))
        last = self._sane(market)
        return self._publish(market, max(1, round(last * (1 + change))))

    def _publish(self, feed: int, answer: int, gap: int = 0) -> list[Action]:
        """Publish, on the market's reference too, where the price is mostly the same."""
        actions, reference = super()._publish(feed, answer, gap), REFERENCES[feed]
        apart = self.random.choice((1_000,) * 12 + (995, 1_010, 1_011, 900, 0))
        if apart and all(action.args[0] != reference for action in actions):
            other = answer * 10 ** FEED_DECIMALS[reference] // 10 ** FEED_DECIMALS[feed]
            args = (reference, max(1, other * apart // 1_000), self.twin.now + gap)
            actions.append(Action("push_at", "", args))
        return actions

    # The venue

    def _market_config(self) -> list[Action]:
        """Return other parameters of a market that a token can live with."""
        market = self._market()
        name = self.random.choice(list(MARKET_CHOICES))
        changes = {name: self.random.choice(MARKET_CHOICES[name])}
        if self.random.random() < 0.3:
            changes = {}
        config = self.twin.markets[market].config if changes else CONFIGS[market]
        return [self._own("set_market_config", market, replace(config, **changes), market, 0)]

    def _deleverage(self) -> list[Action]:
        """Return a forced reduction, as a rule of a token."""
        token = self.random.choice(self.world.token_twins)
        size = abs(token.case.state.size)
        if self.random.random() < 0.2:
            return super()._deleverage()
        closed = self.random.choice((size, size // 2, size // 10, 1, size + 1))
        return [self._own("deleverage", token.market, token.address, closed)]

    # The factory

    def configure(self, index: int) -> list[Action]:
        """Return a configuration within the bounds of the factory."""
        random, spec = self.random, SPECS[index]
        rules = self.world.rules_of(index)
        if random.random() < 0.7:
            rules = self._other_rules(rules)
        receiver = random.choice((ZERO_ADDRESS, FEES, VAULT, random.choice(TRADERS)))
        has_receiver = receiver != ZERO_ADDRESS
        terms = replace(
            spec.terms,
            mint_fee=random.choice(FEES_IN_SHARES),
            redeem_fee=random.choice(FEES_IN_SHARES),
            fee_rate=random.choice(RATES) if has_receiver else 0,
            leverage_lo=rules.leverage_lo,
            leverage_hi=rules.leverage_hi,
            cap=random.choice((spec.terms.cap, spec.terms.cap, 2 * spec.terms.cap, 10 * WAD)),
            fees_on=has_receiver,
        )
        caller = OWNER if random.random() < 0.9 else random.choice(TRADERS)
        return [Action("configure", caller, (index, terms, rules, receiver))]

    def _other_rules(self, rules: Rules) -> Rules:
        """Return rules with other figures, each within its bounds."""
        random, target = self.random, rules.target
        hi = target * random.choice((11, 13, 15)) // 10
        max_slippage = random.choice((WAD // 1_000, WAD // 100, WAD // 50))
        changes = {
            "leverage_lo": target * random.choice((4, 6, 9)) // 10,
            "leverage_hi": hi,
            "emergency_leverage": hi * random.choice((125, 150)) // 100,
            "recentering": random.choice((WAD // 4, WAD // 2, WAD)),
            "min_drift": random.choice((WAD // 50, WAD // 10)),
            "max_slippage": max_slippage,
            "emergency_slippage": random.choice((2 * max_slippage, WAD * 8 // 100)),
            "min_rate": random.choice((0, WAD // 10_000)),
            "max_rate": random.choice((WAD // 1_000, WAD * 3 // 1_000)),
            "max_reward": random.choice((0, WAD * 3 // 1_000, WAD * 5 // 1_000)),
            "cost_budget": random.choice((WAD * 5 // 1_000, WAD // 10)),
            "scheduled": random.choice((False, True)),
            "cooldown": random.choice((30, 60, 600)),
            "auction_duration": random.choice((300, 1_800, 7_200)),
            "window": random.choice((7_200, 14_400)),
        }
        return replace(rules, **changes)

    def is_usable(self, market: int) -> bool:
        """Return whether a market trades, for what is drawn only then."""
        venue = self.twin.markets[market]
        return venue.status is not MarketStatus.PAUSED and venue.price(self.twin.now)[1] is (
            Fault.VALID
        )
