"""Aim, bound, chunk and reward of a trade, worked out by hand."""

from dataclasses import replace

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Memory, Obstacle, Trigger
from steelyard.model.venue.states import MarketStatus
from tests.unit.policy.cases import MIDNIGHT, NOON, RULES, account, at_leverage, case, wad

BOUNDARY = MIDNIGHT + RULES.boundary
BP = WAD // 10_000


def deep(leverage, size=10_000 * WAD, **changes):
    """A position far larger than a chunk: 200 of 10,000."""
    return at_leverage(wad(leverage), size=size, **changes)


def winding_down(age, size=100 * WAD):
    return Memory(winding_down_at=NOON - age, winding_down_size=size)


class TestAim:
    @pytest.mark.parametrize(
        ("leverage", "recentering", "aim"),
        [
            ("4.5", "1", "3"),
            ("1.5", "1", "3"),
            ("4.5", "0.5", "3.75"),
            ("1.5", "0.5", "2.25"),
            ("4.9", "0.25", "4"),
            ("1", "0.25", "2"),
        ],
    )
    def test_goes_a_share_of_the_way_and_at_least_into_the_band(
        self, ask, leverage, recentering, aim
    ):
        rules = replace(RULES, recentering=wad(recentering))
        assert ask(case(deep(leverage), rules)).aim == wad(aim)

    def test_emergency_and_rebuild_go_all_the_way(self, ask):
        rules = replace(RULES, recentering=WAD // 4)
        assert ask(case(deep("6"), rules)).aim == 3 * WAD
        closed = account(size=0, equity=1_000 * WAD)
        assert ask(case(closed, rules, now=BOUNDARY)).aim == 3 * WAD

    def test_an_unfinished_trade_keeps_its_own(self, ask):
        memory = Memory(aim=wad("3.75"), since=NOON - 600, traded_at=NOON - 600)
        assert ask(case(deep("4.2"), memory=memory)).aim == wad("3.75")


class TestSlippage:
    @pytest.mark.parametrize(
        ("leverage", "slippage"),
        [("5", "0.025"), ("6.25", "0.0375"), ("7.5", "0.05"), ("90", "0.05"), ("4.99", "0.01")],
    )
    def test_widens_with_leverage_in_an_emergency(self, ask, leverage, slippage):
        assert ask(case(deep(leverage))).slippage == wad(slippage)

    @pytest.mark.parametrize(
        ("age", "slippage"),
        [(0, "0.01"), (DAY * 3 // 2, "0.03"), (3 * DAY, "0.05"), (30 * DAY, "0.05")],
    )
    def test_widens_with_time_in_a_wind_down(self, ask, age, slippage):
        assert ask(case(deep("3"), memory=winding_down(age))).slippage == wad(slippage)

    @pytest.mark.parametrize(("age", "slippage"), [(0, "0.025"), (DAY * 3 // 2, "0.03")])
    def test_of_a_wind_down_in_an_emergency_is_the_wider(self, ask, age, slippage):
        assert ask(case(deep("5"), memory=winding_down(age))).slippage == wad(slippage)

    def test_limits_are_on_the_adverse_side_of_the_oracle_price(self, ask):
        assert ask(case(deep("4.5"))).price_limit == wad("45") * 99 // 100
        assert ask(case(deep("1.5"))).price_limit == wad("15") * 101 // 100
        short = replace(deep("4.5"), size=-10_000 * WAD)
        assert ask(case(short, is_long=False)).price_limit == wad("45") * 101 // 100


class TestChunk:
    def test_is_the_share_of_what_cannot_be_sandwiched(self, ask):
        # 2 * min(2 bp, 6 bp) * 1,000,000 = 400, half of it.
        assert ask(case(deep("4.5"))).size_delta == -200 * WAD
        assert ask(case(deep("1.5"))).size_delta == 200 * WAD
        swapped = deep("4.5", maker_fee=wad("0.0006"), taker_fee=wad("0.0002"))
        assert ask(case(swapped)).size_delta == -200 * WAD
        rules = replace(RULES, trade_share=wad("0.1"))
        assert ask(case(deep("4.5"), rules)).size_delta == -40 * WAD

    def test_is_at_most_the_whole_trade(self, ask):
        decision = ask(case(at_leverage(wad("4.5"))))
        assert decision.size_delta == decision.whole_delta

    def test_of_an_emergency_is_a_quarter_of_the_position_if_larger(self, ask):
        assert ask(case(deep("6"))).size_delta == -2_500 * WAD
        odd = deep("6", size=10_000 * WAD + 1)
        assert ask(case(odd)).size_delta == -(2_500 * WAD + 1)
        assert ask(case(deep("6", size=1_600 * WAD))).size_delta == -400 * WAD
        assert ask(case(deep("6", size=600 * WAD))).size_delta == -200 * WAD

    def test_of_a_wind_down_is_a_hundredth_of_the_start_if_larger(self, ask):
        state = deep("3")
        assert ask(case(state, memory=winding_down(0, 30_000 * WAD))).size_delta == -300 * WAD
        odd = winding_down(0, 30_000 * WAD + 1)
        assert ask(case(state, memory=odd)).size_delta == -(300 * WAD + 1)
        assert ask(case(state, memory=winding_down(0, 10_000 * WAD))).size_delta == -200 * WAD

    def test_of_a_wind_down_in_an_emergency_is_the_emergency_s(self, ask):
        memory = winding_down(0, 30_000 * WAD)
        assert ask(case(deep("6"), memory=memory)).size_delta == -2_500 * WAD

    def test_of_a_wind_down_needs_the_reference_to_agree_to_be_an_emergency_s(
        self, ask, feed, tell
    ):
        # At P 60 leverage is 6; at 61 equity is 110,000 and leverage 5.5; at 63 it is 4.8.
        for price, chunk, slippage in ((61, 2_500, "0.035"), (63, 200, "0.01")):
            tell(price * 10**8, NOON)
            rules = replace(RULES, reference=feed.address)
            asked = case(deep("6"), rules, winding_down(0), reference=price * WAD)
            decision = ask(asked)
            assert decision.trigger == Trigger.WIND_DOWN
            assert decision.size_delta == -chunk * WAD
            assert decision.slippage == wad(slippage)

    @pytest.mark.parametrize(
        ("skew", "parts"),
        [
            (50_000, 1),
            (-9_900, 1),
            (-9_901, 2),
            (-9_950, 2),
            (-9_951, 4),
            (-9_975, 4),
            (-9_976, 8),
            (-9_987, 8),
            (-9_988, 0),
        ],
    )
    @pytest.mark.parametrize("side", [1, -1])
    def test_is_halved_until_its_fill_is_within_the_bound(self, ask, skew, parts, side):
        # A sale of d fills at P (1 + (skew - d/2) / 1,000,000), bound 1 %.
        state = deep("4.5", skew=side * skew * WAD)
        state = replace(state, size=side * state.size)
        decision = ask(case(state, is_long=side == 1))
        assert decision.size_delta == (-side * 200 * WAD // parts if parts else 0)
        assert decision.obstacle == (Obstacle.CLEAR if parts else Obstacle.BOUND)

    def test_halves_the_whole_where_that_is_less_than_a_chunk(self, ask):
        # About 34.5 to sell: a quarter needs a skew above -9,995.7, an eighth one above -9,997.8.
        decision = ask(case(at_leverage(wad("4.5"), skew=wad("-9997.5"))))
        assert -35 * WAD < decision.whole_delta < -34 * WAD
        assert decision.size_delta == -(-decision.whole_delta // 8)

    def test_a_closed_market_takes_the_whole_at_its_price_for_nothing(self, ask):
        state = deep("3", status=MarketStatus.CLOSED, skew=-20_000 * WAD)
        decision = ask(case(state, memory=winding_down(0)))
        assert decision.obstacle == Obstacle.CLEAR
        assert (decision.size_delta, decision.cost) == (-10_000 * WAD, 0)


class TestCost:
    def test_is_fee_and_impact(self, ask):
        # 200 at 45 (1 - 0.0001) = 44.9955: fee 200 * 44.9955 * 6 bp, impact 200 * 0.0045.
        decision = ask(case(deep("4.5")))
        assert decision.cost == wad("5.39946") + wad("0.9")

    def test_is_a_rebate_where_the_trade_relieves_the_skew(self, ask):
        # 45 (1 + 0.005 - 0.0001) = 45.2205: fee at 2 bp, gain 200 * 0.2205.
        decision = ask(case(deep("4.5", skew=5_000 * WAD)))
        assert decision.cost == wad("1.80882") - wad("44.1")


class TestReward:
    def rate(self, ask, asked):
        """Reward per notional traded, WAD; the numbers are chosen so that nothing is rounded."""
        decision = ask(asked)
        notional = abs(decision.size_delta) * asked.state.price // WAD
        assert decision.reward * WAD % notional == 0
        return decision.reward * WAD // notional

    @pytest.mark.parametrize(
        ("leverage", "rate"),
        # Above by (L - 4) / (5 - 4), below by (1 - L/2) / (1 - 4/5); 1 bp to 10 bp.
        [
            ("4.2", 28 * BP // 10),
            ("4.5", 55 * BP // 10),
            ("1.9", 325 * BP // 100),
            ("1.8", 55 * BP // 10),
            ("1.6", 10 * BP),
            ("0.5", 10 * BP),
        ],
    )
    def test_of_drift_grows_with_the_distance(self, ask, leverage, rate):
        assert self.rate(ask, case(deep(leverage))) == rate

    @pytest.mark.parametrize(("leverage", "cap"), [("4.8", "4.8"), ("0.5", "3")])
    def test_is_capped_by_equity_at_the_larger_of_leverage_and_target(self, ask, leverage, cap):
        rules = replace(RULES, max_reward=wad("0.0012"))
        decision = ask(case(deep(leverage), rules))
        rate = wad("0.0012") * WAD // wad(cap)
        assert decision.reward == abs(decision.size_delta) * wad(leverage) * 10 // WAD * rate // WAD

    @pytest.mark.parametrize("leverage", ["5", "50"])
    def test_of_an_emergency_is_the_highest_without_a_cap(self, ask, leverage):
        state = deep(leverage, max_leverage=100 * WAD)
        assert self.rate(ask, case(state)) == 10 * BP

    @pytest.mark.parametrize(
        ("after", "rate"), [(0, BP), (900, 55 * BP // 10), (1_800, 10 * BP), (7_200, 10 * BP)]
    )
    def test_grows_with_time_for_the_others(self, ask, after, rate):
        scheduled = replace(RULES, scheduled=True, max_reward=WAD // 50)
        daily = case(deep("3.6"), scheduled, now=BOUNDARY + after)
        rebuild = case(account(size=0, equity=10**24), scheduled, now=BOUNDARY + after)
        unfinished = Memory(aim=3 * WAD, since=NOON - 8_000, traded_at=NOON - after - 60)
        parts = case(deep("3.6"), scheduled, unfinished)
        out = case(deep("3"), scheduled, winding_down(after))
        for asked in (daily, rebuild, parts, out):
            assert self.rate(ask, asked) == rate

    def test_of_an_unfinished_trade_starts_with_the_end_of_the_cooldown(self, ask):
        memory = Memory(aim=3 * WAD, since=NOON - 100, traded_at=NOON - 30)
        asked = case(deep("3.6"), memory=memory)
        assert ask(asked).obstacle == Obstacle.COOLDOWN
        assert self.rate(ask, asked) == BP

    def test_of_rebuilding_parts_is_the_window_s_auction(self, ask):
        memory = Memory(
            aim=3 * WAD,
            since=BOUNDARY + 900,
            traded_at=BOUNDARY + 840,
            upward=True,
            rebuilding=True,
        )
        asked = case(deep("0.5"), memory=memory, now=BOUNDARY + 900)
        assert ask(asked).trigger == Trigger.REBUILD
        assert self.rate(ask, asked) == 55 * BP // 10
