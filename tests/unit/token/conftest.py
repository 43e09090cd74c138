"""Actors by role, venues that are made once, and tokens whose factory is an actor."""

import pytest

from steelyard.evm import DEPLOYER, address
from steelyard.model.policy import Obstacle
from tests.unit.token.helpers import Venue


def _actor(role):
    @pytest.fixture(scope="session")
    def actor():
        return address(role)

    return actor


factory = _actor("factory")
fee_receiver = _actor("fee receiver")
holder = _actor("holder")
depositor = _actor("depositor")
spender = _actor("spender")
receiver = _actor("receiver")
keeper = _actor("keeper")
trader = _actor("trader")
attacker = _actor("attacker")


@pytest.fixture(scope="session")
def owner():
    """Who runs the venue."""
    return DEPLOYER


@pytest.fixture(scope="session")
def venues():
    """Make a venue, or find it again: each is brought up once."""
    made = {}

    def find(**config):
        key = tuple(sorted(config.items()))
        if key not in made:
            made[key] = Venue(**config)
        return made[key]

    return find


@pytest.fixture
def decimals():
    """Of the collateral."""
    return 6


@pytest.fixture
def changes():
    """How the venue of a module differs from the usual one."""
    return {}


@pytest.fixture
def venue(venues, decimals, changes):
    """Ether at 2,000 without funding; what a test does there is undone."""
    venue = venues(decimals=decimals, **changes)
    with venue.evm.anchor():
        yield venue


@pytest.fixture
def make_token(venue, holder, depositor):
    """Deploy and seed a token; `holder` puts 100,000 in, and `depositor` may."""

    def make_token(held=100_000, **options):
        token = venue.make_token(**options)
        for account in (holder, depositor):
            venue.fund(account, token)
        if held:
            token.deposit(held * venue.one, holder, sender=holder)
        return token

    return make_token


@pytest.fixture
def token(make_token):
    """3x long, 10 bp to enter and to leave, 1 % a year."""
    return make_token()


@pytest.fixture
def rebalance(venue, keeper):
    """Rebalance, check that it did what the status had said, and return the event."""

    def rebalance(token):
        status, before = token.rebalance_status(), venue.state(token)
        held = venue.usd.balanceOf(keeper)
        reward = token.rebalance(sender=keeper)
        [log] = token.logs("Rebalanced")
        done, after = log.args, venue.state(token)
        assert (status.obstacle, status.ready_at) == (Obstacle.CLEAR, 0)
        assert (done.caller, done.trigger) == (keeper, status.trigger)
        assert (done.size_delta, done.aim) == (status.size_delta, status.aim)
        assert abs(done.cost - status.cost) <= 3
        assert done.reward == reward == venue.usd.balanceOf(keeper) - held
        assert reward * venue.scale == status.reward
        assert done.leverage_before == status.leverage
        assert done.size == after.size == before.size + done.size_delta
        assert done.equity == after.equity
        assert after.equity == before.equity - done.cost - reward * venue.scale
        assert done.leverage_after == abs(after.size) * after.price // after.equity
        further = abs(status.leverage - status.aim)
        assert abs(done.leverage_after - status.aim) < further
        if done.size_delta > 0:
            assert done.fill_price <= status.price_limit
        else:
            assert done.fill_price >= status.price_limit
        assert venue.usd.balanceOf(token) == 0
        return done

    return rebalance
