"""Collateral, and what shares are worth: never a revert, donations do not count."""

import pytest

from steelyard.evm import DEPLOYER, Revert
from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import CLOSED, MAX_UINT, PAUSED, REDUCE_ONLY


def values(venue, token):
    return token.totalAssets(), token.convertToAssets(WAD), token.convertToShares(venue.one)


def test_asset(venue, token):
    assert token.asset() == venue.usd.address


@pytest.mark.parametrize("decimals", [0, 6, 8, 18])
def test_total_assets_is_the_equity_at_the_venue(venue, token):
    assert token.totalAssets() == venue.state(token).equity // venue.scale


@pytest.mark.parametrize("is_long", [True, False])
def test_total_assets_follows_the_price(venue, make_token, is_long):
    token = make_token(is_long=is_long)
    before = token.totalAssets()
    venue.move(5)
    assert token.totalAssets() / before == pytest.approx(1.15 if is_long else 0.85, rel=1e-9)


def test_total_assets_has_the_funding_of_now(venue, token):
    before = token.totalAssets()
    venue.force_funding(WAD // 100)
    venue.evm.warp(43_200)
    # Half of 1 % a day, three times.
    assert token.totalAssets() / before == pytest.approx(1 - 3 * 0.005, rel=1e-9)


def test_conversions_are_at_net_asset_value(venue, token):
    nav = venue.nav(token)
    for shares in (1, 10**9 + 7, WAD, 12_345 * WAD + 678):
        assert token.convertToAssets(shares) == shares * nav // WAD // venue.scale
    for assets in (1, venue.one, 12_345 * venue.one + 678):
        assert token.convertToShares(assets) == assets * venue.scale * WAD // nav


def test_conversions_of_nothing(token):
    assert token.convertToAssets(0) == token.convertToShares(0) == 0


def test_conversions_count_shares_that_are_owed(venue, token):
    before = token.convertToAssets(WAD)
    venue.evm.warp(5 * 86_400)
    assert token.owed_shares() > 0
    assert token.convertToAssets(WAD) < before


@pytest.mark.parametrize("decimals", [6, 18])
def test_largest_amounts_do_not_overflow(venue, token):
    """What fits is answered, however large the product on the way."""
    equity, shares = venue.state(token).equity, venue.shares(token) * venue.scale
    most = min(MAX_UINT, MAX_UINT * shares // equity)
    assert token.convertToAssets(most) == most * equity // shares
    most = min(MAX_UINT, MAX_UINT * equity // shares)
    assert token.convertToShares(most) == most * shares // equity


def test_what_does_not_fit_reverts(token):
    """2**256 units of six decimals would be more than 2**256 shares."""
    with pytest.raises(Revert):
        token.convertToShares(MAX_UINT)


def test_donations_change_nothing(venue, token, attacker):
    before = values(venue, token)
    for target in (token, venue.exchange):
        venue.pay(target, 1_000_000)
    assert values(venue, token) == before


def test_negative_equity_is_worth_nothing(venue, token):
    venue.move(-40)
    assert venue.state(token).equity < 0
    assert values(venue, token) == (0, 0, 0)


def test_stale_price_counts(venue, token):
    """A stale answer is the best there is to show."""
    expected = token.totalAssets()
    venue.evm.warp(20 * 86_400)
    assert venue.state(token).oracle_fault != 0
    assert token.totalAssets() == expected
    assert token.convertToAssets(WAD) > 0


@pytest.mark.parametrize("broken", [True, False])
def test_without_any_price_a_position_is_worth_nothing(venue, token, broken):
    if broken:
        venue.feed.set_reverts(True, sender=DEPLOYER)
    else:
        venue.price(0)
    assert values(venue, token) == (0, 0, 0)


@pytest.mark.parametrize("status", [PAUSED, REDUCE_ONLY])
def test_whatever_the_market_does(venue, token, status):
    expected = values(venue, token)
    venue.status(status)
    assert values(venue, token) == expected


def test_closed_market_settles_at_its_price(venue, token):
    before = token.totalAssets()
    venue.status(CLOSED, price=2_100)
    venue.price(1_000)
    assert token.totalAssets() / before == pytest.approx(1.15, rel=1e-9)
