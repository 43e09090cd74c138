import pytest

from tests.unit.venue.helpers import MAX_UINT, Venue

POOL = 10_000_000


@pytest.fixture(scope="module")
def decimals():
    """Of the collateral."""
    return 6


@pytest.fixture(scope="module")
def changes():
    """How market 0 of a module differs from CONFIG."""
    return {}


@pytest.fixture(scope="module")
def actors(owner, guardian, lp, trader, other_trader, keeper, depositor, attacker, fee_receiver):
    """Everybody, asked for at once; see below."""


@pytest.fixture(scope="module")
def empty_venue(
    project, chain, actors, owner, decimals, lp, trader, other_trader, keeper, attacker
):
    """An exchange without markets; everybody who trades has dollars and has approved it."""
    # Ahead of the clock on the wall, which no test may depend on.
    chain.mine(timestamp=chain.blocks.head.timestamp + 10**8)
    usd = owner.deploy(project.MockUSD, decimals)
    venue = Venue(project, chain, owner, usd, decimals)
    venue.accounts = [lp, trader, other_trader, keeper, attacker]
    for account in venue.accounts:
        usd.mint(account, 100_000_000 * venue.one, sender=owner)
        usd.approve(venue.exchange, MAX_UINT, sender=account)
    return venue


@pytest.fixture(scope="module")
def prepare():
    """What a module does to the venue before its tests."""
    return lambda venue: None


@pytest.fixture(scope="module")
def venue(empty_venue, changes, prepare, lp):
    """Market 0: ether at 2000 with ten million dollars in its pool."""
    empty_venue.add_market(**changes)
    empty_venue.add_liquidity(lp, POOL)
    prepare(empty_venue)
    return empty_venue


# Ape sets a whole module up anew when one of its tests is the first to ask for a fixture of a
# wider scope than the test. So what is only a name for a part of something is made each time, and
# modules override `changes` and `prepare`, which ask for nothing, rather than `venue`.


@pytest.fixture
def exchange(empty_venue):
    return empty_venue.exchange


@pytest.fixture
def usd(empty_venue):
    return empty_venue.usd


@pytest.fixture
def parameters(empty_venue):
    return empty_venue.parameters


@pytest.fixture
def strangers(guardian, lp, trader, keeper, attacker):
    """Everybody who is not the owner, one of each role."""
    return guardian, lp, trader, keeper, attacker
