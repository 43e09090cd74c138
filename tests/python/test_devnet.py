"""The devnet as its user meets it: up, used, stopped, started again, and in trouble."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from rich.console import Console

from steelyard.chain import KeySigner, execute
from steelyard.devnet.saving import read_saved
from steelyard.devnet.screen import Screen
from steelyard.devnet.settings import DOLLARS, LP, LP_DOLLARS, USER, Settings, known_accounts
from steelyard.devnet.starting import start
from tests.python.devnet_process import ROOT, devnet, free_port, is_alive, is_free, until

pytestmark = pytest.mark.node

ACCOUNTS = known_accounts()


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A folder with a chain that was made and stopped, for tests to copy."""
    folder = tmp_path_factory.mktemp("devnet") / "kept"
    with devnet(folder, "--no-walk") as net:
        net.ready()
        assert net.stop() == 0, net.printed()
    return folder


@pytest.fixture
def folder(kept, tmp_path):
    """A folder with a chain of one's own."""
    return shutil.copytree(kept, tmp_path / "net")


def bars(path, *closes, first=40_000):
    """Write hourly prices that go from one close to the next, and return the file."""
    lines, price = ["timestamp,open,high,low,close"], first
    for hour, close in enumerate(closes):
        low, high = min(price, close) - 10, max(price, close) + 10
        lines.append(f"{hour * 3_600},{price},{high},{low},{close}")
        price = close
    path.write_text("\n".join(lines) + "\n")
    return path


def test_has_a_system_with_people_and_says_how_to_use_it(tmp_path):
    with devnet(tmp_path / "net", "--speed", "1800") as net:
        net.ready()
        record = net.record()
        usd = net.contract("MockUSD", record.collateral.address)
        lens = net.contract("LeveragedTokenLens", record.address("LeveragedTokenLens"))
        exchange = net.contract("PerpExchange", record.address("PerpExchange"))

        assert (record.ecosystem, record.network) == ("ethereum", "devnet")
        assert [usd.call.balanceOf(a.address) for a in ACCOUNTS] == [DOLLARS * 10**6] * 10
        assert all(net.chain().balance(a.address) > 9_000 * 10**18 for a in ACCOUNTS)
        for market in record.markets.values():
            assert exchange.call.lp_shares(market.id, ACCOUNTS[LP].address) > 0
            pool = exchange.call.market_state(market.id).lp_equity
            assert pool == pytest.approx((20_000_000 + LP_DOLLARS) * 10**18, rel=1e-3)
        states = lens.call.token_states([token.address for token in record.tokens.values()])
        assert all(state.ok and state.max_deposit > 0 for state in states)

        before = {symbol: net.price(symbol) for symbol in ("BTC", "ETH")}
        until(lambda: all(net.price(s) != p for s, p in before.items()), "prices that move")

        printed = net.printed()
        assert f"http://127.0.0.1:{net.port}" in printed
        assert f"--network :devnet:http://127.0.0.1:{net.port}" in printed
        for shown in (record.address("LeveragedTokenFactory"), record.tokens["BTC3L"].address):
            assert shown in printed
        assert all(a.address in printed and a.key in printed for a in ACCOUNTS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stops_with_nothing_left_and_goes_on_where_it_was(folder, how):
    with devnet(folder, "--no-walk") as net:
        chain, signer = net.ready().chain(), KeySigner(ACCOUNTS[USER].key)
        usd = net.contract("MockUSD", net.record().collateral.address)
        sent = execute(
            chain, signer, usd.address, usd.encode("transfer", "0x" + "12" * 20, 7 * 10**6)
        )
        anvil, held = net.anvil(), chain.balance(signer.address)
        assert net.stop(how) == 0, net.printed()
        assert not is_alive(anvil)
        assert is_free(net.port)
        assert "the next start goes on with it" in net.printed()

    head = read_saved(folder).number
    with devnet(folder, "--no-walk", port=net.port) as net:
        chain = net.ready().chain()
        assert f"goes on from block {head}; --fresh begins anew" in net.printed()
        assert chain.block(head).hash == read_saved(folder).hash
        assert chain.block().number >= head
        assert usd.call.balanceOf("0x" + "12" * 20) == 7 * 10**6
        assert chain.balance(signer.address) == held
        assert chain.receipt(sent.hash) == sent


def test_gives_prices_before_anything_else_after_a_stop(folder):
    with devnet(folder) as net:
        net.ready()
        rounds = [
            net.contract("MockAggregator", market.feed).call.latestRoundData()
            for market in net.record().markets.values()
        ]
        before = read_saved(folder).number
        assert all(net.chain().block(before).timestamp < round[3] for round in rounds)


def test_fresh_begins_anew(folder):
    old = read_saved(folder)
    with devnet(folder, "--fresh", "--no-walk") as net:
        net.ready()
        assert net.chain().block(old.number // 2).hash != old.hash
        assert "goes on from block" not in net.printed()
        assert read_saved(folder).record != old.record  # kept as soon as it is up


def test_says_when_the_chain_is_not_what_would_be_deployed_today(folder, tmp_path):
    config = tmp_path / "other.yaml"
    config.write_text((ROOT / "config" / "local.yaml").read_text() + "# other\n")
    for _ in range(2):  # the second time, too: it is still the old one
        with devnet(folder, "--no-walk", "--config", str(config)) as net:
            assert (
                "note contracts or configuration have changed since this chain was made: "
                "what runs is the old system until you start with --fresh\n"
            ) in net.ready().printed()
    with devnet(folder, "--no-walk") as net:
        assert "have changed" not in net.ready().printed()


def test_the_record_that_is_kept_is_that_of_the_chain(folder):
    (folder / "devnet.json").write_text("{}")
    with devnet(folder, "--no-walk") as net:
        net.ready()
        assert net.record().model_dump_json().encode() == read_saved(folder).record


def test_a_second_one_of_the_same_folder_is_refused(folder):
    with devnet(folder, "--no-walk") as first:
        first.ready()
        with devnet(folder) as second:
            assert second.ended() == 1
            assert second.printed() == (
                f"Error: a devnet of {folder} runs already (process {first.process.pid}) "
                "(use it or stop it; --folder and --port make room for another)\n"
            )
        assert first.process.poll() is None


def test_a_second_one_on_the_same_port_is_refused(folder, tmp_path):
    with devnet(folder, "--no-walk") as first:
        first.ready()
        with devnet(tmp_path / "other", port=first.port) as second:
            assert second.ended() == 1
            assert f"Error: port {first.port} of 127.0.0.1 is taken" in second.printed()
            assert "choose another with --port" in second.printed()
        assert first.process.poll() is None


def test_plays_a_file_in_order(tmp_path):
    file = bars(tmp_path / "hours.csv", 40_400, 39_900, first=40_200)
    played = [40_200, 40_190, 40_410, 40_400, 40_400, 40_410, 39_890, 39_900]
    with devnet(tmp_path / "net", "--prices", f"BTC={file}", "--speed", "900") as net:
        net.ready()
        feed = net.record().markets["BTC"].feed
        until(lambda: net.price("BTC") == 39_900 * 10**8, "the file's last price")
        topic = net.contract("MockAggregator", feed).topic("AnswerUpdated")
        chain = net.chain()
        logs = chain.logs(feed, [topic], 0, chain.block().number)
        pushed = [int.from_bytes(log.topics[1], "big") // 10**8 for log in logs]
    # The first price is the feed's own from its beginning, and was pushed once more.
    assert pushed[0] == 40_200
    rest = iter(played)
    assert all(price in rest for price in dict.fromkeys(pushed))
    assert len(set(pushed)) >= 3


def test_a_file_far_from_the_prices_of_the_chain_is_refused(folder, tmp_path):
    file = bars(tmp_path / "hours.csv", 7_100, first=7_000)
    with devnet(folder, "--prices", str(file)) as net:
        assert net.ended() == 1
        assert net.printed() == (
            "Error: the prices of BTC begin at 7,000.00, the chain is at 40,000.00: such a jump "
            "would wipe tokens out (begin at the file's price with --fresh)\n"
        )
        assert is_free(net.port)


def test_prices_of_no_market_are_refused(folder, tmp_path):
    file = bars(tmp_path / "hours.csv", 7_100)
    with devnet(folder, "--prices", f"DOGE={file}") as net:
        assert net.ended() == 1
        assert net.printed() == (
            "Error: prices of DOGE, but there is no such market with a mock feed "
            "(there are: BTC, ETH)\n"
        )


def test_a_node_that_dies_is_reported(folder):
    kept = (folder / "chain.zip").read_bytes()
    with devnet(folder) as net:
        os.kill(net.ready().anvil(), signal.SIGKILL)
        assert net.ended() == 1
        assert "anvil has ended (exit code -9): it said nothing" in net.printed()
        assert "the one before it stays in" in net.printed()
        assert is_free(net.port)
    assert (folder / "chain.zip").read_bytes() == kept


def test_stopped_while_it_starts(tmp_path):
    with devnet(tmp_path / "net") as net:
        until(lambda: not is_free(net.port), "the node")
        assert net.stop(signal.SIGTERM) == 1
        assert "Error: stopped before it was up (nothing was saved)" in net.printed()
        assert is_free(net.port)
    assert read_saved(tmp_path / "net") is None


def test_a_damaged_chain_is_refused_and_fresh_replaces_it(folder):
    path = folder / "chain.zip"
    path.write_bytes(path.read_bytes()[:-100])
    with devnet(folder) as net:
        assert net.ended() == 1
        assert f"Error: {path} is damaged: " in net.printed()
        assert "(begin anew with --fresh)" in net.printed()
    with devnet(folder, "--fresh", "--no-walk") as net:
        net.ready()
        assert read_saved(folder) is not None


def test_where_somebody_watches_a_table_lives(folder):
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, color_system=None)
    settings = Settings(port=free_port(), folder=folder, walk=True)
    net = start(settings, {}, lambda title: None)
    screen = Screen(console)
    with screen.living():
        screen.glance(net)
        assert re.search(r"block \d+   BTC 40,000.00   ETH 2,000.00   day 1, 00:00", out.getvalue())
        assert re.search(r"BTC3L +3\.000x +100\.\d{4} +1\.9964", out.getvalue())
        net.node.stop()
        screen.glance(net)
        assert "the node does not answer: no connection to" in out.getvalue()
    assert is_free(settings.port)


def test_ape_finds_it_by_its_name(folder):
    asked = (
        "import ape\n"
        "with ape.networks.parse_network_choice({network!r}) as provider:\n"
        "    print(provider.network.name, provider.chain_id, ape.accounts.test_accounts[1].balance)"
    )
    with devnet(folder, "--no-walk") as net:
        net.ready()
        network = f":devnet:http://127.0.0.1:{net.port}"
        command = [sys.executable, "-c", asked.format(network=network)]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        balance = net.chain().balance(ACCOUNTS[1].address)
    assert answer.stdout.splitlines()[-1] == f"devnet 31337 {balance}"


def test_the_commands_on_the_screen_work(folder):
    with devnet(folder) as net:
        printed = net.ready().printed()
        commands = re.findall(r"^  (ape run wallet .*)$", printed, re.MULTILINE)
        keeper = re.search(
            r"^  STEELYARD_KEEPER_NATIVE_PRICE=2000 (ape run keeper .*)$", printed, re.M
        )
        said = f"  export STEELYARD_DEPLOYMENT={folder / 'devnet.json'}\n"
        assert said in printed
        told = os.environ | {"STEELYARD_DEPLOYMENT": str(folder / "devnet.json")}
        assert [command.split()[3] for command in commands] == [
            *("tokens", "mint", "show", "transfer", "redeem")
        ]
        for command in commands:
            yes = ["--yes"] if command.split()[3] in ("mint", "transfer", "redeem") else []
            ran = subprocess.run(
                command.split() + yes, cwd=ROOT, env=told, capture_output=True, text=True
            )
            assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
        told |= {"STEELYARD_KEEPER_NATIVE_PRICE": "2000"}
        told |= {"STEELYARD_KEEPER_STORE": str(folder / "keeper.sqlite")}
        once = [*keeper[1].split(), "--once"]
        ran = subprocess.run(once, cwd=ROOT, env=told, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        token = net.contract("LeveragedToken", net.record().tokens["BTC3L"].address)
        balances = [token.call.balanceOf(account.address) for account in ACCOUNTS]
    assert balances[USER + 1] == 10**18
    assert sum(balances) == 10**18
