"""The wallet as a process: started by ape, in a pipe, with a key file, without a terminal."""

import json
import os
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


def wallet(me, *args, answer="", **environment):
    """Start ape as a person does who pipes everything."""
    more = ["--network", f":devnet:{me.url}", "--deployment", str(me.record)]
    return subprocess.run(
        ["ape", "run", "wallet", *args, *more],
        cwd=ROOT,
        env=os.environ | environment,
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


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
    command = ("faucet", "5", "--account", "mine", "--json", "--yes")
    wrong = wallet(me, *command, **keys, APE_ACCOUNTS_mine_PASSPHRASE="guess")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    error = json.loads(wrong.stderr.splitlines()[-1])["error"]
    assert (error["code"], error["message"][:20]) == ("signer_error", "mine stays locked: I")
    assert me.world.chain.nonce(KEEPER_OF_KEYS.address) == 0
    done = wallet(me, *command, **keys, APE_ACCOUNTS_mine_PASSPHRASE="secret")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["balance"] == "5.000000"
