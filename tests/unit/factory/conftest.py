"""One system for all tests of the factory; what a test does to it is undone."""

import pytest

from tests.unit.factory.helpers import Works


@pytest.fixture(scope="session")
def built():
    return Works()


@pytest.fixture
def works(built):
    with built.evm.anchor():
        yield built


@pytest.fixture
def factory(works):
    return works.factory


@pytest.fixture
def token(works):
    """ETH3L, live."""
    return works.token
