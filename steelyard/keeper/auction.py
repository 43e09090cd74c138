"""When the reward of a rebalance will be worth sending it: the reward formula, solved for time.

The formula is that of docs/protocol.md section 5, the twin of it steelyard/model/policy/terms.py.
It is solved and not searched: a thousand tokens may wait for their auctions in every block.
"""

from __future__ import annotations

from steelyard.keeper.types import TokenView
from steelyard.model.arithmetic import WAD, ceil_div
from steelyard.model.policy import Case, Trigger
from steelyard.model.policy.terms import find_rate
from steelyard.model.policy.trigger import REBALANCE_TTL

BY_TIME = (Trigger.WIND_DOWN, Trigger.UNFINISHED, Trigger.REBUILD, Trigger.SCHEDULE)
"""What is paid better the longer it waits."""

FOREVER = 2**256 - 1
"""Seconds."""


def worth_at(token: TokenView, least: int) -> int | None:
    """Return when a token's reward reaches an amount, if price and size stay as they are.

    Args:
        token: With an auction that runs: its trigger is of BY_TIME.
        least: Collateral units, above the reward now.

    Returns:
        Seconds; None = not within this auction.
    """
    notional = _notional(token)
    case = _case(token)
    if case is None or notional == 0 or token.trigger not in BY_TIME:
        return None
    # The venue lets less leave than the auction offers: time does not help.
    if token.reward < notional * find_rate(case, token.trigger) // WAD:
        return None
    start, end = _window(case, token.trigger)
    reward = ceil_div(least * WAD, 10**token.decimals)
    elapsed = _reached_after(case, ceil_div(reward * WAD, notional))
    return start + elapsed if elapsed is not None and start + elapsed <= end else None


def _notional(token: TokenView) -> int:
    """What the reward is a share of, quote WAD."""
    return abs(token.size_delta) * token.price // WAD


def _case(token: TokenView) -> Case | None:
    """What the twin's rules look at."""
    if token.account is None or token.rules is None or token.memory is None:
        return None
    return Case(token.account, token.is_long, token.rules, token.memory, token.timestamp)


def _reached_after(case: Case, rate: int) -> int | None:
    """How long an auction runs until it offers a rate, seconds; None = it never does.

    Args:
        case: What the auction is of.
        rate: Reward per notional, WAD.
    """
    rules = case.rules
    if rate > min(rules.max_rate, rules.max_reward * WAD // max(case.leverage, rules.target)):
        return None
    if rate <= rules.min_rate:
        return 0
    need = ceil_div((rate - rules.min_rate) * WAD, rules.max_rate - rules.min_rate)
    return ceil_div(need * rules.auction_duration, WAD)


def _window(case: Case, trigger: Trigger) -> tuple[int, int]:
    """When the auction began, and the last second in which the token wants this trade."""
    rules, memory = case.rules, case.memory
    if trigger == Trigger.WIND_DOWN:
        return memory.winding_down_at, FOREVER
    if trigger == Trigger.UNFINISHED:
        return min(memory.traded_at + rules.cooldown, case.now), memory.since + REBALANCE_TTL
    boundary = case.last_boundary
    return boundary, boundary + rules.window
