"""What is decided works at the venue: no reward is refused, leverage is what was foreseen."""

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from steelyard.model.arithmetic import WAD, Revert
from steelyard.model.exchange import Exchange, MarketConfig, Oracle
from steelyard.model.leverage import leverage
from steelyard.model.policy import Decision, Obstacle, Trigger
from steelyard.model.policy.size import required_margin
from steelyard.model.venue import maths
from tests.unit.policy.cases import NOON, RULES, account, case, wad

SCENES = 1_500
# What the account's state does not tell: the market's room, and maintenance after a trade.
UNFORESEEN = {"market: open interest cap", "market: pool reserve", "margin: below maintenance"}


def any_config(random: Random) -> MarketConfig:
    """Parameters of a market, within what the venue accepts."""
    scale = 10 ** random.randint(3, 6) * WAD
    max_leverage = random.choice([5, 25, 50, 100])
    initial = WAD // max_leverage
    return MarketConfig(
        skew_scale=scale,
        maker_fee=random.randint(1, random.choice([1_000, 50_000])) * 10**12,
        taker_fee=random.randint(1, random.choice([1_000, 50_000])) * 10**12,
        max_leverage=max_leverage * WAD,
        maintenance_ratio=initial // random.randint(2, 20) // 10**13 * 10**13,
        liquidation_fee_ratio=initial // random.randint(4, 20) // 10**12 * 10**12,
        liquidation_premium=random.choice([0, random.randint(0, 2**18 - 1)]) * 10**14,
        min_keeper_fee=random.choice([0, random.randint(0, 1_000)]) * 10**17,
        max_keeper_fee=random.randint(100, 10_000) * WAD,
        min_margin=random.choice([0, 50, 1_000]) * WAD,
        max_long=scale // 10,
        max_short=scale // 10,
        max_notional=10**11 * WAD,
    )


def maintenance(config: MarketConfig, size: int, price: int) -> int:
    """The venue's maintenance margin of a position, quote WAD."""
    return maths.maintenance_margin(
        size,
        price,
        config.skew_scale,
        config.maintenance_ratio,
        config.liquidation_fee_ratio,
        config.liquidation_premium,
        config.min_keeper_fee,
        config.max_keeper_fee,
    )


@given(st.randoms(use_true_random=False))
def test_what_must_stay_is_more_than_the_maintenance_margin_after_a_trade(random):
    config = any_config(random)
    price = random.choice([1, 2**94, random.randint(1, 2 ** random.randint(1, 94))])
    size = random.randint(1, 2 ** random.randint(1, 94))
    step = random.choice([random.randint(1, 3), size // 10 ** random.randint(0, 20) + 1])
    after = random.choice([size + step, max(size - step, 1), size * random.randint(2, 1_000)])
    before = maintenance(config, size, price)
    state = account(price=price, size=size, maintenance=before, min_margin=0)
    # So large a leverage asks for no initial margin.
    state = replace(state, max_leverage=2**200)
    assert required_margin(state, after) > maintenance(config, after, price)


class Scene:
    """A token's position at the venue, moved to some leverage by the price."""

    def __init__(self, random: Random) -> None:
        self.config, self.side = any_config(random), random.choice([1, -1])
        self.exchange = Exchange(asset_decimals=random.choice([6, 18]), now=NOON)
        self.unit = 10**18 // self.exchange.scale
        oracle = Oracle(decimals=8)
        oracle.push(2_000 * 10**8, at=NOON)
        self.exchange.add_market(self.config, oracle)
        self.exchange.wallets["lp"] = 10**10 * self.unit
        self.exchange.add_liquidity(0, "lp", 10**10 * self.unit)
        scale = self.config.skew_scale
        self.open("whale", random.randint(-scale // 50, scale // 50) or 1, 10**10)
        size = WAD + int(scale * 10 ** random.uniform(-5, -2))
        # Opened at 1.2x to 2.5x, at 2,000; N = L E at the price that makes it L.
        margin = 1_000 + size * 20_000 // WAD // random.randint(12, 25)
        self.open("token", self.side * size, margin)
        level = random.choice([random.uniform(1.05, 1.95), random.uniform(4.05, 30)])
        cash = margin - self.side * size * 2_000 / WAD
        price = level * cash / (size / WAD * (1 - self.side * level))
        oracle.push(int(price * 10**8), at=NOON)
        if random.random() < 0.3:
            venue = self.exchange.markets[0]
            left = random.choice([0, random.randint(0, 20 * WAD)])
            assets = (venue.cash(venue.book) - left) // self.exchange.scale
            self.exchange.drain_pool(0, assets, "nobody")

    def open(self, account: str, size: int, margin: int) -> None:
        """Open a position of a size (underlying WAD) on a margin (quote, whole units)."""
        self.exchange.wallets[account] = margin * self.unit
        self.exchange.transfer(account, self.exchange.address, margin * self.unit)
        self.exchange.modify_position(0, account, margin * self.unit, size)

    def trade(self, decision: Decision, assets: int) -> str | int:
        """Trade as decided and pay a reward (collateral decimals).

        Returns:
            The venue's reason to refuse, or equity after it, quote WAD.
        """
        order = (-assets, decision.size_delta, decision.price_limit, "keeper")
        try:
            return self.exchange.modify_position(0, "token", *order).equity
        except Revert as refusal:
            return str(refusal.reason)


def test_a_reward_never_makes_a_trade_revert_and_what_is_foreseen_comes_true(ask):
    random, seen = Random(7), Counter()
    rules = replace(RULES, max_reward=wad("0.005"), max_rate=wad("0.003"), min_rate=wad("0.001"))
    for _ in range(SCENES):
        scene = Scene(random)
        state = scene.exchange.account_state(0, "token")
        decision = ask(case(state, rules, is_long=scene.side == 1))
        if decision.obstacle != Obstacle.CLEAR or decision.trigger == Trigger.NOTHING:
            seen[decision.obstacle.name] += 1
            continue
        wanted = abs(decision.size_delta) * state.price // WAD * rules.min_rate // WAD
        seen["capped"] += decision.reward < wanted
        assets = decision.reward // scene.exchange.scale
        equity = scene.trade(decision, assets)
        if isinstance(equity, str):
            # Whatever is refused together with the reward is refused without it.
            assert equity in UNFORESEEN
            assert scene.trade(decision, 0) == equity
            seen[equity] += 1
            continue
        seen["rise" if decision.size_delta * scene.side > 0 else "fall"] += 1
        seen["paid"] += assets > 0
        foreseen = state.equity - decision.cost - assets * scene.exchange.scale
        assert 0 <= equity - foreseen <= 1
        after = leverage(state.size + decision.size_delta, state.price, equity)
        assert abs(after - decision.aim) < abs(decision.leverage - decision.aim)
    print(dict(seen.most_common()))
    assert min(seen[kind] for kind in ("rise", "fall", "paid", "capped")) >= SCENES // 30
