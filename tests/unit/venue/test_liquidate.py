"""Liquidation of whole positions, by hand: collateral of 18 decimals, no trading fees."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, PAUSED, USD, ZERO_ADDRESS

# 100 ETH opened at 2000 with 9100 dollars and 10 of impact, at 1930:
EQUITY = 2_090 * USD
FEE = 675_5 * USD // 10  # 35 bp of 193,000
GAIN = 9_65 * USD // 100  # closing takes the skew from 100 to 0: 100 * 1930 * 50 / 1e6
LEFT = EQUITY - FEE + GAIN
BILLIONTH = 10**9


@pytest.fixture(scope="module")
def decimals():
    return 18


@pytest.fixture(scope="module")
def changes():
    return {"maker_fee": 0, "taker_fee": 0}


@pytest.fixture(scope="module")
def prepare(trader):
    return lambda venue: venue.open(trader, 100 * ETH, 9_100)


@pytest.fixture
def flagged(venue, exchange, trader, keeper):
    venue.price(1_930)
    exchange.flag(0, trader, sender=keeper)


def test_closes_whole(venue, exchange, trader, keeper, attacker, flagged):
    """Without a cap on liquidations; by anyone, and whoever flagged has half of the fee."""
    result = venue.result("liquidate", 0, trader, sender=attacker)
    tx = exchange.liquidate(0, trader, sender=attacker)

    assert tuple(result) == (100 * ETH, FEE)
    assert tx.events == [
        exchange.PositionLiquidated(
            market=0,
            account=trader,
            liquidator=attacker,
            size_closed=100 * ETH,
            price=1_930 * USD,
            keeper_fee=FEE,
            seized=0,
            bad_debt=0,
            size=0,
            margin=LEFT,
            basis=1_930 * USD,
        )
    ]
    position = (0, LEFT, 0, tx.timestamp, False)
    assert tuple(venue.position(trader))[:5] == position
    assert venue.account(trader).changed_at == tx.timestamp
    assert exchange.owed(keeper) == exchange.owed(attacker) == FEE // 2
    assert exchange.owed_total() == FEE
    state = venue.state()
    assert (state.long_interest, state.basis_sum, state.margins) == (0, 0, LEFT)
    # The loss of 7000 and the impact of 10 have become the pool's; it returns what closing gains.
    assert (state.pool, state.fees, state.bad_debt) == (10_007_010 * USD - GAIN, 0, 0)
    assert state.backing == 10_009_100 * USD - FEE
    venue.check_conservation()


def test_what_is_left_can_leave(venue, exchange, usd, trader, keeper, flagged):
    before = usd.balanceOf(trader)
    exchange.liquidate(0, trader, sender=keeper)
    assert venue.account(trader).withdrawable == LEFT
    venue.withdraw(trader, LEFT)
    assert usd.balanceOf(trader) == before + LEFT


def test_short(venue, exchange, other_trader, keeper):
    """Opening lowers the skew from 100 to 0 and gains 10; being closed at 2070 costs 10.35."""
    venue.open(other_trader, -100 * ETH, 9_100)
    venue.price(2_070)
    with ape.reverts("liquidation: not flagged"):
        exchange.liquidate(0, other_trader, sender=keeper)
    tx = venue.liquidate(other_trader, keeper)

    event = tx.events[0]
    assert (event.size_closed, event.size) == (-100 * ETH, 0)
    assert event.margin == 9_110 * USD - 7_000 * USD - 724_5 * USD // 10 - 10_35 * USD // 100
    assert (venue.state().long_interest, venue.state().short_interest) == (100 * ETH, 0)


def test_flagger_who_liquidates_has_the_whole_fee(venue, exchange, trader, keeper, flagged):
    exchange.liquidate(0, trader, sender=keeper)
    assert exchange.owed(keeper) == exchange.owed_total() == FEE


def test_odd_wei_of_the_fee_is_the_liquidators(venue, exchange, owner, keeper, attacker, lp):
    """1 ETH and 1 wei: 35 bp of it at 1926.00000001 round up to an odd number."""
    venue.configure(maker_fee=0, taker_fee=0, min_margin=0, min_keeper_fee=0)
    size = ETH + 1
    venue.exchange.deposit_margin(0, 81 * USD, sender=lp)
    venue.trade(lp, size)
    venue.price(1_926.00000001)
    fee = -(-size * 192_600_000_001 * 10**10 * 35 // 10**22)
    assert fee % 2 == 1
    exchange.flag(0, lp, sender=keeper)
    exchange.liquidate(0, lp, sender=attacker)
    assert exchange.owed(keeper) == fee // 2
    assert exchange.owed(attacker) == fee // 2 + 1


def test_least_and_largest_fee(venue, exchange, other_trader, keeper, trader):
    """35 bp of 1 ETH are 6.76 dollars: 20 at least here; of 100 ETH 675.5: 500 at most here."""
    venue.configure(maker_fee=0, taker_fee=0, min_keeper_fee=20 * USD, max_keeper_fee=500 * USD)
    venue.open(other_trader, ETH, 100)
    venue.price(1_930)
    assert venue.liquidate(other_trader, keeper).events[0].keeper_fee == 20 * USD
    venue.price(1_925)
    assert venue.liquidate(trader, keeper).events[0].keeper_fee == 500 * USD


def test_fee_takes_no_more_than_there_is(venue, exchange, trader, keeper):
    venue.price(1_910)  # equity 90, the fee would be 668.5
    tx = venue.liquidate(trader, keeper)
    event = tx.events[0]
    gain = 9_55 * USD // 100  # 100 * 1910 * 50 / 1e6 is the account's again
    assert (event.keeper_fee, event.margin, event.bad_debt) == (90 * USD, gain, 0)
    assert exchange.owed(keeper) == 90 * USD
    assert venue.state().pool == 10_009_010 * USD - gain


def test_seized_remainder(venue, exchange, trader, keeper, flagged):
    """A market that seizes books it with the fees."""
    venue.configure(maker_fee=0, taker_fee=0, seize_remainder=True)
    tx = exchange.liquidate(0, trader, sender=keeper)
    event = tx.events[0]
    assert (event.keeper_fee, event.seized, event.margin) == (FEE, LEFT, 0)
    assert tuple(venue.position(trader))[:2] == (0, 0)
    state = venue.state()
    assert (state.fees, state.margins, state.pool) == (LEFT, 0, 10_007_010 * USD - GAIN)
    venue.check_conservation()


def test_seized_remainder_is_booked_down_to_a_billionth(venue, exchange, trader, keeper, flagged):
    venue.configure(maker_fee=0, taker_fee=0, seize_remainder=True)
    venue.price(1_929.12345678)
    tx = exchange.liquidate(0, trader, sender=keeper)
    seized = tx.events[0].seized
    state = venue.state()
    assert state.fees == seized // BILLIONTH * BILLIONTH
    assert state.margins == 0
    venue.check_conservation()


def test_impact_takes_no_more_than_there_is(venue, exchange, other_trader, trader, keeper):
    """A scale lowered under a short: closing 100 from skew 0 would cost 10,350 at 2070.

    The rest is the pool's, as impact that nobody paid; it is no bad debt.
    """
    venue.open(other_trader, -100 * ETH, 9_100)
    venue.configure(
        maker_fee=0,
        taker_fee=0,
        skew_scale=1_000 * ETH,
        max_long=0,
        max_short=0,
        liquidation_premium=0,
    )
    venue.price(2_070)
    event = venue.liquidate(other_trader, keeper).events[0]
    assert (event.keeper_fee, event.margin, event.bad_debt) == (724_5 * USD // 10, 0, 0)
    assert venue.state().bad_debt == 0
    venue.check_conservation()


def test_no_impact_where_there_is_no_fill(venue, exchange, other_trader, trader, keeper):
    """At a scale of 40, selling 100 from skew 0 has no price: the oracle's is taken."""
    venue.open(other_trader, -100 * ETH, 9_100)
    venue.configure(
        maker_fee=0,
        taker_fee=0,
        skew_scale=40 * ETH,
        max_long=0,
        max_short=0,
        liquidation_premium=0,
    )
    venue.price(1_930)
    event = venue.liquidate(trader, keeper).events[0]
    assert (event.keeper_fee, event.margin) == (FEE, EQUITY - FEE)


def test_market_without_backing_pays_no_keepers(venue, exchange, owner, trader, keeper):
    """Positions still close; what is there goes to the keepers first."""
    venue.price(1_930)
    exchange.flag(0, trader, sender=keeper)
    exchange.drain_pool(0, venue.state().backing - 100 * USD, owner, sender=owner)
    with venue.undone():
        event = exchange.liquidate(0, trader, sender=keeper).events[0]
        assert (event.keeper_fee, event.margin) == (100 * USD, EQUITY - 100 * USD + GAIN)
    exchange.drain_pool(0, 100 * USD, owner, sender=owner)
    event = exchange.liquidate(0, trader, sender=keeper).events[0]
    assert (event.keeper_fee, event.size, exchange.owed_total()) == (0, 0, 0)
    venue.check_conservation()


def test_recovered_account_is_unflagged(venue, exchange, trader, keeper, attacker, flagged):
    venue.price(2_000)
    before = venue.state(), exchange.owed_total()
    result = venue.result("liquidate", 0, trader, sender=attacker)
    tx = exchange.liquidate(0, trader, sender=attacker)

    assert tuple(result) == (0, 0)
    assert tx.events == [exchange.AccountRecovered(market=0, account=trader, equity=9_090 * USD)]
    position = venue.position(trader)
    assert tuple(position)[:5] == (100 * ETH, 9_090 * USD, 2_000 * USD, 0, False)
    assert (venue.state(), exchange.owed_total()) == before
    venue.trade(trader, -ETH)
    with ape.reverts("liquidation: not flagged"):
        exchange.liquidate(0, trader, sender=attacker)


def test_recovered_means_above_maintenance(venue, exchange, trader, other_trader, keeper):
    """At 1930.75 equity is 2165; maintenance of 193,075 is 2154: recovered. At 1930.6: 2150."""
    venue.price(1_930)
    exchange.flag(0, trader, sender=keeper)
    venue.price(1_930.6)
    account = venue.account(trader)
    assert account.equity == 2_150 * USD < account.maintenance
    assert venue.result("liquidate", 0, trader, sender=keeper)[0] == 100 * ETH
    venue.price(1_930.75)
    account = venue.account(trader)
    assert account.equity == 2_165 * USD > account.maintenance
    assert tuple(venue.result("liquidate", 0, trader, sender=keeper)) == (0, 0)


def test_flagged_again_after_recovery(venue, exchange, trader, keeper, attacker, flagged):
    venue.price(2_000)
    exchange.liquidate(0, trader, sender=keeper)
    venue.price(1_930)
    exchange.flag(0, trader, sender=attacker)
    exchange.liquidate(0, trader, sender=keeper)
    assert exchange.owed(attacker) == exchange.owed(keeper) == FEE // 2


def test_not_flagged(venue, exchange, trader, keeper, attacker):
    venue.price(1_930)
    for account in (trader, attacker, ZERO_ADDRESS):
        with ape.reverts("liquidation: not flagged"):
            exchange.liquidate(0, account, sender=keeper)


def test_not_while_paused(venue, exchange, trader, keeper, flagged):
    venue.status(PAUSED)
    with ape.reverts("market: paused"):
        exchange.liquidate(0, trader, sender=keeper)


def test_while_paused_if_the_market_says_so(venue, exchange, trader, keeper, flagged):
    venue.configure(maker_fee=0, taker_fee=0, liquidate_when_paused=True)
    venue.status(PAUSED)
    exchange.liquidate(0, trader, sender=keeper)
    assert venue.position(trader).size == 0


def test_liquidated_account_may_trade_again(venue, exchange, trader, keeper, flagged):
    tx = exchange.liquidate(0, trader, sender=keeper)
    venue.open(trader, 10 * ETH, 1_000)
    # An order is its owner's change: it keeps the time of the liquidation.
    assert venue.position(trader).changed_at == tx.timestamp
