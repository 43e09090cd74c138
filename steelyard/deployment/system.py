"""What comes out of a configuration, and the one way there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from types import MappingProxyType

from steelyard.deployment.backends import EvmBackend, Handle, NotDeployed
from steelyard.deployment.markets import (
    DeploymentError,
    FeedConfig,
    LiveFeed,
    MarketSetup,
    default_market,
)
from steelyard.deployment.tokens import TokenSetup


@dataclass(frozen=True)
class Roles:
    """Who may do what in the end; None leaves it with who deploys, or with nobody.

    Attributes:
        owner: To whom the ownership of everything that has an owner is offered; he accepts it.
        guardian: Who may pause the tokens' mints, besides the owner.
    """

    owner: str | None = None
    guardian: str | None = None


@dataclass(frozen=True)
class SystemConfig:
    """Everything there is to deploy.

    Attributes:
        collateral_decimals: Of the test dollar, at most 18.
        markets: In the order of their ids.
        tokens: In the order of their creation; without any, nothing of tokens is deployed.
        roles: Who gets what in the end.
    """

    collateral_decimals: int = 6
    markets: tuple[MarketSetup, ...] = (default_market("ETH"), default_market("BTC"))
    tokens: tuple[TokenSetup, ...] = ()
    roles: Roles = Roles()


@dataclass(frozen=True)
class Market:
    """A deployed market.

    Attributes:
        id: What the exchange calls it.
        feed: MockAggregator, or the live feed, which has no owner's functions.
        setup: What it was made from.
        guard: PriceGuard, if it has one.
    """

    id: int
    feed: Handle
    setup: MarketSetup
    guard: Handle | None = None

    @property
    def is_mock(self) -> bool:
        """Whether the feed was deployed with the market."""
        return not isinstance(self.setup.feed, LiveFeed)

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
        policy: RebalancePolicy.
        quotes: VaultQuotes.
        factory: LeveragedTokenFactory, owned by who deploys.
        lens: LeveragedTokenLens.
        tokens: LeveragedToken, by symbol.
    """

    config: SystemConfig
    usd: Handle
    parameters: Handle
    exchange: Handle
    markets: Mapping[str, Market]
    policy: Handle = NotDeployed("RebalancePolicy")
    quotes: Handle = NotDeployed("VaultQuotes")
    factory: Handle = NotDeployed("LeveragedTokenFactory")
    lens: Handle = NotDeployed("LeveragedTokenLens")
    tokens: Mapping[str, Handle] = field(default_factory=lambda: MappingProxyType({}))

    def owned(self) -> list[Handle]:
        """Return every contract that has an owner."""
        factory = [self.factory] if self.config.tokens else []
        feeds = [market.feed for market in self.markets.values() if market.is_mock]
        return [*factory, self.exchange, self.usd, *feeds]

    def assets(self, amount: int) -> int:
        """Return an amount of quote as the collateral's ERC-20 counts it.

        Args:
            amount: Quote WAD; exact in the collateral's decimals.

        Raises:
            DeploymentError: The collateral cannot express the amount.
        """
        return _to_decimals(amount, self.config.collateral_decimals)


def deploy_system(backend: EvmBackend, config: SystemConfig | None = None) -> System:
    """Deploy the test dollar, the exchange, its markets and their liquidity, and tokens.

    Args:
        backend: Where to, and who owns it.
        config: What; the default is two majors on a dollar of 6 decimals.

    Raises:
        DeploymentError: The configuration does not fit together.
    """
    config = config or SystemConfig()
    _check(config)
    usd = backend.deploy("MockUSD", config.collateral_decimals)
    parameters = backend.deploy("MarketParameters")
    exchange = backend.deploy("PerpExchange", usd, config.collateral_decimals, parameters)
    markets = {
        setup.symbol: _deploy_market(backend, parameters, exchange, market, setup)
        for market, setup in enumerate(config.markets)
    }
    system = System(config, usd, parameters, exchange, MappingProxyType(markets))
    for market in markets.values():
        _add_liquidity(backend, system, market)
    if config.tokens:
        system = _deploy_tokens(backend, system)
    _hand_over(backend, system)
    return system


def create_token(backend: EvmBackend, system: System, setup: TokenSetup) -> Handle:
    """Create one more token with its seed, and return it.

    Args:
        backend: Where the system is, and who owns it.
        system: With a factory.
        setup: What to create.

    Raises:
        DeploymentError: There is no such market, or no factory.
    """
    if setup.market not in system.markets:
        raise DeploymentError(
            f"{setup.symbol} needs the market {setup.market}", "name it in SystemConfig"
        )
    factory, assets = system.factory, system.assets(setup.seed)
    system.usd.mint(backend.owner, assets, sender=backend.owner)
    system.usd.approve(factory, assets, sender=backend.owner)
    spec = setup.spec(system.exchange.address, system.markets[setup.market].id)
    factory.create_token(spec, assets, sender=backend.owner)
    return backend.at("LeveragedToken", factory.tokens(factory.token_count() - 1))


def _check(config: SystemConfig) -> None:
    """Refuse two things of one name."""
    for kind, setups in (("markets", config.markets), ("tokens", config.tokens)):
        if len({setup.symbol for setup in setups}) != len(setups):
            raise DeploymentError(f"two {kind} have the same symbol", "rename one")


def _deploy_tokens(backend: EvmBackend, system: System) -> System:
    """Deploy what tokens need, and the tokens."""
    policy, quotes = backend.deploy("RebalancePolicy"), backend.deploy("VaultQuotes")
    blueprint = backend.deploy_blueprint("LeveragedToken")
    factory = backend.deploy("LeveragedTokenFactory", blueprint, policy, quotes)
    lens = backend.deploy("LeveragedTokenLens")
    system = replace(system, policy=policy, quotes=quotes, factory=factory, lens=lens)
    tokens = {setup.symbol: create_token(backend, system, setup) for setup in system.config.tokens}
    return replace(system, tokens=MappingProxyType(tokens))


def _deploy_market(
    backend: EvmBackend, parameters: Handle, exchange: Handle, market: int, setup: MarketSetup
) -> Market:
    """Deploy the feed of a market unless it is there, add the market, and guard its price."""
    feed = _feed(backend, setup.feed)
    words = parameters.pack(astuple(replace(setup.config, oracle=feed.address)))
    exchange.add_market(words, sender=backend.owner)
    if setup.guard is None:
        return Market(market, feed, setup)
    guard = backend.deploy("PriceGuard", exchange, astuple(setup.guard))
    exchange.set_price_guard(market, guard, sender=backend.owner)
    return Market(market, feed, setup, guard)


def _feed(backend: EvmBackend, feed: FeedConfig | LiveFeed) -> Handle:
    """Deploy a mock feed, or find a live one."""
    if isinstance(feed, LiveFeed):
        return backend.at("MockAggregator", feed.address)
    answer = _to_decimals(feed.price, feed.decimals)
    return backend.deploy("MockAggregator", feed.decimals, feed.description, answer)


def _hand_over(backend: EvmBackend, system: System) -> None:
    """Give the roles away, ownership last: nothing else can be done after that."""
    roles = system.config.roles
    if roles.guardian is not None:
        system.factory.set_guardian(roles.guardian, sender=backend.owner)
    if roles.owner is not None and roles.owner.lower() != str(backend.owner).lower():
        for contract in system.owned():
            contract.transfer_ownership(roles.owner, sender=backend.owner)


def _add_liquidity(backend: EvmBackend, system: System, market: Market) -> None:
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
