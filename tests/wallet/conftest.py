"""One node for all tests of a process; each test finds it as if it were the first."""

import threading

import pytest

from steelyard.chain import Chain
from tests.sdk.world import world as new_world
from tests.wallet.world import Between, person


@pytest.fixture(scope="session")
def shared():
    with new_world() as world:
        yield world


@pytest.fixture
def me(shared, tmp_path, monkeypatch):
    """Somebody with a hundred thousand dollars, who does not wait long between two attempts."""
    connect = Chain.connect.__func__
    patient = lambda *args, **more: connect(Chain, *args, **{"poll": 0.005, **more})  # noqa: E731
    monkeypatch.setattr(Chain, "connect", patient)
    with shared.kept():
        yield person(shared, tmp_path)


@pytest.fixture
def between(me):
    """The node, with somebody in between whom a test can spoil."""
    with Between(me.url) as node:
        thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        me.url = node.url
        yield node
        node.closing.set()
        node.shutdown()
        thread.join()
