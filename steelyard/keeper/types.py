"""What the keeper knows and what it wants: integers in chain units, words for people.

Collateral amounts are in the collateral's own decimals ("units"), gas prices in wei, leverage and
ratios WAD (1e18), sizes underlying WAD, times seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Memory, Obstacle, Rules, Trigger
from steelyard.model.token.terms import Phase
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import AccountState, MarketStatus

GWEI = 10**9
"""Wei."""


class Cause(StrEnum):
    """Why nothing is sent for a token; the label of logs and metrics."""

    UNREADABLE = "unreadable"
    PENDING = "pending"
    IDLE = "idle"
    ENDED = "ended"
    WIPED = "wiped"
    FLAGGED = "flagged"
    VENUE = "venue"
    PRICE = "price"
    REFERENCE = "reference"
    COOLDOWN = "cooldown"
    BUDGET = "budget"
    NO_SAFE_SIZE = "no_safe_size"
    BOUND = "bound"
    FUTILE = "futile"
    GAS_PRICE = "gas_price"
    NATIVE_PRICE = "native_price"
    UNPROFITABLE = "unprofitable"
    SPONSOR_BUDGET = "sponsor_budget"


class Kind(StrEnum):
    """What a transaction of the keeper is for."""

    REBALANCE = "rebalance"
    LIQUIDATE = "liquidate"
    APPLY_CONFIG = "apply_config"
    WIND_DOWN = "wind_down"
    SETTLE = "settle"


@dataclass(frozen=True, slots=True)
class TokenView:
    """What a decision needs to know of one token, as of one block.

    Attributes:
        address: Lower-case hex.
        symbol: Of the token; a short form of its address if it cannot be read.
        fault: Why it cannot be read, "" if it can.
        asset: Symbol of the collateral.
        decimals: Of the collateral, count.
        venue: Of its position, lower-case hex.
        market: Its market's id there.
        is_long: Side.
        phase: In its life.
        trigger: Why it would trade now.
        obstacle: What forbids that.
        leverage: Now, WAD; INFINITE_LEVERAGE without equity, 0 without a price.
        aim: Leverage a trade goes for, WAD.
        size_delta: Of the next trade, underlying WAD.
        whole_delta: To the aim, underlying WAD.
        reward: Of the next trade, quote WAD.
        reward_assets: What of it is paid, collateral units, rounded down.
        ready_at: When the clock may give it something to do, seconds; 0 = unknown.
        wiped: Nothing is left of it, or of its equity.
        paused_until: Minting is paused before this, seconds.
        rules: How it rebalances.
        memory: What it remembers.
        account: Of the token at the venue, without a quote.
        timestamp: Of the block, seconds.
        block: Its number.
        gas: What a rebalance of it took before; 0 = not known.
    """

    address: str
    symbol: str
    fault: str = ""
    asset: str = ""
    decimals: int = 18
    venue: str = ""
    market: int = 0
    is_long: bool = True
    phase: Phase = Phase.ACTIVE
    trigger: Trigger = Trigger.NOTHING
    obstacle: Obstacle = Obstacle.CLEAR
    leverage: int = 0
    aim: int = 0
    size_delta: int = 0
    whole_delta: int = 0
    reward: int = 0
    reward_assets: int = 0
    ready_at: int = 0
    wiped: bool = False
    paused_until: int = 0
    rules: Rules | None = None
    memory: Memory | None = None
    account: AccountState | None = None
    timestamp: int = 0
    block: int = 0
    gas: int = 0

    @classmethod
    def of(cls, state: Any, gas: int = 0) -> TokenView:
        """Return the view of a lens state; one that makes no sense is a view with a fault.

        Args:
            state: TokenState of ILeveragedTokenLens, decoded.
            gas: What a rebalance of it took before; 0 = not known.
        """
        if not state.ok:
            return cls.unreadable(state.token, "the lens cannot read it")
        try:
            return cls._of(state, gas)
        except ValueError as error:  # a value that this version's enums do not have
            return cls.unreadable(state.token, f"the lens says what this keeper cannot: {error}")

    @classmethod
    def unreadable(cls, address: str, fault: str) -> TokenView:
        """Return the view of a token about which nothing is known.

        Args:
            address: Its address.
            fault: Why, in words.
        """
        return cls(address.lower(), f"{address[:6]}..{address[-4:]}".lower(), fault)

    @classmethod
    def _of(cls, state: Any, gas: int) -> TokenView:
        decision, account = state.decision, state.account
        return cls(
            address=state.token.lower(),
            symbol=state.setup.symbol,
            asset=state.asset_symbol,
            decimals=state.asset_decimals,
            venue=state.setup.venue.lower(),
            market=state.setup.market,
            is_long=state.setup.is_long,
            phase=Phase(state.terms.phase),
            trigger=Trigger(decision.trigger),
            obstacle=Obstacle(decision.obstacle),
            leverage=decision.leverage,
            aim=decision.aim,
            size_delta=decision.size_delta,
            whole_delta=decision.whole_delta,
            reward=decision.reward,
            reward_assets=decision.reward * 10**state.asset_decimals // WAD,
            ready_at=decision.ready_at,
            wiped=state.wiped,
            paused_until=state.terms.paused_until,
            rules=Rules(*state.rules),
            memory=Memory(*state.mem),
            account=_account(account),
            timestamp=state.timestamp,
            block=state.block_number,
            gas=gas,
        )

    @property
    def ok(self) -> bool:
        """Whether it could be read."""
        return not self.fault

    @property
    def size(self) -> int:
        """Of its position, signed, underlying WAD."""
        return self.account.size if self.account else 0

    @property
    def price(self) -> int:
        """Of the oracle, WAD; 0 = none."""
        return self.account.price if self.account else 0

    @property
    def out_of_band(self) -> bool:
        """Whether it has a position with a leverage outside its band."""
        if self.rules is None or self.size == 0 or self.phase != Phase.ACTIVE or self.price == 0:
            return False
        return not self.rules.leverage_lo <= self.leverage <= self.rules.leverage_hi


def _account(raw: Any) -> AccountState:
    """The venue's account with its enums; one in phase CLOSED is empty, its status no status."""
    values = raw._asdict() | {
        "oracle_fault": Fault(raw.oracle_fault),
        "status": MarketStatus(raw.status or MarketStatus.CLOSED),
    }
    return AccountState(**values)


@dataclass(frozen=True, slots=True)
class GasPrice:
    """What gas costs now.

    Attributes:
        base_fee: Of the next block, wei.
        priority_fee: What the keeper adds, wei.
        max_fee: The most it would pay, wei.
        native_price: Collateral units per 1e18 wei; None = not known.
        data_fee: What a rollup charges besides for a transaction's data, wei.
    """

    base_fee: int
    priority_fee: int
    max_fee: int
    native_price: int | None
    data_fee: int = 0

    def cost(self, gas: int, margin: int = WAD) -> int | None:
        """Return what a transaction costs in collateral units, rounded up; None = not known.

        Args:
            gas: It takes, amount.
            margin: Factor on top, WAD.
        """
        if self.native_price is None:
            return None
        wei = gas * min(self.base_fee + self.priority_fee, max(self.max_fee, self.base_fee))
        wei += self.data_fee
        return -(-wei * self.native_price * margin // (WAD * WAD))


class Attempt(BaseModel):
    """One signed transaction; several with one nonce replace each other.

    Attributes:
        hash: 0x-prefixed hex.
        raw: What was signed, 0x-prefixed hex.
        max_fee: Per gas, wei.
        priority_fee: Per gas, wei.
        sent_at: First, seconds.
        cancels: It does nothing but use the nonce.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    hash: str
    raw: str
    max_fee: int
    priority_fee: int
    sent_at: int
    cancels: bool = False


class Pending(BaseModel):
    """A nonce that the keeper has signed for, not yet known to be used.

    Attributes:
        sender: Address of the keeper.
        nonce: Of the sender.
        token: What it acts on, an address; "" for none.
        symbol: For people.
        kind: What it is for.
        trigger: Of a rebalance.
        reason: In words.
        min_reward: Asked for, collateral units.
        reward: Expected, collateral units.
        sponsored: What it may take of the day's sponsor budget, collateral units.
        gas_limit: Amount.
        attempts: All that was signed with this nonce, oldest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender: str
    nonce: int
    token: str
    symbol: str = ""
    kind: Kind = Kind.REBALANCE
    trigger: Trigger | None = None
    reason: str = ""
    min_reward: int = 0
    reward: int = 0
    sponsored: int = 0
    gas_limit: int = 0
    attempts: tuple[Attempt, ...] = ()

    @property
    def first_sent(self) -> int:
        """When it was first sent, seconds; 0 = never."""
        return self.attempts[0].sent_at if self.attempts else 0

    @property
    def last_sent(self) -> int:
        """When its last replacement was sent, seconds; 0 = never."""
        return self.attempts[-1].sent_at if self.attempts else 0

    @property
    def hashes(self) -> tuple[str, ...]:
        """Of all that was signed, oldest first: any of them may be mined."""
        return tuple(attempt.hash for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Rebalance:
    """Send it.

    Attributes:
        token: Address, lower-case hex.
        symbol: For people.
        reason: In words.
        trigger: Why it trades.
        reward: Shown now, collateral units.
        cost: Of the gas now, without margin, collateral units.
        profit: Reward less the cost with margin, collateral units.
        min_reward: To ask for, at most the reward; collateral units.
        sponsored: The most it may take of the day's sponsor budget, collateral units.
        gas: Expected, amount.
    """

    token: str
    symbol: str
    reason: str
    trigger: Trigger
    reward: int
    cost: int
    profit: int
    min_reward: int
    sponsored: int
    gas: int

    @property
    def is_urgent(self) -> bool:
        """Whether it comes before all that only pays."""
        return self.trigger == Trigger.EMERGENCY


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing to send now, and nothing wrong.

    Attributes:
        token: Address, lower-case hex.
        symbol: For people.
        reason: In words.
        cause: For logs and metrics.
        until: When to expect a change, seconds; None = not known, look at every block.
    """

    token: str
    symbol: str
    reason: str
    cause: Cause
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Nothing can be sent, and somebody should know.

    Attributes:
        token: Address, lower-case hex.
        symbol: For people.
        reason: In words.
        cause: For logs and metrics.
    """

    token: str
    symbol: str
    reason: str
    cause: Cause


Action = Rebalance | Wait | Alert
