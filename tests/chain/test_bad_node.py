"""A node that misbehaves: each failure has its type, is retried as it may be, and says so."""

import socket

import pytest
from web3 import HTTPProvider, Web3

from steelyard.chain import (
    Chain,
    InsufficientFunds,
    NodeError,
    NodeTimeout,
    NodeUnreachable,
    NonceConflict,
    Reverted,
    Underpriced,
    WrongChain,
)
from steelyard.errors import SteelyardError
from tests.chain.bad_node import (
    CHAIN_ID,
    another_id,
    bad_node,
    drip,
    error,
    half,
    hang,
    result,
    status,
    text,
)

TO = "0x" + "11" * 20
SENDER = "0x" + "22" * 20
ATTEMPTS = 3


@pytest.fixture
def node():
    with bad_node() as node:
        yield node


@pytest.fixture
def chain(node):
    return Chain.connect(node.url, timeout=0.3, attempts=ATTEMPTS, poll=0.001)


def expect(kind, message, call, *args, **kwargs):
    with pytest.raises(kind) as caught:
        call(*args, **kwargs)
    assert str(caught.value) == message
    return caught.value


# ---------------------------------------------------------------- GOOD AGAIN


@pytest.mark.parametrize(
    "trouble",
    [
        status(429),
        status(502),
        status(503),
        status(504),
        half,
        another_id,
        text(b"<html>busy</html>"),
        error(-32000, "header not found"),
        error(-32005, "rate limit exceeded"),
        error(429, "slow down"),
    ],
)
def test_trouble_that_passes_is_not_seen(node, chain, trouble):
    node.acts["eth_getBalance"] = [trouble, trouble, result("0x7")]
    assert chain.balance(SENDER) == 7
    assert node.count("eth_getBalance") == 3


# ---------------------------------------------------------------- NO ANSWER


@pytest.mark.parametrize("act", [hang, drip])
def test_no_answer_in_time(node, chain, act):
    node.acts["eth_getBalance"] = [act]
    remedy = "(try again, allow a longer timeout, or use another node)"
    message = f"{node.url} did not answer eth_getBalance in time {remedy}"
    expect(NodeTimeout, message, chain.balance, SENDER)
    assert node.count("eth_getBalance") == ATTEMPTS


def test_connection_broken(node, chain):
    node.acts["eth_getBalance"] = [half]
    remedy = "(start the node, or check its address and your network)"
    message = f"no connection to {node.url}: the connection broke {remedy}"
    assert expect(NodeUnreachable, message, chain.balance, SENDER).delivered
    assert node.count("eth_getBalance") == ATTEMPTS


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_nobody_listens(scheme):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"{scheme}://127.0.0.1:{unused.getsockname()[1]}"
        remedy = "(start the node, or check its address and your network)"
        message = f"no connection to {url}: connection refused {remedy}"
        caught = expect(NodeUnreachable, message, Chain.connect, url, attempts=2, poll=0.001)
        assert not caught.delivered


def test_messages_hold_no_key(node):
    with pytest.raises(NodeError) as caught:
        node.acts["eth_chainId"] = [status(401)]
        Chain.connect(node.url.replace("127", "user:secret@127") + "/v3/secret")
    said = "the node answered with an error: HTTP 401 Unauthorized [401]"
    assert str(caught.value) == f"{said} (check the key in the node's address)"


@pytest.mark.parametrize("address", ["localhost:8545", "ftp://node", "http://", ""])
def test_no_address(address):
    message = f"{address!r} is not the address of a node (begin it with "
    expect(SteelyardError, message + "http://, https://, ws://, wss://)", Chain.connect, address)


# ---------------------------------------------------------------- BAD ANSWER


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (status(503), "HTTP 503 Service Unavailable [503]"),
        (text(b"<html>"), "the answer is not JSON [0]"),
        (text(b"\xff\xfe"), "the answer is not JSON [0]"),
        (text(b"[1]"), "the answer is not JSON-RPC [0]"),
        (text(b"{}"), "the answer is not JSON-RPC [0]"),
        (another_id, "the answer belongs to another question [0]"),
        (error(-32000, "header not found"), "header not found [-32000]"),
    ],
)
def test_trouble_that_stays(node, chain, act, said):
    node.acts["eth_getBalance"] = [act]
    remedy = "(try again later, or use another node)"
    message = f"the node answered with an error: {said} {remedy}"
    expect(NodeError, message, chain.balance, SENDER)
    assert node.count("eth_getBalance") == ATTEMPTS


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (status(500), "HTTP 500 Internal Server Error [500]"),
        (status(404), "HTTP 404 Not Found [404] (check the path in the node's address)"),
        (error(-32602, "bad params"), "bad params [-32602]"),
        (error(-32601, "no such"), "no such [-32601] (use a node that offers this method)"),
        (result("seven"), "eth_getBalance: 'seven' is not a number [0]"),
    ],
)
def test_what_would_not_get_better_is_asked_once(node, chain, act, said):
    node.acts["eth_getBalance"] = [act]
    expect(NodeError, f"the node answered with an error: {said}", chain.balance, SENDER)
    assert node.count("eth_getBalance") == 1


def test_no_such_block(node, chain):
    node.acts["eth_getBlockByNumber"] = [result(None)]
    expect(NodeError, "the node answered with an error: block 7 not found [0]", chain.block, 7)


def test_chain_replaced(node, chain):
    node.acts["eth_chainId"] = [result("0x1")]
    assert chain.chain_id == CHAIN_ID
    remedy = f"(connect to a node of chain {CHAIN_ID}, or use the deployment of chain 1)"
    message = f"expected chain {CHAIN_ID}, but the node serves 1 {remedy}"
    expect(WrongChain, message, chain.check_chain)


# ---------------------------------------------------------------- REFUSED

PAUSED = "0x08c379a0" + f"{32:064x}" + f"{12:064x}" + b"mint: paused".hex().ljust(64, "0")


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (error(3, "execution reverted: mint: paused", PAUSED), "mint: paused"),
        (error(-32000, "VM Exception", {"data": PAUSED}), "mint: paused"),
        (error(-32000, "VM Exception", {"result": PAUSED}), "mint: paused"),
        (error(3, "execution reverted"), ""),
        (error(3, "execution reverted: insufficient balance, try again"), ""),
        (error(-32000, "execution reverted"), ""),
        (error(3, "execution reverted", "0x08c379a0"), ""),
        (error(3, "execution reverted", "0x4e487b71" + f"{17:064x}"), "panic 0x11"),
    ],
)
def test_reverted(node, chain, act, reason):
    node.acts["eth_call"] = [act]
    with pytest.raises(Reverted) as caught:
        chain.call(TO, b"")
    assert caught.value.reason == reason
    assert node.count("eth_call") == 1


def test_reverted_says_what_to_do(node, chain):
    node.acts["eth_call"] = [error(3, "execution reverted", PAUSED)]
    remedy = "(wait: the pause ends by itself within days; redemption is open)"
    expect(Reverted, f"reverted: mint: paused {remedy}", chain.call, TO, b"")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("insufficient funds for gas * price + value", InsufficientFunds),
        ("nonce too high", NonceConflict),
        ("replacement transaction underpriced", Underpriced),
        ("max fee per gas less than block base fee", Underpriced),
        ("gas required exceeds allowance", NodeError),
    ],
)
def test_estimate_refused(node, chain, said, kind):
    node.acts["eth_estimateGas"] = [error(-32000, said)]
    with pytest.raises(kind):
        chain.estimate_gas({"from": SENDER, "to": TO, "data": b"", "value": 0})


# ---------------------------------------------------------------- OTHERS' CONNECTIONS


def test_connection_of_the_caller(node):
    chain = Chain.connect(Web3(HTTPProvider(node.url)), attempts=2, poll=0.001)
    assert chain.chain_id == CHAIN_ID
    node.acts["eth_getBalance"] = [status(503), result("0x7")]
    assert chain.balance(SENDER) == 7


def test_fees_of_a_node_without_a_hint(node, chain):
    block = {"number": "0x1", "timestamp": "0x2", "hash": "0x" + "00" * 32}
    node.acts["eth_getBlockByNumber"] = [result(block | {"baseFeePerGas": "0x64"})]
    node.acts["eth_maxPriorityFeePerGas"] = [error(-32601, "no")]
    node.acts["eth_gasPrice"] = [result("0x6e")]
    fees = chain.fees()
    assert (fees.base_fee, fees.priority_fee, fees.max_fee) == (100, 10, 210)


def test_chain_without_base_fee(node, chain):
    block = {"number": "0x1", "timestamp": "0x2", "hash": "0x" + "00" * 32}
    node.acts["eth_getBlockByNumber"] = [result(block)]
    said = "the node answered with an error: the chain has no base fee (EIP-1559) [0]"
    expect(NodeError, said, chain.fees)


def test_attempts_are_positive(chain):
    with pytest.raises(ValueError, match="attempts: at least 1"):
        Chain(chain.web3, attempts=0)
