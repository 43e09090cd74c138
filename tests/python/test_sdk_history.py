"""Histories of tokens on a real node, each figure as the lens said it at that block."""

from __future__ import annotations

import pytest

from tests.bench.node import anvil
from tests.python.sdk_history_life import Life, live_long, live_short

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def life():
    with anvil() as node:
        life = Life(node)
        live_long(life)
        live_short(life)
        yield life


@pytest.fixture(scope="module", params=["long", "short"])
def token(life, request):
    return getattr(life, request.param)


@pytest.fixture(scope="module")
def history(life, token):
    return life.history(token)


def test_every_point_is_what_the_lens_said(life, token, history):
    for point in history.nav:
        seen = life.lens_at(token, point.block)
        account = seen.account
        level = seen.decision.leverage
        equity = account.equity
        if point.phase.name == "CLOSED":
            equity, level = seen.settled_assets * 10**12, 0
        expected = (account.price, account.size, equity, level, seen.supply, seen.owed_shares)
        raw = point.raw
        assert (raw.price, raw.size, raw.equity, raw.leverage, raw.supply, raw.owed) == expected
        assert (raw.nav, raw.slack) == (seen.nav, 0)
        assert (point.timestamp, point.phase) == (seen.timestamp, seen.terms.phase)


def test_there_is_a_point_wherever_the_position_was_touched(life, token, history):
    assert [point.block for point in history.nav] == sorted(life.touched[token.address])
