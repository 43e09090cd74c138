"""What entering or leaving a token comes to, before it is sent and after it was mined.

Every flow is one equation in quote: what is paid for shares is their value and each cost, what is
paid out for shares is their value less each cost. The costs are named, and add up to the last wei.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from steelyard.chain import Receipt
from steelyard.model.arithmetic import WAD, ceil_div
from steelyard.model.policy.types import Trigger
from steelyard.sdk.amounts import SHARE_DECIMALS, to_decimal
from steelyard.sdk.errors import AmountError

Verb = Literal["deposit", "mint", "redeem", "withdraw"]

ENTERING: tuple[Verb, ...] = ("deposit", "mint")
BPS = 10_000


@dataclass(frozen=True, kw_only=True)
class FlowFigures:
    """A flow in integers.

    Attributes:
        assets: Paid or received, collateral decimals.
        shares: Minted or burned, 18 decimals.
        value: Of these shares at net asset value before the flow, quote WAD.
        token_fee: Entry or exit fee, quote WAD.
        venue_fee: Fee of the order that the flow causes, quote WAD.
        impact: What its fill is worse than the price, quote WAD; negative when it is better.
        rounding: What is left to the vault: less than a unit of collateral; more only where a
            redemption closes a position that would become too small, and closing brings a rebate.
            In a receipt it is part of the value.
        size_delta: The order, underlying WAD.
        price: Oracle price, WAD.
        fill_price: Of the order, WAD; 0 without one.
        asset_decimals: Of the collateral, count.
    """

    assets: int
    shares: int
    value: int
    token_fee: int
    venue_fee: int
    impact: int
    rounding: int
    size_delta: int
    price: int
    fill_price: int
    asset_decimals: int

    @property
    def total_cost(self) -> int:
        """All costs, quote WAD."""
        return self.token_fee + self.venue_fee + self.impact + self.rounding


@dataclass(frozen=True)
class Flow:
    """A flow in people's units. Properties are Decimal.

    Attributes:
        verb: What it is.
        symbol: Of the token.
        raw: In integers.
    """

    verb: Verb
    symbol: str
    raw: FlowFigures = field(repr=False)

    @property
    def assets(self) -> Decimal:
        """Paid by `deposit` and `mint`, received from `redeem` and `withdraw`, collateral."""
        return to_decimal(self.raw.assets, self.raw.asset_decimals)

    @property
    def shares(self) -> Decimal:
        """Minted or burned."""
        return to_decimal(self.raw.shares, SHARE_DECIMALS)

    @property
    def value(self) -> Decimal:
        """Of these shares at net asset value, quote."""
        return to_decimal(self.raw.value)

    @property
    def token_fee(self) -> Decimal:
        """Entry or exit fee, quote."""
        return to_decimal(self.raw.token_fee)

    @property
    def venue_fee(self) -> Decimal:
        """Fee of the order that the flow causes, quote."""
        return to_decimal(self.raw.venue_fee)

    @property
    def impact(self) -> Decimal:
        """What the order's fill is worse than the price, quote; negative when it is better."""
        return to_decimal(self.raw.impact)

    @property
    def rounding(self) -> Decimal:
        """What is left to the vault, quote; see `FlowFigures`."""
        return to_decimal(self.raw.rounding)

    @property
    def total_cost(self) -> Decimal:
        """All costs, quote: what is paid less the value, or the value less what is received."""
        return to_decimal(self.raw.total_cost)

    @property
    def costs(self) -> Mapping[str, Decimal]:
        """Every cost by name, quote; they add up to `total_cost`."""
        fee = "entry fee" if self.verb in ENTERING else "exit fee"
        return {
            fee: self.token_fee,
            "venue fee": self.venue_fee,
            "price impact": self.impact,
            "rounding": self.rounding,
        }

    @property
    def size_delta(self) -> Decimal:
        """The order, underlying; above zero buys."""
        return to_decimal(self.raw.size_delta)

    @property
    def price(self) -> Decimal:
        """Oracle price, quote per 1 underlying."""
        return to_decimal(self.raw.price)

    @property
    def fill_price(self) -> Decimal | None:
        """Of the order; None without one."""
        return to_decimal(self.raw.fill_price) if self.raw.fill_price else None


@dataclass(frozen=True)
class Preview(Flow):
    """What a flow would come to at a block.

    Attributes:
        block: Number.
        leverage: Of the token then, which a flow does not change; None if it has none.
        fee_rate: Entry or exit fee of the shares, WAD.
    """

    block: int
    leverage: Decimal | None
    fee_rate: int

    def bound(self, slippage_bps: int) -> int:
        """Return the worst result to accept, in chain units.

        Args:
            slippage_bps: How much worse than this, 1/100 of a percent.

        Returns:
            Least shares of a deposit and assets of a redemption, most assets of a mint and
            shares of a withdrawal.

        Raises:
            AmountError: Not a whole number from 0 to 10,000.
        """
        if not isinstance(slippage_bps, int) or not 0 <= slippage_bps <= BPS:
            message = f"slippage of {slippage_bps} bps"
            raise AmountError(message, "use a whole number from 0 to 10,000")
        raw = self.raw
        if self.verb in ("deposit", "redeem"):
            least = raw.shares if self.verb == "deposit" else raw.assets
            return least * (BPS - slippage_bps) // BPS
        most = raw.assets if self.verb == "mint" else raw.shares
        return ceil_div(most * (BPS + slippage_bps), BPS)


@dataclass(frozen=True)
class TxReceipt:
    """A transaction that was mined and did what it should.

    Attributes:
        tx: Hash, block, gas and logs.
    """

    tx: Receipt = field(repr=False)

    @property
    def hash(self) -> str:
        """Of the transaction."""
        return self.tx.hash

    @property
    def block(self) -> int:
        """Number of its block."""
        return self.tx.block

    @property
    def gas_paid(self) -> Decimal:
        """What the gas came to, in the chain's own coin."""
        return to_decimal(self.tx.gas_cost)


@dataclass(frozen=True)
class FlowReceipt(TxReceipt, Flow):
    """What a flow really came to, from the events of its transaction.

    Attributes:
        approval: The approval that was sent before it, or None.
    """

    approval: TxReceipt | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class RebalanceReceipt(TxReceipt):
    """What a rebalance really did, from its event. Properties are Decimal in people's units.

    Attributes:
        raw: Event Rebalanced of ILeveragedToken, integers as there.
        asset_decimals: Of the collateral.
    """

    raw: object = field(repr=False)
    asset_decimals: int

    @property
    def trigger(self) -> Trigger:
        """Why it traded."""
        return Trigger(self._of("trigger"))

    @property
    def size_delta(self) -> Decimal:
        """What it traded, underlying."""
        return to_decimal(self._of("size_delta"))

    @property
    def fill_price(self) -> Decimal:
        """At which price, quote per 1 underlying."""
        return to_decimal(self._of("fill_price"))

    @property
    def cost(self) -> Decimal:
        """Fee and impact that the token paid, quote; negative for a rebate."""
        return to_decimal(self._of("cost"))

    @property
    def reward(self) -> Decimal:
        """What the caller got, collateral."""
        return to_decimal(self._of("reward"), self.asset_decimals)

    @property
    def leverage_before(self) -> Decimal:
        """Of the token."""
        return to_decimal(self._of("leverage_before"))

    @property
    def leverage_after(self) -> Decimal:
        """Of the token."""
        return to_decimal(self._of("leverage_after"))

    def _of(self, name: str) -> int:
        return int(getattr(self.raw, name))


def trade_impact(size_delta: int, fill_price: int, price: int) -> int:
    """Return what a fill is worse than the price, quote WAD, rounded up.

    Args:
        size_delta: underlying WAD.
        fill_price: WAD.
        price: WAD.

    >>> trade_impact(-(10**18), 99 * 10**18, 100 * 10**18) // 10**18
    1
    """
    return ceil_div(size_delta * (fill_price - price), WAD)
