"""Accounts that owe more than they have: the pool pays, and keepers live on the market's fees."""

import pytest

from tests.unit.venue.helpers import ETH, USD

BILLIONTH = 10**9


@pytest.fixture(scope="module")
def decimals():
    return 18


@pytest.fixture(scope="module")
def changes():
    return {"maker_fee": 0, "taker_fee": 0}


@pytest.fixture(scope="module")
def prepare(trader):
    """At 1900 the trader's equity is 9100 - 10 - 10,000."""
    return lambda venue: venue.open(trader, 100 * ETH, 9_100)


def test_bad_debt_is_the_pools(venue, exchange, trader, keeper):
    """At 1900 the account owes 910 dollars; no fees are there for the keeper."""
    venue.price(1_900)
    exchange.flag(0, trader, sender=keeper)
    result = venue.result("liquidate", 0, trader, sender=keeper)
    tx = exchange.liquidate(0, trader, sender=keeper)

    assert tuple(result) == (100 * ETH, 0)
    assert tx.events == [
        exchange.PositionLiquidated(
            market=0,
            account=trader,
            liquidator=keeper,
            size_closed=100 * ETH,
            price=1_900 * USD,
            keeper_fee=0,
            seized=0,
            bad_debt=910 * USD,
            size=0,
            margin=0,
            basis=1_900 * USD,
        )
    ]
    assert tuple(venue.position(trader))[:5] == (0, 0, 0, tx.timestamp, False)
    state = venue.state()
    assert state.bad_debt == 910 * USD
    # It has all of the margin: 9100 in, of which 9100 were lost, and 910 more that nobody pays.
    assert (state.pool, state.margins) == (10_009_100 * USD, 0)
    assert exchange.owed_total() == 0
    venue.check_conservation()


def test_equity_of_nothing(venue, exchange, trader, keeper):
    venue.price(1_909.1)
    tx = venue.liquidate(trader, keeper)
    event = tx.events[0]
    assert (event.size_closed, event.keeper_fee, event.bad_debt) == (100 * ETH, 0, 0)
    # Nothing is left for the account: what closing would gain stays the pool's too.
    assert (event.margin, venue.state().bad_debt) == (0, 0)
    venue.check_conservation()


def test_bad_debt_adds_up(venue, exchange, trader, other_trader, keeper):
    venue.open(other_trader, 100 * ETH, 9_100)
    before = venue.position(other_trader).margin
    venue.price(1_900)
    venue.liquidate(trader, keeper)
    venue.liquidate(other_trader, keeper)
    assert venue.state().bad_debt == 910 * USD + 10_000 * USD - before


@pytest.fixture
def fee_bucket(venue, exchange, other_trader):
    """Two dollars of fees, or a billionth less."""

    def fill(short_of=0):
        # 1e-9 of 2000 dollars at the fee of a taker, 0.1 %, is a millionth of two dollars.
        venue.configure(
            maker_fee=10**15,
            taker_fee=10**15,
            skew_scale=10**9 * ETH,
            max_long=1_000_000 * ETH,
            max_short=1_000_000 * ETH,
        )
        venue.deposit(other_trader, 1_000)
        venue.trade(other_trader, -(ETH - short_of))

    return fill


def test_keeper_is_paid_from_the_fees_for_bad_debt(
    venue, exchange, trader, keeper, attacker, fee_bucket
):
    fee_bucket()
    # Skew 100 to 99 of 1e9: the fill is 2000 (1 + 99.5e-9), 0.1 % of it 2.000000199.
    assert venue.state().fees == 2_000_000_199 * BILLIONTH
    venue.price(1_900)
    exchange.flag(0, trader, sender=keeper)
    tx = exchange.liquidate(0, trader, sender=attacker)

    assert tx.events[0].keeper_fee == 2 * USD
    assert tx.events[0].bad_debt == 910 * USD
    assert exchange.owed(keeper) == exchange.owed(attacker) == USD
    assert venue.state().fees == 199 * BILLIONTH
    venue.check_conservation()


def test_keeper_is_not_paid_from_fees_that_do_not_cover_it(
    venue, exchange, trader, keeper, fee_bucket
):
    fee_bucket(short_of=ETH // 10**6)
    assert venue.state().fees == 1_999_998_198 * BILLIONTH  # of 0.999999 ETH
    venue.price(1_900)
    tx = venue.liquidate(trader, keeper)
    assert (tx.events[0].keeper_fee, exchange.owed_total()) == (0, 0)
    assert venue.state().fees == 1_999_998_198 * BILLIONTH


def test_fees_that_just_cover_it(venue, exchange, trader, keeper, attacker):
    """Exactly 2.20 dollars, seized from another account: none are left."""
    free = {"maker_fee": 0, "taker_fee": 0, "seize_remainder": True}
    venue.configure(**free)
    venue.open(attacker, ETH, 100)
    venue.withdraw(attacker, venue.position(attacker).margin - 80 * USD)
    venue.configure(**free, liquidation_fee_ratio=0)
    # At 1924 four dollars are left: two for the keeper. Skew 101 to 100 gains 0.193362.
    exchange.deposit_margin(0, 6_638 * USD // 10**6, sender=attacker)
    venue.price(1_924)
    venue.liquidate(attacker, keeper)
    assert venue.state().fees == 22 * USD // 10

    venue.configure(**free, min_keeper_fee=22 * USD // 10)
    venue.price(1_900)
    tx = venue.liquidate(trader, keeper)
    assert tx.events[0].keeper_fee == 22 * USD // 10
    assert venue.state().fees == 0
    venue.check_conservation()


def test_bad_debt_without_backing_pays_no_keepers(
    venue, exchange, owner, trader, keeper, fee_bucket
):
    """Fees that are only on paper pay nobody."""
    fee_bucket()
    venue.price(1_900)
    exchange.drain_pool(0, venue.state().backing - 2 * USD + 1, owner, sender=owner)
    event = venue.liquidate(trader, keeper).events[0]
    assert (event.keeper_fee, event.bad_debt) == (0, 910 * USD)
    venue.check_conservation()
