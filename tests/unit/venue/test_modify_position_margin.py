"""Margin in and out with an order that trades nothing."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, USD, USDC, ZERO_ADDRESS

FEE = 120_006 * USD // 1_000
MARGIN = 9_990 * USD - FEE  # of 100 ETH opened with 10,000 dollars
INITIAL = 8_000 * USD  # 200,000 / 25


@pytest.fixture
def position(venue, trader):
    """The trader is long 100."""
    venue.open(trader, 100 * ETH, 10_000)


def test_in(venue, exchange, usd, trader):
    usd.transfer(exchange, 500 * USDC, sender=trader)
    order = (0, 500 * USDC, 0, 0, ZERO_ADDRESS)
    result = venue.result("modify_position", *order, sender=trader)
    tx = exchange.modify_position(*order, sender=trader)

    assert tuple(result) == (0, 0, 2_000 * USD, 0, 500 * USD)
    assert tx.events == [
        exchange.PositionModified(
            market=0,
            account=trader,
            asset_delta=500 * USDC,
            size_delta=0,
            fill_price=0,
            fee=0,
            price=2_000 * USD,
            margin=500 * USD,
            basis=2_000 * USD,
        )
    ]
    assert venue.state().margins == 500 * USD
    assert exchange.cash() == 10_000_500 * USDC
    venue.check_conservation()


def test_in_settles_the_position(venue, exchange, usd, trader, position):
    venue.price(2_050)
    usd.transfer(exchange, 500 * USDC, sender=trader)
    exchange.modify_position(0, 500 * USDC, 0, 0, trader, sender=trader)

    margin = MARGIN + 5_000 * USD + 500 * USD
    assert tuple(venue.position(trader))[:3] == (100 * ETH, margin, 2_050 * USD)
    assert venue.state().basis_sum == 100 * ETH * 2_050 * USD
    venue.check_conservation()


def test_in_is_allowed_below_maintenance(venue, exchange, usd, trader, position):
    venue.price(1_910)  # equity 870, maintenance 2131
    usd.transfer(exchange, 1, sender=trader)
    exchange.modify_position(0, 1, 0, 0, trader, sender=trader)
    assert venue.position(trader).margin == MARGIN - 9_000 * USD + 10**12


def test_in_must_cover_what_is_lost(venue, exchange, usd, trader, position):
    venue.price(1_900)  # equity -130.006
    usd.transfer(exchange, 200 * USDC, sender=trader)

    with ape.reverts("margin: insufficient"):
        exchange.modify_position(0, 130_005_999, 0, 0, trader, sender=trader)
    exchange.modify_position(0, 130_006_000, 0, 0, trader, sender=trader)
    assert venue.position(trader).margin == 0


def test_out_without_a_position(venue, exchange, usd, trader, fee_receiver):
    venue.deposit(trader, 1_000)
    result = venue.result("modify_position", 0, -400 * USDC, 0, 0, fee_receiver, sender=trader)
    tx = exchange.modify_position(0, -400 * USDC, 0, 0, fee_receiver, sender=trader)

    assert tuple(result) == (0, 0, 2_000 * USD, 0, 600 * USD)
    assert [event.event_name for event in tx.events] == ["Transfer", "PositionModified"]
    assert (tx.events[1].asset_delta, tx.events[1].margin) == (-400 * USDC, 600 * USD)
    assert usd.balanceOf(fee_receiver) == 400 * USDC
    assert exchange.cash() == 10_000_600 * USDC
    venue.check_conservation()


def test_all_out_without_a_position(venue, exchange, usd, trader):
    before = usd.balanceOf(trader)
    venue.deposit(trader, 1_000)
    assert venue.account(trader).withdrawable == 1_000 * USD

    with ape.reverts("margin: insufficient"):
        venue.withdraw(trader, 1_000 * USDC + 1)
    venue.withdraw(trader, 1_000 * USDC)
    assert usd.balanceOf(trader) == before
    assert tuple(venue.position(trader))[:3] == (0, 0, 0)


def test_out_down_to_the_initial_margin(venue, exchange, trader, position):
    free = MARGIN - INITIAL
    assert venue.account(trader).withdrawable == free == 1_869_994 * USD // 1_000

    before = venue.books(trader)
    with ape.reverts("margin: below initial"):
        venue.withdraw(trader, free // 10**12 + 1)
    assert venue.books(trader) == before
    venue.withdraw(trader, free // 10**12)
    assert venue.position(trader).margin == INITIAL
    assert venue.account(trader).withdrawable == 0


def test_gains_can_leave(venue, exchange, trader, position):
    venue.price(2_100)
    free = MARGIN + 10_000 * USD - 8_400 * USD
    assert venue.account(trader).withdrawable == free
    venue.withdraw(trader, free // 10**12)

    assert tuple(venue.position(trader))[:3] == (100 * ETH, 8_400 * USD, 2_100 * USD)
    assert venue.state().pool == 10_000_010 * USD - 10_000 * USD
    venue.check_conservation()


def test_out_keeps_the_least_margin(venue, exchange, trader):
    """One ETH needs 80 dollars at 25x, but a market may ask for more."""
    venue.configure(min_margin=100 * USD)
    venue.open(trader, ETH, 1_000)
    before = venue.position(trader).margin
    free = before - 100 * USD
    assert venue.account(trader).withdrawable == free

    with ape.reverts("margin: below minimum"):
        venue.withdraw(trader, free // 10**12 + 1)
    venue.withdraw(trader, free // 10**12)


def test_out_while_increasing(venue, exchange, trader, position):
    """Both at once: the requirement is that of the position after."""
    venue.deposit(trader, 10_000)
    exchange.modify_position(0, -3_000 * USDC, 100 * ETH, 0, trader, sender=trader)

    # Skew 100 to 200: impact 100 * 0.30; fee 100 * 2000.30 * 6 bp
    margin = MARGIN + 7_000 * USD - 30 * USD - 120_018 * USD // 1_000
    assert tuple(venue.position(trader))[:2] == (200 * ETH, margin)
    assert margin > 16_000 * USD
    with ape.reverts("margin: below initial"):
        exchange.modify_position(0, -1_000 * USDC, 1, 0, trader, sender=trader)


def test_out_while_reducing_needs_the_initial_margin(venue, exchange, trader, position):
    venue.price(1_960)  # equity 5870: below the initial margin of 7840

    with ape.reverts("margin: below initial"):
        exchange.modify_position(0, -1, -ETH, 0, trader, sender=trader)
    exchange.modify_position(0, -1, -50 * ETH, 0, trader, sender=trader)
    assert venue.position(trader).size == 50 * ETH


def test_all_out_while_closing(venue, exchange, usd, trader, position):
    fee = 40_002 * USD // 1_000
    left = 10_000 * USD - FEE - fee
    exchange.modify_position(0, -(left // 10**12), -100 * ETH, 0, trader, sender=trader)
    assert tuple(venue.position(trader))[:3] == (0, left % 10**12, 0)


def test_receiver_must_be_somebody_else(venue, exchange, trader):
    venue.deposit(trader, 1_000)
    for receiver in (ZERO_ADDRESS, exchange):
        with ape.reverts("treasury: bad receiver"):
            exchange.modify_position(0, -1, 0, 0, receiver, sender=trader)


def test_receiver_is_ignored_when_nothing_leaves(venue, exchange, trader):
    venue.deposit(trader, 10_000)
    exchange.modify_position(0, 0, ETH, 0, exchange, sender=trader)
    assert venue.position(trader).size == ETH


def test_margin_of_others_is_out_of_reach(venue, exchange, trader, attacker):
    venue.deposit(trader, 1_000)
    with ape.reverts("margin: insufficient"):
        venue.withdraw(attacker, 1)
    assert venue.position(trader).margin == 1_000 * USD


def test_no_more_than_the_cash_behind_the_market(venue, exchange, owner, trader):
    venue.deposit(trader, 1_000)
    exchange.drain_pool(0, 10_000_400 * USDC, owner, sender=owner)

    assert venue.account(trader).withdrawable == 600 * USD
    with ape.reverts("treasury: venue cannot pay"):
        venue.withdraw(trader, 600 * USDC + 1)
    venue.withdraw(trader, 600 * USDC)
    assert venue.position(trader).margin == 400 * USD
    assert venue.state().pool == -400 * USD


def test_collateral_left_behind_belongs_to_whoever_books_it(venue, exchange, usd, trader, attacker):
    """Documented: send and book in the same transaction."""
    usd.transfer(exchange, 1_000 * USDC, sender=trader)
    exchange.modify_position(0, 1_000 * USDC, 0, 0, attacker, sender=attacker)

    assert venue.position(attacker).margin == 1_000 * USD
    with ape.reverts("treasury: not received"):
        exchange.modify_position(0, 1, 0, 0, trader, sender=trader)


def test_donations_change_no_figure(venue, exchange, usd, trader):
    venue.open(trader, 100 * ETH, 10_000)
    before = exchange.cash(), venue.state(), venue.account(trader, ETH)
    usd.transfer(exchange, 12_345 * USDC, sender=trader)
    assert (exchange.cash(), venue.state(), venue.account(trader, ETH)) == before
