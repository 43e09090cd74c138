"""One node for all tests of a process; each test finds it as if it were the first."""

import pytest

from tests.sdk import world as worlds


@pytest.fixture(scope="session")
def shared_world():
    with worlds.world() as world:
        yield world


@pytest.fixture
def world(shared_world):
    with shared_world.kept():
        yield shared_world


@pytest.fixture
def alice(world):
    """ETH3L in the hands of somebody with 100,000 dollars."""
    return world.token(world.alice)
