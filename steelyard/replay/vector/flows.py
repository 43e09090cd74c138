"""Who enters and leaves, one at a time: what that comes to is reckoned by the twin of the vault.

`steelyard.model.shares` knows what shares cost to the last unit; the gates around it are those of
`steelyard.model.token.minting` and `redeeming`, for a token that is neither paused nor ending.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import Market
from steelyard.model.policy import Rules
from steelyard.model.shares import Vault
from steelyard.replay.rules import Steelyard
from steelyard.replay.settings import Settings
from steelyard.replay.stage import widest_rules
from steelyard.replay.vector.market import bears, is_kept, maintenance, room
from steelyard.replay.vector.terms import Terms

_UNIT = WAD // 10**6
_LEAST_DEPOSIT = 10.0


class Moved(NamedTuple):
    """What a flow does; or why it does nothing.

    Attributes:
        refused: Reason; empty = it is done.
        size: After it, underlying.
        equity: After it, quote.
        shares: After it, all of them.
        held: Of who comes and goes, after it.
        paid: Into the token, below 0 = out of it, quote.
        fee: Of the order, quote.
    """

    refused: str
    size: float = 0.0
    equity: float = 0.0
    shares: float = 0.0
    held: float = 0.0
    paid: float = 0.0
    fee: float = 0.0


@dataclass(frozen=True)
class Door:
    """A token as a flow meets it.

    Attributes:
        settings: Of the token.
        terms: Of it alone.
        size: q, underlying.
        price: P, quote.
        equity: E, quote.
        shares: S.
        held: Of who comes and goes.
        pot: Pool and E together, quote.
    """

    settings: Settings
    terms: Terms
    size: float
    price: float
    equity: float
    shares: float
    held: float
    pot: float

    def pass_through(self, amount: float) -> Moved:
        """Let an amount in (above 0) or out, quote."""
        if self.equity <= 0:
            return Moved("vault: no equity")
        return self._enter(amount) if amount > 0 else self._leave(-amount)

    @property
    def _vault(self) -> Vault:
        """The token as the vault's formulas see it."""
        terms, price = self.terms, _wad(self.price)
        fees = _wad(float(terms.maker[0])), _wad(float(terms.taker[0]))
        market = Market(price, _wad(self.size), _wad(float(terms.scale[0])), *fees)
        return Vault(market, _wad(self.size), _wad(self.equity), _wad(self.shares))

    def _enter(self, amount: float) -> Moved:
        """Mint the most shares that an amount pays for."""
        if self.size == 0:
            return Moved("mint: wiped" if self.equity < 1 else "mint: rebalance first")
        vault = self._vault
        traded = vault.shares_for(_wad(amount), _UNIT)
        delta = vault.mint_delta(traded)
        cost = vault.cost(delta)
        if traded == 0 or cost is None:
            return Moved("vault: assets buy no share")
        after, left = self.size + delta / WAD, self.equity + amount - cost / WAD
        refused = self._closed(amount, after, left, delta / WAD)
        if refused:
            return Moved(refused)
        minted = traded / WAD / (1 + round(self.settings.mint_fee * 10**6) / 10**6)
        fee = self._fee(vault, delta)
        return Moved("", after, left, self.shares + traded / WAD, self.held + minted, amount, fee)

    def _closed(self, amount: float, size: float, equity: float, delta: float) -> str:
        """Return why minting is closed, or nothing.

        Args:
            amount: Deposited, quote.
            size: After it, underlying.
            equity: After it, quote.
            delta: Of the trade, underlying.
        """
        rules = rules_of(self.settings)
        terms, price = self.terms, np.array([self.price])
        high = abs(self.size) * self.price / self.equity
        small = self.equity < terms.least[0]
        low = high < rules.leverage_lo / WAD and not small
        cap = float(terms.scale[0]) * rules.max_slippage / WAD / 4
        here = np.array([self.size]), price, np.array([self.equity]), np.array([self.pot])
        sides = np.array([size]), price, np.array([equity])
        checks = (
            (low or high > rules.leverage_hi / WAD, "mint: rebalance first"),
            (abs(size) > cap, "mint: cap reached"),
            (amount < _LEAST_DEPOSIT, "mint: below 10 quote"),
            (equity < terms.least[0], "mint: leaves too little equity"),
            (abs(delta) > room(terms, *here)[0], "market: open interest cap"),
            (equity < terms.least_margin[0], "margin: below minimum"),
            (not bears(terms, *sides)[0], "margin: below initial"),
            (not is_kept(terms, *sides)[0], "margin: below maintenance"),
        )
        return next((reason for fails, reason in checks if fails), "")

    def _leave(self, amount: float) -> Moved:
        """Redeem the fewest shares that pay an amount, at most all that are held."""
        terms, price = self.terms, np.array([self.price])
        needed = float(maintenance(terms, np.array([self.size]), price)[0])
        over = abs(self.size) * self.price > self.equity * float(terms.most_leverage[0])
        if self.size and (over or self.equity <= needed):
            return Moved("redeem: rebalance first")
        vault, kept = self._vault, 1 - round(self.settings.redeem_fee * 10**6) / 10**6
        if self.held <= 0:
            return Moved("vault: zero or more than all")
        most = _wad(self.held * kept)
        worth, wanted = vault.redeem_value(most, vault.redeem_delta(most)), _wad(amount)
        traded = most if wanted >= worth else vault.shares_worth(wanted, vault.shares, _UNIT)
        delta = vault.redeem_delta(traded)
        paid = min(vault.redeem_value(traded, delta) // _UNIT * _UNIT, wanted)
        if self.equity * (1 - traded / vault.shares) < terms.least[0]:
            delta = -_wad(self.size)
            paid = min(paid, vault.redeem_value(traded, delta))
        if paid < _UNIT:
            return Moved("redeem: cost exceeds the claim")
        cost = vault.cost(delta) or 0
        left = self.equity - (paid + cost) / WAD
        burned = traded / WAD / kept
        size = self.size + delta / WAD if delta != -_wad(self.size) else 0.0
        return Moved(
            "",
            size,
            left,
            self.shares - traded / WAD,
            max(self.held - burned, 0.0),
            -paid / WAD,
            self._fee(vault, delta),
        )

    def _fee(self, vault: Vault, delta: int) -> float:
        """Return the fee of an order, quote."""
        cost = (vault.cost(delta) or 0) / WAD
        move = delta / WAD
        return cost - move * self.price * (self.size + move / 2) / float(self.terms.scale[0])


def rules_of(settings: Settings) -> Rules:
    """Return the rules that the token's contracts have; a preset's only bound its mints."""
    rule = settings.rule
    return rule.rules if isinstance(rule, Steelyard) else widest_rules(rule.target)


def _wad(amount: float) -> int:
    """Return a figure in WAD."""
    return round(amount * WAD)
