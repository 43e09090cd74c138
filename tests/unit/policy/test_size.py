"""What a trade of the decided size leaves behind, by the venue's own fill and fee."""

from dataclasses import replace
from fractions import Fraction
from random import Random

from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Case, Obstacle, Rules, Trigger
from steelyard.model.venue import maths
from tests.unit.policy.cases import LEVERAGE, MICRO, NO_MEMORY, NOON, account

CASES = 3_000


def any_drift(random: Random) -> Case:
    """A token of up to 12x out of its band, on a market deep enough for the whole trade at once."""
    target = random.randint(15_000, 80_000) * LEVERAGE
    hi, lo = target * 5 // 4 // LEVERAGE * LEVERAGE, target * 3 // 4 // LEVERAGE * LEVERAGE
    rules = Rules(
        target=target,
        leverage_lo=lo,
        leverage_hi=hi,
        emergency_leverage=hi * 3 // 2 // LEVERAGE * LEVERAGE,
        recentering=random.randint(250_000, 10**6) * MICRO,
        max_slippage=WAD // 50,
    )
    price = random.randint(10**14, 10**23)
    scale = random.randint(10**3, 10**7) * WAD
    size = int(scale * 10 ** random.uniform(-5, -2))
    below, above = random.randint(lo // 2, lo - 1), random.randint(hi + 1, hi * 149 // 100)
    level = random.choice([below, above])
    is_long = random.random() < 0.5
    state = account(
        price=price,
        size=size if is_long else -size,
        equity=size * price // level,
        skew=random.randint(-scale // 50, scale // 50),
        skew_scale=scale,
        maker_fee=random.randint(1, 2_000) * MICRO,
        taker_fee=random.randint(1, 2_000) * MICRO,
        min_margin=0,
    )
    return Case(state, is_long, rules, memory=NO_MEMORY, now=NOON)


def leverage_after(case: Case, decision) -> tuple[Fraction, int]:
    """Real leverage once the trade is made and its reward paid, and what it has cost."""
    state, delta = case.state, decision.size_delta
    fill = maths.fill_price(state.price, state.skew_scale, state.skew, delta)
    fee = maths.order_fee(fill, state.skew, delta, state.maker_fee, state.taker_fee)
    equity = state.equity + delta * (state.price - fill) // WAD - fee
    cost = state.equity - equity
    return Fraction(abs(state.size + delta) * state.price, equity - decision.reward), cost


def test_the_whole_trade_hits_its_aim_after_its_own_costs(ask):
    random, whole, worst, beyond = Random(2), 0, 0.0, 0.0
    for _ in range(CASES):
        case = any_drift(random)
        decision = ask(case)
        assert decision.trigger == Trigger.DRIFT
        if decision.obstacle != Obstacle.CLEAR:
            continue
        leverage, cost = leverage_after(case, decision)
        assert cost == decision.cost
        miss = float(leverage / decision.aim - 1)
        if decision.leverage > decision.aim:
            miss = -miss
        # Positive is past the aim; a part of the trade must fall short.
        beyond = max(beyond, miss)
        assert abs(leverage - decision.aim) < abs(decision.leverage - decision.aim)
        if decision.size_delta == decision.whole_delta:
            whole += 1
            worst = max(worst, abs(miss))
    print(f"{whole} whole trades, worst miss {worst:.1e}, farthest past the aim {beyond:.1e}")
    assert whole > CASES // 4
    assert worst < 1e-5
    assert beyond < 1e-6


def test_an_emergency_never_passes_the_aim(ask):
    random, trades = Random(3), 0
    for _ in range(CASES):
        case = any_drift(random)
        em = case.rules.emergency_leverage
        level = random.randint(em, 4 * em)
        equity = abs(case.state.size) * case.state.price // level
        case = Case(replace(case.state, equity=equity), case.is_long, case.rules, NO_MEMORY, NOON)
        decision = ask(case)
        if decision.obstacle != Obstacle.CLEAR:
            continue
        trades += 1
        leverage, cost = leverage_after(case, decision)
        assert cost == decision.cost
        # Where cost and reward would take all equity it pays none: no leverage to speak of.
        if decision.reward and cost + decision.reward < case.state.equity:
            assert leverage >= decision.aim * (1 - Fraction(1, 10**6))
    assert trades > CASES // 4


def test_parts_earn_at_most_the_reward_s_share_of_equity_together(ask):
    random = Random(4)
    for _ in range(CASES // 3):
        case = any_drift(random)
        decision = ask(case)
        reward = abs(decision.whole_delta) * case.state.price // WAD * decision.reward
        if decision.obstacle != Obstacle.CLEAR or decision.whole_delta * case.state.size > 0:
            continue
        notional = abs(decision.size_delta) * case.state.price // WAD
        if notional:
            assert reward // notional <= case.state.equity * case.rules.max_reward // WAD
