"""What a token's life is told by: its events, its position, and the terms it began with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steelyard.model.arithmetic import WAD
from steelyard.model.token import Terms
from steelyard.model.venue.states import ZERO_ADDRESS
from steelyard.sdk.history.fees import Counted, continuous_rate


@dataclass(frozen=True)
class Happened:
    """An event of the token, of its account at the venue, or its TokenCreated.

    Attributes:
        name: Of the event.
        values: Its fields by name, addresses in lower case.
        block: Number.
        index: In the block.
        timestamp: Of the block, seconds.
        tx: Hash, hex str.
    """

    name: str
    values: Any
    block: int
    index: int
    timestamp: int
    tx: str


@dataclass
class Position:
    """The token's account as the venue keeps it; units of IPerpExchange.Position."""

    size: int = 0
    margin: int = 0
    basis: int = 0

    def equity(self, mark: int) -> int:
        """Return margin and gain at a mark (price + funding index), quote WAD, down."""
        return self.margin + self.size * (mark - self.basis) // WAD


@dataclass(frozen=True)
class Trade:
    """A PositionModified, and what it met.

    Attributes:
        event: It.
        equity: Before, quote WAD.
        shares: Before.
    """

    event: Happened
    equity: int
    shares: Counted

    @property
    def impact(self) -> int:
        """What the fill was worse than the oracle price, quote WAD, up."""
        traded = self.event.values
        better: int = traded.size_delta * (traded.price - traded.fill_price) // WAD
        return -better


def terms_of(config: Any) -> Terms:
    """Return the terms that the factory packs; without a receiver no fee accrues."""
    fees_on = config.fee_receiver != ZERO_ADDRESS
    return Terms(
        mint_fee=config.mint_fee,
        redeem_fee=config.redeem_fee,
        fee_rate=continuous_rate(config.management_fee) if fees_on else 0,
        leverage_lo=config.rules.leverage_lo,
        leverage_hi=config.rules.leverage_hi,
        cap=config.cap,
        fees_on=fees_on,
        target=config.rules.target,
    )
