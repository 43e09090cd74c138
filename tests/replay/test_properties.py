"""What holds for every path: nothing knows the future, units do not matter, fees never help."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from steelyard.replay import Keeper, Path, Venue, make_settings, replay
from tests.replay.makers import walk

# A replay deploys a system: few examples, and none is too slow.
few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
seeds = st.integers(0, 10_000)
tokens = st.sampled_from(["3L", "2L", "3S", "2S"])
rules = st.sampled_from(["steelyard", "ftx", "bybit", "kucoin", "gate", "fli", "daily"])


def scaled(path, factor):
    """The same path at another price of a unit."""
    columns = {name: getattr(path, name) * factor for name in ("open", "high", "low", "close")}
    return replace(path, **columns)


def until(path, bars, tail):
    """The first bars of a path, then another's; its prices go on from there."""
    ratio = int(path.open[bars]) / int(tail.open[0])
    columns = []
    for name in ("open", "high", "low", "close"):
        ours, theirs = getattr(path, name)[:bars], getattr(tail, name)[: len(path) - bars]
        columns.append(np.concatenate([ours, np.rint(theirs * ratio).astype(np.int64)]))
    columns[1] = np.maximum(columns[1], np.maximum(columns[0], columns[3]))
    columns[2] = np.minimum(columns[2], np.minimum(columns[0], columns[3]))
    return Path("spliced", path.step, path.time, *columns, path.funding)


@few
@given(seed=seeds, token=tokens, rule=rules, bars=st.integers(1, 79), miss=st.booleans())
def test_nothing_knows_the_future(seed, token, rule, bars, miss):
    path = walk(seed, hours=80, swing=0.04)
    other = until(path, bars, walk(seed + 1, hours=80, swing=0.2))
    keeper = Keeper(delay=1, miss=0.3, seed=seed) if miss else Keeper()
    chosen = replace(make_settings(token, rule), keeper=keeper)
    one, two = replay(path, chosen), replay(other, chosen)
    for field in fields(one.rows):
        ours, theirs = getattr(one.rows, field.name), getattr(two.rows, field.name)
        # At the row of the splice, the price is still the same to the last digit or two.
        assert (ours[:bars] == theirs[:bars]).all(), field.name
    told = [[event for event in each.events if event.bar < bars] for each in (one, two)]
    assert told[0] == told[1]


@few
@given(seed=seeds, token=tokens, rule=rules, factor=st.sampled_from([2, 10, 1_000]))
def test_the_price_of_a_unit_does_not_matter(seed, token, rule, factor):
    # Deep enough that the depth, stored in whole units, is the same to nine digits.
    chosen = replace(make_settings(token, rule), venue=Venue(depth=4e12))
    path = walk(seed, hours=80, start_price=100.0)
    one, two = replay(path, chosen), replay(scaled(path, factor), chosen)
    assert two.nav == pytest.approx(one.nav, rel=1e-7, abs=1e-9)
    assert [e.bar for e in one.rebalances] == [e.bar for e in two.rebalances]
    assert two.rows.size * factor == pytest.approx(one.rows.size, rel=1e-6, abs=1e-9)


@few
@given(seed=seeds, token=tokens, rule=st.sampled_from(["daily", "kucoin", "fli"]))
def test_fees_never_help(seed, token, rule):
    path = walk(seed, hours=120, swing=0.005)
    returns = []
    for fee in (0.0002, 0.0006, 0.003):
        venue = Venue(taker_fee=fee, maker_fee=fee)
        chosen = replace(make_settings(token, rule), venue=venue)
        returns.append(replay(path, chosen).total_return)
    assert returns[0] > returns[1] > returns[2]


@few
@given(seed=seeds, token=tokens, rule=rules)
def test_books_add_up_and_ends_are_ends(seed, token, rule):
    result = replay(walk(seed, hours=80, swing=0.08), make_settings(token, rule))
    assert sum(result.moves.values()) == result.navs[1] - result.navs[0]
    assert (result.nav >= 0).all()
    if result.ended_at is not None:
        assert len(set(result.nav[result.ended_at :].tolist())) == 1
        assert not result.rows.traded[result.ended_at + 1 :].any()
    assert len(result.summary()["parts"]) == 9
