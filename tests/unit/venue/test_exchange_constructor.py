import ape
import pytest

from tests.unit.venue.helpers import MAX_UINT, ZERO_ADDRESS


def test_begins_empty(empty_venue, exchange, usd, owner, lp):
    assert exchange.owner() == owner
    assert exchange.pending_owner() == ZERO_ADDRESS
    assert exchange.asset() == usd
    assert exchange.market_count() == 0
    assert exchange.cash() == exchange.owed_total() == exchange.owed(owner) == 0
    assert exchange.lp_shares(0, lp) == 0
    with ape.reverts("market: unknown"):
        exchange.market_state(0)


@pytest.mark.parametrize("digits", [0, 6, 18])
def test_decimals(project, owner, usd, parameters, digits):
    exchange = owner.deploy(project.PerpExchange, usd, digits, parameters)
    assert exchange.asset() == usd


@pytest.mark.parametrize("digits", [19, 78, MAX_UINT])
def test_too_many_decimals(project, owner, usd, parameters, digits):
    with ape.reverts("treasury: over 18 decimals"):
        owner.deploy(project.PerpExchange, usd, digits, parameters)


def test_deployer_owns_it(project, attacker, usd, parameters):
    exchange = attacker.deploy(project.PerpExchange, usd, 6, parameters)
    assert exchange.owner() == attacker
