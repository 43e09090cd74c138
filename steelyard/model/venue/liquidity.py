"""Shares in one market's pool: its providers are the counterparty of that market's traders."""

from __future__ import annotations

from steelyard.model.arithmetic import WAD, ceil_div, require, uint256
from steelyard.model.venue.market import Market
from steelyard.model.venue.states import Book, MarketStatus
from steelyard.model.venue.treasury import Treasury

VIRTUAL_SHARES = 1_000


class Liquidity(Treasury):
    """What liquidity providers call."""

    def add_liquidity(self, market: int, provider: str, assets: int, min_shares: int = 0) -> int:
        """Pull collateral from the caller's wallet into a market's pool for LP shares.

        shares = floor(x (supply + 1000) / (NAV + 1)), NAV less what unwinding the skew would cost.

        Args:
            market: Market id.
            provider: The caller.
            assets: Collateral decimals.
            min_shares: Least shares accepted, LP share units.

        Returns:
            Shares, LP share units.

        Raises:
            Revert: With the contract's reason.
        """
        closed = self._running_market(market).status is MarketStatus.CLOSED
        require(not closed, "lp: market closed")
        venue, price, book, nav = self._lp_opened(market)
        self._check_pull(provider, assets)
        amount = assets * self.scale
        venue.check_pool(book.bounded(), amount)
        shares = uint256(amount * (venue.lp_supply + VIRTUAL_SHARES)) // (nav + 1)
        require(shares != 0 and shares >= min_shares, "lp: too few shares")
        uint256(venue.lp_supply + shares)
        self._commit(venue, price, book)
        self._pull(venue, provider, assets)
        venue.lp_shares[provider] = venue.lp_shares.get(provider, 0) + shares
        venue.lp_supply += shares
        return shares

    def remove_liquidity(
        self, market: int, provider: str, shares: int, min_assets: int = 0, receiver: str = ""
    ) -> int:
        """Burn LP shares for their part of the pool, as far as the reserve of positions allows.

        Args:
            market: Market id.
            provider: The caller.
            shares: LP share units.
            min_assets: Least collateral accepted, collateral decimals.
            receiver: Who gets the collateral.

        Returns:
            Assets paid, collateral decimals.

        Raises:
            Revert: With the contract's reason.
        """
        venue, price, book, nav = self._lp_opened(market)
        held = venue.lp_shares.get(provider, 0)
        require(0 < shares <= held, "lp: bad shares")
        assets = uint256(shares * (nav + 1)) // (venue.lp_supply + VIRTUAL_SHARES) // self.scale
        require(assets != 0 and assets >= min_assets, "lp: too few assets")
        venue.check_pool(book.bounded(), -assets * self.scale)
        self._check_payment(venue, receiver, assets, book)
        _check_reserve(venue, book, price, assets * self.scale)
        self._commit(venue, price, book)
        venue.lp_shares[provider] = held - shares
        venue.lp_supply -= shares
        self._pay(venue, receiver, assets)
        return assets

    def lp_shares(self, market: int, provider: str) -> int:
        """Return the shares a provider holds, LP share units; 0 for an unknown market too."""
        known = 0 <= market < len(self.markets)
        return self.markets[market].lp_shares.get(provider, 0) if known else 0

    def _lp_opened(self, market: int) -> tuple[Market, int, Book, int]:
        """Return market, valid price, accrued book and conservative NAV (quote WAD)."""
        venue = self._running_market(market)
        price, book = venue.opened(self.now)
        nav = venue.lp_equity(book, price)
        if venue.status is not MarketStatus.CLOSED:
            nav -= unwind_credit(book.skew, price, venue.config.skew_scale)
        require(nav > 0 or (nav == 0 and venue.lp_supply == 0), "lp: pool insolvent")
        return venue, price, book, nav


def unwind_credit(skew: int, price: int, skew_scale: int) -> int:
    """Return what traders would gain from the pool by unwinding the skew: P skew^2 / 2K, up.

    Args:
        skew: longs - shorts, underlying WAD.
        price: WAD.
        skew_scale: K, underlying WAD.

    Returns:
        Quote WAD.

    >>> unwind_credit(5_000 * WAD, 2_000 * WAD, 10**6 * WAD) // WAD
    25000
    """
    return ceil_div(ceil_div(skew * skew, 2 * skew_scale) * price, WAD)


def _check_reserve(venue: Market, book: Book, price: int, paid: int) -> None:
    """Check what a withdrawal of liquidity (quote WAD) must leave behind."""
    pool = venue.pool(book) - paid
    require(pool >= 0, "lp: pool has no cash")
    limit = venue.total_limit(pool - book.traders_pnl(price), price)
    interest = book.long_interest + book.short_interest
    # A CLOSED market's positions are worth what they are: the pool keeps nothing against them.
    closed = venue.status is MarketStatus.CLOSED
    require(closed or interest <= limit, "lp: reserve of open positions")
