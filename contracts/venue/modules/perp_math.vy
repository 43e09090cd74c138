# pragma version 0.4.3
"""
@title Perpetual exchange: formulas
@license AGPL-3.0-only
@author Steelyard
@notice Fill price, order fee, funding and margin requirements as pure functions.
@dev Rounding is against the account: PnL and sell fills down; buy fills, fees and requirements up.
     Arithmetic is unchecked where these bounds, kept by the callers, prove that nothing overflows:
     |size|, |order|, interest per side < 2**96; price <= 2**94; |P + F| < 2**95; skew scale < 2**104;
     ratios, rates and leverage < 2**68; keeper fees and margins < 2**96; seconds < 2**40.
     Sources: Synthetix perps v2 `PerpsV2MarketBase` (skew pricing, velocity funding, maker and taker split),
     restated in docs/venue.md.
"""

from . import market_words

WAD: constant(uint256) = 10**18
IWAD: constant(int256) = 10**18
DOUBLE_WAD: constant(uint256) = 2 * 10**18
WAD_SQUARED: constant(uint256) = 10**36
MILLION: constant(int256) = 10**6
IDAY: constant(int256) = 86_400
# Units of the fields of the second parameter word, read in place where it is needed: unpacking all of it costs
# an order more than it uses. Layout: market_words.vy.
TENTH: constant(uint256) = market_words.TENTH
MICRO: constant(uint256) = market_words.MICRO
# Ratios in 1e-6, 1e-5 of a notional with 36 decimals, to quote WAD.
MICRO_36: constant(uint256) = 10**24
HUNDREDTH_MILLI_36: constant(uint256) = 10**23
TEN_THOUSAND: constant(uint256) = 10**4


@internal
@pure
def _floor_wad(amount_36: int256) -> int256:
    """
    @notice amount_36 / 1e18 rounded toward minus infinity; Vyper's division truncates toward zero.
    @param amount_36 Scale 36 decimals
    @return WAD
    """
    quotient: int256 = unsafe_div(amount_36, IWAD)
    if unsafe_mul(quotient, IWAD) > amount_36:
        quotient = unsafe_sub(quotient, 1)
    return quotient


@internal
@pure
def _magnitude(amount: int256) -> uint256:
    """
    @notice |amount|. In one place, because `abs` is a hundred bytes of code.
    @param amount Any scale
    @return The same scale
    """
    return convert(convert(max(amount, unsafe_sub(0, amount)), bytes32), uint256)


@internal
@pure
def _ceil_div(a: uint256, b: uint256) -> uint256:
    """
    @notice a / b rounded up.
    @param a Dividend, at most 2**256 - b
    @param b Divisor, > 0
    @return Quotient
    """
    return unsafe_div(unsafe_add(a, unsafe_sub(b, 1)), b)


@internal
@pure
def _quote(
    bits: uint256, rules: uint256, price: uint256, skew: int256, size_delta: int256
) -> (uint256, uint256):
    """
    @notice Fill price and fee of an order. The fill is the mean of the skew premium before and after it,
            P (1 + (skew + d/2) / K); the fee is maker on what lowers |skew| and taker on what raises it.
    @dev d (fill - P) = P ((skew+d)^2 - skew^2) / 2K is a potential of the skew, so splitting is neutral.
         Fees in 1e-6, so the fee of a notional with 36 decimals is divided by 1e24.
         Products: 2**94 * 2**106; 2**96 * 2**17. The fee's is checked: a skew scale set absurdly small mid-flight
         makes fills as large as 2**150.
    @param bits First parameter word: a CLOSED market settles at its price for nothing
    @param rules Second parameter word: K and the fees
    @param price Oracle price, WAD
    @param skew longs - shorts before the order, underlying WAD
    @param size_delta d, underlying WAD, not 0
    @return Fill price (WAD), up for a buy, down for a sell; 0 when the formula leaves nothing above zero
    @return Order fee in quote (WAD), rounded up
    """
    if bits & market_words.CLOSED != 0:
        return price, 0
    double_scale: uint256 = unsafe_mul(rules & (2**40 - 1), DOUBLE_WAD)
    weight: int256 = unsafe_add(
        convert(convert(double_scale, bytes32), int256),
        unsafe_add(unsafe_add(skew, skew), size_delta),
    )
    if weight <= 0:
        return 0, 0
    fill_price: uint256 = unsafe_mul(price, convert(convert(weight, bytes32), uint256))
    amount: int256 = size_delta
    maker_amount: int256 = 0
    if size_delta > 0:
        fill_price = unsafe_add(fill_price, unsafe_sub(double_scale, 1))
        if skew < 0:
            maker_amount = min(amount, unsafe_sub(0, skew))
    else:
        amount = unsafe_sub(0, size_delta)
        if skew > 0:
            maker_amount = min(amount, skew)
    fill_price = unsafe_div(fill_price, double_scale)
    weighted: uint256 = unsafe_add(
        unsafe_mul(convert(convert(maker_amount, bytes32), uint256), (rules >> 40) & 65535),
        unsafe_mul(
            convert(convert(unsafe_sub(amount, maker_amount), bytes32), uint256),
            (rules >> 56) & 65535,
        ),
    )
    return fill_price, unsafe_div(unsafe_add(fill_price * weighted, MICRO_36 - 1), MICRO_36)


@internal
@pure
def _accrue_funding(
    bits: uint256, rules: uint256, skew: int256, rate: int256, elapsed: int256, price: uint256
) -> (int256, int256):
    """
    @notice The rate moves with its velocity until it meets its cap; the index pays its integral.
    @dev Trapezoid up to the cap, rectangle after: 2 * integral = (r + r1) t, or (r + cap) ts + 2 cap (t - ts).
         The whole interval is priced at `price`, as venues do that accrue when touched. A rate that the owner
         holds has no velocity.
         Products: 2**104 * 2**60; 2**60 * 2**26; 2**68 * 2**40; 2**111 * 2**94.
    @param bits First parameter word: velocity and cap
    @param rules Second parameter word: K
    @param skew longs - shorts, underlying WAD
    @param rate Rate at the start, WAD per day, within its cap
    @param elapsed Seconds
    @param price Oracle price, WAD
    @return New rate, WAD per day
    @return Change of the funding index, quote WAD per 1 underlying, truncated
    """
    velocity: int256 = 0
    max_rate: int256 = IWAD
    if bits & market_words.FORCED == 0:
        # clamp(skew / K, -1, 1) in WAD, K in whole units; unsigned, what is below -1 wraps to far above.
        ratio: int256 = unsafe_div(skew, convert(convert(rules & (2**40 - 1), bytes32), int256))
        if convert(convert(unsafe_add(ratio, IWAD), bytes32), uint256) > DOUBLE_WAD:
            ratio = IWAD if ratio > 0 else -IWAD
        velocity = unsafe_div(
            unsafe_mul(ratio, convert(convert((bits >> 33) & (2**26 - 1), bytes32), int256)),
            MILLION,
        )
        max_rate = convert(
            convert(unsafe_mul((bits >> 59) & (2**20 - 1), MICRO), bytes32), int256
        )
    new_rate: int256 = unsafe_add(rate, unsafe_div(unsafe_mul(velocity, elapsed), IDAY))
    doubled: int256 = unsafe_mul(unsafe_add(rate, new_rate), elapsed)
    # Unsigned, what is below -max_rate wraps to far above: one comparison instead of two.
    if convert(convert(unsafe_add(new_rate, max_rate), bytes32), uint256) > convert(
        convert(unsafe_add(max_rate, max_rate), bytes32), uint256
    ):
        new_rate = max_rate if new_rate > 0 else -max_rate
        rising: int256 = min(elapsed, (new_rate - rate) * IDAY // velocity)
        doubled = (rate + new_rate) * rising + 2 * new_rate * (elapsed - rising)
    return (
        new_rate,
        unsafe_div(
            unsafe_mul(unsafe_sub(0, doubled), convert(convert(price, bytes32), int256)),
            2 * IDAY * IWAD,
        ),
    )


@internal
@pure
def _initial_margin(rules: uint256, notional_36: uint256) -> uint256:
    """
    @notice Margin that an increase or a withdrawal must leave: N / max leverage.
    @param rules Second parameter word
    @param notional_36 |size| P, quote with 36 decimals
    @return Quote (WAD), rounded up
    """
    max_leverage: uint256 = unsafe_mul((rules >> 72) & 255, WAD)
    return unsafe_div(unsafe_add(notional_36, unsafe_sub(max_leverage, 1)), max_leverage)


@internal
@pure
def _keeper_fee(rules: uint256, notional_36: uint256) -> uint256:
    """
    @notice What liquidating a size costs the account, if it has that much.
    @dev Ratio in 1e-6, so notional with 36 decimals is divided by 1e24.
    @param rules Second parameter word
    @param notional_36 |size| P, quote with 36 decimals
    @return Quote (WAD), rounded up
    """
    fee: uint256 = unsafe_div(
        unsafe_add(unsafe_mul(notional_36, (rules >> 96) & 65535), MICRO_36 - 1), MICRO_36
    )
    return max(
        unsafe_mul((rules >> 130) & 65535, TENTH),
        min(fee, unsafe_mul((rules >> 146) & (2**20 - 1), WAD)),
    )


@internal
@pure
def _maintenance_margin(bits: uint256, rules: uint256, amount: uint256, price: uint256) -> uint256:
    """
    @notice Equity at or below which a position may be liquidated: buffer + keeper fee + size premium.
    @dev The premium N |size| / K * multiplier stands for the market's depth; capped at the notional so that no
         skew scale set mid-flight can overflow it. A CLOSED market settles at a known price and needs no buffer.
         Products: 2**190 * 2**60.
    @param bits First parameter word
    @param rules Second parameter word
    @param amount |size|, underlying WAD
    @param price WAD
    @return Quote (WAD), each part rounded up; 0 for no position or in a CLOSED market
    """
    if amount == 0 or bits & market_words.CLOSED != 0:
        return 0
    notional_36: uint256 = unsafe_mul(amount, price)
    # |size| / K * multiplier in WAD: the multiplier is in 1e-4, K in 1e18.
    scale: uint256 = unsafe_mul(rules & (2**40 - 1), TEN_THOUSAND)
    premium_ratio: uint256 = unsafe_div(
        unsafe_add(unsafe_mul(amount, (rules >> 112) & (2**18 - 1)), unsafe_sub(scale, 1)), scale
    )
    return unsafe_add(
        unsafe_add(
            unsafe_div(
                unsafe_add(unsafe_mul(notional_36, (rules >> 80) & 65535), HUNDREDTH_MILLI_36 - 1),
                HUNDREDTH_MILLI_36,
            ),
            unsafe_div(
                unsafe_add(unsafe_mul(notional_36, min(premium_ratio, WAD)), WAD_SQUARED - 1),
                WAD_SQUARED,
            ),
        ),
        self._keeper_fee(rules, notional_36),
    )
