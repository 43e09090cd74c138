"""The vocabulary of interfaces/IRebalancePolicy.vyi, with its names, units and order.

Leverage, ratios and rates WAD (1e18); sizes underlying WAD; money quote WAD; times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from steelyard.model.arithmetic import WAD
from steelyard.model.venue.states import ZERO_ADDRESS


class Trigger(IntEnum):
    """Why a token trades; the first that holds counts. Values are those of the contract's flag."""

    NOTHING = 1
    WIND_DOWN = 2
    EMERGENCY = 4
    UNFINISHED = 8
    DRIFT = 16
    REBUILD = 32
    SCHEDULE = 64


class Obstacle(IntEnum):
    """What stands in the way of the trade. Values are those of the contract's flag."""

    CLEAR = 1
    WIPED = 2
    FLAGGED = 4
    VENUE = 8
    PRICE = 16
    REFERENCE = 32
    COOLDOWN = 64
    BUDGET = 128
    NO_SAFE_SIZE = 256
    BOUND = 512
    FUTILE = 1024


@dataclass(frozen=True)
class Rules:
    """How a token rebalances; the defaults are those of docs/protocol.md.

    Attributes:
        target: T, leverage WAD.
        leverage_lo: Lower edge of the band, leverage WAD.
        leverage_hi: Upper edge of the band, leverage WAD.
        emergency_leverage: em, leverage WAD.
        recentering: Share of the way back to T, WAD.
        min_drift: |L / T - 1| that a scheduled trade needs, WAD.
        max_slippage: b, WAD.
        emergency_slippage: The widest b, WAD.
        min_rate: r_min, reward per notional traded, WAD.
        max_rate: r_max, WAD.
        max_reward: Of equity, WAD.
        trade_share: Of the market's safe size, WAD.
        cost_budget: Of equity per day, WAD.
        boundary: Of the day, seconds after midnight UTC.
        window: Seconds after the boundary.
        scheduled: Whether SCHEDULE is on.
        auction_duration: Seconds.
        cooldown: Seconds.
        reference: Second AggregatorV3, or the zero address.
        reference_max_age: Seconds.
        max_deviation: |P - P_ref| per P_ref, WAD.
    """

    target: int
    leverage_lo: int
    leverage_hi: int
    emergency_leverage: int
    recentering: int = WAD
    min_drift: int = WAD // 10
    max_slippage: int = WAD // 100
    emergency_slippage: int = WAD * 5 // 100
    min_rate: int = WAD // 10_000
    max_rate: int = WAD // 1_000
    max_reward: int = WAD * 3 // 1_000
    trade_share: int = WAD // 2
    cost_budget: int = WAD * 12 // 1_000
    boundary: int = 120
    window: int = 7_200
    scheduled: bool = False
    auction_duration: int = 1_800
    cooldown: int = 60
    reference: str = ZERO_ADDRESS
    reference_max_age: int = 0
    max_deviation: int = WAD // 100


@dataclass(frozen=True)
class Memory:
    """What a token remembers between trades.

    Attributes:
        aim: Of a chunked trade that goes on, leverage WAD; 0 = none.
        since: When it began, seconds.
        upward: Whether it raises leverage.
        rebuilding: Whether it rebuilds a closed position.
        traded_at: Last rebalance, seconds; `budget_used` is of then.
        budget_used: Cost and reward per equity, WAD.
        winding_down_at: When wind-down began, seconds; 0 = never.
        winding_down_size: |size| then, underlying WAD.
    """

    aim: int = 0
    since: int = 0
    upward: bool = False
    rebuilding: bool = False
    traded_at: int = 0
    budget_used: int = 0
    winding_down_at: int = 0
    winding_down_size: int = 0


@dataclass(frozen=True)
class Decision:
    """What a rebalance would do now.

    Attributes:
        trigger: Why.
        obstacle: What forbids it; the rest is what would be done without it.
        leverage: L now, WAD; INFINITE_LEVERAGE when equity is not positive, 0 without a price.
        aim: L', WAD.
        size_delta: This trade, underlying WAD; 0 when no part of it fits.
        whole_delta: To the aim, underlying WAD.
        cost: Of this trade, fee and impact, quote WAD; negative = rebate.
        reward: Of this trade, at most what the venue lets leave with it, quote WAD.
        price_limit: Worst fill, WAD.
        slippage: b behind it, WAD.
        ready_at: When COOLDOWN or BUDGET ends, or the next boundary that counts comes, seconds;
            0 = unknown.
    """

    trigger: Trigger = Trigger.NOTHING
    obstacle: Obstacle = Obstacle.CLEAR
    leverage: int = 0
    aim: int = 0
    size_delta: int = 0
    whole_delta: int = 0
    cost: int = 0
    reward: int = 0
    price_limit: int = 0
    slippage: int = 0
    ready_at: int = 0
