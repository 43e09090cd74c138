"""Shares: the integer-exact twin of contracts/modules/share_math.vy.

Minting n of S shares adds q n/S to the position and E n/S to equity, redeeming removes as much;
whoever does it pays, or keeps, exactly what the venue charges for his trade. Shares have 18
decimals, money is quote WAD.
"""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.model.arithmetic import ceil_div
from steelyard.model.leverage import NO_COST, Market, cost_at_fill

STEPS = 12
PRECISION = 10**15
DUST_STEP = 16
MAX_SHARES = 2**104


@dataclass(frozen=True)
class Vault:
    """A vault as a mint or a redemption meets it.

    Attributes:
        market: What the venue charges.
        size: q, underlying WAD.
        equity: E > 0, quote WAD.
        shares: S > 0, owed fee shares included.
    """

    market: Market
    size: int
    equity: int
    shares: int

    def mint_delta(self, shares: int) -> int:
        """Return the trade that minting causes, underlying WAD: q n/S toward zero."""
        amount = abs(self.size) * shares // self.shares
        return amount if self.size > 0 else -amount

    def mint_price(self, shares: int) -> int | None:
        """Return what n new shares cost, quote WAD, up: E n/S + c(q n/S); None without a fill."""
        claim = ceil_div(self.equity * shares, self.shares)
        size_delta = self.mint_delta(shares)
        charged = self.cost(size_delta)
        return None if charged is None else max(claim + charged, 0)

    def redeem_delta(self, shares: int) -> int:
        """Return the trade that redeeming causes, underlying WAD: -q n/S away from zero."""
        amount = ceil_div(abs(self.size) * shares, self.shares)
        return -amount if self.size > 0 else amount

    def redeem_value(self, shares: int, size_delta: int) -> int:
        """Return what n shares pay out, quote WAD, down: E n/S - c(d).

        Args:
            shares: n, at most S.
            size_delta: d: of `redeem_delta`, or minus the whole position; underlying WAD.

        Returns:
            0 when the cost exceeds the claim or the trade has no fill.
        """
        claim = self.equity * shares // self.shares
        charged = self.cost(size_delta)
        return 0 if charged is None else max(claim - charged, 0)

    def cost(self, size_delta: int) -> int | None:
        """Return what the venue charges for a trade (underlying WAD), quote WAD.

        Returns:
            None without a fill, or when the trade is beyond any venue.
        """
        charged = cost_at_fill(self.market, size_delta)
        return None if charged == NO_COST else charged

    def shares_for(self, amount: int, unit: int) -> int:
        """Return the most shares that cost no more than an amount; 0 when none fits.

        Args:
            amount: Quote WAD.
            unit: Of the collateral, quote WAD; less than it may be left over.
        """
        fits, fits_price = 0, 0
        over, over_price = 0, 0
        shares = min(amount * self.shares // self.equity, MAX_SHARES)
        for _ in range(STEPS):
            price = self.mint_price(shares)
            if price is not None and price <= amount:
                fits, fits_price = shares, price
                if amount - price <= unit + amount // PRECISION:
                    break
            else:
                over, over_price = shares, price or 0
            if over == 0:
                shares = min(fits * amount // max(fits_price, 1) + 1, MAX_SHARES)
            elif over_price == 0:
                shares = fits + (over - fits) // 2
            else:
                shares = fits + (amount - fits_price) * (over - fits) // (over_price - fits_price)
            if shares <= fits:
                break
        return fits

    def shares_worth(self, amount: int, most: int, unit: int) -> int:
        """Return the fewest shares that pay an amount; 0 when even `most` pays less.

        Args:
            amount: Quote WAD, above 0.
            most: Shares of the owner, at most S.
            unit: Of the collateral, quote WAD; less than it may be paid too much.
        """
        pays, pays_value = most, self.redeem_value(most, self.redeem_delta(most))
        if pays_value < amount:
            return 0
        short, short_value = 0, 0
        in_proportion = ceil_div(amount * pays, pays_value)
        shares = min(amount * self.shares // self.equity + 1, in_proportion)
        for _ in range(STEPS):
            if shares <= short or shares >= pays:
                break
            value = self.redeem_value(shares, self.redeem_delta(shares))
            if value >= amount:
                pays, pays_value = shares, value
                if value - amount <= unit + amount // PRECISION:
                    break
            else:
                short, short_value = shares, value
            gap = (amount - short_value) * (pays - short)
            shares = short + ceil_div(gap, pays_value - short_value)
            if short_value == 0:
                shares = max(shares, DUST_STEP * short)
        return pays
