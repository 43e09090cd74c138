"""maxRedeem and maxWithdraw: what the balance and the venue's cash allow."""

import pytest

from steelyard.evm import DEPLOYER, Revert
from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import CLOSED, PAUSED, REDUCE_ONLY, reverts


@pytest.fixture(params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


@pytest.mark.parametrize("decimals", [6, 8, 18])
@pytest.mark.parametrize("crowd", [-9_000, 0, 9_000])
def test_all_that_an_owner_has(venue, make_token, holder, trader, is_long, crowd):
    token = make_token(is_long=is_long)
    if crowd:
        venue.trade(trader, crowd, 10**6)
    shares, assets = token.maxRedeem(holder), token.maxWithdraw(holder)
    assert shares == token.balanceOf(holder)
    assert assets == token.previewRedeem(shares)
    with venue.evm.anchor():
        assert token.redeem(shares, holder, holder, sender=holder) == assets
    with venue.evm.anchor():
        assert token.withdraw(assets, holder, holder, sender=holder) <= shares
    with reverts("token: more than the balance"):
        token.redeem(shares + 1, holder, holder, sender=holder)
    with reverts("token: more than the balance"):
        token.withdraw(assets + 1, holder, holder, sender=holder)


def test_nothing_without_shares(token, attacker):
    assert token.maxRedeem(attacker) == token.maxWithdraw(attacker) == 0


def test_nothing_for_dust(token, holder, receiver):
    """Shares worth less than a unit."""
    token.transfer(receiver, token.convertToShares(1) // 2, sender=holder)
    assert token.maxRedeem(receiver) == token.maxWithdraw(receiver) == 0


def limits(token, account):
    return token.maxRedeem(account), token.maxWithdraw(account)


@pytest.mark.parametrize(
    "stop",
    [
        lambda venue, token: venue.status(PAUSED),
        lambda venue, token: venue.evm.warp(11 * DAY),
        lambda venue, token: venue.price(0),
        lambda venue, token: venue.feed.set_reverts(True, sender=DEPLOYER),
        lambda venue, token: venue.move(-31),
        lambda venue, token: venue.move(-40),
    ],
    ids=["paused", "stale", "not positive", "call failed", "too high", "no equity"],
)
def test_nothing_while_nobody_can_leave(venue, token, holder, stop):
    stop(venue, token)
    assert limits(token, holder) == (0, 0)
    with pytest.raises(Revert):
        token.redeem(WAD, holder, holder, sender=holder)


def test_nothing_while_flagged(venue, token, holder, keeper):
    venue.move(-32.9)
    venue.exchange.flag(0, token, sender=keeper)
    venue.price(2_000)
    assert limits(token, holder) == (0, 0)


@pytest.mark.parametrize(
    "change",
    [
        lambda venue, token: venue.status(REDUCE_ONLY),
        lambda venue, token: venue.status(CLOSED),
        lambda venue, token: venue.move(-20),
        lambda venue, token: venue.move(50),
        lambda venue, token: token.wind_down(sender=token.factory()),
    ],
    ids=["reduce only", "closed", "over the band", "below the band", "winding down"],
)
def test_what_closes_minting_stops_nobody_from_leaving(venue, token, holder, change):
    change(venue, token)
    shares, assets = limits(token, holder)
    assert shares == token.balanceOf(holder)
    assert token.redeem(shares, holder, holder, sender=holder) == assets > 0


@pytest.fixture
def drained(venue, make_token, holder, trader, receiver, is_long):
    """The operator took the pool: the market's cash is what the accounts have put in, and less."""
    token = make_token(is_long=is_long)
    venue.move(20 if is_long else -20)
    market = venue.exchange.market_state(0)
    venue.exchange.drain_pool(0, market.pool // venue.scale, receiver, sender=DEPLOYER)
    return token


def test_as_much_as_the_venue_can_pay(venue, drained, holder):
    """The fee of the order that gets the margin out stays with the venue too."""
    token = drained
    cash = venue.state(token).cash // venue.scale
    tolerance = 4 + cash // 10**12
    shares, assets = limits(token, holder)
    assert assets < cash < token.convertToAssets(token.balanceOf(holder)) * 7 // 10
    assert shares < token.balanceOf(holder)
    with venue.evm.anchor():
        token.withdraw(assets, holder, holder, sender=holder)
        assert venue.state(token).cash < tolerance * venue.scale
        assert limits(token, holder) == (0, 0)
    with venue.evm.anchor():
        paid = token.redeem(shares, holder, holder, sender=holder)
        assert assets - tolerance <= paid <= assets + tolerance
    for call in (
        lambda: token.withdraw(assets + tolerance, holder, holder, sender=holder),
        lambda: token.redeem(token.balanceOf(holder), holder, holder, sender=holder),
    ):
        with reverts("treasury: venue cannot pay"):
            call()


@pytest.mark.parametrize("decimals", [18])
def test_the_most_is_too_low_by_less_than_a_unit_of_fees(venue, drained, holder):
    """Found by the stateful test: the venue books its fees in units of 1e-9 quote, and down.

    What is below that stays in the cash which it may pay, and is no unit of a coarser collateral.
    """
    token, fee_unit = drained, 10**9
    token.withdraw(token.maxWithdraw(holder), holder, holder, sender=holder)
    cash = venue.state(token).cash
    assert 10 * fee_unit < cash < 10**6 * fee_unit
    most, shares = token.maxWithdraw(holder), token.maxRedeem(holder)
    fee = cash - most
    assert fee_unit // 100 < fee % fee_unit
    with venue.evm.anchor():
        token.withdraw(most + fee % fee_unit - 10, holder, holder, sender=holder)
    with venue.evm.anchor():
        token.redeem(shares, holder, holder, sender=holder)
    with reverts("treasury: venue cannot pay"):
        token.withdraw(most + fee_unit + 4, holder, holder, sender=holder)


def test_all_of_it_if_the_venue_can_just_pay(venue, make_token, holder, receiver, is_long):
    """What the shares pay, and the fee of their order on top."""
    token = make_token(is_long=is_long, fees=(0, 0))
    venue.move(20 if is_long else -20)
    shares, vault = token.balanceOf(holder), venue.vault(token)
    delta = vault.redeem_delta(shares)
    needed = vault.redeem_value(shares, delta) + venue.state(token, delta).order_fee
    surplus = (venue.state(token).cash - needed) // venue.scale
    for left, works in ((-2, False), (0, True)):
        with venue.evm.anchor():
            venue.exchange.drain_pool(0, surplus - left, receiver, sender=DEPLOYER)
            assert (token.maxRedeem(holder) == shares) is works
            if works:
                token.redeem(shares, holder, holder, sender=holder)
            else:
                with reverts("treasury: venue cannot pay"):
                    token.redeem(shares, holder, holder, sender=holder)


def test_first_come_first_served(venue, drained, holder, factory, receiver):
    """Who leaves first takes what is there; who stays has a claim on what comes back."""
    token = drained
    nav = venue.nav(token)
    token.withdraw(token.maxWithdraw(holder), receiver, holder, sender=holder)
    assert limits(token, factory) == (0, 0)
    assert venue.nav(token) >= nav
    venue.price(2_000)
    venue.trade(DEPLOYER, 0, 10**6)
    assert limits(token, holder)[0] == token.balanceOf(holder)
