"""Rebalancing: anybody, as the status says, paid for it, and remembered."""

from dataclasses import replace

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD, ceil_div
from steelyard.model.policy import Memory, Trigger
from tests.unit.token.helpers import NOON, reverts


@pytest.fixture
def drifted(venue, token):
    """From 3x, a fall of 12 % brings 4.125x."""
    venue.move(-12)
    return token


def test_trades_back_to_the_target(venue, drifted, rebalance):
    done = rebalance(drifted)
    assert done.trigger == Trigger.DRIFT
    assert done.aim == 3 * WAD
    assert done.leverage_before / WAD == pytest.approx(4.125, rel=1e-4)
    assert done.leverage_after / WAD == pytest.approx(3, rel=1e-6)
    # 40 ether of 150 and a little more to pay for it; 2 bp, less the premium of 130; 2 bp reward.
    assert done.size_delta / WAD == pytest.approx(-41, rel=0.01)
    notional = -done.size_delta * 1_760
    assert done.cost / WAD == pytest.approx(notional / WAD * (0.0002 - 0.0001295), rel=0.01)
    assert done.reward / venue.one == pytest.approx(notional / WAD * 0.0002125, rel=1e-3)


def test_is_remembered(venue, drifted, rebalance):
    assert venue.memory(drifted) == Memory()
    equity = venue.state(drifted).equity
    done = rebalance(drifted)
    spent = max(done.cost, 0) + done.reward * venue.scale
    used = ceil_div(spent * WAD, equity)
    assert venue.memory(drifted) == Memory(traded_at=NOON, budget_used=used)


def test_status_is_the_policys(venue, make_token):
    """What the token shows is the model's decision, the reward in whole units."""
    for is_long in (True, False):
        token = make_token(is_long=is_long)
        for percent in (-25, -21, -12, 0, 7, 7, 13, 20):
            with venue.evm.anchor():
                venue.move(percent)
                expected = venue.decide(token)
                reward = expected.reward // venue.scale * venue.scale
                shown = token.rebalance_status()
                assert shown == tuple(vars(replace(expected, reward=reward)).values())


def test_holders_bear_cost_and_reward_alone(venue, drifted, rebalance):
    nav, shares = venue.nav(drifted), venue.shares(drifted)
    done = rebalance(drifted)
    spent = done.cost + done.reward * venue.scale
    assert venue.shares(drifted) == shares
    assert (nav - venue.nav(drifted)) * shares == spent * WAD


def test_by_anyone(venue, drifted, attacker, holder, factory):
    for account in (attacker, holder, factory):
        with venue.evm.anchor():
            before = venue.usd.balanceOf(account)
            reward = drifted.rebalance(sender=account)
            assert venue.usd.balanceOf(account) == before + reward


def test_reward_goes_where_it_is_sent(venue, drifted, keeper, receiver):
    reward = drifted.rebalance(0, receiver, sender=keeper)
    assert (venue.usd.balanceOf(receiver), venue.usd.balanceOf(keeper)) == (reward, 0)
    [log] = drifted.logs("Rebalanced")
    assert log.args.caller == keeper


def test_for_a_reward_of_at_least(venue, drifted, keeper):
    expected = drifted.rebalance_status().reward // venue.scale
    with venue.evm.anchor():
        assert drifted.rebalance(expected, sender=keeper) == expected
    before = venue.books(drifted, keeper)
    with reverts("rebalance: reward too small"):
        drifted.rebalance(expected + 1, sender=keeper)
    assert venue.books(drifted, keeper) == before


def test_to_nobody_to_the_token_and_to_the_venue(venue, drifted, keeper):
    for receiver in (ZERO_ADDRESS, drifted, venue.exchange):
        with reverts("token: bad receiver"):
            drifted.rebalance(0, receiver, sender=keeper)


def test_nothing_to_do_in_the_band(venue, token, keeper):
    for percent in (0, 5, -8):
        venue.move(percent)
        status = token.rebalance_status()
        assert (status.trigger, status.size_delta, status.reward) == (Trigger.NOTHING, 0, 0)
        with reverts("rebalance: nothing to do"):
            token.rebalance(sender=keeper)


def test_again_at_once_there_is_nothing_to_do(drifted, rebalance, keeper):
    rebalance(drifted)
    with reverts("rebalance: nothing to do"):
        drifted.rebalance(sender=keeper)


@pytest.mark.parametrize("decimals", [0, 6, 18])
def test_reward_is_in_whole_units(venue, drifted, rebalance):
    rebalance(drifted)
    assert drifted.rebalance_status().reward % venue.scale == 0


def test_partial_recentering(venue, make_token, rebalance):
    """Half of the way from 4.125x to 3x."""
    token = make_token(recentering=WAD // 2)
    venue.move(-12)
    done = rebalance(token)
    assert done.aim / WAD == pytest.approx(3.5625, rel=1e-4)
    assert done.leverage_after == pytest.approx(done.aim, rel=1e-6)


def test_aim_stays_within_the_band(venue, make_token, rebalance):
    """A quarter of the way from 4.75x is 4.31x: above hi."""
    token = make_token(recentering=WAD // 4)
    venue.move(-15)
    done = rebalance(token)
    assert done.aim == 4 * WAD


def test_minting_opens_again(venue, drifted, rebalance, depositor):
    with reverts("mint: rebalance first"):
        drifted.deposit(100 * venue.one, depositor, sender=depositor)
    rebalance(drifted)
    drifted.deposit(100 * venue.one, depositor, sender=depositor)
