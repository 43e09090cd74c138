import ape
import pytest

from tests.unit.venue.helpers import ETH, NOT_OWNER, USD, WAD, ZERO_ADDRESS, price_checks

GUARDED = 1 << 4


def deploy(venue, exchange, **checks):
    return venue.owner.deploy(venue.project.PriceGuard, exchange, price_checks(**checks))


def test_sets(venue, exchange, owner):
    first, second = deploy(venue, exchange), deploy(venue, exchange)
    for old, new in ((ZERO_ADDRESS, first), (first, second), (second, ZERO_ADDRESS)):
        tx = exchange.set_price_guard(0, new, sender=owner)
        assert tx.events == [exchange.PriceGuardUpdated(market=0, old_guard=old, new_guard=new)]
        assert exchange.price_guard_of(0) == new
        assert (exchange.market_words_of(0)[0] & GUARDED != 0) == (new != ZERO_ADDRESS)


def test_binds_at_once(venue, exchange, owner, trader):
    guard = deploy(venue, exchange, max_price=1_999 * USD)
    exchange.set_price_guard(0, guard, sender=owner)
    assert venue.state().oracle_fault == 8
    with ape.reverts("oracle: out of bounds"):
        venue.trade(trader, ETH)
    exchange.set_price_guard(0, ZERO_ADDRESS, sender=owner)
    venue.open(trader, ETH, 1_000)


def test_is_told_the_prices_of_orders(venue, exchange, owner, trader):
    guard = deploy(venue, exchange, max_jump=WAD)
    exchange.set_price_guard(0, guard, sender=owner)
    assert guard.accepted_price() == 0
    venue.deposit(trader, 1_000)
    assert guard.accepted_price() == 0  # a deposit has no price
    venue.price(2_100)
    tx = venue.trade(trader, ETH)
    assert (guard.accepted_price(), guard.accepted_at()) == (2_100 * USD, tx.timestamp)


def test_set_again_forgets_the_accepted_price(venue, exchange, owner, trader):
    """The owner's way out of a jump that is real."""
    guard = deploy(venue, exchange, max_jump=WAD // 10, jump_window=10**9)
    exchange.set_price_guard(0, guard, sender=owner)
    venue.open(trader, ETH, 1_000)
    venue.price(3_000)
    assert venue.state().oracle_fault == 11
    exchange.set_price_guard(0, guard, sender=owner)
    assert venue.state().oracle_fault == 0


def test_guard_of_another_exchange(project, venue, exchange, owner, usd, parameters):
    other = owner.deploy(project.PerpExchange, usd, 6, parameters)
    guard = deploy(venue, other)
    with ape.reverts("guard: only the exchange"):
        exchange.set_price_guard(0, guard, sender=owner)
    assert exchange.price_guard_of(0) == ZERO_ADDRESS


@pytest.mark.parametrize("who", ["usd", "owner"])
def test_no_guard_at_all(venue, exchange, owner, usd, who):
    with ape.reverts():
        exchange.set_price_guard(0, {"usd": usd, "owner": owner}[who], sender=owner)
    assert exchange.price_guard_of(0) == ZERO_ADDRESS


def test_one_market(venue, exchange, owner):
    venue.add_market()
    guard = deploy(venue, exchange, max_price=1)
    exchange.set_price_guard(1, guard, sender=owner)
    assert exchange.price_guard_of(0) == ZERO_ADDRESS
    assert (venue.state(0).oracle_fault, venue.state(1).oracle_fault) == (0, 8)


def test_owner_only(venue, exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.set_price_guard(0, ZERO_ADDRESS, sender=account)
