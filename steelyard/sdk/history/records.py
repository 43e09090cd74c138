"""What happened to a token, one frozen record for each thing.

`raw` holds the integers of the chain; attributes of the same names are Decimals for people. Units:
`assets` and `reward` in the collateral's own decimals, everything else 18 decimals: prices quote
per 1 underlying, sizes underlying (+ long, - short), money quote, shares.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any, ClassVar, NamedTuple, get_type_hints

from steelyard.model.policy import Rules, Trigger
from steelyard.model.token import Phase, Terms
from steelyard.sdk.amounts import WAD_DECIMALS, to_decimal
from steelyard.sdk.history.units import Figure


@dataclass(frozen=True, kw_only=True)
class Record:
    """When and where something happened.

    Attributes:
        block: Number.
        index: Of the log in the block.
        timestamp: Of the block, seconds.
        tx: Hash of the transaction, hex str.
        decimals: Of the collateral.
        kind: What sort of record it is.
    """

    kind: ClassVar[str]
    block: int
    index: int
    timestamp: int
    tx: str
    decimals: int

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: names of enums, amounts as strings of chain units."""
        values: dict[str, Any] = {"type": self.kind}
        for name, value in self._items():
            if isinstance(value, tuple):
                raw: dict[str, int] = value._asdict()  # type: ignore[attr-defined]
                values |= {field: str(amount) for field, amount in raw.items()}
            elif isinstance(value, (Terms, Rules)):
                values[name] = {key: _plain(part) for key, part in asdict(value).items()}
            else:
                values[name] = value.name if isinstance(value, Enum) else value
        return values

    def to_row(self) -> dict[str, Any]:
        """Return it for a table: amounts as floats in people's units, rounded as floats are."""
        values: dict[str, Any] = {}
        for name, value in self._items():
            if isinstance(value, tuple):
                raw: dict[str, int] = value._asdict()  # type: ignore[attr-defined]
                values |= {field: float(getattr(self, field)) for field in raw}
            else:
                values[name] = value.name if isinstance(value, Enum) else value
        return values

    @classmethod
    def columns(cls) -> list[str]:
        """Return the names in `to_row`, in order."""
        raw = get_type_hints(cls).get("raw")
        names = [field.name for field in fields(cls) if field.name not in ("raw", "decimals")]
        return [*names, *(raw._fields if raw is not None else ())]

    def _items(self) -> list[tuple[str, Any]]:
        names = [field.name for field in fields(self) if field.name != "decimals"]
        return [(name, getattr(self, name)) for name in names]


class NavRaw(NamedTuple):
    """Integers of a NavPoint, 18 decimals each."""

    price: int
    size: int
    equity: int
    leverage: int
    supply: int
    owed: int
    slack: int
    nav: int


@dataclass(frozen=True, kw_only=True)
class NavPoint(Record):
    """A token at the end of a block that touched its position: just what its lens says there.

    `index` and `tx` are of the last touch.
    The last point of a token that is settled says what `settle` took, at no price: 0.

    Attributes:
        phase: Of the token's life.
        raw: Integers.
        price: Oracle price.
        size: Position.
        equity: Margin with everything unrealised; once settled, what was taken.
        leverage: Infinite without equity.
        supply: Shares that exist.
        owed: Fee shares not yet minted. `slack` more may be owed: 0, but for a wei in one deposit
            of 1 / (entry fee), until fees are claimed.
        nav: Equity per share, owed ones included, down.
    """

    kind = "nav"
    phase: Phase
    raw: NavRaw
    price = Figure()
    size = Figure()
    equity = Figure()
    leverage = Figure()
    supply = Figure()
    owed = Figure()
    slack = Figure()
    nav = Figure()


class FlowRaw(NamedTuple):
    """Integers of a Flow; `assets` in collateral decimals, the others 18."""

    assets: int
    shares: int
    nav: int
    cost: int
    fee_shares: int
    venue_fee: int
    impact: int
    size_delta: int
    price: int


@dataclass(frozen=True, kw_only=True)
class Flow(Record):
    """Somebody came or went.

    Attributes:
        verb: "mint" (a deposit, too), "redeem" (a withdrawal, too) or "seed".
        account: Whose shares.
        sender: Who called and, for a mint, paid.
        receiver: Who got shares or collateral.
        raw: Integers.
        assets: Paid or got.
        shares: Minted or burned.
        nav: Equity per share just before; for a seed, just after.
        cost: What `assets` are worse than the shares at that net asset value: entry or exit fee,
            order fee and impact, to rounding; negative when the venue pays for relieving its skew.
        fee_shares: Entry or exit fee, down; burned for all holders when nobody gets it.
        venue_fee: Order fee.
        impact: What the fill is worse than the oracle price; negative when it is better.
        size_delta: The trade.
        price: Oracle price; 0 once the token is settled.
    """

    kind = "flow"
    verb: str
    account: str
    sender: str
    receiver: str
    raw: FlowRaw
    assets = Figure(is_assets=True)
    shares = Figure()
    nav = Figure()
    cost = Figure()
    fee_shares = Figure()
    venue_fee = Figure()
    impact = Figure()
    size_delta = Figure()
    price = Figure()


class RebalanceRaw(NamedTuple):
    """Integers of a RebalanceRecord; `reward` in collateral decimals, the others 18."""

    price: int
    size_delta: int
    fill_price: int
    cost: int
    reward: int
    aim: int
    leverage_before: int
    leverage_after: int
    size: int
    equity: int


@dataclass(frozen=True, kw_only=True)
class RebalanceRecord(Record):
    """A rebalance.

    Attributes:
        trigger: Why.
        keeper: Who called.
        raw: Integers.
        price: Oracle price.
        size_delta: The trade.
        fill_price: Its fill.
        cost: Fee and impact; negative = rebate.
        reward: Of the keeper.
        aim: Leverage wanted in the end.
        leverage_before: Infinite without equity.
        leverage_after: Infinite without equity.
        size: After.
        equity: After.
    """

    kind = "rebalance"
    trigger: Trigger
    keeper: str
    raw: RebalanceRaw
    price = Figure()
    size_delta = Figure()
    fill_price = Figure()
    cost = Figure()
    reward = Figure(is_assets=True)
    aim = Figure()
    leverage_before = Figure()
    leverage_after = Figure()
    size = Figure()
    equity = Figure()


class SharesRaw(NamedTuple):
    """Integers of a FeeRecord or a TransferRecord, 18 decimals each."""

    shares: int
    nav: int


@dataclass(frozen=True, kw_only=True)
class FeeRecord(Record):
    """Fee shares were minted.

    Attributes:
        receiver: Who got them.
        raw: Integers.
        shares: How many.
        nav: Of the last point.
    """

    kind = "fee"
    receiver: str
    raw: SharesRaw
    shares = Figure()
    nav = Figure()


@dataclass(frozen=True, kw_only=True)
class TransferRecord(Record):
    """Shares went from one holder to another.

    Attributes:
        sender: Whose they were.
        receiver: Whose they are.
        raw: Integers.
        shares: How many.
        nav: Of the last point.
    """

    kind = "transfer"
    sender: str
    receiver: str
    raw: SharesRaw
    shares = Figure()
    nav = Figure()


class LiquidationRaw(NamedTuple):
    """Integers of a LiquidationRecord, 18 decimals each."""

    size_closed: int
    price: int
    keeper_fee: int
    seized: int
    bad_debt: int
    size: int
    equity: int


@dataclass(frozen=True, kw_only=True)
class LiquidationRecord(Record):
    """What the venue did to the account.

    Attributes:
        action: "flagged", "recovered", "liquidated" or "deleveraged".
        caller: Who flagged or liquidated; empty otherwise.
        raw: Integers.
        size_closed: Part of the position that was closed.
        price: Oracle price; 0 where the event does not say it (flagged, recovered).
        keeper_fee: Of the liquidation.
        seized: Margin that the venue kept.
        bad_debt: Below zero equity, taken by the pool.
        size: After.
        equity: After.
    """

    kind = "liquidation"
    action: str
    caller: str
    raw: LiquidationRaw
    size_closed = Figure()
    price = Figure()
    keeper_fee = Figure()
    seized = Figure()
    bad_debt = Figure()
    size = Figure()
    equity = Figure()


@dataclass(frozen=True, kw_only=True)
class ConfigRecord(Record):
    """A token was made, or configured anew.

    Attributes:
        terms: What users obey from then on, integers.
        rules: How it rebalances from then on, integers.
        fee_receiver: Who gets fee shares, or the zero address.
    """

    kind = "config"
    terms: Terms
    rules: Rules
    fee_receiver: str


@dataclass(frozen=True, kw_only=True)
class LifeRecord(Record):
    """A token began, closed its mints for a time, or ended.

    Attributes:
        change: "created", "mint_paused", "wind_down_started" or "settled".
        caller: Who did it; empty where the event does not say.
        until: End of the pause, seconds; else 0.
        size: Position that is to be wound down, underlying WAD; else 0.
        assets: Seed, or what was settled, collateral decimals; else 0.
        shares: What they are for, 18 decimals; else 0.
    """

    kind = "life"
    change: str
    caller: str = ""
    until: int = 0
    size: int = 0
    assets: int = 0
    shares: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return it for machines, see `Record.to_dict`."""
        amounts = {name: str(getattr(self, name)) for name in ("size", "assets", "shares")}
        return super().to_dict() | amounts

    def to_row(self) -> dict[str, Any]:
        """Return it for a table, see `Record.to_row`."""
        return super().to_row() | {
            "size": float(to_decimal(self.size, WAD_DECIMALS)),
            "assets": float(to_decimal(self.assets, self.decimals)),
            "shares": float(to_decimal(self.shares, WAD_DECIMALS)),
        }


def _plain(value: Any) -> Any:
    """Return a term or a rule for JSON, where large integers are strings; so all are."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (bool, str)):
        return value
    return str(value)
