"""Tokens at an exchange, and the lens that shows them."""

import pytest

from tests.unit.lens.helpers import World


@pytest.fixture(scope="session")
def deployed():
    """Everything but tokens, once."""
    return World()


@pytest.fixture
def world(deployed):
    """The same for each test, which may do to it what it likes."""
    with deployed.evm.anchor():
        yield deployed


@pytest.fixture
def long(world):
    """BTC3L with two holders and fees owed."""
    return world.used_token("BTC3L", is_long=True)


@pytest.fixture
def short(world):
    """BTC3S, the same on the other side."""
    return world.used_token("BTC3S", is_long=False)


@pytest.fixture
def answering(world):
    """A contract that answers 0 to everything, for now."""
    return world.backend.deploy("BadToken", 1, bytes(32))
