"""What formulas say of a leveraged token, to lay over what a replay found.

Notation: L the leverage, negative for a short; l = |q| P / E the leverage held, above 0; sigma the
volatility of the price per root year; f the fee of a trade per notional; A = L^2 (L - 1)^2, so that
between trades leverage has a standard deviation of sigma root A per root year.

Sources: decay: M. Avellaneda and S. Zhang, "Path-dependence of leveraged ETF returns", SIAM Journal
on Financial Mathematics 1 (2010) 586-603. Flow of a daily reset: M. Cheng and A. Madhavan, "The
dynamics of leveraged and inverse exchange-traded funds", Journal of Investment Management 7 (2009).
The best band has the form of P. Guasoni and E. Mayerhofer, "Leveraged funds: robust replication and
performance evaluation", Quantitative Finance 23 (2023) 1155-1176, and the cube root of E. Whalley
and P. Wilmott, Mathematical Finance 7 (1997) 307-324; the constants are derived for proportional
costs and tried by simulation: 5 to 20 % off, the more the wider the band. They explain and check;
of a real history, with its jumps, a replay knows more.
"""

from __future__ import annotations

import math
from enum import StrEnum

FUNDING_PERIODS = 3 * 365
"""A year."""


class Style(StrEnum):
    """How far a trade goes once leverage leaves its band.

    TARGET is back to L, EDGE only to the edge of the band.
    """

    TARGET = "target"
    EDGE = "edge"


# Decay


def decay_coefficient(factor: float) -> float:
    """Return what each unit of variance costs, (L^2 - L) / 2 (Avellaneda and Zhang).

    Args:
        factor: L.

    >>> [decay_coefficient(factor) for factor in (2, 3, -1, -2, -3)]
    [1.0, 3.0, 1.0, 3.0, 6.0]
    """
    return (factor * factor - factor) / 2


def growth(
    factor: float, price_ratio: float, variance: float, funding: float = 0.0, costs: float = 0.0
) -> float:
    """Return NAV at the end over NAV at the start, leverage held at L throughout.

    (P_T / P_0)^L exp(-(L^2 - L) / 2 V - L F - costs), Avellaneda and Zhang for a perpetual whose
    collateral earns nothing. Second order: with jumps the third moment counts too.

    Args:
        factor: L.
        price_ratio: P_T / P_0.
        variance: V, the sum of squared log returns.
        funding: F, the sum of the rates paid, fractions; positive: longs pay.
        costs: Fees and the like over the whole time, a fraction of NAV.
    """
    lost = decay_coefficient(factor) * variance + factor * funding + costs
    return float(price_ratio**factor * math.exp(-lost))


def break_even(factor: float, variance: float) -> float:
    """Return the log return of the price above which a long of L beats the price itself.

    L V / 2, from (L - 1) ln(P_T / P_0) > (L^2 - L) / 2 V.

    Args:
        factor: L, above 1.
        variance: V, the sum of squared log returns.
    """
    return factor * variance / 2


# Drift


def drifted(factor: float, move: float) -> float:
    """Return the leverage l after a move of the price: |L| (1 + x) / (1 + L x).

    Args:
        factor: L, at the last trade.
        move: x, a fraction; inf where nothing is left.

    >>> round(drifted(3, -1 / 9), 9), round(drifted(3, 0.1), 4)
    (4.0, 2.5385)
    """
    left = 1 + factor * move
    return abs(factor) * (1 + move) / left if left > 0 else math.inf


def edge_move(factor: float, edge: float) -> float:
    """Return the move of the price that takes leverage from |L| to an edge of the band.

    x = (s e - L) / (L - s e L), s the sign of L: `drifted` solved for the move.

    Args:
        factor: L, at the last trade.
        edge: l at the edge, above 0, not 1.

    Returns:
        A fraction of the price.

    >>> [round(100 * edge_move(3, edge), 2) for edge in (4, 2)]
    [-11.11, 33.33]
    """
    signed = math.copysign(edge, factor)
    return (signed - factor) / (factor - signed * factor)


def reset_turnover(factor: float, volatility: float) -> float:
    """Return the notional that a daily reset trades in a year, per NAV.

    |L (L - 1)| times the mean absolute daily return (Cheng and Madhavan), of a normal one.

    Args:
        factor: L.
        volatility: sigma.
    """
    daily = volatility * math.sqrt(2 / (math.pi * 365))
    return 365 * abs(factor * (factor - 1)) * daily


# Bands


def spread(factor: float) -> float:
    """Return A = L^2 (L - 1)^2: variance of leverage per variance of the price."""
    return (factor * (factor - 1)) ** 2


def trades_per_year(factor: float, half_width: float, volatility: float) -> float:
    """Return how often a band L +- d is left in a year, each time back to L: sigma^2 A / d^2.

    Args:
        factor: L.
        half_width: d, leverage.
        volatility: sigma.
    """
    return volatility**2 * spread(factor) / half_width**2


def cost_per_year(
    factor: float,
    half_width: float,
    volatility: float,
    fee: float,
    style: Style = Style.TARGET,
    fixed: float = 0.0,
) -> float:
    """Return what trading costs in a year, a fraction of NAV: f sigma^2 A / d, half that at EDGE.

    Args:
        factor: L.
        half_width: d, leverage.
        volatility: sigma.
        fee: f.
        style: How far trades go.
        fixed: Cost of a trade whatever its size, a fraction of NAV; only for TARGET.
    """
    cost = fee * volatility**2 * spread(factor) / half_width
    if style is Style.EDGE:
        return cost / 2
    return cost + fixed * trades_per_year(factor, half_width, volatility)


def tracking_error(half_width: float, volatility: float, style: Style = Style.TARGET) -> float:
    """Return how far returns are from L times the price's, per root year.

    sigma d / root 6, the root mean square of a leverage that starts in the middle; at EDGE, where
    all of the band is as likely, sigma d / root 3.

    Args:
        half_width: d, leverage.
        volatility: sigma.
        style: How far trades go.
    """
    return volatility * half_width / math.sqrt(3 if style is Style.EDGE else 6)


def best_band(
    factor: float,
    aversion: float,
    fee: float,
    style: Style = Style.TARGET,
    fixed: float = 0.0,
) -> float:
    """Return the d that makes cost + gamma / 2 (tracking error)^2 least; sigma cancels.

    Back to TARGET it solves gamma d^4 / 12 = f A d / 2 + k A; without the fixed cost k that is
    (6 f A / gamma)^(1/3), without the fee (12 k A / gamma)^(1/4). To the EDGE it is
    (3 f A / (2 gamma))^(1/3).

    Args:
        factor: L.
        aversion: gamma, per variance of the tracking error.
        fee: f.
        style: How far trades go.
        fixed: k, cost of a trade whatever its size, a fraction of NAV; only for TARGET.

    Returns:
        d, leverage.

    >>> round(best_band(3, 5, 0.0005), 3), round(best_band(3, 5, 0.0005, Style.EDGE), 3)
    (0.278, 0.175)
    """
    area = spread(factor) / aversion
    if style is Style.EDGE:
        return math.cbrt(1.5 * fee * area)
    # d^4 outgrows the rest: the sum of both answers alone is above the root.
    low, high = 0.0, math.cbrt(6 * fee * area) + math.sqrt(math.sqrt(12 * fixed * area))
    for _ in range(100):
        middle = (low + high) / 2
        if middle**4 / 12 < fee * area * middle / 2 + fixed * area:
            low = middle
        else:
            high = middle
    return high


# Ends


def wipe_gap(leverage: float, is_long: bool, maintenance: float = 0.0) -> float:
    """Return the move of the price, at once, after which equity is at its maintenance margin.

    Long -(1/l - m) / (1 - m), short (1/l - m) / (1 + m); without maintenance, at nothing.

    Args:
        leverage: l.
        is_long: Side.
        maintenance: m, of notional.

    Returns:
        A fraction of the price.

    >>> round(100 * wipe_gap(4, True, 0.01), 2), round(100 * wipe_gap(4, False, 0.01), 2)
    (-24.24, 23.76)
    """
    left = 1 / leverage - maintenance
    return -left / (1 - maintenance) if is_long else left / (1 + maintenance)


def wipe_probability(jumps: float, years: float, lethal: float) -> float:
    """Return the probability of a lethal jump: 1 - exp(-lambda T p), jumps coming as by Poisson.

    Args:
        jumps: lambda, a year.
        years: T.
        lethal: p, the part of the jumps that goes beyond the gap of the leverage held then.
    """
    return -math.expm1(-jumps * years * lethal)


# Funding


def funding_apr(rate: float) -> float:
    """Return what a rate per 8 hours comes to in a year, paid out of something else; a fraction.

    >>> round(funding_apr(0.0001), 6)
    0.1095
    """
    return rate * FUNDING_PERIODS


def funding_apy(rate: float) -> float:
    """Return the same compounded.

    >>> round(funding_apy(0.0001), 4)
    0.1157
    """
    return math.expm1(FUNDING_PERIODS * math.log1p(rate))


def funding_drag(factor: float, rate: float) -> float:
    """Return what funding leaves of a token in a year: exp(-L F).

    Args:
        factor: L.
        rate: Per 8 hours; positive: longs pay.
    """
    return math.exp(-factor * funding_apr(rate))
