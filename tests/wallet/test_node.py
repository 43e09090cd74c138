"""The price moves, the node goes away, somebody stops it: nothing is done twice or in secret."""

import pytest

from steelyard.chain import Chain, KeySigner, prepare, sign
from tests.chain.bad_node import half, hang
from tests.wallet.world import ME, OTHER, forward

pytestmark = pytest.mark.node


def check(error, code, message, exit_code=1):
    assert (error["code"], error["message"], error["exit_code"]) == (code, message, exit_code)


# ---------------------------------------------------------------- THE PRICE MOVES


def test_price_moved_while_it_was_mined(me, between):
    """The bound holds: only gas is lost, and it is said which transaction took it."""
    push = lambda: me.world.push(2_020)  # noqa: E731
    between.acts["eth_sendRawTransaction"] = [forward(me.world.url, push)]
    error = me.refused("mint", "ETH3L", "1000")
    assert (error["code"], error["reason"]) == ("slippage_exceeded", "deposit: too few shares")
    assert error["message"].endswith("or accept more with --slippage BPS.")
    receipt = me.world.chain.receipt(error["hash"])
    assert (receipt.status, me.shares(), me.dollars()) == (False, 0, 100_000_000_000)


def test_more_slippage_is_accepted_on_request(me, between):
    push = lambda: me.world.push(2_020)  # noqa: E731
    between.acts["eth_sendRawTransaction"] = [forward(me.world.url, push)]
    told = me.json("mint", "ETH3L", "1000", "--slippage", "500")
    assert float(told["receipt"]["shares"]) < 0.98 * float(told["preview"]["shares"])
    assert me.shares() > 0


@pytest.mark.parametrize("second", ["y", "n"])
def test_price_moved_before_it_was_sent(me, between, second):
    """What was shown is old: it is shown anew, and asked again."""
    push = lambda: me.world.push(2_020)  # noqa: E731
    url = me.world.url
    between.acts["eth_estimateGas"] = [forward(url, push), forward(url)]
    result = me.run("mint", "ETH3L", "1000", answer=f"y\n{second}\n")
    assert result.stdout.count("Mint ETH3L, as of block") == 2
    assert "note: the price has moved, this is what it comes to now" in result.stderr
    assert (result.exit_code, me.nonce) == ((0, 1) if second == "y" else (130, 0))


# ---------------------------------------------------------------- NODE


def test_no_node(me):
    me.url = "http://127.0.0.1:9"
    message = "no connection to http://127.0.0.1:9: connection refused "
    message += "(start the node, or check its address and your network)\n"
    message += "`make devnet` starts a local one."
    check(me.refused("tokens"), "node_unreachable", message)


def test_node_that_does_not_answer(me, between):
    between.acts["eth_call"] = [hang]
    error = me.refused("show", "ETH3L", "--timeout", "0.05")
    assert error["code"] == "node_timeout"
    assert error["message"].startswith(f"{me.url} did not answer eth_call in time")


def test_node_gone_before_it_is_sent(me, between):
    between.acts["eth_estimateGas"] = [half]
    assert me.refused("faucet", "1")["code"] == "node_unreachable"
    assert me.nonce == 0


def test_node_gone_after_it_was_sent(me, between):
    """Nobody knows what became of it: the hash is told, and it happened once."""
    between.acts["eth_getTransactionReceipt"] = [half]
    error = me.refused("mint", "ETH3L", "1000")
    assert error["code"] == "outcome_unknown"
    remedy = "look up this hash before you send anything again: it may still be mined"
    assert error["message"].endswith(f"({remedy})")
    assert me.world.chain.receipt(error["hash"]).status
    assert me.nonce == 1


def test_node_gone_after_the_faucet_gave(me, between):
    """What was drawn is told, though not what there is now."""
    gone = lambda: between.acts.update(eth_call=[half])  # noqa: E731
    between.acts["eth_getTransactionReceipt"] = [forward(me.world.url, gone)]
    told = me.json("faucet", "5")
    assert (told["assets"], told["balance"]) == ("5.000000", None)
    assert me.world.chain.receipt(told["receipt"]["hash"]).status


def test_answer_to_the_sending_is_lost(me, between):
    """It is sent again, which is the same transaction."""
    lost = between.acts["eth_sendRawTransaction"] = [half, forward(me.world.url)]
    me.json("mint", "ETH3L", "1000")
    assert (len(lost), me.nonce) == (1, 1)


def test_not_mined_in_time(me):
    me.world.chain.request("evm_setAutomine", False)
    error = me.refused("mint", "ETH3L", "1000", "--wait", "0.1")
    assert (error["code"], me.nonce) == ("receipt_timeout", 0)
    me.world.chain.request("evm_mine")
    assert me.world.chain.receipt(error["hash"]).status


def test_nonce_that_another_program_uses(me, between):
    signer, chain = KeySigner(ME.key), me.world.chain
    data = me.world.contract(me.world.system.usd).encode("transfer", OTHER.address, 1)

    def intrude():
        ready = prepare(chain, ME.address, me.world.record.collateral.address, data, nonce=0)
        chain.send_raw(sign(signer, ready).raw)

    between.acts["eth_sendRawTransaction"] = [forward(me.world.url, intrude)]
    error = me.refused("mint", "ETH3L", "1000")
    assert error["code"] == "nonce_conflict"
    assert "another program may be using this account" in error["message"]
    assert (me.nonce, me.shares()) == (1, 0)


def test_logs_that_take_too_long_keep_nobody_from_leaving(me, between, monkeypatch):
    """Only the present volatility is unknown then."""
    monkeypatch.setattr("steelyard.wallet.prices.PATIENCE", 0.2)
    me.json("mint", "ETH3L", "1000")
    between.acts["eth_getLogs"] = [hang]
    told = me.json("redeem", "ETH3L", "all", "--timeout", "0.5")
    assert told["risk"]["volatility_is_assumed"] is True
    assert me.shares() == 0


def test_approval_whose_mint_is_refused(me, between):
    """It is told, since it stays."""
    world, token = me.world, me.world.steelyard().token("ETH3L")
    pause = lambda: world.send(world.system.factory, "pause_mint", token.address)  # noqa: E731
    between.acts["eth_estimateGas"] = [forward(world.url), forward(world.url, pause)]
    result = me.run("mint", "ETH3L", "1", "--shares", answer="y\n")
    assert (result.exit_code, me.nonce, me.shares()) == (1, 1, 0)
    assert "was sent before and stays: only your own mints use it" in " ".join(
        result.stderr.split()
    )
    assert "Error: mint: paused" in result.stderr


# ---------------------------------------------------------------- CTRL-C


def test_stopped_while_it_waits(me, monkeypatch):
    def stop(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(Chain, "wait", stop)
    error = me.refused("mint", "ETH3L", "1000")
    assert (error["code"], error["exit_code"]) == ("aborted", 130)
    assert error["message"].startswith("stopped while waiting for transaction 0x")
    monkeypatch.undo()
    me.world.chain.wait(error["message"].split()[5])  # the node mines it when it likes
    assert me.nonce == 1


def test_stopped_before_anything_was_sent(me, monkeypatch):
    def stop(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("steelyard.sdk.token.Token.deposit", stop)
    error = me.refused("mint", "ETH3L", "1000")
    check(error, "aborted", "stopped: nothing was sent", 130)
