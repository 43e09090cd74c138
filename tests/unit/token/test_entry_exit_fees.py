"""Entry and exit fees, in shares: owed to the receiver, or kept by all holders."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD, ceil_div
from tests.unit.token.helpers import BP

MOST = 100 * BP


@pytest.fixture(params=[(0, 0), (10 * BP, 10 * BP), (MOST, 0), (0, MOST), (MOST, MOST)])
def fees(request):
    return request.param


@pytest.fixture(params=["receiver", "nobody"])
def token(request, make_token, fee_receiver, fees):
    receiver = fee_receiver if request.param == "receiver" else ZERO_ADDRESS
    return make_token(fees=fees, fee_rate=0, fee_receiver=receiver)


def test_minting_trades_the_fee_on_top(venue, token, fees, depositor):
    owed, size, vault = token.owed_shares(), venue.state(token).size, venue.vault(token)
    token.mint(100 * WAD, depositor, sender=depositor)
    fee = 100 * fees[0]
    assert venue.state(token).size - size == vault.mint_delta(100 * WAD + fee)
    assert token.owed_shares() - owed == (fee if token.fee_receiver() != ZERO_ADDRESS else 0)


def test_depositing_trades_the_fee_on_top(venue, token, fees, depositor):
    owed, vault = token.owed_shares(), venue.vault(token)
    shares = token.deposit(10_000 * venue.one, depositor, sender=depositor)
    traded = vault.shares_for(10_000 * WAD, venue.scale)
    assert shares == traded * WAD // (WAD + fees[0])
    has_receiver = token.fee_receiver() != ZERO_ADDRESS
    assert token.owed_shares() - owed == (traded - shares) * has_receiver


def test_redeeming_trades_all_but_the_fee(venue, token, fees, holder):
    owed, size, vault = token.owed_shares(), venue.state(token).size, venue.vault(token)
    token.redeem(100 * WAD, holder, holder, sender=holder)
    fee = 100 * fees[1]
    assert venue.state(token).size - size == vault.redeem_delta(100 * WAD - fee)
    assert token.owed_shares() - owed == (fee if token.fee_receiver() != ZERO_ADDRESS else 0)


def test_withdrawing_burns_the_fee_on_top(venue, token, fees, holder):
    owed, vault = token.owed_shares(), venue.vault(token)
    shares = token.withdraw(10_000 * venue.one, holder, holder, sender=holder)
    traded = vault.shares_worth(10_000 * WAD, vault.shares, venue.scale)
    assert shares == ceil_div(traded * WAD, WAD - fees[1])
    has_receiver = token.fee_receiver() != ZERO_ADDRESS
    assert token.owed_shares() - owed == (shares - traded) * has_receiver


def test_fee_is_the_receivers_or_everybodys(venue, token, fees, depositor):
    """With a receiver nobody else gains by it; without one all share it by their shares."""
    nav = venue.nav(token)
    token.mint(100 * WAD, depositor, sender=depositor)
    shares = venue.shares(token)
    kept = 0 if token.fee_receiver() != ZERO_ADDRESS else 100 * fees[0] / shares
    assert venue.nav(token) / nav == pytest.approx(1 + kept, rel=1e-9)
    nav = venue.nav(token)
    token.redeem(50 * WAD, depositor, depositor, sender=depositor)
    shares = venue.shares(token)
    kept = 0 if token.fee_receiver() != ZERO_ADDRESS else 50 * fees[1] / shares
    assert venue.nav(token) / nav == pytest.approx(1 + kept, rel=1e-9)


def test_fee_costs_what_it_says(venue, token, fees, depositor):
    """In and out at once costs both fees, and twice the venue's on three times the amount."""
    shares = token.deposit(10_000 * venue.one, depositor, sender=depositor)
    paid = token.redeem(shares, depositor, depositor, sender=depositor)
    enter, leave = fees[0] / WAD, fees[1] / WAD
    kept = (1 - 3 * 0.0006) / (1 + enter) * (1 - leave - 3 * 0.0002)
    if token.fee_receiver() == ZERO_ADDRESS:
        # His own part of what he paid to enter.
        kept *= 1 + enter * 10_000 / 110_200
    assert paid / venue.one / 10_000 == pytest.approx(kept, rel=2e-4)


def test_no_fee_leaves_as_collateral(venue, token, fees, depositor, fee_receiver):
    shares = token.deposit(10_000 * venue.one, depositor, sender=depositor)
    token.redeem(shares, depositor, depositor, sender=depositor)
    assert venue.usd.balanceOf(fee_receiver) == venue.usd.balanceOf(token) == 0
