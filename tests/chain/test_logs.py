"""Logs come in ranges that the node bears, each block once."""

import json

import pytest

from steelyard.chain import Chain, NodeError
from tests.chain.bad_node import bad_node, status

TOKEN = "0x" + "11" * 20


@pytest.fixture
def node():
    with bad_node() as node:
        yield node


@pytest.fixture
def chain(node):
    return Chain.connect(node.url, attempts=1, poll=0.001)


def log(block, index):
    return {
        **{"address": TOKEN, "topics": ["0x" + "00" * 32], "data": "0x0a"},
        **{"blockNumber": hex(block), "transactionHash": "0x" + "ab" * 32},
        "logIndex": hex(index),
    }


def serve(node, most, code=-32005):
    """Give each block two logs, in the wrong order, and at most `most` blocks."""

    def act(handler, question):
        asked = question["params"][0]
        first, last = int(asked["fromBlock"], 16), int(asked["toBlock"], 16)
        answer = {"jsonrpc": "2.0", "id": question["id"]}
        if last - first + 1 > most:
            answer["error"] = {"code": code, "message": "query returned more than 10000 results"}
        else:
            blocks = range(last, first - 1, -1)
            answer["result"] = [log(block, index) for block in blocks for index in (1, 0)]
        handler.answer(json.dumps(answer).encode())

    node.acts["eth_getLogs"] = [act]


def ranges(node):
    asked = [params[0] for method, params in node.asked if method == "eth_getLogs"]
    return [(int(a["fromBlock"], 16), int(a["toBlock"], 16)) for a in asked]


def places(logs):
    return [(log.block, log.index) for log in logs]


def test_ranges_have_at_most_the_span(node, chain):
    serve(node, 100)
    found = chain.logs(TOKEN, [], 5, 29, span=10)
    assert places(found) == [(block, index) for block in range(5, 30) for index in (0, 1)]
    assert ranges(node) == [(5, 14), (15, 24), (25, 29)]


def test_ranges_are_halved_until_the_node_bears_them_and_grow_again(node, chain):
    serve(node, 3)
    found = chain.logs(TOKEN, [], 0, 8, span=8)
    assert places(found) == [(block, index) for block in range(9) for index in (0, 1)]
    assert ranges(node) == [(0, 7), (0, 3), (0, 1), (2, 5), (2, 3), (4, 7), (4, 5), (6, 8)]


def test_one_block_that_the_node_refuses(node, chain):
    serve(node, 0)
    with pytest.raises(NodeError, match="query returned more than 10000 results"):
        list(chain.logs(TOKEN, [], 0, 3))


def test_node_that_is_busy_is_not_asked_for_less_for_ever(node, chain):
    node.acts["eth_getLogs"] = [status(503)]
    with pytest.raises(NodeError, match="HTTP 503"):
        list(chain.logs(TOKEN, [], 0, 3))
    assert ranges(node) == [(0, 3), (0, 1), (0, 0)]


def test_progress(node, chain):
    serve(node, 100)
    seen = []
    list(chain.logs(TOKEN, [], 10, 34, span=10, progress=lambda *done: seen.append(done)))
    assert seen == [(10, 25), (20, 25), (25, 25)]


def test_filter(node, chain):
    serve(node, 100)
    one, two = b"\1" * 32, b"\2" * 32
    list(chain.logs([TOKEN], [one, None, (one, two)], 7, 7))
    assert node.asked[-1][1] == [
        {
            **{"fromBlock": "0x7", "toBlock": "0x7", "address": [TOKEN]},
            "topics": ["0x" + one.hex(), None, ["0x" + one.hex(), "0x" + two.hex()]],
        }
    ]


def test_nothing_to_ask(node, chain):
    assert list(chain.logs(None, [], 5, 4)) == []
    assert ranges(node) == []


def test_span_is_positive(chain):
    with pytest.raises(ValueError, match="span: at least 1 block"):
        list(chain.logs(None, [], 0, 1, span=0))
