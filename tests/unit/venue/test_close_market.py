"""Delisting: a frozen price, no impact, no fee, no funding, for good."""

import ape
import pytest

from tests.unit.venue.helpers import (
    ACTIVE,
    CLOSED,
    ETH,
    MAX_PRICE,
    MAX_UINT,
    NOT_OWNER,
    PAUSED,
    USD,
)

LONG_MARGIN = 9_990 * USD - 120_006 * USD // 1_000  # of 100 ETH opened with 10,000 dollars


@pytest.fixture(scope="module")
def prepare(trader, other_trader):
    """A long of 100 and a short of 40."""

    def prepare(venue):
        venue.open(trader, 100 * ETH, 10_000)
        venue.open(other_trader, -40 * ETH, 10_000)

    return prepare


def close(venue, dollars):
    return venue.exchange.close_market(0, round(dollars * 100) * USD // 100, sender=venue.owner)


def test_closes(venue, exchange):
    tx = close(venue, 2_050)
    assert tx.events == [
        exchange.MarketStatusUpdated(market=0, old_status=ACTIVE, new_status=CLOSED),
        exchange.MarketClosed(market=0, settlement_price=2_050 * USD, funding_index=0),
    ]
    state = venue.state()
    assert (state.price, state.oracle_fault, state.status) == (2_050 * USD, 0, CLOSED)
    assert state.traders_pnl == 60 * 50 * USD


def test_settles_without_impact_and_fee(venue, exchange, trader, other_trader):
    short_margin = venue.position(other_trader).margin
    close(venue, 2_050)
    quote = venue.account(trader, -100 * ETH)
    assert (quote.fill_price, quote.order_fee) == (2_050 * USD, 0)

    result = venue.result("modify_position", 0, 0, -100 * ETH, 0, trader, sender=trader)
    margin = LONG_MARGIN + 5_000 * USD
    assert tuple(result) == (2_050 * USD, 0, 2_050 * USD, 0, margin)
    venue.trade(trader, -30 * ETH)
    venue.trade(trader, -70 * ETH)
    venue.trade(other_trader, 40 * ETH)

    assert tuple(venue.position(trader))[:2] == (0, margin)
    assert tuple(venue.position(other_trader))[:2] == (0, short_margin - 2_000 * USD)
    state = venue.state()
    assert (state.long_interest, state.short_interest, state.basis_sum) == (0, 0, 0)
    venue.check_conservation()


def test_price_is_frozen(venue, owner):
    close(venue, 2_050)
    venue.price(3_000)
    assert venue.state().price == 2_050 * USD
    venue.feeds[0].set_reverts(True, sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (2_050 * USD, 0)


def test_needs_no_valid_price(venue, owner, trader):
    """That is when a market is closed."""
    venue.feeds[0].set_reverts(True, sender=owner)
    close(venue, 1_990)
    venue.trade(trader, -100 * ETH)
    assert venue.position(trader).margin == LONG_MARGIN - 1_000 * USD


def test_from_a_pause(venue, trader):
    venue.status(PAUSED)
    close(venue, 2_000)
    venue.trade(trader, -100 * ETH)


def test_asks_for_no_maintenance(venue, exchange, trader, keeper):
    """An account that was due can close, instead of paying keepers."""
    close(venue, 1_910)
    assert venue.account(trader).maintenance == 0
    with ape.reverts("liquidation: above maintenance"):
        exchange.flag(0, trader, sender=keeper)
    venue.trade(trader, -ETH)
    venue.trade(trader, -99 * ETH)
    assert venue.position(trader).margin == LONG_MARGIN - 9_000 * USD


def test_flagged_account_is_freed(venue, exchange, trader, keeper):
    venue.price(1_910)
    exchange.flag(0, trader, sender=keeper)
    close(venue, 1_910)
    exchange.liquidate(0, trader, sender=keeper)
    venue.trade(trader, -100 * ETH)
    assert exchange.owed_total() == 0


def test_negative_equity_is_written_off(venue, exchange, trader, keeper):
    close(venue, 1_890)
    with ape.reverts("margin: insufficient"):
        venue.trade(trader, -100 * ETH)
    venue.liquidate(trader, keeper)
    assert venue.state().bad_debt == 11_000 * USD - LONG_MARGIN
    assert venue.position(trader).size == 0
    venue.check_conservation()


def test_no_increase(venue, trader, attacker):
    close(venue, 2_000)
    venue.deposit(attacker, 1_000)
    for account, size in ((trader, 1), (trader, -100 * ETH - 1), (attacker, 1), (attacker, -1)):
        with ape.reverts("market: reduce only"):
            venue.trade(account, size)


def test_margin_of_an_open_position_can_leave_down_to_the_initial_margin(venue, trader):
    close(venue, 2_000)
    free = LONG_MARGIN - 8_000 * USD
    assert venue.account(trader).withdrawable == free
    with ape.reverts("margin: below initial"):
        venue.withdraw(trader, free // 10**12 + 1)
    venue.withdraw(trader, free // 10**12)


def test_liquidity_can_leave(venue, exchange, lp, usd):
    """Positions are worth what they are: no reserve is kept for them."""
    close(venue, 2_000)
    before = usd.balanceOf(lp)
    exchange.remove_liquidity(0, exchange.lp_shares(0, lp), 0, lp, sender=lp)
    # Orders have left 10.00 - 6.40 of impact; the virtual shares round down by one unit.
    assert usd.balanceOf(lp) - before == 10_000_003_600_000 - 1
    assert venue.state().lp_equity == 10**12
    with ape.reverts("lp: market closed"):
        venue.add_liquidity(lp, 1)


def test_twice(venue, exchange, owner):
    close(venue, 2_000)
    with ape.reverts("market: closed for good"):
        close(venue, 2_100)
    assert venue.state().price == 2_000 * USD


@pytest.mark.parametrize("price", [0, MAX_PRICE + 1, MAX_UINT])
def test_bad_price(venue, exchange, owner, price):
    with ape.reverts("market: bad settlement price"):
        exchange.close_market(0, price, sender=owner)
    assert venue.state().status == ACTIVE


@pytest.mark.parametrize("price", [1, MAX_PRICE])
def test_extreme_prices(venue, exchange, owner, trader, price):
    exchange.close_market(0, price, sender=owner)
    assert venue.state().price == price
    assert venue.account(trader).equity == LONG_MARGIN + 100 * (price - 2_000 * USD)


def test_owner_only(venue, exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.close_market(0, 2_000 * USD, sender=account)
