"""What differs between two results is said."""

from dataclasses import replace

import pytest

from steelyard.replay import PathError, compare, make_settings, vector
from tests.replay.makers import walk

PATH = walk(3, 300, 0.03)


def play(**changes):
    return vector.play([replace(make_settings("3L"), **changes)], PATH).result(0)


def test_the_same():
    found = compare(play(), play())
    assert found.agrees
    assert (found.nav, found.figures, found.first) == (0.0, 0.0, None)
    assert str(found).endswith("; no event differs")


def test_another_nav():
    found = compare(play(), play(management_fee=0.02))
    assert found.first is None
    assert not found.agrees
    assert found.nav_row == len(PATH)
    assert 1e-6 < found.nav < 1e-2


def test_an_event_that_differs():
    one, other = play(), play()
    third = other.rebalances[2]
    events = tuple(
        replace(event, cause="EMERGENCY") if event is third else event for event in other.events
    )
    found = compare(one, replace(other, events=events))
    assert not found.agrees
    assert found.events == one.events.index(one.rebalances[2])
    assert found.first == (one.rebalances[2], replace(third, cause="EMERGENCY"))
    assert f"then rebalance {third.cause} in bar {third.bar} in the first" in str(found)
    assert f"rebalance EMERGENCY in bar {third.bar} in the second" in str(found)


def test_an_event_that_is_missing():
    one, other = play(), play()
    found = compare(one, replace(other, events=other.events[:-1]))
    assert found.first == (one.events[-1], None)
    assert "nothing in the second" in str(found)


def test_dust_is_no_event():
    one = play()
    dust = replace(one.rebalances[0], size_delta=1e-12)
    found = compare(one, replace(one, events=(dust, *one.events)))
    assert found.agrees


def test_figures_of_events():
    one, other = play(), play()
    events = (replace(other.events[0], fee=other.events[0].fee * 1.1), *other.events[1:])
    assert compare(one, replace(other, events=events)).figures == pytest.approx(1 / 11, rel=1e-6)


def test_other_paths():
    with pytest.raises(PathError, match="results of different paths"):
        compare(play(), vector.play([make_settings("3L")], PATH[:100]).result(0))
