"""Feeds that a deployment expects on the chain: each is asked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steelyard.abi import AbiError
from steelyard.abis import load_abi
from steelyard.chain import Chain, ChainContract, Reverted
from steelyard.deployment.markets import MAJORS, default_market
from steelyard.deployment.resolving import system_config
from steelyard.deployment.spec import DeploymentSpec, SpecError
from steelyard.deployment.stand_in import Round
from steelyard.deployment.system import SystemConfig

_MAX_DECIMALS = 18
_MAX_ANSWER = 2**94  # price_feed.vy: the accounting is proven for no more


@dataclass(frozen=True)
class Expected:
    """A feed that a configuration names.

    Attributes:
        path: Of the field that names it.
        address: Where it must be.
        symbol: Of the market it is for.
        description: What it must say it is; whatever it says, if empty.
        decimals: What it must say, None for at most 18.
        max_age: How old its answer may be, seconds; 0 for a sequencer's uptime feed.
    """

    path: str
    address: str
    symbol: str
    description: str = ""
    decimals: int | None = None
    max_age: int = 0


def expected_feeds(spec: DeploymentSpec, config: SystemConfig) -> Iterator[Expected]:
    """Yield the feeds that a configuration names, in the order of its fields.

    Args:
        spec: The configuration.
        config: What `system_config` made of it.
    """
    for index, (market, setup) in enumerate(zip(spec.markets, config.markets, strict=True)):
        path, symbol = f"markets[{index}]", market.symbol
        if market.feed.chainlink is not None:
            feed = market.feed
            age = setup.config.max_age
            says, where = setup.feed.description, f"{path}.feed.chainlink"
            yield Expected(where, market.feed.chainlink, symbol, says, feed.decimals, age)
        guard = market.guard
        if guard is not None and guard.sequencer is not None:
            yield Expected(f"{path}.guard.sequencer", guard.sequencer, symbol)
        if guard is not None and guard.reference is not None:
            age = guard.reference_max_age or 1
            yield Expected(f"{path}.guard.reference", guard.reference, symbol, max_age=age)
    for index, (token, made) in enumerate(zip(spec.tokens, config.tokens, strict=True)):
        if token.rules.reference is not None:
            age = token.rules.reference_max_age or 1
            path = f"tokens[{index}].rules.reference"
            yield Expected(path, token.rules.reference, made.market, max_age=age)


def read_feeds(chain: Chain, spec: DeploymentSpec) -> dict[str, Round]:
    """Ask every feed that a configuration names, and return what they say, by address.

    Args:
        chain: Where they are.
        spec: The configuration.

    Raises:
        SpecError: With every feed that is not there, is another, or gives no usable answer.
        ChainError: The node does not answer.
    """
    now = chain.block().timestamp
    rounds: dict[str, Round] = {}
    problems: list[str] = []
    for feed in expected_feeds(spec, system_config(spec)):
        found = ask_feed(chain, feed, now)
        if isinstance(found, str):
            problems.append(f"{feed.path}: {found}")
        else:
            rounds[feed.address] = found
    if problems:
        raise SpecError(problems)
    return rounds


def assumed_feeds(spec: DeploymentSpec) -> dict[str, Round]:
    """Return what the feeds of a configuration may say, for a look at it without a chain."""
    rounds: dict[str, Round] = {}
    for feed in expected_feeds(spec, system_config(spec)):
        decimals = 8 if feed.decimals is None else feed.decimals
        price = 0
        if feed.max_age:
            price = _usual_price(feed.symbol) * 10**decimals
        rounds[feed.address] = Round(decimals, price)
    return rounds


def _usual_price(symbol: str) -> int:
    """Return a price for a market without one, quote per 1 underlying, whole."""
    return MAJORS[default_market(symbol if symbol in MAJORS else "ETH").symbol][0]


def ask_feed(chain: Chain, feed: Expected, now: int) -> Round | str:
    """Return what a feed says, or what is wrong with it.

    Args:
        chain: Where it is.
        feed: What it should be.
        now: Unix seconds.

    Raises:
        ChainError: The node does not answer.
    """
    if not chain.code(feed.address):
        return f"there is no contract at {feed.address} on chain {chain.chain_id}"
    contract = ChainContract(chain, feed.address, load_abi("IAggregatorV3"))
    try:
        description, decimals = contract.call.description(), contract.call.decimals()
        _, answer, _, updated_at, _ = contract.call.latestRoundData()
    except (Reverted, AbiError) as error:
        return f"{feed.address} is no working Chainlink feed: {error}"
    if feed.description and description != feed.description:
        return f"the feed at {feed.address} is {description!r}, not {feed.description!r}"
    if decimals > _MAX_DECIMALS or feed.decimals not in (None, decimals):
        wanted = f"at most {_MAX_DECIMALS}" if feed.decimals is None else feed.decimals
        return f"the feed at {feed.address} has {decimals} decimals, not {wanted}"
    if not feed.max_age:  # an uptime feed: 0 is up
        return Round(decimals, 0) if answer == 0 else f"the sequencer is down: it says {answer}"
    if not 0 < answer <= _MAX_ANSWER:
        return f"the feed at {feed.address} gives no price: its answer is {answer}"
    age = now - updated_at
    if not 0 <= age <= feed.max_age:
        return f"the price of {feed.address} is {age} seconds old: more than {feed.max_age}"
    return Round(decimals, answer)
