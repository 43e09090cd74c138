"""Deploy the whole system from one configuration: tests, demo, bench and scripts all come here.

`EvmBackend` says where: on the in-process EVM, or on what offers the same methods.
Contract handles are called `handle.verb(*args, sender=account)` and `handle.view(*args)`. Onto a
chain, a deployment goes as a plan: `steelyard.deployment.running` finds out what `deploy_system`
sends by playing it, shows it, sends it, and can be stopped at any point; `spec` reads what to
deploy from YAML, and `verifying` compares a chain with what was deployed.

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

from steelyard.deployment.backends import EvmBackend, Handle
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
