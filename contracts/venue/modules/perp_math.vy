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
WAD_SQUARED: constant(uint256) = 10**36
IDAY: constant(int256) = 86_400
# Units of the fields of the second parameter word, read in place where it is needed: unpacking all of it costs
# an order more than it uses. Layout: market_words.vy.
TENTH: constant(uint256) = market_words.TENTH
TENTH_MILLI: constant(uint256) = market_words.TENTH_MILLI
HUNDREDTH_MILLI: constant(uint256) = market_words.HUNDREDTH_MILLI
# A ratio in 1e-6 of a notional with 36 decimals, to quote WAD.
MICRO_36: constant(uint256) = 10**24


@internal
@pure
def _floor_div(a: int256, b: int256) -> int256:
    """
    @notice a / b rounded toward minus infinity; Vyper's division truncates toward zero.
    @param a Dividend, any scale
    @param b Divisor, > 0
    @return Quotient
    """
    quotient: int256 = unsafe_div(a, b)
    if unsafe_mul(quotient, b) > a:
        quotient = unsafe_sub(quotient, 1)
    return quotient


@internal
@pure
def _magnitude(amount: int256) -> uint256:
    """
    @notice |amount|. In one place, because `abs` is a hundred bytes of code.
    @param amount Any scale, above -2**255
    @return The same scale
    """
    return convert(max(amount, unsafe_sub(0, amount)), uint256)


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
    price: uint256,
    skew_scale: uint256,
    skew: int256,
    size_delta: int256,
    maker_fee: uint256,
    taker_fee: uint256,
) -> (uint256, uint256):
    """
    @notice Fill price and fee of an order. The fill is the mean of the skew premium before and after it,
            P (1 + (skew + d/2) / K); the fee is maker on what lowers |skew| and taker on what raises it.
    @dev d (fill - P) = P ((skew+d)^2 - skew^2) / 2K is a potential of the skew, so splitting is neutral.
         Products: 2**94 * 2**106; 2**96 * 2**57. The fee's is checked: a skew scale set absurdly small mid-flight
         makes fills as large as 2**150.
    @param price Oracle price, WAD
    @param skew_scale K, underlying WAD
    @param skew longs - shorts before the order, underlying WAD
    @param size_delta d, underlying WAD, not 0
    @param maker_fee WAD, at most 5 %
    @param taker_fee WAD, at most 5 %
    @return Fill price (WAD), up for a buy, down for a sell; 0 when the formula leaves nothing above zero
    @return Order fee in quote (WAD), rounded up
    """
    double_scale: uint256 = unsafe_mul(2, skew_scale)
    weight: int256 = unsafe_add(
        convert(double_scale, int256), unsafe_add(unsafe_mul(2, skew), size_delta)
    )
    if weight <= 0:
        return 0, 0
    fill_price: uint256 = unsafe_mul(price, convert(weight, uint256))
    if size_delta > 0:
        fill_price = unsafe_add(fill_price, unsafe_sub(double_scale, 1))
    fill_price = unsafe_div(fill_price, double_scale)
    amount: uint256 = self._magnitude(size_delta)
    weighted: uint256 = unsafe_mul(amount, taker_fee)
    if (skew > 0) != (size_delta > 0):
        maker_amount: uint256 = min(amount, self._magnitude(skew))
        weighted = unsafe_add(
            unsafe_mul(maker_amount, maker_fee),
            unsafe_mul(unsafe_sub(amount, maker_amount), taker_fee),
        )
    return fill_price, unsafe_div(unsafe_add(fill_price * weighted, WAD_SQUARED - 1), WAD_SQUARED)


@internal
@pure
def _accrue_funding(
    rate: int256, velocity: int256, max_rate: int256, elapsed: int256, price: uint256
) -> (int256, int256):
    """
    @notice The rate moves with its velocity until it meets its cap; the index pays its integral.
    @dev Trapezoid up to the cap, rectangle after: 2 * integral = (r + r1) t, or (r + cap) ts + 2 cap (t - ts).
         The whole interval is priced at `price`, as venues do that accrue when touched.
         Products: 2**68 * 2**40; 2**111 * 2**94.
    @param rate Rate at the start, WAD per day, within +-max_rate
    @param velocity WAD per day^2
    @param max_rate WAD per day
    @param elapsed Seconds
    @param price Oracle price, WAD
    @return New rate, WAD per day
    @return Change of the funding index, quote WAD per 1 underlying, truncated
    """
    new_rate: int256 = unsafe_add(rate, unsafe_div(unsafe_mul(velocity, elapsed), IDAY))
    doubled: int256 = unsafe_mul(unsafe_add(rate, new_rate), elapsed)
    if abs(new_rate) > max_rate:
        new_rate = max_rate if new_rate > 0 else -max_rate
        rising: int256 = min(elapsed, (new_rate - rate) * IDAY // velocity)
        doubled = (rate + new_rate) * rising + 2 * new_rate * (elapsed - rising)
    return new_rate, unsafe_div(unsafe_mul(-doubled, convert(price, int256)), 2 * IDAY * IWAD)


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
    skew_scale: uint256 = unsafe_mul(rules & (2**40 - 1), WAD)
    premium_ratio: uint256 = unsafe_mul(
        amount, unsafe_mul((rules >> 112) & (2**18 - 1), TENTH_MILLI)
    )
    premium_ratio = unsafe_div(unsafe_add(premium_ratio, unsafe_sub(skew_scale, 1)), skew_scale)
    buffer: uint256 = unsafe_mul(notional_36, unsafe_mul((rules >> 80) & 65535, HUNDREDTH_MILLI))
    premium: uint256 = unsafe_mul(notional_36, min(premium_ratio, WAD))
    return unsafe_add(
        unsafe_add(
            unsafe_div(unsafe_add(buffer, WAD_SQUARED - 1), WAD_SQUARED),
            unsafe_div(unsafe_add(premium, WAD_SQUARED - 1), WAD_SQUARED),
        ),
        self._keeper_fee(rules, notional_36),
    )
