"""A failing venue: its pool, and then its traders' margins, are gone."""

import ape

from tests.unit.venue.helpers import NOT_OWNER, PAUSED, USD, USDC, ZERO_ADDRESS


def test_drains(venue, exchange, usd, owner, fee_receiver):
    tx = exchange.drain_pool(0, 4_000_000 * USDC, fee_receiver, sender=owner)
    assert [event.event_name for event in tx.events] == ["Transfer", "PoolDrained"]
    assert tx.events[1] == exchange.PoolDrained(
        market=0, assets=4_000_000 * USDC, receiver=fee_receiver
    )
    assert usd.balanceOf(fee_receiver) == 4_000_000 * USDC
    state = venue.state()
    assert state.pool == state.backing == 6_000_000 * USD
    assert state.lp_supply == 10**28
    venue.check_conservation()


def test_past_the_pool_into_the_margins(venue, exchange, owner, trader):
    venue.deposit(trader, 1_000)
    exchange.drain_pool(0, 10_000_999 * USDC, owner, sender=owner)
    state = venue.state()
    assert (state.backing, state.margins, state.pool) == (USD, 1_000 * USD, -999 * USD)
    assert venue.account(trader).equity == 1_000 * USD
    assert venue.account(trader).withdrawable == USD
    venue.check_conservation()


def test_no_further_than_the_market(venue, exchange, owner, trader):
    """What backs another market is out of reach."""
    venue.add_market()
    venue.deposit(trader, 1_000, market=1)
    with ape.reverts("treasury: venue cannot pay"):
        exchange.drain_pool(0, 10_000_000 * USDC + 1, owner, sender=owner)
    exchange.drain_pool(0, 10_000_000 * USDC, owner, sender=owner)
    assert venue.account(trader, market=1).withdrawable == 1_000 * USD
    venue.withdraw(trader, 1_000 * USDC, market=1)


def test_donations_are_out_of_reach(venue, exchange, usd, owner, attacker):
    usd.transfer(exchange, 1_000 * USDC, sender=attacker)
    with ape.reverts("treasury: venue cannot pay"):
        exchange.drain_pool(0, 10_000_000 * USDC + 1, owner, sender=owner)


def test_nothing(venue, exchange, owner, fee_receiver):
    before = venue.state()
    exchange.drain_pool(0, 0, fee_receiver, sender=owner)
    assert venue.state() == before


def test_while_paused(venue, exchange, owner):
    venue.status(PAUSED)
    exchange.drain_pool(0, 1, owner, sender=owner)


def test_receiver(venue, exchange, owner):
    for receiver in (ZERO_ADDRESS, exchange):
        with ape.reverts("treasury: bad receiver"):
            exchange.drain_pool(0, 1, receiver, sender=owner)


def test_owner_only(venue, exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.drain_pool(0, 1, account, sender=account)
