"""Keepers as processes of their own: from ape, two at a time, killed, on a node that hangs."""

import gzip
import json
import random
import re
import signal
import socket
import time
import urllib.request

import pytest
from click.testing import CliRunner

from scripts.keeper import cli
from steelyard.book import write_deployment
from steelyard.devnet.node import Node
from steelyard.keeper.books import State
from tests.keeper.process import Process, mining, until
from tests.keeper.world import Bot

pytestmark = pytest.mark.node

KILLS = 20
SEED = 20


def ape(url, *options):
    return ["ape", "run", "keeper", "--network", f":devnet:{url}", *options]


def settled(chain, bot):
    return chain.in_band() and bot.state.pending == ()


def test_ape_run_keeper_rebalances_within_one_block_of_a_drift(chain, bot):
    with Process(bot, ape(chain.url)).running() as keeper:
        until(lambda: "metrics at" in keeper.said(), "its start")
        address = re.search(r"http://127\.0\.0\.1:\d+/metrics", keeper.said())[0]
        chain.mine()
        until(lambda: bot.state.block == chain.chain.block().number, "its first step")
        chain.push(ETH=1_750)
        drifted = chain.chain.block().number
        until(lambda: len(bot.state.pending) == 2, "two transactions")
        until(lambda: bot.state.block == drifted, "the end of the step")
        chain.mine()
        assert chain.in_band()
        until(lambda: len(bot.state.bookings) == 2, "the books")
        with urllib.request.urlopen(address) as page:
            shown = page.read().decode()
        assert 'steelyard_keeper_leverage_ratio{symbol="ETH3L"' in shown or "ETH3L" in shown
        assert "steelyard_keeper_steps_total" in shown
        assert keeper.end(signal.SIGTERM) == 0
    assert {booking.block for booking in bot.state.bookings} == {drifted + 1}
    assert bot.signer._account.key.hex() not in keeper.said()
    bot.check_books()


def test_two_keepers_race_and_each_drift_is_traded_once(chain, bot, tmp_path):
    other = Bot(chain, tmp_path, "other")
    bots, drifts = (bot, other), (2_220, 2_460, 2_730, 3_030)
    due = 0
    with Process(bot).running() as one, Process(other).running() as two:
        chain.mine()
        until(lambda: all(b.state.block for b in bots), "both")
        for price in drifts:
            chain.push(ETH=price)
            due += chain.due()
            until(lambda: _caught_up(chain, bots), "both at the drift")
            chain.mine(seconds=60)
            assert chain.in_band()
            until(lambda: _caught_up(chain, bots), "both after it")
            chain.mine(seconds=60)  # the cooldown
        for _ in range(3):
            chain.mine()
            until(lambda: _caught_up(chain, bots), "both at the end")
        assert one.end(signal.SIGTERM) == two.end(signal.SIGTERM) == 0
    outcomes = [booking.outcome for b in bots for booking in b.state.bookings]
    assert outcomes.count("done") == due >= 4
    bot.check_books()
    other.check_books()
    # Should both ask at the same instant, the slower one pays for gas; else for nothing.
    assert "somebody else is first" in one.said() + two.said()


def _caught_up(chain, bots):
    number = chain.chain.block().number
    return all(bot.state.block == number for bot in bots)


def test_killed_twenty_times_during_a_price_path(chain, bot):
    chance = random.Random(SEED)
    keeper = Process(bot)
    btc = eth = 1.0
    with mining(chain, 0.25):
        for _ in range(KILLS):
            with keeper.running():
                for _ in range(3):
                    btc *= chance.uniform(0.94, 1.06)
                    eth *= chance.uniform(0.93, 1.07)
                    for symbol, price in (("BTC", 40_000 * btc), ("ETH", 2_000 * eth)):
                        chain.send_price(symbol, round(price))
                    time.sleep(chance.uniform(0.2, 0.8))
                assert keeper.end(signal.SIGKILL) == -signal.SIGKILL
        with keeper.running():
            begun = chain.chain.block().number
            until(lambda: bot.state.block > begun, "a step of the last one")
            until(lambda: settled(chain, bot), "every token in its band")
            until(lambda: bot.state.settling == (), "confirmations")
            assert keeper.end(signal.SIGTERM) == 0
    assert settled(chain, bot)
    assert bot.nonce >= 5
    assert {b.outcome for b in bot.state.bookings} <= {"done", "cancelled", "reverted"}
    bot.check_books()


def test_a_node_that_hangs_is_waited_for(chain, bot):
    with Process(bot).running() as keeper:
        chain.mine()
        until(lambda: bot.state.block, "its first step")
        chain.node.process.send_signal(signal.SIGSTOP)
        try:
            until(lambda: "the step failed" in keeper.said(), "the outage")
        finally:
            chain.node.process.send_signal(signal.SIGCONT)
        chain.push(ETH=1_800)
        until(lambda: bot.state.pending, "a transaction")
        until(lambda: bot.state.block == chain.chain.block().number, "the end of the step")
        chain.mine()
        until(lambda: bot.state.bookings, "the books")
        assert "the steps work again" in keeper.said()
        assert keeper.end(signal.SIGTERM) == 0
    bot.check_books()


def test_a_node_that_restarts_is_waited_for(chain, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    packed = chain.rpc("anvil_dumpState")
    node = Node(port, gzip.decompress(bytes.fromhex(packed.removeprefix("0x"))))
    try:
        there = chain.moved(f"http://127.0.0.1:{port}")
        bot = Bot(there, tmp_path)
        with Process(bot).running() as keeper:
            there.push(ETH=1_750)
            until(lambda: len(bot.state.pending) == 2, "two transactions")
            until(lambda: bot.state.block == there.chain.block().number, "the end of the step")
            state = node.dump()
            node.stop()
            until(lambda: "the step failed" in keeper.said(), "the outage")
            node = Node(port, state)  # without what waited to be mined
            there = there.moved(there.url)
            for _ in range(2):
                there.mine()
                until(lambda: bot.state.block == there.chain.block().number, "a step")
            assert there.in_band()
            assert "the steps work again" in keeper.said()
            assert keeper.end(signal.SIGTERM) == 0
        bot.world = there
        bot.check_books()
    finally:
        node.stop()


# ---------------------------------------------------------------- THE COMMAND


@pytest.fixture
def command(chain, bot, tmp_path, monkeypatch):
    record = tmp_path / "record.json"
    write_deployment(chain.record, record)
    monkeypatch.chdir(tmp_path)
    for key, value in {
        "RPC": chain.url,
        "DEPLOYMENT": str(record),
        "STORE": str(tmp_path / "keeper.sqlite"),
        "NATIVE_PRICE": "2000",
        "MAX_BLOCK_AGE": "0",
    }.items():
        monkeypatch.setenv(f"STEELYARD_KEEPER_{key}", value)

    def run(*options):
        return CliRunner().invoke(cli, list(options))

    return run


def test_once_does_one_step(chain, bot, command, monkeypatch):
    monkeypatch.setenv("STEELYARD_KEEPER_PRIVATE_KEY", bot.signer._account.key.to_0x_hex())
    chain.push(ETH=1_750)
    result = command("--once", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout.splitlines()[-1])
    assert [note["deed"] for note in report["notes"]] == ["sent", "sent"]
    chain.mine()
    assert "rebalance booked: done" in command("--once").output
    assert "was dealt with" in command("--once").output
    bot.check_books()


def test_a_dry_run_needs_no_account_and_sends_nothing(chain, bot, command):
    chain.push(ETH=1_750)
    result = command("--dry-run")
    assert result.exit_code == 0, result.output
    assert "-> ETH2S        out of its band: 1.40x to 2.00x; reward" in result.output
    assert "nothing sent: a dry run" in result.output
    assert bot.state == State()


def test_sponsor_needs_a_budget(chain, command, monkeypatch):
    result = command("--dry-run", "--sponsor")
    assert result.exit_code == 2
    assert "--sponsor needs sponsor_daily_budget in the settings" in result.output
    monkeypatch.setenv("STEELYARD_KEEPER_SPONSOR_DAILY_BUDGET", "5")
    assert command("--dry-run", "--sponsor").exit_code == 0


def test_without_an_account_it_says_how_to_name_one(chain, command):
    result = command("--once")
    assert result.exit_code == 1
    assert "Error: no account to send from (name one, or set STEELYARD_KEEPER_PRIVATE_KEY)" in (
        result.output
    )
    result = command("--once", "--account", "1")
    assert "Error: there is no account '1' (use TEST::0 to TEST::9 on a devnet" in result.output


def test_a_node_that_is_not_there_ends_it_with_a_message(command, monkeypatch):
    monkeypatch.setenv("STEELYARD_KEEPER_RPC", "http://127.0.0.1:1")
    result = command("--dry-run")
    assert result.exit_code == 1
    assert "connection refused (start the node" in result.output
