"""Why a token trades: each reason, and where it begins and ends to the second and the wei."""

from dataclasses import replace

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Memory, Trigger
from tests.unit.policy.cases import MIDNIGHT, NOON, RULES, account, at_leverage, case, wad

BOUNDARY = MIDNIGHT + RULES.boundary
WINDOW = RULES.window
DAILY = replace(RULES, scheduled=True)
HOUR = 3_600
# Unfinished business of 10 minutes ago: down to 3x.
DOWNWARD = Memory(aim=3 * WAD, since=NOON - 600, traded_at=NOON - 600)
UPWARD = replace(DOWNWARD, upward=True)


@pytest.mark.parametrize(
    ("leverage", "trigger"),
    [
        (1, Trigger.DRIFT),
        (2 * WAD - 1, Trigger.DRIFT),
        (2 * WAD, Trigger.NOTHING),
        (3 * WAD, Trigger.NOTHING),
        (4 * WAD, Trigger.NOTHING),
        (4 * WAD + 1, Trigger.DRIFT),
        (5 * WAD - 1, Trigger.DRIFT),
        (5 * WAD, Trigger.EMERGENCY),
        (50 * WAD, Trigger.EMERGENCY),
    ],
)
@pytest.mark.parametrize("is_long", [True, False])
def test_the_band_includes_its_edges_and_an_emergency_begins_at_em(ask, leverage, trigger, is_long):
    state = at_leverage(leverage, size=100 * WAD if is_long else -100 * WAD)
    decision = ask(case(state, is_long=is_long))
    assert decision.trigger == trigger
    assert decision.leverage == leverage


def test_without_equity_nothing_triggers(ask):
    state = replace(at_leverage(6 * WAD), equity=0)
    assert ask(case(state)).trigger == Trigger.NOTHING
    assert ask(case(replace(state, equity=1))).trigger == Trigger.EMERGENCY


def test_without_a_price_nothing_triggers(ask):
    decision = ask(case(replace(at_leverage(6 * WAD), price=0)))
    assert (decision.trigger, decision.leverage) == (Trigger.NOTHING, 0)


def test_an_amount_below_the_smallest_unit_is_no_reason(ask):
    # One wei of underlying: leverage 6, but half a wei cannot be sold.
    state = replace(at_leverage(6 * WAD), size=1, price=6 * WAD, equity=1)
    assert ask(case(state)).trigger == Trigger.NOTHING
    assert ask(case(replace(state, size=3, equity=3))).trigger == Trigger.EMERGENCY


class TestUnfinished:
    @pytest.mark.parametrize(
        ("memory", "leverage", "goes_on"),
        [
            (DOWNWARD, wad("3.03"), False),
            (DOWNWARD, wad("3.03") + 1, True),
            (DOWNWARD, wad("2.5"), False),
            (UPWARD, wad("2.97"), False),
            (UPWARD, wad("2.97") - 1, True),
            (UPWARD, wad("3.5"), False),
        ],
    )
    def test_ends_within_one_percent_of_the_aim_or_beyond_it(self, ask, memory, leverage, goes_on):
        decision = ask(case(at_leverage(leverage), memory=memory))
        assert decision.trigger == (Trigger.UNFINISHED if goes_on else Trigger.NOTHING)
        if goes_on:
            assert decision.aim == 3 * WAD

    @pytest.mark.parametrize(("age", "goes_on"), [(6 * HOUR, True), (6 * HOUR + 1, False)])
    def test_ends_after_six_hours(self, ask, age, goes_on):
        memory = replace(DOWNWARD, since=NOON - age)
        decision = ask(case(at_leverage(wad("3.5")), memory=memory))
        assert decision.trigger == (Trigger.UNFINISHED if goes_on else Trigger.NOTHING)

    @pytest.mark.parametrize(("changed", "goes_on"), [(-1, True), (0, False), (1, False)])
    def test_ends_when_the_venue_changes_the_position(self, ask, changed, goes_on):
        state = at_leverage(wad("3.5"), changed_at=DOWNWARD.since + changed)
        decision = ask(case(state, memory=DOWNWARD))
        assert decision.trigger == (Trigger.UNFINISHED if goes_on else Trigger.NOTHING)

    def test_comes_before_drift_and_after_an_emergency(self, ask):
        assert ask(case(at_leverage(wad("4.5")), memory=DOWNWARD)).trigger == Trigger.UNFINISHED
        assert ask(case(at_leverage(5 * WAD), memory=DOWNWARD)).trigger == Trigger.EMERGENCY

    def test_drift_takes_over_on_the_other_side(self, ask):
        assert ask(case(at_leverage(wad("1.5")), memory=DOWNWARD)).trigger == Trigger.DRIFT


class TestSchedule:
    state = at_leverage(wad("3.4"))

    @pytest.mark.parametrize(
        ("after", "trigger"),
        [
            (-1, Trigger.NOTHING),
            (0, Trigger.SCHEDULE),
            (WINDOW, Trigger.SCHEDULE),
            (WINDOW + 1, Trigger.NOTHING),
        ],
    )
    def test_holds_from_the_boundary_to_the_end_of_its_window(self, ask, after, trigger):
        assert ask(case(self.state, DAILY, now=BOUNDARY + after)).trigger == trigger

    def test_a_window_goes_on_over_midnight(self, ask):
        rules = replace(DAILY, boundary=DAY - 1)
        late = MIDNIGHT + DAY - 1
        for now in (late, late + 1, late + WINDOW):
            assert ask(case(self.state, rules, now=now)).trigger == Trigger.SCHEDULE
        assert ask(case(self.state, rules, now=late + WINDOW + 1)).trigger == Trigger.NOTHING

    def test_is_off_by_default(self, ask):
        assert ask(case(self.state, now=BOUNDARY)).trigger == Trigger.NOTHING

    @pytest.mark.parametrize(("traded", "due"), [(-1, True), (0, False), (1, False)])
    def test_only_before_a_trade_since_the_boundary(self, ask, traded, due):
        memory = Memory(traded_at=BOUNDARY + traded)
        decision = ask(case(self.state, DAILY, memory, now=BOUNDARY + HOUR))
        assert decision.trigger == (Trigger.SCHEDULE if due else Trigger.NOTHING)

    @pytest.mark.parametrize(
        ("leverage", "due"),
        [
            (wad("3.3"), False),
            (wad("3.3") + 1, True),
            (wad("2.7"), False),
            (wad("2.7") - 1, True),
        ],
    )
    def test_only_beyond_the_least_drift(self, ask, leverage, due):
        state = at_leverage(leverage)
        decision = ask(case(state, DAILY, now=BOUNDARY))
        assert decision.trigger == (Trigger.SCHEDULE if due else Trigger.NOTHING)

    def test_ready_at_names_the_next_boundary(self, ask):
        idle = at_leverage(3 * WAD)
        assert ask(case(idle, DAILY)).ready_at == BOUNDARY + DAY
        assert ask(case(idle, DAILY, now=BOUNDARY - 1)).ready_at == BOUNDARY
        assert ask(case(idle)).ready_at == 0


class TestRebuild:
    @staticmethod
    def closed(changed_at, equity=1_000 * WAD):
        return account(size=0, equity=equity, changed_at=changed_at)

    @pytest.mark.parametrize(
        ("after", "due"), [(-1, False), (0, True), (WINDOW, True), (WINDOW + 1, False)]
    )
    def test_in_the_window_of_a_daily_boundary(self, ask, after, due):
        decision = ask(case(self.closed(BOUNDARY - DAY), now=BOUNDARY + after))
        assert decision.trigger == (Trigger.REBUILD if due else Trigger.NOTHING)
        assert decision.aim == (3 * WAD if due else 0)

    @pytest.mark.parametrize(("changed", "due"), [(0, True), (1, False)])
    def test_a_day_after_the_venue_closed_it(self, ask, changed, due):
        decision = ask(case(self.closed(BOUNDARY - DAY + changed), now=BOUNDARY + 60))
        assert decision.trigger == (Trigger.REBUILD if due else Trigger.NOTHING)

    def test_a_missed_window_is_not_the_last(self, ask):
        for day in (1, 2, 30):
            decision = ask(case(self.closed(BOUNDARY - DAY), now=BOUNDARY + day * DAY))
            assert decision.trigger == Trigger.REBUILD

    def test_whoever_closed_it(self, ask):
        # The last redemption that the venue's margin allowed may have, too.
        assert ask(case(self.closed(0), now=BOUNDARY)).trigger == Trigger.REBUILD

    @pytest.mark.parametrize(("missing", "due"), [(0, True), (1, False)])
    def test_with_the_least_equity(self, ask, missing, due):
        decision = ask(case(self.closed(0, 100 * WAD - missing), now=BOUNDARY))
        assert decision.trigger == (Trigger.REBUILD if due else Trigger.NOTHING)
        assert decision.ready_at == 0

    @pytest.mark.parametrize(
        "asks", [{"min_margin": 2_000 * WAD}, {"min_keeper_fee": 400 * WAD}, {}]
    )
    def test_not_what_a_redemption_may_leave(self, ask, asks):
        # Who leaves could otherwise close everybody's position, and be paid for its rebuilding.
        state = replace(self.closed(0), **{"min_margin": 50 * WAD, **asks})
        least = max(100 * WAD, 2 * state.min_margin, 10 * state.min_keeper_fee)
        for equity, trigger in ((least - 1, Trigger.NOTHING), (least, Trigger.REBUILD)):
            assert ask(case(replace(state, equity=equity), now=BOUNDARY)).trigger == trigger

    def test_its_parts_go_on_to_the_end_of_the_window(self, ask):
        memory = Memory(
            aim=3 * WAD, since=BOUNDARY, traded_at=BOUNDARY, upward=True, rebuilding=True
        )
        state = at_leverage(wad("0.5"), changed_at=BOUNDARY - DAY)
        for now in (BOUNDARY + 60, BOUNDARY + WINDOW):
            assert ask(case(state, memory=memory, now=now)).trigger == Trigger.REBUILD
        decision = ask(case(state, memory=memory, now=BOUNDARY + WINDOW + 1))
        assert decision.trigger == Trigger.DRIFT

    def test_ready_at_names_the_first_boundary_that_counts(self, ask):
        closed_early = self.closed(BOUNDARY - 1)
        assert ask(case(closed_early, now=BOUNDARY - 1)).ready_at == BOUNDARY + DAY
        assert ask(case(closed_early)).ready_at == BOUNDARY + DAY
        assert ask(case(self.closed(BOUNDARY + 1))).ready_at == BOUNDARY + 2 * DAY
        assert ask(case(self.closed(0))).ready_at == BOUNDARY + DAY


class TestWindDown:
    memory = Memory(winding_down_at=NOON - 600, winding_down_size=100 * WAD)

    @pytest.mark.parametrize("leverage", [wad("0.5"), 3 * WAD, 6 * WAD])
    def test_is_the_only_trigger(self, ask, leverage):
        decision = ask(case(at_leverage(leverage), DAILY, self.memory, now=NOON))
        assert (decision.trigger, decision.aim) == (Trigger.WIND_DOWN, 0)
        assert decision.whole_delta == -100 * WAD

    def test_ends_with_the_position(self, ask):
        state = TestRebuild.closed(0)
        decision = ask(case(state, memory=self.memory, now=BOUNDARY + DAY))
        assert (decision.trigger, decision.ready_at) == (Trigger.NOTHING, 0)


class TestEmergencyAndReference:
    rules = replace(RULES, reference_max_age=HOUR)
    state = at_leverage(5 * WAD)

    def decide(self, ask, feed, tell, price, age, state=None):
        """At a reference price in WAD that is `age` seconds old."""
        tell(price // 10**10, NOON - age)
        rules = replace(self.rules, reference=feed.address)
        fresh = price if age <= HOUR else 0
        return ask(case(state or self.state, rules, reference=fresh))

    def test_needs_em_at_a_fresh_reference_price_too(self, ask, feed, tell):
        # 100 underlying at 5,000, 100,000 of equity; at 5,000.00000001 leverage is below 5.
        assert self.decide(ask, feed, tell, 5_000 * WAD, 0).trigger == Trigger.EMERGENCY
        assert self.decide(ask, feed, tell, 4_000 * WAD, 0).trigger == Trigger.EMERGENCY
        higher = 5_000 * WAD + 10**10
        assert self.decide(ask, feed, tell, higher, 0).trigger == Trigger.DRIFT
        assert self.decide(ask, feed, tell, higher, HOUR).trigger == Trigger.DRIFT

    def test_a_stale_reference_does_not_lock_the_way_out(self, ask, feed, tell):
        decision = self.decide(ask, feed, tell, 9_000 * WAD, HOUR + 1)
        assert decision.trigger == Trigger.EMERGENCY

    def test_a_position_without_equity_at_the_reference_is_in_one(self, ask, feed, tell):
        assert self.decide(ask, feed, tell, 4_000 * WAD, 0).trigger == Trigger.EMERGENCY
        assert self.decide(ask, feed, tell, 3_000 * WAD, 0).trigger == Trigger.EMERGENCY

    def test_a_short_gets_there_by_a_rising_reference(self, ask, feed, tell):
        short = replace(self.state, size=-100 * WAD)
        tell(4_999 * 10**8, NOON)
        rules = replace(self.rules, reference=feed.address)
        asked = case(short, rules, reference=4_999 * WAD, is_long=False)
        assert ask(asked).trigger == Trigger.DRIFT
        tell(5_001 * 10**8, NOON)
        assert ask(replace(asked, reference=5_001 * WAD)).trigger == Trigger.EMERGENCY
