"""Tokens as a keeper sees them, with nothing to do unless a test says otherwise."""

from steelyard.keeper.types import GWEI, Attempt, GasPrice, Pending, TokenView
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Memory, Obstacle, Rules, Trigger
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import AccountState, MarketStatus

USDC = 10**6
NOW = 20_000 * DAY + 3_600
"""01:00 UTC."""

OPENED = NOW - 3_480
"""The daily boundary, from which auctions by time run."""

RULES = Rules(3 * WAD, 2 * WAD, 4 * WAD, 5 * WAD)
# 100,000 gas at 1 gwei cost 0.30 USDC, 0.36 with the margin of 1.2.
GAS = GasPrice(9 * GWEI // 10, GWEI // 10, 3 * GWEI, 3_000 * USDC)
GAS_USED = 100_000


def address(index):
    return f"0x{index:040x}"


def account(**changes):
    values = {
        "price": 2_000 * WAD,
        "oracle_fault": Fault.VALID,
        "status": MarketStatus.ACTIVE,
        "size": 15 * WAD,
        "equity": 10_000 * WAD,
        "withdrawable": 5_000 * WAD,
        "cash": 10**6 * WAD,
        "maintenance": 300 * WAD,
        "flagged": False,
        "changed_at": 0,
        "skew": 0,
        "skew_scale": 10**6 * WAD,
        "maker_fee": WAD * 2 // 10_000,
        "taker_fee": WAD * 6 // 10_000,
        "max_leverage": 25 * WAD,
        "min_margin": 50 * WAD,
        "min_keeper_fee": 5 * WAD,
        "funding_rate": 0,
        "fill_price": 0,
        "order_fee": 0,
    }
    return AccountState(**values | changes)


def view(index=1, **changes):
    """A 3x token in its band; `reward_assets` follows `reward`."""
    values = {
        "address": address(index),
        "symbol": f"T{index}",
        "asset": "USDC",
        "decimals": 6,
        "leverage": 3 * WAD,
        "rules": RULES,
        "memory": Memory(),
        "account": account(),
        "timestamp": NOW,
        "block": 7,
    }
    values |= changes
    values.setdefault("reward_assets", values.get("reward", 0) * USDC // WAD)
    return TokenView(**values)


def due(index=1, trigger=Trigger.DRIFT, paid=2 * USDC, **changes):
    """A token that should sell 5 of its 15 ETH, and nothing forbids it."""
    values = {
        "trigger": trigger,
        "obstacle": Obstacle.CLEAR,
        "leverage": 45 * WAD // 10,
        "aim": 3 * WAD,
        "size_delta": -5 * WAD,
        "whole_delta": -5 * WAD,
        "reward": paid * WAD // USDC,
    }
    return view(index, **values | changes)


def pending(token=1, nonce=0, **changes):
    attempt = Attempt(
        hash=f"0x{nonce:064x}", raw="0x02", max_fee=GWEI, priority_fee=1, sent_at=NOW - 5
    )
    values = {"sender": address(99), "nonce": nonce, "token": address(token)}
    return Pending(**values | {"attempts": (attempt,)} | changes)
