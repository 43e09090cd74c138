"""Limits and redemptions where a search or a formula once missed them."""

import pytest

from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import reverts


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


@pytest.mark.parametrize("is_long", [True, False])
def test_nothing_where_the_venue_asks_for_more_margin(venue, make_token, depositor, is_long):
    """Found by the stateful test: the venue now allowed less than the token's leverage, 2.8x,

    and so no increase that keeps it; maxDeposit said how much.
    """
    token = make_token(is_long=is_long)
    venue.move(4 if is_long else -4)
    venue.configure(max_leverage=3 * WAD)
    with venue.evm.anchor():
        token.deposit(token.maxDeposit(depositor), depositor, sender=depositor)
    with venue.evm.anchor():
        token.mint(token.maxMint(depositor), depositor, sender=depositor)
    venue.configure(max_leverage=2 * WAD)
    assert token.maxDeposit(depositor) == token.maxMint(depositor) == 0
    with reverts("margin: below initial"):
        token.deposit(100 * venue.one, depositor, sender=depositor)


@pytest.mark.parametrize("is_long", [True, False])
def test_up_to_the_maintenance_margin(venue, make_token, depositor, is_long):
    """It grows with the square of the position: 26 |q| / K of the notional, a third of it at 12,700

    ether of a million. The most is a millionth of the cap below that.
    """
    token = make_token(is_long=is_long)
    venue.configure(liquidation_premium=26 * WAD)
    most, shares = token.maxDeposit(depositor), token.maxMint(depositor)
    with venue.evm.anchor():
        token.deposit(most, depositor, sender=depositor)
        assert abs(venue.state(token).size) == pytest.approx(12_500 * WAD, rel=0.02)
    with venue.evm.anchor():
        token.mint(shares, depositor, sender=depositor)
    for call in (
        lambda: token.deposit(most * 100_001 // 100_000, depositor, sender=depositor),
        lambda: token.mint(shares * 100_001 // 100_000, depositor, sender=depositor),
    ):
        with reverts("margin: below maintenance"):
            call()
