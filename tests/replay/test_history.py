"""On real history: which tokens the crash of March 2020 kills, and what four years cost."""

import os
from functools import cache

import numpy as np
import pytest

from steelyard.history import HistoryError
from steelyard.replay import make_settings, read_path, replay

PRICES, FUNDING = os.environ.get("PRICES"), os.environ.get("FUNDING")


@cache
def history(start, end):
    """Cut the history that the environment names; without one that has it, skip."""
    if not PRICES or not FUNDING:
        pytest.skip("PRICES and FUNDING name no files: hourly BTC prices, and rates per 8 hours")
    try:
        return read_path(PRICES, FUNDING, start, end)
    except HistoryError as error:
        pytest.skip(f"PRICES and FUNDING do not have it: {error}")


@pytest.fixture
def crash():
    return history("2020-03-10", "2020-03-16")


def test_a_triple_token_rebalanced_only_daily_dies_in_the_crash(crash):
    result = replay(crash, make_settings("3L", "daily"))
    assert result.summary()["wiped_at"].startswith("2020-03-12")
    assert result.nav[-1] == 0


def test_a_triple_token_watched_hourly_lives_through_the_crash(crash):
    result = replay(crash, make_settings("3L"))
    assert result.wiped_at is None
    assert result.summary()["liquidations"] == 0
    assert result.nav[-1] > 5
    assert {event.cause for event in result.rebalances} >= {"DRIFT"}


def test_a_year_of_real_funding_is_what_the_rates_say():
    path = history("2021-01-01", "2022-01-01")
    result = replay(path, make_settings("3L"))
    rows = result.rows
    paid = path.funding / 1e18 / 24 * rows.size[:-1] * np.append(path.opens[1:], path.final / 1e8)
    # Between bookings funding accrues at the price of the next look.
    assert -rows.funding.sum() == pytest.approx(paid.sum(), rel=0.01)
    assert sum(result.moves.values()) == result.navs[1] - result.navs[0]
