"""Reading a history from nodes that are strict, shaky, terse, or change their mind."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests
from web3 import Web3
from web3.providers import BaseProvider

from steelyard.chain import Chain, NodeError, NodeUnreachable
from steelyard.model.arithmetic import WAD
from steelyard.sdk.history import ChainReorganised, read_history
from tests.bench.node import anvil
from tests.sdk.history_life import ALICE, BOB, USD, Life

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def life():
    with anvil() as node:
        life = Life(node)
        for day in range(8):
            life.touch(life.long, "deposit", 100 * USD + day, ALICE, sender=ALICE)
            life.wait(3_600, life.price + 5)
        life.touch(life.long, "redeem", WAD, ALICE, ALICE, sender=ALICE)
        yield life


@pytest.fixture
def whole(life):
    return life.history(life.long)


class Node(BaseProvider):
    """The real node, with somebody in between."""

    def __init__(self, life, answer):
        super().__init__()
        self.real, self.answer, self.asked = life.chain.web3.provider, answer, []

    def make_request(self, method, params):
        self.asked.append((method, params))
        return self.answer(self, method, params)

    def ask(self, method, params):
        return self.real.make_request(method, params)

    def count(self, method):
        return sum(asked == method for asked, _ in self.asked)


def read(life, node, **options):
    chain = Chain(Web3(node), poll=0)
    return read_history(chain, life.source(life.long), **options)


def width(params):
    return int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1


@pytest.mark.parametrize("span", [1, 7, 2_000])
def test_pages_make_no_difference(life, whole, span):
    assert life.history(life.long, span=span) == whole


def test_pages_are_no_longer_than_asked(life, whole):
    node = Node(life, Node.ask)
    assert read(life, node, span=7) == whole
    widths = [width(params) for method, params in node.asked if method == "eth_getLogs"]
    assert max(widths) == 7


@pytest.mark.parametrize("most", [1, 5])
def test_a_node_that_refuses_long_ranges(life, whole, most):
    def answer(node, method, params):
        if method == "eth_getLogs" and width(params) > most:
            error = {"code": -32005, "message": f"at most {most} blocks"}
            return {"jsonrpc": "2.0", "id": 1, "error": error}
        return node.ask(method, params)

    assert read(life, Node(life, answer)) == whole


def test_a_node_that_refuses_everything(life):
    def answer(node, method, params):
        if method == "eth_getLogs":
            error = {"code": -32005, "message": "no logs here"}
            return {"jsonrpc": "2.0", "id": 1, "error": error}
        return node.ask(method, params)

    with pytest.raises(NodeError, match="no logs here"):
        read(life, Node(life, answer))


def test_pages_that_fail_are_asked_for_again(life, whole):
    """Each question fails twice: the connection, then the gateway."""
    failed = []

    def answer(node, method, params):
        question = (method, str(params))
        if failed.count(question) < 2:
            failed.append(question)
            if failed.count(question) == 1:
                raise requests.ConnectionError("reset")
            error = {"code": 429, "message": "too many requests"}
            return {"jsonrpc": "2.0", "id": 1, "error": error}
        return node.ask(method, params)

    assert read(life, Node(life, answer), span=7) == whole
    assert len(failed) > 20


def test_a_node_that_goes_away(life):
    def answer(node, method, params):
        if node.count("eth_getLogs") > 3:
            raise requests.ConnectionError("gone")
        return node.ask(method, params)

    with pytest.raises(NodeUnreachable, match="no connection to Node"):
        read(life, Node(life, answer), span=7)


def test_progress(life):
    told = []
    history = life.history(life.long, span=7, progress=lambda *done: told.append(done))
    total = history.last - history.born + 1
    assert told[-1] == (total, total)
    assert told == sorted(told) and len(told) > 4
    assert {of for _, of in told} == {total}


def test_where_a_record_tells_the_block_it_is_not_searched_for(life, whole):
    node = Node(life, Node.ask)
    source = replace(life.source(life.long), since=whole.born, until=whole.born)
    assert read_history(Chain(Web3(node)), source) == whole
    first = next(params for method, params in node.asked if method == "eth_getLogs")
    assert width(first) == 1


# ---------------------------------------------------------------- TERSE NODES


def without(*fields):
    """Answers without some fields of logs."""

    def answer(node, method, params):
        told = node.ask(method, params)
        if method == "eth_getLogs":
            kept = [{k: v for k, v in log.items() if k not in fields} for log in told["result"]]
            return {**told, "result": kept}
        return told

    return answer


@pytest.mark.parametrize("fields", [("blockTimestamp",), ("blockTimestamp", "blockHash")])
def test_times_come_from_the_blocks_where_logs_do_not_tell_them(life, whole, fields):
    """Each block that has logs is asked for once."""
    node = Node(life, without(*fields))
    assert read(life, node) == whole
    numbers = [params[0] for method, params in node.asked if method == "eth_getBlockByNumber"]
    with_logs = {hex(record.block) for record in whole.all}
    assert set(numbers) - {"latest", hex(whole.last)} == with_logs - {hex(whole.last)}
    assert len(numbers) == len(with_logs | {hex(whole.last)}) + 1


def test_no_block_is_asked_for_where_logs_tell_the_time(life, whole):
    node = Node(life, Node.ask)
    assert read(life, node) == whole
    assert node.count("eth_getBlockByNumber") == 2  # the last one, before and after


# ---------------------------------------------------------------- REORGANISED


class Fork:
    """The last blocks of a chain, which may become other ones."""

    def __init__(self, life):
        self.life, self.time, self.branches = life, life.node.timestamp, 0
        self.snapshot = life.node._rpc("evm_snapshot")

    def cut(self):
        """Take the last blocks away."""
        assert self.life.node._rpc("evm_revert", self.snapshot)
        self.snapshot = self.life.node._rpc("evm_snapshot")
        self.life.node.timestamp = self.time

    def grow(self):
        """Let the token live on for four blocks, each time in another way."""
        life, self.branches = self.life, self.branches + 1
        life.touch(life.long, "redeem", self.branches * WAD, ALICE, ALICE, sender=ALICE)
        life.wait(60, 2_040 + self.branches)
        life.touch(life.long, "deposit", 500 * USD, BOB, sender=BOB)
        life.wait(60)

    def change(self):
        """Let them be other blocks."""
        self.cut()
        self.grow()


@pytest.fixture
def fork(life):
    fork = Fork(life)
    fork.grow()
    yield fork
    fork.cut()


@pytest.mark.parametrize("at", [1, 4, 8, 11])
def test_a_chain_that_changes_between_pages_is_read_again(life, fork, at):
    """Whichever page it changes before, all of it is of the new chain in the end."""
    before = life.history(life.long)

    def answer(node, method, params):
        if method == "eth_getLogs" and node.count(method) == at:
            fork.change()
        return node.ask(method, params)

    node = Node(life, answer)
    history = read(life, node, span=7)
    assert node.count("eth_getLogs") > at
    assert history == life.history(life.long)
    assert (history.last, history.nav[:-2]) == (before.last, before.nav[:-2])
    assert history.nav[-2:] != before.nav[-2:]
    for point in history.nav:
        assert point.raw.nav == life.lens_at(life.long, point.block).nav


def test_a_chain_that_has_become_shorter_is_read_again(life, fork):
    whole = life.history(life.long)

    def answer(node, method, params):
        if method == "eth_getLogs" and node.count(method) == 4:
            fork.cut()
        return node.ask(method, params)

    history = read(life, Node(life, answer), span=7)
    assert history.last == whole.last - 4
    assert history.all == whole.between(0, whole.last - 4).all


def test_a_chain_that_always_changes_is_given_up(life, fork):
    """It is read three times."""

    def answer(node, method, params):
        if method == "eth_getBlockByNumber" and params[0] != "latest":
            fork.change()
        return node.ask(method, params)

    node = Node(life, answer)
    with pytest.raises(ChainReorganised) as error:
        read(life, node)
    assert str(error.value) == (
        "the chain changed 3 times while ETH3L was read "
        "(read up to an older block, or try again later)"
    )
    assert node.count("eth_getBlockByNumber") == 6


@pytest.mark.parametrize("changes", [{"removed": True}, {"blockHash": "0x" + "11" * 32}])
def test_a_log_of_another_chain_is_read_again(life, whole, changes):
    """Once a node tells of a log that no longer counts, or of a block with two hashes."""

    def answer(node, method, params):
        told = node.ask(method, params)
        if method == "eth_getLogs" and node.count(method) == 2:
            logs = told["result"]
            return {**told, "result": [{**logs[0], **changes}, *logs[1:]]}
        return told

    node = Node(life, answer)
    assert read(life, node) == whole
    assert node.count("eth_getLogs") == 6
