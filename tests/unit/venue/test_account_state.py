"""The view that quotes: what it says is what an order does."""

import pytest

from tests.unit.venue.helpers import ACTIVE, ETH, PAUSED, USD, USDC, WAD

MARGIN = 9_990 * USD - 120_006 * USD // 1_000  # of 100 ETH opened with 10,000 dollars


@pytest.fixture(scope="module")
def prepare(trader):
    return lambda venue: venue.open(trader, 100 * ETH, 10_000)


def test_all_fields(venue, trader):
    venue.price(1_990)
    account = venue.account(trader, 50 * ETH)

    fill = 1_990 * USD * (2 * 10**6 + 250) // (2 * 10**6)
    expected = {
        "price": 1_990 * USD,
        "oracle_fault": 0,
        "status": ACTIVE,
        "size": 100 * ETH,
        "equity": MARGIN - 1_000 * USD,
        "withdrawable": MARGIN - 1_000 * USD - 7_960 * USD,  # 199,000 / 25
        "cash": 10_010_000 * USD - 120_006 * USD // 1_000,
        "maintenance": 1_492_5 * USD // 10 + 31_09375 * USD // 10**5 + 696_5 * USD // 10,
        "flagged": False,
        "changed_at": 0,
        "skew": 100 * ETH,
        "skew_scale": 10**6 * ETH,
        "maker_fee": 2 * 10**14,
        "taker_fee": 6 * 10**14,
        "max_leverage": 25 * WAD,
        "min_margin": 50 * USD,
        "min_keeper_fee": 2 * USD,
        "funding_rate": 0,
        "fill_price": fill,
        "order_fee": 50 * fill * 6 // 10**4,
    }
    assert {name: getattr(account, name) for name in expected} == expected
    assert len(account) == len(expected)


def test_without_an_order(venue, trader):
    account = venue.account(trader)
    assert (account.fill_price, account.order_fee) == (0, 0)


@pytest.mark.parametrize(
    "size", [1, ETH, 40 * ETH, -1, -40 * ETH, -100 * ETH, -140 * ETH, -(10**17) - 7]
)
def test_quote_is_what_an_order_gets(venue, trader, size):
    venue.deposit(trader, 10_000)
    quote = venue.account(trader, size)
    fill, fee, price, new_size, _ = venue.result(
        "modify_position", 0, 0, size, 0, trader, sender=trader
    )
    assert (quote.fill_price, quote.order_fee, quote.price) == (fill, fee, price)
    assert quote.size + size == new_size


def test_equity_is_what_a_touch_settles(venue, exchange, usd, owner, trader):
    usd.mint(exchange, 1, sender=owner)
    venue.price(1_987.654321)
    equity = venue.account(trader).equity
    exchange.modify_position(0, 1, 0, 0, trader, sender=trader)
    assert venue.position(trader).margin == equity + 10**12
    assert venue.account(trader).equity == equity + 10**12


def test_negative_equity(venue, trader):
    venue.price(1_890)
    account = venue.account(trader)
    assert account.equity == MARGIN - 11_000 * USD < 0
    assert account.withdrawable == 0


def test_withdrawable_is_exact(venue, trader):
    """In units of the collateral, whatever the price leaves."""
    venue.price(1_999.87654321)
    units = venue.account(trader).withdrawable // 10**12
    venue.withdraw(trader, units)
    assert venue.account(trader).withdrawable < 10**12


def test_withdrawable_is_margins_and_pool_at_most(venue, exchange, owner, trader, other_trader):
    """The fees of the market are not the traders'."""
    venue.deposit(other_trader, 500)
    state = venue.state()
    fees = state.fees
    assert fees == 120_006 * USD // 1_000
    exchange.drain_pool(0, (state.backing - 400 * USD) // 10**12, owner, sender=owner)
    assert venue.account(other_trader).withdrawable == 400 * USD - fees
    assert venue.account(other_trader).cash == 400 * USD - fees
    exchange.drain_pool(0, 300 * USDC, owner, sender=owner)
    assert venue.account(other_trader).withdrawable == 0
    assert venue.account(other_trader).cash == 0


def test_while_paused(venue, trader):
    venue.status(PAUSED)
    account = venue.account(trader, ETH)
    assert (account.status, account.withdrawable) == (PAUSED, 0)
    assert account.cash == 10_010_000 * USD - 120_006 * USD // 1_000
    assert (account.equity, account.fill_price > 2_000 * USD) == (MARGIN, True)


def test_with_the_last_price_when_it_is_too_old(venue, owner, trader):
    """Equity is still an estimate, but nothing may leave."""
    venue.feeds[0].push_at(2_100 * 10**8, 1, sender=owner)
    account = venue.account(trader, ETH)
    assert (account.price, account.oracle_fault) == (2_100 * USD, 7)
    assert account.equity == MARGIN + 10_000 * USD
    assert (account.withdrawable, account.fill_price > 2_100 * USD) == (0, True)


def test_without_any_price(venue, owner, trader):
    venue.feeds[0].set_reverts(True, sender=owner)
    account = venue.account(trader, ETH)
    assert (account.price, account.oracle_fault) == (0, 3)
    assert (account.equity, account.withdrawable) == (MARGIN, 0)
    assert (account.fill_price, account.order_fee) == (0, 0)


def test_cash_is_the_markets(venue, exchange, owner, trader, attacker):
    """It does not depend on the account or its price; paid-out fees were never in it."""
    assert venue.account(attacker).cash == venue.account(trader).cash
    before = venue.account(trader).cash
    exchange.collect_fees(0, owner, sender=owner)
    assert venue.account(trader).cash == before
    venue.withdraw(trader, USDC)
    assert venue.account(trader).cash == before - USD
    venue.feeds[0].set_reverts(True, sender=owner)
    assert venue.account(attacker).cash == before - USD
