"""What a holder paid, got, and has made or lost: average cost, in the collateral's own units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from steelyard.model.arithmetic import WAD
from steelyard.sdk.history.records import FeeRecord, Flow, Record, TransferRecord
from steelyard.sdk.history.units import Figure


class EntryRaw(NamedTuple):
    """Integers of an AccountEntry; shares 18 decimals, all else collateral decimals."""

    shares: int
    assets: int
    realised: int
    balance: int
    basis: int


@dataclass(frozen=True, kw_only=True)
class AccountEntry(Record):
    """Shares came to an account or left it.

    Attributes:
        verb: "mint", "redeem", "seed", "transfer_in", "transfer_out" or "fee".
        other: The other side of a transfer, who paid a mint, or who got what a redemption paid.
        raw: Integers.
        shares: That came or left, not negative.
        assets: Paid or got; for transfers and fee shares their value at the last point.
        realised: Profit that leaving made: `assets` less the average cost of the shares.
        balance: Shares after it.
        basis: What they cost, at average.
    """

    kind = "entry"
    verb: str
    other: str
    raw: EntryRaw
    shares = Figure()
    assets = Figure(is_assets=True)
    realised = Figure(is_assets=True)
    balance = Figure()
    basis = Figure(is_assets=True)


class AccountRaw(NamedTuple):
    """Integers of an AccountHistory: `balance` and `nav` 18 decimals, all else the collateral's."""

    balance: int
    nav: int
    basis: int
    value: int
    realised: int
    unrealised: int


@dataclass(frozen=True, kw_only=True)
class AccountHistory:
    """One account's part in a token's history.

    Attributes:
        account: Whose.
        decimals: Of the collateral.
        entries: In order.
        raw: Integers.
        balance: Shares.
        nav: Of the last point.
        basis: What the shares cost, at average.
        value: Of the shares at `nav`, down.
        realised: Profit of all shares that left.
        unrealised: `value` less `basis`.
    """

    account: str
    decimals: int
    entries: tuple[AccountEntry, ...] = field(repr=False)
    raw: AccountRaw
    balance = Figure()
    nav = Figure()
    basis = Figure(is_assets=True)
    value = Figure(is_assets=True)
    realised = Figure(is_assets=True)
    unrealised = Figure(is_assets=True)

    @property
    def profit(self) -> Decimal:
        """Realised and unrealised."""
        return self.realised + self.unrealised

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON: amounts as strings of chain units."""
        amounts = {name: str(amount) for name, amount in self.raw._asdict().items()}
        entries = [entry.to_dict() for entry in self.entries]
        return {"account": self.account, "decimals": self.decimals, **amounts, "entries": entries}


def follow(account: str, records: Iterable[Record], nav: int, decimals: int) -> AccountHistory:
    """Return what became of an account.

    Args:
        account: EIP-55 hex str.
        records: All of the token's, in order.
        nav: Of the last point, quote WAD.
        decimals: Of the collateral.
    """
    scale = 10 ** (18 - decimals)
    holding, entries = _Holding(), []
    for record in records:
        for verb, other, shares, assets in _moves(account, record, scale):
            raw = holding.move(verb in _COMING, shares, assets)
            entries.append(
                AccountEntry(
                    block=record.block,
                    index=record.index,
                    timestamp=record.timestamp,
                    tx=record.tx,
                    decimals=decimals,
                    verb=verb,
                    other=other,
                    raw=raw,
                )
            )
    value = holding.balance * nav // WAD // scale
    raw_sums = AccountRaw(
        holding.balance,
        nav,
        holding.basis,
        value,
        sum(entry.raw.realised for entry in entries),
        value - holding.basis,
    )
    return AccountHistory(account=account, decimals=decimals, entries=tuple(entries), raw=raw_sums)


_COMING = {"mint", "seed", "transfer_in", "fee"}
_Move = tuple[str, str, int, int]  # verb, other, shares, assets


def _moves(account: str, record: Record, scale: int) -> list[_Move]:
    """Return what a record moves to an account or from it."""
    if isinstance(record, Flow) and record.account == account:
        other = record.receiver if record.verb == "redeem" else record.sender
        return [(record.verb, other, record.raw.shares, record.raw.assets)]
    if isinstance(record, FeeRecord) and record.receiver == account:
        return [("fee", account, record.raw.shares, _worth(record, scale))]
    if isinstance(record, TransferRecord) and record.sender != record.receiver:
        moved = record.raw.shares, _worth(record, scale)
        if record.sender == account:
            return [("transfer_out", record.receiver, *moved)]
        if record.receiver == account:
            return [("transfer_in", record.sender, *moved)]
    return []


def _worth(record: FeeRecord | TransferRecord, scale: int) -> int:
    """Return the value of shares at the last point, collateral decimals, down."""
    return record.raw.shares * record.raw.nav // WAD // scale


class _Holding:
    """Shares, and what they cost."""

    def __init__(self) -> None:
        self.balance = 0
        self.basis = 0

    def move(self, coming: bool, shares: int, assets: int) -> EntryRaw:
        """Let shares come or leave; those that leave cost the average of all, down."""
        realised = 0
        if coming:
            self.balance += shares
            self.basis += assets
        else:
            cost = self.basis * shares // self.balance if self.balance else 0
            realised = assets - cost
            self.balance -= shares
            self.basis -= cost
        return EntryRaw(shares, assets, realised, self.balance, self.basis)
