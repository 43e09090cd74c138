"""Minting the fee shares that are owed."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.leverage import YEAR
from tests.unit.token.helpers import PAUSED, reverts


def test_mints_what_is_owed(venue, token, fee_receiver, attacker):
    """Called by anyone."""
    venue.wait(DAY)
    owed, supply = token.owed_shares(), token.totalSupply()
    assert owed > 0
    assert token.claim_fees(sender=attacker) == owed
    minted, claimed = token.logs()
    assert (minted.name, tuple(minted.args)) == ("Transfer", (ZERO_ADDRESS, fee_receiver, owed))
    assert (claimed.name, tuple(claimed.args)) == ("FeesClaimed", (fee_receiver, owed))
    assert token.balanceOf(fee_receiver) == owed
    assert token.totalSupply() == supply + owed
    assert token.owed_shares() == 0


def test_changes_no_value(venue, token, attacker):
    venue.wait(YEAR)
    before = venue.nav(token), token.previewRedeem(WAD), venue.state(token)
    token.claim_fees(sender=attacker)
    assert (venue.nav(token), token.previewRedeem(WAD), venue.state(token)) == before


def test_twice_at_once_mints_nothing_more(token, attacker):
    token.claim_fees(sender=attacker)
    supply = token.totalSupply()
    assert token.claim_fees(sender=attacker) == 0
    assert token.totalSupply() == supply


def test_claimed_shares_redeem(venue, token, fee_receiver):
    token.claim_fees(sender=fee_receiver)
    shares = token.balanceOf(fee_receiver)
    expected = token.previewRedeem(shares)
    assert token.redeem(shares, fee_receiver, fee_receiver, sender=fee_receiver) == expected
    assert venue.usd.balanceOf(fee_receiver) == expected > 0


@pytest.mark.parametrize("verb", ["pause", "paused venue", "wind down", "no equity"])
def test_whatever_the_state(venue, token, factory, attacker, verb):
    if verb == "pause":
        token.pause_mint(venue.evm.timestamp + DAY, sender=factory)
    if verb == "paused venue":
        venue.status(PAUSED)
    if verb == "wind down":
        token.wind_down(sender=factory)
    if verb == "no equity":
        venue.move(-50)
    owed = token.owed_shares()
    assert token.claim_fees(sender=attacker) == owed > 0


def test_without_a_receiver(make_token, attacker):
    token = make_token(fee_receiver=ZERO_ADDRESS)
    with reverts("fees: no receiver"):
        token.claim_fees(sender=attacker)
