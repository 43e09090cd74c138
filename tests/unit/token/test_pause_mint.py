"""Closing minting for a time: by the factory, which bounds it."""

import pytest

from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import NOON, TRADING, reverts, unpack_terms


def test_is_recorded(token, factory):
    before = unpack_terms(token.words().terms)
    token.pause_mint(NOON + DAY, sender=factory)
    [log] = token.logs()
    assert (log.name, tuple(log.args)) == ("MintPaused", (NOON + DAY,))
    assert unpack_terms(token.words().terms) == before | {"paused_until": NOON + DAY}


def test_closes_deposits_and_mints_and_nothing_else(
    venue, token, factory, depositor, holder, keeper, receiver
):
    token.pause_mint(NOON + 3 * DAY, sender=factory)
    with reverts("mint: paused"):
        token.deposit(100 * venue.one, depositor, sender=depositor)
    with reverts("mint: paused"):
        token.mint(WAD, depositor, sender=depositor)
    token.transfer(receiver, WAD, sender=holder)
    token.redeem(WAD, holder, holder, sender=holder)
    token.withdraw(100 * venue.one, holder, holder, sender=holder)
    token.claim_fees(sender=keeper)
    venue.move(-12)
    token.rebalance(sender=keeper)


def test_can_be_lengthened_and_ended(venue, token, factory, depositor):
    token.pause_mint(NOON + DAY, sender=factory)
    token.pause_mint(NOON + 2 * DAY, sender=factory)
    venue.wait(DAY)
    with reverts("mint: paused"):
        token.deposit(100 * venue.one, depositor, sender=depositor)
    token.pause_mint(0, sender=factory)
    token.deposit(100 * venue.one, depositor, sender=depositor)


def test_by_the_factory_alone(token, attacker, holder, fee_receiver, owner):
    for account in (attacker, holder, fee_receiver, owner):
        with reverts("token: only the factory"):
            token.pause_mint(NOON + DAY, sender=account)


@pytest.mark.parametrize("until", [2**40 - 1, 2**40, 2**256 - 1])
def test_no_time_spoils_the_other_terms(token, factory, until):
    before = unpack_terms(token.words().terms)
    token.pause_mint(until, sender=factory)
    assert unpack_terms(token.words().terms) | {"paused_until": 0} == before


def test_in_every_phase(venue, token, factory):
    token.wind_down(sender=factory)
    token.pause_mint(NOON + DAY, sender=factory)
    assert unpack_terms(token.words().terms)["phase"] != TRADING
