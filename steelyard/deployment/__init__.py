"""Deploy the whole system from one configuration: tests, demo, bench and scripts all come here.

A `Backend` says where: `EvmBackend` on the in-process EVM, `ApeBackend` on whatever network ape is
connected to. Contract handles of both are called the same way, `handle.verb(*args, sender=account)`
and `handle.view(*args)`; only what a verb returns differs (a value there, a receipt here), so
nothing below depends on it.

Amounts are integers, WAD (1e18) unless said otherwise, as in interfaces/IMarketParameters.vyi and
interfaces/ILeveragedTokenFactory.vyi.

Example:
    >>> from steelyard.evm import Evm
    >>> config = SystemConfig(markets=(default_market("ETH"),), tokens=(default_token("ETH3L"),))
    >>> system = deploy_system(EvmBackend(Evm()), config)
    >>> state = system.exchange.market_state(system.markets["ETH"].id)
    >>> state.price // WAD, state.lp_equity // WAD
    (2000, 20000000)
    >>> token = system.tokens["ETH3L"]
    >>> token.name(), token.totalAssets() // 10**system.config.collateral_decimals
    ('Steelyard ETH 3x long', 199)
"""

from steelyard.deployment.backends import ApeBackend, Backend, EvmBackend, Handle
from steelyard.deployment.markets import (
    DeploymentError,
    FeedConfig,
    GuardConfig,
    LiveFeed,
    MarketSetup,
    default_market,
)
from steelyard.deployment.system import (
    Market,
    Roles,
    System,
    SystemConfig,
    create_token,
    deploy_system,
)
from steelyard.deployment.tokens import TokenConfig, TokenSetup, default_token
from steelyard.model.exchange import WAD

__all__ = [
    "WAD",
    "ApeBackend",
    "Backend",
    "DeploymentError",
    "EvmBackend",
    "FeedConfig",
    "GuardConfig",
    "Handle",
    "LiveFeed",
    "Market",
    "MarketSetup",
    "Roles",
    "System",
    "SystemConfig",
    "TokenConfig",
    "TokenSetup",
    "create_token",
    "default_market",
    "default_token",
    "deploy_system",
]
