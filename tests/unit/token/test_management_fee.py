"""The management fee: accrues on all shares by the second, however often it is looked at."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.leverage import YEAR, growth
from tests.unit.token.helpers import ONE_PERCENT, RATE

# -ln(1 - 5 %), the most there may be.
FIVE_PERCENT = 51_293_294_388 * RATE


@pytest.mark.parametrize("rate", [ONE_PERCENT, FIVE_PERCENT])
@pytest.mark.parametrize("waited", [1, DAY, YEAR])
def test_owed_shares_grow_by_the_second(venue, make_token, rate, waited):
    token = make_token(fee_rate=rate, fees=(0, 0))
    supply = token.totalSupply()
    assert token.owed_shares() == 0
    venue.evm.warp(waited)
    assert token.owed_shares() == supply * growth(rate, waited) // WAD
    assert token.totalSupply() == supply


@pytest.mark.parametrize(("rate", "left"), [(ONE_PERCENT, 0.99), (FIVE_PERCENT, 0.95)])
def test_a_year_takes_the_yearly_rate_of_value(venue, make_token, rate, left):
    token = make_token(fee_rate=rate, fees=(0, 0))
    nav = venue.nav(token)
    venue.wait(YEAR)
    assert venue.nav(token) / nav == pytest.approx(left, rel=1e-8)


def test_shares_owed_for_fees_owe_fees_too(venue, make_token, depositor):
    token = make_token(fee_rate=FIVE_PERCENT, fees=(WAD // 100, 0))
    owed, supply = token.owed_shares(), token.totalSupply()
    venue.evm.warp(DAY)
    assert token.owed_shares() == owed + (supply + owed) * growth(FIVE_PERCENT, DAY) // WAD


def touch(venue, token, verb, account):
    """Do something small that leaves supply as it is, or nearly."""
    if verb == "claim":
        token.claim_fees(sender=account)
    elif verb == "deposit":
        token.deposit(10 * venue.one, account, sender=account)
    elif verb == "redeem":
        token.redeem(WAD // 10, account, account, sender=account)
    elif verb == "configure":
        venue.configure_token(token)


@pytest.mark.parametrize("verb", ["claim", "deposit", "redeem", "configure"])
def test_touching_more_often_changes_nothing_but_rounding(venue, make_token, holder, verb):
    """The receiver's part of all shares, beside that of a token that is touched once."""

    def receivers_part(times):
        token = make_token(fee_rate=FIVE_PERCENT, fees=(0, 0), held=10**6)
        for _ in range(times):
            venue.wait(90 * DAY // times)
            touch(venue, token, verb, holder)
        claimed = token.balanceOf(token.fee_receiver())
        return (claimed + token.owed_shares()) / venue.shares(token)

    tolerance = 1e-9 if verb in ("claim", "configure") else 2e-3
    assert receivers_part(90) == pytest.approx(receivers_part(1), rel=tolerance)


def test_transfers_and_views_accrue_nothing_away(venue, make_token, holder, receiver):
    token = make_token(fee_rate=FIVE_PERCENT, fees=(0, 0))
    supply = token.totalSupply()
    for _ in range(10):
        venue.wait(DAY)
        token.transfer(receiver, WAD, sender=holder)
        token.totalAssets()
    assert token.owed_shares() == supply * growth(FIVE_PERCENT, 10 * DAY) // WAD


def test_rebalance_keeps_what_is_owed(venue, make_token, keeper):
    token = make_token(fee_rate=FIVE_PERCENT)
    venue.wait(DAY)
    venue.move(-12)
    owed = token.owed_shares()
    token.rebalance(sender=keeper)
    assert token.owed_shares() == owed > 0


def test_every_view_counts_what_is_owed(venue, make_token, holder):
    token = make_token(fee_rate=FIVE_PERCENT, fees=(0, 0))
    before = token.convertToAssets(WAD), token.previewRedeem(WAD), token.previewMint(WAD)
    shares = token.previewDeposit(venue.one), token.convertToShares(venue.one)
    most = token.maxWithdraw(holder)
    venue.wait(YEAR)
    after = token.convertToAssets(WAD), token.previewRedeem(WAD), token.previewMint(WAD)
    for old, new in zip(before, after, strict=True):
        assert new / old == pytest.approx(0.95, rel=1e-6)
    after = token.previewDeposit(venue.one), token.convertToShares(venue.one)
    for old, new in zip(shares, after, strict=True):
        assert new / old == pytest.approx(1 / 0.95, rel=1e-6)
    # A little more: a smaller order moves the skew less.
    assert token.maxWithdraw(holder) / most == pytest.approx(0.95, rel=2e-5)


def test_nothing_accrues_without_a_receiver(venue, make_token):
    token = make_token(fee_receiver=ZERO_ADDRESS)
    nav = venue.nav(token)
    venue.wait(YEAR)
    assert token.owed_shares() == 0
    assert venue.nav(token) == nav


def test_new_rate_counts_from_its_configuration(venue, make_token, fee_receiver):
    token = make_token(fee_rate=FIVE_PERCENT, fees=(0, 0))
    venue.wait(30 * DAY)
    supply = token.totalSupply()
    at_five = supply * growth(FIVE_PERCENT, 30 * DAY) // WAD
    venue.configure_token(token, fee_rate=ONE_PERCENT)
    assert token.balanceOf(fee_receiver) == at_five
    venue.wait(30 * DAY)
    assert token.owed_shares() == (supply + at_five) * growth(ONE_PERCENT, 30 * DAY) // WAD


def test_stops_when_the_token_winds_down(venue, make_token, factory, holder):
    """What was owed stays owed; no fee is added, to enter, to leave or for time."""
    token = make_token(fee_rate=FIVE_PERCENT)
    venue.wait(30 * DAY)
    owed = token.owed_shares()
    token.wind_down(sender=factory)
    venue.wait(30 * DAY)
    assert token.owed_shares() == owed
    vault = venue.vault(token)
    value = vault.redeem_value(WAD, vault.redeem_delta(WAD)) // venue.scale
    assert token.redeem(WAD, holder, holder, sender=holder) == value
    assert token.owed_shares() == owed
