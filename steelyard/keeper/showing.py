"""A step of the keeper as people and programs read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from steelyard.keeper.keeper import Report
from steelyard.keeper.types import Action, Alert, Rebalance

_SIGNS = {Rebalance: "->", Alert: "!!"}


def report_lines(report: Report) -> Iterator[str]:
    """Yield what a step saw, decided and did, a line each.

    Args:
        report: Of the step.
    """
    if report.block is not None:
        time = datetime.fromtimestamp(report.block.timestamp, UTC)
        yield f"block {report.block.number}, {time:%Y-%m-%d %H:%M:%S} UTC"
    for action in report.actions:
        yield f"{_SIGNS.get(type(action), '  ')} {action.symbol:12} {action.reason}"
    for order in report.orders:
        if order.trigger is None:
            yield f"-> {order.symbol:12} {order.kind}: {order.reason}"
    for note in report.notes:
        name = note.symbol or note.token or "account"
        yield f"   {name:12} {note.kind} {note.deed}: {note.text} {note.hash}".rstrip()
    if report.skipped:
        yield f"nothing done: {report.skipped}"
    if report.stopped and not report.error:
        yield f"nothing sent: {report.stopped}"
    if report.warning:
        yield report.warning
    if report.error:
        yield f"failed: {report.error}"


def report_json(report: Report) -> dict[str, Any]:
    """Return a step as JSON; integers that another language could not read are text.

    Args:
        report: Of the step.
    """
    block = report.block
    return {
        "block": None if block is None else block.number,
        "timestamp": None if block is None else block.timestamp,
        "actions": [_action(action) for action in report.actions],
        "orders": [{"kind": o.kind, "token": o.token, "reason": o.reason} for o in report.orders],
        "notes": [
            {
                "deed": note.deed,
                "kind": note.kind,
                "token": note.token,
                "symbol": note.symbol,
                "nonce": note.nonce,
                "hash": note.hash,
                "text": note.text,
            }
            for note in report.notes
        ],
        "pending": len(report.state.pending) if report.state else 0,
        "skipped": report.skipped,
        "stopped": report.stopped,
        "warning": report.warning,
        "error": report.error,
        "seconds": round(report.seconds, 3),
    }


def _action(action: Action) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "action": type(action).__name__.lower(),
        "token": action.token,
        "symbol": action.symbol,
        "reason": action.reason,
    }
    if isinstance(action, Rebalance):
        money = ("reward", "cost", "profit", "min_reward", "sponsored")
        amounts = {name: str(getattr(action, name)) for name in money}
        return shown | {"trigger": action.trigger.name.lower(), "gas": action.gas} | amounts
    shown["cause"] = action.cause
    if not isinstance(action, Alert):
        shown["until"] = action.until
    return shown
