"""Limits and redemptions where a search or a formula once missed them."""

import pytest

from steelyard.model.arithmetic import WAD


@pytest.mark.parametrize("is_long", [True, False])
def test_a_withdrawal_that_closes_the_position(venue, make_token, holder, trader, is_long):
    """Found by the stateful test: where closing costs more than the shares tried first are worth,

    how much more was not counted, and the withdrawal refused, maxWithdraw too.
    """
    token = make_token(held=0, is_long=is_long, fees=(0, 0))
    venue.fund(holder, token)
    token.deposit(20 * venue.one, holder, sender=holder)
    venue.move(-20 if is_long else 20)
    venue.trade(trader, -9_000 if is_long else 9_000, 10**6)
    most = token.maxWithdraw(holder)
    assert 0 < most < token.convertToAssets(token.balanceOf(holder)) / 2
    for assets in (1, most // 100, most // 2, most):
        burned = token.previewWithdraw(assets)
        with venue.evm.anchor():
            assert token.withdraw(assets, holder, holder, sender=holder) == burned
            assert venue.state(token).size == 0
        with venue.evm.anchor():
            assert token.redeem(burned, holder, holder, sender=holder) == assets


@pytest.mark.parametrize("is_long", [True, False])
def test_closing_the_rest_brings_the_redeemer_nothing(venue, make_token, holder, trader, is_long):
    """A mint and a redemption at once collected what the venue gives for closing the position of

    everybody else, where that relieves the skew: 2.55 of 40.
    """
    token = make_token(held=0, is_long=is_long, seed=110, fees=(0, 0))
    venue.fund(holder, token)
    venue.trade(trader, 9_000 if is_long else -9_000, 10**6)
    venue.move(-6 if is_long else 6)
    wealth, nav = venue.usd.balanceOf(holder), venue.nav(token)
    shares = token.deposit(40 * venue.one, holder, sender=holder)
    assert token.previewRedeem(shares) == token.redeem(shares, holder, holder, sender=holder)
    assert venue.state(token).size == 0
    assert wealth - 2 * venue.one < venue.usd.balanceOf(holder) < wealth
    assert venue.nav(token) > nav * 101 / 100


@pytest.mark.parametrize("decimals", [18])
def test_the_most_of_a_fine_collateral(venue, make_token, depositor, trader):
    """Found by the stateful test: by rounding a few share-wei more cost less, and broke the cap."""
    token = make_token(fees=(0, 0), nav=1)
    venue.trade(trader, -9_000, 10**6)
    size = abs(venue.state(token).size)
    for part in range(60):
        cap = (size + WAD + part * 10**17) // 10**12 * 10**12
        venue.configure_token(token, cap=cap)
        with venue.evm.anchor():
            token.deposit(token.maxDeposit(depositor), depositor, sender=depositor)
