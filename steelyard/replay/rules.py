"""When a token trades, and to which leverage: Steelyard's own rule, and those of exchanges.

Steelyard's rule is its real contract, `RebalancePolicy`, with its parameters; nothing here repeats
what it does. The rules of other venues are pure functions of what is known when they are asked,
the same for one token and for arrays of them, so that both engines play the same rule.

Sources: what the venues published of their rules (FTX help 360032509552 and 360024479452, Bybit
help 000001605, KuCoin support 900004691986, MEXC blog on rebalancing, Gate's leveraged ETF pages,
Index Coop's docs of the flexible leverage indices).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from steelyard.deployment import default_market
from steelyard.deployment.tokens import KINDS, token_of_kind
from steelyard.errors import SteelyardError
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Rules

YEAR_DAYS = 365
STEELYARD = "steelyard"


class RuleError(SteelyardError):
    """A rule or a token that there is not."""


class Kind(NamedTuple):
    """What a token is.

    Attributes:
        target: Leverage, above 0.
        is_long: Its side.
    """

    target: float
    is_long: bool

    @property
    def factor(self) -> float:
        """Leverage, negative for a short."""
        return self.target if self.is_long else -self.target

    def __str__(self) -> str:
        """Return it as people write it.

        >>> print(Kind(3.0, True), Kind(1.5, False))
        3L 1.5S
        """
        return f"{self.target:g}{'L' if self.is_long else 'S'}"


@dataclass(frozen=True)
class Steelyard:
    """The token's own rule: the contract decides.

    Attributes:
        rules: Its parameters, as the factory takes them.
        management_fee: Of net asset value per year, a fraction.
        name: For people.
    """

    rules: Rules
    management_fee: float = 0.01
    name: str = STEELYARD

    @property
    def target(self) -> float:
        """Leverage, above 0."""
        return self.rules.target / WAD

    @property
    def lower(self) -> float:
        """Lower edge of the band, leverage."""
        return self.rules.leverage_lo / WAD

    @property
    def upper(self) -> float:
        """Upper edge of the band, leverage."""
        return self.rules.leverage_hi / WAD


@dataclass(frozen=True)
class Preset:
    """The rule of another venue. It trades whole, at once, and pays no keeper.

    Attributes:
        name: For people.
        target: Leverage it goes back to, above 0.
        lower: It trades at or below this leverage; 0 = never for that.
        upper: It trades at or above this leverage; inf = never for that.
        recentering: Share of the way back to the target that a trade goes, in (0, 1]; what is less
            than all of it ends in [lower, upper].
        edges: Whether the band calls for a trade at any time; else only its schedule does.
        adverse_move: It trades once the price has moved this fraction against the token since its
            last trade; inf = never for that.
        every: Length of its schedule, seconds; 0 = none.
        boundary: Of the schedule, seconds after midnight UTC.
        least_move: A scheduled trade needs this move of the price since the last trade, a
            fraction, or a leverage out of the band.
        management_fee: Of net asset value per year, a fraction.
    """

    name: str
    target: float
    lower: float = 0.0
    upper: float = np.inf
    recentering: float = 1.0
    edges: bool = True
    adverse_move: float = np.inf
    every: int = 0
    boundary: int = 0
    least_move: float = 0.0
    management_fee: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no rule.

        Raises:
            RuleError: The figures contradict each other.
        """
        if not 0 <= self.lower < self.target < self.upper:
            raise RuleError(f"{self.name}: the target is not inside its band", "lower < T < upper")
        if not 0 < self.recentering <= 1 or not self.adverse_move > 0 or self.every < 0:
            raise RuleError(f"{self.name}: a figure is out of range", "see Preset")


Rule = Steelyard | Preset


def period(rule: Preset, time: Any, step: int) -> Any:
    """Return how many boundaries of the schedule have come by the end of a bar.

    A scheduled trade is done in the bar that has its boundary, at the bar's open. It is due as long
    as this number is not the one that was served last.

    Args:
        rule: With a schedule, or without: then it is always 0.
        time: Start of the bar, unix seconds; int or int64 array.
        step: Length of the bar, seconds.
    """
    return (time + step - 1 - rule.boundary) // rule.every if rule.every else time * 0


def is_due(
    rule: Preset, is_long: Any, leverage: Any, price: Any, traded_price: Any, scheduled: Any
) -> Any:
    """Return whether a token trades now; bools, or bool arrays where any argument is an array.

    Args:
        rule: Which.
        is_long: Side of the token, bool.
        leverage: Real leverage, float; inf without equity.
        price: Now, quote.
        traded_price: At the last trade, quote.
        scheduled: Whether a boundary has come that was not served, bool.
    """
    outside = (leverage <= rule.lower) | (leverage >= rule.upper)
    move = price / traded_price - 1
    adverse = ((move <= -rule.adverse_move) & is_long) | (
        (move >= rule.adverse_move) & (is_long ^ True)
    )
    worth = outside | (abs(move) >= rule.least_move)
    return (outside & rule.edges) | adverse | (scheduled & worth)


def aim(rule: Preset, leverage: Any) -> Any:
    """Return the leverage that a trade goes for; float, or float64 array.

    Args:
        rule: Which.
        leverage: Real leverage, finite.
    """
    if rule.recentering == 1:
        return rule.target + leverage * 0
    towards = leverage + (rule.target - leverage) * rule.recentering
    return np.minimum(np.maximum(towards, rule.lower), rule.upper)


def parse_kind(text: str) -> Kind:
    """Return what a token is.

    Args:
        text: Leverage and side: `3L`, `2S`, `1.5L`.

    Raises:
        RuleError: It is none.

    >>> parse_kind("3S")
    Kind(target=3.0, is_long=False)
    """
    try:
        target = float(text[:-1])
    except ValueError:
        target = 0.0
    if text[-1:] not in ("L", "S") or not 0 < target < 100:
        raise RuleError(f"{text!r} is no token", "write leverage and side: 3L, 2S")
    return Kind(target, text[-1] == "L")


def make_rule(name: str, kind: Kind) -> Rule:
    """Return a rule for a token.

    Args:
        name: `steelyard`, or one of `PRESETS`.
        kind: What the token is.

    Raises:
        RuleError: There is no such rule.

    >>> make_rule("bybit", Kind(3.0, True)).upper
    4.0
    """
    if name == STEELYARD:
        return Steelyard(steelyard_rules(kind))
    if name not in PRESETS:
        raise RuleError(f"no rule {name!r}", f"known: {', '.join((STEELYARD, *PRESETS))}")
    return PRESETS[name](kind.target)


def steelyard_rules(kind: Kind) -> Rules:
    """Return the parameters that Steelyard offers for a token, or like them for one it does not.

    Args:
        kind: What it is.
    """
    if str(kind) in KINDS:
        return token_of_kind("X", default_market("BTC"), str(kind)).config.rules
    target, unit = round(kind.target * 10_000), 10**14
    lo, hi = target * 2 // 3, target * 4 // 3
    cost = kind.target * (kind.target - 1 if kind.is_long else kind.target + 1)
    return Rules(
        target=target * unit,
        leverage_lo=lo * unit,
        leverage_hi=hi * unit,
        emergency_leverage=-(-hi * 5 // 4) * unit,
        trade_share=WAD // 10,
        cost_budget=round(min(max(cost * 0.002, 0.005), 0.1) * 10**6) * 10**12,
    )


def yearly(daily: float) -> float:
    """Return what a fee taken daily comes to in a year, a fraction.

    >>> round(yearly(0.0003), 3)
    0.104
    """
    return float(1 - (1 - daily) ** YEAR_DAYS)


def _ftx(target: float) -> Preset:
    """Daily at 00:02 UTC, and at once a third above the target."""
    fee = yearly(0.0003)
    upper = target * 4 / 3
    return Preset("ftx", target, upper=upper, every=DAY, boundary=120, management_fee=fee)


def _bybit(target: float) -> Preset:
    """Out of a band of a third, edges included; no schedule."""
    band = target * 2 / 3, target * 4 / 3
    return Preset("bybit", target, *band, management_fee=yearly(0.00005))


def _kucoin(target: float) -> Preset:
    """Daily at 23:30 UTC, and at once when the price has moved 15 % against a triple token."""
    move, fee = 0.45 / target, yearly(0.00045)
    return Preset(
        "kucoin", target, adverse_move=move, every=DAY, boundary=84_600, management_fee=fee
    )


def _mexc(target: float) -> Preset:
    """Daily at 16:00 UTC, and at once when the price has moved 15 % against a triple token."""
    move, fee = 0.45 / target, yearly(0.00001)
    return Preset("mexc", target, adverse_move=move, every=DAY, boundary=57_600, management_fee=fee)


def _gate(target: float) -> Preset:
    """Out of its band, and daily at 16:00 UTC if the price has moved by 1 %."""
    band, fee = (target * 0.75, target * 1.375), yearly(0.001)
    return Preset(
        "gate", target, *band, every=DAY, boundary=57_600, least_move=0.01, management_fee=fee
    )


def _fli(target: float) -> Preset:
    """Daily, a twentieth of the way back, and never out of its band."""
    band = target * 0.85, target * 1.15
    return Preset(
        "fli", target, *band, recentering=0.05, edges=False, every=DAY, management_fee=0.0195
    )


def _daily(target: float) -> Preset:
    """Daily at midnight UTC, whatever has happened: the rule of textbooks."""
    return Preset("daily", target, every=DAY)


def _hold(target: float) -> Preset:
    """Never: leverage is what the price makes of it."""
    return Preset("hold", target)


PRESETS = {
    "ftx": _ftx,
    "bybit": _bybit,
    "kucoin": _kucoin,
    "mexc": _mexc,
    "gate": _gate,
    "fli": _fli,
    "daily": _daily,
    "hold": _hold,
}
"""By name: leverage to rule. Two are yardsticks of nobody: `daily` and `hold`."""
