"""How far a position is from liquidation."""

from __future__ import annotations

from steelyard.model.arithmetic import WAD
from steelyard.model.exchange import MarketConfig
from steelyard.model.venue.maths import maintenance_margin

_STEPS = 12


def distance(size: int, equity: int, price: int, config: MarketConfig) -> int | None:
    """Return the adverse move of the price after which equity is at its maintenance margin.

    E - |q| P x = maintenance(P (1 -+ x)), solved from the margin at P: that is a percent or two of
    notional, so each step leaves a hundredth of the error.

    Args:
        size: q, underlying WAD.
        equity: E, quote WAD.
        price: P, WAD.
        config: Of the market.

    Returns:
        WAD, 0 = due now; None without a position.

    >>> from steelyard.deployment import default_market
    >>> config = default_market("BTC").config
    >>> round(distance(75 * WAD, 1_000_000 * WAD, 40_000 * WAD, config) / WAD, 4)
    0.3272
    """
    if size == 0:
        return None
    notional = abs(size) * price // WAD
    adverse = -1 if size > 0 else 1
    move = 0
    for _ in range(_STEPS):
        moved = max(price * (WAD + adverse * move) // WAD, 0)
        margin = maintenance_margin(
            size,
            moved,
            config.skew_scale,
            config.maintenance_ratio,
            config.liquidation_fee_ratio,
            config.liquidation_premium,
            config.min_keeper_fee,
            config.max_keeper_fee,
        )
        move = max((equity - margin) * WAD // notional, 0)
    return min(move, WAD) if size > 0 else move
