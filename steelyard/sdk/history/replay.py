"""The life of a token, played again from its events: no state of the chain is asked.

After every event that touches the position its margin is its equity at the oracle price, and
`basis` is price + funding index, so equity follows exactly, before and after. Shares follow from
mints, burns and the fee rate in force (fees.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from eth_utils.address import to_checksum_address

from steelyard.model.arithmetic import WAD, Revert
from steelyard.model.leverage import leverage
from steelyard.model.policy import Rules, Trigger, unpack_rules
from steelyard.model.token import Phase, unpack_terms
from steelyard.model.venue.states import ZERO_ADDRESS
from steelyard.sdk.history.errors import HistoryError
from steelyard.sdk.history.events import Happened, Position, Trade, terms_of
from steelyard.sdk.history.fees import Counted, ShareBook
from steelyard.sdk.history.records import (
    ConfigRecord,
    FeeRecord,
    Flow,
    FlowRaw,
    LifeRecord,
    LiquidationRaw,
    LiquidationRecord,
    NavPoint,
    NavRaw,
    RebalanceRaw,
    RebalanceRecord,
    Record,
    SharesRaw,
    TransferRecord,
)

AnyRecord = TypeVar("AnyRecord", bound=Record)


def play(created: Happened, events: Iterable[Happened], decimals: int) -> list[Record]:
    """Return everything that happened, in order; what a block comes to, after all of it.

    Args:
        created: The token's TokenCreated.
        events: Of token and account, in order, from that transaction on.
        decimals: Of the collateral.

    Raises:
        HistoryError: Events are missing.
    """
    replay = _Replay(created, decimals)
    ordered = list(events)
    try:
        for event, following in zip(ordered, [*ordered[1:], None], strict=True):
            replay.take(event, following)
        replay.end_block()
    except Revert as error:
        raise HistoryError(f"the logs do not fit together: {error.reason}", _REMEDY) from error
    return replay.records


_REMEDY = "the node's logs are incomplete: read the history from another one"


class _Replay:
    """Where the life stands."""

    def __init__(self, created: Happened, decimals: int) -> None:
        self.records: list[Record] = []
        self._created, self._decimals = created, decimals
        self._scale = 10 ** (18 - decimals)
        self._position = Position()
        self._price = 0
        self._nav = 0
        self._phase = Phase.ACTIVE
        self._settlement = (0, 0)  # assets, collateral decimals; shares, 18
        self._last = created  # event
        self._touched: Happened | None = None  # last event of this block that moved the position
        self._trade: Trade | None = None  # not yet explained
        self._before = Counted(0, 0)  # shares before the last burn
        self._leaving: Happened | None = None  # a Withdraw whose trade is to come
        config = created.values.config
        terms, rules = terms_of(config), Rules(**config.rules._asdict())
        self._book = ShareBook(terms)
        self._add(ConfigRecord, terms=terms, rules=rules, fee_receiver=_who(config.fee_receiver))
        self._add(
            LifeRecord,
            change="created",
            caller=_who(created.values.creator),
            assets=created.values.seed_assets,
            shares=created.values.seed_shares,
        )

    def take(self, event: Happened, following: Happened | None) -> None:
        """Let the next event happen; the one after it says what a mint of shares is for."""
        if event.block != self._last.block:
            self.end_block()
        self._last = event
        if event.name == "Transfer":
            after = following if following and following.tx == event.tx else None
            self._transfer(event.values, after.name if after else "")
        elif (handle := _HANDLERS.get(event.name)) is not None:
            handle(self, event.values)

    def end_block(self) -> None:
        """Say where the token stands, if its position was touched."""
        self._check(self._trade is None and self._leaving is None, "a trade without its reason")
        if self._touched is None:
            return
        last, self._last, self._touched = self._last, self._touched, None
        counted = self._book.counted(last.timestamp)
        size, price, equity = self._position.size, self._price, self._position.margin
        if self._phase is Phase.CLOSED:
            size, price, equity = 0, 0, self._settlement[0] * self._scale
        level = leverage(size, price, equity)
        self._nav = self._per_share(counted)
        raw = NavRaw(
            price, size, equity, level, counted.supply, counted.owed, counted.slack, self._nav
        )
        self._add(NavPoint, phase=self._phase, raw=raw)
        self._last = last

    # Shares

    def _transfer(self, moved: Any, after: str) -> None:
        now, book = self._last.timestamp, self._book
        if moved.sender == ZERO_ADDRESS:
            if after == "FeesClaimed":
                book.claim(moved.receiver, moved.value, now)
            elif after == "Deposit":
                book.deposit(moved.receiver, moved.value, now)
            else:
                self._seed(moved)
        elif moved.receiver == ZERO_ADDRESS:
            self._before = book.counted(now)
            book.redeem(moved.sender, moved.value, now)
        else:
            book.transfer(moved.sender, moved.receiver, moved.value)
            raw = SharesRaw(moved.value, self._nav_now())
            sender, receiver = _who(moved.sender), _who(moved.receiver)
            self._add(TransferRecord, sender=sender, receiver=receiver, raw=raw)

    def _seed(self, moved: Any) -> None:
        self._check(self._book.counted(self._last.timestamp).all == 0, "a mint without its reason")
        trade, made = self._explained(), self._created.values
        self._book.mint(moved.receiver, moved.value, self._last.timestamp)
        equity, traded = self._position.margin, trade.event.values
        raw = FlowRaw(
            made.seed_assets,
            moved.value,
            equity * WAD // moved.value,
            made.seed_assets * self._scale - equity,
            0,
            traded.fee,
            trade.impact,
            traded.size_delta,
            traded.price,
        )
        factory, creator = _who(moved.receiver), _who(made.creator)
        self._add(Flow, verb="seed", account=factory, sender=creator, receiver=factory, raw=raw)

    def _deposit(self, values: Any) -> None:
        trade, traded = self._explained(), self._book.terms.mint_traded(values.shares)
        self._check(trade.event.values.asset_delta == values.assets, "a deposit without its trade")
        self._flow("mint", values, values.owner, trade, traded - values.shares)

    def _withdraw(self, values: Any) -> None:
        if self._phase is Phase.CLOSED:
            self._redeem_settled(values)
        else:
            self._leaving = self._last

    def _redeem_settled(self, values: Any) -> None:
        assets, shares = self._settlement
        value = values.shares * assets * self._scale // shares
        cost = value - values.assets * self._scale
        raw = FlowRaw(values.assets, values.shares, self._nav, cost, 0, 0, 0, 0, 0)
        names = {"account": values.owner, "sender": values.sender, "receiver": values.receiver}
        self._add(Flow, verb="redeem", raw=raw, **{key: _who(who) for key, who in names.items()})

    def _flow(self, verb: str, values: Any, receiver: str, trade: Trade, fee_shares: int) -> None:
        equity, all_shares, traded = trade.equity, trade.shares.all, trade.event.values
        paid = values.assets * self._scale
        value = values.shares * equity // all_shares
        raw = FlowRaw(
            values.assets,
            values.shares,
            equity * WAD // all_shares,
            paid - value if verb == "mint" else value - paid,
            fee_shares,
            traded.fee,
            trade.impact,
            traded.size_delta,
            traded.price,
        )
        names = {"account": values.owner, "sender": values.sender, "receiver": receiver}
        self._add(Flow, verb=verb, raw=raw, **{key: _who(who) for key, who in names.items()})

    def _fees_claimed(self, values: Any) -> None:
        raw = SharesRaw(values.shares, self._nav_now())
        self._add(FeeRecord, receiver=_who(values.receiver), raw=raw)

    # Position

    def _modified(self, values: Any) -> None:
        self._check(self._trade is None, "a trade without its reason")
        position, now = self._position, self._last.timestamp
        equity = position.equity(values.basis)
        shares = self._before if self._leaving else self._book.counted(now)
        trade = Trade(self._last, equity, shares)
        self._touch(position.size + values.size_delta, values)
        if self._leaving is None:
            self._trade = trade
            return
        left, self._leaving = self._leaving.values, None
        self._check(values.asset_delta == -left.assets, "a redemption without its trade")
        fee = left.shares - self._book.terms.redeem_traded(left.shares)
        self._flow("redeem", left, left.receiver, trade, fee)

    def _margin_deposited(self, values: Any) -> None:
        self._position.margin = values.margin

    def _rebalanced(self, values: Any) -> None:
        trade = self._explained()
        after = (self._position.size, self._position.margin)
        self._check((values.size, values.equity) == after, "a rebalance without its trade")
        raw = RebalanceRaw(
            trade.event.values.price,
            values.size_delta,
            values.fill_price,
            values.cost,
            values.reward,
            values.aim,
            values.leverage_before,
            values.leverage_after,
            values.size,
            values.equity,
        )
        trigger, keeper = Trigger(values.trigger), _who(values.caller)
        self._add(RebalanceRecord, trigger=trigger, keeper=keeper, raw=raw)

    def _liquidated(self, values: Any) -> None:
        self._touch(values.size, values)
        raw = LiquidationRaw(
            values.size_closed,
            values.price,
            values.keeper_fee,
            values.seized,
            values.bad_debt,
            values.size,
            values.margin,
        )
        self._add(LiquidationRecord, action="liquidated", caller=_who(values.liquidator), raw=raw)

    def _deleveraged(self, values: Any) -> None:
        self._touch(values.size, values)
        raw = LiquidationRaw(values.size_closed, values.price, 0, 0, 0, values.size, values.margin)
        self._add(LiquidationRecord, action="deleveraged", caller="", raw=raw)

    def _flagged(self, values: Any) -> None:
        raw = LiquidationRaw(0, 0, 0, 0, 0, self._position.size, values.equity)
        self._add(LiquidationRecord, action="flagged", caller=_who(values.flagger), raw=raw)

    def _recovered(self, values: Any) -> None:
        raw = LiquidationRaw(0, 0, 0, 0, 0, self._position.size, values.equity)
        self._add(LiquidationRecord, action="recovered", caller="", raw=raw)

    # Life

    def _configured(self, values: Any) -> None:
        terms, rules = unpack_terms(values.terms), unpack_rules(values.rules)
        self._book.configure(terms, self._last.timestamp)
        receiver = _who(values.fee_receiver)
        self._add(ConfigRecord, terms=self._book.terms, rules=rules, fee_receiver=receiver)

    def _mint_paused(self, values: Any) -> None:
        self._book.terms = replace(self._book.terms, paused_until=values.until)
        self._add(LifeRecord, change="mint_paused", until=values.until)

    def _wind_down(self, values: Any) -> None:
        self._book.wind_down(self._last.timestamp)
        self._phase = Phase.WIND_DOWN
        caller = _who(values.caller)
        self._add(LifeRecord, change="wind_down_started", caller=caller, size=values.size)

    def _settled(self, values: Any) -> None:
        if values.assets:
            self._explained()
        self._book.settle(values.shares, self._last.timestamp)
        self._phase, self._touched = Phase.CLOSED, self._last
        self._settlement = (values.assets, values.shares)
        self._add(LifeRecord, change="settled", assets=values.assets, shares=values.shares)

    # What all need

    def _touch(self, size: int, values: Any) -> None:
        self._position = Position(size, values.margin, values.basis if size else 0)
        self._price, self._touched = values.price, self._last

    def _explained(self) -> Trade:
        """Return the trade that an event is the reason of."""
        trade, self._trade = self._trade, None
        if trade is None or trade.event.tx != self._last.tx:
            raise HistoryError(f"block {self._last.block}: no trade before an event", _REMEDY)
        return trade

    def _nav_now(self) -> int:
        """Return net asset value at the last price that was seen, quote WAD."""
        if self._touched is None:
            return self._nav
        return self._per_share(self._book.counted(self._last.timestamp))

    def _per_share(self, counted: Counted) -> int:
        if self._phase is Phase.CLOSED:
            assets, shares = self._settlement
            return assets * self._scale * WAD // shares if shares else 0
        return max(self._position.margin, 0) * WAD // counted.all if counted.all else 0

    def _add(self, kind: Callable[..., AnyRecord], **values: Any) -> None:
        at = self._last
        self.records.append(
            kind(
                block=at.block,
                index=at.index,
                timestamp=at.timestamp,
                tx=at.tx,
                decimals=self._decimals,
                **values,
            )
        )

    def _check(self, fits: bool, what: str) -> None:
        if not fits:
            raise HistoryError(f"block {self._last.block}: {what}", _REMEDY)


_HANDLERS: dict[str, Callable[[_Replay, Any], None]] = {
    "Deposit": _Replay._deposit,
    "Withdraw": _Replay._withdraw,
    "FeesClaimed": _Replay._fees_claimed,
    "Rebalanced": _Replay._rebalanced,
    "Configured": _Replay._configured,
    "MintPaused": _Replay._mint_paused,
    "WindDownStarted": _Replay._wind_down,
    "Settled": _Replay._settled,
    "PositionModified": _Replay._modified,
    "MarginDeposited": _Replay._margin_deposited,
    "PositionLiquidated": _Replay._liquidated,
    "PositionDeleveraged": _Replay._deleveraged,
    "AccountFlagged": _Replay._flagged,
    "AccountRecovered": _Replay._recovered,
}


def _who(address: str) -> str:
    return str(to_checksum_address(address))
