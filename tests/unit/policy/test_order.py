"""`order` is `decide` for who acts on it: the same decision, or the reason why there is none."""

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from steelyard.errors import CONTRACT_ERRORS
from steelyard.evm import Revert
from steelyard.model import policy as model
from steelyard.model.arithmetic import WAD
from steelyard.model.arithmetic import Revert as ModelRevert
from steelyard.model.policy import Obstacle
from steelyard.model.policy.obstacle import REFUSALS
from tests.unit.policy.cases import account, any_case, at_leverage, case, wad

CASES = 3_000


@pytest.fixture(scope="module")
def order(at_venue):
    """Order by the contract; a revert becomes its reason."""

    def order(case):
        try:
            return at_venue("order", case)
        except Revert as revert:
            return revert.reason

    return order


def test_gives_the_decision_or_the_reason_of_its_obstacle(ask, order):
    reasons, random = Counter(), Random(5)
    for _ in range(CASES):
        case = any_case(random)
        decision, ordered = ask(case), order(case)
        if decision.obstacle == Obstacle.CLEAR and decision.size_delta:
            assert replace(decision, **ordered.decision._asdict()) == decision
            before = case.state
            assert ordered[1:] == (before.size, before.equity, before.price)
            assert model.order(case) == decision
            reasons[None] += 1
            continue
        expected = REFUSALS.get(decision.obstacle, "rebalance: nothing to do")
        assert ordered == expected
        with pytest.raises(ModelRevert, match=expected):
            model.order(case)
        reasons[ordered] += 1
    print(reasons)
    # Cases without a reference feed: test_obstacles has those with one.
    met = {*REFUSALS.values(), "rebalance: nothing to do", None} - {"rebalance: reference price"}
    assert set(reasons) == met
    assert min(reasons.values()) >= CASES // 100


def test_says_so_when_the_reference_is_missing(ask, order):
    rules = replace(case(account()).rules, reference="0x" + "de" * 20)
    asked = case(at_leverage(wad("4.5")), rules)
    assert ask(asked).obstacle == Obstacle.REFERENCE
    assert order(asked) == "rebalance: reference price"


def test_in_band_there_is_nothing_to_do(order):
    assert order(case(at_leverage(3 * WAD))) == "rebalance: nothing to do"


def test_every_obstacle_has_a_reason_with_a_remedy():
    assert set(REFUSALS) == set(Obstacle) - {Obstacle.CLEAR}
    for reason in REFUSALS.values():
        assert len(reason) <= 32
        assert CONTRACT_ERRORS[reason]
