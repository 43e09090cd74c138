"""What a token and a holder are at one block: the lens's integers, and the same for people."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from eth_utils.address import to_checksum_address

from steelyard.model.policy.types import Obstacle, Trigger
from steelyard.model.token.terms import Phase
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import MarketStatus
from steelyard.sdk.amounts import SHARE_DECIMALS, WAD_DECIMALS, to_decimal
from steelyard.sdk.market import DAYS_OF_YEAR, MarketInfo, readable

_NO_LEVERAGE = 2**256 - 1  # the policy's figure where equity is not positive


@dataclass(frozen=True, repr=False)
class TokenState:
    """Everything about a token at one block. Properties are Decimal in people's units.

    Attributes:
        raw: ILeveragedTokenLens.TokenState, integers as there.
        market: Its market, with price, funding and fees.
    """

    raw: Any
    market: MarketInfo

    @property
    def ok(self) -> bool:
        """Whether the token could be read; if not, nothing but its address is known."""
        return bool(self.raw.ok)

    @property
    def address(self) -> str:
        """Of the token."""
        return str(to_checksum_address(self.raw.token))

    @property
    def symbol(self) -> str:
        """E.g. `BTC3L`."""
        return str(self.raw.setup.symbol)

    @property
    def name(self) -> str:
        """E.g. `Steelyard BTC 3x long`."""
        return str(self.raw.setup.name)

    @property
    def is_long(self) -> bool:
        """Its side."""
        return bool(self.raw.setup.is_long)

    # ------------------------------------------------------------ VALUE

    @property
    def nav(self) -> Decimal:
        """Net asset value of one share, quote; 0 when equity is negative or without a price."""
        return to_decimal(self.raw.nav)

    @property
    def equity(self) -> Decimal:
        """Of the whole token at the venue, quote; negative when it has failed."""
        return to_decimal(self.raw.account.equity)

    @property
    def assets(self) -> Decimal:
        """Value of the whole token, collateral."""
        return to_decimal(self.raw.assets, self.raw.asset_decimals)

    @property
    def supply(self) -> Decimal:
        """Shares, those owed as fees included."""
        return to_decimal(self.raw.shares, SHARE_DECIMALS)

    @property
    def size(self) -> Decimal:
        """Of the position, underlying; negative when short."""
        return to_decimal(self.raw.account.size)

    @property
    def price(self) -> Decimal | None:
        """Oracle price, quote per 1 underlying, as in `MarketInfo`."""
        return self.market.price

    # ------------------------------------------------------------ LEVERAGE

    @property
    def leverage(self) -> Decimal | None:
        """Notional per equity; None without a price, or when equity is not positive."""
        now = self.raw.decision.leverage
        if now == _NO_LEVERAGE or (now == 0 and not self.raw.account.price):
            return None
        return to_decimal(now)

    @property
    def target(self) -> Decimal:
        """Leverage that it aims at."""
        return to_decimal(self.raw.terms.target)

    @property
    def band(self) -> tuple[Decimal, Decimal]:
        """Leverage in which minting is open and no drift is corrected."""
        return to_decimal(self.raw.terms.leverage_lo), to_decimal(self.raw.terms.leverage_hi)

    @property
    def liquidation_price(self) -> Decimal | None:
        """Price at which the venue may liquidate; None if there is none."""
        price = self.raw.liquidation_price
        return None if price in (0, _NO_LEVERAGE) else to_decimal(price)

    @property
    def liquidation_distance(self) -> Decimal | None:
        """How far the price may move against the token before that, as a part of it.

        0 when it may be liquidated now; None if no price would.
        """
        now, end = self.raw.account.price, self.raw.liquidation_price
        if not now or not end:
            return None
        move = now - end if self.is_long else end - now
        if end == _NO_LEVERAGE or move <= 0:
            return Decimal(0)
        return Decimal(move) / Decimal(now)

    @property
    def funding_per_year(self) -> Decimal | None:
        """Of net asset value at present rate and leverage: below zero when the token pays."""
        if self.leverage is None:
            return None
        paid = self.raw.account.funding_rate * DAYS_OF_YEAR * self.raw.decision.leverage
        return to_decimal(-paid if self.raw.account.size > 0 else paid, 2 * WAD_DECIMALS)

    # ------------------------------------------------------------ LIFE

    @property
    def phase(self) -> Phase:
        """Where it is in its life."""
        return Phase(self.raw.terms.phase)

    @property
    def is_wiped(self) -> bool:
        """Whether nothing is left of it."""
        return bool(self.raw.wiped)

    @property
    def is_mint_open(self) -> bool:
        """Whether anything can be minted now."""
        return bool(self.raw.max_deposit)

    @property
    def paused_until(self) -> int | None:
        """When minting opens again, unix seconds; None when it is not paused."""
        until = int(self.raw.terms.paused_until)
        return until if until > self.timestamp else None

    @property
    def max_deposit(self) -> Decimal:
        """The most that can be deposited now, collateral."""
        return to_decimal(self.raw.max_deposit, self.raw.asset_decimals)

    @property
    def mint_fee(self) -> Decimal:
        """Of the shares minted."""
        return to_decimal(self.raw.terms.mint_fee)

    @property
    def redeem_fee(self) -> Decimal:
        """Of the shares redeemed."""
        return to_decimal(self.raw.terms.redeem_fee)

    @property
    def management_fee(self) -> Decimal:
        """Of net asset value per year, continuous."""
        return to_decimal(self.raw.terms.fee_rate)

    # ------------------------------------------------------------ REBALANCE

    @property
    def trigger(self) -> Trigger:
        """Why a rebalance would trade now; `Trigger.NOTHING` if none would."""
        return Trigger(self.raw.decision.trigger)

    @property
    def obstacle(self) -> Obstacle:
        """What stands in its way; `Obstacle.CLEAR` if nothing does."""
        return Obstacle(self.raw.decision.obstacle)

    @property
    def can_rebalance(self) -> bool:
        """Whether a rebalance would trade now."""
        decision = self.raw.decision
        clear = self.trigger != Trigger.NOTHING and self.obstacle == Obstacle.CLEAR
        return clear and bool(decision.size_delta)

    @property
    def reward(self) -> Decimal:
        """What it would pay, quote."""
        return to_decimal(self.raw.decision.reward)

    @property
    def ready_at(self) -> int | None:
        """When an obstacle of time ends, or the next boundary comes, unix seconds; or None."""
        return int(self.raw.decision.ready_at) or None

    @property
    def status(self) -> str:
        """The token in a few words.

        Of its end, its market, and a rebalance that is due: what a holder should know first.
        """
        if self.phase is not Phase.ACTIVE or self.is_wiped:
            return "wiped" if self.is_wiped else readable(self.phase)
        if self.market.status is not MarketStatus.ACTIVE:
            return f"venue {readable(self.market.status)}"
        if self.market.fault is not Fault.VALID:
            return f"no price: {readable(self.market.fault)}"
        if self.trigger is not Trigger.NOTHING:
            stopped = "" if self.obstacle is Obstacle.CLEAR else f", {readable(self.obstacle)}"
            return f"rebalance due: {readable(self.trigger)}{stopped}"
        return "minting paused" if self.paused_until else "active"

    # ------------------------------------------------------------ WHEN

    @property
    def block(self) -> int:
        """Number of the block."""
        return int(self.raw.block_number)

    @property
    def timestamp(self) -> int:
        """Of the block, unix seconds."""
        return int(self.raw.timestamp)

    @property
    def age(self) -> int:
        """How long ago that was by this machine's clock, seconds."""
        return max(int(time.time()) - self.timestamp, 0)

    def __repr__(self) -> str:
        """Show what it is of."""
        return f"<TokenState {self.symbol} at block {self.block}>"


@dataclass(frozen=True, repr=False)
class HolderState:
    """An account's part of a token at one block. Properties are Decimal in people's units.

    Attributes:
        raw: ILeveragedTokenLens.HolderState, integers as there.
        asset_decimals: Of the collateral.
    """

    raw: Any
    asset_decimals: int

    @property
    def account(self) -> str:
        """Whose part it is."""
        return str(to_checksum_address(self.raw.account))

    @property
    def balance(self) -> Decimal:
        """Shares."""
        return to_decimal(self.raw.balance, SHARE_DECIMALS)

    @property
    def assets(self) -> Decimal:
        """The balance at net asset value, collateral."""
        return to_decimal(self.raw.assets, self.asset_decimals)

    @property
    def max_redeem(self) -> Decimal:
        """The most that can be redeemed now, shares."""
        return to_decimal(self.raw.max_redeem, SHARE_DECIMALS)

    @property
    def max_withdraw(self) -> Decimal:
        """The most that can be withdrawn now, collateral."""
        return to_decimal(self.raw.max_withdraw, self.asset_decimals)

    @property
    def redeem_assets(self) -> Decimal:
        """What redeeming the whole balance would pay, collateral; 0 when it would revert."""
        return to_decimal(self.raw.redeem_assets, self.asset_decimals)

    @property
    def asset_balance(self) -> Decimal:
        """Collateral that the account holds."""
        return to_decimal(self.raw.asset_balance, self.asset_decimals)

    @property
    def asset_allowance(self) -> Decimal:
        """Collateral that the token may take of it."""
        return to_decimal(self.raw.asset_allowance, self.asset_decimals)

    def __repr__(self) -> str:
        """Show what it is of."""
        return f"<HolderState {self.account}: {self.balance} shares>"
