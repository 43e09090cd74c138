"""What each status of a market lets through, verb by verb."""

import ape
import pytest

from tests.unit.venue.helpers import ACTIVE, CLOSED, ETH, PAUSED, REDUCE_ONLY, USD, USDC

OK = None
REDUCE = "market: reduce only"
DOWN = "market: paused"

# verb: ACTIVE, REDUCE_ONLY, PAUSED, CLOSED
MATRIX = {
    "deposit": (OK, OK, DOWN, OK),
    "margin in": (OK, OK, DOWN, OK),
    "margin out": (OK, OK, DOWN, OK),
    "increase": (OK, REDUCE, DOWN, REDUCE),
    "open": (OK, REDUCE, DOWN, REDUCE),
    "reduce": (OK, OK, DOWN, OK),
    "close": (OK, OK, DOWN, OK),
    "cross zero": (OK, REDUCE, DOWN, REDUCE),
    # A closed market asks for no maintenance: only negative equity is left to liquidate.
    "flag": (OK, OK, DOWN, "liquidation: above maintenance"),
    "liquidate": (OK, OK, DOWN, OK),
    "deleverage": (OK, OK, DOWN, OK),
    "add liquidity": (OK, OK, DOWN, "lp: market closed"),
    "remove liquidity": (OK, OK, DOWN, OK),
    "collect fees": (OK, OK, OK, OK),
    "drain pool": (OK, OK, OK, OK),
    "claim": (OK, OK, OK, OK),
    "force rate": (OK, OK, OK, OK),
    "configure": (OK, OK, OK, OK),
    "guard": (OK, OK, OK, OK),
    "reduce only": (OK, OK, OK, "market: closed for good"),
    "close market": (OK, OK, OK, "market: closed for good"),
}
STATUSES = (ACTIVE, REDUCE_ONLY, PAUSED, CLOSED)
CASES = [
    pytest.param(verb, status, reason, id=f"{verb}-{status}")
    for verb, reasons in MATRIX.items()
    for status, reason in zip(STATUSES, reasons, strict=True)
]


@pytest.fixture(scope="module")
def prepare(trader, other_trader, attacker, lp, keeper):
    """One account to trade, one to flag, one flagged, and somebody who is owed a fee."""

    def prepare(venue):
        venue.price(2_100)
        for account in (lp, keeper, attacker):
            venue.open(account, 10 * ETH, 1_100)
        venue.price(2_005)
        for account in (lp, keeper):
            venue.exchange.flag(0, account, sender=other_trader)
        venue.exchange.liquidate(0, lp, sender=other_trader)
        venue.price(2_000)
        venue.open(trader, 100 * ETH, 20_000)

    return prepare


@pytest.fixture
def verbs(venue, exchange, owner, trader, other_trader, attacker, lp, keeper):
    def order(account, assets, size):
        return exchange.modify_position(0, assets, size, 0, account, sender=account)

    return {
        "deposit": lambda: venue.deposit(trader, 1),
        "margin in": lambda: order(trader, USDC, 0),
        "margin out": lambda: order(trader, -USDC, 0),
        "increase": lambda: order(trader, 0, ETH),
        "open": lambda: order(other_trader, 1_000 * USDC, ETH),
        "reduce": lambda: order(trader, 0, -ETH),
        "close": lambda: order(trader, 0, -100 * ETH),
        "cross zero": lambda: order(trader, 0, -101 * ETH),
        "flag": lambda: exchange.flag(0, attacker, sender=other_trader),
        "liquidate": lambda: exchange.liquidate(0, keeper, sender=other_trader),
        "deleverage": lambda: exchange.deleverage(0, trader, ETH, sender=owner),
        "add liquidity": lambda: venue.add_liquidity(lp, 1),
        "remove liquidity": lambda: exchange.remove_liquidity(0, 10**24, 0, lp, sender=lp),
        "collect fees": lambda: exchange.collect_fees(0, owner, sender=owner),
        "drain pool": lambda: exchange.drain_pool(0, USDC, owner, sender=owner),
        "claim": lambda: exchange.claim_keeper_fees(owner, sender=other_trader),
        "force rate": lambda: exchange.force_funding_rate(0, 1, True, sender=owner),
        "configure": lambda: venue.configure(taker_fee=10**15),
        "guard": lambda: venue.guard(max_jump=10**18),
        "reduce only": lambda: venue.status(REDUCE_ONLY),
        "close market": lambda: venue.status(CLOSED),
    }


@pytest.mark.parametrize(("verb", "status", "reason"), CASES)
def test_matrix(venue, exchange, usd, owner, trader, verbs, verb, status, reason):
    usd.mint(exchange, 1_000 * USDC, sender=owner)
    if status != ACTIVE:
        venue.status(status)
    if reason is OK:
        verbs[verb]()
        return
    before = venue.books(trader)
    with ape.reverts(reason):
        verbs[verb]()
    assert venue.books(trader) == before


@pytest.mark.parametrize("status", STATUSES)
def test_views_always_answer(venue, trader, status):
    if status != ACTIVE:
        venue.status(status)
    assert venue.state().status == venue.account(trader, ETH).status == status
    assert venue.account(trader, -ETH).fill_price > 0
    assert (venue.account(trader).withdrawable == 0) == (status == PAUSED)
    assert venue.position(trader).size == 100 * ETH


def test_downtime_loses_nothing(venue, trader):
    before = venue.account(trader), venue.state()
    venue.status(PAUSED)
    venue.status(ACTIVE)
    assert (venue.account(trader), venue.state()) == before


def test_downtime_ends_in_a_valid_price(venue, trader):
    venue.status(PAUSED)
    venue.price(2_200)
    venue.status(ACTIVE)
    venue.trade(trader, -100 * ETH)
    assert venue.position(trader).margin > 20_000 * USD + 19_000 * USD
