"""Nobody profits by trading before a rebalance and back after it, by the venue's fill and fee."""

from dataclasses import replace

import pytest

from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Case, Obstacle, decide
from steelyard.model.venue import maths
from tests.unit.policy.cases import SKEW_SCALE, at_leverage, case, wad

# What the attacker trades, as shares of K: from a wei to three times all of it.
SHARES = [0.0, 1e-9, 1e-6, 1e-5, 1e-4, 2e-4, 5e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 0.9, 3.0]
SIZES = [side * (int(share * SKEW_SCALE) or 1) for share in SHARES for side in (1, -1)]
SKEWS = [int(share * SKEW_SCALE) for share in (-0.009, -0.003, -1e-4, 0, 1e-4, 0.003, 0.009, 0.04)]


def trade(state, delta: int) -> tuple[int, object]:
    """Cash out of an order, quote WAD, and the market after it; None when no fill exists."""
    fill = maths.fill_price(state.price, state.skew_scale, state.skew, delta)
    if fill == 0:
        return 0, None
    fee = maths.order_fee(fill, state.skew, delta, state.maker_fee, state.taker_fee)
    return -delta * fill // WAD - fee, replace(state, skew=state.skew + delta)


def profit(state, attack: int, rebalance) -> int:
    """What `attack` before a rebalance and back after it earns, quote WAD.

    Args:
        state: The token's account and its market.
        attack: The attacker's first order, underlying WAD.
        rebalance: From the state it meets to the size that the token trades.
    """
    paid, pushed = trade(state, attack)
    if pushed is None:
        return -1
    delta = rebalance(pushed)
    after = replace(pushed, skew=pushed.skew + delta)
    got, back = trade(after, -attack)
    return paid + got if back is not None else -1


def most(state, rebalance) -> int:
    return max(profit(state, attack, rebalance) for attack in SIZES)


def all_tokens_of_the_market(asked: Case):
    """What tokens with all the shares there are, one half, trade together when they see a state."""

    def rebalance(state) -> int:
        decision = decide(replace(asked, state=state))
        return decision.size_delta if decision.obstacle == Obstacle.CLEAR else 0

    return rebalance


@pytest.mark.parametrize(("maker", "taker"), [(2, 6), (6, 2), (5, 5), (20, 20)])
@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("leverage", ["1.5", "4.5"])
def test_what_the_tokens_of_a_market_trade_cannot_be_sandwiched(maker, taker, side, leverage):
    fees = {"maker_fee": maker * WAD // 10_000, "taker_fee": taker * WAD // 10_000}
    moved = 0
    for skew in SKEWS:
        state = at_leverage(wad(leverage), size=10_000 * WAD, skew=skew, **fees)
        state = replace(state, size=side * state.size)
        rebalance = all_tokens_of_the_market(case(state, is_long=side == 1))
        assert most(state, rebalance) <= 0
        moved += rebalance(state) != 0
    assert moved >= len(SKEWS) // 2


@pytest.mark.parametrize("fee", [2, 5, 20])
@pytest.mark.parametrize("side", [1, -1])
def test_the_bound_is_tight(fee, side):
    """Below the bound nothing is left, above it something is: the test above can fail."""
    fees = {"maker_fee": fee * WAD // 10_000, "taker_fee": fee * WAD // 10_000}
    state = at_leverage(3 * WAD, **fees)
    bound = 2 * fees["maker_fee"] * SKEW_SCALE // WAD
    small = [attack for attack in SIZES if abs(attack) <= SKEW_SCALE // 1_000]
    for percent, pays in ((90, False), (99, False), (105, True), (150, True)):
        size = side * bound * percent // 100
        best = max(profit(state, attack, lambda _, size=size: size) for attack in small)
        assert (best > 0) == pays, percent


def test_an_emergency_s_chunk_can_be_and_that_is_the_price_of_getting_out(ask):
    state = at_leverage(6 * WAD, size=10_000 * WAD)
    asked = case(state)
    assert ask(asked).size_delta == -2_500 * WAD
    best = most(state, all_tokens_of_the_market(asked))
    bound = ask(asked).slippage * 2_500 * state.price // WAD
    assert 0 < best < bound
