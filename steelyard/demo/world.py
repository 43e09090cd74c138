"""The chain that the demo is played on: a venue with one market, three tokens, and their people.

All is deployed as by default, but for the daily schedule of BTC2L. Sizes: the venue's skew scale
is 100,000 BTC and its lower fee 2 bp, so 40 BTC is the most that can be traded at once without
inviting a sandwich. A token has a tenth of that: 4 BTC a trade. Holders bring what some 15 BTC cost
to each, half a million dollars at 40,000: moving a triple token from 4x back to 3x then takes three
trades, a minute apart, and its cap of 62.5 BTC leaves room for more holders.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from steelyard.demo.path import Moment
from steelyard.deployment import (
    EvmBackend,
    FeedConfig,
    SystemConfig,
    TokenSetup,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.evm import DEPLOYER, Evm, Revert, address
from steelyard.model.arithmetic import WAD
from steelyard.model.exchange import MarketStatus
from steelyard.model.policy import Rules

SYMBOL = "BTC"
SYMBOLS = ("BTC3L", "BTC2L", "BTC3S")
SCHEDULED = ("BTC2L",)
SEED = 1_000 * WAD
HOLDERS = 12
PEOPLE = {"owner": DEPLOYER} | {
    who: address(who)
    for who in ("keeper", "fees", *(f"holder {index}" for index in range(1, HOLDERS + 1)))
}


def token_setups() -> tuple[TokenSetup, ...]:
    """Return the tokens: the usual ones, the double one with its daily schedule on."""
    setups = []
    for symbol in SYMBOLS:
        setup = replace(default_token(symbol, PEOPLE["fees"]), seed=SEED)
        rules = replace(setup.config.rules, scheduled=symbol in SCHEDULED)
        setups.append(replace(setup, config=replace(setup.config, rules=rules)))
    return tuple(setups)


@dataclass(frozen=True)
class Token:
    """A deployed token.

    Attributes:
        setup: What it was made from.
        handle: LeveragedToken.
    """

    setup: TokenSetup
    handle: Any

    @property
    def symbol(self) -> str:
        """Its symbol."""
        return self.setup.symbol

    @property
    def rules(self) -> Rules:
        """How it rebalances."""
        return self.setup.config.rules

    @property
    def factor(self) -> int:
        """Target leverage, negative for a short; whole."""
        return self.rules.target // WAD * (1 if self.setup.is_long else -1)

    def shares(self) -> int:
        """Return all shares, with those owed as fees, 18 decimals."""
        total: int = self.handle.totalSupply() + self.handle.owed_shares()
        return total


class World:
    """Venue, tokens, people and clock.

    Attributes:
        evm: The chain.
        usd: MockUSD.
        exchange: PerpExchange.
        market: What was deployed for it.
        scale: Quote WAD per unit of collateral.
        tokens: By symbol.
        rate: Of funding, WAD per day.
    """

    def __init__(self, start: int, price: int) -> None:
        """Deploy; the owner fills the pool and seeds the tokens.

        Args:
            start: First block time, unix seconds.
            price: First price, WAD.
        """
        self.evm = Evm(timestamp=start)
        feed = FeedConfig(f"{SYMBOL} / USD", price)
        setup = replace(default_market(SYMBOL), feed=feed)
        config = SystemConfig(markets=(setup,), tokens=token_setups())
        self.system = deploy_system(EvmBackend(self.evm), config)
        self.usd, self.exchange = self.system.usd, self.system.exchange
        self.market = self.system.markets[SYMBOL]
        self.scale = WAD // self.system.assets(WAD)
        self.rate = 0
        self.tokens = {
            token.symbol: Token(token, self.system.tokens[token.symbol]) for token in config.tokens
        }

    # The clock, and what comes with it

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.evm.timestamp

    def pass_to(self, time: int) -> None:
        """Let time pass at the same price and rate; funding is booked at its end."""
        self.evm.warp(time - self.now)
        self._book_funding()

    def see(self, moment: Moment) -> None:
        """Go to a moment: its price, the end of downtime, and its rate of funding from now on."""
        self.evm.warp(moment.time - self.now)
        self.market.feed.push(self.market.answer(moment.price), sender=DEPLOYER)
        if moment.downtime is not None:
            self._set_status(MarketStatus.ACTIVE)
        self.rate = moment.rate
        self._book_funding()

    def pause(self, time: int) -> None:
        """Begin a downtime: nothing trades, and no price comes."""
        self.pass_to(time)
        self._set_status(MarketStatus.PAUSED)

    def wait(self, time: int) -> None:
        """Let time of a downtime pass."""
        self.evm.warp(time - self.now)

    def _book_funding(self) -> None:
        """Accrue up to now, at the rate that held and the price of now; then hold the new rate."""
        self.exchange.force_funding_rate(self.market.id, self.rate, True, sender=DEPLOYER)

    def _set_status(self, status: MarketStatus) -> None:
        """Switch the market."""
        self.exchange.set_market_status(self.market.id, status, sender=DEPLOYER)

    # Views

    def market_state(self) -> Any:
        """Return the market, accrued to now."""
        return self.exchange.market_state(self.market.id)

    def account(self, token: Token) -> Any:
        """Return a token's account, accrued to now."""
        return self.exchange.account_state(self.market.id, token.handle, 0)

    def position(self, token: Token) -> Any:
        """Return a token's position as it is stored."""
        return self.exchange.position(self.market.id, token.handle)

    def collateral(self, account: Any) -> int:
        """Return what someone has, quote WAD."""
        held: int = self.usd.balanceOf(account) * self.scale
        return held

    # People

    def fund(self, who: str, amount: int) -> int:
        """Give someone dollars.

        Args:
            who: Of PEOPLE.
            amount: Quote WAD; what does not fit the collateral's decimals is left out.

        Returns:
            Collateral decimals.
        """
        assets = amount // self.scale
        self.usd.mint(PEOPLE[who], assets, sender=DEPLOYER)
        return assets


def refusal(act: Callable[[], object]) -> str | None:
    """Try something, and return why it is refused; None if it has happened."""
    try:
        act()
    except Revert as error:
        return error.reason or "no reason"
    return None
