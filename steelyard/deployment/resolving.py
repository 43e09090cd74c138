"""From what people wrote to what is deployed: defaults filled in, units converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from steelyard.contract import ZERO_ADDRESS
from steelyard.deployment.markets import (
    MAJORS,
    FeedConfig,
    GuardConfig,
    LiveFeed,
    MarketSetup,
    default_market,
)
from steelyard.deployment.spec import DeploymentSpec, FeedSpec, MarketSpec, SpecError, TokenSpec
from steelyard.deployment.system import Roles, SystemConfig
from steelyard.deployment.tokens import KINDS, TokenSetup, token_of_kind
from steelyard.deployment.values import wad

# What a market must say itself when there is no default for its symbol.
_OWN_PARAMETERS = ("skew_scale", "max_long", "max_short")
# What checks nothing, or lets nothing pass, without another: field and what it needs.
_GUARD_NEEDS = {
    "grace_period": ("sequencer",),
    "reference": ("reference_max_age", "max_deviation"),
    "reference_max_age": ("reference",),
    "max_deviation": ("reference",),
    "max_jump": ("jump_window",),
    "jump_window": ("max_jump",),
}
_RULES_NEED = {"reference_max_age": ("reference",), "max_deviation": ("reference",)}
_LONGEST = {"symbol": 28, "name": 46}  # of a token, bytes; each series adds to them
_LONGEST_DESCRIPTION = 64  # of a mock feed


def system_config(spec: DeploymentSpec) -> SystemConfig:
    """Return what a configuration deploys.

    Args:
        spec: Of good form.

    Raises:
        SpecError: With every place where its parts do not fit together. What the contracts would
            refuse is not among them: `steelyard.deployment.checking` finds that.
    """
    problems = _twice("markets", [market.symbol for market in spec.markets])
    problems += _twice("tokens", [token.symbol for token in spec.tokens])
    if not spec.markets:
        problems.append("markets: is empty: name one market at least")
    if spec.collateral.decimals > 18:
        problems.append("collateral.decimals: is over 18")
    if spec.roles.guardian is not None and not spec.tokens:
        problems.append("roles.guardian: guards tokens, and there are none")
    if spec.roles.fee_receiver is not None and not spec.tokens:
        problems.append("roles.fee_receiver: gets the fees of tokens, and there are none")
    for index, market in enumerate(spec.markets):
        problems += [f"markets[{index}].{problem}" for problem in _market_problems(market)]
    for index, token in enumerate(spec.tokens):
        problems += [f"tokens[{index}].{problem}" for problem in _token_problems(spec, token)]
    if problems:
        raise SpecError(problems)
    markets = {market.symbol: _market(market) for market in spec.markets}
    return SystemConfig(
        collateral_decimals=spec.collateral.decimals,
        markets=tuple(markets.values()),
        tokens=tuple(_token(spec, token, markets) for token in spec.tokens),
        roles=Roles(spec.roles.owner, spec.roles.guardian),
    )


def _twice(part: str, symbols: list[str]) -> list[str]:
    """Return a problem for every symbol that an earlier entry has."""
    return [
        f"{part}[{index}].symbol: {symbol} is there already, in {part}[{symbols.index(symbol)}]"
        for index, symbol in enumerate(symbols)
        if symbols.index(symbol) < index
    ]


def _market_problems(market: MarketSpec) -> list[str]:
    """Return what is wrong with a market alone."""
    feed, problems = market.feed, []
    if not market.symbol:
        problems.append("symbol: is empty")
    if (feed.price is None) == (feed.chainlink is None):
        problems.append("feed: give either a price, for a mock, or the address of a chainlink feed")
    if feed.price == 0:
        problems.append("feed.price: must be above zero")
    if feed.decimals > 18:
        problems.append("feed.decimals: is over 18")
    elif feed.price is not None and wad(feed.price) % 10 ** (18 - feed.decimals):
        problems.append(f"feed.price: {feed.price} has more than {feed.decimals} decimals")
    if len((feed.description or "").encode()) > _LONGEST_DESCRIPTION:
        problems.append(f"feed.description: is longer than {_LONGEST_DESCRIPTION} bytes")
    if market.guard is not None:
        problems += _lacking("guard", market.guard.given(), _GUARD_NEEDS)
        if not market.guard.given():
            problems.append("guard: is empty: leave it out for none")
    if market.symbol not in MAJORS:
        problems += [
            f"parameters.{name}: is missing, and there is no default for {market.symbol}"
            for name in _OWN_PARAMETERS
            if getattr(market.parameters, name) is None
        ]
    return problems


def _lacking(part: str, given: dict[str, Any], needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return a problem for every field that does not work without one that is missing."""
    return [
        f"{part}.{name}: needs {part}.{other}"
        for name, others in needs.items()
        for other in others
        if given.get(name) and not given.get(other)
    ]


def _token_problems(spec: DeploymentSpec, token: TokenSpec) -> list[str]:
    """Return what is wrong with a token, but for what its contracts refuse."""
    market, kind = _market_and_kind(spec, token)
    symbols = [market.symbol for market in spec.markets]
    known = ", ".join(symbols)
    problems = [
        f"{name}: is longer than {most} bytes"
        for name, most in _LONGEST.items()
        if len((getattr(token, name) or "").encode()) > most
    ]
    problems += _lacking("rules", token.rules.given(), _RULES_NEED)
    if not market:
        problems.append(f"market: is missing, and {token.symbol} begins with none of {known}")
    elif market not in symbols:
        problems.append(f"market: there is no market {market}; there are: {known}")
    if kind not in KINDS:
        asked = f"there is no kind {token.kind}" if token.kind else "is missing, as in the symbol"
        problems.append(f"kind: {asked}; there are: {', '.join(KINDS)}")
    return problems


def _market_and_kind(spec: DeploymentSpec, token: TokenSpec) -> tuple[str, str]:
    """Return market and kind of a token: as given, or as its symbol says."""
    kind = token.kind or token.symbol[-2:]
    if token.market is not None:
        return token.market, kind
    if token.kind is None:
        return token.symbol[:-2], kind
    begins = (market.symbol for market in spec.markets if token.symbol.startswith(market.symbol))
    return max(begins, key=len, default=""), kind


def _market(market: MarketSpec) -> MarketSetup:
    """Return a market's setup."""
    base = default_market(market.symbol if market.symbol in MAJORS else "ETH")
    if market.symbol not in MAJORS:
        base = replace(base, config=replace(base.config, liquidation_cap=0))
    guard = None if market.guard is None else GuardConfig(**_units(market.guard.given()))
    return MarketSetup(
        symbol=market.symbol,
        feed=_feed(market.feed, market.symbol),
        config=replace(base.config, **_units(market.parameters.given())),
        liquidity=base.liquidity if market.liquidity is None else wad(market.liquidity),
        guard=guard,
    )


def _feed(feed: FeedSpec, symbol: str) -> FeedConfig | LiveFeed:
    """Return a feed's setup."""
    description = feed.description or f"{symbol} / USD"
    if feed.chainlink is not None:
        return LiveFeed(description, feed.chainlink, feed.decimals)
    assert feed.price is not None  # or it would have been a problem
    return FeedConfig(description, wad(feed.price), feed.decimals)


def _token(spec: DeploymentSpec, token: TokenSpec, markets: dict[str, MarketSetup]) -> TokenSetup:
    """Return a token's setup."""
    market, kind = _market_and_kind(spec, token)
    receiver = spec.roles.fee_receiver or ZERO_ADDRESS
    usual = token_of_kind(token.symbol, markets[market], kind, receiver)
    rules = replace(usual.config.rules, **_units(token.rules.given()))
    terms = _units(token.given("symbol", "market", "kind", "rules", "name", "seed", "initial_nav"))
    config = replace(usual.config, rules=rules, **terms)
    own = {name: getattr(token, name) for name in ("name", "seed", "initial_nav")}
    given = {name: value for name, value in own.items() if value is not None}
    return replace(usual, config=config, **_units(given))


def _units(values: dict[str, Any]) -> dict[str, Any]:
    """Return values with amounts in units of 1e-18."""
    return {
        name: wad(value) if isinstance(value, Decimal) else value for name, value in values.items()
    }
