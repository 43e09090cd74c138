"""Leveraged tokens to deploy."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, field
from typing import Any

from steelyard.contract import ZERO_ADDRESS
from steelyard.deployment.markets import DeploymentError, MarketSetup, default_market
from steelyard.model.exchange import WAD
from steelyard.model.policy import Rules


@dataclass(frozen=True)
class TokenConfig:
    """What of a token its owner may change; the defaults are those of docs/protocol.md.

    Names, units and order are those of interfaces/ILeveragedTokenFactory.vyi.

    Attributes:
        rules: How it rebalances.
        mint_fee: Of the shares minted, WAD.
        redeem_fee: Of the shares redeemed, WAD.
        management_fee: Of net asset value per year, WAD; none accrues without a receiver.
        cap: Largest |size| a mint may leave, underlying WAD.
        fee_receiver: Who gets fee shares; nobody, and entry and exit fees are burned.
    """

    rules: Rules
    mint_fee: int = WAD // 1_000
    redeem_fee: int = WAD // 1_000
    management_fee: int = WAD // 100
    cap: int = field(kw_only=True)
    fee_receiver: str = ZERO_ADDRESS


@dataclass(frozen=True)
class TokenSetup:
    """A token to deploy.

    Attributes:
        symbol: How `System.tokens` names it, at most 28 characters.
        name: At most 46 characters.
        market: Symbol of its market, e.g. `BTC`.
        is_long: Its side.
        config: What its owner may change later.
        seed: What the owner puts in for shares that nobody can redeem, quote WAD.
        initial_nav: Equity per share to begin with, quote WAD.
    """

    symbol: str
    name: str
    market: str
    is_long: bool
    config: TokenConfig
    seed: int = 200 * WAD
    initial_nav: int = 100 * WAD

    def spec(self, venue: str, market: int) -> tuple[Any, ...]:
        """Return the token's TokenSpec, as the factory takes it.

        Args:
            venue: Address of the exchange.
            market: What the exchange calls the token's market.
        """
        config = astuple(self.config)
        return self.name, self.symbol, venue, market, self.is_long, self.initial_nav, config


# What is offered, leverage and side, to the band: leverage in hundredths.
KINDS = {
    "2L": (160, 250),
    "3L": (200, 400),
    "5L": (350, 650),
    "2S": (150, 275),
    "3S": (200, 400),
}
# Tokens of a side that share what the market's depth can bear, and of both that share its trades.
_TOKENS_OF_A_SIDE = 4
_TOKENS_OF_A_MARKET = 5


def default_token(symbol: str, fee_receiver: str = ZERO_ADDRESS) -> TokenSetup:
    """Return the usual token of a kind, on the default market of its underlying.

    All five kinds fit into one market.

    Args:
        symbol: Underlying, leverage and side: `BTC3L`, `ETH2S`. 2L, 3L, 5L, 2S and 3S are offered.
        fee_receiver: Who gets fee shares.

    Raises:
        DeploymentError: There is no default for the symbol.

    >>> default_token("ETH2S").config.rules.leverage_hi / WAD
    2.75
    """
    match = re.fullmatch(r"([A-Z]+)(\d[LS])", symbol)
    if match is None or match[2] not in KINDS:
        raise DeploymentError(
            f"no default token {symbol!r}", f"name a market, then one of {', '.join(KINDS)}"
        )
    market, kind = match.groups()
    return token_of_kind(symbol, default_market(market), kind, fee_receiver)


def token_of_kind(
    symbol: str, market: MarketSetup, kind: str, fee_receiver: str = ZERO_ADDRESS
) -> TokenSetup:
    """Return the usual token of a kind on a market of choice.

    Args:
        symbol: Of the token.
        market: What it trades.
        kind: One of `KINDS`, e.g. `3L`.
        fee_receiver: Who gets fee shares.
    """
    times, is_long = int(kind[0]), kind[1] == "L"
    lo, hi = (hundredths * WAD // 100 for hundredths in KINDS[kind])
    # What a day of the underlying's usual moves costs grows with L (L - 1), for a short L (L + 1).
    budget = WAD * 20 // 10_000 * times * (times - 1 if is_long else times + 1)
    rules = Rules(
        target=times * WAD,
        leverage_lo=lo,
        leverage_hi=hi,
        emergency_leverage=hi * 5 // 4,
        trade_share=WAD // 2 // _TOKENS_OF_A_MARKET,
        cost_budget=max(budget, WAD * 50 // 10_000),
    )
    depth = market.config.skew_scale * rules.max_slippage // WAD // 4
    return TokenSetup(
        symbol=symbol,
        name=f"Steelyard {market.symbol} {times}x {'long' if is_long else 'short'}",
        market=market.symbol,
        is_long=is_long,
        config=TokenConfig(rules, cap=depth // _TOKENS_OF_A_SIDE, fee_receiver=fee_receiver),
    )
