"""A node for tests of deployments, and a small configuration for it."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest
from eth_account import Account

from steelyard.chain import Chain, KeySigner
from steelyard.deployment.running import run_deployment
from steelyard.deployment.spec import DeploymentSpec, parse_spec
from tests.bench.node import LISTENING, program

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's first
OWNER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"  # and second
DEPLOYER, OWNER = Account.from_key(KEY).address, Account.from_key(OWNER_KEY).address
GUARDIAN = "0x" + "aa" * 20

# One market and one token, and everything that an owner can be given.
SMALL: dict[str, Any] = {
    "markets": [
        {
            "symbol": "ETH",
            "feed": {"price": "2000"},
            "liquidity": "1000000",
            "guard": {"min_price": "1", "max_price": "100000"},
        }
    ],
    "tokens": [{"symbol": "ETH3L"}],
    "roles": {"owner": OWNER, "guardian": GUARDIAN, "fee_receiver": OWNER},
}


def small(**changes: Any) -> DeploymentSpec:
    """Return the small configuration with other parts."""
    return parse_spec({**SMALL, **changes})


@contextmanager
def anvil(*options: str) -> Iterator[str]:
    """Run a node that mines at once, and give its address."""
    with tempfile.TemporaryFile("w+") as output:
        command = [program(), "--port", "0", *options]
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            yield _address(process, output)
        finally:
            process.kill()
            process.wait()


def _address(process: subprocess.Popen[bytes], output: Any) -> str:
    deadline = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < deadline:
        output.seek(0)
        text = output.read()
        if LISTENING in text and text.endswith("\n"):
            return f"http://127.0.0.1:{int(text.partition(LISTENING)[2].split()[0])}"
        time.sleep(0.02)
    raise AssertionError(f"anvil does not start: {process.poll()}")


def rpc(url: str, method: str, *params: Any) -> Any:
    """Ask a node."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=30)
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    connection.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    assert "error" not in answer, answer
    return answer["result"]


def connect(url: str, kind: type[Chain] = Chain) -> Any:
    """Return a connection that does not wait long."""
    return kind.connect(url, timeout=5.0, attempts=2, poll=0.01)


def signer(key: str = KEY) -> KeySigner:
    """Return who signs; the deployer, unless it says otherwise."""
    return KeySigner(key)


class Killed(BaseException):
    """What no handler catches."""


class KillingChain(Chain):
    """Dies once at every nonce: before or after it sends, or when it has the receipt."""

    point = ""
    died: set[int] = set()

    def die(self, point, nonce):
        if point == self.point and nonce not in self.died:
            self.died.add(nonce)
            raise Killed

    def send_raw(self, raw):
        nonce = self.nonce(DEPLOYER)
        self.die("signed", nonce)
        sent = super().send_raw(raw)
        self.die("sent", nonce)
        return sent

    def wait(self, hash, **options):
        receipt = super().wait(hash, **options)
        self.die("mined", self.nonce(DEPLOYER))
        return receipt


def stopped_after(url, place, count):
    """Deploy until so many transactions are mined, and stop there."""
    chain = connect(url, KillingChain)
    chain.point, chain.died = "mined", set(range(count))
    with pytest.raises(Killed):
        run_deployment(chain, signer(), small(), place)
    return connect(url)
