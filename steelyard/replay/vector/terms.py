"""What tokens are and where they trade, as arrays: one column for each token."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from steelyard.model.arithmetic import WAD
from steelyard.model.policy.case import MIN_EQUITY
from steelyard.replay.path import YEAR, Floats, Ints, Path
from steelyard.replay.rules import Preset, Steelyard
from steelyard.replay.settings import Settings

NEVER = 1e300
"""Where a bound is none."""


class Terms(NamedTuple):
    """Figures of tokens, float64, shape (tokens,); ratios are fractions, times seconds.

    Attributes:
        side: 1 for a long, -1 for a short.
        target: Leverage.
        lower: Edge of the band, leverage.
        upper: Edge of the band, leverage; 1e300 = none.
        recentering: Share of the way back.
        delay: Of the keeper, bars.
        fee_rate: Continuous management fee per second.
        scale: Skew scale, underlying.
        maker: Fee of orders that lower the skew.
        taker: Fee of those that raise it.
        most_leverage: Of the venue.
        maintenance: Of notional.
        liquidation_fee: Of the notional closed.
        premium: Multiplies |q| / K in the maintenance margin.
        least_keeper_fee: Quote.
        most_keeper_fee: Quote.
        least_margin: Quote.
        most_interest: Of a side, underlying.
        most_notional: Of a side, quote.
        reserve: Of open notional, that the pool keeps.
        cap: Most that partial liquidations close a second, underlying; 0 = close whole.
        least: Equity that a position needs, quote.
        max_rate: Of the venue's own funding, per day.
        max_velocity: Of it, per day^2.
        edges: 1 where the band calls for a trade at any time.
        adverse: Move against the token that calls for a trade; 1e300 = none.
        emergency: Leverage; from here on Steelyard's own rule only.
        min_drift: That a scheduled trade needs.
        slippage: b.
        emergency_slippage: The widest b.
        min_rate: Reward per notional.
        max_rate_paid: Reward per notional.
        max_reward: Of equity.
        chunk: Most one trade may be, underlying.
        budget: Of equity per day.
        boundary: Seconds after midnight UTC.
        window: Seconds after the boundary.
        scheduled: 1 where the daily trade is on.
        auction: Seconds.
        cooldown: Seconds.
        every: Length of the schedule, seconds; 0 = none; from here on presets only.
        least_move: Of a scheduled trade.
    """

    side: Floats
    target: Floats
    lower: Floats
    upper: Floats
    recentering: Floats
    delay: Floats
    fee_rate: Floats
    scale: Floats
    maker: Floats
    taker: Floats
    most_leverage: Floats
    maintenance: Floats
    liquidation_fee: Floats
    premium: Floats
    least_keeper_fee: Floats
    most_keeper_fee: Floats
    least_margin: Floats
    most_interest: Floats
    most_notional: Floats
    reserve: Floats
    cap: Floats
    least: Floats
    max_rate: Floats
    max_velocity: Floats
    edges: Floats
    adverse: Floats
    emergency: Floats
    min_drift: Floats
    slippage: Floats
    emergency_slippage: Floats
    min_rate: Floats
    max_rate_paid: Floats
    max_reward: Floats
    chunk: Floats
    budget: Floats
    boundary: Floats
    window: Floats
    scheduled: Floats
    auction: Floats
    cooldown: Floats
    every: Floats
    least_move: Floats


class Table:
    """The terms of all tokens.

    Attributes:
        all: Of every token.
        is_own: Whether they trade by Steelyard's own rule.
    """

    def __init__(self, settings: Sequence[Settings], paths: Sequence[Path]) -> None:
        """Read them.

        Args:
            settings: Of each token.
            paths: Of each token.
        """
        self.is_own = settings[0].is_own
        made = {}
        columns = []
        for each, path in zip(settings, paths, strict=True):
            key = each, int(path.open[0])
            if key not in made:
                made[key] = _column(each, path)
            columns.append(made[key])
        self._matrix = np.array(columns, dtype=np.float64).T.copy()
        self.all = Terms._make(self._matrix)

    def take(self, tokens: Ints) -> Floats:
        """Return the terms of some tokens, float64, shape (fields of Terms, tokens)."""
        taken: Floats = self._matrix[:, tokens]
        return taken


def _column(settings: Settings, path: Path) -> list[float]:
    """Return one token's terms in the order of `Terms`."""
    venue = settings.venue.market(path).config
    rule = settings.rule
    terms = {
        "side": 1.0 if settings.kind.is_long else -1.0,
        "target": rule.target,
        "lower": rule.lower,
        "upper": min(rule.upper, NEVER),
        "delay": settings.keeper.delay,
        "fee_rate": -math.log1p(-settings.fee) / YEAR,
        "scale": venue.skew_scale / WAD,
        "maker": venue.maker_fee / WAD,
        "taker": venue.taker_fee / WAD,
        "most_leverage": venue.max_leverage / WAD,
        "maintenance": venue.maintenance_ratio / WAD,
        "liquidation_fee": venue.liquidation_fee_ratio / WAD,
        "premium": venue.liquidation_premium / WAD,
        "least_keeper_fee": venue.min_keeper_fee / WAD,
        "most_keeper_fee": venue.max_keeper_fee / WAD,
        "least_margin": venue.min_margin / WAD,
        "most_interest": venue.max_long / WAD,
        "most_notional": venue.max_notional / WAD,
        "reserve": venue.reserve_factor / WAD,
        "cap": venue.liquidation_cap / WAD,
        "least": max(MIN_EQUITY, 2 * venue.min_margin, 10 * venue.min_keeper_fee) / WAD,
        "max_rate": venue.max_funding_rate / WAD,
        "max_velocity": venue.max_funding_velocity / WAD,
        "edges": 1.0,
        "adverse": NEVER,
    }
    terms |= dict.fromkeys(Terms._fields[Terms._fields.index("emergency") :], 0.0)
    if isinstance(rule, Steelyard):
        safe = 2 * min(venue.maker_fee, venue.taker_fee) / WAD * terms["scale"]
        terms |= _own(rule, safe)
    else:
        terms |= _preset(rule)
    return [terms[name] for name in Terms._fields]


def _own(rule: Steelyard, safe: float) -> dict[str, float]:
    """Return the terms of Steelyard's own rule.

    Args:
        rule: Which.
        safe: Size that cannot be sandwiched, underlying.
    """
    rules = rule.rules
    return {
        "recentering": rules.recentering / WAD,
        "emergency": rules.emergency_leverage / WAD,
        "min_drift": rules.min_drift / WAD,
        "slippage": rules.max_slippage / WAD,
        "emergency_slippage": rules.emergency_slippage / WAD,
        "min_rate": rules.min_rate / WAD,
        "max_rate_paid": rules.max_rate / WAD,
        "max_reward": rules.max_reward / WAD,
        "chunk": safe * rules.trade_share / WAD,
        "budget": rules.cost_budget / WAD,
        "boundary": rules.boundary,
        "window": rules.window,
        "scheduled": rules.scheduled,
        "auction": rules.auction_duration,
        "cooldown": rules.cooldown,
    }


def _preset(rule: Preset) -> dict[str, float]:
    """Return the terms of another venue's rule."""
    return {
        "recentering": rule.recentering,
        "edges": rule.edges,
        "adverse": min(rule.adverse_move, NEVER),
        "every": rule.every,
        "boundary": rule.boundary,
        "least_move": rule.least_move,
    }
