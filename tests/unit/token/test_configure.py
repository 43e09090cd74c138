"""New terms and rules: by the factory; fees accrue first, pause and phase stay."""

from dataclasses import replace

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.leverage import YEAR
from steelyard.model.policy import Trigger, pack_rules, unpack_rules
from tests.unit.token.helpers import (
    BP,
    NOON,
    SETTLED,
    TRADING,
    WINDING_DOWN,
    pack_terms,
    reverts,
    unpack_terms,
)


@pytest.fixture
def configured(token):
    """Other terms, other rules."""
    words = token.words()
    terms = unpack_terms(words.terms) | {
        "mint_fee": 20 * BP,
        "redeem_fee": 30 * BP,
        "fee_rate": 0,
        "leverage_lo": 25 * WAD // 10,
        "leverage_hi": 35 * WAD // 10,
        "cap": 500 * WAD,
    }
    rules = replace(
        unpack_rules(words.rules),
        leverage_lo=25 * WAD // 10,
        leverage_hi=35 * WAD // 10,
        cooldown=120,
    )
    return pack_terms(**terms), pack_rules(rules)


def test_replaces_terms_and_rules(token, configured, factory, receiver):
    terms, rules = configured
    token.configure(terms, rules, receiver, sender=factory)
    [log] = token.logs("Configured")
    assert (log.args.terms, tuple(log.args.rules), log.args.fee_receiver) == (
        terms,
        rules,
        receiver,
    )
    assert (token.words().terms, tuple(token.words().rules)) == configured
    assert token.fee_receiver() == receiver


def test_takes_effect_at_once(venue, token, configured, factory, holder, depositor):
    venue.move(-8)
    assert token.rebalance_status().trigger == Trigger.NOTHING
    token.configure(*configured, token.fee_receiver(), sender=factory)
    assert token.rebalance_status().trigger == Trigger.DRIFT
    with reverts("mint: rebalance first"):
        token.deposit(100 * venue.one, depositor, sender=depositor)
    vault = venue.vault(token)
    traded = 997 * WAD // 1_000
    expected = vault.redeem_value(traded, vault.redeem_delta(traded)) // venue.scale
    assert token.redeem(WAD, holder, holder, sender=holder) == expected


def test_by_the_factory_alone(token, configured, attacker, holder, fee_receiver, owner):
    for account in (attacker, holder, fee_receiver, owner):
        with reverts("token: only the factory"):
            token.configure(*configured, account, sender=account)


def test_mints_what_is_owed_to_whom_it_is_owed(
    venue, token, configured, factory, fee_receiver, receiver
):
    venue.wait(YEAR)
    owed, nav = token.owed_shares(), venue.nav(token)
    token.configure(*configured, receiver, sender=factory)
    [log] = token.logs("FeesClaimed")
    assert tuple(log.args) == (fee_receiver, owed)
    assert token.balanceOf(fee_receiver) == owed > 0
    assert token.balanceOf(receiver) == token.owed_shares() == 0
    assert venue.nav(token) == nav


def test_new_receiver_gets_what_accrues_from_now_on(venue, token, fee_receiver, receiver):
    venue.configure_token(token, fee_receiver=receiver)
    before = token.balanceOf(fee_receiver)
    venue.wait(DAY)
    owed = token.owed_shares()
    token.claim_fees(sender=receiver)
    assert token.balanceOf(receiver) == owed > 0
    assert token.balanceOf(fee_receiver) == before


def test_receiver_can_be_taken_away_and_given(venue, token, receiver, depositor):
    venue.configure_token(token, fee_receiver=ZERO_ADDRESS, fees_on=0, fee_rate=0)
    assert token.fee_receiver() == ZERO_ADDRESS
    venue.wait(DAY)
    token.deposit(1_000 * venue.one, depositor, sender=depositor)
    assert token.owed_shares() == 0
    with reverts("fees: no receiver"):
        token.claim_fees(sender=depositor)
    rate = 10**16
    venue.configure_token(token, fee_receiver=receiver, fees_on=1, fee_rate=rate)
    assert token.owed_shares() == 0
    assert not token.logs("FeesClaimed")
    venue.wait(DAY)
    expected = token.totalSupply() * rate // 365 // WAD
    assert token.owed_shares() == pytest.approx(expected, rel=1e-4)


def test_keeps_the_pause(venue, token, configured, factory, depositor):
    token.pause_mint(NOON + DAY, sender=factory)
    token.configure(*configured, token.fee_receiver(), sender=factory)
    assert unpack_terms(token.words().terms)["paused_until"] == NOON + DAY
    with reverts("mint: paused"):
        token.deposit(100 * venue.one, depositor, sender=depositor)


@pytest.mark.parametrize("phase", [0, WINDING_DOWN, SETTLED, 7])
def test_brings_neither_a_pause_nor_a_phase(token, configured, factory, phase):
    terms = unpack_terms(configured[0]) | {"paused_until": NOON + DAY, "phase": phase}
    token.configure(pack_terms(**terms), configured[1], token.fee_receiver(), sender=factory)
    kept = unpack_terms(token.words().terms)
    assert (kept["paused_until"], kept["phase"]) == (0, TRADING)
    assert token.words().terms == configured[0]


def test_keeps_the_memory(venue, make_token, keeper):
    token = make_token(trade_share=WAD // 100)
    venue.move(-12)
    token.rebalance(sender=keeper)
    memory = venue.memory(token)
    venue.configure_token(token, max_slippage=WAD // 200)
    assert venue.memory(token) == memory
    assert memory.aim == 3 * WAD


def test_not_once_it_winds_down(token, configured, factory):
    token.wind_down(sender=factory)
    with reverts("token: winding down"):
        token.configure(*configured, token.fee_receiver(), sender=factory)


def test_position_and_shares_stay(venue, token, configured, factory, holder):
    before = venue.state(token), token.balanceOf(holder)
    token.configure(*configured, token.fee_receiver(), sender=factory)
    assert (venue.state(token), token.balanceOf(holder)) == before
