"""The gas of every user action, as whole transactions on a real node: `make bench`.

A figure is `gasUsed` of the receipt: 21,000, calldata and refunds are in it. Before each the clock
moves, because a transaction in the second of the last accrual is cheaper. Nobody gives a price
limit, and the receiver is the zero address where nothing is paid out. The feed is the mock, one
storage read deep; a Chainlink proxy costs more.

Collateral for `deposit_and_open`, `increase_with_margin` and `margin_in` was sent in an earlier
transaction: these are what the verb itself costs a vault, which sends and books in one. What is
pulled is pulled from an unlimited allowance. `account_state` is a view; called before an order in
one transaction, it pays the cold reads of both.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from steelyard.contract import ZERO_ADDRESS
from steelyard.deployment import EvmBackend, System, deploy_system
from steelyard.devnet.errors import DevnetError
from steelyard.evm import address
from steelyard.model.exchange import WAD
from tests.bench.node import Node, NodeError, anvil
from tests.bench.tokens import AIMS as TOKEN_AIMS
from tests.bench.tokens import PEERS, TokenBench

OUT = Path(__file__).resolve().parents[2] / "out" / "gas.json"
NO_CHECKS = (ZERO_ADDRESS, 0, ZERO_ADDRESS, 0, 0, 0, 0, 0, 0)  # PriceChecks, all off

# Operation to the most gas it should take.
AIMS = {
    "deposit_and_open": 125_000,
    "increase": 70_000,
    "increase_with_margin": 88_000,
    "reduce_with_margin": 88_000,
    "close": 70_000,
}


class Bench:
    """A deployed system, and what its operations cost.

    Attributes:
        figures: Operation to gas.
    """

    def __init__(self, node: Node) -> None:
        """Deploy."""
        self.node = node
        self.backend = EvmBackend(node)  # type: ignore[arg-type]
        self.system: System = deploy_system(self.backend)
        self.exchange = self.system.exchange
        self.market = self.system.markets["ETH"]
        self.figures: dict[str, int] = {}

    def fund(self, account: str) -> str:
        """Give an account collateral, which it lets the exchange pull, and return the account."""
        self.system.usd.mint(account, self.usd(10**9), sender=self.backend.owner)
        self.system.usd.approve(self.exchange, 2**256 - 1, sender=account)
        return account

    def usd(self, amount: int) -> int:
        """Return whole dollars in collateral units."""
        return self.system.assets(amount * WAD)

    def send(self, account: str, amount: int) -> int:
        """Send the exchange dollars to be booked later, and return how many units."""
        self.system.usd.transfer(self.exchange, self.usd(amount), sender=account)
        return self.usd(amount)

    def order(self, account: str, assets: int, size: int, receiver: str = ZERO_ADDRESS) -> Any:
        """Move margin (collateral units) and position (WAD) of an account."""
        return self.exchange.modify_position(
            self.market.id, assets, size, 0, receiver, sender=account
        )

    def open(self, account: str, dollars: int, size: int) -> None:
        """Open a position of a new account."""
        self.order(self.fund(account), self.send(account, dollars), size)

    def look(self, account: str) -> None:
        """Ask for the state of an account, as a transaction: whoever acts on it has called it."""
        data = self.exchange.account_state.encode(self.market.id, account, 0)
        self.node.transact(self.exchange.address, data, sender=account)

    @contextmanager
    def measured(self, operation: str) -> Iterator[None]:
        """Record what the only transaction of the `with` block costs, a minute after the last."""
        self.node.warp(60)
        yield
        self.figures[operation] = self.node.gas_used

    def sink(self, account: str, low_enough: Callable[[Any], int]) -> None:
        """Let the price fall by 0.1 % at a time until the account's equity is low enough."""
        while (state := self._state(account)).equity > low_enough(state):
            price = state.price * 999 // 1_000 // 10**10 * 10**10
            self.market.feed.push(self.market.answer(price), sender=self.backend.owner)

    def _state(self, account: str) -> Any:
        return self.exchange.account_state(self.market.id, account, 0)


def measure_trading(bench: Bench) -> None:
    """Measure what a vault and a trader do."""
    bench.open(address("counterparty"), 100_000, -100 * WAD)
    vault = bench.fund(address("vault"))
    assets = bench.send(vault, 10_000)
    with bench.measured("deposit_and_open"):
        bench.order(vault, assets, 10 * WAD)
    with bench.measured("increase"):
        bench.order(vault, 0, WAD)
    assets = bench.send(vault, 1_000)
    with bench.measured("increase_with_margin"):
        bench.order(vault, assets, WAD)
    with bench.measured("reduce"):
        bench.order(vault, 0, -WAD)
    with bench.measured("reduce_with_margin"):
        bench.order(vault, -bench.usd(1_000), -WAD, vault)
    assets = bench.send(vault, 1_000)
    with bench.measured("margin_in"):
        bench.order(vault, assets, 0)
    with bench.measured("margin_out"):
        bench.order(vault, -bench.usd(1_000), 0, vault)
    with bench.measured("account_state"):
        bench.look(vault)
    with bench.measured("deposit_margin"):
        bench.exchange.deposit_margin(bench.market.id, bench.usd(1_000), sender=vault)
    with bench.measured("close"):
        bench.order(vault, 0, -10 * WAD)


def measure_liquidity(bench: Bench) -> None:
    """Measure what a liquidity provider does, the first time and then in part."""
    provider = bench.fund(address("provider"))
    with bench.measured("add_liquidity"):
        bench.exchange.add_liquidity(bench.market.id, bench.usd(1_000_000), 0, sender=provider)
    shares = bench.exchange.lp_shares(bench.market.id, provider) // 2
    with bench.measured("remove_liquidity"):
        bench.exchange.remove_liquidity(bench.market.id, shares, 0, provider, sender=provider)


def measure_liquidation(bench: Bench) -> None:
    """Measure what a keeper does, who flags and liquidates and is owed something already."""
    keeper, exchange, market = address("keeper"), bench.exchange, bench.market.id

    def due(state: Any) -> int:
        return int(state.maintenance)

    def worthless(state: Any) -> int:  # at most the least margin: such a position closes whole
        return int(min(state.maintenance, state.min_margin))

    def fall(account: str, low_enough: Callable[[Any], int]) -> None:
        bench.sink(account, low_enough)
        exchange.flag(market, account, sender=keeper)

    first, whole, large = address("first"), address("whole"), address("large")
    for account in (first, whole):
        bench.open(account, 150, WAD)
    fall(first, worthless)
    exchange.liquidate(market, first, sender=keeper)
    with bench.measured("flag"):
        exchange.flag(market, whole, sender=keeper)
    with bench.measured("liquidate_all"):
        exchange.liquidate(market, whole, sender=keeper)
    assert exchange.position(market, whole).size == 0, "liquidate_all left a part"
    bench.open(large, 100_000, 1_000 * WAD)
    fall(large, due)
    exchange.liquidate(market, large, sender=keeper)  # a market's first chunk writes a new word
    fall(large, due)
    with bench.measured("liquidate_chunk"):
        exchange.liquidate(market, large, sender=keeper)
    assert exchange.position(market, large).size > 0, "liquidate_chunk left nothing"


def measure_sizes(bench: Bench, tokens: TokenBench) -> None:
    """Record the bytes of code that each contract has on chain, immutables included."""
    system = bench.system
    deployed = tokens.contracts | {
        "MarketParameters": system.parameters,
        "PerpExchange": system.exchange,
        "PriceGuard": bench.backend.deploy("PriceGuard", system.exchange, NO_CHECKS),
        "MockAggregator": bench.market.feed,
        "MockUSD": system.usd,
    }
    for name, contract in deployed.items():
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
        bench.figures[f"runtime_bytes_{snake}"] = len(bench.node.code(contract.address))


def table(
    title: str,
    figures: dict[str, int],
    aims: dict[str, int],
    peers: dict[str, dict[str, int]] | None = None,
) -> Table:
    """Lay figures out beside the aims, and what others take for the same."""
    peers = peers or {}
    made = Table("operation", "gas", "aim", "", *peers, title=f"{title}: whole transactions")
    for column in (*made.columns[1:3], *made.columns[4:]):
        column.justify = "right"
    for operation, gas in figures.items():
        if operation.startswith("runtime_bytes_"):
            continue
        aim = aims.get(operation)
        verdict = "" if aim is None else "[green]met" if gas <= aim else "[red]missed"
        others = (f"{peer[operation]:,}" if operation in peer else "" for peer in peers.values())
        made.add_row(operation, f"{gas:,}", f"<= {aim:,}" if aim else "", verdict, *others)
    return made


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="JSON file to write.")
def main(out: Path) -> None:
    """Measure the gas of every user action on a node that is started for it."""
    try:
        with anvil() as node:
            bench = Bench(node)
            measure_trading(bench)
            measure_liquidity(bench)
            measure_liquidation(bench)
            tokens = TokenBench(node)
            tokens.measure()
            measure_sizes(bench, tokens)
    except (NodeError, DevnetError) as error:
        raise click.ClickException(str(error)) from error
    console = Console()
    console.print(table("The exchange", bench.figures, AIMS))
    console.print(table("Tokens, and other protocols", tokens.figures, TOKEN_AIMS, PEERS))
    for name, size in bench.figures.items():
        if name.startswith("runtime_bytes_"):
            console.print(f"{name}: {size:,} (limit 24,576)", highlight=False)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(tokens.figures | bench.figures, indent=2) + "\n")
    console.print(f"written to {os.path.relpath(out)}", highlight=False)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the node is stopped then too
    main()
