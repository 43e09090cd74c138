"""A node with tokens on it for each file; each test finds it as if it were the first."""

import pytest

from tests.keeper.world import Bot, world


@pytest.fixture(scope="module")
def system():
    with world() as found:
        yield found


@pytest.fixture
def chain(system):
    with system.kept():
        yield system


@pytest.fixture
def bot(chain, tmp_path):
    return Bot(chain, tmp_path)
