"""Deploy the whole system from one configuration: tests, demo, bench and scripts all come here.

A `Backend` says where: `EvmBackend` on the in-process EVM, `ApeBackend` on whatever network ape is
connected to. Contract handles of both are called the same way, `handle.verb(*args, sender=account)`
and `handle.view(*args)`; only what a verb returns differs (a value there, a receipt here), so
nothing below depends on it.

Amounts are integers, WAD (1e18) unless said otherwise, as in interfaces/IMarketParameters.vyi.

Example:
    >>> from steelyard.evm import Evm
    >>> system = deploy_system(EvmBackend(Evm()), SystemConfig(markets=(default_market("ETH"),)))
    >>> state = system.exchange.market_state(system.markets["ETH"].id)
    >>> state.price // WAD, state.lp_equity // WAD
    (2000, 20000000)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from types import MappingProxyType
from typing import Any, Protocol

from steelyard.compiler import compile_contract
from steelyard.contract import Contract
from steelyard.errors import SteelyardError
from steelyard.evm import DEPLOYER, Evm
from steelyard.model.exchange import WAD, MarketConfig


class DeploymentError(SteelyardError):
    """A configuration that cannot be deployed as it is."""


# Configuration


@dataclass(frozen=True)
class FeedConfig:
    """A mock Chainlink feed.

    Attributes:
        description: Pair, e.g. `ETH / USD`.
        price: First answer, quote per 1 underlying (WAD); exact in the feed's decimals.
        decimals: Of every answer, at most 18.
    """

    description: str
    price: int
    decimals: int = 8


@dataclass(frozen=True)
class MarketSetup:
    """A market to deploy.

    Attributes:
        symbol: The underlying, e.g. `ETH`; how `System.markets` names the market.
        feed: Where its price comes from.
        config: Its parameters, but for the oracle, which is only known once it is deployed.
        liquidity: What the owner puts into its pool, quote WAD; 0 leaves the pool empty.
    """

    symbol: str
    feed: FeedConfig
    config: MarketConfig
    liquidity: int = 20_000_000 * WAD


# Price (quote), then skew scale, open-interest cap and liquidation cap (underlying).
_MAJORS = {"ETH": (2_000, 1_000_000, 31_000, 800), "BTC": (40_000, 100_000, 1_750, 80)}


def default_market(symbol: str) -> MarketSetup:
    """Return the usual market of a major.

    Depth, caps and fees are those of Synthetix perps v2 on Optimism. The cap on the funding rate is
    ours: without one, a market with a single trader drifts until funding wipes him out.

    Args:
        symbol: `ETH` or `BTC`.

    Raises:
        DeploymentError: There is no default for the symbol.
    """
    if symbol not in _MAJORS:
        raise DeploymentError(f"no default market for {symbol!r}", f"known: {', '.join(_MAJORS)}")
    price, skew_scale, cap, liquidation_cap = _MAJORS[symbol]
    return MarketSetup(
        symbol=symbol,
        feed=FeedConfig(f"{symbol} / USD", price * WAD),
        config=MarketConfig(
            max_age=3_600 + 300,  # an hourly heartbeat, and time for it to land
            skew_scale=skew_scale * WAD,
            max_funding_velocity=9 * WAD,
            max_funding_rate=WAD * 5 // 1_000,
            maker_fee=WAD * 2 // 10_000,
            taker_fee=WAD * 6 // 10_000,
            max_leverage=25 * WAD,
            maintenance_ratio=WAD * 75 // 10_000,
            liquidation_fee_ratio=WAD * 35 // 10_000,
            liquidation_premium=WAD * 15_625 // 10_000,
            min_keeper_fee=2 * WAD,
            max_keeper_fee=1_000 * WAD,
            min_margin=50 * WAD,
            max_long=cap * WAD,
            max_short=cap * WAD,
            max_notional=100_000_000 * WAD,
            reserve_factor=WAD // 2,
            liquidation_cap=liquidation_cap * WAD,
        ),
    )


@dataclass(frozen=True)
class SystemConfig:
    """Everything there is to deploy.

    Attributes:
        collateral_decimals: Of the test dollar, at most 18.
        markets: In the order of their ids.
    """

    collateral_decimals: int = 6
    markets: tuple[MarketSetup, ...] = (default_market("ETH"), default_market("BTC"))


# Where to


class Handle(Protocol):
    """A deployed contract: its functions are attributes."""

    @property
    def address(self) -> str:
        """Hex str; a handle can itself be passed where an address is wanted."""
        ...

    def __getattr__(self, name: str) -> Any:
        """Return a function of the contract."""
        ...


class Backend(Protocol):
    """A place to deploy to."""

    @property
    def owner(self) -> Any:
        """Who deploys and owns everything; what `sender=` takes."""
        ...

    def deploy(self, name: str, *args: Any) -> Handle:
        """Deploy a contract of this checkout.

        Args:
            name: File stem, e.g. `PerpExchange`.
            args: Constructor arguments; handles stand for their addresses.
        """
        ...


@dataclass(frozen=True)
class EvmBackend:
    """The in-process EVM, or what offers the same methods.

    Attributes:
        evm: The chain.
        owner: Deploying account, hex str.
    """

    evm: Evm
    owner: str = DEPLOYER

    def deploy(self, name: str, *args: Any) -> Contract:
        """Deploy a contract, see `Backend.deploy`."""
        return self.evm.deploy(compile_contract(name), *args, sender=self.owner)


@dataclass(frozen=True)
class ApeBackend:
    """Any network that ape is connected to.

    Attributes:
        owner: An ape account that can sign. (Ape has no exact types for what it makes.)
        project: The ape project of this checkout.
    """

    owner: Any
    project: Any

    def deploy(self, name: str, *args: Any) -> Handle:
        """Deploy a contract, see `Backend.deploy`."""
        handle: Handle = self.owner.deploy(getattr(self.project, name), *args)
        return handle


# What comes out


@dataclass(frozen=True)
class Market:
    """A deployed market.

    Attributes:
        id: What the exchange calls it.
        feed: MockAggregator.
        setup: What it was made from.
    """

    id: int
    feed: Handle
    setup: MarketSetup

    def answer(self, price: int) -> int:
        """Return a price as the feed's `push` wants it.

        Args:
            price: Quote per 1 underlying, WAD; exact in the feed's decimals.

        Raises:
            DeploymentError: The feed cannot express the price.
        """
        return _to_decimals(price, self.setup.feed.decimals)


@dataclass(frozen=True)
class System:
    """Everything that was deployed.

    Attributes:
        config: What it was made from.
        usd: MockUSD, the collateral.
        parameters: MarketParameters.
        exchange: PerpExchange.
        markets: By symbol.
    """

    config: SystemConfig
    usd: Handle
    parameters: Handle
    exchange: Handle
    markets: Mapping[str, Market]

    def assets(self, amount: int) -> int:
        """Return an amount of quote as the collateral's ERC-20 counts it.

        Args:
            amount: Quote WAD; exact in the collateral's decimals.

        Raises:
            DeploymentError: The collateral cannot express the amount.
        """
        return _to_decimals(amount, self.config.collateral_decimals)


def deploy_system(backend: Backend, config: SystemConfig | None = None) -> System:
    """Deploy the test dollar, the exchange and its markets, and fill their pools.

    Args:
        backend: Where to, and who owns it.
        config: What; the default is two majors on a dollar of 6 decimals.

    Raises:
        DeploymentError: The configuration does not fit together.
    """
    config = config or SystemConfig()
    if len({setup.symbol for setup in config.markets}) != len(config.markets):
        raise DeploymentError("two markets have the same symbol", "rename one")
    usd = backend.deploy("MockUSD", config.collateral_decimals)
    parameters = backend.deploy("MarketParameters")
    exchange = backend.deploy("PerpExchange", usd, config.collateral_decimals, parameters)
    markets = {
        setup.symbol: Market(market, _deploy_market(backend, parameters, exchange, setup), setup)
        for market, setup in enumerate(config.markets)
    }
    system = System(config, usd, parameters, exchange, MappingProxyType(markets))
    for market in markets.values():
        _add_liquidity(backend, system, market)
    return system


def _deploy_market(
    backend: Backend, parameters: Handle, exchange: Handle, setup: MarketSetup
) -> Handle:
    """Deploy the feed of a market, add the market, and return the feed."""
    answer = _to_decimals(setup.feed.price, setup.feed.decimals)
    feed = backend.deploy("MockAggregator", setup.feed.decimals, setup.feed.description, answer)
    words = parameters.pack(astuple(replace(setup.config, oracle=feed.address)))
    exchange.add_market(words, sender=backend.owner)
    return feed


def _add_liquidity(backend: Backend, system: System, market: Market) -> None:
    """Mint what the owner puts into a pool, and put it there."""
    assets = system.assets(market.setup.liquidity)
    if assets == 0:
        return
    system.usd.mint(backend.owner, assets, sender=backend.owner)
    system.usd.approve(system.exchange, assets, sender=backend.owner)
    system.exchange.add_liquidity(market.id, assets, 0, sender=backend.owner)


def _to_decimals(amount: int, decimals: int) -> int:
    """Convert from 18 decimals to fewer, without rounding."""
    if not 0 <= decimals <= 18:
        raise DeploymentError(f"{decimals} decimals", "use 0 to 18")
    unit: int = 10 ** (18 - decimals)
    converted, rest = divmod(amount, unit)
    if rest:
        raise DeploymentError(f"{amount} (WAD) does not fit {decimals} decimals", "round it first")
    return converted
