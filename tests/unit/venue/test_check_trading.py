"""The view that says why an account may not trade: exactly what an order would say."""

import ape
import pytest

from tests.unit.venue.helpers import CLOSED, ETH, PAUSED, REDUCE_ONLY, USD, ZERO_ADDRESS


@pytest.fixture(scope="module")
def prepare(trader, other_trader, keeper):
    """The trader can trade, the other one is flagged."""

    def prepare(venue):
        venue.price(2_100)
        venue.open(other_trader, 10 * ETH, 1_100)
        venue.price(2_005)
        venue.exchange.flag(0, other_trader, sender=keeper)
        venue.price(2_000)
        venue.open(trader, 10 * ETH, 10_000)

    return prepare


@pytest.fixture
def check(venue, exchange):
    """Ask the view of the next block."""
    return lambda account, market=0: exchange.check_trading(market, account, block_id="pending")


@pytest.fixture
def refused(venue, check):
    """View and order give the same reason."""

    def refused(account, reason):
        with ape.reverts(reason):
            check(account)
        with ape.reverts(reason):
            venue.trade(account, -ETH)

    return refused


def stale(venue):
    venue.feeds[0].push_at(2_000 * 10**8, 1, sender=venue.owner)


def test_nothing_is_wrong(check, trader, attacker):
    """Not with an account that nobody has either."""
    for account in (trader, attacker, ZERO_ADDRESS):
        assert check(account) == 2_000 * USD


@pytest.mark.parametrize("status", [REDUCE_ONLY, CLOSED])
def test_market_that_only_reduces(venue, check, trader, status):
    """Which orders it takes depends on the order."""
    venue.status(status)
    check(trader)
    venue.trade(trader, -ETH)


def test_paused_market(venue, refused, trader):
    venue.status(PAUSED)
    refused(trader, "market: paused")


def test_flagged_account(venue, check, refused, trader, other_trader):
    refused(other_trader, "account: flagged")
    check(trader)


def test_flagged_in_another_market(venue, check, other_trader):
    check(other_trader, venue.add_market())


def test_recovered_account(venue, exchange, check, other_trader, keeper):
    venue.price(2_100)
    exchange.liquidate(0, other_trader, sender=keeper)
    check(other_trader)


def test_price_with_a_fault(venue, refused, trader):
    stale(venue)
    refused(trader, "oracle: stale")


def test_what_is_said_first(venue, refused, trader, other_trader):
    """Paused before flagged before the price, as an order checks them."""
    stale(venue)
    refused(other_trader, "account: flagged")
    venue.status(PAUSED)
    refused(other_trader, "market: paused")
    refused(trader, "market: paused")


def test_a_closed_market_needs_no_price(venue, check, trader):
    venue.feeds[0].set_reverts(True, sender=venue.owner)
    venue.status(CLOSED)
    assert check(trader) == 2_000 * USD


def test_guarded_price(venue, exchange, check, refused, owner, trader):
    """A price that jumps is refused, and asking does not make it the accepted one."""
    guard = venue.guard(max_jump=10**17, jump_window=86_400)
    exchange.force_funding_rate(0, 0, False, sender=owner)
    venue.price(2_300)
    refused(trader, "oracle: jump")
    venue.price(2_100)
    assert check(trader) == 2_100 * USD
    assert guard.accepted_price() == 2_000 * USD
