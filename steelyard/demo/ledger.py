"""What moves the net asset value (NAV) of a share, booked cause by cause: nothing is left over.

NAV = E / S: equity at the venue over all shares, those owed as fees included. Between two readings
with nothing traded, at size q and price P:

    price       q (P' - P) / S                  the position earns at the leverage it really has
    funding     (E' - E - q (P' - P)) / S       what else has become of equity
    management  E' / S' - E' / S                shares grow by those owed for management

A rebalance takes from equity the fee of its order, its impact (size traded times fill against
oracle price; it gives where it relieves the venue's skew) and the keeper's reward. A mint or
redemption should move no more than a last digit, for everyone bears his own cost, and entry and
exit fees are shares: what it does move is booked as flows. A liquidation is booked whole.

How changes add up is `steelyard.accounting`'s.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from steelyard.accounting import NAV_UNIT, Cause, Causes
from steelyard.demo.risk import distance
from steelyard.demo.world import Token, World
from steelyard.model.arithmetic import DAY, WAD


class Reading(NamedTuple):
    """A token at one time.

    Attributes:
        time: Unix seconds.
        price: WAD.
        size: q, underlying WAD.
        equity: E, quote WAD; negative when the position is worth less than nothing.
        shares: S, 18 decimals.
    """

    time: int
    price: int
    size: int
    equity: int
    shares: int

    @property
    def nav(self) -> int:
        """E / S, 1e-36 quote."""
        return self.equity * NAV_UNIT // self.shares

    @property
    def leverage(self) -> int | None:
        """Real leverage, WAD; None where equity is gone."""
        if self.size == 0:
            return 0
        return abs(self.size) * self.price // self.equity if self.equity > 0 else None


@dataclass(frozen=True)
class Rebalance:
    """A trade of a token.

    Attributes:
        time: Unix seconds.
        trigger: Name.
        price: Oracle price, WAD.
        size_delta: Underlying WAD.
        size: After it.
        fee: Of the order, quote WAD.
        impact: Quote WAD; negative = rebate.
        reward: To the keeper, quote WAD.
        equity: After it, quote WAD.
        leverage_before: WAD.
        leverage_after: WAD.
    """

    time: int
    trigger: str
    price: int
    size_delta: int
    size: int
    fee: int
    impact: int
    reward: int
    equity: int
    leverage_before: int
    leverage_after: int


@dataclass
class Risk:
    """The worst that was seen, and for how long.

    Attributes:
        leverage: Highest, WAD; None once equity was gone.
        distance: Least price move to the venue's maintenance margin, WAD.
        distance_at: When, unix seconds.
        outside: Out of the band, seconds.
        wiped_at: When equity was gone, unix seconds; 0 = never.
        navs: Lowest and highest, 1e-36 quote.
    """

    leverage: int | None = 0
    distance: int = 10**36
    distance_at: int = 0
    outside: int = 0
    wiped_at: int = 0
    navs: tuple[int, int] = (10**72, 0)


@dataclass
class Ledger:
    """The books of a token.

    Attributes:
        world: Where it lives.
        token: Whose books.
        readings: All that were taken, by time.
        causes: What each cause has moved.
        due: Funding that rates say is earned, quote WAD.
        slack: What entries and exits may leave to others, two units of collateral each; 1e-36
            quote of NAV.
        rebalances: By time.
        liquidations: How many.
        obstacles: What stood in the way of a trade that was due, and how often.
        risk: The worst of it.
        walked: Readings up to where everybody leaves; 0 = all of them.
    """

    world: World
    token: Token
    readings: list[Reading] = field(default_factory=list)
    causes: Causes = field(default_factory=Causes)
    due: int = 0
    slack: int = 0
    rebalances: list[Rebalance] = field(default_factory=list)
    liquidations: int = 0
    obstacles: Counter[str] = field(default_factory=Counter)
    risk: Risk = field(default_factory=Risk)
    walked: int = 0
    _rate: int = 0

    def __post_init__(self) -> None:
        """Open the books."""
        self._read()

    @property
    def parts(self) -> dict[Cause, int]:
        """NAV moved, 1e-36 quote."""
        return self.causes.nav

    @property
    def quote(self) -> dict[Cause, int]:
        """Equity moved, quote WAD."""
        return self.causes.quote

    @property
    def first(self) -> Reading:
        """The first reading."""
        return self.readings[0]

    @property
    def last(self) -> Reading:
        """The last reading."""
        return self.readings[-1]

    def accrue(self) -> None:
        """Book what price and time have done since the last reading."""
        old = self.last
        new = self._read()
        gain = old.size * (new.price - old.price) // WAD
        stages = (
            (Cause.PRICE, old.equity + gain, old.shares),
            (Cause.FUNDING, new.equity, old.shares),
            (Cause.MANAGEMENT, new.equity, new.shares),
        )
        self._move(stages)
        elapsed = new.time - old.time
        self.due -= old.size * new.price * self._rate * elapsed // (WAD * WAD * DAY)
        self._rate = self.world.rate
        if not self._is_inside(old):
            self.risk.outside += elapsed
        self._watch(new)

    def close(self) -> None:
        """Say that the history is over: what follows is no risk of the token's, and not drawn."""
        self.walked = len(self.readings)

    def book(self, cause: Cause) -> None:
        """Book what an act has done since the last reading, which was right before it."""
        new = self._read()
        self._move(((cause, new.equity, new.shares),))
        if cause is Cause.FLOWS:
            self.slack += 2 * self.world.scale * NAV_UNIT // new.shares

    def book_rebalance(self, trade: Rebalance) -> None:
        """Book a trade: its fee and reward are known, impact is all else it has cost."""
        old = self.last
        new = self._read()
        after_fee = old.equity - trade.fee
        stages = (
            (Cause.FEES, after_fee, old.shares),
            (Cause.IMPACT, new.equity + trade.reward, old.shares),
            (Cause.REWARDS, new.equity, new.shares),
        )
        self._move(stages)
        self.rebalances.append(trade)

    def _move(self, stages: tuple[tuple[Cause, int, int], ...]) -> None:
        """Book changes one after the other, from the reading before the last one to the last."""
        before = self.readings[-2]
        self.causes.move(before.equity, before.shares, stages)

    def _read(self) -> Reading:
        """Take a reading."""
        state = self.world.account(self.token)
        reading = Reading(
            self.world.now, state.price, state.size, state.equity, self.token.shares()
        )
        self.readings.append(reading)
        return reading

    def _is_inside(self, reading: Reading) -> bool:
        """Whether leverage is in its band."""
        rules, leverage = self.token.rules, reading.leverage
        return leverage is not None and rules.leverage_lo <= leverage <= rules.leverage_hi

    def _watch(self, reading: Reading) -> None:
        """Remember the worst."""
        if self.walked:
            return
        risk, leverage = self.risk, reading.leverage
        risk.navs = min(risk.navs[0], reading.nav), max(risk.navs[1], reading.nav)
        if leverage is None:
            risk.leverage = None
            risk.wiped_at = risk.wiped_at or reading.time
        elif risk.leverage is not None:
            risk.leverage = max(risk.leverage, leverage)
        left = distance(reading.size, reading.equity, reading.price, self.world.market.setup.config)
        if left is not None and left < risk.distance:
            risk.distance, risk.distance_at = left, reading.time
