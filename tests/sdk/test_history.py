"""Histories of tokens on a real node, each figure as the lens said it at that block."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple

import pytest

from steelyard.model.arithmetic import WAD
from steelyard.sdk.history import HistoryError
from tests.bench.node import anvil
from tests.sdk.history_life import (
    ALICE,
    BOB,
    FEES,
    KEEPER,
    OTHER_FEES,
    OWNER,
    USD,
    Life,
    live_long,
    live_short,
)

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


def test_flows_are_what_people_paid_and_got(life, token, history):
    """But for the seed, whose shares cannot move."""
    usd = life.system.usd
    for flow in history.flows[1:]:
        payer, sign = (flow.sender, -1) if flow.verb == "mint" else (flow.receiver, 1)
        paid = life.view(usd, "balanceOf", payer, flow.block)
        paid -= life.view(usd, "balanceOf", payer, flow.block - 1)
        moved = life.view(token, "balanceOf", flow.account, flow.block)
        moved -= life.view(token, "balanceOf", flow.account, flow.block - 1)
        assert (paid, moved) == (sign * flow.raw.assets, -sign * flow.raw.shares)


def test_costs_of_flows_add_up(life, token, history):
    """Fee in shares, order fee and impact, to the rounding of the collateral and of a share."""
    for flow in history.flows[1:]:
        raw = flow.raw
        parts = raw.fee_shares * raw.nav // WAD + raw.venue_fee + raw.impact
        assert 0 <= raw.cost - parts <= 10**12 + 1_000
    settled = [flow.raw for flow in history.flows if flow.raw.price == 0]
    assert {(raw.fee_shares, raw.venue_fee, raw.impact) for raw in settled} == {(0, 0, 0)}
    assert all(raw.nav == history.nav[-1].raw.nav for raw in settled)


def test_the_seed_is_a_flow(life, token, history):
    seed = history.flows[0]
    assert (seed.verb, seed.sender.lower(), seed.raw.assets) == ("seed", OWNER, 200 * USD)
    assert seed.account.lower() == life.system.factory.address
    assert seed.raw.shares == life.view(token, "balanceOf", seed.account, life.block)
    assert seed.raw.cost == seed.raw.venue_fee + seed.raw.impact
    # At 100 a share, the shares rounded down.
    assert 0 <= seed.raw.nav - 100 * WAD < 100


def test_rebalances(life, token, history):
    assert history.rebalances
    for made in history.rebalances:
        seen = life.lens_at(token, made.block)
        before = life.view(life.system.usd, "balanceOf", made.keeper, made.block - 1)
        after = life.view(life.system.usd, "balanceOf", made.keeper, made.block)
        raw = made.raw
        assert (raw.size, raw.equity, raw.price) == (
            seen.account.size,
            seen.account.equity,
            seen.account.price,
        )
        assert raw.leverage_after == seen.decision.leverage
        assert raw.reward == after - before
        assert made.keeper.lower() == KEEPER
        assert abs(raw.leverage_after - raw.aim) < abs(raw.leverage_before - raw.aim)
    triggers = {made.trigger.name for made in history.rebalances}
    assert triggers == ({"EMERGENCY"} if history.symbol == "ETH3L" else {"DRIFT", "WIND_DOWN"})


def test_fees_are_what_their_receivers_hold(life, token, history):
    held = Counter()
    for fee in history.fees:
        held[fee.receiver.lower()] += fee.raw.shares
    assert held
    for receiver, shares in held.items():
        assert shares == life.view(token, "balanceOf", receiver, life.block)


def test_configurations(life, token, history):
    for config in history.configs:
        seen = life.lens_at(token, config.block)
        assert astuple(config.terms) == tuple(seen.terms)
        assert astuple(config.rules) == tuple(seen.rules)
        assert config.fee_receiver.lower() == seen.fee_receiver
    assert len(history.configs) == (4 if history.symbol == "ETH3L" else 1)


def test_beginning_pauses_and_end(life, token, history):
    changes = ["created", "wind_down_started", "settled"]
    if history.symbol == "ETH3L":
        changes.insert(1, "mint_paused")
    assert [record.change for record in history.life] == changes
    assert (history.life[0].assets, history.born) == (200 * USD, history.nav[0].block)
    seen = life.lens_at(token, life.block)
    end = history.life[-1]
    assert (end.assets, end.shares) == (seen.settled_assets, seen.settled_shares)
    assert history.life[-2].caller.lower() == life.system.factory.address


def test_liquidations(life, history):
    actions = [record.action for record in history.liquidations]
    if history.symbol == "ETH3S":
        assert not actions
        return
    assert actions[:4] == ["deleveraged", "flagged", "recovered", "flagged"]
    last = history.liquidations[-1]
    assert (last.action, last.raw.size) == ("liquidated", 0)
    assert last.raw.keeper_fee > 0


def test_transfers(life, history):
    moved = [(t.sender.lower(), t.receiver.lower(), t.raw.shares) for t in history.transfers]
    assert moved == ([(ALICE, BOB, 3 * WAD + 1)] if history.symbol == "ETH3L" else [])


@pytest.mark.parametrize("holder", [ALICE, BOB, FEES, OTHER_FEES])
def test_accounts_hold_what_they_hold(life, token, history, holder):
    """After every one of their moves, and in the end."""
    account = history.account(holder)
    assert account.raw.balance == life.view(token, "balanceOf", holder, life.block)
    for entry in account.entries:
        assert entry.raw.balance == life.view(token, "balanceOf", holder, entry.block)
    # What came in and out, and what is left, is the profit: nothing is lost between entries.
    signs = {"redeem": 1, "transfer_out": 1}
    net = sum(signs.get(entry.verb, -1) * entry.raw.assets for entry in account.entries)
    assert account.raw.realised + account.raw.unrealised == net + account.raw.value


def test_a_history_up_to_a_block_is_the_beginning_of_the_whole(life, token, history):
    middle = history.nav[len(history.nav) // 2].block
    part = life.history(token, last=middle)
    assert part.all == history.between(0, middle).all
    assert (part.last, part.last_hash) == (middle, life.chain.block(middle).hash)


def test_before_a_token_there_is_nothing(life, token, history):
    with pytest.raises(HistoryError) as error:
        life.history(token, last=history.born - 1)
    assert str(error.value) == (
        f"{history.symbol} was not made in blocks 0 to {history.born - 1} "
        "(ask for a later block, or check the record of the deployment)"
    )
