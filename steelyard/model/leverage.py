"""Leverage maths: the integer-exact twin of contracts/modules/leverage_math.vy.

WAD is 1e18. Sizes are underlying (WAD, + long, - short), prices quote per 1 underlying (WAD), money
quote (WAD), leverage and ratios WAD.
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.model.arithmetic import WAD, sdiv
from steelyard.model.venue import maths

YEAR = 365 * 86_400
INFINITE_LEVERAGE = 2**256 - 1
QUOTES = 3
"""How often the cost of an answer makes a better one."""

MAX_SIZE = 2**96 - 1
"""Largest trade answered, underlying WAD."""

NO_COST = 2**255 - 1
"""The cost of a trade without a fill."""

MAX_FILL = 2**100
"""Largest fill an order gets here, WAD: 64 times the largest price."""


@dataclass(frozen=True)
class Market:
    """What the venue charges.

    Attributes:
        price: Oracle price, WAD.
        skew: Longs - shorts, underlying WAD.
        skew_scale: K, underlying WAD; 0 = orders fill at the oracle price.
        maker_fee: WAD of notional at the fill.
        taker_fee: WAD of notional at the fill.
    """

    price: int
    skew: int
    skew_scale: int
    maker_fee: int
    taker_fee: int


def leverage(size: int, price: int, equity: int) -> int:
    """Real leverage N / E, WAD, rounded down; infinite for a position without positive equity.

    >>> leverage(3 * WAD, 100 * WAD, 100 * WAD) == 3 * WAD
    True
    """
    if size == 0:
        return 0
    if equity <= 0:
        return INFINITE_LEVERAGE
    return abs(size) * price // equity


def fill_price(market: Market, size_delta: int) -> int:
    """Fill of an order: WAD, up for a buy, down for a sell; 0 when none exists.

    None exists either where its fee would overflow.
    """
    if market.skew_scale == 0:
        return market.price
    fill = maths.fill_price(market.price, market.skew_scale, market.skew, size_delta)
    return fill if fill <= MAX_FILL else 0


def fee(market: Market, size_delta: int, fill: int) -> int:
    """The order fee of trading d: quote WAD, rounded up."""
    return maths.order_fee(fill, market.skew, size_delta, market.maker_fee, market.taker_fee)


def cost(market: Market, size_delta: int, fill: int) -> int:
    """What trading d takes from equity at the oracle price: fee + d (fill - P).

    Returns:
        Quote WAD, rounded up; negative when the trade relieves the skew by more than its fee.
    """
    return fee(market, size_delta, fill) - size_delta * (market.price - fill) // WAD


def cost_at_fill(market: Market, size_delta: int) -> int:
    """What trading d costs at its own fill, quote WAD; NO_COST when there is none.

    A trade beyond what any venue takes has none either.
    """
    if size_delta == 0:
        return 0
    fill = fill_price(market, size_delta) if abs(size_delta) <= MAX_SIZE else 0
    return cost(market, size_delta, fill) if fill else NO_COST


def delta_to(market: Market, size: int, equity: int, is_long: bool, aim: int, rate: int) -> int:
    """The trade that leaves leverage `aim` after its own cost and reward.

    Solves |q + d| P = L' (E - c(d) - rate |d| P) by |d| P = |L' E - N| / (1 +- L' (u + rate)),
    + when it raises leverage, with u the cost per notional of the last answer, three times. Where
    an answer has no fill, or costs more than it moves, the one before it stands.

    Args:
        market: What the venue charges.
        size: q, underlying WAD.
        equity: E > 0, quote WAD.
        is_long: Side of the token.
        aim: L', WAD.
        rate: Reward per notional traded, WAD.

    Returns:
        d, underlying WAD, rounded toward zero; 0 when the aim is reached to the smallest unit.
    """
    notional_36 = abs(size) * market.price
    wanted_36 = aim * equity
    upward = wanted_36 > notional_36
    gap_36 = abs(wanted_36 - notional_36)
    per_notional = rate
    delta = 0
    for i in range(QUOTES + 1):
        factor = sdiv(aim * per_notional, WAD)
        factor = WAD + factor if upward else WAD - factor
        if factor <= 0:
            break
        amount = gap_36 * WAD // (market.price * factor)
        amount = min(amount, MAX_SIZE if upward else abs(size))
        delta = amount if upward == is_long else -amount
        traded = amount * market.price // WAD
        if traded == 0 or i == QUOTES:
            break
        fill = fill_price(market, delta)
        if fill == 0:
            break
        per_notional = rate + sdiv(cost(market, delta, fill) * WAD, traded)
    return delta


def growth(rate: int, elapsed: int) -> int:
    """e^(rate * elapsed) - 1 by four Taylor terms, WAD, rounded down.

    Args:
        rate: Per year, WAD, at most 0.06.
        elapsed: Seconds.
    """
    x = rate * elapsed // YEAR
    x2 = x * x // WAD
    x3 = x2 * x // WAD
    return x + x2 // 2 + x3 // 6 + x3 * x // WAD // 24
