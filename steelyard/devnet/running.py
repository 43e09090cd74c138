"""Run a devnet until somebody stops it: what `make devnet` does."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.markup import escape

from steelyard.book import BookError
from steelyard.chain import ChainError
from steelyard.devnet.errors import DevnetError
from steelyard.devnet.paths import PricePath, read_path
from steelyard.devnet.saving import only_one, saved_file
from steelyard.devnet.screen import Screen
from steelyard.devnet.settings import ROOT, Settings
from steelyard.devnet.starting import Devnet, start
from steelyard.errors import SteelyardError

TICK = 0.2
"""Seconds between two looks at everything."""


class Stopped(SteelyardError):
    """Somebody asked for an end before the devnet was up."""


class Stop:
    """Whether somebody has asked for an end: with Ctrl-C, SIGTERM, or by closing the terminal.

    A flag and no exception, so that nothing is left half done; looked at every TICK.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        """Nobody has."""
        self.asked = False

    def check(self, *_: object) -> None:
        """Raise Stopped if somebody has."""
        if self.asked:
            raise Stopped("stopped before it was up", "nothing was saved")

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals for the time of the `with` block."""
        before = {number: signal.signal(number, self._ask) for number in self.SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def run(settings: Settings, console: Console) -> None:
    """Start a devnet, show it, walk its prices, and save it when somebody stops it.

    Args:
        settings: How.
        console: Where to print.

    Raises:
        SteelyardError: It cannot start, or not go on; no process is left.
    """
    paths = {symbol: read_path(file) for symbol, file in settings.prices.items()}
    stop, screen = Stop(), Screen(console)
    with only_one(settings.folder), stop.listening():
        devnet = _start(settings, paths, console, stop)
        try:
            if devnet.walker is not None:
                # At once, so that a chain that was left for long has prices again.
                screen.pushes(devnet.walker.tick())
            devnet.node.mine_every(settings.block_time)
            screen.opening(devnet)
            with screen.living():
                _live(devnet, screen, stop)
        finally:
            _end(devnet, console)


def _start(
    settings: Settings, paths: Mapping[str, PricePath], console: Console, stop: Stop
) -> Devnet:
    with console.status("Starting the devnet") as status:

        def progress(title: str) -> None:
            stop.check()
            status.update(f"Starting the devnet: {escape(title)}")

        return start(settings, paths, progress)


def _live(devnet: Devnet, screen: Screen, stop: Stop) -> None:
    """Tick until somebody asks for an end.

    Raises:
        NodeDied: The node has ended.
    """
    shown = float("-inf")
    while not stop.asked:
        devnet.node.check()
        if devnet.walker is not None:
            screen.pushes(devnet.walker.tick())
        if time.monotonic() - shown >= devnet.settings.block_time:
            screen.glance(devnet)
            shown = time.monotonic()
        time.sleep(TICK)


def _end(devnet: Devnet, console: Console) -> None:
    """Save the chain if the node still has it, and stop the node in any case."""
    path = saved_file(devnet.settings.folder)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    try:
        devnet.node.mine_every(0)
        devnet.node.rpc("evm_mine")  # what is pending would be lost
        devnet.save()
    except (DevnetError, ChainError, BookError, OSError) as error:
        raise DevnetError(
            f"the chain of this run is lost: {error}", f"the one before it stays in {shown}"
        ) from error
    finally:
        devnet.node.stop()
    said = f"Stopped. The chain is kept in {shown}; the next start goes on with it."
    console.print(escape(said), soft_wrap=True)
