import ape
import pytest

from tests.unit.venue.helpers import (
    CLOSED,
    ETH,
    NOT_OWNER,
    PAUSED,
    REDUCE_ONLY,
    USD,
    USDC,
    ZERO_ADDRESS,
)


@pytest.fixture
def fees(venue, trader):
    """Of 1.2345678 ETH bought at 2000 (1 + half of it / 1e6), at 6 bp."""
    venue.deposit(trader, 1_000)
    venue.trade(trader, 12_345_678 * ETH // 10**7)
    size = 12_345_678 * 10**11
    fill = -(-2_000 * USD * (2 * 10**24 + size) // (2 * 10**24))
    return size * fill * 6 // 10**22 // 10**9 * 10**9  # booked down to a billionth


def test_pays(venue, exchange, usd, owner, fees, fee_receiver):
    """Down to a unit of collateral; the rest stays in the bucket."""
    assert venue.state().fees == fees
    assets, dust = divmod(fees, 10**12)
    assert dust > 0
    pool = venue.state().pool
    assert venue.result("collect_fees", 0, fee_receiver, sender=owner) == assets
    tx = exchange.collect_fees(0, fee_receiver, sender=owner)

    assert [event.event_name for event in tx.events] == ["Transfer", "FeesCollected"]
    assert tx.events[1] == exchange.FeesCollected(market=0, receiver=fee_receiver, assets=assets)
    assert usd.balanceOf(fee_receiver) == assets
    assert (venue.state().fees, venue.state().pool) == (dust, pool)
    venue.check_conservation()


def test_nothing(venue, exchange, usd, owner, fee_receiver):
    tx = exchange.collect_fees(0, fee_receiver, sender=owner)
    assert tx.events[-1].assets == usd.balanceOf(fee_receiver) == 0


@pytest.mark.parametrize("status", [REDUCE_ONLY, PAUSED, CLOSED])
def test_whatever_the_market_does(venue, exchange, usd, owner, fees, fee_receiver, status):
    venue.status(status)
    exchange.collect_fees(0, fee_receiver, sender=owner)
    assert usd.balanceOf(fee_receiver) == fees // 10**12


def test_of_one_market(venue, exchange, usd, owner, fees, fee_receiver):
    venue.add_market()
    exchange.collect_fees(1, fee_receiver, sender=owner)
    assert usd.balanceOf(fee_receiver) == 0
    assert venue.state().fees == fees


def test_receiver(venue, exchange, owner, fees):
    for receiver in (ZERO_ADDRESS, exchange):
        with ape.reverts("treasury: bad receiver"):
            exchange.collect_fees(0, receiver, sender=owner)


def test_drained_market(venue, exchange, owner, fees):
    exchange.drain_pool(0, 10_001_000 * USDC, owner, sender=owner)
    with ape.reverts("treasury: venue cannot pay"):
        exchange.collect_fees(0, owner, sender=owner)
    assert venue.state().fees == fees


def test_owner_only(venue, exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.collect_fees(0, account, sender=account)
