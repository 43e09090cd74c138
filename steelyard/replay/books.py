"""The books of a replay: a row for every bar, and every change of NAV under its cause."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from steelyard.accounting import NAV_UNIT, Cause, Causes, split_price
from steelyard.model.arithmetic import WAD
from steelyard.replay.path import PRICE_STEP, YEAR, Path
from steelyard.replay.result import NOTHING, Event, Result, Rows
from steelyard.replay.settings import Settings
from steelyard.replay.stage import Account, Trade

_FLOWING = ("funding", "fees", "impact", "reward", "management", "traded", "liquidated")
_STANDING = ("equity", "shares", "size", "leverage_open")


class Books:
    """What is known of a token while it is replayed. Money is quote WAD, prices WAD.

    Attributes:
        account: At the last reading.
        price: Then.
        shares: Then, with those of a preset's management fee.
        causes: What each has done to NAV.
        events: By time.
    """

    def __init__(self, path: Path, settings: Settings, account: Account, shares: int) -> None:
        """Open them.

        Args:
            path: What is played.
            settings: To whom.
            account: Once its position is open.
            shares: Then.
        """
        self._path, self._settings = path, settings
        self.account, self.shares = account, shares
        self.price = int(path.open[0]) * PRICE_STEP
        self.causes = Causes()
        self.first_nav = account.equity * NAV_UNIT // shares
        count = len(path) + 1
        self._rows = {name: np.zeros(count) for name in (*_STANDING, *_FLOWING)}
        self._triggers: Any = np.full(count, NOTHING, dtype=object)
        self._row = 0
        # The token itself takes the fee of Steelyard's own rule; a preset's is reckoned here.
        self._fee = 0.0 if settings.is_own else -math.log(1 - settings.fee) / YEAR
        self._start = int(path.time[0])
        self.events: list[Event] = []

    def begin_row(self, row: int) -> None:
        """Say which row follows."""
        self._row = row

    def end_row(self) -> None:
        """Write down what stands at the end of a row."""
        rows, row, account = self._rows, self._row, self.account
        rows["equity"][row] = account.equity / WAD
        rows["shares"][row] = self.shares / WAD
        rows["size"][row] = account.size / WAD

    def accrue(self, now: int, price: int, account: Account, shares: int) -> None:
        """Book what price and time have done since the last reading.

        Args:
            now: Unix seconds.
            price: WAD.
            account: Now.
            shares: Of the token now.
        """
        old = self.account
        shares = self._with_fee(now, shares)
        gain = old.size * (price - self.price) // WAD
        funding = account.equity - old.equity - gain
        before = old.equity + gain
        self.causes.move(
            old.equity,
            self.shares,
            (
                (Cause.PRICE, before, self.shares),
                (Cause.FUNDING, account.equity, self.shares),
                (Cause.MANAGEMENT, account.equity, shares),
            ),
        )
        rows, row = self._rows, self._row
        if funding:
            rows["funding"][row] += funding / WAD
        if shares != self.shares:
            rows["management"][row] += account.equity / WAD * (1 - self.shares / shares)
        self.price, self.account, self.shares = price, account, shares

    def open_row(self) -> None:
        """Write down the leverage at a row's open."""
        self._rows["leverage_open"][self._row] = self._level(self.account)

    def rebalance(self, now: int, trade: Trade, account: Account) -> None:
        """Book a trade: its fee and reward are known, impact is all else it has cost."""
        old, shares = self.account, self.shares
        after_fee, after_fill = old.equity - trade.fee, account.equity + trade.reward
        self.causes.move(
            old.equity,
            shares,
            (
                (Cause.FEES, after_fee, shares),
                (Cause.IMPACT, after_fill, shares),
                (Cause.REWARDS, account.equity, shares),
            ),
        )
        rows, row, impact = self._rows, self._row, after_fee - after_fill
        rows["fees"][row] += trade.fee / WAD
        rows["impact"][row] += impact / WAD
        rows["reward"][row] += trade.reward / WAD
        rows["traded"][row] += abs(trade.size_delta) * self.price / WAD**2
        if self._triggers[row] == NOTHING:
            self._triggers[row] = trade.trigger
        self.note(
            now,
            "rebalance",
            trade.trigger,
            account,
            fee=trade.fee / WAD,
            impact=impact / WAD,
            reward=trade.reward / WAD,
        )

    def liquidate(self, now: int, account: Account) -> None:
        """Book what a liquidation has left."""
        taken = self.account.equity - account.equity
        self.causes.move(
            self.account.equity, self.shares, ((Cause.LIQUIDATION, account.equity, self.shares),)
        )
        self._rows["liquidated"][self._row] += taken / WAD
        self.note(now, "liquidation", "", account)

    def flow(self, now: int, account: Account, shares: int) -> None:
        """Book an entry or exit."""
        shares = self._with_fee(now, shares)
        self.causes.move(self.account.equity, self.shares, ((Cause.FLOWS, account.equity, shares),))
        self.shares = shares
        self.note(now, "flow", "", account)

    def note(
        self, now: int, kind: str, cause: str, account: Account | None = None, **more: float
    ) -> None:
        """Write down an event.

        Args:
            now: Unix seconds.
            kind: See `Event`.
            cause: See there.
            account: As it left the account; None = as it is.
            more: Further fields.
        """
        old, new = self.account, account or self.account
        more.setdefault("leverage_before", self._level(old))
        self.events.append(
            Event(
                bar=self._row,
                time=now,
                kind=kind,
                cause=cause,
                price=self.price / WAD,
                size_delta=(new.size - old.size) / WAD,
                size=new.size / WAD,
                equity=new.equity / WAD,
                leverage_after=self._level(new),
                **more,
            )
        )
        self.account = new

    def close(self, ended_at: int | None) -> Result:
        """Return the result.

        Args:
            ended_at: Row of the token's end, or None.
        """
        rows = self._rows
        if ended_at is not None:
            for name in _STANDING:
                rows[name][ended_at:] = rows[name][ended_at]
        nav = self.account.equity * NAV_UNIT // self.shares
        first, last = int(self._path.open[0]), self._path.final
        factor = round(self._settings.kind.factor * 10**4)
        naive = factor * (last - first) * self.first_nav // (first * 10**4)
        return Result(
            path=self._path,
            settings=self._settings,
            engine="bytecode",
            rows=Rows(**rows, trigger=self._triggers),
            events=tuple(self.events),
            moves=split_price(self.causes.nav, naive),
            navs=(self.first_nav, nav),
            ended_at=ended_at,
        )

    def _level(self, account: Account) -> float:
        """Return real leverage at the price of now."""
        if account.size == 0:
            return 0.0
        if account.equity <= 0:
            return math.inf
        level: float = abs(account.size) * self.price / account.equity / WAD
        return level

    def _with_fee(self, now: int, shares: int) -> int:
        """Return shares with those that a preset's management fee has added by now."""
        if not self._fee:
            return shares
        return int(shares * math.exp(self._fee * (now - self._start)))
