"""What is replayed: a token, its rule, its venue, its keeper, and who comes and goes.

Figures are floats, as people give them and as sweeps vary them; what the contracts store in units
is rounded to them in one place, `Venue.market`, from which both engines take it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from steelyard.deployment import FeedConfig, MarketSetup
from steelyard.errors import SteelyardError
from steelyard.model.arithmetic import WAD
from steelyard.model.exchange import MarketConfig
from steelyard.model.venue.parameters import MAX_INTEREST
from steelyard.replay.path import PRICE_STEP, Path
from steelyard.replay.rules import Kind, Rule, Steelyard, make_rule, parse_kind

SYMBOL = "X"
"""What the market is called."""
_MICRO = 10**12
_MOST_SCALE = 2**40 - 1
_MOST_NOTIONAL = 4 * 10**11
_AGE_SLACK = 300
_MAX_AGE = 2**20 - 1


class SettingsError(SteelyardError):
    """What cannot be replayed."""


@dataclass(frozen=True)
class Venue:
    """A market of the mock exchange. The defaults are those of the majors, see `default_market`.

    Attributes:
        depth: Skew scale K times the first price, quote: an order of this notional fills 50 %
            above the price. Sizes scale with it.
        maker_fee: On the part of an order that lowers |skew|, a fraction.
        taker_fee: On the part that raises it, a fraction.
        max_leverage: Whole.
        maintenance_ratio: Of notional.
        liquidation_fee_ratio: Of the notional closed.
        liquidation_premium: Multiplies |size| / K in the maintenance margin.
        min_keeper_fee: Quote.
        max_keeper_fee: Quote.
        min_margin: Quote.
        liquidation_cap: Most that partial liquidations close a second, of K; 0 = close whole.
        max_interest: Of each side, of K.
        liquidity: What the pool has, quote.
        own_funding: Whether funding follows the token's own skew, else the path's rates.
        max_funding_velocity: Of its own funding: change a day at full skew, a fraction per day.
        max_funding_rate: Of its own funding, a fraction per day.
    """

    depth: float = 4e9
    maker_fee: float = 0.0002
    taker_fee: float = 0.0006
    max_leverage: int = 25
    maintenance_ratio: float = 0.0075
    liquidation_fee_ratio: float = 0.0035
    liquidation_premium: float = 1.5625
    min_keeper_fee: float = 2.0
    max_keeper_fee: float = 1_000.0
    min_margin: float = 50.0
    liquidation_cap: float = 0.0008
    max_interest: float = 0.9
    liquidity: float = 1e10
    own_funding: bool = False
    max_funding_velocity: float = 9.0
    max_funding_rate: float = 0.005

    def market(self, path: Path) -> MarketSetup:
        """Return the market to deploy, every figure as the contract stores it.

        Args:
            path: Its first price says what the depth is in underlying, and its bars how old a
                price may get.
        """
        first = int(path.open[0]) * PRICE_STEP
        scale = min(max(round(self.depth * WAD / first), 1), _MOST_SCALE) * WAD
        interest = min(
            _of(self.max_interest, scale, 10**6), _of(MAX_INTEREST / scale, scale, 10**6)
        )
        config = MarketConfig(
            max_age=min(path.step + _AGE_SLACK, _MAX_AGE),
            skew_scale=scale,
            max_funding_velocity=_in(self.max_funding_velocity, _MICRO),
            max_funding_rate=_in(self.max_funding_rate, _MICRO),
            maker_fee=_in(self.maker_fee, _MICRO),
            taker_fee=_in(self.taker_fee, _MICRO),
            max_leverage=self.max_leverage * WAD,
            maintenance_ratio=_in(self.maintenance_ratio, 10 * _MICRO),
            liquidation_fee_ratio=_in(self.liquidation_fee_ratio, _MICRO),
            liquidation_premium=_in(self.liquidation_premium, 100 * _MICRO),
            min_keeper_fee=_in(self.min_keeper_fee, WAD // 10),
            max_keeper_fee=_in(self.max_keeper_fee, WAD),
            min_margin=_in(self.min_margin, WAD),
            max_long=interest,
            max_short=interest,
            max_notional=_MOST_NOTIONAL * WAD,
            reserve_factor=WAD // 10,
            liquidation_cap=_of(self.liquidation_cap, scale, 10**5),
        )
        feed = FeedConfig(f"{SYMBOL} / USD", first)
        return MarketSetup(SYMBOL, feed, config, liquidity=round(self.liquidity) * WAD)


DEEP = Venue(depth=4e15, maker_fee=0.0, taker_fee=0.0, min_keeper_fee=0.0, min_margin=0.0)
"""A venue that charges nothing, and that no order moves: for rules and formulas alone."""


@dataclass(frozen=True)
class Keeper:
    """Who calls `rebalance`, and how late.

    Attributes:
        delay: Bars from a bar whose open calls for a trade to the bar in which the keeper first
            looks; what he then does, he does on what he then sees.
        miss: Probability that he misses a bar altogether.
        seed: Of the misses.
    """

    delay: int = 0
    miss: float = 0.0
    seed: int = 0

    def looks(self, bars: int) -> NDArray[np.bool_]:
        """Return in which bars he is there; bool, shape (bars,). More bars change no earlier one.

        Args:
            bars: How many.
        """
        if self.miss == 0:
            return np.ones(bars, dtype=bool)
        return np.random.default_rng(self.seed).random(bars) >= self.miss


@dataclass(frozen=True)
class Flow:
    """Somebody enters or leaves at the open of a bar, before the keeper looks.

    Attributes:
        time: Unix seconds; the first bar at or after it.
        amount: Quote: above 0 enters with it, below 0 takes it out (at most all he has).
    """

    time: int
    amount: float


@dataclass(frozen=True)
class Settings:
    """One token's replay.

    Attributes:
        kind: Leverage and side.
        rule: When it trades.
        venue: Where.
        keeper: Who makes it.
        deposit: Of the first holder, who stays to the end; quote.
        initial_nav: First net asset value of a share, quote.
        management_fee: Of net asset value per year, a fraction; None = the rule's.
        mint_fee: Of shares minted by flows, a fraction.
        redeem_fee: Of shares redeemed by flows, a fraction.
        flows: Who else comes and goes, by time.
    """

    kind: Kind
    rule: Rule
    venue: Venue = field(default_factory=Venue)
    keeper: Keeper = Keeper()
    deposit: float = 1_000_000.0
    initial_nav: float = 100.0
    management_fee: float | None = None
    mint_fee: float = 0.001
    redeem_fee: float = 0.001
    flows: tuple[Flow, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            SettingsError: Says what.
        """
        if abs(self.kind.target - self.rule.target) > 1e-9:
            raise SettingsError(
                f"a {self.kind} with a rule for {self.rule.target:g}x", "give both one target"
            )
        if not 0 <= self.keeper.miss < 1 or self.keeper.delay < 0:
            raise SettingsError("a keeper who never comes, or came before", "see Keeper")
        if self.deposit < 100 or not 1 <= self.initial_nav <= 10_000:
            raise SettingsError("a deposit under 100 or a NAV not 1 to 10,000", "see Settings")
        if not 0 <= self.fee < 1:
            raise SettingsError(f"a management fee of {self.fee:.0%} a year", "write 1 % as 0.01")
        if any(later.time < flow.time for flow, later in pairwise(self.flows)):
            raise SettingsError("the flows are not in order", "sort them by time")

    @property
    def fee(self) -> float:
        """Management fee of net asset value per year, a fraction."""
        return self.rule.management_fee if self.management_fee is None else self.management_fee

    @property
    def is_own(self) -> bool:
        """Whether it trades by Steelyard's own rule."""
        return isinstance(self.rule, Steelyard)

    def without_costs(self) -> Settings:
        """Return the same where nothing costs anything and no order moves the price.

        Steelyard's own rule knows no safe size where there are no fees: it pays the smallest.
        """
        rule, venue = self.rule, DEEP
        if isinstance(rule, Steelyard):
            free = replace(rule.rules, min_rate=0, max_rate=0, max_reward=0)
            rule = replace(rule, rules=free)
            venue = replace(DEEP, maker_fee=_MICRO / WAD, taker_fee=_MICRO / WAD)
        return replace(self, rule=rule, venue=venue, management_fee=0.0, mint_fee=0, redeem_fee=0)


def make_settings(token: str, rule: str = "steelyard") -> Settings:
    """Return the usual settings of a token.

    Args:
        token: Leverage and side, e.g. `3L`.
        rule: `steelyard`, or one of `steelyard.replay.rules.PRESETS`.

    Raises:
        RuleError: There is no such token or rule.

    >>> make_settings("3L", "ftx").rule.upper
    4.0
    """
    kind = parse_kind(token)
    return Settings(kind, make_rule(rule, kind))


def _in(amount: float, unit: int) -> int:
    """Return a figure in WAD, rounded to whole units (WAD)."""
    return round(amount * WAD / unit) * unit


def _of(share: float, scale: int, parts: int) -> int:
    """Return a share of the skew scale, rounded down to what the contract can store, WAD."""
    return int(share * parts) * max(scale // parts, 1)
