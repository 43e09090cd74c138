"""A token's history: everything its logs tell, for people, tables and machines."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from eth_utils.address import to_checksum_address

from steelyard.sdk.history.accounts import AccountHistory, follow
from steelyard.sdk.history.errors import HistoryError
from steelyard.sdk.history.records import (
    ConfigRecord,
    FeeRecord,
    Flow,
    LifeRecord,
    LiquidationRecord,
    NavPoint,
    RebalanceRecord,
    Record,
    TransferRecord,
)

if TYPE_CHECKING:
    import pandas as pd

AnyRecord = TypeVar("AnyRecord", bound=Record)

_KINDS: dict[str, type[Record]] = {
    kind.kind: kind
    for kind in (
        NavPoint,
        Flow,
        RebalanceRecord,
        FeeRecord,
        TransferRecord,
        LiquidationRecord,
        ConfigRecord,
        LifeRecord,
    )
}


@dataclass(frozen=True, kw_only=True)
class History:
    """What happened to a token in a range of blocks.

    Attributes:
        token: EIP-55 hex str.
        symbol: Of the token.
        decimals: Of the collateral.
        born: Block in which the token was made.
        first: First block of the range.
        last: Last block of the range.
        last_hash: Hash of that block; empty where the end was cut off.
        all: Every record of the range, in order; what a block comes to, after all of it.
    """

    token: str
    symbol: str
    decimals: int
    born: int
    first: int
    last: int
    last_hash: str
    all: tuple[Record, ...]

    @cached_property
    def nav(self) -> tuple[NavPoint, ...]:
        """Points of price, position, leverage and net asset value."""
        return self._of(NavPoint)

    @cached_property
    def flows(self) -> tuple[Flow, ...]:
        """Mints and redemptions."""
        return self._of(Flow)

    @cached_property
    def rebalances(self) -> tuple[RebalanceRecord, ...]:
        """Rebalances."""
        return self._of(RebalanceRecord)

    @cached_property
    def fees(self) -> tuple[FeeRecord, ...]:
        """Fee shares as they were minted."""
        return self._of(FeeRecord)

    @cached_property
    def transfers(self) -> tuple[TransferRecord, ...]:
        """Shares that went from holder to holder."""
        return self._of(TransferRecord)

    @cached_property
    def liquidations(self) -> tuple[LiquidationRecord, ...]:
        """What the venue did to the account."""
        return self._of(LiquidationRecord)

    @cached_property
    def configs(self) -> tuple[ConfigRecord, ...]:
        """The configuration it began with, and every later one."""
        return self._of(ConfigRecord)

    @cached_property
    def life(self) -> tuple[LifeRecord, ...]:
        """Beginning, pauses and end."""
        return self._of(LifeRecord)

    def between(self, first: int, last: int) -> History:
        """Return the part in a range of blocks, both included."""
        part = tuple(record for record in self.all if first <= record.block <= last)
        first, last = max(first, self.first), min(last, self.last)
        known = self.last_hash if last == self.last else ""
        return replace(self, first=first, last=last, last_hash=known, all=part)

    def account(self, account: str) -> AccountHistory:
        """Return one account's part, with what its shares cost and what they made.

        Args:
            account: Hex str in any case.

        Raises:
            HistoryError: The history does not begin with the token.
        """
        if self.first > self.born:
            raise HistoryError(
                f"the history begins at block {self.first}, the token at {self.born}",
                "read it without `first`",
            )
        points = self.nav
        nav = points[-1].raw.nav if points else 0
        return follow(to_checksum_address(account), self.all, nav, self.decimals)

    def frame(self, kind: str = "nav") -> pd.DataFrame:
        """Return records of one kind as a table, one a row.

        For charts and statistics: amounts are floats in people's units, so rounded. Exact are the
        records.

        Args:
            kind: "nav", "flow", "rebalance", "fee", "transfer", "liquidation", "config" or "life".

        Returns:
            Indexed by time (UTC).

        Raises:
            HistoryError: There is no such kind.
        """
        import pandas as pd

        if kind not in _KINDS:
            raise HistoryError(f"no records of kind {kind!r}", f"there are: {', '.join(_KINDS)}")
        columns = _KINDS[kind].columns()
        rows = [record.to_row() for record in self._of(_KINDS[kind])]
        frame = pd.DataFrame(rows, columns=columns)
        time = pd.to_datetime(frame.pop("timestamp"), unit="s", utc=True)
        return frame.set_index(pd.DatetimeIndex(time, name="time"))

    def records(self) -> list[dict[str, Any]]:
        """Return all records for machines: amounts as strings of chain units."""
        return [record.to_dict() for record in self.all]

    def to_json(self) -> str:
        """Return it as JSON, with what the amounts are of."""
        head = {
            "token": self.token,
            "symbol": self.symbol,
            "decimals": self.decimals,
            "first": self.first,
            "last": self.last,
            "last_hash": self.last_hash,
        }
        return json.dumps(head | {"records": self.records()}, indent=1)

    def _of(self, kind: type[AnyRecord]) -> tuple[AnyRecord, ...]:
        return tuple(record for record in self.all if isinstance(record, kind))
