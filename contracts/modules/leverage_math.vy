# pragma version 0.4.3
"""
@title Leverage: formulas
@license AGPL-3.0-only
@author Steelyard
@notice Leverage, the cost of a trade, and the size that reaches a leverage after its own costs.
@dev Stateless and pure. E equity, q size, N = |q| P, L = N / E, c(d) cost of trading d against the oracle price,
     u = c / (|d| P) the same per notional. Bounds: |q|, |d|, |skew| < 2**96, P <= 2**94, |E| < 2**128,
     1e18 <= K < 2**104, fees < 2**57, aims < 2**67, rates < 2**57; callers keep them. Unchecked, because every flow and
     decision asks several times; each function says what its products stay below.
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
# The cost of a trade without a fill.
NO_COST: constant(int256) = max_value(int256)


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
    return unsafe_div(unsafe_mul(self._magnitude(size), price), convert(equity, uint256))


@internal
@pure
def _fill_price(market: Market, size_delta: int256) -> uint256:
    """
    @notice Fill of an order: P (1 + (skew + d/2) / K), the venue's rule.
    @dev P (2K + 2 skew + d) < 2**200.
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
def _cost(market: Market, size_delta: int256) -> int256:
    """
    @notice c(d) = order fee + d (fill - P): what trading d takes from equity at the oracle price.
    @dev `_fill_price`, `_fee` and `_impact` in one, with their bounds: a flow asks up to a dozen times, and most of the
         gas of small functions is in calling them.
    @param market What the venue charges
    @param size_delta d, underlying WAD
    @return Quote WAD, rounded up; negative when the trade relieves the skew by more than its fee; NO_COST when no fill
            exists, or the trade is beyond any venue
    """
    if size_delta == 0:
        return 0
    amount: uint256 = convert(max(size_delta, unsafe_sub(0, size_delta)), uint256)
    if amount > MAX_SIZE:
        return NO_COST
    fill_price: uint256 = market.price
    if market.skew_scale != 0:
        double_scale: uint256 = unsafe_mul(2, market.skew_scale)
        weight: int256 = unsafe_add(
            convert(double_scale, int256), unsafe_add(unsafe_mul(2, market.skew), size_delta)
        )
        if weight <= 0:
            return NO_COST
        fill_price = unsafe_mul(fill_price, convert(weight, uint256))
        if size_delta > 0:
            fill_price = unsafe_add(fill_price, unsafe_sub(double_scale, 1))
        fill_price = unsafe_div(fill_price, double_scale)
        if fill_price == 0 or fill_price > MAX_FILL:
            return NO_COST
    weighted: uint256 = unsafe_mul(amount, market.taker_fee)
    if (market.skew > 0) != (size_delta > 0):
        maker_amount: uint256 = min(
            amount, convert(max(market.skew, unsafe_sub(0, market.skew)), uint256)
        )
        weighted = unsafe_add(
            unsafe_mul(maker_amount, market.maker_fee),
            unsafe_mul(unsafe_sub(amount, maker_amount), market.taker_fee),
        )
    fee: uint256 = unsafe_div(
        unsafe_add(unsafe_mul(fill_price, weighted), WAD_SQUARED - 1), WAD_SQUARED
    )
    loss_36: int256 = unsafe_mul(
        size_delta, unsafe_sub(convert(fill_price, int256), convert(market.price, int256))
    )
    if loss_36 > 0:
        loss_36 = unsafe_add(loss_36, IWAD - 1)
    return unsafe_add(convert(fee, int256), unsafe_div(loss_36, IWAD))


@internal
@pure
def _fee(market: Market, size_delta: int256, fill_price: uint256) -> uint256:
    """
    @notice Order fee: maker on the part that lowers |skew|, taker on the part that raises it.
    @dev fill |d| fee < 2**253.
    @param market What the venue charges
    @param size_delta d, underlying WAD
    @param fill_price Of `_fill_price`, WAD
    @return Quote WAD, rounded up
    """
    amount: uint256 = self._magnitude(size_delta)
    weighted: uint256 = unsafe_mul(amount, market.taker_fee)
    if (market.skew > 0) != (size_delta > 0):
        maker_amount: uint256 = min(amount, self._magnitude(market.skew))
        weighted = unsafe_add(
            unsafe_mul(maker_amount, market.maker_fee),
            unsafe_mul(unsafe_sub(amount, maker_amount), market.taker_fee),
        )
    return unsafe_div(unsafe_add(unsafe_mul(fill_price, weighted), WAD_SQUARED - 1), WAD_SQUARED)


@internal
@pure
def _impact(price: uint256, size_delta: int256, fill_price: uint256) -> int256:
    """
    @notice d (fill - P): what the fill takes from equity at the oracle price.
    @dev |d (fill - P)| < 2**197. Division truncates toward zero: up for a gain.
    @param price P, WAD
    @param size_delta d, underlying WAD
    @param fill_price Of `_fill_price`, WAD
    @return Quote WAD, rounded up; negative when the fill is better than the price
    """
    loss_36: int256 = unsafe_mul(
        size_delta, unsafe_sub(convert(fill_price, int256), convert(price, int256))
    )
    if loss_36 > 0:
        loss_36 = unsafe_add(loss_36, IWAD - 1)
    return unsafe_div(loss_36, IWAD)


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
         L' E WAD < 2**255; a fill is at most 2**37 P away from P, so |u| < 2**99, and the factor < 2**107.
    @param market What the venue charges
    @param size q, underlying WAD
    @param equity E > 0, quote WAD
    @param is_long Side of the token
    @param aim L', WAD
    @param rate Reward per notional traded, WAD
    @return d, underlying WAD; 0 when the aim is reached to the smallest unit
    """
    before: uint256 = self._magnitude(size)
    notional_36: uint256 = unsafe_mul(before, market.price)
    wanted_36: uint256 = unsafe_mul(aim, convert(equity, uint256))
    upward: bool = wanted_36 > notional_36
    gap: uint256 = unsafe_mul(
        unsafe_sub(max(wanted_36, notional_36), min(wanted_36, notional_36)), WAD
    )
    most: uint256 = MAX_SIZE if upward else before
    slope: int256 = convert(aim, int256)
    if not upward:
        slope = unsafe_sub(0, slope)
    per_notional: int256 = convert(rate, int256)
    delta: int256 = 0
    for i: uint256 in range(QUOTES + 1):
        factor: int256 = unsafe_add(IWAD, unsafe_div(unsafe_mul(slope, per_notional), IWAD))
        if factor <= 0:
            break
        amount: uint256 = min(
            unsafe_div(gap, unsafe_mul(market.price, convert(factor, uint256))), most
        )
        delta = convert(amount, int256)
        if upward != is_long:
            delta = unsafe_sub(0, delta)
        traded: int256 = convert(unsafe_div(unsafe_mul(amount, market.price), WAD), int256)
        if traded == 0 or i == QUOTES:
            break
        cost: int256 = self._cost(market, delta)
        if cost == NO_COST:
            break
        per_notional = unsafe_add(convert(rate, int256), unsafe_div(unsafe_mul(cost, IWAD), traded))
    return delta


@internal
@pure
def _magnitude(amount: int256) -> uint256:
    """
    @notice |amount|.
    @param amount Any scale, above -2**255
    @return The same scale
    """
    return convert(max(amount, unsafe_sub(0, amount)), uint256)


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
