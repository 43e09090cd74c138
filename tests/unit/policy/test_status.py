"""`status` is `decide` of the account as it is, with the venue's room and maintenance margin."""

from dataclasses import replace
from random import Random

import pytest

from steelyard.model.policy import Memory, Obstacle
from tests.unit.policy.cases import NOON, any_case, at_leverage, case, wad

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
@pytest.mark.parametrize("level", ["1.5", "4.5", "80"])
def test_a_trade_must_leave_more_than_maintenance(ask, at_venue, is_long, level):
    """A reduction too: an account due for liquidation, not yet flagged, may be refused one."""
    asked = at(level, is_long)
    decision = ask(asked)
    left = asked.state.equity - decision.cost - decision.reward
    assert at_venue("status", asked, 2**95, left - 1).obstacle == Obstacle.CLEAR
    assert at_venue("status", asked, 2**95, left).obstacle == Obstacle.VENUE


def test_a_reduction_needs_no_room(at_venue):
    assert at_venue("status", at("4.5", True)).obstacle == Obstacle.CLEAR


def test_closing_needs_no_margin(at_venue):
    memory = Memory(winding_down_at=NOON - 600, winding_down_size=100 * 10**18)
    asked = case(at_leverage(wad("3"), size=10**18), memory=memory)
    assert at_venue("status", asked, 0, 2**95).size_delta == -(10**18)
    assert at_venue("status", asked, 0, 2**95).obstacle == Obstacle.CLEAR


def at(level, is_long):
    """A token at a leverage; below its band it must buy, above it sell, and a short the reverse."""
    side = 1 if is_long else -1
    return case(at_leverage(wad(level), size=side * 100 * 10**18), is_long=is_long)


def low(is_long):
    """A token below its band."""
    return at("1.5", is_long)
