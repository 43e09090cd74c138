"""What became of each token, in figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from steelyard.accounting import PART_NAMES, Cause, split_price
from steelyard.demo.amounts import apportion, rounded
from steelyard.demo.ledger import Ledger, Rebalance, Risk
from steelyard.model.arithmetic import WAD


@dataclass(frozen=True)
class TokenFigures:
    """A token from start to end.

    Attributes:
        symbol: Of the token.
        factor: Target leverage, negative for a short.
        prices: First and last, WAD.
        navs: First and last, 1e-36 quote.
        moves: Parts of the return by PART_NAMES, 1e-36 quote of NAV.
        quote: Equity moved by cause, quote WAD.
        rebalances: By time.
        risk: The worst of it.
        liquidations: How many.
        obstacles: What stood in the way of a trade that was due, and how often.
        holders_gain: Of all holders together, quote WAD.
        band: lo, hi and em, WAD.
    """

    symbol: str
    factor: int
    prices: tuple[int, int]
    navs: tuple[int, int]
    moves: dict[str, int]
    quote: dict[Cause, int]
    rebalances: tuple[Rebalance, ...]
    risk: Risk
    liquidations: int
    obstacles: Counter[str]
    holders_gain: int
    band: tuple[int, int, int]

    def parts(self, scale: int) -> dict[str, int]:
        """Return the parts of the return, rounded so that they add up to it.

        Args:
            scale: Units of a return of 100 %.
        """
        shares = apportion([self.moves[name] for name in PART_NAMES], self.navs[0], scale)
        return dict(zip(PART_NAMES, shares, strict=True))

    def gain(self, scale: int) -> int:
        """Return the return, in units of which `scale` are 100 %."""
        return rounded((self.navs[1] - self.navs[0]) * scale, self.navs[0])

    def price_gain(self, scale: int) -> int:
        """Return the move of the price, in units of which `scale` are 100 %."""
        return rounded((self.prices[1] - self.prices[0]) * scale, self.prices[0])

    def triggers(self) -> Counter[str]:
        """Return how many rebalances each trigger caused."""
        return Counter(trade.trigger for trade in self.rebalances)

    def traded(self) -> int:
        """Return the notional of all rebalances, quote WAD."""
        return sum(abs(trade.size_delta) * trade.price // WAD for trade in self.rebalances)


def figures(ledger: Ledger, holders_gain: int) -> TokenFigures:
    """Return what became of a token.

    Args:
        ledger: Its books.
        holders_gain: Of all holders together, quote WAD.
    """
    token, first, last = ledger.token, ledger.first, ledger.last
    naive = token.factor * (last.price - first.price) * first.nav // first.price
    return TokenFigures(
        symbol=token.symbol,
        factor=token.factor,
        prices=(first.price, last.price),
        navs=(first.nav, last.nav),
        moves=split_price(ledger.parts, naive),
        quote=ledger.quote,
        rebalances=tuple(ledger.rebalances),
        risk=ledger.risk,
        liquidations=ledger.liquidations,
        obstacles=ledger.obstacles,
        holders_gain=holders_gain,
        band=(token.rules.leverage_lo, token.rules.leverage_hi, token.rules.emergency_leverage),
    )
