"""Two tokens on a real node that live through everything a history tells."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eth_utils.address import to_checksum_address

from steelyard.abis import load_abi
from steelyard.chain import Chain, ChainContract
from steelyard.contract import ZERO_ADDRESS
from steelyard.deployment import (
    EvmBackend,
    SystemConfig,
    TokenSetup,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.evm import DEPLOYER, address
from steelyard.model.arithmetic import DAY, WAD
from steelyard.sdk.history import History, Source, read_history
from tests.bench.node import Node

OWNER, FEES, OTHER_FEES = DEPLOYER, address("fees"), address("other fees")
ALICE, BOB, KEEPER = address("alice"), address("bob"), address("keeper")
MAX_UINT = 2**256 - 1
USD = 10**6


def setup_of(kind: str) -> TokenSetup:
    """A token with fees that show: 0.3 % in, 0.2 % out, 4 % a year."""
    setup = default_token(kind, FEES)
    fees = {"mint_fee": WAD * 3 // 1_000, "redeem_fee": WAD * 2 // 1_000}
    config = replace(setup.config, management_fee=WAD * 4 // 100, **fees)
    return replace(setup, config=config)


class Life:
    """A system on a node, and who uses it.

    Attributes:
        touched: By token, the blocks in which its position was touched.
    """

    def __init__(self, node: Node) -> None:
        """Deploy, and give everybody dollars."""
        self.node = node
        self.chain = Chain.connect(f"http://127.0.0.1:{node._http.port}")
        markets = (default_market("ETH"),)
        tokens = (setup_of("ETH3L"), setup_of("ETH3S"))
        self.system = deploy_system(EvmBackend(node), SystemConfig(markets=markets, tokens=tokens))
        self.long, self.short = self.system.tokens["ETH3L"], self.system.tokens["ETH3S"]
        self.market = self.system.markets["ETH"]
        self.lens = ChainContract(
            self.chain, self.system.lens.address, load_abi("LeveragedTokenLens")
        )
        self.price = 2_000
        self.touched: dict[str, set[int]] = {}
        for token in (self.long, self.short):
            (made,) = [log.block for log in self._made(token)]
            self.touched[token.address] = {made}
        for user in (ALICE, BOB):
            self.system.usd.mint(user, 10**13, sender=OWNER)
            for token in (self.long, self.short):
                self.system.usd.approve(token, MAX_UINT, sender=user)

    @property
    def block(self) -> int:
        """The newest block."""
        return self.chain.block().number

    def touch(self, token: Any, name: str, *args: Any, sender: str) -> Any:
        """Send what touches the position, and note in which block it did."""
        result = getattr(token, name)(*args, sender=sender)
        self.touched[token.address].add(self.block)
        return result

    def wait(self, seconds: int, price: int | None = None) -> None:
        """Let time pass, and push a price (whole dollars), the same by default."""
        self.price = price or self.price
        self.node.warp(seconds)
        answer = self.market.answer(self.price * WAD)
        self.market.feed.push(answer, sender=OWNER)

    def rebalance(self, token: Any, most: int = 20) -> int:
        """Rebalance until there is nothing to do; return how often."""
        for count in range(most):
            decision = token.rebalance_status()
            if decision.size_delta == 0:
                return count
            self.touch(token, "rebalance", 0, KEEPER, sender=KEEPER)
            self.wait(90)
        raise AssertionError("it never ends")

    def configure(self, token: Any, **changes: Any) -> None:
        """Configure a token anew, after the delay."""
        factory = self.system.factory
        config = factory.token_config(token)._replace(**changes)
        factory.schedule_config(token, config, sender=OWNER)
        self.wait(2 * DAY)
        factory.apply_config(token, config, sender=ALICE)

    def source(self, token: Any) -> Source:
        """Where a token's history is."""
        setup, system = token.setup(), self.system
        return Source(
            token=to_checksum_address(token.address),
            symbol=setup.symbol,
            decimals=6,
            venue=system.exchange.address,
            market=setup.market,
            factory=system.factory.address,
            since=0,
        )

    def history(self, token: Any, **options: Any) -> History:
        """Read a token's history."""
        return read_history(self.chain, self.source(token), **options)

    def lens_at(self, token: Any, block: int) -> Any:
        """What the lens says at the end of a block."""
        return self.lens.call.token_state(token.address, block=block)

    def view(self, contract: Any, name: str, account: str, block: int) -> int:
        """What a function of one account said at the end of a block."""
        found = ChainContract(self.chain, contract.address, contract.interface)
        return getattr(found.call, name)(account, block=block)

    def _made(self, token: Any) -> Any:
        factory = ChainContract(
            self.chain, self.system.factory.address, load_abi("LeveragedTokenFactory")
        )
        topics = [factory.topic("TokenCreated"), bytes(12) + bytes.fromhex(token.address[2:])]
        return self.chain.logs(factory.address, topics, 0, self.block)


def live_long(life: Life) -> None:
    """The long token: used, configured, deleveraged, liquidated, settled with what is left."""
    token, factory = life.long, life.system.factory
    life.touch(token, "deposit", 12_345_678_901, ALICE, sender=ALICE)
    life.wait(3_600, 2_050)
    life.touch(token, "mint", 17 * WAD + 12_345_678_901_234_567, BOB, sender=BOB)
    token.transfer(BOB, 3 * WAD + 1, sender=ALICE)
    life.wait(DAY, 1_990)
    life.touch(token, "redeem", 5 * WAD + 7, ALICE, ALICE, sender=ALICE)
    life.touch(token, "withdraw", 321_654_987, BOB, BOB, sender=BOB)
    token.approve(BOB, WAD, sender=ALICE)
    life.touch(token, "redeem", WAD, BOB, ALICE, sender=BOB)
    life.wait(30 * DAY)
    token.claim_fees(sender=KEEPER)
    life.wait(3_600, 1_760)
    assert life.rebalance(token) >= 1
    factory.lower_fees(token, WAD // 1_000, WAD // 1_000, WAD // 50, sender=OWNER)
    life.wait(60)
    life.touch(token, "deposit", 777_777_777, ALICE, sender=ALICE)
    factory.pause_mint(token, sender=OWNER)
    life.configure(token, management_fee=WAD // 20, fee_receiver=OTHER_FEES)
    life.wait(10 * DAY)
    life.touch(token, "redeem", 2 * WAD, ALICE, ALICE, sender=ALICE)
    life.configure(token, fee_receiver=ZERO_ADDRESS)
    life.wait(DAY)
    life.touch(token, "deposit", 555 * USD, BOB, sender=BOB)
    exchange, market = life.system.exchange, life.market.id
    exchange.deleverage(market, token, WAD // 100, sender=OWNER)
    life.touched[token.address].add(life.block)
    fall(life, token)
    factory.schedule_wind_down(token, sender=OWNER)
    life.wait(2 * DAY)
    factory.apply_wind_down(token, sender=BOB)
    life.touch(token, "settle", sender=KEEPER)
    for user in (BOB, ALICE):
        token.redeem(token.balanceOf(user), user, user, sender=user)


def fall(life: Life, token: Any) -> None:
    """A crash in which the venue liquidates by and by, and leaves something."""
    exchange, market = life.system.exchange, life.market.id

    def due() -> bool:
        account = exchange.account_state(market, token, 0)
        return account.size and account.equity <= account.maintenance

    while not due():
        life.wait(30, life.price - 5)
    exchange.flag(market, token, sender=KEEPER)
    life.wait(30, life.price + 200)
    exchange.liquidate(market, token, sender=KEEPER)  # it has recovered
    life.wait(30, life.price - 200)
    while exchange.account_state(market, token, 0).size:
        if due():
            exchange.flag(market, token, sender=BOB)
            exchange.liquidate(market, token, sender=KEEPER)
            life.touched[token.address].add(life.block)
        life.wait(30, life.price - 5)


def live_short(life: Life) -> None:
    """The short token: wound down by rebalances, with a user in the middle of it."""
    token, factory = life.short, life.system.factory
    life.rebalance(token)
    life.touch(token, "deposit", 5_000 * USD + 1, BOB, sender=BOB)
    life.wait(5 * DAY, life.price + 3)
    factory.schedule_wind_down(token, sender=OWNER)
    life.wait(2 * DAY)
    factory.apply_wind_down(token, sender=ALICE)
    life.wait(600)
    life.touch(token, "rebalance", 0, KEEPER, sender=KEEPER)
    life.wait(60)
    life.touch(token, "redeem", WAD, BOB, BOB, sender=BOB)
    life.rebalance(token)
    life.touch(token, "settle", sender=ALICE)
    life.wait(DAY)
    token.withdraw(1_000 * USD, BOB, BOB, sender=BOB)
    token.claim_fees(sender=KEEPER)
