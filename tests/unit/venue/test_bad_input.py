"""Amounts and markets that make no sense: a clear reason, and nothing has changed."""

import ape
import pytest

from tests.unit.venue.helpers import (
    ETH,
    MAX_INT,
    MAX_ORDER,
    MAX_UINT,
    MIN_INT,
    USDC,
    ZERO_ADDRESS,
)

OUT_OF_RANGE = "order: zero or out of range"
UNKNOWN_MARKETS = [1, 31, 32, 2**96, MAX_UINT]


@pytest.fixture(scope="module")
def prepare(trader):
    """The trader is long 10."""
    return lambda venue: venue.open(trader, 10 * ETH, 10_000)


@pytest.fixture
def unchanged(venue, trader, other_trader, lp, attacker):
    """What a test tries must leave no trace."""
    accounts = trader, other_trader, lp, attacker
    before = venue.books(*accounts)
    yield
    assert venue.books(*accounts) == before


TOO_LARGE = [MAX_ORDER + 1, -MAX_ORDER - 1, MAX_INT, MIN_INT, 2**127, -(2**128), 2**254]


@pytest.mark.parametrize("amount", TOO_LARGE)
def test_orders_out_of_range(venue, exchange, unchanged, trader, amount):
    for order in ((amount, 0), (0, amount), (amount, amount), (1, amount), (amount, 1)):
        with ape.reverts(OUT_OF_RANGE):
            exchange.modify_position(0, *order, 0, trader, sender=trader)


@pytest.mark.parametrize("amount", TOO_LARGE)
def test_quotes_out_of_range(exchange, trader, amount):
    with ape.reverts("order: quote out of range"):
        exchange.account_state(0, trader, amount)


def test_order_of_nothing(venue, exchange, unchanged, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts(OUT_OF_RANGE):
            exchange.modify_position(0, 0, 0, 0, account, sender=account)


def test_largest_orders_fail_for_what_they_lack(venue, exchange, unchanged, trader, attacker):
    for account in (trader, attacker):
        for order, reason in (
            ((MAX_ORDER, 0), "treasury: not received"),
            ((-MAX_ORDER, 0), "margin: insufficient"),
            ((0, MAX_ORDER), "market: open interest cap"),
            ((0, -MAX_ORDER), "market: open interest cap"),
            ((MAX_ORDER, MAX_ORDER), "market: open interest cap"),
            ((-MAX_ORDER, -MAX_ORDER), "market: open interest cap"),
        ):
            with ape.reverts(reason):
                exchange.modify_position(0, *order, 0, account, sender=account)


def test_largest_quotes(venue, trader, other_trader):
    """No price exists for the largest sale; the largest purchase costs more than all there is."""
    assert venue.account(trader, -MAX_ORDER).fill_price == 0
    assert venue.account(trader, -MAX_ORDER).order_fee == 0
    # 2000 (1 + (10 + 2**94 / 1e18) / 1e6), up
    double = 2 * 10**24
    fill = -(-2_000 * 10**18 * (double + 20 * ETH + MAX_ORDER) // double)
    assert venue.account(other_trader, MAX_ORDER).fill_price == fill


@pytest.mark.parametrize("amount", [0, MAX_ORDER + 1, 2**128, MAX_UINT])
def test_pulled_amounts_out_of_range(venue, exchange, unchanged, trader, lp, amount):
    with ape.reverts("treasury: bad amount"):
        exchange.deposit_margin(0, amount, sender=trader)
    with ape.reverts("treasury: bad amount"):
        exchange.add_liquidity(0, amount, 0, sender=lp)


def test_largest_pull_fails_for_what_it_lacks(venue, exchange, unchanged, trader, lp):
    with ape.reverts("erc20: transfer amount exceeds balance"):
        exchange.deposit_margin(0, MAX_ORDER, sender=trader)
    with ape.reverts("erc20: transfer amount exceeds balance"):
        exchange.add_liquidity(0, MAX_ORDER, 0, sender=lp)


def test_pull_without_allowance(venue, exchange, unchanged, usd, owner, guardian):
    usd.mint(guardian, 1_000 * USDC, sender=owner)
    for verb in (
        lambda: exchange.deposit_margin(0, USDC, sender=guardian),
        lambda: exchange.add_liquidity(0, USDC, 0, sender=guardian),
    ):
        with ape.reverts("erc20: insufficient allowance"):
            verb()


@pytest.mark.parametrize("shares", [0, 10**28 + 1, MAX_UINT])
def test_shares_out_of_range(venue, exchange, unchanged, lp, shares):
    assert exchange.lp_shares(0, lp) == 10**28
    with ape.reverts("lp: bad shares"):
        exchange.remove_liquidity(0, shares, 0, lp, sender=lp)


@pytest.mark.parametrize("size", [0, 10 * ETH + 1, 2**255, MAX_UINT])
def test_deleverage_out_of_range(venue, exchange, unchanged, owner, trader, size):
    with ape.reverts("deleverage: bad size"):
        exchange.deleverage(0, trader, size, sender=owner)


@pytest.mark.parametrize("assets", [10_010_000 * USDC + 1, 2**196])
def test_drain_out_of_range(venue, exchange, unchanged, owner, assets):
    with ape.reverts("treasury: venue cannot pay"):
        exchange.drain_pool(0, assets, owner, sender=owner)


def test_drain_beyond_the_range_of_numbers(venue, exchange, unchanged, owner):
    """Converted to 18 decimals it does not fit into a word: no reason, but no harm."""
    with ape.reverts():
        exchange.drain_pool(0, MAX_UINT, owner, sender=owner)


@pytest.mark.parametrize("market", UNKNOWN_MARKETS)
def test_unknown_markets(venue, exchange, unchanged, owner, trader, lp, market):
    words = exchange.market_words_of(0)
    for call in (
        lambda: exchange.market_state(market),
        lambda: exchange.market_words_of(market),
        lambda: exchange.account_state(market, trader, 0),
        lambda: exchange.maintenance_margin(market, ETH),
        lambda: exchange.check_trading(market, trader),
        lambda: exchange.position(market, trader),
        lambda: exchange.modify_position(market, 0, ETH, 0, trader, sender=trader),
        lambda: exchange.deposit_margin(market, USDC, sender=trader),
        lambda: exchange.flag(market, trader, sender=trader),
        lambda: exchange.liquidate(market, trader, sender=trader),
        lambda: exchange.add_liquidity(market, USDC, 0, sender=lp),
        lambda: exchange.remove_liquidity(market, 1, 0, lp, sender=lp),
        lambda: exchange.drain_pool(market, 0, owner, sender=owner),
        lambda: exchange.collect_fees(market, owner, sender=owner),
        lambda: exchange.set_market_config(market, words, sender=owner),
        lambda: exchange.set_price_guard(market, ZERO_ADDRESS, sender=owner),
        lambda: exchange.set_market_status(market, 1, sender=owner),
        lambda: exchange.close_market(market, 1, sender=owner),
        lambda: exchange.force_funding_rate(market, 0, True, sender=owner),
        lambda: exchange.deleverage(market, trader, 1, sender=owner),
    ):
        with ape.reverts("market: unknown"):
            call()


def test_views_of_accounts_nobody_has(venue, exchange, attacker):
    for account in (attacker, ZERO_ADDRESS, exchange):
        assert tuple(venue.position(account)) == (0, 0, 0, 0, False, ZERO_ADDRESS)
        state = venue.account(account)
        assert (state.size, state.equity, state.withdrawable, state.maintenance) == (0, 0, 0, 0)


def test_others_cannot_touch_an_account(venue, exchange, unchanged, trader, attacker):
    """Verbs name no account: the attacker's own is empty."""
    for order, reason in (
        ((-1, 0), "margin: insufficient"),
        ((0, -10 * ETH), "margin: insufficient"),
        ((0, ETH), "margin: insufficient"),
    ):
        with ape.reverts(reason):
            exchange.modify_position(0, *order, 0, attacker, sender=attacker)
    with ape.reverts("lp: bad shares"):
        exchange.remove_liquidity(0, 1, 0, attacker, sender=attacker)
    with ape.reverts("liquidation: above maintenance"):
        exchange.flag(0, trader, sender=attacker)
    with ape.reverts("liquidation: not flagged"):
        exchange.liquidate(0, trader, sender=attacker)
    with ape.reverts("treasury: nothing owed"):
        exchange.claim_keeper_fees(attacker, sender=attacker)
