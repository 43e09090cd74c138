"""Who may be flagged, to the wei: collateral of 18 decimals, no trading fees."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, PAUSED, USD

# 100 ETH from skew 0 cost an impact of 10 dollars. At 1930, a notional of 193,000:
BUFFER = 1_447_5 * USD // 10
PREMIUM = 30_15625 * USD // 10**5  # 100 / 1e6 * 1.5625
KEEPER_FEE = 675_5 * USD // 10
MAINTENANCE = BUFFER + PREMIUM + KEEPER_FEE
# What must be deposited for an equity of exactly that.
DEPOSIT = MAINTENANCE + 7_010 * USD


@pytest.fixture(scope="module")
def decimals():
    return 18


@pytest.fixture(scope="module")
def changes():
    return {"maker_fee": 0, "taker_fee": 0}


@pytest.fixture
def fall(venue, exchange, trader):
    """Open 100 on a side with a deposit, and let the price move 70 dollars against it."""

    def fall(deposit, side=1):
        exchange.deposit_margin(0, deposit, sender=trader)
        venue.trade(trader, side * 100 * ETH)
        venue.price(2_000 - side * 70)

    return fall


def test_at_maintenance(venue, exchange, trader, keeper, fall):
    fall(DEPOSIT)
    account = venue.account(trader)
    assert account.equity == account.maintenance == MAINTENANCE
    before = venue.position(trader)
    tx = exchange.flag(0, trader, sender=keeper)

    assert tx.events == [
        exchange.AccountFlagged(market=0, account=trader, flagger=keeper, equity=MAINTENANCE)
    ]
    position = venue.position(trader)
    assert tuple(position)[:4] == tuple(before)[:4]
    assert (position.flagged, position.flagger) == (True, keeper)
    account = venue.account(trader)
    assert (account.flagged, account.withdrawable) == (True, 0)
    assert account.changed_at == 0


def test_one_wei_above_maintenance(venue, exchange, trader, keeper, fall):
    fall(DEPOSIT + 1)
    before = venue.books(trader)
    with ape.reverts("liquidation: above maintenance"):
        exchange.flag(0, trader, sender=keeper)
    assert venue.books(trader) == before


def test_short_at_maintenance(venue, exchange, trader, keeper, fall):
    """At 2070: 1552.5 + 32.34375 + 724.5."""
    maintenance = 2_309_34375 * USD // 10**5
    fall(maintenance + 7_010 * USD, side=-1)
    assert venue.account(trader).equity == venue.account(trader).maintenance == maintenance
    exchange.flag(0, trader, sender=keeper)
    assert venue.position(trader).flagged


def test_short_one_wei_above_maintenance(venue, exchange, trader, keeper, fall):
    fall(2_309_34375 * USD // 10**5 + 7_010 * USD + 1, side=-1)
    with ape.reverts("liquidation: above maintenance"):
        exchange.flag(0, trader, sender=keeper)


def test_by_anyone(venue, exchange, trader, owner, lp, attacker, fall):
    """The account itself included."""
    fall(DEPOSIT)
    for account in (owner, lp, attacker, trader):
        with venue.undone():
            exchange.flag(0, trader, sender=account)
            assert venue.position(trader).flagger == account


def test_flagged_account_is_frozen(venue, exchange, usd, owner, trader, keeper, fall):
    fall(DEPOSIT)
    exchange.flag(0, trader, sender=keeper)
    usd.mint(exchange, USD, sender=owner)
    before = venue.books(trader)
    for verb in (
        lambda: exchange.deposit_margin(0, USD, sender=trader),
        lambda: exchange.modify_position(0, USD, 0, 0, trader, sender=trader),
        lambda: exchange.modify_position(0, -1, 0, 0, trader, sender=trader),
        lambda: venue.trade(trader, ETH),
        lambda: venue.trade(trader, -100 * ETH),
        lambda: exchange.flag(0, trader, sender=keeper),
        lambda: exchange.deleverage(0, trader, ETH, sender=owner),
    ):
        with ape.reverts("account: flagged"):
            verb()
    assert venue.books(trader) == before


def test_stays_flagged_when_the_price_returns(venue, exchange, trader, keeper, fall):
    fall(DEPOSIT)
    exchange.flag(0, trader, sender=keeper)
    venue.price(2_000)
    account = venue.account(trader)
    assert account.equity > account.maintenance + 1_000 * USD
    assert (account.flagged, account.withdrawable) == (True, 0)
    with ape.reverts("account: flagged"):
        venue.trade(trader, -ETH)


def test_account_without_position(venue, exchange, trader, keeper, attacker):
    venue.deposit(trader, 1)
    for account in (trader, attacker):
        with ape.reverts("liquidation: above maintenance"):
            exchange.flag(0, account, sender=keeper)


def test_account_with_negative_equity(venue, exchange, trader, keeper, fall):
    fall(9_000 * USD)
    venue.price(1_800)
    tx = exchange.flag(0, trader, sender=keeper)
    assert tx.events[0].equity == 9_000 * USD - 10 * USD - 20_000 * USD


def test_position_in_another_market_does_not_count(venue, exchange, trader, keeper, fall):
    venue.add_market()
    fall(DEPOSIT)
    with ape.reverts("liquidation: above maintenance"):
        exchange.flag(1, trader, sender=keeper)


def test_not_while_paused(venue, exchange, trader, keeper, fall):
    fall(DEPOSIT)
    venue.status(PAUSED)
    with ape.reverts("market: paused"):
        exchange.flag(0, trader, sender=keeper)


def test_while_paused_if_the_market_says_so(venue, exchange, trader, keeper, fall):
    fall(DEPOSIT)
    venue.configure(liquidate_when_paused=True)
    venue.status(PAUSED)
    exchange.flag(0, trader, sender=keeper)
    assert venue.position(trader).flagged
