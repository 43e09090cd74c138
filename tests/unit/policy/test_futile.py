"""A trade that brings leverage no closer to its aim, or past it, is cut, or seen as futile."""

from dataclasses import replace
from random import Random

import pytest

from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import leverage
from steelyard.model.policy import Case, Decision, Memory, Obstacle, Rules, Trigger
from tests.unit.policy.cases import (
    MICRO,
    MIDNIGHT,
    NOON,
    RULES,
    account,
    any_rules,
    at_leverage,
    case,
    wad,
)

CASES = 4_000
DEAR = {"maker_fee": wad("0.05"), "taker_fee": wad("0.05")}


def leverage_after(asked: Case, decision: Decision) -> int:
    """Real leverage after a trade of the decided size, WAD."""
    state = asked.state
    equity = state.equity - decision.cost - decision.reward
    return leverage(state.size + decision.size_delta, state.price, equity)


@pytest.mark.parametrize("side", [1, -1])
def test_a_sale_that_costs_more_than_it_frees_is_futile(ask, side):
    # 30x: a quarter of 3,000,000 at 5 % leaves 2,250,000 on 62,500 of 100,000: 36x.
    state = at_leverage(30 * WAD, **DEAR)
    state = replace(state, size=side * state.size)
    asked = case(state, replace(RULES, trade_share=MICRO), is_long=side == 1)
    decision = ask(asked)
    assert (decision.trigger, decision.obstacle) == (Trigger.EMERGENCY, Obstacle.FUTILE)
    assert decision.size_delta == -side * 25 * WAD
    assert leverage_after(asked, decision) == pytest.approx(36 * WAD, rel=1e-3)
    # At 19x a nineteenth, 5.3 %, is more than it costs.
    state = at_leverage(19 * WAD, **DEAR)
    assert ask(case(state)).obstacle == Obstacle.CLEAR


def test_other_obstacles_come_first(ask):
    state = at_leverage(30 * WAD, **DEAR)
    assert ask(case(state, memory=Memory(traded_at=NOON))).obstacle == Obstacle.COOLDOWN
    assert ask(case(replace(state, flagged=True))).obstacle == Obstacle.FLAGGED


@pytest.mark.parametrize(("skew", "parts"), [(-10, 1), (-15, 2), (-20, 4), (-22, 8), (-23, 0)])
def test_a_smaller_part_may_help_where_the_chunk_does_not(ask, skew, parts):
    # 40x: u must be below 2.5 %. Of 100 the chunk is 25, which fills at 1 + (skew - 12.5) / 1,000.
    state = at_leverage(40 * WAD, skew=skew * WAD, skew_scale=1_000 * WAD)
    decision = ask(case(state))
    assert decision.obstacle == (Obstacle.CLEAR if parts else Obstacle.FUTILE)
    assert decision.size_delta == -25 * WAD // max(parts, 1)


def test_a_purchase_whose_rebate_lowers_leverage_is_futile(ask):
    # 9x, 1/L 11 %: buying 20 % below the price adds more to equity than to notional.
    rules = Rules(
        target=12 * WAD, leverage_lo=10 * WAD, leverage_hi=15 * WAD, emergency_leverage=20 * WAD
    )
    for skew, obstacle in ((-200_000, Obstacle.FUTILE), (-50_000, Obstacle.CLEAR)):
        state = at_leverage(9 * WAD, skew=skew * WAD, max_leverage=100 * WAD)
        assert ask(case(state, rules)).obstacle == obstacle


def test_a_reward_never_stops_a_trade(ask):
    # 40x, u 2.45 %: of all equity 2 % would be left, and the reward of 10 bp, 4 %, would take that.
    fees = {"maker_fee": wad("0.0245"), "taker_fee": wad("0.0245")}
    state = at_leverage(40 * WAD, max_leverage=100 * WAD, min_margin=0, **fees)
    decision = ask(case(state, replace(RULES, trade_share=WAD // 2)))
    assert -decision.whole_delta == -decision.size_delta == state.size
    assert state.equity > decision.cost
    assert (decision.obstacle, decision.reward) == (Obstacle.CLEAR, 0)
    cheaper = replace(RULES, min_rate=0, max_rate=wad("0.0004"))
    assert ask(case(state, cheaper)).reward > 0


def test_selling_all_for_nothing_is_futile(ask):
    # 40x, u 2.5 %: all of the equity is its cost.
    fees = {"maker_fee": wad("0.025"), "taker_fee": wad("0.025")}
    state = at_leverage(40 * WAD, max_leverage=100 * WAD, min_margin=0, skew=-1, **fees)
    decision = ask(case(state, replace(RULES, trade_share=WAD // 2)))
    assert decision.cost >= state.equity
    assert decision.obstacle in (Obstacle.FUTILE, Obstacle.VENUE)


def test_a_wind_down_may_close_what_hardly_counts(ask):
    # The leverage of a wei rounds to 0, and nothing is closer to 0 than that.
    memory = Memory(winding_down_at=NOON - 3_600, winding_down_size=WAD)
    decision = ask(case(account(size=1, equity=10**6 * WAD), memory=memory))
    assert (decision.leverage, decision.size_delta) == (0, -1)
    assert decision.obstacle == Obstacle.CLEAR


class TestPastTheAim:
    # Selling from 4.9 to 3 with a reward of 10.2 bp: counted on and not paid, it is 0.19 % of 3.
    rules = replace(RULES, max_reward=wad("0.005"), min_rate=wad("0.003"), max_rate=wad("0.003"))

    def test_a_reward_that_cannot_leave_halves_the_trade(self, ask):
        state = at_leverage(wad("4.9"))
        paid, unpaid = (ask(case(replace(state, cash=cash), self.rules)) for cash in (10**30, 0))
        assert (paid.obstacle, paid.size_delta) == (Obstacle.CLEAR, paid.whole_delta)
        assert (unpaid.obstacle, unpaid.reward) == (Obstacle.CLEAR, 0)
        assert unpaid.size_delta == -(-unpaid.whole_delta // 2)

    def test_an_emergency_may(self, ask):
        state = at_leverage(wad("5.1"), size=300 * WAD, cash=0)
        decision = ask(case(state, self.rules))
        assert decision.trigger == Trigger.EMERGENCY
        assert decision.size_delta == decision.whole_delta
        assert leverage_after(case(state), decision) < decision.aim * 999 // 1_000

    @pytest.mark.parametrize(("rate", "parts"), [("0.00083", 1), ("0.00084", 2)])
    def test_by_more_than_half_of_what_a_token_bears(self, ask, rate, parts):
        # From 3.6 to 3: reward over equity is 0.6 rate, and a 2,000th is 0.05 %.
        rules = replace(self.rules, scheduled=True, min_rate=wad(rate), max_rate=wad(rate))
        free = {"maker_fee": MICRO, "taker_fee": MICRO, "cash": 0, "size": WAD}
        asked = case(at_leverage(wad("3.6"), **free), rules, now=MIDNIGHT + RULES.boundary)
        decision = ask(asked)
        assert decision.trigger == Trigger.SCHEDULE
        assert decision.size_delta == -(-decision.whole_delta // parts)


def any_trade(random: Random) -> Case:
    """A drift, a schedule, a rebuild or an emergency, at fees to 5 % and skews to a tenth of K."""
    rules, memory, now = any_rules(random), Memory(), NOON
    lo, hi, em = rules.leverage_lo, rules.leverage_hi, rules.emergency_leverage
    low, high = random.choice([(lo // 10, lo), (hi, em), (em * 98 // 100, em), (em, 4 * em)])
    level = random.randint(low, high)
    price = random.choice([WAD, 2_000 * WAD, random.randint(10**12, 10**24)])
    scale = random.randint(10**3, 10**7) * WAD
    amount = int(scale * 10 ** random.uniform(-6, 0))
    equity = amount * price // level
    kind = random.choice(["drift", "drift", "unfinished", "rebuild", "scheduled"])
    if kind == "unfinished":
        aim = random.choice([rules.target, random.randint(lo, hi)])
        memory = Memory(aim=aim, since=now - 600, traded_at=now - 600, upward=level < aim)
    if kind in ("rebuild", "scheduled"):
        now = MIDNIGHT + rules.boundary + random.randint(0, 300)
        rules = replace(rules, scheduled=True)
    if kind == "rebuild":
        amount, equity = 0, max(equity, 100 * WAD)
    widest = random.choice([0.1, 0.02, 0.001])
    is_long = random.random() < 0.5
    state = account(
        price=price,
        size=amount if is_long else -amount,
        equity=equity,
        cash=random.choice([0, 10**40, 10**40]),
        skew=int(random.uniform(-widest, widest) * scale),
        skew_scale=scale,
        maker_fee=random.randint(1, random.choice([100, 50_000])) * MICRO,
        taker_fee=random.randint(1, random.choice([100, 50_000])) * MICRO,
        max_leverage=100 * WAD,
        min_margin=0,
    )
    return Case(state, is_long, rules, memory, now)


def test_every_trade_comes_closer_and_none_passes_its_aim(ask):
    """What a token checks after a trade: its own bound is the aim over 1,000."""
    random, trades, cut, futile = Random(6), 0, 0, 0
    for _ in range(CASES):
        asked = any_trade(random)
        decision = ask(asked)
        futile += decision.obstacle == Obstacle.FUTILE
        if decision.obstacle != Obstacle.CLEAR or decision.trigger == Trigger.NOTHING:
            continue
        trades += 1
        after, aim, before = leverage_after(asked, decision), decision.aim, decision.leverage
        assert abs(after - aim) < abs(before - aim)
        if decision.trigger == Trigger.EMERGENCY:
            continue
        past = aim - after if before > aim else after - aim
        assert past <= aim // 2_000
        cut += decision.size_delta == decision.whole_delta // 2
    print(f"{trades} trades, {cut} of them halves of the whole, {futile} futile")
    assert trades > CASES // 2
    assert cut >= 10
    assert futile >= 10
