"""Node, account and chain in trouble: each is told, and no flow is half done or done twice."""

import pytest

from steelyard.chain import (
    InsufficientFunds,
    NodeUnreachable,
    NonceConflict,
    OutcomeUnknown,
    ReceiptTimeout,
    TransactionDropped,
    Underpriced,
    WrongChain,
    prepare,
    sign,
)
from tests.sdk.world import ETHER
from tests.sdk.world import world as new_world

pytestmark = pytest.mark.node


def test_unfunded_account(world):
    poor = world.person("poor", wei=0)
    with pytest.raises(InsufficientFunds) as caught:
        world.token(poor).deposit("100")
    needed = caught.value.needed
    said = f"{poor.address} cannot pay for the gas: it has 0 wei and may need {needed} wei"
    remedy = f"send the chain's own coin (ether or the like) to {poor.address}"
    assert str(caught.value) == f"{said} ({remedy})"
    assert world.chain.nonce(poor.address, "pending") == 0


def test_account_with_just_too_little(world):
    poor = world.person("poor", wei=10**12)
    with pytest.raises(InsufficientFunds) as caught:
        world.token(poor).deposit("100")
    assert caught.value.has == 10**12 < caught.value.needed < ETHER // 100


def test_approval_is_not_wasted_on_what_cannot_work(world, alice):
    """Whatever is known before is checked before: nothing is half done."""
    world.send(world.system.factory, "pause_mint", alice.address)
    for act in (lambda: alice.deposit("100", permit=False), lambda: alice.mint("1")):
        with pytest.raises(Exception, match="mint: paused"):
            act()
    assert world.chain.nonce(world.alice.address) == 0


def test_not_mined_in_time(world):
    token = world.steelyard(world.alice, receipt_timeout=0.05).token("ETH3L")
    world.chain.request("evm_setAutomine", False)
    with pytest.raises(ReceiptTimeout) as caught:
        token.deposit("100")
    assert token.holder().balance == 0
    # It was sent once, and what became of it can be looked up.
    world.chain.request("evm_mine")
    receipt = world.chain.receipt(caught.value.hash)
    assert receipt is not None and receipt.status
    assert token.holder().balance > 0
    assert world.chain.nonce(world.alice.address) == 1


def test_nonce_that_is_pending_and_then_used(world, alice):
    chain, signer = world.chain, world.alice
    data = alice.contract.encode("approve", world.bob.address, 1)
    other = alice.contract.encode("approve", world.bob.address, 2)
    chain.request("evm_setAutomine", False)
    first = sign(signer, prepare(chain, signer.address, alice.address, data))
    second = sign(signer, prepare(chain, signer.address, alice.address, other, nonce=0))
    chain.send_raw(first.raw)
    assert chain.send_raw(first.raw) == first.hash  # the same again is no other
    with pytest.raises(Underpriced) as underpriced:
        chain.send_raw(second.raw)
    said = "the fee is too low: replacement transaction underpriced"
    remedy = "try again: the fee is read anew; or wait for what is pending of this account"
    assert str(underpriced.value) == f"{said} ({remedy})"
    chain.request("evm_mine")
    with pytest.raises(NonceConflict):
        chain.send_raw(second.raw)
    assert chain.send_raw(first.raw) == first.hash  # mined, and no error to say so
    assert alice.contract.call.allowance(signer.address, world.bob.address) == 1


def test_transaction_that_another_replaced(world, alice):
    chain, signer = world.chain, world.alice
    data = alice.contract.encode("approve", world.bob.address, 1)
    prepared = prepare(chain, signer.address, alice.address, data)
    dear = dict(prepared.transaction)
    for fee in ("maxFeePerGas", "maxPriorityFeePerGas"):
        dear[fee] *= 2
    chain.request("evm_setAutomine", False)
    signed = sign(signer, prepared)
    chain.send_raw(signed.raw)

    request = chain.web3.provider.make_request

    def replaced_at_the_first_look(method, params):
        answer = request(method, params)
        if method == "eth_getTransactionByHash" and answer["result"]:
            chain.send_raw(signer.sign_transaction(dear))
            chain.request("evm_mine")
        return answer

    chain.web3.provider.make_request = replaced_at_the_first_look
    try:
        with pytest.raises(TransactionDropped):
            chain.wait(signed.hash, timeout=5)
    finally:
        del chain.web3.provider.make_request


def test_two_programs_with_one_account(world):
    """The second asks after the first has sent: it queues behind, and both are mined."""
    usd = world.steelyard(world.alice, receipt_timeout=0.05).collateral
    world.chain.request("evm_setAutomine", False)
    for _ in range(2):
        with pytest.raises(ReceiptTimeout):
            usd.transfer(world.bob.address, "1")
    world.chain.request("evm_mine")
    assert world.chain.nonce(world.alice.address) == 2


def test_another_chain_behind_the_same_address(world, alice):
    request = world.chain.web3.provider.make_request

    def moved(method, params):
        answer = request(method, params)
        return answer | {"result": "0x1"} if method == "eth_chainId" else answer

    world.chain.web3.provider.make_request = moved
    try:
        with pytest.raises(WrongChain):
            alice.deposit("100")
    finally:
        del world.chain.web3.provider.make_request
    assert world.chain.nonce(world.alice.address) == 0


@pytest.mark.parametrize("when", ["before", "signing"])
def test_node_gone(when):
    with new_world() as world:
        kill = lambda prepared: end(world)  # noqa: E731
        token = world.steelyard(world.alice, on_prepared=kill).token("ETH3L")
        if when == "before":
            end(world)
        expected = NodeUnreachable if when == "before" else (NodeUnreachable, OutcomeUnknown)
        with pytest.raises(expected, match=f"no connection to {world.url}: "):
            token.deposit("100")


def test_node_gone_while_waiting():
    with new_world() as world:
        chain, signer = world.chain, world.alice
        world.chain.request("evm_setAutomine", False)
        token = world.token(signer)
        data = token.contract.encode("approve", world.bob.address, 1)
        signed = sign(signer, prepare(chain, signer.address, token.address, data))
        chain.send_raw(signed.raw)
        end(world)
        with pytest.raises(OutcomeUnknown) as caught:
            chain.wait(signed.hash)
        start = f"transaction {signed.hash}: it was sent, then: no connection to {world.url}: "
        assert str(caught.value).startswith(start)


def end(world):
    world.node.process.kill()
    world.node.process.wait()
