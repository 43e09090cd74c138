"""Where a return comes from: every change of net asset value (NAV) is booked to one cause.

NAV = E / S: equity at the venue over all shares, those owed as fees included. It is kept in 1e-36
quote and each change is booked whole, so the parts add up to what NAV has done without a remainder.
Parts of the return are these changes over the first NAV: a cost of 1 % that is paid when NAV has
halved counts one half.

    naive        T (P_end / P_start - 1): leverage times the move of the price
    compounding  what price moves at the leverage really held have earned, less naive: the gain of
                 following a trend, or the decay of a market that goes back and forth
    funding      paid or earned on the position
    fees         the venue's fees for the rebalances' orders
    impact       fill against oracle price of the rebalances, a gain where it is above zero
    rewards      paid to keepers for rebalances
    management   shares that are owed for management
    flows        what entries and exits of others left, after their fees and costs
    liquidation  what liquidations by the venue took, less what its pool bore of the loss
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

NAV_UNIT = 10**36

PART_NAMES = (
    "naive",
    "compounding",
    "funding",
    "fees",
    "impact",
    "rewards",
    "management",
    "flows",
    "liquidation",
)


class Cause(StrEnum):
    """Why NAV changes."""

    PRICE = "price"
    FUNDING = "funding"
    FEES = "fees"
    IMPACT = "impact"
    REWARDS = "rewards"
    MANAGEMENT = "management"
    FLOWS = "flows"
    LIQUIDATION = "liquidation"


@dataclass
class Causes:
    """What each cause has done.

    Attributes:
        nav: To NAV, 1e-36 quote.
        quote: To equity, quote WAD.
    """

    nav: dict[Cause, int] = field(default_factory=lambda: dict.fromkeys(Cause, 0))
    quote: dict[Cause, int] = field(default_factory=lambda: dict.fromkeys(Cause, 0))

    def move(
        self, equity: int, shares: int, stages: Iterable[tuple[Cause, int, int]]
    ) -> tuple[int, int]:
        """Book changes one after the other.

        Args:
            equity: Before them, quote WAD.
            shares: Before them, 18 decimals.
            stages: Cause, then equity and shares after it.

        Returns:
            Equity and shares after all.
        """
        nav = equity * NAV_UNIT // shares
        for cause, next_equity, next_shares in stages:
            next_nav = next_equity * NAV_UNIT // next_shares
            self.nav[cause] += next_nav - nav
            self.quote[cause] += next_equity - equity
            equity, shares, nav = next_equity, next_shares, next_nav
        return equity, shares


def split_price(nav: Mapping[Cause, int], naive: int) -> dict[str, int]:
    """Return changes of NAV by PART_NAMES: the price's in naive and compounding.

    Args:
        nav: By cause, 1e-36 quote.
        naive: Leverage times the move of the price, 1e-36 quote.
    """
    moves = {str(cause): moved for cause, moved in nav.items()}
    return {"naive": naive, "compounding": moves.pop("price") - naive} | moves
