"""What a token remembers of a trade, and that a chunked trade goes on and ends as it should."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Decision, Memory, Trigger, pack_memory, remember, unpack_memory
from tests.unit.policy.cases import (
    MIDNIGHT,
    NOON,
    RULES,
    account,
    any_memory,
    any_rules,
    at_leverage,
    case,
    struct,
    wad,
)

BOUNDARY = MIDNIGHT + RULES.boundary
DOWN = Decision(Trigger.DRIFT, leverage=5 * WAD, aim=3 * WAD, cost=WAD, reward=WAD)
UP = replace(DOWN, leverage=WAD)
TRADED = Memory(aim=3 * WAD, since=NOON - 600, traded_at=NOON - 60, budget_used=wad("0.004"))
EQUITY = 1_000 * WAD


@pytest.fixture(scope="module")
def after(evm, policy):
    """Memory after a trade by contract and twin, which must agree."""

    def after(decision, memory=TRADED, leverage=4 * WAD, rules=RULES, now=NOON, equity=EQUITY):
        evm.timestamp = now
        words, kept = policy.pack_rules(struct(rules)), pack_memory(memory)
        word = policy.remember(struct(decision), kept[0], words[0], equity, leverage)
        expected = pack_memory(remember(decision, memory, rules, now, equity, leverage))
        assert (word, kept[1]) == expected
        return unpack_memory(expected)

    return after


class TestBudget:
    def test_adds_cost_and_reward_per_equity_to_what_has_not_healed(self, after):
        # A twelfth of a day heals a twelfth of 1.2 %; 3 of 1,000 are spent.
        memory = replace(TRADED, traded_at=NOON - DAY // 12)
        spent = after(replace(DOWN, cost=2 * WAD), memory)
        assert spent.budget_used == wad("0.004") - wad("0.001") + wad("0.003")
        assert spent.traded_at == NOON

    def test_a_rebate_takes_nothing_off(self, after):
        spent = after(replace(DOWN, cost=-5 * WAD), Memory())
        assert spent.budget_used == wad("0.001")

    def test_rounds_up(self, after):
        spent = after(replace(DOWN, cost=1, reward=0), Memory(), equity=3 * WAD)
        assert spent.budget_used == 1

    @pytest.mark.parametrize("trigger", [each for each in Trigger if each != Trigger.NOTHING])
    def test_counts_what_it_can_stop(self, after, trigger):
        exempt = trigger in (Trigger.EMERGENCY, Trigger.WIND_DOWN)
        spent = after(replace(DOWN, trigger=trigger), Memory(budget_used=5, traded_at=NOON))
        assert spent.budget_used == 5 + (0 if exempt else wad("0.002"))

    def test_saturates(self, after):
        spent = after(replace(DOWN, cost=2**96), Memory(), equity=1)
        assert spent.budget_used == 2**101 - 1


class TestUnfinished:
    @pytest.mark.parametrize(
        ("decision", "leverage", "short"),
        [
            (DOWN, "3.03", False),
            (DOWN, "3.030000000000000001", True),
            (DOWN, "2.5", False),
            (UP, "2.97", False),
            (UP, "2.969999999999999999", True),
            (UP, "3.5", False),
        ],
    )
    def test_goes_on_while_it_is_short_of_the_aim_by_more_than_finish(
        self, after, decision, leverage, short
    ):
        memory = after(decision, leverage=wad(leverage))
        assert memory.aim == (3 * WAD if short else 0)
        assert memory.since == (NOON if short else 0)
        assert memory.upward == (short and decision is UP)
        assert not memory.rebuilding

    @pytest.mark.parametrize("trigger", [Trigger.DRIFT, Trigger.SCHEDULE, Trigger.EMERGENCY])
    def test_begins_anew_with_another_trigger(self, after, trigger):
        assert after(replace(DOWN, trigger=trigger)).since == NOON

    def test_keeps_its_beginning_while_it_goes_on(self, after):
        memory = after(replace(DOWN, trigger=Trigger.UNFINISHED))
        assert (memory.aim, memory.since) == (3 * WAD, NOON - 600)

    def test_a_wind_down_remembers_no_aim_and_keeps_its_own_word(self, after):
        winding = replace(TRADED, winding_down_at=NOON - DAY, winding_down_size=7 * WAD)
        memory = after(replace(DOWN, trigger=Trigger.WIND_DOWN, aim=0), winding)
        assert (memory.aim, memory.since, memory.upward, memory.rebuilding) == (0, 0, False, False)
        assert (memory.winding_down_at, memory.winding_down_size) == (NOON - DAY, 7 * WAD)

    def test_what_ends_leaves_nothing_behind(self, after):
        memory = replace(TRADED, upward=True, rebuilding=True)
        ended = after(replace(UP, trigger=Trigger.REBUILD), memory, leverage=3 * WAD)
        assert ended == Memory(traded_at=NOON, budget_used=ended.budget_used)


class TestRebuilding:
    FIRST = replace(UP, trigger=Trigger.REBUILD, leverage=0)

    def test_begins_with_the_first_chunk_and_keeps_that(self, after):
        memory = after(self.FIRST, Memory(), leverage=WAD)
        assert (memory.since, memory.upward, memory.rebuilding) == (NOON, True, True)
        next_chunk = replace(self.FIRST, leverage=WAD)
        later = after(next_chunk, memory, leverage=2 * WAD, now=NOON + 60)
        assert (later.since, later.traded_at, later.rebuilding) == (NOON, NOON + 60, True)

    def test_begins_again_when_the_venue_has_closed_what_was_rebuilt(self, after):
        yesterday = Memory(
            aim=3 * WAD,
            since=NOON - DAY,
            upward=True,
            rebuilding=True,
            traded_at=NOON - DAY,
        )
        memory = after(self.FIRST, yesterday, leverage=WAD)
        assert (memory.since, memory.rebuilding) == (NOON, True)

    def test_an_emergency_on_the_way_ends_it(self, after):
        memory = after(replace(DOWN, trigger=Trigger.EMERGENCY), replace(TRADED, rebuilding=True))
        assert (memory.rebuilding, memory.upward, memory.since) == (False, False, NOON)


class TestTogetherWithDecisions:
    """What is remembered is what the next decision goes by."""

    def trade(self, ask, after, asked, leverage):
        """The memory after a case's trade left a leverage."""
        decision = ask(asked)
        equity = asked.state.equity
        return after(decision, asked.memory, leverage, asked.rules, asked.now, equity)

    def test_a_chunked_trade_goes_on_until_it_is_near(self, ask, after):
        state = at_leverage(wad("4.5"), size=10_000 * WAD)
        memory = self.trade(ask, after, case(state), wad("4.4"))
        later = {"memory": memory, "now": NOON + 60}
        assert ask(case(at_leverage(wad("3.5")), **later)).trigger == Trigger.UNFINISHED
        asked = case(at_leverage(wad("3.1")), **later)
        memory = self.trade(ask, after, asked, wad("3.02"))
        assert memory.aim == 0
        later = {"memory": memory, "now": NOON + 120}
        assert ask(case(at_leverage(wad("3.5")), **later)).trigger == Trigger.NOTHING

    def test_a_rebuild_goes_on_after_a_second_liquidation_too(self, ask, after):
        closed = account(size=0, equity=10**6 * WAD, changed_at=BOUNDARY - DAY)
        begun = self.trade(ask, after, case(closed, now=BOUNDARY), WAD)
        # Liquidated again at once; a boundary at least a day later rebuilds anew, chunk by chunk.
        again = BOUNDARY + 2 * DAY
        closed = replace(closed, changed_at=BOUNDARY + 60)
        memory = self.trade(ask, after, case(closed, memory=begun, now=again), WAD)
        state = at_leverage(WAD, changed_at=BOUNDARY + 60)
        decision = ask(case(state, memory=memory, now=again + 60))
        assert decision.trigger == Trigger.REBUILD


def any_trade(random: Random, aim: int) -> Decision:
    """A trade that may have been made."""
    return Decision(
        trigger=random.choice([each for each in Trigger if each != Trigger.NOTHING]),
        leverage=random.choice([0, aim - 1, aim, aim + 1, random.randint(0, 2**67)]),
        aim=random.choice([0, aim]),
        cost=random.randint(-(2 ** random.randint(0, 96)), 2 ** random.randint(0, 96)),
        reward=random.randint(0, 2 ** random.randint(0, 96)),
    )


@given(st.randoms(use_true_random=False))
def test_contract_and_twin_agree(after, random):
    rules = any_rules(random)
    memory = any_memory(random, rules, NOON)
    aim = random.randint(1, 2 ** random.randint(50, 67))
    edges = [aim * 99 // 100, aim * 101 // 100]
    leverage = random.choice(
        [edge + random.randint(-2, 2) for edge in edges] + [0, aim, 2**256 - 1]
    )
    equity = random.randint(1, 2 ** random.randint(1, 127))
    after(any_trade(random, aim), memory, max(leverage, 0), rules, NOON, equity)
