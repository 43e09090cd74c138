"""The formulas of leverage_math: against published examples, by hand, and against their twin."""

import math
from dataclasses import astuple
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.compiler import compile_contract
from steelyard.model import leverage as model
from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import MAX_FILL, MAX_SIZE, NO_COST, YEAR, Market
from steelyard.model.venue import maths
from tests.unit.policy.cases import wad

# A venue that charges nothing and fills at the oracle price, as published examples assume.
FREE = {"skew": 0, "skew_scale": 0, "maker_fee": 0, "taker_fee": 0}


@pytest.fixture(scope="module")
def formulas(evm):
    """Every function of the module by contract and twin, which must agree."""
    harness = evm.deploy(compile_contract("LeverageMathHarness"))

    class Both:
        def __getattr__(self, name):
            def call(*args):
                answer = getattr(model, name)(*args)
                plain = [astuple(arg) if isinstance(arg, Market) else arg for arg in args]
                assert getattr(harness, name)(*plain) == answer
                return answer

            return call

    return Both()


def any_market(random: Random) -> Market:
    """A market at any price, skewed by anything from nothing to all of its scale and more."""
    scale = random.choice([0, 10 ** random.randint(0, 12)]) * WAD
    skew = random.choice([0, random.randint(-scale, scale), random.randint(-(2**95), 2**95)])
    return Market(
        price=random.choice([1, 2**94, random.randint(1, 2 ** random.randint(1, 94))]),
        skew=skew,
        skew_scale=scale,
        maker_fee=random.randint(0, 5 * 10**16),
        taker_fee=random.randint(0, 5 * 10**16),
    )


def any_size(random: Random) -> int:
    """Anything a position may be but nothing."""
    return random.choice([-1, 1]) * random.randint(1, 2 ** random.randint(1, 95))


class TestPublishedExamples:
    """Rebalances that exchanges with leveraged tokens show their users, at 3x."""

    @pytest.mark.parametrize(
        ("cash", "size", "price", "leverage", "trade"),
        [
            # FTX: 150 ETH at 210 against -20,000.
            ("-20000", "150", "210", "2.739130434782608695", "14.285714285714285714"),
            # Bybit: 300 BTC bought at 40,000 with 4,000,000; its band is [2, 4].
            ("-8000000", "300", "40000", "3", "0"),
            ("-8000000", "300", "35555.555555555555555556", "3.999999999999999999", "-75"),
            ("-8000000", "300", "53333.333333333333333333", "2", "150"),
            # Pionex: 10,000 to 11,000 at 3x is 33,000 on 13,000; XT: 100 to 105 is 315 on 115.
            ("-20000", "3", "11000", "2.538461538461538461", "0.545454545454545454"),
            ("-200", "3", "105", "2.739130434782608695", "0.285714285714285714"),
        ],
    )
    def test_trades(self, formulas, cash, size, price, leverage, trade):
        size, price = wad(size), wad(price)
        equity = wad(cash) + size * price // WAD
        assert formulas.leverage(size, price, equity) == pytest.approx(wad(leverage), abs=2)
        market = Market(price=price, **FREE)
        delta = formulas.delta_to(market, size, equity, True, 3 * WAD, 0)
        assert delta == pytest.approx(wad(trade), rel=1e-16, abs=1_000)

    @pytest.mark.parametrize(
        ("side", "leverage", "move"),
        # l = L (1 + x) / (1 + L x): where a 3x token meets the edges 4 and 2 of its band.
        [
            (1, 4, "-0.111111111111111111"),
            (1, 2, "0.333333333333333333"),
            (-1, 4, "0.066666666666666667"),
            (-1, 2, "-0.111111111111111111"),
        ],
    )
    def test_moves_to_the_band_s_edges(self, formulas, side, leverage, move):
        price = WAD + wad(move)
        equity = WAD + side * 3 * wad(move)
        assert formulas.leverage(side * 3 * WAD, price, equity) == pytest.approx(
            leverage * WAD, abs=10
        )


class TestLeverage:
    def test_without_a_position_or_equity(self, formulas):
        assert formulas.leverage(0, WAD, -1) == 0
        assert formulas.leverage(1, WAD, 0) == formulas.leverage(-1, WAD, -1) == 2**256 - 1

    def test_rounds_down(self, formulas):
        assert formulas.leverage(2, WAD, 3) == 666_666_666_666_666_666

    @given(st.randoms(use_true_random=False))
    def test_at_any_size(self, formulas, random):
        formulas.leverage(any_size(random), random.randint(0, 2**94), random.randint(-5, 2**127))


class TestFillAndCost:
    def test_fill_is_the_mean_premium_before_and_after(self, formulas):
        market = Market(2_000 * WAD, 5_000 * WAD, 10**6 * WAD, 0, 0)
        assert formulas.fill_price(market, 100 * WAD) == wad("2010.1")
        assert formulas.fill_price(market, -100 * WAD) == wad("2009.9")

    def test_fill_rounds_against_the_order(self, formulas):
        market = Market(1, 0, WAD, 0, 0)
        assert (formulas.fill_price(market, 1), formulas.fill_price(market, -1)) == (2, 0)

    def test_no_fill_at_or_below_zero_nor_beyond_what_a_fee_can_be_taken_of(self, formulas):
        market = Market(WAD, -WAD, WAD, 0, 0)
        assert formulas.fill_price(market, -1) == formulas.fill_price(market, 0) == 0
        assert formulas.fill_price(market, 2 * WAD) == WAD
        # P (1 + skew / K) for 1 + skew / K = 65 and 64, at the largest price.
        steep = Market(2**94, 64 * WAD, WAD, 0, 0)
        assert formulas.fill_price(steep, 1) == 0
        steep = Market(2**94, 63 * WAD, WAD, 0, 0)
        assert formulas.fill_price(steep, -2) == MAX_FILL - 2**94 // WAD - 1

    def test_cost_splits_maker_and_taker_at_the_level_skew(self, formulas):
        # Of 30 sold 10 lower the skew: (10 * 2 bp + 20 * 6 bp) * 1,000 = 14 on a fill at P.
        market = Market(1_000 * WAD, 10 * WAD, 10**6 * WAD, wad("0.0002"), wad("0.0006"))
        assert formulas.cost(market, -30 * WAD, 1_000 * WAD) == 14 * WAD
        assert formulas.cost(market, 30 * WAD, 1_000 * WAD) == 18 * WAD

    def test_cost_is_negative_where_the_skew_pays_more_than_the_fee(self, formulas):
        market = Market(1_000 * WAD, 10 * WAD, 10**6 * WAD, wad("0.0002"), wad("0.0006"))
        assert formulas.cost(market, -10 * WAD, 1_001 * WAD) == wad("2.002") - 10 * WAD

    def test_cost_rounds_up(self, formulas):
        market = Market(WAD, 0, WAD, 1, 1)
        assert formulas.cost(market, 1, WAD) == 1
        assert formulas.cost(market, 1, WAD + 1) == 2
        assert formulas.cost(market, -1, WAD + 1) == 1

    def test_a_trade_beyond_any_venue_has_no_cost(self, formulas):
        market = Market(WAD, 0, 10**24, 1, 1)
        assert formulas.cost_at_fill(market, 0) == 0
        for side in (1, -1):
            assert formulas.cost_at_fill(market, side * 2**96) == NO_COST

    @given(st.randoms(use_true_random=False))
    def test_they_are_the_venue_s(self, formulas, random):
        market, delta = any_market(random), any_size(random)
        fill = formulas.fill_price(market, delta)
        if market.skew_scale:
            at_venue = maths.fill_price(market.price, market.skew_scale, market.skew, delta)
            assert fill == at_venue or (fill == 0 and at_venue > MAX_FILL)
        if delta:
            at_fill = formulas.cost(market, delta, fill) if fill else NO_COST
            assert formulas.cost_at_fill(market, delta) == at_fill
        if fill:
            cost = formulas.cost(market, delta, fill)
            fee = maths.order_fee(fill, market.skew, delta, market.maker_fee, market.taker_fee)
            assert cost == fee - delta * (market.price - fill) // WAD


class TestDeltaTo:
    def test_bears_its_own_cost_and_reward(self, formulas):
        # 100 at 100 on 2,500 is 4x. Fee and reward are 1 % together: d = -2,500 / (1 - 3 %).
        market = Market(100 * WAD, 0, 0, 0, 0)
        delta = formulas.delta_to(market, 100 * WAD, 2_500 * WAD, True, 3 * WAD, WAD // 100)
        assert delta == -(25 * WAD * 100 // 97)
        # Upward from 2x: d = (3 * 5,000 - 10,000) / (1 + 3 %).
        delta = formulas.delta_to(market, -100 * WAD, 5_000 * WAD, False, 3 * WAD, WAD // 100)
        assert delta == -(50 * WAD * 100 // 103)

    def test_to_nothing_is_all_there_is(self, formulas):
        for side in (1, -1):
            market = Market(7 * WAD + 1, side * 10**20, 10**24, 10**15, 10**15)
            size = side * 1_234_567_890_123_456_789
            assert formulas.delta_to(market, size, WAD, side == 1, 0, 10**15) == -size

    def test_never_sells_more_than_there_is(self, formulas):
        # A fee so high that selling cannot lower leverage: no answer beyond the position.
        market = Market(100 * WAD, 0, 10**24, 5 * 10**16, 5 * 10**16)
        delta = formulas.delta_to(market, 100 * WAD, 100 * WAD, True, 19 * WAD, 0)
        assert delta == -100 * WAD

    @pytest.mark.parametrize("aim", [50, 51])
    def test_where_the_reward_alone_takes_all_a_sale_frees_there_is_no_answer(self, formulas, aim):
        market = Market(100 * WAD, 0, 0, 0, 0)
        assert formulas.delta_to(market, 60 * WAD, 100 * WAD, True, aim * WAD, WAD // 50) == 0

    def test_at_the_aim_there_is_nothing_to_trade(self, formulas):
        market = Market(100 * WAD, 0, 10**24, 10**15, 10**15)
        assert formulas.delta_to(market, 3 * WAD, 100 * WAD, True, 3 * WAD, 0) == 0

    @given(st.randoms(use_true_random=False))
    def test_answers_whatever_the_market(self, formulas, random):
        size = random.choice([0, any_size(random)])
        delta = formulas.delta_to(
            any_market(random),
            size,
            random.randint(1, 2 ** random.randint(1, 127)),
            random.random() < 0.5,
            random.randint(0, 2 ** random.randint(60, 67)),
            random.randint(0, 65_535) * 10**12,
        )
        assert abs(delta) <= MAX_SIZE


class TestGrowth:
    @pytest.mark.parametrize(("rate", "years"), [("0.01", 1), ("0.06", 1), ("0.06", 3)])
    def test_is_the_exponential(self, formulas, rate, years):
        exact = math.expm1(float(rate) * years) * WAD
        grown = formulas.growth(wad(rate), years * YEAR)
        # The fifth term and those after it are left out.
        assert exact * (1 - 2 * (float(rate) * years) ** 4 / 120) <= grown <= exact * (1 + 1e-12)

    def test_nothing_without_time_or_rate(self, formulas):
        assert formulas.growth(0, YEAR) == formulas.growth(wad("0.06"), 0) == 0

    @given(st.integers(0, 6 * 10**16), st.integers(0, 20 * YEAR))
    def test_agrees(self, formulas, rate, elapsed):
        formulas.growth(rate, elapsed)
