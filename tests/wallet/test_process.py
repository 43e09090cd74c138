"""The wallet as a process: started by ape, in a pipe, with a key file, without a terminal."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from eth_account import Account

from steelyard.devnet.settings import known_accounts
from tests.wallet.world import ME, person

pytestmark = pytest.mark.node
ROOT = Path(__file__).resolve().parents[2]
KEEPER_OF_KEYS = known_accounts()[3]


@pytest.fixture(scope="module")
def me(shared, tmp_path_factory):
    """The same person for all of them: each process takes seconds."""
    with shared.kept():
        yield person(shared, tmp_path_factory.mktemp("wallet"))


PIPED = {"cwd": ROOT, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}


def command(me, *args):
    more = ["--network", f":devnet:{me.url}", "--deployment", str(me.record)]
    return ["ape", "run", "wallet", *args, *more]


def wallet(me, *args, answer="", **environment):
    """Start ape as a person does who pipes everything."""
    environment = os.environ | environment
    given = {"input": answer, "env": environment, "check": False, "timeout": 60}
    return subprocess.run(command(me, *args), **PIPED, **given)


def test_mint_in_a_pipe(me):
    done = wallet(me, "mint", "ETH3L", "1000", "--account", ME.alias, answer="y\n")
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "you got ETH3L" in done.stdout
    assert done.stderr.startswith("Mint? [y/N]:")
    assert me.shares() > 0


def test_nobody_answers(me):
    before = me.nonce
    done = wallet(me, "mint", "ETH3L", "1000", "--account", ME.alias)
    said = "Error: no answer: nothing was sent (add --yes where nobody can)\n"
    assert (done.returncode, done.stderr[-len(said) :], me.nonce) == (130, said, before)


def test_ctrl_c_while_it_waits(me):
    """What is under way cannot be called back, but one knows what to look for."""
    me.world.chain.request("evm_setAutomine", False)
    before = me.nonce
    with subprocess.Popen(command(me, "faucet", "5", "--account", ME.alias, "-y"), **PIPED) as run:
        hash = run.stderr.readline().split()[1].rstrip(",")
        while run.poll() is None and me.world.chain.transaction(hash) is None:
            pass
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=60)[1]
    remedy = "look it up before you send anything again: it may still be mined"
    assert said == f"Error: stopped while waiting for transaction {hash} ({remedy})\n"
    assert (run.returncode, me.nonce) == (130, before)
    me.world.chain.request("evm_mine")
    me.world.chain.request("evm_setAutomine", True)
    assert me.world.chain.receipt(hash).status


def test_missing_account_ends_at_once(me):
    """Ape's own prompt would ask for ever."""
    started = time.monotonic()
    done = wallet(me, "mint", "ETH3L", "1000", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert json.loads(done.stderr)["error"]["message"].startswith("this needs an account")
    assert time.monotonic() - started < 30


@pytest.fixture
def keys(tmp_path):
    """A folder of ape's with one key file."""
    folder = tmp_path / "ape" / "accounts"
    folder.mkdir(parents=True)
    locked = Account.encrypt(KEEPER_OF_KEYS.key, "secret", iterations=2)
    (folder / "mine.json").write_text(json.dumps(locked))
    return {"APE_DATA_FOLDER": str(tmp_path / "ape")}


def test_key_file(me, keys):
    draw = ("faucet", "5", "--account", "mine", "--json", "--yes")
    wrong = wallet(me, *draw, **keys, APE_ACCOUNTS_mine_PASSPHRASE="guess")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    error = json.loads(wrong.stderr.splitlines()[-1])["error"]
    assert (error["code"], error["message"][:20]) == ("signer_error", "mine stays locked: I")
    assert me.world.chain.nonce(KEEPER_OF_KEYS.address) == 0
    done = wallet(me, *draw, **keys, APE_ACCOUNTS_mine_PASSPHRASE="secret")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["balance"] == "5.000000"
