"""history: what happened to a token, or to what an account has of it, out of logs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from steelyard.sdk import readable
from steelyard.sdk.history import (
    AccountEntry,
    AccountHistory,
    FeeRecord,
    Flow,
    History,
    LifeRecord,
    LiquidationRecord,
    NavPoint,
    RebalanceRecord,
    Record,
    TransferRecord,
)
from steelyard.wallet import tables
from steelyard.wallet.amounts import number, plain, times
from steelyard.wallet.errors import UsageTrouble
from steelyard.wallet.session import Session

LAST = 30
"""Lines that people see where they ask for none in particular."""

_UNITS = {"d": 86_400, "h": 3_600, "min": 60}
_AGO = re.compile(r"(\d+) ?(d|h|min)")


@dataclass(frozen=True)
class Since:
    """From where on: a block, or a time (unix seconds)."""

    block: int = 0
    timestamp: int = 0

    def holds(self, record: Record) -> bool:
        """Return whether a record is not before it."""
        return record.block >= self.block and record.timestamp >= self.timestamp


def read_since(text: str | None, now: int) -> Since:
    """Return from where on somebody wants to know.

    Args:
        text: Number of a block, date or time in UTC, or a time ago like 7d, 12h, 30min.
        now: Of the chain, unix seconds.

    Raises:
        UsageTrouble: It is none of these.

    >>> read_since("1200", 0).block, read_since("2h", 10_000).timestamp
    (1200, 2800)
    >>> read_since("1970-01-02", 0).timestamp
    86400
    """
    if text is None:
        return Since()
    if text.isascii() and text.isdigit():
        return Since(block=int(text))
    if ago := _AGO.fullmatch(text):
        return Since(timestamp=now - int(ago[1]) * _UNITS[ago[2]])
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        remedy = "use a block's number, a date or time in UTC like 2026-01-31T12:00, or 7d, 12h"
        raise UsageTrouble(f"--from {text!r} is no block and no time", remedy) from error
    return Since(timestamp=int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()))


@dataclass(frozen=True)
class Line:
    """What happened, for a table; empty where it has no meaning.

    Attributes:
        timestamp: Unix seconds.
        block: Number.
        event: What it was, e.g. `mint` or `rebalance: drift`.
        who: Hex str.
        shares: That moved.
        assets: Collateral that moved, a keeper's reward among it.
        cost: What it cost who caused it, or the token; quote.
        price: Of the underlying.
        nav: Of a share, after it.
        leverage: After it.
        tx: Hash.
    """

    timestamp: int
    block: int
    event: str
    who: str = ""
    shares: Decimal | None = None
    assets: Decimal | None = None
    cost: Decimal | None = None
    price: Decimal | None = None
    nav: Decimal | None = None
    leverage: Decimal | None = None
    tx: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it for machines."""
        figures = ("shares", "assets", "cost", "price", "nav", "leverage")
        head = {
            "time": _time(self.timestamp),
            "block": self.block,
            "event": self.event,
            "who": self.who,
        }
        return head | {name: plain(getattr(self, name)) for name in figures} | {"tx": self.tx}


def lines_of(records: Iterable[Record]) -> Iterator[Line]:
    """Yield a line for each thing that happened.

    Args:
        records: In order; what a block comes to follows all of it.
    """
    waiting: list[tuple[Record, dict[str, Any]]] = []
    for record in records:
        if waiting and record.block != waiting[0][0].block:
            yield from (_line(*one, None) for one in waiting)
            waiting = []
        if isinstance(record, NavPoint):
            yield from (_line(*one, record) for one in waiting)
            waiting = []
        elif (told := _told(record)) is not None:
            waiting.append((record, told))
    yield from (_line(*one, None) for one in waiting)


def _line(record: Record, told: dict[str, Any], point: NavPoint | None) -> Line:
    after: dict[str, Any] = {}
    if point is not None:
        after = {"price": point.price, "nav": point.nav, "leverage": point.leverage}
    where: dict[str, Any] = {"timestamp": record.timestamp, "block": record.block, "tx": record.tx}
    return Line(**(where | after | told))


def _told(record: Record) -> dict[str, Any] | None:
    """Return what a record tells; None for what is told by others."""
    match record:
        case Flow():
            moved = {"shares": record.shares, "assets": record.assets, "cost": record.cost}
            return {"event": record.verb, "who": record.account, **moved}
        case RebalanceRecord():
            event = f"rebalance: {readable(record.trigger)}"
            paid = {"assets": record.reward, "cost": record.cost}
            return {"event": event, "who": record.keeper, **paid}
        case TransferRecord():
            moved = {"shares": record.shares, "nav": record.nav}
            return {"event": "transfer", "who": record.receiver, **moved}
        case FeeRecord():
            return {"event": "fees", "who": record.receiver, "shares": record.shares}
        case LiquidationRecord():
            return {"event": record.action, "who": record.caller, "cost": record.seized}
        case LifeRecord():
            return {"event": record.change.replace("_", " "), "who": record.caller}
    return None if record.kind == "config" else {"event": record.kind}


# ---------------------------------------------------------------- SHOW


def history(session: Session, symbol: str, since: str | None, as_csv: bool) -> None:
    """Show what happened to a token, or to what an account has of it.

    Args:
        session: The command; with an account it is about that.
        symbol: Of the token.
        since: From where on, see `read_since`.
        as_csv: As CSV on standard output.
    """
    if as_csv and session.options.as_json:
        raise UsageTrouble("--csv and --json", "choose one of them")
    steelyard = session.steelyard
    token = steelyard.token(symbol)
    first = read_since(since, steelyard.chain.block().timestamp)
    with session.working("reading logs") as progress:
        found = token.history(progress=progress)
    if session.account is not None:
        _account(session, found.account(session.account), token.symbol, first, as_csv)
        return
    lines = list(lines_of(record for record in found.all if first.holds(record)))
    if as_csv:
        session.stdout.write(as_csv_text(list(Line(0, 0, "").to_dict()), lines))
        return
    shown = lines if since is not None else lines[-LAST:]
    session.result(_view(found, lines), *_history_table(token.symbol, shown, len(lines)))


def _view(found: History, lines: Sequence[Line]) -> dict[str, Any]:
    head = {"symbol": found.symbol, "token": found.token, "last_block": found.last}
    return head | {"events": [line.to_dict() for line in lines]}


def _history_table(symbol: str, lines: Sequence[Line], of: int) -> list[Any]:
    headings = ("<time (UTC)", "<event", "<who", "shares", "assets", "cost", "NAV", "leverage")
    rows = [
        (
            _short_time(line.timestamp),
            line.event,
            _short(line.who),
            _figure(line.shares, 4),
            _figure(line.assets),
            _figure(line.cost),
            _figure(line.nav, 4),
            "" if line.leverage is None else times(line.leverage),
        )
        for line in lines
    ]
    shown: list[Any] = [tables.columns_table(f"History of {symbol}", headings, rows)]
    if of > len(lines):
        shown.append(f"{of - len(lines)} earlier ones: --from 0 shows all")
    return shown


def _account(
    session: Session, part: AccountHistory, symbol: str, first: Since, as_csv: bool
) -> None:
    entries = [entry for entry in part.entries if first.holds(entry)]
    views = [_entry_view(entry) for entry in entries]
    if as_csv:
        session.stdout.write(_csv(("time", "block", "event", "other", *_ENTRY, "tx"), views))
        return
    value: dict[str, Any] = {"symbol": symbol, "account": part.account, "events": views}
    value |= {name: plain(getattr(part, name)) for name in _SUMS}
    headings = ("<time (UTC)", "<event", "<other", "shares", "assets", "realised", "balance")
    title = f"History of {symbol}, account {part.account}"
    table = tables.columns_table(title, headings, map(_entry_line, entries))
    sums = _sum_rows(part, symbol, session.steelyard.collateral.symbol)
    session.result(value, table, tables.rows_table("", sums))


_ENTRY = ("shares", "assets", "realised", "balance", "basis")
_SUMS = ("balance", "nav", "value", "basis", "realised", "unrealised", "profit")


def _entry_view(entry: AccountEntry) -> dict[str, Any]:
    return {
        "time": _time(entry.timestamp),
        "block": entry.block,
        "event": entry.verb.replace("_", " "),
        "other": entry.other,
        **{name: plain(getattr(entry, name)) for name in _ENTRY},
        "tx": entry.tx,
    }


def _entry_line(entry: AccountEntry) -> tuple[str, ...]:
    return (
        _short_time(entry.timestamp),
        entry.verb.replace("_", " "),
        _short(entry.other),
        number(entry.shares, 4),
        number(entry.assets),
        number(entry.realised),
        number(entry.balance, 4),
    )


def _sum_rows(part: AccountHistory, symbol: str, unit: str) -> list[tables.Row]:
    worth = f"{symbol}, worth {number(part.value)} {unit} at its NAV when it last traded"
    return [
        ("holds", number(part.balance, 6), worth),
        ("paid for them", number(part.basis), f"{unit}, at average cost"),
        ("made so far", number(part.realised), f"{unit}, by what left"),
        ("profit", number(part.profit), f"{unit}, with what is still held"),
    ]


def as_csv_text(columns: Sequence[str], lines: Iterable[Line]) -> str:
    """Return lines as CSV with every digit.

    Args:
        columns: Names, in order.
        lines: What happened.
    """
    return _csv(columns, [line.to_dict() for line in lines])


def _csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _figure(amount: Decimal | None, places: int = 2) -> str:
    return "" if amount is None else number(amount, places)


def _short(address: str) -> str:
    return f"{address[:6]}..{address[-4:]}" if address else ""


def _time(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _short_time(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%m-%d %H:%M:%S")
