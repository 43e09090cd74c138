"""What to do about every token now: pure, so that every rule of it can be tested without a chain.

Each token gets one action. A rebalance is sent when its reward pays for the gas, with a margin and
the profit asked for; in an emergency down to another, lower floor; and for a sponsor's tokens at a
loss, as long as the day's budget lasts. What is not sent is a wait (nothing wrong) or an alert
(somebody should know), with the reason in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from steelyard.keeper.auction import BY_TIME, worth_at
from steelyard.keeper.types import (
    GWEI,
    Action,
    Alert,
    Cause,
    GasPrice,
    Pending,
    Rebalance,
    TokenView,
    Wait,
)
from steelyard.keeper.words import amount_text, leverage_text
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from steelyard.model.token.terms import Phase

NEVER = 2**256 - 1
"""Sorts after every time, seconds."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a keeper is willing to do, in chain units; `Settings.policy` makes it.

    Attributes:
        margin: On the cost of gas, a factor, WAD.
        min_profit: Asked of every rebalance, collateral units.
        emergency_floor: Of an emergency, collateral units; negative = a loss accepted each time.
        max_fee: The most paid per gas, wei.
        rebalance_gas: Of a rebalance that was never measured.
        sponsor_budget: Losses accepted per UTC day, collateral units; 0 = none.
        sponsor_tokens: Symbols and lower-case addresses it is for; empty = all.
    """

    margin: int = 12 * WAD // 10
    min_profit: int = 0
    emergency_floor: int = 0
    max_fee: int = 200 * GWEI
    rebalance_gas: int = 180_000
    sponsor_budget: int = 0
    sponsor_tokens: frozenset[str] = frozenset()

    def sponsors(self, token: TokenView) -> bool:
        """Return whether a token may be kept at a loss."""
        if self.sponsor_budget <= 0:
            return False
        names = self.sponsor_tokens
        return not names or token.address in names or token.symbol in names


class _Bill:
    """What gas costs in one block, of each amount once: nearly all tokens take the same."""

    def __init__(self, gas: GasPrice, policy: Policy) -> None:
        self.base_fee = gas.base_fee
        self.cap = min(gas.max_fee, policy.max_fee)
        self._gas = replace(gas, max_fee=self.cap)
        self._policy = policy
        self._known: dict[int, tuple[int, int, int] | None] = {}

    def of(self, token: TokenView) -> tuple[int, int, int] | None:
        """Gas, its cost and what is charged for it, collateral units; None = not known."""
        gas = token.gas or self._policy.rebalance_gas
        if gas not in self._known:
            cost, charged = self._gas.cost(gas), self._gas.cost(gas, self._policy.margin)
            self._known[gas] = None if cost is None or charged is None else (gas, cost, charged)
        return self._known[gas]


class _Offer(NamedTuple):
    """A rebalance that nothing forbids, and what it comes to.

    Attributes:
        token: Which.
        gas: Expected, amount.
        cost: Of it without margin, collateral units.
        charged: With margin.
        profit: Reward less what is charged.
    """

    token: TokenView
    gas: int
    cost: int
    charged: int
    profit: int

    @property
    def rank(self) -> tuple[bool, int, str]:
        """Emergencies first, then what pays best per gas; smaller is earlier."""
        urgent = self.token.trigger == Trigger.EMERGENCY
        return not urgent, -(self.profit * WAD // self.gas), self.token.address


def decide(
    tokens: Iterable[TokenView],
    now: int,
    gas: GasPrice,
    policy: Policy,
    pending: Iterable[Pending] = (),
    sponsored_today: int = 0,
) -> tuple[Action, ...]:
    """Return one action for each token; what they are does not depend on the order of the tokens.

    Args:
        tokens: As of one block.
        now: Seconds.
        gas: What gas costs.
        policy: What the keeper is willing to do.
        pending: Its live transactions; their reserves count against the sponsor budget.
        sponsored_today: Losses booked this UTC day, collateral units.

    Returns:
        Rebalances, emergencies first and then by profit per gas; alerts; waits, soonest first.
    """
    transactions = sorted(pending, key=lambda transaction: (transaction.nonce, transaction.hashes))
    live = {transaction.token.lower(): transaction for transaction in transactions}
    reserved = sum(transaction.sponsored for transaction in transactions)
    bill = _Bill(gas, policy)
    left = max(0, policy.sponsor_budget - sponsored_today - reserved)
    offers: list[_Offer] = []
    idle: list[Alert | Wait] = []
    for token in _distinct(tokens):
        verdict = _judge(token, now, bill, live.get(token.address))
        if isinstance(verdict, _Offer):
            offers.append(verdict)
        else:
            idle.append(verdict)
    sent: list[Action] = []
    for offer in sorted(offers, key=lambda offer: offer.rank):
        action = _answer(offer, now, policy, left)
        if isinstance(action, Rebalance):
            left -= action.sponsored
            sent.append(action)
        else:
            idle.append(action)
    return (*sent, *sorted(idle, key=_order_of_idle))


def _distinct(tokens: Iterable[TokenView]) -> Iterable[TokenView]:
    """Each token once: the latest of several views."""
    latest: dict[str, TokenView] = {}
    for token in tokens:
        known = latest.setdefault(token.address, token)
        if known is not token and (token.block, repr(token)) > (known.block, repr(known)):
            latest[token.address] = token
    return latest.values()


def _order_of_idle(action: Alert | Wait) -> tuple[bool, int, str]:
    """Alerts, then waits by when they end."""
    if isinstance(action, Alert):
        return False, 0, action.token
    return True, NEVER if action.until is None else action.until, action.token


# ---------------------------------------------------------------- WHAT FORBIDS IT


def _judge(token: TokenView, now: int, bill: _Bill, live: Pending | None) -> _Offer | Alert | Wait:
    """An offer, or why there is none."""
    if live is not None:
        return _wait(token, Cause.PENDING, _pending_text(live, now))
    if not token.ok:
        return _alert(token, Cause.UNREADABLE, token.fault)
    if token.phase == Phase.CLOSED:
        return _wait(token, Cause.ENDED, "settled: every share redeems for the same, for ever")
    if token.trigger == Trigger.NOTHING:
        return _judge_idle(token)
    if token.obstacle != Obstacle.CLEAR:
        return _judge_blocked(token)
    if token.size_delta == 0:
        return _alert(token, Cause.FUTILE, f"{_need(token)}, but there is nothing to trade")
    return _judge_gas(token, bill)


def _judge_idle(token: TokenView) -> Alert | Wait:
    """A token that needs no trade."""
    if token.obstacle in (Obstacle.FLAGGED, Obstacle.PRICE):
        return _judge_blocked(token)
    if token.obstacle == Obstacle.WIPED or token.wiped:
        if token.size:
            reason = "wiped out, and its position still open: the venue must liquidate it"
            return _alert(token, Cause.WIPED, reason)
        return _wait(token, Cause.WIPED, "wiped out: nothing is left to trade with")
    if token.phase == Phase.WIND_DOWN and token.size == 0:
        return _wait(token, Cause.ENDED, "wound down, its position closed: it can be settled")
    until = token.ready_at or None
    if token.obstacle == Obstacle.VENUE:
        return _wait(token, Cause.VENUE, "the venue is down; there would be nothing to do", until)
    if token.obstacle != Obstacle.CLEAR:
        return _judge_blocked(token)
    if token.size == 0:
        reason = "without a position: it may be rebuilt after a daily boundary"
        return _wait(token, Cause.IDLE, reason, until)
    return _wait(token, Cause.IDLE, f"{leverage_text(token.leverage)}, where it should be", until)


# What an obstacle means to whoever watches, and what ends it.
_OBSTACLES = {
    Obstacle.WIPED: "it is wiped out: nothing is left to trade with",
    Obstacle.FLAGGED: "the venue is liquidating it: its liquidate must be called",
    Obstacle.VENUE: "the venue does not take the trade: it is down, reduces only, or margin lacks",
    Obstacle.PRICE: "the price is not valid",
    Obstacle.REFERENCE: "the reference feed is not fresh or disagrees",
    Obstacle.COOLDOWN: "it was rebalanced a moment ago",
    Obstacle.BUDGET: "the day's cost budget is used up",
    Obstacle.NO_SAFE_SIZE: "no size is safe from a sandwich: a fee or its trade share is zero",
    Obstacle.BOUND: "no part fills within the price bound: the venue's skew must come back",
    Obstacle.FUTILE: "no part brings leverage closer: trading costs more than it helps",
}
_CLOCK = (Obstacle.COOLDOWN, Obstacle.BUDGET)


def _judge_blocked(token: TokenView) -> Alert | Wait:
    """A token that cannot trade: waits for the clock, all else is worth an alert."""
    obstacle = token.obstacle
    reason = f"{_need(token)}, but {_OBSTACLES[obstacle]}"
    if obstacle == Obstacle.PRICE and token.account is not None:
        reason += f" (oracle: {token.account.oracle_fault.name.lower().replace('_', ' ')})"
    cause = Cause(obstacle.name.lower())
    if obstacle in _CLOCK:
        return _wait(token, cause, reason, token.ready_at or None)
    return _alert(token, cause, reason)


def _judge_gas(token: TokenView, bill: _Bill) -> _Offer | Alert | Wait:
    """An offer, unless gas costs too much or nobody knows what."""
    if bill.base_fee > bill.cap:
        price, most = (amount_text(fee, 9, "gwei", 2) for fee in (bill.base_fee, bill.cap))
        reason = f"{_need(token)}, but gas at {price} is over the cap of {most}"
        cause = Cause.GAS_PRICE
        urgent = token.trigger == Trigger.EMERGENCY
        return _alert(token, cause, reason) if urgent else _wait(token, cause, reason)
    known = bill.of(token)
    if known is None:
        reason = f"{_need(token)}, but what gas costs is not known: the price of the chain's coin"
        return _alert(token, Cause.NATIVE_PRICE, reason)
    gas, cost, charged = known
    return _Offer(token, gas, cost, charged, token.reward_assets - charged)


# ---------------------------------------------------------------- WHETHER IT PAYS


def _answer(offer: _Offer, now: int, policy: Policy, left: int) -> Action:
    """Send it if it pays, or if somebody else pays.

    Args:
        offer: What nothing forbids.
        now: Seconds.
        policy: What the keeper is willing to do.
        left: Of the day's sponsor budget, collateral units.
    """
    token, floor = offer.token, policy.min_profit
    if token.trigger == Trigger.EMERGENCY:
        floor = min(floor, policy.emergency_floor)
    if offer.profit >= floor:
        return _rebalance(offer, max(0, offer.charged + floor), 0)
    if policy.sponsors(token) and -offer.profit <= left:
        least = max(0, offer.charged - left)
        return _rebalance(offer, least, offer.charged - least)
    return _unprofitable(offer, offer.charged + floor, now, policy, left)


def _rebalance(offer: _Offer, min_reward: int, sponsored: int) -> Rebalance:
    token = offer.token
    reason = f"{_need(token)}; reward {_money(token, token.reward_assets)}, "
    reason += f"gas {_money(token, offer.charged)} with margin"
    if sponsored:
        reason += f", sponsored with up to {_money(token, sponsored)}"
    return Rebalance(
        token=token.address,
        symbol=token.symbol,
        reason=reason,
        trigger=token.trigger,
        reward=token.reward_assets,
        cost=offer.cost,
        profit=offer.profit,
        min_reward=min_reward,
        sponsored=sponsored,
        gas=offer.gas,
    )


def _unprofitable(offer: _Offer, least: int, now: int, policy: Policy, left: int) -> Alert | Wait:
    """What does not pay: an alert in an emergency, else a wait for a better reward or budget."""
    token = offer.token
    reward, asked = _money(token, token.reward_assets), _money(token, least)
    reason = f"{_need(token)}, but the reward of {reward} is below the {asked} to send it for"
    cause, until = Cause.UNPROFITABLE, None
    if token.trigger in BY_TIME:
        until = worth_at(token, least)
        in_time = "not within this auction" if until is None else f"in {max(0, until - now)} s"
        reason += f"; worth it: {in_time}"
    elif token.trigger == Trigger.DRIFT:
        reason += "; it grows with the drift"
    if policy.sponsors(token):
        budget = _money(token, policy.sponsor_budget)
        reason += f"; {_money(token, left)} is left of the day's sponsor budget of {budget}"
        cause = Cause.SPONSOR_BUDGET
        if -offer.profit <= policy.sponsor_budget:
            tomorrow = now - now % DAY + DAY
            until = tomorrow if until is None else min(until, tomorrow)
    if token.trigger == Trigger.EMERGENCY:
        return _alert(token, cause, reason)
    return _wait(token, cause, reason, until)


# ---------------------------------------------------------------- WORDS

_NEEDS = {
    Trigger.WIND_DOWN: "winding down",
    Trigger.EMERGENCY: "EMERGENCY",
    Trigger.UNFINISHED: "unfinished",
    Trigger.DRIFT: "out of its band",
    Trigger.REBUILD: "to be rebuilt",
    Trigger.SCHEDULE: "daily trade due",
}


def _need(token: TokenView) -> str:
    """Why it should trade, and from which leverage to which."""
    if token.trigger == Trigger.NOTHING:
        return "no trade is due"
    way = f"{leverage_text(token.leverage)} to {leverage_text(token.aim)}"
    return f"{_NEEDS[token.trigger]}: {way}"


def _money(token: TokenView, amount: int) -> str:
    return amount_text(amount, token.decimals, token.asset)


def _pending_text(live: Pending, now: int) -> str:
    latest = live.hashes[-1] if live.hashes else "not signed yet"
    return f"a {live.kind} is under way since {max(0, now - live.first_sent)} s: {latest}"


def _wait(token: TokenView, cause: Cause, reason: str, until: int | None = None) -> Wait:
    return Wait(token.address, token.symbol, reason, cause, until)


def _alert(token: TokenView, cause: Cause, reason: str) -> Alert:
    return Alert(token.address, token.symbol, reason, cause)
