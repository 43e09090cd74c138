"""Parts of the devnet: price paths, the walker against a real node, and what is kept."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import statistics
import zipfile
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from rich.console import Console

from scripts.devnet import cli
from steelyard.chain import Chain, KeySigner, execute
from steelyard.compiler import compile_contract
from steelyard.devnet import node as nodes
from steelyard.devnet.errors import DevnetError, StateError
from steelyard.devnet.founding import contract, signers
from steelyard.devnet.node import Node
from steelyard.devnet.paths import QUARTER, MadeUp, Played, read_path
from steelyard.devnet.saving import Saved, only_one, read_saved, saved_file, write_saved
from steelyard.devnet.screen import Screen
from steelyard.devnet.settings import Settings, known_accounts
from steelyard.devnet.walker import PATIENCE, RETRY, Feed, Push, Walker
from steelyard.history import Bar
from tests.python.devnet_process import free_port, is_alive, is_free, until

WAD = 10**18
OWNER = KeySigner(known_accounts()[0].key)
SAVED = Saved(b'{"blocks": []}', b"{}", 7, "0xab", "c0de", {"BTC": {"path": "x", "position": 5}})


# Paths


def test_made_up_prices_are_the_same_for_the_same_seed_however_they_are_asked():
    one, other = (MadeUp("BTC", 40_000 * WAD, seed=5) for _ in range(2))
    last = one.price(500 * QUARTER)
    prices = [other.price(index * QUARTER) for index in range(501)]
    assert prices[-1] == last
    assert prices[0] == 40_000 * WAD
    assert all(price % 10**10 == 0 for price in prices)
    assert MadeUp("BTC", 40_000 * WAD, seed=6).price(500 * QUARTER) != last


def test_made_up_prices_move_as_a_major_does_and_together():
    moves = []
    for symbol in ("BTC", "ETH"):
        path = MadeUp(symbol, 40_000 * WAD, seed=1)
        prices = [path.price(index * QUARTER) for index in range(10_000)]
        moves.append([math.log(later / price) for price, later in pairwise(prices)])
    for made in moves:
        assert statistics.stdev(made) * 2 == pytest.approx(0.0066, rel=0.05)  # an hour
        assert abs(statistics.mean(made)) < 3 * 0.0033 / 100
    assert statistics.correlation(*moves) == pytest.approx(0.75, abs=0.03)


def test_a_file_is_played_quarter_by_quarter_over_its_gaps_and_stays_at_its_end():
    bars = [Bar(7_200, 100, 110, 80, 90), Bar(14_400, 95, 130, 80, 85)]
    path = Played("file", bars)
    asked = [0, 899, 900, 1_800, 2_700, 3_600, 7_199, 7_200, 8_100, 9_000, 9_900, 10**9]
    assert [path.price(at) for at in asked] == [
        *(100, 100, 110, 80, 90, 90, 90),  # no prices from 3,600 to 7,200
        *(95, 80, 130, 85, 85),
    ]
    assert path.says(900) == "1970-01-01 02:15"
    assert path.says(10**9) == "at its end"


def test_a_file_is_known_by_what_is_in_it(tmp_path):
    file = tmp_path / "hours.csv"
    file.write_text("timestamp,open,high,low,close\n3600,1,1,1,1\n")
    first = read_path(file)
    assert first.price(0) == WAD
    file.write_text("timestamp,open,high,low,close\n3600,2,2,2,2\n")
    assert read_path(file).name != first.name


# What is kept


def test_the_command_has_the_defaults_of_the_settings():
    for option in cli.params:
        if hasattr(Settings, option.name):
            assert option.default == getattr(Settings, option.name), option.name


def test_what_is_kept_is_read_again_and_replaced_as_a_whole(tmp_path):
    assert read_saved(tmp_path) is None
    write_saved(tmp_path, SAVED)
    write_saved(tmp_path, replace(SAVED, number=8))
    assert read_saved(tmp_path) == replace(SAVED, number=8)
    assert [path.name for path in tmp_path.iterdir()] == ["chain.zip"]


def test_parts_that_do_not_belong_together_are_refused(tmp_path):
    write_saved(tmp_path, SAVED)
    path = saved_file(tmp_path)
    with zipfile.ZipFile(path) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in contents.items():
            parts.writestr(name, b'{"other": 1}' if name == "record.json" else content)
    with pytest.raises(StateError) as caught:
        read_saved(tmp_path)
    assert str(caught.value) == (
        f"{path}: state and record do not belong together (begin anew with --fresh)"
    )


def test_what_another_version_has_kept_is_refused(tmp_path):
    path = saved_file(tmp_path)
    with zipfile.ZipFile(path, "w") as parts:
        for name in ("state.json", "record.json"):
            parts.writestr(name, "{}")
        parts.writestr("about.json", json.dumps({"format": 99}))
    with pytest.raises(StateError) as caught:
        read_saved(tmp_path)
    assert str(caught.value) == (
        f"{path} is of another version of Steelyard (begin anew with --fresh)"
    )


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    write_saved(tmp_path, SAVED)
    with pytest.raises(TypeError):
        write_saved(tmp_path, replace(SAVED, walked={"BTC": {"position": object()}}))
    assert read_saved(tmp_path) == SAVED
    assert [path.name for path in tmp_path.iterdir()] == ["chain.zip"]


def test_a_folder_is_free_again_after_its_devnet(tmp_path):
    with only_one(tmp_path), pytest.raises(DevnetError, match="runs already"), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass


# The node


def test_without_anvil_it_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(nodes, "ROOT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevnetError) as caught:
        nodes.program()
    assert str(caught.value) == ("no anvil found (install Node.js with npm, then run `make setup`)")


@pytest.mark.node
def test_a_state_that_anvil_cannot_load_is_reported_and_nothing_is_left():
    port = free_port()
    with pytest.raises(DevnetError, match="^anvil does not start: anvil has ended"):
        Node(port, b"not a state")
    assert is_free(port)


@pytest.mark.node
def test_a_node_that_does_not_stop_is_killed(monkeypatch, node):
    monkeypatch.setattr(nodes, "STOP_SECONDS", 0.1)
    os.kill(node.pid, signal.SIGSTOP)
    node.stop()
    assert not is_alive(node.pid)


# The walker


class Clock:
    """Seconds that pass when told to."""

    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def node():
    started = Node(free_port())
    yield started
    started.stop()


@pytest.fixture
def chain(node):
    return Chain.connect(f"http://127.0.0.1:{node.port}", attempts=1, poll=0.02)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def feeds(chain):
    return [_feed(chain, "BTC", (100, 110, 120, 130)), _feed(chain, "ETH", (5, 5, 6, 7))]


def _feed(chain, symbol, prices, start=1):
    """Deploy a feed for a path of four prices."""
    artifact = compile_contract("MockAggregator")
    made = contract(chain, "MockAggregator", "0x" + "00" * 20).interface.constructor
    code = artifact.creation_code + made.encode((8, f"{symbol} / USD", start))
    receipt = execute(chain, OWNER, None, code)
    high, low = max(prices) * WAD, min(prices) * WAD
    path = Played(symbol, [Bar(0, prices[0] * WAD, high, low, prices[-1] * WAD)])
    path._prices = [price * WAD for price in prices]
    return Feed(symbol, contract(chain, "MockAggregator", receipt.contract_address), 8, path)


def _walker(chain, feeds, clock, speed=900, heartbeat=300):
    return Walker(chain, feeds, signers(), speed=speed, heartbeat=heartbeat, clock=clock)


def _settled(walker):
    """Tick until nothing is on its way; return what was told."""
    told = walker.tick()
    until(lambda: told.extend(walker.tick()) or walker.idle(), "the pushes")
    return told


def _give(chain, feed, new_owner):
    """Pass a feed to another owner."""
    for signer, name, args in (
        (OWNER, "transfer_ownership", (new_owner.address,)),
        (new_owner, "accept_ownership", ()),
    ):
        execute(chain, signer, feed.contract.address, feed.contract.encode(name, *args))


def _on_chain(feed):
    return feed.contract.call.latestRoundData()[1] / 10**8


@pytest.mark.node
def test_pushes_each_price_of_each_feed_as_it_comes(chain, feeds, clock):
    walker = _walker(chain, feeds, clock)
    assert _settled(walker) == [Push("BTC", Decimal(100)), Push("ETH", Decimal(5))]
    clock.now += 1
    assert _settled(walker) == [Push("BTC", Decimal(110))]  # the other one stands still
    clock.now += 2
    assert _settled(walker) == [Push("BTC", Decimal(130)), Push("ETH", Decimal(7))]
    assert [_on_chain(feed) for feed in feeds] == [130, 7]
    assert walker.walked() == {
        symbol: {"path": symbol, "base": str(base * WAD), "position": 2_700}
        for symbol, base in (("BTC", 100), ("ETH", 5))
    }


@pytest.mark.node
def test_goes_on_where_a_path_was_left(chain, feeds, clock):
    walker = _walker(chain, [replace(feeds[0], position=1_000)], clock)
    clock.now += 1
    assert _settled(walker) == [Push("BTC", Decimal(120))]


@pytest.mark.node
def test_keeps_a_price_fresh_that_stands_still(chain, feeds, clock):
    walker = _walker(chain, feeds[:1], clock, speed=1)
    _settled(walker)
    clock.now += 299.9
    assert _settled(walker) == []
    clock.now += 0.2
    assert _settled(walker) == [Push("BTC", Decimal(100))]


@pytest.mark.node
def test_a_push_that_fails_is_told_and_spoils_nothing(node, chain, feeds, clock):
    walker = _walker(chain, feeds, clock)
    stranger = KeySigner("0x" + "12" * 32)
    node.rpc("anvil_setBalance", stranger.address, hex(WAD))
    _give(chain, feeds[0], stranger)
    assert _settled(walker) == [
        Push("BTC", Decimal(100), f"the feed belongs to {stranger.address.lower()}: no key"),
        Push("ETH", Decimal(5)),
    ]
    clock.now += RETRY - 0.1
    assert [push.symbol for push in _settled(walker)] == ["ETH"]
    clock.now += 0.2
    assert [(push.symbol, bool(push.error)) for push in _settled(walker)] == [("BTC", True)]


@pytest.mark.node
def test_signs_as_whoever_of_the_accounts_owns_the_feed(chain, feeds, clock):
    _give(chain, feeds[0], KeySigner(known_accounts()[3].key))
    assert _settled(_walker(chain, feeds[:1], clock)) == [Push("BTC", Decimal(100))]


@pytest.mark.node
def test_a_node_that_does_not_answer_is_told_and_asked_again(node, chain, feeds, clock):
    walker = _walker(chain, feeds[:1], clock)
    state = node.dump()
    node.stop()
    (push,) = walker.tick()
    assert push.error.startswith(f"no connection to http://127.0.0.1:{node.port}")
    back = Node(node.port, state)
    try:
        clock.now += RETRY
        assert _settled(walker) == [Push("BTC", Decimal(110 if RETRY < 2 else 130))]
    finally:
        back.stop()


@pytest.mark.node
def test_a_push_that_is_not_mined_is_given_up(node, chain, feeds, clock):
    walker = _walker(chain, feeds[:1], clock, speed=1)
    node.rpc("evm_setAutomine", False)
    assert walker.tick() == []
    clock.now += PATIENCE
    assert walker.tick() == []
    clock.now += 1
    assert walker.tick() == [Push("BTC", Decimal(100), f"not mined within {PATIENCE:g} seconds")]


# The screen


def test_a_push_that_failed_is_seen_with_its_reason():
    out = io.StringIO()
    screen = Screen(Console(file=out, width=40, highlight=False))
    screen.pushes([Push("BTC", Decimal("40000.5"), "the node [is] gone"), Push("ETH", Decimal(7))])
    assert out.getvalue() == "push failed BTC 40,000.50: the node [is] gone\npushed ETH 7.00\n"
