"""How fast the keeper sees and acts on a real node: 500 tokens, and a drift of some of them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
from eth_utils.crypto import keccak

from steelyard.book import write_deployment
from steelyard.chain import Chain, KeySigner
from steelyard.deployment import (
    EvmBackend,
    System,
    SystemConfig,
    TokenSetup,
    default_market,
    deploy_system,
)
from steelyard.deployment.markets import MarketSetup
from steelyard.deployment.tokens import token_of_kind
from steelyard.evm import DEPLOYER
from steelyard.keeper.keeper import Keeper
from steelyard.keeper.observe import Observer, fixed_price
from steelyard.keeper.service import MemoryStore
from steelyard.keeper.settings import PREFIX, Settings
from steelyard.model.arithmetic import WAD
from tests.bench.node import Node, anvil
from tests.sdk.world import record

ROOT = Path(__file__).resolve().parents[2]
MARKETS, SHARE = 10, 50
"""Markets, and tokens of each: as many as their trade shares allow."""
ROUNDS = 5
ETHER = 10**18

AIMS = {"scan_500_ms": 1_000.0, "drift_blocks": 1.0}
"""The most that each figure should be."""


def markets() -> list[MarketSetup]:
    """Return markets that differ in nothing but their names."""
    return [replace(default_market("ETH"), symbol=f"M{index}") for index in range(MARKETS)]


def tokens(market: MarketSetup) -> list[TokenSetup]:
    """Return half longs and half shorts, each with the least trade share."""
    setups = []
    for index in range(SHARE):
        setup = token_of_kind(f"{market.symbol}T{index}", market, "3S" if index % 2 else "3L")
        rules = replace(setup.config.rules, trade_share=WAD // 2 // SHARE)
        cap = setup.config.cap * 4 // SHARE // 10**12 * 10**12
        setups.append(replace(setup, config=replace(setup.config, rules=rules, cap=cap)))
    return setups


class Bench:
    """A node with many tokens, and a keeper."""

    def __init__(self, node: Node) -> None:
        setups = markets()
        first, *rest = (setup for market in setups for setup in tokens(market))
        config = SystemConfig(markets=tuple(setups), tokens=(first,))
        self.node = node
        self.system: System = deploy_system(EvmBackend(node), config)  # type: ignore[arg-type]
        self.url = f"http://127.0.0.1:{node._http.port}"
        self.chain = Chain.connect(self.url, timeout=60.0)
        self._create(rest)
        self.record = record(self.chain, self.system)
        self.signer = KeySigner(keccak(text="keeper"))
        self.chain.request("anvil_setBalance", self.signer.address, hex(ETHER))

    def _create(self, setups: list[TokenSetup]) -> None:
        """Create tokens, several in a block, without waiting for each."""
        usd, factory, exchange = self.system.usd, self.system.factory, self.system.exchange
        seed = self.system.assets(setups[0].seed)
        usd.mint(DEPLOYER, seed * len(setups), sender=DEPLOYER)
        usd.approve(factory, seed * len(setups), sender=DEPLOYER)
        for index, setup in enumerate(setups):
            spec = setup.spec(exchange.address, self.system.markets[setup.market].id)
            data = "0x" + factory.create_token.encode(spec, seed).hex()
            call = {"from": DEPLOYER, "to": factory.address, "data": data, "gas": hex(6_000_000)}
            self.chain.request("eth_sendTransaction", call | {"gasPrice": "0x0"})
            if index % 4 == 3 or setup is setups[-1]:
                self.chain.request("evm_mine")
        if factory.token_count() != len(setups) + 1:
            raise click.ClickException(f"only {factory.token_count()} tokens were created")

    def scan(self) -> float:
        """Return the least time to see every token, milliseconds."""
        observer = Observer(self.chain, self.record, fixed_price(1))
        block, times = self.chain.block(), []
        for _ in range(ROUNDS):
            start = time.perf_counter()
            views = observer.scan(block, {})
            times.append(time.perf_counter() - start)
            if sum(view.ok for view in views) != MARKETS * SHARE:
                raise click.ClickException(f"saw {len(views)} tokens, not {MARKETS * SHARE}")
        return min(times) * 1_000

    def drift(self) -> tuple[int, float]:
        """Return blocks from a drift to the trade, and the time of the step that sends, ms."""
        settings = Settings(native_price=1, min_profit=-1, max_block_age=0, min_balance=0)
        keeper = Keeper(self.chain, self.record, self.signer, MemoryStore(), settings)
        keeper.step()
        feed = self.system.markets["M0"].feed
        self.node.timestamp = self.chain.block().timestamp
        feed.push(self.system.markets["M0"].answer(1_750 * WAD), sender=DEPLOYER)
        drifted = self.chain.block().number
        report = keeper.step()
        if not report.notes:
            raise click.ClickException(f"nothing sent: {report.error or report.stopped}")
        self.chain.request("evm_mine")
        receipt = self.chain.receipt(report.notes[0].hash)
        if receipt is None:
            raise click.ClickException("the trade is not mined")
        return receipt.block - drifted, report.seconds * 1_000

    def memory(self) -> float:
        """Return what a keeper's process takes that has seen every token, MB."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder)
            write_deployment(self.record, path / "record.json")
            settings = {
                "rpc": self.url,
                "private_key": self.signer._account.key.to_0x_hex(),
                "deployment": str(path / "record.json"),
                "store": str(path / "keeper.sqlite"),
                "max_block_age": "0",
            }
            given = {f"{PREFIX}{key.upper()}": value for key, value in settings.items()}
            command = [sys.executable, "-m", "tests.keeper.process"]
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | given)
            try:
                _wait(lambda: (path / "keeper.sqlite.lock").exists(), process)
                for _ in range(3):
                    self.chain.request("evm_mine")
                    time.sleep(1.0)
                return _resident(process.pid)
            finally:
                process.kill()
                process.wait()


def _wait(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        if process.poll() is not None or time.monotonic() > deadline:
            raise click.ClickException("the keeper does not start")
        time.sleep(0.05)


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1_024


def measure() -> dict[str, float]:
    """Return every figure by name."""
    with anvil() as node:
        bench = Bench(node)
        figures = {"scan_500_ms": round(bench.scan(), 1)}
        if Path("/proc/self/status").exists():
            figures["idle_memory_mb"] = round(bench.memory(), 1)
        blocks, step = bench.drift()
        return figures | {"drift_blocks": float(blocks), "drift_step_ms": round(step, 1)}
