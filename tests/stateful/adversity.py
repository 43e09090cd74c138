"""Draws what happens to the exchange: time, prices, broken feeds, and its owner's switches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from steelyard.model.exchange import DAY, WAD, Exchange, Fault, MarketConfig, MarketStatus, Oracle
from tests.stateful.world import (
    CONFIGS,
    FEED_DECIMALS,
    FIRST_ANSWERS,
    OWNER,
    PROVIDERS,
    REFERENCES,
    SEQUENCER,
    SPARE,
    TRADERS,
    VAULT,
    Action,
)

GAPS = (1, 12, 60, 600, 3_600, 8 * 3_600, DAY, 4 * DAY)
GAP_WEIGHTS = (3, 8, 6, 5, 5, 3, 2, 0.5)
MICRO = 10**12
# Values a change of parameters draws from; most combine to something valid.
CHOICES: dict[str, tuple[int, ...]] = {
    "max_age": (60, 3_900, 86_700, 86_700, 0, 2**20),
    "max_funding_velocity": (0, 9 * WAD, 36 * WAD, 67 * WAD, 68 * WAD),
    "max_funding_rate": (0, 5 * 10**15, 2 * 10**17, WAD, WAD + MICRO),
    "maker_fee": (0, 2 * 10**14, 10**15, 5 * 10**16),
    "taker_fee": (0, 6 * 10**14, 10**15, 5 * 10**16, 5 * 10**16 + MICRO),
    "max_leverage": (WAD, 5 * WAD, 10 * WAD, 25 * WAD, 50 * WAD, 100 * WAD, 101 * WAD),
    "maintenance_ratio": (0, 3 * 10**15, 75 * 10**14, 2 * 10**16, 10**17),
    "liquidation_fee_ratio": (0, 2 * 10**15, 35 * 10**14, 10**16),
    "liquidation_premium": (0, 15_625 * 10**14, 26 * WAD),
    "min_keeper_fee": (0, 2 * WAD, 40 * WAD),
    "max_keeper_fee": (0, 1_000 * WAD, 10**6 * WAD),
    "min_margin": (0, 50 * WAD, 1_000 * WAD, WAD + 1),
    "max_notional": (0, 10**6 * WAD, 4 * 10**11 * WAD),
    "reserve_factor": (10**17, WAD // 2, WAD, 4 * WAD, 99 * 10**15),
    "seize_remainder": (False, True),
    "liquidate_when_paused": (False, True),
}
# Shares of the skew scale: caps of open interest, and of what is liquidated in a second.
CAPS = (0, 10**4, 10**5, 4 * 10**5, 10**6 + 1)
LIQUIDATION_CAPS = (0, 1, 50, 5_000)
SCALES = (0, 1, 1, 100, 1_000, 4_000)  # times a thousandth of what the market began with


class Adversity:
    """Draws actions that no trader takes."""

    def __init__(self, twin: Exchange, oracles: list[Oracle], random: Random) -> None:
        """Read `twin` and its feeds; `random` decides everything."""
        self.twin = twin
        self.oracles = oracles
        self.random = random
        self._kinds: list[tuple[Callable[[], list[Action]], float]] = [
            (self._broken_feed, 7),
            (self._sequencer, 2),
            (self._status, 3),
            (self._config, 5),
            (self._guard, 3),
            (self._force_rate, 3),
            (self._drain, 1),
            (self._deleverage, 5),
            (self._collect, 3),
            (self._close, 0.25),
            (self._not_owner, 2),
            (self._bad_switch, 3),
        ]

    def draw(self) -> list[Action]:
        """Return some adversity."""
        kinds, weights = zip(*self._kinds, strict=True)
        chosen: Callable[[], list[Action]] = self.random.choices(kinds, weights)[0]
        return chosen()

    def repair(self) -> list[Action]:
        """Return what mends a market that does not work, in most cases; else nothing."""
        for market, venue in enumerate(self.twin.markets[:2]):
            restricted = venue.status in (MarketStatus.PAUSED, MarketStatus.REDUCE_ONLY)
            if restricted and self.random.random() < 0.15:
                return [self._own("set_market_status", market, MarketStatus.ACTIVE)]
            _, fault = venue.price(self.twin.now)
            if fault is not Fault.VALID and self.random.random() < 0.4:
                return self._mend(market, fault)
        return []

    def tick(self) -> list[Action]:
        """Let time pass and, as a rule, prices move."""
        gap = self.random.choices(GAPS, GAP_WEIGHTS)[0]
        gap += self.random.randrange(gap)
        actions = [Action("warp", "", (gap,))]
        if self.random.random() < 0.9:
            jumps = self.random.random() < 0.1
            for feed in (0, 1):
                answer = self._moved(feed, jumps)
                actions += self._publish(feed, answer, gap)
        return actions

    # Feeds

    def _publish(self, feed: int, answer: int, gap: int = 0) -> list[Action]:
        """Publish on the market's feed, its spare and its reference, at the end of a gap."""
        now = self.twin.now + gap
        actions = [Action("push_at", "", (feed, answer, now))]
        venue = self.twin.markets[feed]
        guard = venue.guard
        if guard is not None and guard.checks.reference is not None:
            reference = REFERENCES[feed]
            apart = self.random.choice((100, 100, 100, 100, 100, 99, 101))
            other = answer * 10 ** FEED_DECIMALS[reference] // 10 ** FEED_DECIMALS[feed]
            other = other * apart // 100
            actions.append(Action("push_at", "", (reference, max(1, other), now)))
        if venue.oracle is self.oracles[SPARE]:
            scaled = answer * 10 ** FEED_DECIMALS[SPARE] // 10 ** FEED_DECIMALS[feed]
            actions.append(Action("push_at", "", (SPARE, max(1, scaled), now)))
        return actions

    def _moved(self, feed: int, jumps: bool) -> int:
        """Return the next answer of a market's feed: a random walk, at times a jump."""
        first, last = FIRST_ANSWERS[feed], self.oracles[feed].answer
        if not first // 30 < last < first * 30:
            return first
        if jumps:
            return int(last * self.random.uniform(0.4, 2.5)) + 1
        return int(last * (1 + self.random.gauss(0, self.random.choice((0.002, 0.02))))) or 1

    def _poke(self, market: int) -> list[Action]:
        """Return a call that needs the price of a market, to follow what may have broken it."""
        account, args = self.random.choice(TRADERS), (market, self.random.choice(TRADERS))
        return [
            self.random.choice(
                (
                    Action("modify_position", account, (market, 0, WAD, 0, account)),
                    Action("modify_position", account, (market, 0, -WAD, 0, account)),
                    Action("modify_position", account, (market, -1, 0, 0, account)),
                    Action("flag", account, args),
                    Action("liquidate", account, args),
                    Action("add_liquidity", account, (market, 10**9, 0)),
                    Action("remove_liquidity", PROVIDERS[0], (market, 10**21, 0, VAULT)),
                    self._own("force_funding_rate", market, 0, True),
                    self._own("deleverage", *args, 1),
                    self._own("set_market_config", market, CONFIGS[market], market, 0),
                )
            )
        ]

    def _broken_feed(self) -> list[Action]:
        feed, now = self.random.choice((0, 0, 1, 1, 2, 3)), self.twin.now
        market = feed if feed in (0, 1) else REFERENCES.index(feed)
        answer = self.oracles[feed].answer
        kind = self.random.randrange(9)
        if kind == 0:
            return [Action("set_reverts", "", (feed, True)), *self._poke(market)]
        if kind == 1:
            return [Action("set_decimals", "", (feed, self.random.choice((6, 19, 255))))]
        if kind == 2:
            date = now + self.random.choice((1, 60, -3_900, -3_901))
            return [Action("push_at", "", (feed, answer, date)), *self._poke(market)]
        answer, started_at, updated_at = self.random.choice(
            (
                (0, now, now),
                (-abs(answer), now, now),
                (-(2**255), now, now),
                (2**255 - 1, now, now),
                (2**94 // 10 ** (18 - FEED_DECIMALS[feed]) + 1, now, now),
                (answer, now, 0),
                (answer, 0, now),
                (answer, now, now + 1),
                (answer, now, 2**256 - 1),
                (1, now, now),
            )
        )
        raw = Action("set_raw", "", (feed, answer, started_at, updated_at))
        return [raw, *self._poke(market)]

    def _sequencer(self) -> list[Action]:
        """Have a market ask for the sequencer, and stop or start it."""
        market, now = self._market(), self.twin.now
        guard = self._own("set_price_guard", market, (SEQUENCER, 600, -1, *(0,) * 6))
        answer, started_at = self.random.choice(((1, now - 9_999), (0, now), (0, 0), (0, now + 9)))
        change = Action("set_raw", "", (SEQUENCER, answer, started_at, now))
        if self.random.random() < 0.2:
            change = Action("set_reverts", "", (SEQUENCER, True))
        return [guard, change, *self._poke(market)]

    def _mend(self, market: int, fault: Fault) -> list[Action]:
        venue, now = self.twin.markets[market], self.twin.now
        feed = next(i for i, oracle in enumerate(self.oracles) if oracle is venue.oracle)
        if fault in (Fault.SEQUENCER_DOWN, Fault.GRACE_PERIOD):
            return [
                Action("set_reverts", "", (SEQUENCER, False)),
                Action("set_raw", "", (SEQUENCER, 0, now - self.random.choice((600, 601)), now)),
            ]
        if fault is Fault.OUT_OF_BOUNDS or fault is Fault.JUMP:
            return [self._own("set_price_guard", market, None)] + self._fresh(feed, market)
        actions = self._fresh(feed, market)
        if venue.guard is not None:
            reference = REFERENCES[market]
            actions.insert(0, Action("set_reverts", "", (reference, False)))
        return actions

    def _fresh(self, feed: int, market: int) -> list[Action]:
        actions = [Action("set_reverts", "", (feed, False))]
        if self.oracles[feed].decimals != FEED_DECIMALS[feed]:
            actions.append(Action("set_decimals", "", (feed, FEED_DECIMALS[feed])))
        return actions + self._publish(market, self._sane(market))

    def _sane(self, market: int) -> int:
        first, last = FIRST_ANSWERS[market], self.oracles[market].answer
        return last if first // 30 < last < first * 30 else first

    # The owner's switches

    def _own(self, verb: str, *args: object) -> Action:
        return Action(verb, OWNER, args)

    def _market(self) -> int:
        return self.random.randrange(2)

    def _status(self) -> list[Action]:
        status = self.random.choice((MarketStatus.REDUCE_ONLY, MarketStatus.PAUSED))
        return [self._own("set_market_status", self._market(), status)]

    def _config(self) -> list[Action]:
        market = self._market()
        config, base = self.twin.markets[market].config, CONFIGS[market]
        if self.random.random() < 0.3:
            config = base  # back to where it began
        changes: dict[str, int] = {}
        for name in self.random.sample(list(CHOICES), self.random.choice((1, 1, 2, 4))):
            changes[name] = self.random.choice(CHOICES[name])
        if self.random.random() < 0.4:
            changes |= self._scaled(config, base)
        feed = self.random.choice((market, market, market, SPARE))
        return self._publish_spare(market, feed) + [self._set_config(market, changes, config, feed)]

    def _scaled(self, config: MarketConfig, base: MarketConfig) -> dict[str, int]:
        """Return other caps, often with another skew scale, whose parts they are counted in."""
        scale = config.skew_scale
        if self.random.random() < 0.6:
            scale = base.skew_scale // 1_000 * self.random.choice(SCALES)
            scale += self.random.choice((0, 0, 0, MICRO))
        return {
            "skew_scale": scale,
            "max_long": scale // 10**6 * self.random.choice(CAPS),
            "max_short": scale // 10**6 * self.random.choice(CAPS),
            "liquidation_cap": scale // 10**5 * self.random.choice(LIQUIDATION_CAPS),
        }

    def _set_config(
        self, market: int, changes: dict[str, int], config: MarketConfig, feed: int
    ) -> Action:
        tampered = self.random.choice((0,) * 12 + (1 << 0, 1 << 3, 1 << 5))
        changed = replace(config, **changes)
        return self._own("set_market_config", market, changed, feed, tampered)

    def _publish_spare(self, market: int, feed: int) -> list[Action]:
        if feed != SPARE or self.random.random() < 0.2:
            return []
        answer = max(1, self._sane(market) * 10**6 // 10 ** FEED_DECIMALS[market])
        return [Action("push_at", "", (SPARE, answer, self.twin.now))]

    def _guard(self) -> list[Action]:
        market, now = self._market(), self.twin.now
        if self.twin.markets[market].guard is not None and self.random.random() < 0.4:
            return [self._own("set_price_guard", market, None)]
        price = self.twin.markets[market].price(now)[0] or WAD
        checks = (
            self.random.choice((-1, -1, SEQUENCER)),
            600,
            self.random.choice((-1, REFERENCES[market])),
            self.random.choice((60, DAY)),
            self.random.choice((0, WAD // 100)),
            self.random.choice((0, WAD // 50, WAD // 2)),
            self.random.choice((60, 3_600)),
            self.random.choice((0, price * 9 // 10, price)),
            self.random.choice((0, price * 11 // 10, price)),
        )
        if self.random.random() < 0.1:
            checks = (*checks[:4], 11 * WAD, *checks[5:])
        if self.random.random() < 0.1:
            checks = (*checks[:8], 2**94 + 1)
        return [
            self._own("set_price_guard", market, checks),
            *self._publish(market, self._sane(market)),
        ]

    def _force_rate(self) -> list[Action]:
        market = self._market()
        rate = self.random.choice((0, WAD // 10, -WAD // 10, WAD, -WAD, WAD + 1, 10**15))
        forced = not self.twin.markets[market].forced or self.random.random() < 0.3
        return [self._own("force_funding_rate", market, rate, forced)]

    def _drain(self) -> list[Action]:
        market = self._market()
        backing = self.twin.markets[market].backing // self.twin.scale
        dust = self.random.randrange(10**7)
        left = self.random.choice((-1, 0, dust, backing * 2 // 3, backing * 99 // 100))
        receiver = self.random.choice((VAULT, VAULT, VAULT, self.twin.address))
        drain = self._own("drain_pool", market, backing - min(backing, left), receiver)
        # What the traders then lose, the keepers are to be paid from what is left.
        return [drain, *self._publish(market, self._moved(market, jumps=True))]

    def _deleverage(self) -> list[Action]:
        market, account = self._market(), self.random.choice(TRADERS)
        size = abs(self.twin.position(market, account).size)
        closed = self.random.choice((size, size // 2, size // 3, size + 1, 0))
        return [self._own("deleverage", market, account, closed)]

    def _collect(self) -> list[Action]:
        return [self._own("collect_fees", self._market(), VAULT)]

    def _close(self) -> list[Action]:
        market = self._market()
        price = self.twin.markets[market].price(self.twin.now)[0]
        return [self._own("close_market", market, price * self.random.choice((9, 10, 12)) // 10)]

    def _not_owner(self) -> list[Action]:
        market, account = self._market(), self.random.choice(TRADERS)
        verb, args = self.random.choice(
            (
                ("set_market_status", (market, MarketStatus.PAUSED)),
                ("set_market_config", (market, CONFIGS[market], market, 0)),
                ("set_price_guard", (market, None)),
                ("close_market", (market, WAD)),
                ("force_funding_rate", (market, 0, True)),
                ("drain_pool", (market, 1, account)),
                ("deleverage", (market, account, 1)),
                ("collect_fees", (market, account)),
                ("add_market", (market, CONFIGS[market], market, 0)),
            )
        )
        return [Action(verb, account, args)]

    def _bad_switch(self) -> list[Action]:
        market = self._market()
        return [
            self.random.choice(
                (
                    self._own("set_market_status", market, self.random.choice((0, 3, 8, 15))),
                    self._own("set_market_status", 9, MarketStatus.ACTIVE),
                    self._own("set_market_config", 9, CONFIGS[market], market, 0),
                    self._own("set_price_guard", 9, None),
                    self._own("close_market", market, self.random.choice((0, 2**94 + 1))),
                    self._own("close_market", 9, WAD),
                    self._own("force_funding_rate", 9, 0, True),
                    self._own("drain_pool", 9, 1, VAULT),
                    self._own("deleverage", 9, TRADERS[0], 1),
                    self._own("collect_fees", 9, VAULT),
                    self._own("collect_fees", market, self.twin.address),
                )
            )
        ]
