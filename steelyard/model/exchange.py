"""PerpExchange in Python, exact to the wei: same rounding, same order of checks, same reasons.

Everything is an int: prices quote per 1 underlying, sizes underlying and money quote, all WAD
(1e18 = 1); amounts that cross the collateral's boundary ("assets") in its own decimals; rates WAD
per day, positive when longs pay; times seconds. The caller of a verb is one of its arguments, time
is the attribute `now`, prices come from an Oracle per market. A verb that raises Revert has changed
nothing.
"""

from __future__ import annotations

from steelyard.model.arithmetic import DAY, WAD, Revert
from steelyard.model.venue.liquidation import Liquidation
from steelyard.model.venue.liquidity import Liquidity
from steelyard.model.venue.operator import Operator
from steelyard.model.venue.oracle import Fault, Oracle, PriceChecks, PriceGuard
from steelyard.model.venue.parameters import MarketConfig
from steelyard.model.venue.states import (
    AccountState,
    Book,
    Fill,
    MarketState,
    MarketStatus,
    Position,
)
from steelyard.model.venue.trading import Trading

__all__ = [
    "DAY",
    "WAD",
    "AccountState",
    "Book",
    "Exchange",
    "Fault",
    "Fill",
    "MarketConfig",
    "MarketState",
    "MarketStatus",
    "Oracle",
    "Position",
    "PriceChecks",
    "PriceGuard",
    "Revert",
]


class Exchange(Trading, Liquidation, Liquidity, Operator):
    """A perpetual exchange with several markets.

    Args:
        asset_decimals: Of the collateral, count.
        now: Block time, seconds.
        address: The exchange among the holders of collateral.

    Example:
        A 3x long of 1 ETH, and what two days of paying 1 % a day leave of its 1,000 margin:

        >>> exchange, feed = Exchange(asset_decimals=6, now=1_000), Oracle(decimals=8)
        >>> feed.push(2_000 * 10**8, at=1_000)
        >>> eth = exchange.add_market(MarketConfig(max_funding_rate=10**16), feed)
        >>> exchange.wallets["lp"] = exchange.wallets["ann"] = 10**12
        >>> _ = exchange.add_liquidity(eth, "lp", 10**12)
        >>> exchange.transfer("ann", exchange.address, 1_000 * 10**6)
        >>> fill = exchange.modify_position(eth, "ann", 1_000 * 10**6, 15 * 10**17)
        >>> fill.fill_price / WAD, fill.fee / WAD
        (2000.0015, 1.80000135)
        >>> exchange.force_funding_rate(eth, 10**16)
        >>> exchange.now += 2 * DAY
        >>> feed.push(2_000 * 10**8, at=exchange.now)
        >>> exchange.account_state(eth, "ann").equity / WAD
        938.19774865
    """

    def market_state(self, market: int) -> MarketState:
        """Return a market accrued to now: interest, funding, value of all positions, room.

        Args:
            market: Market id.

        Returns:
            The state.

        Raises:
            Revert: The market is unknown.
        """
        return self._market(market).state(self.now)
