"""A transaction is sent once, whatever a node does; its outcome is told, or told to be unknown."""

import socket

import pytest
from eth_account import Account
from web3 import Web3

from steelyard.chain import (
    Chain,
    ChainError,
    NodeUnreachable,
    NonceConflict,
    OutcomeUnknown,
    Prepared,
    ReceiptTimeout,
    Signed,
    TransactionDropped,
    TransactionFailed,
    Underpriced,
    send,
)
from steelyard.chain.transport import connect
from tests.chain.bad_node import CHAIN_ID, bad_node, error, half, hang, result, status

ATTEMPTS = 3
KEY = Account.from_key("0x" + "11" * 32)
SIGNED = KEY.sign_transaction(
    {
        **{"type": 2, "chainId": CHAIN_ID, "nonce": 4, "to": "0x" + "22" * 20, "value": 0},
        **{"gas": 21_000, "maxFeePerGas": 1, "maxPriorityFeePerGas": 1, "data": b""},
    }
)
RAW, HASH = bytes(SIGNED.raw_transaction), "0x" + SIGNED.hash.hex()
PENDING = {"hash": HASH, "from": KEY.address, "nonce": "0x4"}
RECEIPT = {
    **{"transactionHash": HASH, "blockNumber": "0x10", "status": "0x0", "gasUsed": "0x5208"},
    **{"effectiveGasPrice": "0x2", "contractAddress": None, "logs": []},
}
LOOK = "look up this hash before you send anything again: it may still be mined"


@pytest.fixture
def node():
    with bad_node() as node:
        yield node


@pytest.fixture
def chain(node):
    return Chain.connect(node.url, timeout=0.3, attempts=ATTEMPTS, poll=0.001)


def sent(node):
    return [params for method, params in node.asked if method == "eth_sendRawTransaction"]


# ---------------------------------------------------------------- SEND


def test_sent(node, chain):
    node.acts["eth_sendRawTransaction"] = [result(HASH)]
    assert chain.send_raw(RAW) == HASH
    assert sent(node) == [["0x" + RAW.hex()]]


@pytest.mark.parametrize(
    "said", ["already known", "Known transaction: 12ab", "transaction already imported"]
)
@pytest.mark.parametrize("first", [half, hang, status(502)])
def test_answer_lost_then_the_node_has_it(node, chain, first, said):
    node.acts["eth_sendRawTransaction"] = [first, error(-32000, said)]
    assert chain.send_raw(RAW) == HASH
    assert sent(node) == [["0x" + RAW.hex()]] * 2


def test_answer_lost_then_it_is_mined(node, chain):
    node.acts["eth_sendRawTransaction"] = [half, error(-32000, "nonce too low")]
    node.acts["eth_getTransactionByHash"] = [result(PENDING)]
    assert chain.send_raw(RAW) == HASH


def test_another_transaction_had_the_nonce(node, chain):
    node.acts["eth_sendRawTransaction"] = [error(-32000, "nonce too low")]
    node.acts["eth_getTransactionByHash"] = [result(None)]
    with pytest.raises(NonceConflict) as caught:
        chain.send_raw(RAW)
    remedy = "another program may be using this account: wait for it and try again"
    said = "the account has sent something else meanwhile: nonce too low"
    assert str(caught.value) == f"{said} ({remedy})"


def test_fee_too_low(node, chain):
    node.acts["eth_sendRawTransaction"] = [error(-32000, "transaction underpriced")]
    with pytest.raises(Underpriced):
        chain.send_raw(RAW)
    assert len(sent(node)) == 1


@pytest.mark.parametrize("first", [half, hang, status(502)])
@pytest.mark.parametrize(
    "then",
    [
        error(-32000, "nonce too low"),
        error(-32000, "replacement transaction underpriced"),
        error(-32000, "insufficient funds for gas * price + value"),
        error(-32000, "txpool is full"),
        status(403),
    ],
)
def test_refused_after_an_attempt_that_may_have_arrived(node, chain, first, then):
    node.acts["eth_sendRawTransaction"] = [first, then]
    node.acts["eth_getTransactionByHash"] = [result(None)]
    with pytest.raises(OutcomeUnknown) as caught:
        chain.send_raw(RAW)
    assert str(caught.value).startswith(f"transaction {HASH}: it may have been sent: ")
    assert len(sent(node)) == 2


def test_refused_and_the_node_falls_silent(node, chain):
    node.acts["eth_sendRawTransaction"] = [error(-32000, "nonce too low")]
    node.acts["eth_getTransactionByHash"] = [half]
    with pytest.raises(NonceConflict):
        chain.send_raw(RAW)


@pytest.mark.parametrize("act", [half, hang, status(503)])
def test_no_answer_at_all(node, chain, act):
    node.acts["eth_sendRawTransaction"] = [act]
    with pytest.raises(OutcomeUnknown) as caught:
        chain.send_raw(RAW)
    assert str(caught.value).startswith(f"transaction {HASH}: it may have been sent: ")
    assert str(caught.value).endswith(f"({LOOK})")
    assert caught.value.hash == HASH
    assert sent(node) == [["0x" + RAW.hex()]] * ATTEMPTS


def test_nobody_there_means_not_sent():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        chain = Chain(Web3(connect(url, timeout=0.3)), attempts=2, poll=0.001)
        with pytest.raises(NodeUnreachable) as caught:
            chain.send_raw(RAW)
        assert not caught.value.delivered


def test_node_gone_after_a_first_attempt_that_may_have_arrived(node, chain):
    def last_words(handler, question):
        half(handler, question)
        node.socket.close()  # nobody listens any more

    node.acts["eth_sendRawTransaction"] = [last_words]
    with pytest.raises(OutcomeUnknown):
        chain.send_raw(RAW)


# ---------------------------------------------------------------- WAIT


def test_receipt(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(None), half, result(RECEIPT)]
    node.acts["eth_getTransactionByHash"] = [result(PENDING)]
    node.acts["eth_getTransactionCount"] = [result("0x4")]
    receipt = chain.wait(HASH)
    assert (receipt.hash, receipt.block, receipt.status) == (HASH, 16, False)
    assert receipt.gas_cost == 42_000


def test_receipt_of_a_pending_transaction_is_none(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(RECEIPT | {"blockNumber": None})]
    assert chain.receipt(HASH) is None


def test_waits_for_confirmations(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(RECEIPT)]
    node.acts["eth_blockNumber"] = [result("0x10"), result("0x11"), result("0x12")]
    assert chain.wait(HASH, confirmations=3).block == 16
    assert node.count("eth_blockNumber") == 3


def test_not_mined_in_time(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(None)]
    node.acts["eth_getTransactionByHash"] = [result(PENDING)]
    node.acts["eth_getTransactionCount"] = [result("0x4")]
    with pytest.raises(ReceiptTimeout) as caught:
        chain.wait(HASH, timeout=0.02)
    assert str(caught.value) == f"transaction {HASH}: not mined within 0.02 seconds ({LOOK})"
    assert caught.value.hash == HASH


def test_replaced(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(None)]
    node.acts["eth_getTransactionByHash"] = [result(PENDING), result(None)]
    node.acts["eth_getTransactionCount"] = [result("0x4"), result("0x5")]
    with pytest.raises(TransactionDropped) as caught:
        chain.wait(HASH)
    remedy = "nothing happened: another program used this account; send it again"
    assert str(caught.value) == f"transaction {HASH} was replaced by another one ({remedy})"


def test_mined_between_two_questions_is_not_replaced(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(None), result(RECEIPT)]
    node.acts["eth_getTransactionByHash"] = [result(PENDING)]
    node.acts["eth_getTransactionCount"] = [result("0x5")]
    assert chain.wait(HASH).block == 16


def test_a_receipt_that_comes_after_its_nonce_is_no_replacement(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(None), result(None), result(RECEIPT)]
    node.acts["eth_getTransactionByHash"] = [result(PENDING)]
    node.acts["eth_getTransactionCount"] = [result("0x5")]
    assert chain.wait(HASH).block == 16


def test_a_receipt_that_comes_much_later_than_its_nonce_is_no_replacement(node, chain):
    late = [result(None)] * 20
    node.acts["eth_getTransactionReceipt"] = [*late, result(RECEIPT)]
    node.acts["eth_getTransactionByHash"] = [result(PENDING)]
    node.acts["eth_getTransactionCount"] = [result("0x5")]
    assert chain.wait(HASH).block == 16


def test_node_gone_while_waiting(node, chain):
    node.acts["eth_getTransactionReceipt"] = [result(None), half]
    node.acts["eth_getTransactionByHash"] = [result(None)]
    with pytest.raises(OutcomeUnknown) as caught:
        chain.wait(HASH)
    assert str(caught.value).startswith(f"transaction {HASH}: it was sent, then: no connection")
    assert isinstance(caught.value.__cause__, ChainError)


@pytest.mark.parametrize("act", [status(403), error(-32602, "quota used up"), result("seven")])
def test_a_node_that_refuses_while_waiting_says_nothing_of_the_outcome(node, chain, act):
    node.acts["eth_getTransactionReceipt"] = [result(RECEIPT)]
    node.acts["eth_blockNumber"] = [act]
    with pytest.raises(OutcomeUnknown) as caught:
        chain.wait(HASH)
    assert str(caught.value).startswith(f"transaction {HASH}: it was sent, then: the node answered")
    assert caught.value.hash == HASH


@pytest.mark.parametrize("act", [half, error(-32000, "missing trie node"), status(403)])
def test_failed_and_the_node_does_not_say_why(node, chain, act):
    node.acts["eth_getTransactionReceipt"] = [result(RECEIPT)]
    node.acts["eth_blockNumber"] = [result("0x10")]
    node.acts["eth_call"] = [act]
    transaction = {"gas": 30_000, "to": "0x" + "22" * 20, "data": b""}
    prepared = Prepared(KEY.address, transaction, b"", 21_000, 1)
    with pytest.raises(TransactionFailed) as caught:
        send(chain, Signed(HASH, RAW, prepared))
    assert (caught.value.hash, caught.value.reason) == (HASH, "")
