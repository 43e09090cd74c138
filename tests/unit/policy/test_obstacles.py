"""What stands in the way of a trade, in which order, and when it ends."""

from dataclasses import replace

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Memory, Obstacle, Trigger
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import MarketStatus
from tests.unit.policy.cases import (
    MIDNIGHT,
    NOON,
    RULES,
    SKEW_SCALE,
    account,
    at_leverage,
    case,
    wad,
)

TOO_HIGH, TOO_LOW, LETHAL = (at_leverage(wad(level)) for level in ("4.5", "1.5", "6"))
WINDING_DOWN = Memory(winding_down_at=NOON - DAY, winding_down_size=100 * WAD)


def test_nothing_stands_in_the_way_of_a_plain_trade(ask):
    for state in (TOO_HIGH, TOO_LOW, LETHAL):
        assert ask(case(state)).obstacle == Obstacle.CLEAR


class TestOutages:
    @pytest.mark.parametrize(
        ("change", "obstacle"),
        [
            ({"flagged": True}, Obstacle.FLAGGED),
            ({"status": MarketStatus.PAUSED}, Obstacle.VENUE),
            ({"oracle_fault": Fault.STALE}, Obstacle.PRICE),
        ],
    )
    @pytest.mark.parametrize("memory", [Memory(), WINDING_DOWN])
    @pytest.mark.parametrize("state", [TOO_HIGH, LETHAL, at_leverage(3 * WAD)])
    def test_stop_everything_and_show_without_a_trigger_too(
        self, ask, change, obstacle, memory, state
    ):
        assert ask(case(replace(state, **change), memory=memory)).obstacle == obstacle

    def test_the_venue_speaks_first_the_price_last(self, ask):
        worst = replace(
            TOO_HIGH, flagged=True, status=MarketStatus.PAUSED, oracle_fault=Fault.STALE
        )
        assert ask(case(worst)).obstacle == Obstacle.FLAGGED
        assert ask(case(replace(worst, flagged=False))).obstacle == Obstacle.VENUE

    def test_no_price_at_all_is_shown_as_such(self, ask):
        none = replace(TOO_HIGH, price=0, oracle_fault=Fault.CALL_FAILED)
        decision = ask(case(none))
        assert (decision.trigger, decision.obstacle) == (Trigger.NOTHING, Obstacle.PRICE)


class TestWiped:
    @pytest.mark.parametrize("equity", [0, -1, -(10**24)])
    def test_without_equity(self, ask, equity):
        for memory in (Memory(), WINDING_DOWN):
            decision = ask(case(account(equity=equity), memory=memory))
            assert (decision.trigger, decision.obstacle) == (Trigger.NOTHING, Obstacle.WIPED)

    @pytest.mark.parametrize(("equity", "wiped"), [(WAD - 1, True), (WAD, False)])
    def test_without_a_position_and_with_less_than_one_quote(self, ask, equity, wiped):
        decision = ask(case(account(size=0, equity=equity)))
        assert decision.obstacle == (Obstacle.WIPED if wiped else Obstacle.CLEAR)
        assert ask(case(account(equity=equity))).obstacle != Obstacle.WIPED


class TestReference:
    rules = replace(RULES, reference_max_age=3_600)

    def decide(self, ask, feed, tell, price, age=0, state=TOO_HIGH, **changes):
        tell(price // 10**10, NOON - age)
        rules = replace(self.rules, reference=feed.address)
        fresh = price if price > 0 and 0 <= age <= 3_600 else 0
        return ask(case(state, rules, reference=fresh, **changes)).obstacle

    @pytest.mark.parametrize(
        ("price", "obstacle"),
        # 4,500 is 1 % of P_ref above 4455.44554455...
        [
            ("4500", Obstacle.CLEAR),
            ("4455.44554456", Obstacle.CLEAR),
            ("4455.44554455", Obstacle.REFERENCE),
            ("4545.45454545", Obstacle.CLEAR),
            ("4545.45454546", Obstacle.REFERENCE),
        ],
    )
    def test_may_deviate_by_one_percent_of_itself(self, ask, feed, tell, price, obstacle):
        assert self.decide(ask, feed, tell, wad(price)) == obstacle

    @pytest.mark.parametrize("leverage", ["4.545", "4.455"])
    def test_may_deviate_by_exactly_as_much(self, ask, feed, tell, leverage):
        # 45 is 1 % of 4,500.
        state = at_leverage(wad(leverage))
        assert self.decide(ask, feed, tell, 4_500 * WAD, state=state) == Obstacle.CLEAR
        nearer = 4_500 * WAD + (10**10 if leverage == "4.455" else -(10**10))
        assert self.decide(ask, feed, tell, nearer, state=state) == Obstacle.REFERENCE

    @pytest.mark.parametrize(
        ("age", "obstacle"),
        [
            (3_600, Obstacle.CLEAR),
            (3_601, Obstacle.REFERENCE),
            (-1, Obstacle.REFERENCE),
        ],
    )
    def test_must_be_fresh(self, ask, feed, tell, age, obstacle):
        assert self.decide(ask, feed, tell, 4_500 * WAD, age) == obstacle

    def test_a_dead_one_stops_trades_but_not_the_way_out(self, ask):
        rules = replace(self.rules, reference="0x" + "de" * 20)
        assert ask(case(TOO_HIGH, rules)).obstacle == Obstacle.REFERENCE
        assert ask(case(LETHAL, rules)).obstacle == Obstacle.CLEAR
        assert ask(case(TOO_HIGH, rules, WINDING_DOWN)).obstacle == Obstacle.CLEAR

    def test_is_needed_by_every_other_trigger(self, ask, feed, tell):
        unfinished = Memory(aim=3 * WAD, since=NOON - 600, traded_at=NOON - 600)
        boundary = MIDNIGHT + RULES.boundary
        stale = {"age": 3_601, "price": 0}
        rules = replace(self.rules, reference=feed.address, scheduled=True)
        tell(1, 0)
        for asked in (
            case(at_leverage(wad("3.5")), rules, unfinished),
            case(at_leverage(wad("3.5")), rules, now=boundary),
            case(account(size=0, equity=1_000 * WAD), rules, now=boundary),
        ):
            decision = ask(asked)
            assert decision.obstacle == Obstacle.REFERENCE, decision.trigger
        assert self.decide(ask, feed, tell, **stale) == Obstacle.REFERENCE


class TestCooldown:
    @pytest.mark.parametrize(
        ("age", "obstacle"), [(0, Obstacle.COOLDOWN), (59, Obstacle.COOLDOWN), (60, Obstacle.CLEAR)]
    )
    @pytest.mark.parametrize("state", [TOO_HIGH, TOO_LOW])
    def test_lasts_a_minute(self, ask, state, age, obstacle):
        decision = ask(case(state, memory=Memory(traded_at=NOON - age)))
        assert decision.obstacle == obstacle
        assert decision.ready_at == (NOON - age + 60 if obstacle == Obstacle.COOLDOWN else 0)

    @pytest.mark.parametrize(("age", "obstacle"), [(0, Obstacle.COOLDOWN), (1, Obstacle.CLEAR)])
    def test_an_emergency_only_waits_for_a_later_timestamp(self, ask, age, obstacle):
        decision = ask(case(LETHAL, memory=Memory(traded_at=NOON - age)))
        assert decision.obstacle == obstacle
        assert decision.ready_at == (NOON + 1 if age == 0 else 0)

    @pytest.mark.parametrize("state", [TOO_HIGH, LETHAL])
    def test_holds_for_a_wind_down_whatever_the_leverage(self, ask, state):
        memory = replace(WINDING_DOWN, traded_at=NOON - 59)
        assert ask(case(state, memory=memory)).obstacle == Obstacle.COOLDOWN
        memory = replace(WINDING_DOWN, traded_at=NOON - 60)
        assert ask(case(state, memory=memory)).obstacle == Obstacle.CLEAR


class TestBudget:
    # 1.2 % a day: 1e-6 heals in 7.2 seconds.
    def decide(self, ask, used, age, state=TOO_HIGH, **memory):
        return ask(case(state, memory=Memory(traded_at=NOON - age, budget_used=used, **memory)))

    @pytest.mark.parametrize(
        ("used", "age", "obstacle"),
        [
            (wad("0.012"), 60, Obstacle.CLEAR),
            (wad("0.018"), DAY // 2, Obstacle.BUDGET),
            (wad("0.018") - 1, DAY // 2, Obstacle.CLEAR),
            (wad("0.018"), DAY // 2 + 1, Obstacle.CLEAR),
            (wad("0.024"), DAY, Obstacle.BUDGET),
            (wad("0.024") - 1, DAY, Obstacle.CLEAR),
            (wad("0.024"), DAY + 1, Obstacle.CLEAR),
        ],
    )
    def test_falls_by_the_whole_budget_in_a_day(self, ask, used, age, obstacle):
        assert self.decide(ask, used, age).obstacle == obstacle

    def test_used_up_exactly_is_used_up(self, ask):
        rules = replace(RULES, cooldown=0)
        memory = Memory(traded_at=NOON, budget_used=wad("0.012"))
        assert ask(case(TOO_HIGH, rules, memory)).obstacle == Obstacle.BUDGET
        memory = replace(memory, budget_used=wad("0.012") - 1)
        assert ask(case(TOO_HIGH, rules, memory)).obstacle == Obstacle.CLEAR

    @pytest.mark.parametrize("used", [wad("0.0121"), wad("0.03"), wad("0.03") + 1, wad("1.7")])
    def test_ready_at_is_the_first_second_it_has_healed(self, ask, used):
        memory = Memory(traded_at=NOON - 60, budget_used=used)
        ready_at = ask(case(TOO_HIGH, memory=memory)).ready_at
        assert ready_at > NOON
        before = ask(case(TOO_HIGH, memory=memory, now=ready_at - 1))
        assert (before.obstacle, before.ready_at) == (Obstacle.BUDGET, ready_at)
        assert ask(case(TOO_HIGH, memory=memory, now=ready_at)).obstacle == Obstacle.CLEAR

    def test_does_not_bind_an_emergency_or_a_wind_down(self, ask):
        assert self.decide(ask, WAD, 60, LETHAL).obstacle == Obstacle.CLEAR
        winding = {"winding_down_at": NOON - DAY, "winding_down_size": 100 * WAD}
        assert self.decide(ask, WAD, 60, **winding).obstacle == Obstacle.CLEAR


class TestVenue:
    @pytest.mark.parametrize("status", [MarketStatus.REDUCE_ONLY, MarketStatus.CLOSED])
    @pytest.mark.parametrize("side", [1, -1])
    def test_takes_no_increase_unless_active(self, ask, status, side):
        for state, obstacle in ((TOO_LOW, Obstacle.VENUE), (TOO_HIGH, Obstacle.CLEAR)):
            state = replace(state, status=status, size=side * state.size)
            assert ask(case(state, is_long=side == 1)).obstacle == obstacle

    @pytest.mark.parametrize("side", [1, -1])
    def test_takes_no_increase_below_its_least_margin(self, ask, side):
        state = replace(TOO_LOW, size=side * TOO_LOW.size)
        asked = case(state, is_long=side == 1)
        left = state.equity - ask(asked).cost
        assert ask(replace(asked, state=replace(state, min_margin=left))).obstacle == Obstacle.CLEAR
        more = replace(state, min_margin=left + 1)
        assert ask(replace(asked, state=more)).obstacle == Obstacle.VENUE
        assert ask(case(replace(TOO_HIGH, min_margin=2 * left))).obstacle == Obstacle.CLEAR

    def test_takes_no_increase_beyond_its_leverage(self, ask):
        decision = ask(case(TOO_LOW))
        size = TOO_LOW.size + decision.size_delta
        margin = TOO_LOW.equity - decision.cost
        # The least leverage, rounded up, at which the venue's initial margin fits.
        least = -(-size * TOO_LOW.price // margin)
        fits, tight = (replace(TOO_LOW, max_leverage=level) for level in (least, least - 1))
        assert ask(case(fits)).obstacle == Obstacle.CLEAR
        assert ask(case(tight)).obstacle == Obstacle.VENUE
        assert ask(case(replace(TOO_HIGH, max_leverage=WAD))).obstacle == Obstacle.CLEAR

    def test_takes_an_increase_to_exactly_its_leverage(self, ask):
        # Nothing fits, so nothing is added to 1.5x: what the margin allows is seen to the wei.
        state = replace(TOO_LOW, skew=3 * SKEW_SCALE, max_leverage=wad("1.5"))
        assert ask(case(state)).obstacle == Obstacle.BOUND
        tighter = replace(state, max_leverage=wad("1.5") - 1)
        assert ask(case(tighter)).obstacle == Obstacle.VENUE

    def test_takes_no_trade_that_costs_more_than_there_is(self, ask):
        # A fill 2.5 % below and a fee of 2 % take more of the notional than a sixtieth.
        state = at_leverage(60 * WAD, skew=wad("-25000"), maker_fee=wad("0.02"))
        decision = ask(case(replace(state, taker_fee=wad("0.02"))))
        assert decision.cost > state.equity
        assert (decision.trigger, decision.obstacle) == (Trigger.EMERGENCY, Obstacle.VENUE)


class TestNoSafeSize:
    @pytest.mark.parametrize("free", [{"maker_fee": 0}, {"taker_fee": 0}])
    def test_where_a_fee_is_zero(self, ask, free):
        assert ask(case(replace(TOO_HIGH, **free))).obstacle == Obstacle.NO_SAFE_SIZE
        assert ask(case(replace(LETHAL, **free))).obstacle == Obstacle.CLEAR
        winding = ask(case(replace(TOO_HIGH, **free), memory=WINDING_DOWN))
        assert winding.obstacle == Obstacle.CLEAR

    def test_for_a_token_without_a_share(self, ask):
        rules = replace(RULES, trade_share=0)
        decision = ask(case(TOO_HIGH, rules))
        assert (decision.obstacle, decision.size_delta) == (Obstacle.NO_SAFE_SIZE, 0)


class TestBound:
    def test_a_skew_far_beyond_any_fill_blocks_and_does_not_revert(self, ask):
        for skew in (-3 * SKEW_SCALE, -(2**95)):
            decision = ask(case(replace(TOO_HIGH, skew=skew)))
            assert (decision.obstacle, decision.size_delta) == (Obstacle.BOUND, 0)
            assert decision.whole_delta < 0
        for skew in (3 * SKEW_SCALE, 2**95):
            assert ask(case(replace(TOO_LOW, skew=skew))).obstacle == Obstacle.BOUND

    def test_a_whole_that_has_no_fill_goes_in_parts(self, ask):
        # Selling 60 of 100 passes twice a skew scale of 25, a quarter of the position does not.
        state = replace(LETHAL, skew_scale=25 * WAD)
        decision = ask(case(state))
        assert decision.whole_delta < -50 * WAD
        assert decision.obstacle == Obstacle.BOUND
        state = replace(state, skew=12 * WAD)
        decision = ask(case(state))
        assert (decision.obstacle, decision.size_delta) == (Obstacle.CLEAR, -25 * WAD)


def test_the_order_of_obstacles(ask):
    """Each is only seen once the ones before it are gone."""
    blocked = replace(TOO_LOW, status=MarketStatus.REDUCE_ONLY, maker_fee=0, skew=SKEW_SCALE)
    memory = Memory(traded_at=NOON - 1, budget_used=WAD)
    rules = replace(RULES, reference="0x" + "de" * 20)
    seen = [
        case(blocked, rules, memory),
        case(blocked, memory=memory),
        case(blocked, memory=replace(memory, traded_at=NOON - 60)),
        case(blocked),
        case(replace(blocked, status=MarketStatus.ACTIVE)),
        case(replace(blocked, status=MarketStatus.ACTIVE, maker_fee=1)),
    ]
    assert [ask(asked).obstacle for asked in seen] == [
        Obstacle.REFERENCE,
        Obstacle.COOLDOWN,
        Obstacle.BUDGET,
        Obstacle.VENUE,
        Obstacle.NO_SAFE_SIZE,
        Obstacle.BOUND,
    ]
