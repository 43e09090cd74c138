"""The same figures for machines: JSON, and the series of a picture."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

from steelyard.accounting import NAV_UNIT
from steelyard.charts import TokenSeries
from steelyard.demo.figures import TokenFigures
from steelyard.demo.ledger import Ledger
from steelyard.demo.path import HOUR, largest_jump
from steelyard.demo.story import Story
from steelyard.history.market import utc
from steelyard.model.arithmetic import WAD


def write_json(story: Story, tokens: list[TokenFigures], path: Path) -> None:
    """Write the figures; numbers that have decimals are strings, so that none is lost.

    Args:
        story: After its end.
        tokens: Its figures.
        path: Of the file; its folder is made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(to_json(story, tokens), indent=2) + "\n")


def to_json(story: Story, tokens: list[TokenFigures]) -> dict[str, Any]:
    """Return everything that the demo has to say.

    Args:
        story: After its end.
        tokens: Its figures.
    """
    history, jump = story.history, largest_jump(story.moments)
    return {
        "history": {
            "name": history.name,
            "from": utc(history.start),
            "to": utc(history.end),
            "hours": len(history.bars),
            "prices": [_decimal(story.moments[0].price), _decimal(story.moments[-1].price)],
            "downtimes": [[utc(gap.start), utc(gap.end)] for gap in history.gaps],
            "downtime_made": story.made is not None,
            "largest_jump": _decimal(jump.size),
            "largest_jump_at": utc(jump.time),
        },
        "tokens": {token.symbol: _token(token) for token in tokens},
        "keeper": {
            "income": _decimal(story.gains["keeper"]),
        },
        "holders": {
            "flows": story.holders.flows,
            "refusals": dict(sorted(story.holders.refusals.items())),
            "delayed": len(story.holders.delayed),
            "never_done": len(story.holders.stranded),
        },
        "gains": {who: _decimal(gain) for who, gain in story.gains.items()},
        "checks": [asdict(check) for check in story.checks],
    }


def series(ledger: Ledger, story: Story) -> TokenSeries:
    """Return what a picture of a token needs.

    Args:
        ledger: Its books.
        story: Where they are from.
    """
    token, readings = ledger.token, ledger.readings[: ledger.walked or None]
    band = (token.rules.leverage_lo, token.rules.leverage_hi, token.rules.emergency_leverage)
    lo, hi, em = (edge / WAD for edge in band)
    leverages = (reading.leverage for reading in readings)
    return TokenSeries(
        symbol=token.symbol,
        leverage_factor=token.factor,
        times=[reading.time for reading in readings],
        spot=[reading.price / WAD for reading in readings],
        nav=[reading.nav / NAV_UNIT for reading in readings],
        leverage=[inf if leverage is None else leverage / WAD for leverage in leverages],
        band=(lo, hi, em),
        rebalances=[(trade.time, trade.trigger) for trade in ledger.rebalances],
        gaps=[(gap.start, gap.end) for gap in story.history.gaps],
    )


def _token(token: TokenFigures) -> dict[str, Any]:
    """Return what became of a token."""
    risk = token.risk
    return {
        "leverage": token.factor,
        "band": [_decimal(edge) for edge in token.band],
        "price_move": _decimal(token.price_gain(WAD)),
        "return": _decimal(token.gain(WAD)),
        "parts": {name: _decimal(part) for name, part in token.parts(WAD).items()},
        "nav": [_decimal(nav * WAD // NAV_UNIT) for nav in token.navs],
        "equity_moved": {str(cause): _decimal(moved) for cause, moved in token.quote.items()},
        "nav_range": [_decimal(nav * WAD // NAV_UNIT) for nav in risk.navs],
        "highest_leverage": None if risk.leverage is None else _decimal(risk.leverage),
        "nearest_liquidation": _decimal(risk.distance),
        "nearest_liquidation_at": utc(risk.distance_at),
        "hours_out_of_band": risk.outside / HOUR,
        "liquidations": token.liquidations,
        "obstacles": dict(sorted(token.obstacles.items())),
        "wiped_at": utc(risk.wiped_at) if risk.wiped_at else None,
        "holders_gain": _decimal(token.holders_gain),
        "traded": _decimal(token.traded()),
        "triggers": dict(token.triggers()),
        "rebalances": [
            {
                name: _decimal(value) if name not in ("time", "trigger") else value
                for name, value in asdict(trade).items()
            }
            for trade in token.rebalances
        ],
    }


def _decimal(amount: int) -> str:
    """Return an amount (WAD) as a decimal number, exactly.

    >>> _decimal(-15 * WAD // 10), _decimal(0)
    ('-1.5', '0')
    """
    sign, (whole, rest) = "-" if amount < 0 else "", divmod(abs(amount), WAD)
    return f"{sign}{whole}.{rest:018}".rstrip("0").rstrip(".")
