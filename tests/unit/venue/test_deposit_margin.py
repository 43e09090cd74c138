import ape
import pytest

from tests.unit.venue.helpers import ETH, USD, USDC


def test_pulls_by_allowance(venue, exchange, usd, trader):
    before = usd.balanceOf(trader)
    tx = exchange.deposit_margin(0, 1_000 * USDC, sender=trader)

    assert [event.event_name for event in tx.events] == ["Transfer", "MarginDeposited"]
    assert tx.events[1] == exchange.MarginDeposited(
        market=0, account=trader, assets=1_000 * USDC, margin=1_000 * USD
    )
    assert usd.balanceOf(trader) == before - 1_000 * USDC
    assert exchange.cash() == 10_001_000 * USDC
    assert venue.position(trader).margin == 1_000 * USD
    state = venue.state()
    assert (state.margins, state.backing) == (1_000 * USD, 10_001_000 * USD)
    assert state.pool == 10_000_000 * USD
    venue.check_conservation()


def test_adds_up(venue, exchange, trader, other_trader):
    for account, assets in ((trader, 1), (other_trader, 5), (trader, 2)):
        tx = exchange.deposit_margin(0, assets, sender=account)
    assert tx.events[1].margin == 3 * 10**12
    assert venue.position(other_trader).margin == 5 * 10**12
    assert venue.state().margins == 8 * 10**12


def test_settles_nothing(venue, exchange, trader):
    venue.open(trader, 100 * ETH, 10_000)
    before = venue.position(trader)
    venue.price(2_100)
    venue.deposit(trader, 1_000)

    after = venue.position(trader)
    assert (after.size, after.basis) == (before.size, before.basis)
    assert after.margin == before.margin + 1_000 * USD


@pytest.mark.parametrize("fault", ["reverts", "stale", "negative"])
def test_needs_no_price(venue, owner, trader, fault):
    feed = venue.feeds[0]
    if fault == "reverts":
        feed.set_reverts(True, sender=owner)
    elif fault == "stale":
        feed.push_at(2_000, 1, sender=owner)
    else:
        feed.push(-1, sender=owner)
    venue.deposit(trader, 1_000)
    assert venue.position(trader).margin == 1_000 * USD


def test_saves_an_account_below_maintenance(venue, exchange, trader, keeper):
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(1_910)
    venue.deposit(trader, 5_000)
    with ape.reverts("liquidation: above maintenance"):
        exchange.flag(0, trader, sender=keeper)


def test_open_to_everybody(venue, exchange, usd, owner, lp, keeper, attacker):
    usd.mint(owner, USDC, sender=owner)
    usd.approve(exchange, USDC, sender=owner)
    for account in (owner, lp, keeper, attacker):
        exchange.deposit_margin(0, USDC, sender=account)
        assert venue.position(account).margin == USD


def test_leaves_a_donation_alone(venue, exchange, usd, trader, attacker):
    """What lies there is not his: the deposit is pulled from himself."""
    usd.transfer(exchange, 500 * USDC, sender=attacker)
    before = usd.balanceOf(trader)
    venue.deposit(trader, 100)
    assert usd.balanceOf(trader) == before - 100 * USDC
    assert exchange.cash() == 10_000_100 * USDC
