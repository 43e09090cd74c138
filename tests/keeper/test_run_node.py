"""A keeper on a node that hangs, errs, lies about the past, changes its chain, or goes away."""

import pytest

from tests.keeper.world import Bot, errors, hangs

pytestmark = pytest.mark.node


OUTAGES = {
    "hangs": hangs(),
    "errs": errors(-32000, "internal error"),
    "is overloaded": errors(429, "too many requests"),
    "hangs at the lens": hangs("eth_call"),
    "hangs before receipts": hangs("eth_getTransactionCount"),
}


def _stateless(method, params, ask):
    """A node that has the blocks and not their state: there is no contract, and no error."""
    return {"jsonrpc": "2.0", "id": 1, "result": "0x"} if method == "eth_call" else ask()


OUTAGES["lacks the state"] = _stateless


@pytest.mark.parametrize("outage", OUTAGES.values(), ids=OUTAGES)
def test_an_outage_is_reported_and_survived(chain, bot, outage):
    bot.step()
    chain.push(ETH=1_750)
    with bot.wire.broken(outage):
        report = bot.step()
    assert report.error != ""
    assert report.stopped.startswith("the node cannot be asked: ")
    assert (report.notes, bot.state.pending) == ((), ())
    assert bot.deeds() == ["sent", "sent"]
    chain.mine()
    assert bot.deeds() == ["booked", "booked"]
    bot.check_books()


def test_nothing_is_decided_on_an_old_head(chain, bot):
    bot.step()
    chain.push(ETH=1_750)
    chain.mine()
    bot.step()
    chain.rpc("anvil_dropAllTransactions")
    newest = chain.chain.block().number

    def old(method, params, ask):
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            params[0] = hex(newest - 2)
        return ask()

    with bot.wire.broken(old):
        report = bot.step()
    assert report.error == (
        f"the node is behind: its last block is {newest - 2}, and {newest} was seen "
        "(wait, or use another node)"
    )
    assert report.actions == ()


def test_an_old_head_is_known_for_one_after_a_restart(chain, bot):
    chain.mine()
    bot.step()
    bot.start()
    newest = chain.chain.block().number

    def old(method, params, ask):
        if method == "eth_getBlockByNumber" and params[0] == "latest":
            params[0] = hex(newest - 1)
        return ask()

    with bot.wire.broken(old):
        assert f"and {newest} was seen" in bot.step().error


def test_a_block_that_was_told_of_must_be_there(chain, bot):
    number = chain.chain.block().number
    assert f"and {number + 1} was seen" in bot.step(number + 1).error


def test_states_of_another_block_are_refused(chain, bot):
    chain.push(ETH=1_750)
    chain.push()
    number = chain.chain.block().number

    def old(method, params, ask):
        if method == "eth_call" and params[1] == hex(number):
            params[1] = hex(number - 1)
        return ask()

    with bot.wire.broken(old):
        report = bot.step()
    assert report.error.startswith(f"the node is behind: asked for block {number}, it answered")
    assert report.actions == ()
    assert bot.deeds() == []  # the drift was there in that other block only


def test_a_transaction_whose_sending_hung_is_not_sent_twice(chain, bot):
    chain.push(ETH=1_800)
    with bot.wire.broken(hangs("eth_sendRawTransaction", delivered=True)):
        report = bot.step()
    assert [note.deed for note in report.notes] == ["refused"]
    assert "it may have been sent" in report.error
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert bot.nonce == 1
    bot.check_books()


def test_a_transaction_that_never_arrived_is_sent_again_as_it_was(chain, bot):
    chain.push(ETH=1_800)
    with bot.wire.broken(hangs("eth_sendRawTransaction")):
        bot.step()
    (signed,) = bot.state.pending
    chain.mine()
    assert bot.deeds() == ["resent"]
    assert bot.state.pending == (signed,)
    chain.mine()
    assert bot.deeds() == ["booked"]
    assert bot.state.bookings[0].hash == signed.hashes[0]
    bot.check_books()


def test_what_the_node_forgot_is_sent_again(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.rpc("anvil_dropTransaction", bot.state.pending[0].hashes[0])
    chain.mine()
    assert bot.deeds() == ["resent"]
    chain.mine()
    assert bot.deeds() == ["booked"]
    bot.check_books()


def test_what_the_node_forgot_and_nobody_needs_any_more_costs_nothing(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.rpc("anvil_dropTransaction", bot.state.pending[0].hashes[0])
    chain.push(ETH=2_000)
    for _ in range(4):
        assert bot.deeds() == []
        chain.mine()
    assert (bot.nonce, len(bot.state.pending)) == (0, 1)
    # The next deed needs the nonce before its own.
    chain.push(BTC=35_000)
    assert bot.deeds() == ["cancelled", "sent"]
    chain.mine()
    assert bot.deeds() == ["booked", "booked"]
    assert [b.outcome for b in bot.state.bookings] == ["cancelled", "done"]
    bot.check_books()


def test_another_chain_stops_it_until_the_right_one_is_back(chain, bot):
    bot.step()
    chain.push(ETH=1_800)
    chain.rpc("anvil_setChainId", 5)
    report = bot.step()
    assert report.error.startswith("expected chain 31337, but the node serves 5")
    assert report.stopped == "the node serves chain 5, not 31337"
    chain.rpc("anvil_setChainId", 31_337)
    assert bot.deeds() == ["sent"]


def test_a_chain_of_the_same_id_that_began_anew_is_refused(chain, bot, tmp_path):
    other = chain.record.block.model_copy(update={"hash": "0x" + "ab" * 32})
    chain.record, kept = chain.record.model_copy(update={"block": other}), chain.record
    try:
        stranger = Bot(chain, tmp_path, "stranger")
    finally:
        chain.record = kept
    assert "is not the one of the deployment" in stranger.step().error


def test_a_head_that_stands_still_opens_the_breaker(chain, bot):
    now = chain.chain.block().timestamp
    bot.settings = bot.settings.model_copy(update={"max_block_age": 60})
    bot.start()
    chain.push(ETH=1_800)
    bot.keeper._clock = lambda: now + 500
    report = bot.step()
    assert report.stopped.startswith("the node is behind: its last block is")
    assert report.notes == ()
    bot.keeper._clock = lambda: chain.chain.block().timestamp
    chain.mine()
    assert bot.deeds() == ["sent"]


def test_a_chain_that_stands_still_after_a_step_is_noticed(chain, bot):
    bot.settings = bot.settings.model_copy(update={"max_block_age": 60})
    bot.start()
    assert bot.deeds() == []
    now = chain.chain.block().timestamp
    bot.keeper._clock = lambda: now + 60
    assert bot.step().error == ""
    bot.keeper._clock = lambda: now + 61
    assert bot.step().error == (
        "the node is behind: its last block is 61 s old, over 60 (wait, or use another node)"
    )
    assert bot.keeper.breaker.is_open


def test_a_receipt_that_comes_later_than_its_nonce_is_waited_for(chain, bot):
    chain.push(ETH=1_800)
    bot.step()
    chain.mine()

    def no_receipt(method, params, ask):
        answer = ask()
        return answer | {"result": None} if method == "eth_getTransactionReceipt" else answer

    with bot.wire.broken(no_receipt):
        assert bot.deeds() == []
    assert len(bot.state.pending) == 1
    chain.mine()
    assert bot.deeds() == ["booked"]
    bot.check_books()
