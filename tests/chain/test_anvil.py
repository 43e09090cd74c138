"""A real node: reading, sending, and what a transaction that fails says."""

import pytest

from steelyard.abi import AbiError, Interface
from steelyard.chain import (
    Chain,
    ChainContract,
    KeySigner,
    Reverted,
    TransactionFailed,
    execute,
    prepare,
    send,
    sign,
)
from steelyard.compiler import compile_source
from tests.bench.node import anvil

pytestmark = pytest.mark.node
ETHER = 10**18

COUNTER = """\
# pragma version 0.4.3
event Counted:
    by: indexed(address)
    total: uint256
total: public(uint256)
limit: public(uint256)
@deploy
@payable
def __init__(limit: uint256):
    self.limit = limit
@external
@payable
def count(by: uint256 = 1) -> uint256:
    assert self.total + by <= self.limit, "counter: over the limit"
    self.total += by
    log Counted(by=msg.sender, total=self.total)
    return self.total
@external
@view
def caller() -> address:
    return msg.sender
"""


@pytest.fixture(scope="module")
def chain():
    with anvil() as node:
        chain = Chain.connect(f"http://127.0.0.1:{node._http.port}", poll=0.005)
        chain.request("evm_setAutomine", True)
        yield chain


@pytest.fixture(scope="module")
def artifact():
    return compile_source(COUNTER)


@pytest.fixture
def signer(chain):
    signer = KeySigner("0x" + "77" * 32)
    chain.request("anvil_setBalance", signer.address, hex(ETHER))
    return signer


@pytest.fixture
def counter(chain, signer, artifact):
    """Created by a transaction like any other."""
    interface = Interface("Counter", artifact.abi)
    code = artifact.creation_code + interface.constructor.encode((10,))
    receipt = execute(chain, signer, None, code, value=5)
    assert receipt.contract_address is not None
    assert chain.balance(receipt.contract_address) == 5
    return ChainContract(chain, receipt.contract_address, interface)


def test_block(chain):
    block = chain.block()
    assert chain.block(block.number) == block
    assert (block.hash[:2], len(block.hash), block.base_fee) == ("0x", 66, 0)


def test_code_and_nonce(chain, counter, signer):
    assert chain.code(counter.address)
    assert chain.code("0x" + "11" * 20) == b""
    assert chain.nonce(signer.address) == chain.nonce(signer.address, "pending") > 0


def test_calls(chain, counter, signer):
    assert counter.call.limit() == 10
    assert counter.call.count(3) == 3
    assert counter.call.total() == 0
    assert counter.call.caller(sender=signer.address) == signer.address.lower()


def test_call_at_an_earlier_block(chain, counter, signer):
    before = chain.block().number
    execute(chain, signer, counter.address, counter.encode("count", 2))
    assert (counter.call.total(block=before), counter.call.total()) == (0, 2)


def test_call_that_reverts(counter):
    with pytest.raises(Reverted) as caught:
        counter.call.count(11)
    assert caught.value.reason == "counter: over the limit"
    assert str(caught.value) == "reverted: counter: over the limit"


def test_no_such_function(counter):
    with pytest.raises(AttributeError, match="Counter has no function 'recount'"):
        counter.call.recount()
    with pytest.raises(AbiError) as caught:
        counter.call.count(1, 2)
    choices = "count(), count(uint256)"
    assert str(caught.value) == f"Counter.count with 2 arguments: there is {choices}"
    with pytest.raises(AbiError, match="there is none of that name"):
        counter.encode("recount")
    with pytest.raises(AbiError, match="Counter has no event 'Recounted'"):
        counter.topic("Recounted")


def test_nothing_at_the_address(chain, counter):
    empty = ChainContract(chain, "0x" + "11" * 20, counter.interface)
    with pytest.raises(AbiError, match="no contract there"):
        empty.call.total()


def test_prepare_prices_and_sends_nothing(chain, counter, signer):
    nonce = chain.nonce(signer.address)
    prepared = prepare(chain, signer.address, counter.address, counter.encode("count"), value=7)
    transaction = prepared.transaction
    assert counter.decode("count", 0, prepared.result) == 1
    assert transaction["gas"] == prepared.gas_estimate * 120 // 100 + 40_000
    assert transaction["maxFeePerGas"] == transaction["maxPriorityFeePerGas"] > 0  # no base fee
    assert prepared.max_cost == transaction["gas"] * transaction["maxFeePerGas"] + 7
    assert 7 < prepared.expected_cost < prepared.max_cost
    assert prepared.nonce == nonce == chain.nonce(signer.address, "pending")


def test_receipt_and_events(chain, counter, signer):
    receipt = execute(chain, signer, counter.address, counter.encode("count", 4))
    (event,) = counter.events(receipt.logs)
    assert (event.name, event.values.by) == ("Counted", signer.address.lower())
    assert event.values.total == 4
    assert event.log.block == receipt.block == chain.block().number
    assert list(counter.events(receipt.logs, "Other")) == []
    elsewhere = ChainContract(chain, "0x" + "11" * 20, counter.interface)
    assert list(elsewhere.events(receipt.logs)) == []


def test_logs(chain, counter, signer):
    first = chain.block().number + 1
    for _ in range(5):
        execute(chain, signer, counter.address, counter.encode("count"))
    logs = chain.logs(
        counter.address, [counter.topic("Counted")], first, chain.block().number, span=2
    )
    assert [event.values.total for event in counter.events(logs)] == [1, 2, 3, 4, 5]


def test_sent_twice_is_mined_once(chain, counter, signer):
    signed = sign(signer, prepare(chain, signer.address, counter.address, counter.encode("count")))
    assert send(chain, signed) == send(chain, signed)
    assert counter.call.total() == 1


def test_state_changes_before_the_block(chain, counter, signer):
    """Simulated well, mined badly: the reason is told, and what gas was paid."""
    data = counter.encode("count", 6)
    first = sign(signer, prepare(chain, signer.address, counter.address, data))
    later = prepare(chain, signer.address, counter.address, data, nonce=first.prepared.nonce + 1)
    send(chain, first)
    with pytest.raises(TransactionFailed) as caught:
        send(chain, sign(signer, later))
    error = caught.value
    remedy = "something changed before it was mined: try again"
    assert str(error) == f"transaction {error.hash} failed: counter: over the limit ({remedy})"
    assert error.receipt is not None and not error.receipt.status
    assert error.receipt.gas_cost > 0
    assert counter.call.total() == 6


def test_out_of_gas(chain, counter, signer):
    data = counter.encode("count")
    short = prepare(chain, signer.address, counter.address, data, gas=25_000)
    with pytest.raises(TransactionFailed) as caught:
        send(chain, sign(signer, short))
    assert caught.value.reason == "out of gas"


def test_only_the_sender_signs(chain, counter, signer):
    prepared = prepare(chain, signer.address, counter.address, counter.encode("count"))
    with pytest.raises(ValueError, match="cannot sign for"):
        sign(KeySigner("0x" + "78" * 32), prepared)


def test_key_is_never_shown(signer):
    assert repr(signer) == f"<KeySigner {signer.address}>"
    assert "77" * 32 not in repr(vars(signer))


def test_web_socket(chain, counter):
    socket = Chain.connect(chain.endpoint.replace("http", "ws"))
    assert socket.block() == chain.block()
    assert ChainContract(socket, counter.address, counter.interface).call.limit() == 10
