"""What shares of a pool cost; the first ones are in test_share_inflation.py."""

import ape
import pytest

from tests.unit.venue.helpers import CLOSED, ETH, MAX_UINT, PAUSED, REDUCE_ONLY, USD, USDC

# Ten million dollars bought these, at 1000 virtual shares for nothing.
SUPPLY = 10**28


def test_second_deposit_at_the_same_price(venue, exchange, attacker):
    venue.add_liquidity(attacker, 5_000)
    # floor(5e21 (1e28 + 1000) / (1e25 + 1)): the virtual share and wei round it down.
    shares = 5_000 * USD * (SUPPLY + 1_000) // (10**25 + 1)
    assert exchange.lp_shares(0, attacker) == shares == 5 * 10**24
    assert venue.state().lp_supply == SUPPLY + shares


def test_price_follows_the_pools_equity(venue, exchange, trader, attacker):
    """The traders lose 1000: NAV is 10,001,010 less 9.95 that unwinding the skew would gain."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(1_990)
    nav = 10_001_010 * USD - 9_95 * USD // 100
    venue.add_liquidity(attacker, 5_000)
    assert exchange.lp_shares(0, attacker) == 5_000 * USD * (SUPPLY + 1_000) // (nav + 1)


def test_price_when_traders_gain(venue, exchange, trader, attacker):
    """A short gains when the price falls by 10; unwinding 100 short is worth 9.95 too."""
    venue.open(trader, -100 * ETH, 10_000)
    venue.price(1_990)
    nav = 9_999_010 * USD - 9_95 * USD // 100
    venue.add_liquidity(attacker, 5_000)
    assert exchange.lp_shares(0, attacker) == 5_000 * USD * (SUPPLY + 1_000) // (nav + 1)


def test_credit_of_unwinding_rounds_up(venue, exchange, owner, trader, attacker):
    """Half a wei of ether squared is still a wei to set aside."""
    venue.deposit(trader, 100)
    venue.trade(trader, 1)
    state = venue.state()
    assert state.lp_equity == 10**25 + 3  # the wei of impact and the two of fee
    nav = state.lp_equity - 2_000  # 1 wei of squared skew at 2000
    venue.add_liquidity(attacker, 5_000_000)
    shares = 5_000_000 * USD * (SUPPLY + 1_000) // (nav + 1)
    assert exchange.lp_shares(0, attacker) == shares


def test_fees_are_not_the_pools(venue, exchange, trader, attacker):
    """What the traders paid as fees raises no share."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.trade(trader, -100 * ETH)
    assert venue.state().fees > 0
    venue.add_liquidity(attacker, 5_000)
    assert exchange.lp_shares(0, attacker) == 5 * 10**24


def test_least_shares(venue, exchange, attacker):
    shares = 5 * 10**24
    for least in (shares + 1, MAX_UINT):
        with ape.reverts("lp: too few shares"):
            exchange.add_liquidity(0, 5_000 * USDC, least, sender=attacker)
    exchange.add_liquidity(0, 5_000 * USDC, shares, sender=attacker)


def test_smallest_deposit(venue, exchange, attacker):
    exchange.add_liquidity(0, 1, 0, sender=attacker)
    assert exchange.lp_shares(0, attacker) == 10**15


def test_backs_more_positions(venue, lp):
    before = venue.state().room_long
    venue.add_liquidity(lp, 1_000_000)
    assert venue.state().room_long == before + 1_000 * ETH


def test_saves_no_insolvent_pool(venue, exchange, trader, attacker):
    """Who came in would pay the winners."""
    venue.open(trader, 4_000 * ETH, 400_000)
    venue.price(5_000)
    assert venue.state().lp_equity < 0
    with ape.reverts("lp: pool insolvent"):
        venue.add_liquidity(attacker, 1_000)


def test_no_deposit_at_no_price(venue, exchange, owner, attacker):
    """A drained pool has shares and nothing: nobody could say what one costs."""
    exchange.drain_pool(0, 10_000_000 * USDC, owner, sender=owner)
    assert venue.state().lp_equity == 0
    with ape.reverts("lp: pool insolvent"):
        venue.add_liquidity(attacker, 1_000)


@pytest.mark.parametrize("status", [REDUCE_ONLY, PAUSED, CLOSED])
def test_status(venue, exchange, attacker, status):
    venue.status(status)
    if status == REDUCE_ONLY:
        venue.add_liquidity(attacker, 1)
        return
    with ape.reverts("market: paused" if status == PAUSED else "lp: market closed"):
        venue.add_liquidity(attacker, 1)


def test_by_anyone(venue, exchange, usd, owner, trader, keeper):
    usd.mint(owner, USDC, sender=owner)
    usd.approve(exchange, USDC, sender=owner)
    for account in (owner, trader, keeper):
        exchange.add_liquidity(0, USDC, 0, sender=account)
        assert exchange.lp_shares(0, account) == 10**21
