"""A real node (anvil) with the methods of the in-process EVM, where gas is a transaction's gas."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import IO, Any

from steelyard.abi import Interface
from steelyard.compiler import EVM_VERSION, Artifact
from steelyard.contract import ZERO_ADDRESS, Contract
from steelyard.devnet.node import program
from steelyard.errors import SteelyardError
from steelyard.evm import DEPLOYER, GAS_LIMIT, EvmError, Revert, blueprint_initcode

START = 1_700_000_000  # unix seconds, so that a run is the same on every day
START_SECONDS = 20
LISTENING = "Listening on 127.0.0.1:"


class NodeError(SteelyardError):
    """There is no node, or it does not answer."""


@contextmanager
def anvil() -> Iterator[Node]:
    """Run a node on a free port for the time of the `with` block, whatever happens in it."""
    options = ["--port", "0", "--hardfork", EVM_VERSION, "--timestamp", str(START)]
    mined = ["--no-mining", "--auto-impersonate", "--block-base-fee-per-gas", "0"]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen([program(), *options, *mined], stdout=output, stderr=output)
        try:
            yield Node(process, _port(process, output))
        finally:
            process.kill()
            process.wait()


def _port(process: subprocess.Popen[bytes], output: IO[str]) -> int:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        output.seek(0)
        text = output.read()
        if LISTENING in text and text.endswith("\n"):
            return int(text.partition(LISTENING)[2].split()[0])
        time.sleep(0.02)
    output.seek(0)
    raise NodeError(f"anvil does not start: {output.read().strip() or 'no output'}")


class Node:
    """What `Evm` offers and a deployment needs, each call a transaction in a block of its own.

    Blocks are one second apart, `warp` adds to that; any address can send.

    Attributes:
        process: The node.
        timestamp: Time of the last block, seconds.
        gas_used: Of the last transaction: 21,000, calldata and execution, less refunds.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        """Connect to a node that is ready."""
        self.process = process
        self.timestamp = START
        self.gas_used = 0
        self._http = HTTPConnection("127.0.0.1", port, timeout=60)  # never through a proxy

    def deploy(self, artifact: Artifact, *args: Any, sender: str = DEPLOYER) -> Contract:
        """Deploy a contract, as `Evm.deploy`."""
        interface = Interface(artifact.name, artifact.abi)
        code = artifact.creation_code + interface.constructor.encode(args)
        receipt = self._send({"from": sender, "data": "0x" + code.hex()})
        return Contract(self, receipt["contractAddress"], interface)  # type: ignore[arg-type]

    def deploy_blueprint(self, artifact: Artifact, *, sender: str = DEPLOYER) -> str:
        """Deploy creation code as a blueprint, as `Evm.deploy_blueprint`."""
        receipt = self._send({"from": sender, "data": "0x" + blueprint_initcode(artifact).hex()})
        return str(receipt["contractAddress"])

    def at(self, address: str, artifact: Artifact) -> Contract:
        """Return a contract that is already there, as `Evm.at`."""
        return Contract(self, address, Interface(artifact.name, artifact.abi))  # type: ignore[arg-type]

    def transact(
        self, to: str, data: bytes = b"", *, sender: str, value: int = 0, gas: int | None = None
    ) -> bytes:
        """Send a transaction and return what the contract returned, as `Evm.transact`."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        receipt = self._send(call, gas)
        return self._output(receipt["transactionHash"])

    def static_call(
        self, to: str, data: bytes, *, sender: str = ZERO_ADDRESS, gas: int | None = None
    ) -> bytes:
        """Call a view at the last block, as `Evm.static_call`."""
        call = {"from": sender, "to": to, "data": "0x" + data.hex(), "gas": hex(gas or GAS_LIMIT)}
        return _bytes(self._rpc("eth_call", call, "latest"))

    def warp(self, seconds: int) -> None:
        """Let the next transaction be that much later (it is one second later anyway)."""
        self.timestamp += seconds

    def code(self, address: str) -> bytes:
        """Return the code at an address, immutables included."""
        return _bytes(self._rpc("eth_getCode", address, "latest"))

    def _send(self, call: dict[str, str], gas: int | None = None) -> Any:
        self.timestamp += 1
        call = {**call, "gas": hex(gas or GAS_LIMIT), "gasPrice": "0x0"}
        transaction = self._rpc("eth_sendTransaction", call)
        self._rpc("evm_mine", self.timestamp)
        receipt = self._rpc("eth_getTransactionReceipt", transaction)
        self.gas_used = int(receipt["gasUsed"], 16)
        if int(receipt["status"], 16) != 1:
            raise Revert(self._output(transaction))
        return receipt

    def _output(self, transaction: str) -> bytes:
        trace = self._rpc("debug_traceTransaction", transaction, {"tracer": "callTracer"})
        return _bytes(trace.get("output", "0x"))

    def _rpc(self, method: str, *params: Any) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self._http.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
        answer = json.loads(self._http.getresponse().read())
        if "error" in answer:
            raise EvmError(f"{method}: {answer['error']['message']}")
        return answer["result"]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
