"""A system with one token, and each thing a test does with the factory in one line."""

from __future__ import annotations

from dataclasses import astuple, fields, replace
from typing import Any

from steelyard.contract import Contract
from steelyard.deployment import (
    EvmBackend,
    SystemConfig,
    TokenConfig,
    TokenSetup,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.evm import DEPLOYER, Evm, address
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Rules

OWNER, GUARDIAN, STRANGER = DEPLOYER, address("guardian"), address("stranger")
FEES = address("fee receiver")
NOON = 1_700_049_600
CONFIG_DELAY, CONFIG_LAPSE = 2 * DAY, 14 * DAY
MAX_PAUSE, PAUSE_COOL_OFF = 3 * DAY, 7 * DAY
MAX_UINT = 2**256 - 1
PERCENT = WAD // 100
# Steps of what is packed: leverage, ratios and fees.
LEVERAGE, MICRO = WAD // 10_000, WAD // 10**6
# Phases of a token.
TRADING, WINDING_DOWN, SETTLED = 1, 2, 4
NOT_OWNER = "ownable: caller is not the owner"
NOT_LIVE = "registry: not a live token"

_RULES = {field.name for field in fields(Rules)}


def setup_of(kind: str = "ETH3L", **changes: Any) -> TokenSetup:
    """Return a default token with other rules, terms, or whatever it is made of."""
    setup = default_token(kind, FEES)
    for name, value in changes.items():
        if name in _RULES:
            rules = replace(setup.config.rules, **{name: value})
            setup = replace(setup, config=replace(setup.config, rules=rules))
        elif name in TokenConfig.__dataclass_fields__:
            setup = replace(setup, config=replace(setup.config, **{name: value}))
        else:
            setup = replace(setup, **{name: value})
    return setup


class Works:
    """A factory and its one token, ETH3L, on a market of ether at 2,000 without funding."""

    def __init__(self) -> None:
        """Deploy; everybody has dollars, and the factory may take them."""
        self.evm = Evm(timestamp=NOON)
        still = {"max_age": 10 * DAY, "max_funding_velocity": 0, "max_funding_rate": 0}
        markets = tuple(
            replace(setup, config=replace(setup.config, **still))
            for setup in (default_market("ETH"), default_market("BTC"))
        )
        config = SystemConfig(markets=markets, tokens=(setup_of(),))
        self.backend = EvmBackend(self.evm)
        self.system = deploy_system(self.backend, config)
        self.factory: Any = self.system.factory
        self.exchange, self.usd = self.system.exchange, self.system.usd
        self.token: Any = self.system.tokens["ETH3L"]
        self.factory.set_guardian(GUARDIAN, sender=OWNER)
        for account in (OWNER, STRANGER):
            self.usd.mint(account, 10**15, sender=OWNER)
            for spender in (self.factory, self.token):
                self.usd.approve(spender, MAX_UINT, sender=account)

    # Tokens

    def spec(self, setup: TokenSetup) -> tuple[Any, ...]:
        """Return a setup as the factory takes it."""
        return setup.spec(self.exchange.address, self.system.markets[setup.market].id)

    def create(self, kind: str = "BTC3L", *, sender: str = OWNER, **changes: Any) -> Contract:
        """Create a token, with the seed of its setup."""
        setup = setup_of(kind, **changes)
        made = self.factory.create_token(self.spec(setup), setup.seed // 10**12, sender=sender)
        return self.at(made)

    def next_series(self, token: Any, *, seed: int = 200, sender: str = STRANGER) -> Contract:
        """Replace a wiped token; seed in dollars."""
        return self.at(self.factory.create_next_series(token, seed * 10**6, sender=sender))

    def at(self, token: str) -> Contract:
        """Return a token that the factory made."""
        return self.backend.at("LeveragedToken", token)

    def state(self, token: Any, market: int = 0) -> Any:
        """Return the account of a token."""
        return self.exchange.account_state(market, token, 0)

    # Configuration

    def config(self, **changes: Any) -> tuple[Any, ...]:
        """Return the token's configuration with changes, as the factory takes it."""
        return astuple(setup_of(**changes).config)

    def schedule(self, token: Any = None, **changes: Any) -> tuple[Any, ...]:
        """Schedule a configuration of a token and return it."""
        config = self.config(**changes)
        self.factory.schedule_config(token or self.token, config, sender=OWNER)
        return config

    def configure(self, token: Any = None, **changes: Any) -> None:
        """Schedule a configuration, wait, and apply it."""
        config = self.schedule(token, **changes)
        self.evm.warp(CONFIG_DELAY)
        self.factory.apply_config(token or self.token, config, sender=STRANGER)

    def wind_down(self, token: Any) -> None:
        """Schedule a wind-down, wait, and begin it."""
        self.factory.schedule_wind_down(token, sender=OWNER)
        self.evm.warp(CONFIG_DELAY)
        self.factory.apply_wind_down(token, sender=STRANGER)

    # The market

    def price(self, dollars: float, market: str = "ETH") -> None:
        """Publish a price."""
        self.system.markets[market].feed.push(round(dollars * 10**8), sender=OWNER)

    def set_market(self, market: int = 0, **changes: Any) -> None:
        """Give a market other parameters."""
        config = self.system.parameters.unpack(self.exchange.market_words_of(market))
        words = self.system.parameters.pack(config._replace(**changes))
        self.exchange.set_market_config(market, words, sender=OWNER)

    # Ends

    def wipe(self, token: Any = None, equity: float = -10) -> None:
        """Let ether fall until a long token has so many dollars, and be liquidated."""
        token = token or self.token
        state = self.state(token)
        self.price((state.price + (int(equity * WAD) - state.equity) * WAD // state.size) / WAD)
        self.exchange.flag(0, token, sender=STRANGER)
        self.exchange.liquidate(0, token, sender=STRANGER)
        assert self.state(token).size == 0

    def settle(self, token: Any = None) -> None:
        """Wind a token down to the end."""
        token = token or self.token
        self.wind_down(token)
        self.price(self.state(token).price / WAD)
        self.evm.warp(60)
        token.rebalance(sender=STRANGER)
        token.settle(sender=STRANGER)
