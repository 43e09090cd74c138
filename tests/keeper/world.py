"""A node with a system, whose blocks a test mines one by one, and a wire that can be cut."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from eth_utils.crypto import keccak
from web3 import Web3
from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from steelyard.chain import Chain, ChainContract, KeySigner
from steelyard.chain.transport import connect
from steelyard.deployment import (
    EvmBackend,
    SystemConfig,
    create_token,
    default_token,
    deploy_system,
)
from steelyard.evm import DEPLOYER, address
from steelyard.keeper.keeper import Keeper
from steelyard.keeper.settings import Settings
from steelyard.keeper.store import SqliteStore
from steelyard.keeper.types import GWEI
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Trigger
from tests.bench.node import Node, anvil
from tests.sdk.world import record

USD = 10**6
ETHER = 10**18
BLOCK = 12
"""Seconds between two blocks."""
CALM = {"BTC": 40_000, "ETH": 2_000}
# What holders bring: BTC3L then holds 37 BTC and trades 4 at a time, the others trade at once.
DEPOSITS = {"BTC3L": 500_000, "ETH3L": 50_000, "ETH2S": 50_000}
Fault = Callable[[str, Any, Callable[[], RPCResponse]], RPCResponse]


class Wire(BaseProvider):
    """A connection to a node, over which a test may do what networks do."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._inner = connect(url, 10.0)
        self.endpoint_uri = url
        self.fault: Fault | None = None
        self.asked: list[str] = []

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        self.asked.append(method)

        def ask() -> RPCResponse:
            return self._inner.make_request(method, params)

        return ask() if self.fault is None else self.fault(method, params, ask)

    @contextmanager
    def broken(self, fault: Fault) -> Iterator[None]:
        """Let a fault last as long as the context."""
        self.fault = fault
        try:
            yield
        finally:
            self.fault = None


def hangs(*methods: str, delivered: bool = False) -> Fault:
    """A node that takes too long; what it was asked may have arrived."""

    def fault(method: str, params: Any, ask: Callable[[], RPCResponse]) -> RPCResponse:
        if methods and method not in methods:
            return ask()
        if delivered:
            ask()
        raise requests.ReadTimeout("the node hangs")

    return fault


def errors(code: int, message: str, *methods: str) -> Fault:
    """A node that answers with an error."""

    def fault(method: str, params: Any, ask: Callable[[], RPCResponse]) -> RPCResponse:
        if methods and method not in methods:
            return ask()
        return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": message}}

    return fault


class World:
    """A system on a node.

    Attributes:
        chain: The node, over a wire of the test's own.
        system: What was deployed.
        record: Its record.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.url = f"http://127.0.0.1:{node._http.port}"
        self.chain = Chain.connect(self.url, poll=0.005)
        setups = tuple(default_token(symbol) for symbol in DEPOSITS)
        self.backend = EvmBackend(node)
        self.system = deploy_system(self.backend, SystemConfig(tokens=setups))
        self.record = record(self.chain, self.system)
        for symbol, token in self.system.tokens.items():
            self.deposit(token, DEPOSITS[symbol])
        self.rpc("anvil_setBalance", DEPLOYER, hex(10**6 * ETHER))
        self.base_fee(GWEI)
        self.mine()

    def deposit(self, token: Any, dollars: int) -> None:
        holder = address("holder")
        self.system.usd.mint(holder, dollars * USD, sender=DEPLOYER)
        self.system.usd.approve(token, dollars * USD, sender=holder)
        token.deposit(dollars * USD, holder, sender=holder)

    def add_token(self, symbol: str) -> Any:
        """Make one more token, without the system's owner knowing."""
        self.base_fee(0)
        self.node.timestamp = self.chain.block().timestamp
        token = create_token(self.backend, self.system, default_token(symbol))
        self.base_fee(GWEI)
        self.mine()
        return token

    # ------------------------------------------------------------ CHAIN

    def rpc(self, method: str, *params: Any) -> Any:
        return self.chain.request(method, *params)

    def base_fee(self, wei: int) -> None:
        """Of the next block; it falls by an eighth with each empty one after."""
        self.rpc("anvil_setNextBlockBaseFeePerGas", hex(wei))

    def mine(self, blocks: int = 1, seconds: int = BLOCK) -> int:
        """Mine blocks so many seconds apart; returns the number of the last."""
        for _ in range(blocks):
            self.rpc("evm_setNextBlockTimestamp", self.chain.block().timestamp + seconds)
            self.rpc("evm_mine")
        return self.chain.block().number

    def send(self, handle: Any, name: str, *args: Any, sender: str = DEPLOYER) -> str:
        """Send as anybody, to be mined with the next block."""
        data = self.contract(handle).encode(name, *args)
        call = {"from": sender, "to": handle.address, "data": "0x" + data.hex()}
        call |= {"gas": hex(10**7)}
        call |= {"maxFeePerGas": hex(10_000 * GWEI), "maxPriorityFeePerGas": hex(GWEI)}
        return str(self.rpc("eth_sendTransaction", call))

    def do(self, handle: Any, name: str, *args: Any, sender: str = DEPLOYER) -> None:
        """Send as anybody, and mine it."""
        if sender != DEPLOYER:
            self.rpc("anvil_setBalance", sender, hex(1_000 * ETHER))
        sent = self.send(handle, name, *args, sender=sender)
        self.mine()
        receipt = self.chain.receipt(sent)
        assert receipt is not None and receipt.status, f"{name} reverted"

    def push(self, **prices: int) -> None:
        """Push prices, whole dollars, and mine them; the others stay and are fresh again."""
        for symbol, price in (CALM | prices).items():
            self.send_price(symbol, price)
        self.mine()

    def send_price(self, symbol: str, price: int) -> None:
        """Push a price, whole dollars, with the next block."""
        market = self.system.markets[symbol]
        self.send(market.feed, "push", market.answer(price * WAD))

    def contract(self, handle: Any) -> ChainContract:
        return ChainContract(self.chain, handle.address, handle.interface)

    def leverage(self, symbol: str) -> float:
        return self.system.tokens[symbol].rebalance_status().leverage / WAD

    def due(self) -> int:
        """How many tokens need a trade."""
        tokens = map(self.contract, self.system.tokens.values())
        states = [token.call.rebalance_status() for token in tokens]
        return sum(state.trigger != Trigger.NOTHING for state in states)

    def in_band(self) -> bool:
        return self.due() == 0

    def collateral(self, account: str) -> int:
        return int(self.contract(self.system.usd).call.balanceOf(account))

    def moved(self, url: str) -> World:
        """Return the same system on another node, which mines when it is told to."""
        other = copy.copy(self)
        other.url, other.chain = url, Chain.connect(url, poll=0.005)
        other.rpc("evm_setAutomine", False)
        other.rpc("anvil_autoImpersonateAccount", True)
        other.rpc("evm_setTime", other.chain.block().timestamp)  # not that of this machine
        return other

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Undo everything at the end."""
        snapshot = self.rpc("evm_snapshot")
        try:
            yield
        finally:
            self.rpc("anvil_dropAllTransactions")
            assert self.rpc("evm_revert", snapshot)
            self.base_fee(GWEI)


class Bot:
    """A keeper in this process with an account, books and a wire of its own."""

    def __init__(self, world: World, folder: Any, name: str = "keeper", **settings: Any) -> None:
        self.world, self.name, self.folder = world, name, folder
        self.signer = KeySigner(keccak(text=name))
        if not world.chain.balance(self.signer.address):
            world.rpc("anvil_setBalance", self.signer.address, hex(10 * ETHER))
        values = {"native_price": 2_000, "max_block_age": 0, "min_profit": -1, **settings}
        self.settings = Settings(**values)
        self.start()

    def start(self) -> None:
        """Start the process anew, as it were: all that is left are the books."""
        self.wire = Wire(self.world.url)
        self.chain = Chain(Web3(self.wire), attempts=2, poll=0.001)
        self.pauses: list[float] = []
        self.store = SqliteStore(self.folder / f"{self.name}.sqlite")
        self.keeper = Keeper(
            self.chain,
            self.world.record,
            self.signer,
            self.store,
            self.settings,
            clock=lambda: self.world.chain.block().timestamp,
            pause=self.pauses.append,
        )

    def step(self, number: int = 0) -> Any:
        return self.keeper.step(number)

    def deeds(self, number: int = 0) -> list[str]:
        """Do a step without an error, and return what was done."""
        report = self.step(number)
        assert report.error == ""
        return [note.deed.value for note in report.notes]

    @property
    def state(self) -> Any:
        return self.store.read()

    @property
    def nonce(self) -> int:
        return self.world.chain.nonce(self.signer.address)

    def earned(self) -> int:
        return self.world.collateral(self.signer.address)

    def check_books(self) -> None:
        """What is booked is what the chain says: every nonce, every reward, all the gas."""
        state, chain = self.state, self.world.chain
        assert [booking.nonce for booking in state.bookings] == list(range(self.nonce))
        assert state.totals.reward == self.earned()
        assert sum(b.reward for b in state.bookings) == state.totals.reward
        for booking in state.bookings:
            receipt = chain.receipt(booking.hash)
            assert receipt is not None
            assert (booking.block, booking.block_hash) == (receipt.block, receipt.block_hash)
            assert booking.gas_cost == receipt.gas_cost
        gas = 10 * ETHER - chain.balance(self.signer.address)
        assert state.totals.gas_cost == gas


@contextmanager
def world() -> Iterator[World]:
    """Run a node with a system for the time of the `with` block."""
    with anvil() as node:
        yield World(node)


def with_settings(bot: Bot, **changes: Any) -> None:
    """Start a bot anew with other settings."""
    bot.settings = Settings(**(bot.settings.model_dump() | changes))
    bot.start()
