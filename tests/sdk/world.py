"""A deployed system on a node that mines whatever it gets, its record, and people with money."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from eth_utils.crypto import keccak

from steelyard.book import (
    BlockRecord,
    CollateralRecord,
    ContractRecord,
    Deployment,
    MarketRecord,
    TokenRecord,
    code_hash,
)
from steelyard.chain import Chain, ChainContract, KeySigner
from steelyard.deployment import (
    EvmBackend,
    System,
    SystemConfig,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.evm import DEPLOYER, address
from steelyard.model.arithmetic import WAD
from steelyard.sdk import Steelyard, Token
from tests.bench.node import Node, anvil

USD = 10**6
RICH = 100_000 * USD  # collateral of each person
ETHER = 10**18
FEES = address("fees")


class World:
    """A system on a node.

    Attributes:
        chain: The node, asked fast.
        system: What was deployed.
        record: Its record.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.url = f"http://127.0.0.1:{node._http.port}"
        self.chain = Chain.connect(self.url, poll=0.005)
        self.system = deploy_system(EvmBackend(node), config())
        self.record = record(self.chain, self.system)
        self.chain.request("evm_setAutomine", True)
        self.alice, self.bob = self.person("alice"), self.person("bob")

    def person(self, name: str, assets: int = RICH, wei: int = ETHER) -> KeySigner:
        """Return somebody with money."""
        signer = KeySigner(keccak(text=name))
        self.chain.request("anvil_setBalance", signer.address, hex(wei))
        if assets:
            self.send(self.system.usd, "mint", signer.address, assets)
        return signer

    def steelyard(self, signer: KeySigner | None = None, **options: Any) -> Steelyard:
        """Connect."""
        return Steelyard.connect(self.chain, self.record, signer=signer, **options)

    def token(self, signer: KeySigner, symbol: str = "ETH3L") -> Token:
        """Return a token as somebody uses it."""
        return self.steelyard(signer).token(symbol)

    def contract(self, handle: Any) -> ChainContract:
        """Return a contract of the system."""
        return ChainContract(self.chain, handle.address, handle.interface)

    def send(self, handle: Any, name: str, *args: Any, sender: str = DEPLOYER) -> None:
        """Send as anybody; the owner by default."""
        data = self.contract(handle).encode(name, *args)
        # The node's own estimate is too low when the next second's accrual makes it dearer.
        gas = {"gas": hex(5_000_000), "gasPrice": "0x0"}
        call = {"from": sender, "to": handle.address, "data": "0x" + data.hex()} | gas
        receipt = self.chain.wait(self.chain.request("eth_sendTransaction", call))
        assert receipt.status, f"{name} reverted"

    def push(self, price: int) -> None:
        """Push a price, whole dollars."""
        market = self.system.markets["ETH"]
        self.send(market.feed, "push", market.answer(price * WAD))

    def warp(self, seconds: int) -> None:
        """Let time pass."""
        self.chain.request("evm_increaseTime", seconds)
        self.chain.request("evm_mine")

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Undo everything at the end."""
        snapshot = self.chain.request("evm_snapshot")
        try:
            yield
        finally:
            # Mining as the rest wants it, whatever a test did.
            self.chain.request("evm_setAutomine", True)
            assert self.chain.request("evm_revert", snapshot)


@contextmanager
def world() -> Iterator[World]:
    """Run a node with a system for the time of the `with` block."""
    with anvil() as node:
        yield World(node)


def config() -> SystemConfig:
    """Three tokens of one market without funding: what is previewed does not change with time."""
    market = default_market("ETH")
    market = replace(market, config=replace(market.config, max_funding_velocity=0))
    paid = default_token("ETH2L", FEES)
    paid = replace(paid, config=replace(paid.config, management_fee=0))
    tokens = (default_token("ETH3L"), default_token("ETH2S"), paid)
    return SystemConfig(markets=(market,), tokens=tokens)


def record(chain: Chain, system: System) -> Deployment:
    """Return the record of a system, as a deployment writes it."""
    block = chain.block()
    zero = "0x" + "00" * 32
    handles = {
        "MockUSD": system.usd,
        "MarketParameters": system.parameters,
        "PerpExchange": system.exchange,
        "RebalancePolicy": system.policy,
        "VaultQuotes": system.quotes,
        "LeveragedTokenFactory": system.factory,
        "LeveragedTokenLens": system.lens,
    }
    return Deployment(
        ecosystem="ethereum",
        network="local",
        chain_id=chain.chain_id,
        deployer=DEPLOYER,
        start_nonce=0,
        config={},
        config_hash=zero,
        block=BlockRecord(number=block.number, hash=block.hash),
        collateral=CollateralRecord(address=system.usd.address, symbol="mUSD", decimals=6),
        contracts={
            name: ContractRecord(
                address=handle.address,
                args=(),
                block=block.number,
                transaction=zero,
                code_hash=code_hash(chain.code(handle.address)),
            )
            for name, handle in handles.items()
        },
        markets={
            symbol: MarketRecord(id=market.id, feed=market.feed.address, feed_kind="mock")
            for symbol, market in system.markets.items()
        },
        tokens={
            symbol: TokenRecord(address=token.address, market="ETH", block=block.number)
            for symbol, token in system.tokens.items()
        },
    )
