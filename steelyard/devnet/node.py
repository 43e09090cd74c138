"""The node: anvil, started on a port of choice, asked to dump its state, and stopped."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import subprocess
import tempfile
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from steelyard.compiler import EVM_VERSION
from steelyard.devnet.errors import DevnetError, NodeDied
from steelyard.devnet.settings import ACCOUNTS, CHAIN_ID, HOST, MNEMONIC, ROOT

START_SECONDS = 20
STOP_SECONDS = 10
_POLL = 0.02


def program() -> str:
    """Return anvil's own program; npm's `anvil` is a script around it that outlives signals.

    Raises:
        DevnetError: There is none.
    """
    natives = sorted(ROOT.glob("node_modules/@foundry-rs/anvil-*/bin/anvil"))
    found = str(natives[0]) if natives else shutil.which("anvil")
    if found is None:
        raise DevnetError("no anvil found", "install Node.js with npm, then run `make setup`")
    return found


class Node:
    """A running anvil. It mines at once until `mine_every` is called.

    Attributes:
        port: On 127.0.0.1.
    """

    def __init__(self, port: int, state: bytes | None = None) -> None:
        """Start it, and wait until it answers.

        Args:
            port: To listen on.
            state: A chain to go on with, as `dump` gave it.

        Raises:
            DevnetError: The port is taken, or anvil does not start.
        """
        self.port = port
        _check_free(port)
        # Anvil moves the states of old blocks to files: here, where they go away with it.
        self._files = tempfile.TemporaryDirectory(prefix="steelyard-devnet-")
        folder = Path(self._files.name)
        command = [program(), "--host", HOST, "--port", str(port), "--chain-id", str(CHAIN_ID)]
        command += ["--hardfork", EVM_VERSION, "--accounts", str(ACCOUNTS), "--mnemonic", MNEMONIC]
        command += ["--quiet", "--cache-path", str(folder / "blocks")]
        if state is not None:
            (folder / "state.json").write_bytes(state)
            command += ["--load-state", str(folder / "state.json")]
        self._output = folder / "output.txt"
        with self._output.open("wb") as output:
            # In a session of its own, so that a Ctrl-C in the terminal does not reach it.
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def check(self) -> None:
        """Do nothing while the node runs.

        Raises:
            NodeDied: It has ended.
        """
        code = self._process.poll()
        if code is not None:
            said = self._output.read_text(errors="replace").strip()
            raise NodeDied(f"anvil has ended (exit code {code}): {said or 'it said nothing'}")

    def rpc(self, method: str, *params: Any, timeout: float = 60.0) -> Any:
        """Ask the node something that only anvil has, and return the result.

        Args:
            method: E.g. `anvil_dumpState`.
            params: As JSON has them.
            timeout: Seconds.

        Raises:
            NodeDied: The node has ended.
            DevnetError: It does not answer, or refuses.
        """
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        http = HTTPConnection(HOST, self.port, timeout=timeout)  # never through a proxy
        try:
            http.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
            answer = json.loads(http.getresponse().read())
        except (OSError, HTTPException, ValueError) as error:
            self.check()
            raise DevnetError(f"anvil does not answer {method}: {error}") from error
        finally:
            http.close()
        if "error" in answer:
            raise DevnetError(f"anvil refuses {method}: {answer['error']['message']}")
        return answer["result"]

    def mine_every(self, seconds: int) -> None:
        """Mine a block every so many seconds from now on, not one per transaction."""
        self.rpc("evm_setIntervalMining", seconds)

    def head(self) -> tuple[int, str]:
        """Return the number and the hash of the last block."""
        block = self.rpc("eth_getBlockByNumber", "latest", False)
        return int(block["number"], 16), str(block["hash"])

    def dump(self) -> bytes:
        """Return the chain as it is now, for the `state` of another node."""
        packed: str = self.rpc("anvil_dumpState")
        return gzip.decompress(bytes.fromhex(packed.removeprefix("0x")))

    def stop(self) -> None:
        """End the process, whatever it does; nothing is saved."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._files.cleanup()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                # Whoever else may answer on the port: our process has to live, too.
                self.rpc("eth_chainId", timeout=1.0)
                self.check()
                return
            except NodeDied as error:
                raise DevnetError(f"anvil does not start: {error}") from error
            except DevnetError as error:
                if time.monotonic() > deadline:
                    raise DevnetError(f"anvil does not start: {error}") from error
            time.sleep(_POLL)


def _check_free(port: int) -> None:
    """Refuse a port on which somebody listens."""
    with socket.socket() as probe:
        # As anvil does: what a server has left behind a moment ago is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise DevnetError(
                f"port {port} of {HOST} is taken ({error})",
                "a devnet may run already: use it or stop it, or choose another with --port",
            ) from error
