"""The commands as a user of Ape runs them, against a real node."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import pytest
import yaml

from steelyard.book import read_deployment
from steelyard.compiler import ROOT
from steelyard.deployment.journal import read_journal
from tests.python.deploy_node import DEPLOYER, OWNER, SMALL, anvil, connect, rpc

pytestmark = pytest.mark.node

STEPS = 23  # of the small configuration


@pytest.fixture(scope="module")
def node():
    with anvil() as url:
        yield url


@pytest.fixture
def url(node):
    snapshot = rpc(node, "evm_snapshot")
    yield node
    rpc(node, "anvil_dropAllTransactions")
    assert rpc(node, "evm_revert", snapshot)
    rpc(node, "evm_setAutomine", True)


class Shell:
    """Runs commands of `ape run` on a node, with records in a folder of the test."""

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self.config = folder / "small.yaml"
        self.config.write_text(yaml.safe_dump(SMALL))
        self.record = folder / "ethereum" / "devnet.json"
        self.journal = folder / "ethereum" / "devnet.partial.json"

    def command(self, script, *args):
        network = ["--network", f"ethereum:devnet:{self.url}", "--folder", str(self.folder)]
        return ["ape", "run", *script.split(), *map(str, args), *network]

    def __call__(self, script, *args, says=None):
        return subprocess.run(
            self.command(script, *args),
            cwd=ROOT,
            capture_output=True,
            text=True,
            input=says,
            check=False,
        )

    def deploy(self, *args, says=None):
        return self("deploy", self.config, "--account", "TEST::0", *args, says=says)


@pytest.fixture
def ape(url, tmp_path):
    return Shell(url, tmp_path)


def test_from_plan_to_owner(ape, tmp_path):
    """Dry run, refusal, deployment, verification, and ownership taken over."""
    dry = ape.deploy("--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert re.search(
        rf"^ +{STEPS}  offer MockAggregator of ETH / USD to 0x7099\.\.\.79c8 ",
        dry.stdout,
        re.M,
    )
    assert re.search(
        r"^   1  deploy MockUSD +0x5FbDB2315678afecb367f032d93F642f64180aa3 +1,\d{3},"
        r"\d{3}  0\.00\d{4}$",
        dry.stdout,
        re.M,
    )
    assert re.search(
        rf"^total: {STEPS} transactions, about [\d,]+ gas, 0\.\d+ ether at [\d.]+ gwei",
        dry.stdout,
        re.M,
    )
    assert f"deployer {DEPLOYER} has 10,000 ether, nonce 0" in dry.stdout
    assert f"owner: {OWNER}" in dry.stdout
    assert not ape.record.exists()

    said_no = ape.deploy(says="n\n")
    assert (said_no.returncode, connect(ape.url).nonce(DEPLOYER)) == (1, 0)
    assert "Send them? [y/N]: " in said_no.stdout

    said_yes = ape.deploy(says="y\n")
    assert said_yes.returncode == 0, said_yes.stderr
    record = read_deployment(ape.record)
    assert f"ETH3L                     {record.tokens['ETH3L'].address}" in said_yes.stdout
    assert (record.ecosystem, record.network) == ("ethereum", "devnet")
    verify = f"ape run verify --network ethereum:devnet --folder {ape.folder}"
    assert said_yes.stdout.splitlines()[-1] == f"recorded in {ape.record}; now: {verify}"

    again = ape.deploy("--yes")
    assert again.returncode == 1
    assert "is of a deployment that is live on chain 31337 (deploy once more with" in again.stderr

    inputs = tmp_path / "inputs"
    verified = ape("verify", "--standard-json", inputs)
    assert verified.returncode == 0, verified.stderr
    assert "checks: chain, record and checkout agree" in verified.stdout
    assert json.loads((inputs / "PerpExchange.json").read_text())["language"] == "Vyper"
    assert {path.stem for path in inputs.iterdir()} >= {"LeveragedToken", "MockUSD", "PriceGuard"}

    shown = ape("ownership show", "--json")
    assert {entry["pending"] for entry in json.loads(shown.stdout)} == {OWNER}
    nobody = ape("ownership accept", "--account", "TEST::2", "--yes")
    assert nobody.returncode == 1
    assert "Error: nothing is offered to 0x" in nobody.stderr
    taken = ape("ownership accept", "--account", "TEST::1", "--yes")
    assert taken.returncode == 0, taken.stderr
    assert taken.stdout.count(" is yours: 0x") == 4
    table = ape("ownership show")
    assert table.stdout.count(OWNER) == 4
    assert table.stdout.count("nobody") == 4
    assert ape("verify").returncode == 0


def test_json(ape):
    plan = json.loads(ape.deploy("--json", "--dry-run").stdout)
    assert len(plan["transactions"]) == STEPS
    assert plan["transactions"][0]["creates"] == "0x5FbDB2315678afecb367f032d93F642f64180aa3"
    assert int(plan["cost_wei"]) == plan["gas"] * int(plan["gas_price_wei"])
    unasked = ape.deploy("--json")
    assert unasked.returncode == 2
    assert "--json does not ask: add --dry-run or --yes" in unasked.stderr
    done = ape.deploy("--json", "--yes")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads(ape.record.read_text())
    verified = json.loads(ape("verify", "--json").stdout)
    assert verified["ok"]
    rpc(ape.url, "anvil_setCode", plan["transactions"][2]["creates"], "0x00")
    failed = ape("verify", "--json")
    assert failed.returncode == 1
    assert not json.loads(failed.stdout)["ok"]
    text = ape("verify")
    assert text.returncode == 1
    assert "PerpExchange, code differs:" in text.stdout
    assert re.search(r"Error: \d+ of \d+ checks differ", text.stderr)


def wait_for(check):
    """Wait until something is so, for half a minute at most."""
    deadline = time.monotonic() + 30
    while not check():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.02)


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_killed(ape, by):
    """Killed or interrupted: the same command goes on, and nothing is deployed twice."""
    rpc(ape.url, "evm_setAutomine", False)
    process = subprocess.Popen(
        ape.command("deploy", ape.config, "--account", "TEST::0", "--yes"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for count in range(1, 9):

            def is_sent(count=count):
                journal = read_journal(ape.journal)
                return journal is not None and len(journal.sent) >= count

            wait_for(is_sent)
            wait_for(lambda count=count: connect(ape.url).nonce(DEPLOYER, "pending") >= count)
            if count < 8:
                rpc(ape.url, "evm_mine")
        process.send_signal(by)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
    if by == signal.SIGINT:
        assert said.endswith("Error: stopped: the same command goes on from here\n")
    assert not ape.record.exists()
    assert connect(ape.url).nonce(DEPLOYER) == 7
    rpc(ape.url, "evm_setAutomine", True)
    rpc(ape.url, "evm_mine")
    dry = ape.deploy("--dry-run")
    assert f"8 of {STEPS} transactions are mined; left are {STEPS - 8} transactions" in dry.stdout
    resumed = ape.deploy("--yes")
    assert resumed.returncode == 0, resumed.stderr
    assert connect(ape.url).nonce(DEPLOYER) == STEPS
    assert not ape.journal.exists()
    assert ape("verify").returncode == 0


def test_problems_of_the_configuration(ape):
    ape.config.write_text(yaml.safe_dump({**SMALL, "chain_id": "5"}))
    wrong = ape.deploy("--yes")
    assert wrong.returncode == 1
    assert wrong.stderr.splitlines()[-2:] == [
        "Error: the configuration has 1 problem, nothing was sent:",
        "  chain_id: is 5, but the node serves chain 31337",
    ]
    ape.config.write_text("markets: []\nmore: 1")
    assert "  more: unknown field (known: chain_id, coll" in ape.deploy("--yes").stderr


def test_abandoned(ape):
    ape.journal.parent.mkdir()
    ape.journal.write_text("{}")
    damaged = ape.deploy("--yes")
    assert damaged.returncode == 1
    assert "is no journal of a deployment" in damaged.stderr
    # Nobody has agreed to what comes instead: it is not given up yet.
    assert ape.deploy("--dry-run", "--abandon").returncode == 0
    assert ape.deploy("--abandon", says="n\n").returncode == 1
    assert ape.journal.read_text() == "{}"
    assert ape.deploy("--yes", "--abandon", "--name", "devnet").returncode == 0
    assert ape.journal.with_name("devnet.partial.json.old-1").read_text() == "{}"


def test_without_a_network():
    """Ape's own chain inside the process would be gone at once."""
    command = ["ape", "run", "deploy", "config/local.yaml", "--account", "TEST::0", "--yes"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the chain inside the process ends with this command: name another" in done.stderr


def test_nothing_to_verify(ape):
    missing = ape("verify")
    assert missing.returncode == 1
    assert f"Error: no deployment at {ape.record} (deploy first" in missing.stderr
