"""What shares pay, and what must stay behind."""

import ape
import pytest

from tests.unit.venue.helpers import (
    CLOSED,
    ETH,
    MAX_UINT,
    PAUSED,
    REDUCE_ONLY,
    USD,
    USDC,
    ZERO_ADDRESS,
    ceil_div,
)

SUPPLY = 10**28


def test_part(venue, exchange, usd, lp, fee_receiver):
    shares = SUPPLY // 4
    assets = 2_500_000 * USDC  # floor(2.5e27 (1e25 + 1) / (1e28 + 1000)): a thousandth
    assert venue.result("remove_liquidity", 0, shares, 0, fee_receiver, sender=lp) == assets
    tx = exchange.remove_liquidity(0, shares, 0, fee_receiver, sender=lp)

    assert [event.event_name for event in tx.events] == ["Transfer", "LiquidityRemoved"]
    assert tx.events[1] == exchange.LiquidityRemoved(
        market=0, provider=lp, assets=assets, shares=shares
    )
    assert usd.balanceOf(fee_receiver) == assets
    assert exchange.lp_shares(0, lp) == venue.state().lp_supply == SUPPLY - shares
    assert exchange.cash() == 10_000_000 * USDC - assets
    venue.check_conservation()


def test_all(venue, exchange, usd, lp):
    exchange.remove_liquidity(0, SUPPLY, 0, lp, sender=lp)
    assert (exchange.lp_shares(0, lp), venue.state().lp_supply) == (0, 0)
    assert exchange.cash() == venue.state().lp_equity == 0
    venue.add_liquidity(lp, 1_000)
    assert exchange.lp_shares(0, lp) == 1_000 * USD * 1_000


def test_profit_and_loss_are_the_pools(venue, exchange, usd, trader, lp):
    """The traders lose 1000, and 10 of impact; unwinding 9.95 of it would return them."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(1_990)
    nav = 10_001_010 * USD - 9_95 * USD // 100
    before = usd.balanceOf(lp)
    exchange.remove_liquidity(0, SUPPLY // 2, 0, lp, sender=lp)
    assets = SUPPLY // 2 * (nav + 1) // (SUPPLY + 1_000) // 10**12
    assert usd.balanceOf(lp) - before == assets
    # It is conservative for who leaves: who stays has the half of the credit that he left.
    assert venue.state().lp_equity == 10_001_010 * USD - assets * 10**12


def test_least_assets(venue, exchange, lp):
    assets = 2_500_000 * USDC
    for least in (assets + 1, MAX_UINT):
        with ape.reverts("lp: too few assets"):
            exchange.remove_liquidity(0, SUPPLY // 4, least, lp, sender=lp)
    exchange.remove_liquidity(0, SUPPLY // 4, assets, lp, sender=lp)


def test_shares_below_one_unit(venue, exchange, lp):
    """1e15 shares are worth one."""
    for shares in (1, 10**15 - 1):
        with ape.reverts("lp: too few assets"):
            exchange.remove_liquidity(0, shares, 0, lp, sender=lp)
    exchange.remove_liquidity(0, 10**15, 0, lp, sender=lp)


def test_not_more_than_one_has(venue, exchange, lp, attacker):
    venue.add_liquidity(attacker, 1)
    for account, shares in ((lp, SUPPLY + 1), (attacker, 10**21 + 1), (lp, 0), (lp, MAX_UINT)):
        with ape.reverts("lp: bad shares"):
            exchange.remove_liquidity(0, shares, 0, account, sender=account)


def test_shares_of_another_market(venue, exchange, lp):
    venue.add_market()
    with ape.reverts("lp: bad shares"):
        exchange.remove_liquidity(1, 1, 0, lp, sender=lp)


def test_receiver(venue, exchange, lp):
    for receiver in (ZERO_ADDRESS, exchange):
        with ape.reverts("treasury: bad receiver"):
            exchange.remove_liquidity(0, SUPPLY // 2, 0, receiver, sender=lp)


def test_reserve_of_open_positions(venue, exchange, trader, other_trader, lp):
    """300 ETH at 2000 and a reserve of one half keep 300,000 dollars in the pool."""
    venue.open(trader, 200 * ETH, 20_000)
    venue.open(other_trader, -100 * ETH, 10_000)
    # Impact: 40 paid for the skew of 200, 30 gained by bringing it to 100.
    equity, nav = 10_000_010 * USD, 10_000_000 * USD
    assert venue.state().lp_equity == equity
    assets = equity // 10**12 - 300_000 * USDC
    shares = ceil_div(assets * 10**12 * (SUPPLY + 1_000), nav + 1)

    one_more = ceil_div((assets + 1) * 10**12 * (SUPPLY + 1_000), nav + 1)
    before = venue.books(lp)
    with ape.reverts("lp: reserve of open positions"):
        exchange.remove_liquidity(0, one_more, 0, lp, sender=lp)
    assert venue.books(lp) == before
    exchange.remove_liquidity(0, shares, assets, lp, sender=lp)
    assert venue.state().lp_equity == 300_000 * USD
    assert venue.state().room_long == 0


def test_pool_without_cash(venue, exchange, trader, other_trader, lp):
    """The winner was paid 10.4 million, the loser has not paid yet: the equity is no cash."""
    venue.open(trader, 4_000 * ETH, 400_000)
    venue.open(other_trader, -4_000 * ETH, 13_000_000)
    venue.price(4_600)
    venue.trade(trader, -ETH)
    state = venue.state()
    assert state.pool < 0 < state.lp_equity

    with ape.reverts("lp: pool has no cash"):
        exchange.remove_liquidity(0, 10**22, 0, lp, sender=lp)


def test_more_than_the_cash(venue, exchange, owner, trader, lp):
    """The pool's equity counts a loss of two million that the short cannot pay."""
    venue.open(trader, -4_000 * ETH, 400_000)
    exchange.drain_pool(0, 9_900_000 * USDC, owner, sender=owner)
    venue.price(2_500)
    with ape.reverts("treasury: venue cannot pay"):
        exchange.remove_liquidity(0, SUPPLY, 0, lp, sender=lp)


def test_insolvent_pool(venue, exchange, trader, lp):
    venue.open(trader, 4_000 * ETH, 400_000)
    venue.price(4_600)
    with ape.reverts("lp: pool insolvent"):
        exchange.remove_liquidity(0, SUPPLY // 2, 0, lp, sender=lp)


@pytest.mark.parametrize("status", [REDUCE_ONLY, PAUSED, CLOSED])
def test_status(venue, exchange, lp, status):
    venue.status(status)
    if status == PAUSED:
        with ape.reverts("market: paused"):
            exchange.remove_liquidity(0, SUPPLY // 2, 0, lp, sender=lp)
    else:
        exchange.remove_liquidity(0, SUPPLY // 2, 0, lp, sender=lp)


def test_credit_of_unwinding_ends_with_the_market(venue, exchange, usd, trader, lp):
    """A CLOSED market settles without impact: the pool keeps all it was paid."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.status(CLOSED)
    before = usd.balanceOf(lp)
    exchange.remove_liquidity(0, SUPPLY, 0, lp, sender=lp)
    assert usd.balanceOf(lp) - before == 10_000_010 * USDC - 1
