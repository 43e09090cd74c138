"""What the README tells a new user to run does what it says, on a devnet."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from steelyard.devnet.settings import known_accounts
from steelyard.sdk import Steelyard
from tests.python.devnet_process import ROOT, devnet

pytestmark = pytest.mark.node

README = (ROOT / "README.md").read_text()
NODE = "http://127.0.0.1:8545"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    # Its prices stand still, so that what the commands print can be expected.
    with devnet(tmp_path_factory.mktemp("net") / "devnet", "--no-walk") as started:
        yield started.ready()


@pytest.fixture(scope="module")
def url(net):
    return f"http://127.0.0.1:{net.port}"


@pytest.fixture(scope="module")
def env(net):
    return os.environ | {"STEELYARD_DEPLOYMENT": str(net.folder / "devnet.json")}


def run(command, env, said=""):
    ran = subprocess.run(command, cwd=ROOT, env=env, input=said, capture_output=True, text=True)
    assert ran.returncode == 0, f"{command}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


def test_five_wallet_commands(url, env):
    commands = re.findall(r"^ape run wallet .*$", README, re.MULTILINE)
    verbs = [command.split()[3] for command in commands]
    assert verbs == ["mint", "show", "transfer", "redeem", "history"]
    shown = {}
    for verb, command in zip(verbs, commands, strict=True):
        place = ["--network", f":devnet:{url}"]
        shown[verb] = run(command.split() + place, env, said="y\n")
    assert "leverage" in shown["show"]
    assert re.search(r"redeem +0x7099", shown["history"])


def test_sdk_example(net, url, env):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    body = code.split("\n\n", 1)[1].strip()
    assert len(body.splitlines()) <= 15
    shown = run([sys.executable, "-c", code.replace(NODE, url)], env)
    assert re.search(r"^BTC3L: \d+\.\d\d a share, 3\.\d\dx, age \d+ s$", shown, re.MULTILINE), shown
    assert re.search(r"^minted 0\.99\d\d for 100\.000000$", shown, re.MULTILINE), shown
    assert re.search(r"^redeemed \d\.74\d\d for \d+\.\d+$", shown, re.MULTILINE), shown
    token = Steelyard.connect(url, net.folder / "devnet.json").token("BTC3L")
    assert token.holder(known_accounts()[2].address).raw.balance == 0
    assert token.holder(known_accounts()[3].address).raw.balance == 25 * 10**16


def test_verify(net, url, env, tmp_path):
    record = tmp_path / "ethereum" / "devnet.json"
    record.parent.mkdir()
    shutil.copy(net.folder / "devnet.json", record)
    place = ["--network", f":devnet:{url}", "--folder", str(tmp_path)]
    assert "chain, record and checkout agree" in run(["ape", "run", "verify", *place], env)
