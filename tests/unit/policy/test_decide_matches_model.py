"""RebalancePolicy on the in-process EVM decides as its twin does, whatever it is asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Case, Obstacle, Trigger
from steelyard.model.venue.states import MarketStatus
from tests.unit.policy.cases import any_case

CASES = 10_000


def any_answer(random: Random, case: Case) -> tuple[int, int] | None:
    """None without a reference feed, else its answer with 8 decimals and its age, seconds."""
    near = case.state.price * random.randint(950, 1_050) // 1_000 // 10**10
    value = random.choice([near, near, near, random.randint(-1, 2**70)])
    age = random.choice([0, 3_600, 3_601, -1, random.randint(0, 3_600)])
    return random.choice([None, (value, age)])


def decide_with_reference(ask, feed, tell, case, answer):
    """Ask with the reference feed set, unless there is no answer."""
    if answer is None:
        return ask(case)
    value, age = answer
    tell(value, case.now - age)
    rules = replace(case.rules, reference=feed.address, reference_max_age=3_600)
    fresh = value > 0 and 0 <= age <= 3_600 and value * 10**10 <= 2**94
    return ask(replace(case, rules=rules, reference=value * 10**10 if fresh else 0))


def test_contract_and_twin_agree_and_every_outcome_is_met(ask, feed, tell):
    triggers, obstacles, trades = Counter(), Counter(), Counter()
    # The same cases every time: what is counted must not depend on luck.
    random = Random(1)
    for _ in range(CASES):
        case = any_case(random)
        decision = decide_with_reference(ask, feed, tell, case, any_answer(random, case))
        triggers[decision.trigger] += 1
        obstacles[decision.obstacle] += 1
        if decision.trigger != Trigger.NOTHING and decision.obstacle == Obstacle.CLEAR:
            trades[decision.trigger] += 1
            trades["whole" if decision.size_delta == decision.whole_delta else "part"] += 1
            trades["rebate" if decision.cost < 0 else "cost"] += 1
            trades["CLOSED"] += case.state.status == MarketStatus.CLOSED
    for counter in (triggers, obstacles, trades):
        print({getattr(key, "name", key): count for key, count in counter.most_common()})
    assert min(triggers[trigger] for trigger in Trigger) >= CASES // 100
    assert min(obstacles[obstacle] for obstacle in Obstacle) >= CASES // 100
    made = [trigger for trigger in Trigger if trigger != Trigger.NOTHING]
    assert min(trades[kind] for kind in [*made, "whole", "part", "rebate", "cost", "CLOSED"]) >= 15


@given(st.randoms(use_true_random=False))
def test_a_decision_on_new_cases_agrees_and_is_consistent(ask, feed, tell, random):
    case = any_case(random)
    decision = decide_with_reference(ask, feed, tell, case, any_answer(random, case))
    assert abs(decision.size_delta) <= abs(decision.whole_delta)
    assert decision.size_delta * decision.whole_delta >= 0
    if decision.trigger == Trigger.NOTHING:
        assert decision.whole_delta == decision.reward == decision.cost == decision.aim == 0
    elif decision.obstacle == Obstacle.CLEAR:
        assert decision.size_delta
        notional = abs(decision.size_delta) * case.state.price // WAD
        assert decision.reward * WAD <= notional * case.rules.max_rate
