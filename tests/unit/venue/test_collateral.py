"""Collateral of 6, 8 and 18 decimals: what goes in is exact, what comes out rounds down."""

import pytest

from tests.unit.venue.helpers import USD

# They leave a fraction of every unit.
SIZE = 98_765_432_109_876_543_211
PRICE = 199_987_654_321


@pytest.fixture(scope="module", params=[6, 8, 18])
def decimals(request):
    return request.param


@pytest.fixture
def unit(decimals):
    """The smallest unit of collateral, quote WAD."""
    return 10 ** (18 - decimals)


@pytest.fixture
def uneven(venue, owner, trader):
    """A position whose equity is no whole number of units."""
    venue.open(trader, SIZE, 10_000)
    venue.feeds[0].push(PRICE, sender=owner)


def test_deposit_is_exact(venue, exchange, trader, unit):
    for assets in (1, 3, 10 * venue.one + 7):
        before = venue.position(trader).margin
        exchange.deposit_margin(0, assets, sender=trader)
        assert venue.position(trader).margin - before == assets * unit
    venue.check_conservation()


def test_sent_margin_is_exact(venue, exchange, usd, trader, unit):
    usd.transfer(exchange, 10 * venue.one + 7, sender=trader)
    exchange.modify_position(0, 10 * venue.one + 7, 0, 0, trader, sender=trader)
    assert venue.position(trader).margin == (10 * venue.one + 7) * unit


def test_withdrawal_is_exact(venue, exchange, usd, trader, fee_receiver, uneven, unit):
    """The account loses what its receiver gets; the fraction stays."""
    equity = venue.account(trader).equity
    exchange.modify_position(0, -(venue.one + 7), 0, 0, fee_receiver, sender=trader)
    assert usd.balanceOf(fee_receiver) == venue.one + 7
    assert venue.position(trader).margin == equity - (venue.one + 7) * unit
    venue.check_conservation()


def test_withdrawable_rounds_down_to_units(venue, exchange, trader, uneven, unit):
    units, fraction = divmod(venue.account(trader).withdrawable, unit)
    assert (fraction > 0) == (unit > 1)
    venue.withdraw(trader, units)
    assert venue.account(trader).withdrawable == fraction
    venue.check_conservation()


def test_liquidity_rounds_down_to_units(venue, exchange, usd, lp, trader, uneven, unit):
    venue.trade(trader, -SIZE)
    pool = venue.state().lp_equity
    before = usd.balanceOf(lp)
    shares = exchange.lp_shares(0, lp)
    exchange.remove_liquidity(0, shares, 0, lp, sender=lp)
    assets = shares * (pool + 1) // (shares + 1_000) // unit
    assert usd.balanceOf(lp) - before == assets
    assert venue.state().lp_equity == pool - assets * unit < 2 * unit + 10
    venue.check_conservation()


def test_fees_round_down_to_units(venue, exchange, usd, owner, trader, fee_receiver, unit):
    """And to billionths, which the bucket counts in."""
    venue.deposit(trader, 1_000)
    venue.trade(trader, 12_345_678_901 * 10**8)
    fees = venue.state().fees
    exchange.collect_fees(0, fee_receiver, sender=owner)
    whole = fees // unit * unit
    assert usd.balanceOf(fee_receiver) == whole // unit
    assert venue.state().fees == fees - whole
    venue.check_conservation()


def test_keeper_fees_round_down_to_units(venue, exchange, usd, owner, trader, keeper, uneven, unit):
    venue.feeds[0].push(191_234_567_891, sender=owner)
    venue.liquidate(trader, keeper)
    owed = exchange.owed(keeper)
    assert owed % 10**12 > 0
    before = usd.balanceOf(keeper)
    exchange.claim_keeper_fees(keeper, sender=keeper)
    assert usd.balanceOf(keeper) - before == owed // unit
    assert exchange.owed(keeper) == owed % unit
    venue.check_conservation()


def test_shares_cost_the_same_in_any_decimals(venue, exchange, attacker):
    assert venue.state().lp_equity == 10_000_000 * USD
    venue.add_liquidity(attacker, 5_000)
    assert exchange.lp_shares(0, attacker) == 5 * 10**24
