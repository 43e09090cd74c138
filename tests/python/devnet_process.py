"""A devnet as its user runs it: a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from steelyard.book import read_deployment
from steelyard.chain import Chain
from steelyard.devnet.founding import contract

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "devnet.py"
PATIENCE = 120  # seconds; the machine may be busy


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port):
    """Return whether nobody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def is_alive(pid):
    """Return whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition, what):
    """Return what a condition gives once it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


class DevnetProcess:
    """A devnet that was started, and what it has printed."""

    def __init__(self, folder, *options, port=None):
        self.port, self.folder = port or free_port(), Path(folder)
        self.log = self.folder.with_suffix(f".{self.port}.log")
        command = [sys.executable, str(SCRIPT), "--port", str(self.port), "--block-time", "1"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--folder", str(folder), *options], stdout=log, stderr=log, cwd=ROOT
            )

    def printed(self):
        return self.log.read_text()

    def ready(self):
        """Wait until it is up."""

        def is_up():
            assert self.process.poll() is None, self.printed()
            return "Ctrl-C stops it" in self.printed()

        until(is_up, "the devnet")
        return self

    def anvil(self):
        """Return the process id of the node."""
        return int(re.search(r"anvil, process (\d+)", self.printed())[1])

    def chain(self):
        return Chain.connect(f"http://127.0.0.1:{self.port}", poll=0.05)

    def record(self):
        return read_deployment(self.folder / "devnet.json")

    def contract(self, name, address):
        return contract(self.chain(), name, address)

    def price(self, symbol):
        """Return the answer of a feed, 8 decimals."""
        feed = self.contract("MockAggregator", self.record().markets[symbol].feed)
        return feed.call.latestRoundData()[1]

    def ended(self):
        """Wait until it has ended, and return its exit code."""
        return self.process.wait(PATIENCE)

    def stop(self, how=signal.SIGINT):
        """Ask for an end, and return the exit code."""
        self.process.send_signal(how)
        return self.ended()


@contextmanager
def devnet(folder, *options, port=None):
    """Run a devnet for the time of the `with` block; nothing is left of it."""
    started = DevnetProcess(folder, *options, port=port)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            try:
                started.stop(signal.SIGTERM)
            except subprocess.TimeoutExpired:
                started.process.kill()
                started.process.wait()
