"""Markets of the mock exchange to deploy."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.contract import ZERO_ADDRESS
from steelyard.errors import SteelyardError
from steelyard.model.exchange import WAD, MarketConfig


class DeploymentError(SteelyardError):
    """A configuration that cannot be deployed as it is."""


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
class LiveFeed:
    """A Chainlink feed that is on the chain already.

    Attributes:
        description: What it says it is, e.g. `ETH / USD`.
        address: Where it is, hex str.
        decimals: Of every answer, at most 18.
    """

    description: str
    address: str
    decimals: int = 8


@dataclass(frozen=True)
class GuardConfig:
    """Optional checks around a market's price, as IPriceGuard.PriceChecks; zero is off.

    Attributes:
        sequencer: L2 uptime feed, answer 0 = up; hex str.
        grace_period: After the sequencer came back, seconds.
        reference: Second feed, hex str.
        reference_max_age: Seconds.
        max_deviation: |P - P_ref| <= this * min(P, P_ref), WAD.
        max_jump: |P - last accepted P| <= this * last accepted P, WAD.
        jump_window: An accepted price older than this does not bind, seconds.
        min_price: Quote per 1 underlying, WAD.
        max_price: Quote per 1 underlying, WAD.
    """

    sequencer: str = ZERO_ADDRESS
    grace_period: int = 0
    reference: str = ZERO_ADDRESS
    reference_max_age: int = 0
    max_deviation: int = 0
    max_jump: int = 0
    jump_window: int = 0
    min_price: int = 0
    max_price: int = 0


@dataclass(frozen=True)
class MarketSetup:
    """A market to deploy.

    Attributes:
        symbol: The underlying, e.g. `ETH`; how `System.markets` names the market.
        feed: Where its price comes from: a mock to deploy, or a feed that is there.
        config: Its parameters, but for the oracle, which is only known once it is deployed.
        liquidity: What the owner puts into its pool, quote WAD; 0 leaves the pool empty.
        guard: Further checks of its price, by a PriceGuard of its own.
    """

    symbol: str
    feed: FeedConfig | LiveFeed
    config: MarketConfig
    liquidity: int = 20_000_000 * WAD
    guard: GuardConfig | None = None


# Price (quote), then skew scale, open-interest cap and liquidation cap (underlying).
MAJORS = {"ETH": (2_000, 1_000_000, 31_000, 800), "BTC": (40_000, 100_000, 1_750, 80)}


def default_market(symbol: str) -> MarketSetup:
    """Return the usual market of a major.

    Depth, caps and fees are those of Synthetix perps v2 on Optimism. The cap on the funding rate is
    ours: without one, a market with a single trader drifts until funding wipes him out.

    Args:
        symbol: `ETH` or `BTC`.

    Raises:
        DeploymentError: There is no default for the symbol.
    """
    if symbol not in MAJORS:
        raise DeploymentError(f"no default market for {symbol!r}", f"known: {', '.join(MAJORS)}")
    price, skew_scale, cap, liquidation_cap = MAJORS[symbol]
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
