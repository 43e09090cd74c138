"""A dozen people who come and go by a fixed plan, and what each of them put in and got out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import NamedTuple

from steelyard.accounting import Cause
from steelyard.demo.ledger import Ledger
from steelyard.demo.world import PEOPLE, World, refusal


class Verb(Enum):
    """What holders do."""

    DEPOSIT = "deposit"
    MINT = "mint"
    REDEEM = "redeem"
    WITHDRAW = "withdraw"


class Order(NamedTuple):
    """Something a holder means to do.

    Attributes:
        at: Percent of the way through the history.
        holder: Number.
        symbol: Of the token.
        verb: What.
        amount: To come in, as much money as so many BTC cost then; to leave, percent of his.
    """

    at: int
    holder: int
    symbol: str
    verb: Verb
    amount: int


PLAN = (
    Order(0, 1, "BTC3L", Verb.DEPOSIT, 5),
    Order(0, 2, "BTC3L", Verb.DEPOSIT, 4),
    Order(0, 3, "BTC3L", Verb.MINT, 4),
    Order(0, 4, "BTC2L", Verb.DEPOSIT, 8),
    Order(0, 5, "BTC2L", Verb.MINT, 6),
    Order(0, 6, "BTC3S", Verb.DEPOSIT, 6),
    Order(0, 7, "BTC3S", Verb.DEPOSIT, 5),
    Order(10, 8, "BTC3L", Verb.DEPOSIT, 2),
    Order(12, 9, "BTC2L", Verb.DEPOSIT, 3),
    Order(20, 10, "BTC3S", Verb.MINT, 3),
    Order(30, 1, "BTC3L", Verb.REDEEM, 40),
    Order(33, 4, "BTC2L", Verb.WITHDRAW, 30),
    Order(45, 11, "BTC2L", Verb.DEPOSIT, 2),
    Order(58, 6, "BTC3S", Verb.REDEEM, 50),
    Order(62, 2, "BTC3L", Verb.WITHDRAW, 25),
    Order(75, 12, "BTC3L", Verb.DEPOSIT, 3),
    Order(80, 1, "BTC3L", Verb.DEPOSIT, 2),
    Order(85, 9, "BTC2L", Verb.REDEEM, 100),
    Order(90, 10, "BTC3S", Verb.REDEEM, 100),
    Order(95, 8, "BTC3L", Verb.REDEEM, 100),
)


class Holders:
    """All of them.

    Attributes:
        paid: Into each token by each holder, collateral decimals.
        received: The same, out of it.
        flows: Entries and exits done.
        surprises: Entries and exits that did not come to what their preview had said.
        refusals: Why orders were refused, and how often they were.
        delayed: Orders that were refused at first.
        stranded: What of the plan never happened.
    """

    def __init__(self, world: World, ledgers: Mapping[str, Ledger], moments: int) -> None:
        """Begin with nobody holding anything.

        Args:
            world: Where they live.
            ledgers: Of the tokens, by symbol.
            moments: How many there will be.
        """
        self.paid: Counter[tuple[str, str]] = Counter()
        self.received: Counter[tuple[str, str]] = Counter()
        self.flows = 0
        self.surprises: list[str] = []
        self.refusals: Counter[str] = Counter()
        self.delayed: set[Order] = set()
        self.stranded = list(PLAN)
        self._world = world
        self._ledgers = ledgers
        self._moments = moments

    def act(self, moment: int) -> None:
        """Do what the plan has for now, and what was refused before.

        Args:
            moment: Number, from 0.
        """
        waiting = []
        for order in self.stranded:
            is_due = moment * 100 >= order.at * self._moments
            if not is_due or not self._try(order):
                waiting.append(order)
        self.stranded = waiting

    def leave(self) -> list[tuple[str, str, str]]:
        """Let everybody redeem all he has, fees included.

        Returns:
            Who could not, of which token, and why.
        """
        for ledger in self._ledgers.values():
            ledger.token.handle.claim_fees(sender=PEOPLE["fees"])
        stuck: list[tuple[str, str, str]] = []
        for who in PEOPLE:
            for symbol, ledger in self._ledgers.items():
                shares = ledger.token.handle.balanceOf(PEOPLE[who])
                if shares:
                    reason = refusal(partial(self._redeem, who, symbol, shares))
                    stuck += [(who, symbol, reason)] if reason else []
        return stuck

    def gain(self, symbol: str) -> int:
        """Return what a token's holders have got out beyond what they put in, quote WAD.

        Args:
            symbol: Of the token.
        """
        flows = [(self.received, 1), (self.paid, -1)]
        return self._world.scale * sum(
            sign * assets
            for counter, sign in flows
            for (who, token), assets in counter.items()
            if token == symbol and who != "fees"
        )

    # Each verb goes by its preview, and may be refused.

    def _try(self, order: Order) -> bool:
        """Do what an order says; return whether it was done."""
        who, symbol, amount = f"holder {order.holder}", order.symbol, order.amount
        acts: dict[Verb, Callable[[], None]] = {
            Verb.DEPOSIT: lambda: self._deposit(who, symbol, self._worth(amount)),
            Verb.MINT: lambda: self._mint(who, symbol, self._worth(amount)),
            Verb.REDEEM: lambda: self._redeem(who, symbol, self._part(who, symbol, amount)),
            Verb.WITHDRAW: lambda: self._withdraw(who, symbol, amount),
        }
        reason = refusal(acts[order.verb])
        if reason is not None:
            self.refusals[reason] += 1
            self.delayed.add(order)
        return reason is None

    def _worth(self, amount: int) -> int:
        """Return what so many BTC cost now, collateral decimals."""
        price: int = self._world.market_state().price
        return amount * price // self._world.scale

    def _part(self, who: str, symbol: str, percent: int) -> int:
        """Return a part of someone's shares."""
        shares: int = self._ledgers[symbol].token.handle.balanceOf(PEOPLE[who])
        return shares * percent // 100

    def _deposit(self, who: str, symbol: str, assets: int) -> None:
        """Bring money."""
        account, token = self._purse(who, symbol, assets), self._ledgers[symbol].token.handle
        said = token.previewDeposit(assets)
        self._ledgers[symbol].accrue()
        done = token.deposit(assets, account, sender=account)
        self._book(who, symbol, done == said, paid=assets)

    def _mint(self, who: str, symbol: str, worth: int) -> None:
        """Buy as many shares as money is worth, costs on top."""
        token = self._ledgers[symbol].token.handle
        shares = token.convertToShares(worth)
        said = token.previewMint(shares)
        account = self._purse(who, symbol, said)
        self._ledgers[symbol].accrue()
        done = token.mint(shares, account, sender=account)
        self._book(who, symbol, done == said, paid=done)

    def _redeem(self, who: str, symbol: str, shares: int) -> None:
        """Give shares back."""
        account, token = PEOPLE[who], self._ledgers[symbol].token.handle
        said = token.previewRedeem(shares)
        self._ledgers[symbol].accrue()
        done = token.redeem(shares, account, account, sender=account)
        self._book(who, symbol, done == said, received=done)

    def _withdraw(self, who: str, symbol: str, percent: int) -> None:
        """Take a part of what can be taken, to the dollar."""
        account, token = PEOPLE[who], self._ledgers[symbol].token.handle
        assets = token.maxWithdraw(account) * percent // 100
        said = token.previewWithdraw(assets)
        self._ledgers[symbol].accrue()
        done = token.withdraw(assets, account, account, sender=account)
        self._book(who, symbol, done <= said, received=assets)

    def _purse(self, who: str, symbol: str, assets: int) -> str:
        """Give someone what he lacks to bring so much, and return his account."""
        account = PEOPLE[who]
        missing = max(assets - self._world.usd.balanceOf(account), 0)
        self._world.fund(who, missing * self._world.scale)
        self._world.usd.approve(self._ledgers[symbol].token.handle, assets, sender=account)
        return account

    def _book(
        self, who: str, symbol: str, is_as_said: bool, paid: int = 0, received: int = 0
    ) -> None:
        """Book an entry or an exit that was made."""
        self._ledgers[symbol].book(Cause.FLOWS)
        self.paid[who, symbol] += paid
        self.received[who, symbol] += received
        self.flows += 1
        if not is_as_said:
            self.surprises.append(f"{who}, {symbol}")
