import pytest

DAY = 86_400


@pytest.fixture(params=[6, 8, 18])
def decimals(request):
    return request.param


@pytest.fixture
def one(decimals):
    """One dollar in token units."""
    return 10**decimals


@pytest.fixture
def usd(project, owner, decimals):
    return owner.deploy(project.MockUSD, decimals)


@pytest.fixture
def feed(project, owner):
    return owner.deploy(project.MockAggregator, 8, "ETH / USD", 3_000 * 10**8)


@pytest.fixture
def new_day(chain):
    """Begin a UTC day, so that no test straddles midnight by chance; call it for the next one."""

    def begin():
        chain.mine(timestamp=(chain.pending_timestamp // DAY + 1) * DAY)

    begin()
    return begin


@pytest.fixture
def round_id():
    """The `roundId` of a round of a phase."""
    return lambda phase, number: (phase << 64) | number
