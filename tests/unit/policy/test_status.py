"""`status` is `decide` of the account as it is, with the venue's room and maintenance margin."""

from dataclasses import replace
from random import Random

import pytest

from steelyard.model.policy import Obstacle
from tests.unit.policy.cases import any_case, at_leverage, case, wad

CASES = 500


def test_is_the_decision_where_the_venue_has_room(ask, at_venue):
    random = Random(8)
    for _ in range(CASES):
        asked = any_case(random)
        decision = ask(asked)
        shown = at_venue("status", asked, room=2**95)
        assert replace(decision, **shown._asdict()) == decision


@pytest.mark.parametrize("is_long", [True, False])
def test_an_increase_needs_room_on_its_side(ask, at_venue, is_long):
    asked = low(is_long)
    size = abs(ask(asked).size_delta)
    assert at_venue("status", asked, room=size).obstacle == Obstacle.CLEAR
    assert at_venue("status", asked, room=size - 1).obstacle == Obstacle.VENUE


@pytest.mark.parametrize("is_long", [True, False])
def test_an_increase_must_leave_more_than_maintenance(ask, at_venue, is_long):
    asked = low(is_long)
    decision = ask(asked)
    left = asked.state.equity - decision.cost - decision.reward
    assert at_venue("status", asked, 2**95, left - 1).obstacle == Obstacle.CLEAR
    assert at_venue("status", asked, 2**95, left).obstacle == Obstacle.VENUE


def test_a_reduction_needs_neither(at_venue):
    asked = case(at_leverage(wad("4.5")))
    assert at_venue("status", asked, 0, 2**95).obstacle == Obstacle.CLEAR


def low(is_long):
    """A token below its band, which must buy, or sell if it is short."""
    side = 1 if is_long else -1
    return case(at_leverage(wad("1.5"), size=side * 100 * 10**18), is_long=is_long)
