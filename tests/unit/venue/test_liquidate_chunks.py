"""Partial liquidation: how much a chunk closes, and how much a second allows."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, USD, WAD, ceil_div

CAP = 1_000 * ETH
PART = 10 * ETH  # K / 1e5: the least cap above none
FREE = {"maker_fee": 0, "taker_fee": 0, "min_keeper_fee": 0}


@pytest.fixture(scope="module")
def decimals():
    return 18


@pytest.fixture(scope="module")
def changes():
    return {**FREE, "liquidation_cap": CAP}


@pytest.fixture(scope="module")
def prepare(trader):
    """At 1930 the trader's equity is 9100 - 10 - 7000 = 2090."""
    return lambda venue: venue.open(trader, 100 * ETH, 9_100)


def flag(venue, *accounts):
    for account in accounts:
        venue.exchange.flag(0, account, sender=account)


def chunk(notional, equity, price):
    """(4 % of the notional - equity) / (4 % - 0.35 %) / price, up."""
    return ceil_div((notional * 4 // 100 - equity) * WAD, 365 * price * USD // 10**4)


def impact(skew, closed, price):
    """What closing a long gains, down: (skew^2 - (skew - closed)^2) P / 2K."""
    weight = 2 * 10**24 + 2 * skew - closed
    fill = price * USD * weight // (2 * 10**24)
    return closed * (fill - price * USD) // WAD


def test_restores_the_initial_margin(venue, exchange, trader, keeper):
    """4 % of 193,000 are 7720: missing 5630, of which an ETH closed relieves 70.445."""
    venue.price(1_930)
    flag(venue, trader)
    tx = exchange.liquidate(0, trader, sender=keeper)

    closed = chunk(193_000 * USD, 2_090 * USD, 1_930)
    assert closed // 10**12 == 79_920_505  # 5630 / 70.445 = 79.920505...
    fee = ceil_div(closed * 1_930 * 35, 10**4)
    event = tx.events[0]
    assert (event.size_closed, event.keeper_fee) == (closed, fee)
    margin = 2_090 * USD - fee + impact(100 * ETH, closed, 1_930)
    assert (event.size, event.margin) == (100 * ETH - closed, margin)
    position = venue.position(trader)
    assert tuple(position)[:5] == (event.size, margin, 1_930 * USD, tx.timestamp, False)
    # To the wei without the impact: the fee is rounded up, the size closed too.
    initial = ceil_div(event.size * 1_930, 25)
    assert initial <= 2_090 * USD - fee <= initial + 100
    assert venue.state().long_interest == event.size
    venue.check_conservation()


def test_short_chunk(venue, exchange, other_trader, keeper):
    """Closing takes the skew from 0 up: the fill is above the oracle, against the account."""
    venue.open(other_trader, -100 * ETH, 9_100)  # skew 100 to 0: margin 9110
    venue.price(2_070)
    flag(venue, other_trader)
    tx = exchange.liquidate(0, other_trader, sender=keeper)

    closed = chunk(207_000 * USD, 2_110 * USD, 2_070)
    fee = ceil_div(closed * 2_070 * 35, 10**4)
    fill = ceil_div(2_070 * USD * (2 * 10**24 + closed), 2 * 10**24)
    loss = ceil_div(closed * (fill - 2_070 * USD), WAD)
    event = tx.events[0]
    assert (event.size_closed, event.keeper_fee) == (-closed, fee)
    assert event.margin == 2_110 * USD - fee - loss
    assert venue.state().short_interest == 100 * ETH - closed
    venue.check_conservation()


def test_a_tenth_at_least(venue, exchange, other_trader, keeper, trader):
    """A premium of 25 asks 228,700 of 2000 ETH at 1980, above the initial margin of 158,400.

    Equity is 206,000, nothing is missing, and 200 ETH are closed; then maintenance is 188,110.
    """
    venue.trade(trader, -100 * ETH)
    venue.configure(**FREE, liquidation_cap=CAP, liquidation_premium=25 * WAD)
    venue.open(other_trader, 2_000 * ETH, 250_000)
    venue.price(1_980)
    assert venue.account(other_trader).equity == 206_000 * USD
    assert venue.account(other_trader).maintenance == 228_700 * USD
    flag(venue, other_trader)
    tx = exchange.liquidate(0, other_trader, sender=keeper)

    event = tx.events[0]
    assert (event.size_closed, event.keeper_fee) == (200 * ETH, 1_000 * USD)
    assert event.margin == 205_000 * USD + impact(2_000 * ETH, 200 * ETH, 1_980)
    assert not venue.position(other_trader).flagged
    assert venue.account(other_trader).maintenance == 188_110 * USD


def test_stays_flagged_below_maintenance(venue, exchange, trader, keeper):
    """At 1925 equity is 1590, and 90 ETH still need 1905.75 and a premium."""
    venue.configure(**FREE, liquidation_cap=PART)
    venue.price(1_925)
    flag(venue, trader)
    tx = exchange.liquidate(0, trader, sender=keeper)

    assert tx.events[0].size_closed == PART
    fee = 10 * 1_925 * USD * 35 // 10**4
    assert tx.events[0].keeper_fee == fee
    position = venue.position(trader)
    assert tuple(position)[:2] == (90 * ETH, 1_590 * USD - fee + impact(100 * ETH, PART, 1_925))
    assert (position.changed_at, position.flagged) == (tx.timestamp, True)
    assert exchange.owed(trader) == exchange.owed(keeper) == fee // 2
    exchange.liquidate(0, trader, sender=keeper)
    assert venue.position(trader).size == 80 * ETH


def test_cap_of_a_second(project, venue, exchange, owner, trader):
    """The second turn of a block is refused; the next block has its own."""
    venue.configure(**FREE, liquidation_cap=PART)
    venue.price(1_915)
    flag(venue, trader)
    turn = exchange.liquidate.encode_input(0, trader)
    batch = owner.deploy(project.Batch)

    with ape.reverts("liquidation: cap of this second"):
        batch.run([exchange, exchange], [turn, turn], sender=owner)
    for left in (90, 80):
        batch.run([exchange], [turn], sender=owner)
        assert venue.position(trader).size == left * ETH


@pytest.mark.parametrize("tenths", [90, 91])
def test_cap_is_shared_by_the_accounts_of_a_market(
    project, venue, exchange, owner, trader, other_trader, tenths
):
    """9 ETH of one leave 1 for the other; less than a tenth of the cap is no turn at all."""
    venue.configure(**FREE, liquidation_cap=PART, min_margin=USD)
    venue.open(other_trader, tenths * ETH // 10, 735)
    venue.price(1_925)
    # Equity is below the keeper fee of the whole, so the whole is one chunk.
    assert USD < venue.account(other_trader).equity < 60 * USD
    flag(venue, trader, other_trader)
    turns = [exchange.liquidate.encode_input(0, account) for account in (other_trader, trader)]
    batch = owner.deploy(project.Batch)

    if tenths == 91:
        with ape.reverts("liquidation: cap of this second"):
            batch.run([exchange] * 2, turns, sender=owner)
        return
    batch.run([exchange] * 2, turns, sender=owner)
    assert venue.position(other_trader).size == 0
    assert venue.position(trader).size == 99 * ETH


def test_cap_of_one_market_is_not_that_of_another(
    project, venue, exchange, owner, trader, lp, keeper
):
    venue.configure(**FREE, liquidation_cap=PART)
    other = venue.add_market(**FREE, liquidation_cap=PART)
    venue.add_liquidity(lp, 10_000_000, other)
    venue.open(trader, 100 * ETH, 9_100, other)
    for market in (0, other):
        venue.price(1_930, market)
        exchange.flag(market, trader, sender=keeper)
    turns = [exchange.liquidate.encode_input(market, trader) for market in (0, other)]
    owner.deploy(project.Batch).run([exchange] * 2, turns, sender=owner)
    assert venue.position(trader).size == venue.position(trader, other).size == 90 * ETH


@pytest.mark.parametrize("equity", [50, 51])
def test_closes_whole_at_the_least_margin(venue, exchange, trader, keeper, equity):
    """What could not be traded anyway goes at once, whatever the cap."""
    venue.configure(**FREE, liquidation_cap=PART)
    venue.price(1_909.1 + equity / 100)
    assert venue.account(trader).equity == equity * USD
    flag(venue, trader)
    tx = exchange.liquidate(0, trader, sender=keeper)
    assert tx.events[0].size_closed == (100 if equity == 50 else 10) * ETH


def test_negative_equity_closes_whole(venue, exchange, trader, keeper):
    venue.configure(**FREE, liquidation_cap=PART)
    venue.price(1_900)
    flag(venue, trader)
    assert exchange.liquidate(0, trader, sender=keeper).events[0].size_closed == 100 * ETH


def test_each_chunk_pays_the_least_fee(venue, exchange, trader, keeper):
    venue.configure(maker_fee=0, taker_fee=0, liquidation_cap=PART, min_keeper_fee=90 * USD)
    venue.price(1_930)
    flag(venue, trader)
    assert exchange.liquidate(0, trader, sender=keeper).events[0].keeper_fee == 90 * USD


def test_chunk_seizes_nothing(venue, exchange, trader, keeper):
    venue.configure(**FREE, liquidation_cap=PART, seize_remainder=True)
    venue.price(1_930)
    flag(venue, trader)
    event = exchange.liquidate(0, trader, sender=keeper).events[0]
    assert (event.seized, venue.state().fees) == (0, 0)
    assert event.margin > 2_000 * USD
