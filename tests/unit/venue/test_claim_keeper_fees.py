import ape
import pytest

from tests.unit.venue.helpers import CLOSED, ETH, PAUSED, USD, ZERO_ADDRESS

# 35 bp of 100 ETH at 1912.3456789
PRICE = 191_234_567_890
FEE = 100 * PRICE * 35 * 10**10 // 10**4


@pytest.fixture(scope="module")
def prepare(trader, attacker, keeper):
    """The attacker has flagged and the keeper liquidated: half of the fee each."""

    def prepare(venue):
        venue.open(trader, 100 * ETH, 10_000)
        venue.feeds[0].push(PRICE, sender=venue.owner)
        venue.exchange.flag(0, trader, sender=attacker)
        venue.exchange.liquidate(0, trader, sender=keeper)

    return prepare


def test_pays(venue, exchange, usd, keeper, attacker, fee_receiver):
    """Down to a unit of collateral; the rest stays owed."""
    half = FEE // 2
    assert exchange.owed(keeper) == exchange.owed(attacker) == half
    assets, dust = divmod(half, 10**12)
    assert dust > 0
    cash = exchange.cash()
    assert venue.result("claim_keeper_fees", fee_receiver, sender=keeper) == assets
    tx = exchange.claim_keeper_fees(fee_receiver, sender=keeper)

    assert [event.event_name for event in tx.events] == ["Transfer", "KeeperFeesClaimed"]
    assert tx.events[1] == exchange.KeeperFeesClaimed(
        keeper=keeper, receiver=fee_receiver, assets=assets
    )
    assert usd.balanceOf(fee_receiver) == assets
    assert exchange.owed(keeper) == dust
    assert exchange.owed_total() == half + dust
    assert exchange.cash() == cash - assets
    venue.check_conservation()


def test_nothing_owed(venue, exchange, keeper, lp):
    exchange.claim_keeper_fees(keeper, sender=keeper)
    for account in (keeper, lp):  # dust, and nothing
        with ape.reverts("treasury: nothing owed"):
            exchange.claim_keeper_fees(account, sender=account)


def test_receiver(exchange, venue, keeper):
    for receiver in (ZERO_ADDRESS, exchange):
        with ape.reverts("treasury: bad receiver"):
            exchange.claim_keeper_fees(receiver, sender=keeper)
    assert exchange.owed(keeper) == FEE // 2


@pytest.mark.parametrize("status", [PAUSED, CLOSED])
def test_whatever_the_market_does(venue, exchange, keeper, status):
    venue.status(status)
    exchange.claim_keeper_fees(keeper, sender=keeper)


def test_whatever_the_pool_has_left(venue, exchange, usd, owner, keeper, fee_receiver):
    """What is owed backs no market: no drain reaches it."""
    exchange.drain_pool(0, venue.state().backing // 10**12, owner, sender=owner)
    with ape.reverts("treasury: venue cannot pay"):
        exchange.drain_pool(0, 1, owner, sender=owner)
    exchange.claim_keeper_fees(fee_receiver, sender=keeper)
    assert usd.balanceOf(fee_receiver) == FEE // 2 // 10**12


def test_fees_of_two_markets_add_up(venue, exchange, lp, trader, keeper):
    venue.add_liquidity(lp, 10_000_000, venue.add_market(liquidation_fee_ratio=0))
    venue.open(trader, ETH, 100, market=1)
    venue.price(1_910, market=1)
    venue.liquidate(trader, keeper, market=1)  # the least fee: 2 dollars
    assert exchange.owed(keeper) == FEE // 2 + 2 * USD
    venue.check_conservation(markets=2)
