# pragma version 0.4.3
"""
@title Shares: formulas of mint and redeem
@license AGPL-3.0-only
@author Steelyard
@notice Minting n of S shares adds q n/S to the position and E n/S to equity, redeeming removes as much; whoever
        does it pays, or keeps, exactly what the venue charges for his trade. N/E and E/S of everybody else stay.
@dev Rounding is against the caller: a mint trades a little less and pays a little more, a redemption trades a
     little more and gets a little less. Shares have 18 decimals, money is quote WAD. Bounds of leverage_math.vy;
     0 < E < 2**132, n <= 2**104, 0 < S < 2**106; callers keep them. Unchecked: |q| n < 2**200, E n < 2**236, cost < 2**197.
     docs/protocol.md section 4.
"""

from . import leverage_math

# Prices that an inversion may ask for; over all skews and fees nine were enough, three are usual.
STEPS: constant(uint256) = 12
# An inversion stops when this part of the amount, or one unit of collateral, is all that is left.
PRECISION: constant(uint256) = 10**15
# Shares that pay nothing, because rounding costs them more than they are worth, are multiplied by this: chords from
# there would creep, one share-wei at a time.
DUST_STEP: constant(uint256) = 16
# The price of shares whose trade has no fill.
NO_PRICE: constant(uint256) = max_value(uint256)
# Most shares a flow may name, and a token has.
MAX_SHARES: constant(uint256) = 2**104


# A vault as a mint or a redemption meets it.
struct Vault:
    market: leverage_math.Market
    size: int256  # q, underlying WAD
    equity: uint256  # E > 0, quote WAD
    shares: uint256  # S > 0, owed fee shares included


@internal
@pure
def _mint_delta(vault: Vault, shares: uint256) -> int256:
    """
    @notice The trade that minting causes: q n/S, toward zero.
    @param vault Before the mint
    @param shares n
    @return underlying WAD
    """
    amount: uint256 = unsafe_div(
        unsafe_mul(convert(abs(vault.size), uint256), shares), vault.shares
    )
    return convert(amount, int256) if vault.size > 0 else -convert(amount, int256)


@internal
@pure
def _mint_price(vault: Vault, shares: uint256) -> uint256:
    """
    @notice What n new shares cost: E n/S + c(q n/S).
    @param vault Before the mint
    @param shares n
    @return Quote WAD, rounded up, at least 0; max_value(uint256) when the trade has no fill
    """
    claim: uint256 = unsafe_div(
        unsafe_add(unsafe_mul(vault.equity, shares), unsafe_sub(vault.shares, 1)), vault.shares
    )
    cost: int256 = leverage_math._cost(vault.market, self._mint_delta(vault, shares))
    if cost == leverage_math.NO_COST:
        return NO_PRICE
    return convert(max(unsafe_add(convert(claim, int256), cost), 0), uint256)


@internal
@pure
def _redeem_delta(vault: Vault, shares: uint256) -> int256:
    """
    @notice The trade that redeeming causes: -q n/S, away from zero.
    @param vault Before the redemption
    @param shares n, at most S
    @return underlying WAD
    """
    amount: uint256 = unsafe_div(
        unsafe_add(
            unsafe_mul(convert(abs(vault.size), uint256), shares), unsafe_sub(vault.shares, 1)
        ),
        vault.shares,
    )
    return -convert(amount, int256) if vault.size > 0 else convert(amount, int256)


@internal
@pure
def _redeem_value(vault: Vault, shares: uint256, size_delta: int256) -> uint256:
    """
    @notice What n shares pay out: E n/S - c(d).
    @param vault Before the redemption
    @param shares n, at most S
    @param size_delta d: of `_redeem_delta`, or minus the whole position; underlying WAD
    @return Quote WAD, rounded down; 0 when the cost exceeds the claim or the trade has no fill
    """
    claim: uint256 = unsafe_div(unsafe_mul(vault.equity, shares), vault.shares)
    cost: int256 = leverage_math._cost(vault.market, size_delta)
    if cost == leverage_math.NO_COST:
        return 0
    return convert(max(unsafe_sub(convert(claim, int256), cost), 0), uint256)


@internal
@pure
def _shares_for(vault: Vault, amount: uint256, unit: uint256) -> uint256:
    """
    @notice The most shares that cost no more than an amount: the inverse of `_mint_price`.
    @dev Starts at A S / E, then chords: through zero until a price is too high, between the best that fits and the
         last that does not after that. What is left over is below `unit` and 1e-15 of the amount together.
    @param vault Before the mint
    @param amount A, quote WAD
    @param unit Of the collateral, quote WAD
    @return Shares, rounded down; 0 when none fits
    """
    fits: uint256 = 0
    fits_price: uint256 = 0
    over: uint256 = 0
    over_price: uint256 = 0
    shares: uint256 = min(amount * vault.shares // vault.equity, MAX_SHARES)
    for i: uint256 in range(STEPS):
        price: uint256 = self._mint_price(vault, shares)
        if price <= amount:
            fits = shares
            fits_price = price
            if amount - price <= unit + amount // PRECISION:
                break
        else:
            over = shares
            over_price = price
        if over == 0:
            shares = min(fits * amount // max(fits_price, 1) + 1, MAX_SHARES)
        elif over_price == NO_PRICE:
            shares = fits + (over - fits) // 2
        else:
            shares = fits + (amount - fits_price) * (over - fits) // (over_price - fits_price)
        if shares <= fits:
            break
    return fits


@internal
@pure
def _shares_worth(vault: Vault, amount: uint256, most: uint256, unit: uint256) -> uint256:
    """
    @notice The fewest shares that pay an amount: the inverse of `_redeem_value` with `_redeem_delta`.
    @dev Bracketed by what the owner has. Starts at A S / E, or lower with a rebate, which lets fewer pay; chords from
         the side that pays too little, so that the result always pays enough. What it pays too much is below `unit`
         and 1e-15 of the amount together.
    @param vault Before the redemption
    @param amount A > 0, quote WAD
    @param most Shares of the owner, at most S
    @param unit Of the collateral, quote WAD
    @return Shares, rounded up; 0 when even `most` pays less
    """
    pays: uint256 = most
    pays_value: uint256 = self._redeem_value(vault, most, self._redeem_delta(vault, most))
    if pays_value < amount:
        return 0
    short: uint256 = 0
    short_value: uint256 = 0
    shares: uint256 = min(
        amount * vault.shares // vault.equity + 1,
        (amount * pays + pays_value - 1) // pays_value,
    )
    for i: uint256 in range(STEPS):
        if shares <= short or shares >= pays:
            break
        value: uint256 = self._redeem_value(vault, shares, self._redeem_delta(vault, shares))
        if value >= amount:
            pays = shares
            pays_value = value
            if value - amount <= unit + amount // PRECISION:
                break
        else:
            short = shares
            short_value = value
        shares = short + (
            (amount - short_value) * (pays - short) + pays_value - short_value - 1
        ) // (pays_value - short_value)
        if short_value == 0:
            shares = max(shares, DUST_STEP * short)
    return pays
