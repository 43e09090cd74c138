"""The first deposit of a pool, and attempts to take it: the price of a share cannot be inflated."""

import ape
import pytest

from tests.unit.venue.helpers import USD, USDC


@pytest.fixture
def market(empty_venue):
    """A market with an empty pool."""
    assert empty_venue.add_market() == 0
    return empty_venue


def test_first_deposit(market, exchange, usd, lp):
    before = usd.balanceOf(lp)
    assert market.result("add_liquidity", 0, 1_000 * USDC, 0, sender=lp) == 1_000 * USD * 1_000
    tx = exchange.add_liquidity(0, 1_000 * USDC, 0, sender=lp)

    assert [event.event_name for event in tx.events] == ["Transfer", "LiquidityAdded"]
    assert tx.events[1] == exchange.LiquidityAdded(
        market=0, provider=lp, assets=1_000 * USDC, shares=10**24
    )
    assert exchange.lp_shares(0, lp) == market.state().lp_supply == 10**24
    assert usd.balanceOf(lp) == before - 1_000 * USDC
    assert exchange.cash() == 1_000 * USDC
    assert market.state().pool == market.state().lp_equity == 1_000 * USD


def test_inflation_by_donation(market, exchange, usd, attacker, lp):
    """The classic: one unit, then a gift. It buys nothing, and the next provider loses nothing."""
    exchange.add_liquidity(0, 1, 0, sender=attacker)
    usd.transfer(exchange, 100_000 * USDC, sender=attacker)
    market.add_liquidity(lp, 50_000)

    before = usd.balanceOf(lp), usd.balanceOf(attacker)
    for account in (lp, attacker):
        shares = exchange.lp_shares(0, account)
        exchange.remove_liquidity(0, shares, 0, account, sender=account)
    assert usd.balanceOf(lp) - before[0] == 50_000 * USDC
    assert usd.balanceOf(attacker) - before[1] == 1


def test_inflation_by_leaving_one_share(market, exchange, usd, attacker, lp):
    """Shares burned down to one leave the pool next to nothing, and the virtual ones own it."""
    market.add_liquidity(attacker, 1_000_000)
    shares = exchange.lp_shares(0, attacker)
    exchange.remove_liquidity(0, shares - 1, 0, attacker, sender=attacker)
    # floor((1e27 - 1) (1e24 + 1) / (1e27 + 1000)) is a unit short of a million.
    left = market.state().lp_equity
    assert (exchange.lp_shares(0, attacker), left) == (1, 10**12)

    market.add_liquidity(lp, 50_000)
    assert exchange.lp_shares(0, lp) == 50_000 * USD * 1_001 // (left + 1)
    before = usd.balanceOf(lp)
    exchange.remove_liquidity(0, exchange.lp_shares(0, lp), 0, lp, sender=lp)
    assert before + 50_000 * USDC - usd.balanceOf(lp) <= 1
    with ape.reverts("lp: too few assets"):
        exchange.remove_liquidity(0, 1, 0, attacker, sender=attacker)


def test_a_deposit_of_dust_buys_its_worth(market, exchange, attacker, lp):
    exchange.add_liquidity(0, 1, 0, sender=attacker)
    exchange.add_liquidity(0, 1, 0, sender=lp)
    assert exchange.lp_shares(0, attacker) == exchange.lp_shares(0, lp) == 10**15
