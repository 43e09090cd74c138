"""What must hold after every step: the numbers are those of the specification's list.

Checked on the twin, which every step compares with the bytecode.
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.model.exchange import WAD, Exchange, MarketStatus
from steelyard.model.venue.market import Market
from steelyard.model.venue.states import FEE_UNIT
from tests.stateful.world import Action, Violation

PAYING = {
    "modify_position",
    "remove_liquidity",
    "claim_keeper_fees",
    "collect_fees",
    "drain_pool",
    *("redeem", "withdraw", "rebalance", "settle"),  # of a token
}
"""The only verbs that may lower the booked cash."""


@dataclass(frozen=True)
class Before:
    """What the rules about change need of the state before a step."""

    cash: int
    bad_debts: tuple[int, ...]
    funding: tuple[tuple[int, int], ...]  # rate and index of each market, accrued


def before(twin: Exchange) -> Before:
    """Remember a state."""
    return Before(
        twin.cash,
        tuple(market.bad_debt for market in twin.markets),
        tuple((market.book.funding_rate, market.book.funding_index) for market in twin.markets),
    )


def check(twin: Exchange, action: Action, succeeded: bool, was: Before) -> None:
    """Raise Violation for the first invariant that a step has broken."""
    _cash(twin)
    for index, market in enumerate(twin.markets):
        _sums(index, market)
        _pnl(twin, index, market)
        _rate(index, market)
    _changes(twin, action, succeeded, was)
    if succeeded and action.verb == "modify_position":
        _margin(twin, action)


def _hold(condition: bool, number: str, name: str, detail: object = "") -> None:
    if not condition:
        raise Violation(f"invariant {number} ({name}): {detail}")


def _cash(twin: Exchange) -> None:
    claims = twin.owed_total
    for market in twin.markets:
        book = market.book
        claims += book.margins + market.pool(book) + book.fees * FEE_UNIT
    cash = twin.cash * twin.scale
    _hold(cash == claims, "1", "cash = margins + pools + fees + owed", cash - claims)
    _hold(twin.wallets[twin.address] >= twin.cash, "1", "the exchange holds what it booked")
    _hold(sum(twin.owed.values()) == twin.owed_total, "1", "owed adds up")


def _sums(index: int, market: Market) -> None:
    positions, book = market.positions.values(), market.book
    sums = (
        sum(position.margin for position in positions),
        sum(position.size * position.basis for position in positions),
        sum(position.size for position in positions if position.size > 0),
        -sum(position.size for position in positions if position.size < 0),
    )
    kept = (book.margins, book.basis_sum, book.long_interest, book.short_interest)
    _hold(sums == kept, "2", "margins, basis sum, longs, shorts", f"{index}: {sums} != {kept}")
    shares = sum(market.lp_shares.values())
    _hold(shares == market.lp_supply, "2", "LP shares add up", f"{index}: {shares}")


def _pnl(twin: Exchange, index: int, market: Market) -> None:
    price, _ = market.price(twin.now)
    book = market.accrued(price, twin.now)
    mark = book.mark(price)
    held = [position for position in market.positions.values() if position.size]
    gap = book.traders_pnl(price) - sum(
        position.equity(mark) - position.margin for position in held
    )
    _hold(0 <= gap <= len(held), "3", "0 <= U - sum of PnL <= n", f"{index}: {gap}")
    if not held:
        nothing = book.basis_sum == 0 and market.lp_equity(book, price) == market.pool(book)
        _hold(nothing, "7", "without positions the pool is all cash", index)


def _rate(index: int, market: Market) -> None:
    rate = market.book.funding_rate
    bound = WAD if market.forced else market.config.max_funding_rate
    _hold(abs(rate) <= bound, "10", "funding rate within its bounds", f"{index}: {rate}")


def _changes(twin: Exchange, action: Action, succeeded: bool, was: Before) -> None:
    if action.verb not in PAYING or not succeeded:
        _hold(twin.cash >= was.cash, "4", "only payments lower the cash", twin.cash - was.cash)
    for index, (market, debt, funding) in enumerate(
        zip(twin.markets, was.bad_debts, was.funding, strict=False)
    ):
        rose = market.bad_debt - debt
        _hold(rose >= 0, "11", "bad debt only rises", f"{index}: {rose}")
        allowed = rose == 0 or action.verb == "liquidate"
        _hold(allowed, "11", "bad debt rises in liquidate only", f"{index}: {rose}")
        _funding(index, action, market, funding)


def _funding(index: int, action: Action, market: Market, was: tuple[int, int]) -> None:
    """While the rate keeps its sign, the index goes the other way: longs pay a positive rate."""
    rate, moved = market.book.funding_rate, market.book.funding_index - was[1]
    if action.verb in ("force_funding_rate", "set_market_config"):
        return  # the rate after it is not the one that charged
    if min(rate, was[0]) >= 0:
        _hold(moved <= 0, "10", "index falls while longs pay", f"{index}: {moved}")
    if max(rate, was[0]) <= 0:
        _hold(moved >= 0, "10", "index rises while shorts pay", f"{index}: {moved}")


def _margin(twin: Exchange, action: Action) -> None:
    market, asset_delta, size_delta = action.args[:3]
    venue = twin.markets[market]
    position = venue.position(action.caller)
    price, _ = venue.price(twin.now)
    if position.size == 0 or venue.status is MarketStatus.CLOSED:
        return
    if size_delta != 0 or asset_delta < 0:
        maintenance = venue.maintenance(position.size, price)
        _hold(position.margin > maintenance, "8", "an order leaves more than maintenance")
