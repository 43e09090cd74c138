"""The gas of what holders and keepers of a leveraged token do, and what it is on its peers.

The token has fees and a receiver for them, its venue a counterparty, and everybody who pays has
paid before: no slot of his is written for the first time unless the name says so. The keeper has
collateral already, and the token has rebalanced before: `rebalance` is a whole trade back to the
target that pays a reward.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from steelyard.deployment import (
    EvmBackend,
    SystemConfig,
    create_token,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.evm import address
from steelyard.model.exchange import WAD
from tests.bench.node import Node

# Operation to the most gas it should take.
AIMS = {
    "deposit_new_holder": 148_000,
    "deposit_same_holder": 131_000,
    "redeem_part": 131_000,
    "redeem_all": 121_000,
    "rebalance": 139_000,
}

# The same on other protocols, whole transactions measured on stand-ins for their markets: TLX on a
# bare perpetual market (its rebalance needs a second transaction), Seamless on a loan market (its
# rebalance is two transactions, here their sum).
PEERS = {
    "TLX": {
        "deposit_new_holder": 196_482,
        "deposit_same_holder": 179_382,
        "redeem_part": 219_062,
        "rebalance": 309_963,
    },
    "Seamless": {
        "deposit_new_holder": 314_759,
        "deposit_same_holder": 287_399,
        "redeem_part": 290_381,
        "rebalance": 200_905 + 490_105,
    },
}

MINUTE = 60


class TokenBench:
    """A token with a holder on a market with a counterparty.

    Attributes:
        figures: Operation to gas.
        contracts: Name to address.
    """

    def __init__(self, node: Node) -> None:
        """Deploy, and let everybody pay once."""
        self.node = node
        self.backend = EvmBackend(node)  # type: ignore[arg-type]
        fees = address("fees")
        setup = default_token("BTC3L", fees)
        self.system = deploy_system(
            self.backend, SystemConfig(markets=(default_market("BTC"),), tokens=(setup,))
        )
        self.token = self.system.tokens["BTC3L"]
        self.market = self.system.markets["BTC"]
        self.figures: dict[str, int] = {}
        self.contracts: dict[str, Any] = {
            "LeveragedToken": self.token,
            "LeveragedTokenFactory": self.system.factory,
            "RebalancePolicy": self.system.policy,
            "VaultQuotes": self.system.quotes,
            "LeveragedTokenLens": self.system.lens,
        }
        self._trade_against()
        for holder in ("first", "second"):
            self._fund(address(holder))

    def measure(self) -> None:
        """Measure everything."""
        token, first, second = self.token, address("first"), address("second")
        keeper = self._fund(address("keeper"))
        token.deposit(self._usd(50_000), second, sender=second)
        for operation in ("deposit_new_holder", "deposit_same_holder"):
            self._one(operation, token.deposit, self._usd(1_000), first, sender=first)
        self._one("mint", token.mint, 10 * WAD, first, sender=first)
        self._one("transfer", token.transfer, second, WAD, sender=first)
        self._one("redeem_part", token.redeem, 5 * WAD, first, first, sender=first)
        self._one("withdraw", token.withdraw, self._usd(100), first, first, sender=first)
        everything = token.balanceOf(first)
        self._one("redeem_all", token.redeem, everything, first, first, sender=first)
        for price in (35_000, 47_000):
            self._push(price)
            self._one("rebalance", token.rebalance, sender=keeper)
        setup = default_token("BTC3S", address("fees"))
        self.node.warp(MINUTE)
        create_token(self.backend, self.system, setup)
        self.figures["deploy_token"] = self.node.gas_used

    def _one(self, operation: str, verb: Callable[..., Any], *args: Any, **options: Any) -> None:
        """Record what one transaction costs, a minute after the last."""
        self.node.warp(MINUTE)
        verb(*args, **options)
        self.figures[operation] = self.node.gas_used

    def _trade_against(self) -> None:
        """Let somebody else hold a short, as on any market."""
        account = self._fund(address("counterparty"))
        assets, exchange = self._usd(100_000), self.system.exchange
        self.system.usd.transfer(exchange, assets, sender=account)
        exchange.modify_position(self.market.id, assets, -WAD, 0, account, sender=account)

    def _fund(self, account: str) -> str:
        self.system.usd.mint(account, self._usd(10**9), sender=self.backend.owner)
        self.system.usd.approve(self.token, 2**256 - 1, sender=account)
        return account

    def _push(self, price: int) -> None:
        self.market.feed.push(self.market.answer(price * WAD), sender=self.backend.owner)

    def _usd(self, amount: int) -> int:
        return self.system.assets(amount * WAD)
