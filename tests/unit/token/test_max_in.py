"""maxDeposit and maxMint: exactly what would work, and no unit more."""

import pytest

from steelyard.evm import DEPLOYER, Revert
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.shares import PRECISION
from tests.unit.token.helpers import NOON, PAUSED, REDUCE_ONLY


@pytest.fixture(params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


def limits(token, account):
    return token.maxDeposit(account), token.maxMint(account)


def check_exact(venue, token, depositor):
    """The most works, more does not: of shares one, of assets what an inversion leaves over."""
    most = token.maxDeposit(depositor)
    with venue.evm.anchor():
        token.deposit(most, depositor, sender=depositor)
    with pytest.raises(Revert):
        token.deposit(most + 3 + most // PRECISION, depositor, sender=depositor)
    shares = token.maxMint(depositor)
    with venue.evm.anchor():
        assert token.mint(shares, depositor, sender=depositor) in (most, most + 1)
    with pytest.raises(Revert) as refused:
        token.mint(shares + 1, depositor, sender=depositor)
    return refused.value.reason


@pytest.mark.parametrize("decimals", [6, 8, 18])
@pytest.mark.parametrize("crowd", [-9_000, 0, 9_000])
def test_up_to_the_cap(venue, make_token, depositor, trader, is_long, crowd):
    token = make_token(is_long=is_long, cap=1_000)
    if crowd:
        venue.trade(trader, crowd, 10**6)
    assert check_exact(venue, token, depositor) == "mint: cap reached"
    token.mint(token.maxMint(depositor), depositor, sender=depositor)
    assert abs(venue.state(token).size) == pytest.approx(1_000 * WAD, abs=10)
    assert limits(token, depositor) == (0, 0)


@pytest.mark.parametrize("decimals", [6, 18])
def test_up_to_the_pool(venue, make_token, depositor, is_long):
    token = make_token(is_long=is_long)
    assert check_exact(venue, token, depositor) == "market: pool reserve"


def test_up_to_the_open_interest(venue, make_token, depositor, is_long):
    token = make_token(is_long=is_long)
    venue.configure(max_long=1_000 * WAD, max_short=1_000 * WAD)
    assert check_exact(venue, token, depositor) == "market: open interest cap"


def test_up_to_the_notional_of_a_side(venue, make_token, depositor, is_long):
    token = make_token(is_long=is_long)
    venue.configure(max_notional=10**6 * WAD)
    assert check_exact(venue, token, depositor) == "market: open interest cap"


def test_of_either_side_is_its_own(venue, make_token, depositor, trader):
    """A crowd of longs uses the longs' open interest up, not the shorts'."""
    venue.configure(max_long=5_000 * WAD, max_short=5_000 * WAD)
    long, short = make_token(), make_token(is_long=False)
    venue.trade(trader, 4_000, 10**6)
    for token in (long, short):
        check_exact(venue, token, depositor)
    assert short.maxDeposit(depositor) > 4 * long.maxDeposit(depositor)


def test_anyone_may_deposit_the_same(token, depositor, attacker):
    assert token.maxDeposit(depositor) == token.maxDeposit(attacker) > 0
    assert token.maxMint(depositor) == token.maxMint(attacker) > 0


def test_room_for_less_than_the_least_deposit_is_none(venue, make_token, depositor):
    """Of 150 ether, room for 3 cents of notional a dollar: 9 dollars, then 11."""
    token = make_token()
    size = venue.state(token).size
    for room, is_open in ((9, False), (11, True)):
        with venue.evm.anchor():
            venue.configure_token(token, cap=(size // 10**12 + room * 1_500) * 10**12)
            assert (token.maxDeposit(depositor) > 0) is is_open
            assert (token.maxMint(depositor) > 0) is is_open
            if is_open:
                check_exact(venue, token, depositor)


@pytest.mark.parametrize(
    "close",
    [
        lambda venue, token: token.pause_mint(NOON + DAY, sender=token.factory()),
        lambda venue, token: token.wind_down(sender=token.factory()),
        lambda venue, token: venue.configure_token(token, cap=0),
        lambda venue, token: venue.configure_token(token, cap=100 * WAD),
        lambda venue, token: venue.move(-12),
        lambda venue, token: venue.move(35),
        lambda venue, token: venue.move(-40),
        lambda venue, token: venue.status(PAUSED),
        lambda venue, token: venue.status(REDUCE_ONLY),
        lambda venue, token: venue.evm.warp(11 * DAY),
        lambda venue, token: venue.price(0),
        lambda venue, token: venue.feed.set_reverts(True, sender=DEPLOYER),
        lambda venue, token: venue.configure(max_long=100 * WAD),
    ],
    ids=[
        "paused",
        "winding down",
        "no cap",
        "over the cap",
        "over the band",
        "below the band",
        "no equity",
        "venue paused",
        "reduce only",
        "stale",
        "not positive",
        "call failed",
        "open interest",
    ],
)
def test_nothing_while_minting_is_closed(venue, token, depositor, close):
    assert all(limits(token, depositor))
    close(venue, token)
    assert limits(token, depositor) == (0, 0)
    with pytest.raises(Revert):
        token.deposit(100 * venue.one, depositor, sender=depositor)
