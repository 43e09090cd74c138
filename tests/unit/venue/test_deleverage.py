import ape
import pytest

from tests.unit.venue.helpers import ETH, NOT_OWNER, PAUSED, USD, ZERO_ADDRESS

MARGIN = 9_990 * USD - 120_006 * USD // 1_000  # of 100 ETH opened with 10,000 dollars


@pytest.fixture(scope="module")
def prepare(trader):
    return lambda venue: venue.open(trader, 100 * ETH, 10_000)


def test_part_of_a_long(venue, exchange, owner, trader):
    """At the oracle price, without impact and fee."""
    venue.price(2_100)
    tx = exchange.deleverage(0, trader, 30 * ETH, sender=owner)

    assert tx.events == [
        exchange.PositionDeleveraged(
            market=0,
            account=trader,
            size_closed=30 * ETH,
            price=2_100 * USD,
            size=70 * ETH,
            margin=MARGIN + 10_000 * USD,
            basis=2_100 * USD,
        )
    ]
    position = (70 * ETH, MARGIN + 10_000 * USD, 2_100 * USD, tx.timestamp, False, ZERO_ADDRESS)
    assert tuple(venue.position(trader)) == position
    assert venue.account(trader).changed_at == tx.timestamp
    state = venue.state()
    assert (state.long_interest, state.basis_sum) == (70 * ETH, 70 * ETH * 2_100 * USD)
    assert state.pool == 10_000_010 * USD - 10_000 * USD
    venue.check_conservation()


def test_part_of_a_short(venue, exchange, owner, other_trader):
    venue.open(other_trader, -50 * ETH, 10_000)
    before = venue.position(other_trader).margin
    venue.price(2_050)
    tx = exchange.deleverage(0, other_trader, 20 * ETH, sender=owner)
    assert tx.events[0].size_closed == -20 * ETH
    assert tuple(venue.position(other_trader))[:2] == (-30 * ETH, before - 2_500 * USD)
    assert venue.state().short_interest == 30 * ETH


def test_whole(venue, exchange, owner, trader):
    exchange.deleverage(0, trader, 100 * ETH, sender=owner)
    assert tuple(venue.position(trader))[:3] == (0, MARGIN, 0)
    assert venue.account(trader).withdrawable == MARGIN


def test_more_than_there_is(venue, exchange, owner, trader, attacker):
    for account, size in ((trader, 0), (trader, 100 * ETH + 1), (attacker, 1), (attacker, 0)):
        with ape.reverts("deleverage: bad size"):
            exchange.deleverage(0, account, size, sender=owner)


def test_negative_equity(venue, exchange, owner, trader):
    """Such an account is for liquidation; nothing left is enough."""
    venue.price(2_000 - 98.69994)  # a loss of 9869.994
    assert venue.account(trader).equity == 0
    with venue.undone():
        exchange.deleverage(0, trader, ETH, sender=owner)
        assert tuple(venue.position(trader))[:2] == (99 * ETH, 0)
    venue.price(2_000 - 98.69995)
    with ape.reverts("deleverage: negative equity"):
        exchange.deleverage(0, trader, ETH, sender=owner)


def test_flagged(venue, exchange, owner, trader, keeper):
    venue.price(1_910)
    exchange.flag(0, trader, sender=keeper)
    with ape.reverts("account: flagged"):
        exchange.deleverage(0, trader, ETH, sender=owner)


def test_paused(venue, exchange, owner, trader):
    venue.status(PAUSED)
    with ape.reverts("market: paused"):
        exchange.deleverage(0, trader, ETH, sender=owner)
    venue.configure(liquidate_when_paused=True)
    exchange.deleverage(0, trader, ETH, sender=owner)
    assert venue.position(trader).size == 99 * ETH


def test_owner_only(exchange, venue, trader, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.deleverage(0, trader, ETH, sender=account)
