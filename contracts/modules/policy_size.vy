# pragma version 0.4.3
"""
@title Policy size: how much is traded, at what cost and reward
@license AGPL-3.0-only
@author Steelyard
@notice The trade that reaches the aim, cut to what is safe, fills within the bound and does good; and the reward,
        cut to what the venue lets leave after it. docs/protocol.md section 5.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import leverage_math

WAD: constant(uint256) = 10**18
WAD_SQUARED: constant(uint256) = 10**36
# A trade that does not fit, or would do no good, is halved at most this often.
HALVINGS: constant(uint256) = 3
# A trade may take leverage past the aim by the aim over this: half of what a token bears, for roundings.
OVERSHOOT: constant(uint256) = 2_000
# A position that grows by this factor or more pays no reward.
MAX_GROWTH: constant(uint256) = 2**20


@internal
@view
def _sized(
    state: IPerpExchange.AccountState,
    market: leverage_math.Market,
    is_long: bool,
    unsized: IRebalancePolicy.Decision,
    rate: uint256,
    chunk: uint256,
) -> IRebalancePolicy.Decision:
    """
    @notice Size, worst price, cost and reward of a trade, and what the size says against it.
    @dev The chunk, or a half, a quarter, an eighth of it: the largest that fits and helps. If none helps, the largest
         that fits; if none fits, size_delta is 0.
    @param state Of the token's account
    @param market What the venue charges
    @param is_long Side of the token
    @param unsized With trigger, aim and bound
    @param rate Reward per notional, WAD
    @param chunk The most one trade may be, underlying WAD
    @return The same with sizes and obstacle
    """
    decision: IRebalancePolicy.Decision = unsized
    whole: int256 = leverage_math._delta_to(
        market, state.size, state.equity, is_long, decision.aim, rate
    )
    decision.whole_delta = whole
    step: uint256 = market.price * decision.slippage // WAD
    decision.price_limit = market.price + step if whole > 0 else market.price - step
    decision.obstacle = IRebalancePolicy.Obstacle.NO_SAFE_SIZE
    amount: uint256 = min(convert(abs(whole), uint256), chunk)
    for i: uint256 in range(HALVINGS + 1):
        delta: int256 = convert(amount >> i, int256)
        if delta == 0:
            break
        if whole < 0:
            delta = -delta
        tried: IRebalancePolicy.Decision = self._tried(state, market, decision, delta, rate)
        if tried.obstacle == IRebalancePolicy.Obstacle.CLEAR:
            return tried
        if decision.size_delta == 0:
            decision = tried
    return decision


@internal
@view
def _tried(
    state: IPerpExchange.AccountState,
    market: leverage_math.Market,
    whole: IRebalancePolicy.Decision,
    delta: int256,
    rate: uint256,
) -> IRebalancePolicy.Decision:
    """
    @notice A decision with one size.
    @param state Of the token's account
    @param market What the venue charges
    @param whole With the whole trade and the worst price
    @param delta Size, underlying WAD, not 0
    @param rate Reward per notional, WAD
    @return The same with that size, CLEAR or FUTILE; or without it, BOUND
    """
    decision: IRebalancePolicy.Decision = whole
    fill_price: uint256 = leverage_math._fill_price(market, delta)
    if (
        fill_price == 0 or fill_price > decision.price_limit
        if delta > 0
        else fill_price < decision.price_limit
    ):
        decision.obstacle = IRebalancePolicy.Obstacle.BOUND
        return decision
    fee: uint256 = leverage_math._fee(market, delta, fill_price)
    decision.size_delta = delta
    decision.cost = convert(fee, int256) + leverage_math._impact(market.price, delta, fill_price)
    size: int256 = state.size + delta
    equity: int256 = state.equity - decision.cost
    notional: uint256 = convert(abs(delta), uint256) * market.price // WAD
    decision.reward = min(notional * rate // WAD, self._room(state, size, equity, fee))
    decision.obstacle = IRebalancePolicy.Obstacle.FUTILE
    if self._helps(decision, size, market.price, equity - convert(decision.reward, int256)):
        decision.obstacle = IRebalancePolicy.Obstacle.CLEAR
    elif decision.reward != 0 and self._helps(decision, size, market.price, equity):
        # A reward never stops a trade.
        decision.obstacle = IRebalancePolicy.Obstacle.CLEAR
        decision.reward = 0
    return decision


@internal
@pure
def _room(state: IPerpExchange.AccountState, size: int256, equity: int256, fee: uint256) -> uint256:
    """
    @notice The most that the venue lets leave together with a trade.
    @dev What must stay is the least, the initial and more than the maintenance margin. Of the last only a bound is
         known, and nothing without a position. It grows with |q|, so before a reduction it is larger than after it. With
         |q'| = t |q|, t > 1 and e = 1e-18, by the formula in docs/venue.md:
           buffer   ceil(t N r)                    <= t^2 ceil(N r) + 1
           premium  ceil(t N min(1, ceil(t y)))    <= t^2 ceil(N min(1, ceil(y))) + t N e + 1, y = |q| premium / K,
                    for ceil(t y) <= t ceil(y) + e and min(1, t z + e) <= t min(1, z) + e
           keeper   max(lo, min(ceil(t N f), hi))  <= t^2 max(lo, min(ceil(N f), hi)) + 1
         together M' <= t^2 M + t N e + 3. That is far above M' where t is large: the reward is then less than it could
         be, but never the trade. The order fee leaves the market's cash too.
    @param state Before the trade
    @param size After it, underlying WAD
    @param equity After its cost, quote WAD
    @param fee Of the order, quote WAD
    @return Quote WAD
    """
    if equity <= 0 or state.cash <= fee:
        return 0
    room: uint256 = convert(equity, uint256)
    if size != 0:
        before: uint256 = convert(abs(state.size), uint256)
        amount: uint256 = convert(abs(size), uint256)
        notional_36: uint256 = amount * state.price
        above: uint256 = state.maintenance + 1
        if before == 0:
            above = 1
        elif amount > before:
            if amount // before >= MAX_GROWTH:
                return 0
            above = (state.maintenance * amount + before - 1) // before
            above = (above * amount + before - 1) // before + notional_36 // WAD_SQUARED + 4
        initial: uint256 = (notional_36 + state.max_leverage - 1) // state.max_leverage
        room -= min(room, max(max(state.min_margin, initial), above))
    return min(room, state.cash - fee)


@internal
@view
def _helps(
    decision: IRebalancePolicy.Decision, size: int256, price: uint256, equity: int256
) -> bool:
    """
    @notice Whether a trade brings leverage closer to the aim and, but for an emergency, not past it.
    @dev A sale does not where u, cost and reward per notional, is 1/L or more: at 30x and 5 % one of a quarter leaves
         36x. A smaller part moves the fill less. Over random skews, fees and L up to 100 it helped in 1 to 5 % of the
         emergencies whose chunk did not, with positions up to 0.5 % of K, and in 15 to 50 % with positions up to 30 %.
         It also ends short of an aim that the whole passes because its size is not exact (1 in 4,000 drifts with fees up
         to 5 %, all at L > 20), or because the venue does not let the reward leave.
    @param decision With trigger, aim and leverage before
    @param size After the trade, underlying WAD
    @param price Oracle price, WAD
    @param equity After cost and reward, quote WAD
    @return True when it does, or closes the position for good
    """
    if equity <= 0:
        return False
    aim: uint256 = decision.aim
    if size == 0 and aim == 0:
        return True
    before: uint256 = decision.leverage
    after: uint256 = leverage_math._leverage(size, price, equity)
    distance: uint256 = max(after, aim) - min(after, aim)
    if (
        (after < aim) == (before > aim)
        and distance > aim // OVERSHOOT
        and decision.trigger != IRebalancePolicy.Trigger.EMERGENCY
    ):
        return False
    return distance < max(before, aim) - min(before, aim)
