"""What an account must keep after an order, to the wei: collateral of 18 decimals, no fees."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, USD

IMPACT = 10 * USD  # of 100 ETH from skew 0


@pytest.fixture(scope="module")
def decimals():
    return 18


@pytest.fixture(scope="module")
def changes():
    return {"maker_fee": 0, "taker_fee": 0}


def deposit(venue, account, wei):
    venue.exchange.deposit_margin(0, wei, sender=account)


@pytest.mark.parametrize("side", [1, -1])
def test_initial_margin(venue, trader, side):
    """100 ETH at 2000 and 25x: 8000 dollars, after the impact."""
    deposit(venue, trader, 8_000 * USD + IMPACT - 1)
    with ape.reverts("margin: below initial"):
        venue.trade(trader, side * 100 * ETH)
    deposit(venue, trader, 1)
    venue.trade(trader, side * 100 * ETH)
    assert venue.position(trader).margin == 8_000 * USD


def test_initial_margin_rounds_up(venue, trader):
    """One wei of ether at 1999.99: 79.9996 wei of dollars."""
    venue.configure(
        min_margin=0,
        min_keeper_fee=0,
        maintenance_ratio=0,
        liquidation_fee_ratio=0,
        liquidation_premium=0,
        maker_fee=0,
        taker_fee=0,
    )
    venue.price(1_999.99)
    deposit(venue, trader, 80)  # the fill costs one
    with ape.reverts("margin: below initial"):
        venue.trade(trader, 1)
    deposit(venue, trader, 1)
    venue.trade(trader, 1)
    assert venue.position(trader).margin == 80


def test_least_margin(venue, trader):
    """0.1 ETH needs 8 dollars at 25x, but 50 is the least; its impact is 0.00001."""
    deposit(venue, trader, 50 * USD + USD // 10**5 - 1)
    with ape.reverts("margin: below minimum"):
        venue.trade(trader, ETH // 10)
    deposit(venue, trader, 1)
    venue.trade(trader, ETH // 10)
    assert venue.position(trader).margin == 50 * USD


def test_more_than_maintenance_after_an_increase(venue, trader):
    """A premium of 25 makes maintenance of 2000 ETH exceed their initial margin.

    Notional 4,000,000: buffer 30,000, premium 5 % = 200,000, keeper fee 1000 at most.
    """
    venue.configure(liquidation_premium=25 * USD, maker_fee=0, taker_fee=0)
    impact = 2_000 * 2 * USD  # half of 2000 / 1e6 of 2000, on each of 2000
    deposit(venue, trader, 231_000 * USD + impact)
    with ape.reverts("margin: below maintenance"):
        venue.trade(trader, 2_000 * ETH)
    deposit(venue, trader, 1)
    venue.trade(trader, 2_000 * ETH)

    account = venue.account(trader)
    assert (account.maintenance, account.equity) == (231_000 * USD, 231_000 * USD + 1)
    assert account.withdrawable == 0


def test_more_than_maintenance_after_a_withdrawal(venue, trader):
    venue.configure(liquidation_premium=25 * USD, maker_fee=0, taker_fee=0)
    venue.open(trader, 2_000 * ETH, 300_000)
    free = venue.position(trader).margin - 231_000 * USD - 1
    assert venue.account(trader).withdrawable == free

    with ape.reverts("margin: below maintenance"):
        venue.withdraw(trader, free + 1)
    venue.withdraw(trader, free)
    assert venue.position(trader).margin == 231_000 * USD + 1


@pytest.mark.parametrize("side", [1, -1])
def test_more_than_maintenance_after_a_reduction(venue, trader, side):
    """Of 50 ETH left at 2000: 750 + 7.8125 + 350."""
    deposit(venue, trader, 10_000 * USD + IMPACT)
    venue.trade(trader, side * 100 * ETH)
    # The account loses until 1107.8125 dollars are left; closing 50 returns 7.50 of impact.
    venue.price(2_000 - side * 90)
    price = 2_000 - side * 90
    notional = 50 * price
    maintenance = (
        notional * USD * 75 // 10**4  # buffer
        + notional * USD * 35 // 10**4  # keeper fee
        + notional * USD * 50 * 15_625 // 10**10  # premium 50 / 1e6 * 1.5625
    )
    returned = 50 * price * 75 * USD // 10**6  # skew 100 to 50
    assert venue.account(trader).equity == 1_000 * USD

    missing = maintenance - 1_000 * USD - returned
    deposit(venue, trader, missing)
    with ape.reverts("margin: below maintenance"):
        venue.trade(trader, -side * 50 * ETH)
    deposit(venue, trader, 1)
    venue.trade(trader, -side * 50 * ETH)
    assert venue.position(trader).margin == maintenance + 1


def test_closing_may_leave_nothing(venue, trader):
    """Equity is -10 dollars at 1900: the 9.50 that closing returns are not enough."""
    deposit(venue, trader, 10_000 * USD)
    venue.trade(trader, 100 * ETH)
    venue.price(1_900)
    with ape.reverts("margin: insufficient"):
        venue.trade(trader, -100 * ETH)
    deposit(venue, trader, USD // 2 - 1)
    with ape.reverts("margin: insufficient"):
        venue.trade(trader, -100 * ETH)
    deposit(venue, trader, 1)
    venue.trade(trader, -100 * ETH)
    assert tuple(venue.position(trader))[:3] == (0, 0, 0)


@pytest.mark.parametrize(("size", "fee"), [(ETH // 10, 2), (100, 700), (200, 1_000)])
def test_maintenance(venue, trader, size, fee):
    """Buffer + premium + a keeper fee of 35 bp, but 2 dollars at least and 1000 at most."""
    size = size if size == ETH // 10 else size * ETH
    venue.open(trader, size, 50_000)
    notional = size * 2_000
    premium = notional * size * 15_625 // 10**28
    maintenance = notional * 75 // 10**4 + premium + fee * USD
    assert venue.account(trader).maintenance == maintenance
    if size == 100 * ETH:
        assert maintenance == 1_500 * USD + 31_25 * USD // 100 + 700 * USD
