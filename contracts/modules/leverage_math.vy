# pragma version 0.4.3
"""
@title Leverage: formulas
@license AGPL-3.0-only
@author Steelyard
@notice Leverage, the cost of a trade, and the size that reaches a leverage after its own costs.
@dev Stateless and pure. E equity, q size, N = |q| P, L = N / E, c(d) cost of trading d against the oracle price,
     u = c / (|d| P) the same per notional. Bounds: |q|, |d|, |skew| < 2**96, P <= 2**94, |E| < 2**128,
     1e18 <= K < 2**104, fees < 2**57, aims < 2**67; callers keep them. Fill and cost are unchecked, because every flow
     and decision asks them several times: P (2K + 2 skew + d) < 2**200, fill <= 2**100, fee product < 2**253.
"""

WAD: constant(uint256) = 10**18
IWAD: constant(int256) = 10**18
WAD_SQUARED: constant(uint256) = 10**36
# How often the cost of an answer makes a better one.
QUOTES: constant(uint256) = 3
# Largest trade answered, underlying WAD: more than any venue takes.
MAX_SIZE: constant(uint256) = 2**96 - 1
# Largest fill an order gets here, WAD: 64 times the largest price.
MAX_FILL: constant(uint256) = 2**100


# What the venue charges: AccountState says all of it.
struct Market:
    price: uint256  # oracle, WAD
    skew: int256  # longs - shorts, underlying WAD
    skew_scale: uint256  # K, underlying WAD; 0 = orders fill at the oracle price
    maker_fee: uint256  # WAD
    taker_fee: uint256  # WAD


@internal
@pure
def _leverage(size: int256, price: uint256, equity: int256) -> uint256:
    """
    @notice Real leverage, N / E.
    @param size q, underlying WAD
    @param price P, WAD
    @param equity E, quote WAD
    @return WAD, rounded down; max_value(uint256) for a position without positive equity
    """
    if size == 0:
        return 0
    if equity <= 0:
        return max_value(uint256)
    return convert(abs(size), uint256) * price // convert(equity, uint256)


@internal
@pure
def _fill_price(market: Market, size_delta: int256) -> uint256:
    """
    @notice Fill of an order: P (1 + (skew + d/2) / K), the venue's rule.
    @param market What the venue charges
    @param size_delta d, underlying WAD, not 0
    @return WAD, up for a buy, down for a sell; 0 when no fill exists, or only one whose fee would overflow
    """
    if market.skew_scale == 0:
        return market.price
    double_scale: uint256 = unsafe_mul(2, market.skew_scale)
    weight: int256 = unsafe_add(
        convert(double_scale, int256), unsafe_add(unsafe_mul(2, market.skew), size_delta)
    )
    if weight <= 0:
        return 0
    numerator: uint256 = unsafe_mul(market.price, convert(weight, uint256))
    if size_delta > 0:
        numerator = unsafe_add(numerator, unsafe_sub(double_scale, 1))
    fill_price: uint256 = unsafe_div(numerator, double_scale)
    return fill_price if fill_price <= MAX_FILL else 0


@internal
@pure
def _cost(market: Market, size_delta: int256, fill_price: uint256) -> int256:
    """
    @notice c(d) = order fee + d (fill - P): what trading d takes from equity at the oracle price.
    @dev Maker fee on the part that lowers |skew|, taker fee on the part that raises it.
    @param market What the venue charges
    @param size_delta d, underlying WAD
    @param fill_price WAD
    @return Quote WAD, rounded up; negative when the trade relieves the skew by more than its fee
    """
    amount: uint256 = convert(abs(size_delta), uint256)
    weighted: uint256 = unsafe_mul(amount, market.taker_fee)
    if (market.skew > 0) != (size_delta > 0):
        maker_amount: uint256 = min(amount, convert(abs(market.skew), uint256))
        weighted = unsafe_add(
            unsafe_mul(maker_amount, market.maker_fee),
            unsafe_mul(unsafe_sub(amount, maker_amount), market.taker_fee),
        )
    fee: uint256 = unsafe_div(
        unsafe_add(unsafe_mul(fill_price, weighted), WAD_SQUARED - 1), WAD_SQUARED
    )
    gain_36: int256 = unsafe_mul(
        size_delta, unsafe_sub(convert(market.price, int256), convert(fill_price, int256))
    )
    gain: int256 = unsafe_div(gain_36, IWAD)
    if unsafe_mul(gain, IWAD) > gain_36:
        gain = unsafe_sub(gain, 1)
    return unsafe_sub(convert(fee, int256), gain)


@internal
@pure
def _delta_to(
    market: Market, size: int256, equity: int256, is_long: bool, aim: uint256, rate: uint256
) -> int256:
    """
    @notice The trade that leaves leverage `aim` after its own cost and reward: |q + d| P = L' (E - c - rate |d| P).
    @dev |d| P = |L' E - N| / (1 +- L' (u + rate)), + when it raises leverage. u is taken from the cost of the last
         answer, three times: for a safe chunk the rest is then below 1e-6 of L'. The size is rounded down. Where an
         answer has no fill, or costs more than it moves, the one before it stands: the whole trade is then far
         beyond any price bound, but parts of it may not be.
    @param market What the venue charges
    @param size q, underlying WAD
    @param equity E > 0, quote WAD
    @param is_long Side of the token
    @param aim L', WAD
    @param rate Reward per notional traded, WAD
    @return d, underlying WAD; 0 when the aim is reached to the smallest unit
    """
    notional_36: uint256 = convert(abs(size), uint256) * market.price
    wanted_36: uint256 = aim * convert(equity, uint256)
    upward: bool = wanted_36 > notional_36
    gap_36: uint256 = max(wanted_36, notional_36) - min(wanted_36, notional_36)
    per_notional: int256 = convert(rate, int256)
    delta: int256 = 0
    for i: uint256 in range(QUOTES + 1):
        factor: int256 = convert(aim, int256) * per_notional // IWAD
        factor = IWAD + factor if upward else IWAD - factor
        if factor <= 0:
            break
        amount: uint256 = gap_36 * WAD // (market.price * convert(factor, uint256))
        amount = min(amount, MAX_SIZE if upward else convert(abs(size), uint256))
        delta = convert(amount, int256) if upward == is_long else -convert(amount, int256)
        traded: int256 = convert(amount * market.price // WAD, int256)
        if traded == 0 or i == QUOTES:
            break
        fill_price: uint256 = self._fill_price(market, delta)
        if fill_price == 0:
            break
        per_notional = (
            convert(rate, int256) + self._cost(market, delta, fill_price) * IWAD // traded
        )
    return delta


@internal
@pure
def _growth(rate: uint256, elapsed: uint256) -> uint256:
    """
    @notice e^(rate * elapsed) - 1 by four Taylor terms, for fee shares.
    @param rate Per year, WAD, at most 0.06
    @param elapsed Seconds
    @return WAD, rounded down
    """
    x: uint256 = rate * elapsed // (365 * 86_400)
    x2: uint256 = x * x // WAD
    x3: uint256 = x2 * x // WAD
    return x + x2 // 2 + x3 // 6 + x3 * x // WAD // 24
