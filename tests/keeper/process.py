"""Keepers as processes of their own, on a node that mines by itself.

Run as a program it is a keeper without ape, which starts in a second: it is told all by its
environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from steelyard.book import write_deployment
from steelyard.chain import Chain
from steelyard.keeper.logs import start_logging
from steelyard.keeper.service import make_service
from steelyard.keeper.settings import PREFIX, Settings
from tests.keeper.world import BLOCK, Bot, World

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0
"""For anything to happen, seconds."""


def until(condition: Callable[[], Any], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not within {PATIENCE:g} s: {what}"
        time.sleep(0.02)


@contextmanager
def mining(world: World, every: float) -> Iterator[None]:
    """Let the node mine on, faster than the time in its blocks."""
    chain, stop = Chain.connect(world.url, poll=0.005), threading.Event()

    def mine() -> None:
        while not stop.wait(every):
            chain.request("evm_setNextBlockTimestamp", chain.block().timestamp + BLOCK)
            chain.request("evm_mine")

    thread = threading.Thread(target=mine)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Process:
    """A keeper that runs by itself; its account and books are those of a Bot."""

    def __init__(self, bot: Bot, command: list[str] | None = None, **environment: str) -> None:
        self.bot = bot
        self.record = bot.folder / f"{bot.name}.json"
        write_deployment(bot.world.record, self.record)
        self.log = bot.folder / f"{bot.name}.log"
        self._command = command or [sys.executable, "-m", "tests.keeper.process"]
        settings = {
            "rpc": bot.world.url,
            "private_key": bot.signer._account.key.to_0x_hex(),
            "deployment": str(self.record),
            "store": str(bot.folder / f"{bot.name}.sqlite"),
            "native_price": "2000",
            "min_profit": "-1",
            "max_block_age": "0",
            "metrics_port": "0",
        }
        given = {f"{PREFIX}{key.upper()}": value for key, value in settings.items()}
        self._environment = os.environ | given | environment
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def end(self, number: int) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        code = self._process.wait(PATIENCE)
        self._process = None
        return code

    @contextmanager
    def running(self) -> Iterator[Process]:
        """Run it for the time of the context, whatever happens in that."""
        self.start()
        try:
            yield self
        finally:
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def main() -> None:
    settings = Settings.load()
    assert settings.rpc is not None
    start_logging(settings.log_level, settings.secrets())
    service = make_service(settings, settings.rpc.get_secret_value(), timeout=1.0)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    service.run(stop, poll=0.05)


if __name__ == "__main__":
    main()
