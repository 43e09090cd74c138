# pragma version 0.4.3
"""
@title Policy obstacle: what stands in the way of a trade
@license AGPL-3.0-only
@author Steelyard
@notice The first thing that forbids a trade, when that ends, and its name as a reason to revert.
        docs/protocol.md section 5.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import policy_case
from . import policy_memory
from . import policy_trigger

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = policy_case.DAY
# Without a position and with less equity a token is wiped, quote WAD.
WIPED_EQUITY: constant(int256) = 10**18


@internal
@view
def _judged(
    case: policy_case.Case,
    state: IPerpExchange.AccountState,
    is_long: bool,
    sized: IRebalancePolicy.Decision,
) -> IRebalancePolicy.Decision:
    """
    @notice A decision with the first thing that forbids it, and when that ends.
    @param case What the decision is made of
    @param state Of the token's account
    @param is_long Side of the token
    @param sized With what its size says against it
    @return The decision, complete
    """
    decision: IRebalancePolicy.Decision = sized
    outage: IRebalancePolicy.Obstacle = self._outage(state)
    exempt: bool = decision.trigger in (
        IRebalancePolicy.Trigger.EMERGENCY | IRebalancePolicy.Trigger.WIND_DOWN
    )
    # An emergency only needs a later timestamp.
    wait: uint256 = case.rules.cooldown
    if decision.trigger == IRebalancePolicy.Trigger.EMERGENCY:
        wait = 1
    budget: uint256 = case.rules.cost_budget
    traded_at: uint256 = case.mem.traded_at
    used: uint256 = case.mem.budget_used
    if outage != IRebalancePolicy.Obstacle.CLEAR:
        decision.obstacle = outage
    elif (
        not exempt
        and case.rules.reference != empty(address)
        and not self._agree(state.price, case.reference, case.rules.max_deviation)
    ):
        decision.obstacle = IRebalancePolicy.Obstacle.REFERENCE
    elif block.timestamp < traded_at + wait:
        decision.obstacle = IRebalancePolicy.Obstacle.COOLDOWN
        decision.ready_at = traded_at + wait
    elif not exempt and policy_memory._budget_used(used, traded_at, budget) >= budget:
        decision.obstacle = IRebalancePolicy.Obstacle.BUDGET
        # It has healed once used - healed < budget.
        decision.ready_at = traded_at + ((used - budget + 1) * DAY + budget - 1) // budget
    elif not self._is_taken(state, is_long, decision):
        decision.obstacle = IRebalancePolicy.Obstacle.VENUE
    return decision


@internal
@view
def _idle(case: policy_case.Case, state: IPerpExchange.AccountState) -> IRebalancePolicy.Decision:
    """
    @notice The decision of a token with nothing to do.
    @param case What the decision is made of
    @param state Of the token's account
    @return Why not, and until when as far as the clock knows
    """
    decision: IRebalancePolicy.Decision = empty(IRebalancePolicy.Decision)
    decision.trigger = IRebalancePolicy.Trigger.NOTHING
    decision.leverage = case.leverage
    decision.obstacle = self._outage(state)
    if decision.obstacle == IRebalancePolicy.Obstacle.CLEAR and (
        state.equity <= 0 or (state.size == 0 and state.equity < WIPED_EQUITY)
    ):
        decision.obstacle = IRebalancePolicy.Obstacle.WIPED
    decision.ready_at = policy_trigger._next_boundary(case, state)
    return decision


@internal
@view
def _check_clear(decision: IRebalancePolicy.Decision):
    """
    @notice Revert unless there is a trade that nothing stops.
    @param decision Complete
    """
    obstacle: IRebalancePolicy.Obstacle = decision.obstacle
    if obstacle == IRebalancePolicy.Obstacle.CLEAR:
        assert decision.size_delta != 0, "rebalance: nothing to do"
        return
    if obstacle == IRebalancePolicy.Obstacle.COOLDOWN:
        raise "rebalance: cooldown"
    if obstacle == IRebalancePolicy.Obstacle.BUDGET:
        raise "rebalance: budget used up"
    if obstacle == IRebalancePolicy.Obstacle.BOUND:
        raise "rebalance: price bound"
    if obstacle == IRebalancePolicy.Obstacle.NO_SAFE_SIZE:
        raise "rebalance: no safe size"
    if obstacle == IRebalancePolicy.Obstacle.REFERENCE:
        raise "rebalance: reference price"
    if obstacle == IRebalancePolicy.Obstacle.VENUE:
        raise "rebalance: venue refuses"
    if obstacle == IRebalancePolicy.Obstacle.FUTILE:
        raise "rebalance: futile"
    if obstacle == IRebalancePolicy.Obstacle.FLAGGED:
        raise "rebalance: flagged"
    if obstacle == IRebalancePolicy.Obstacle.PRICE:
        raise "rebalance: no valid price"
    raise "rebalance: wiped"


@internal
@view
def _outage(state: IPerpExchange.AccountState) -> IRebalancePolicy.Obstacle:
    """
    @notice What stops every order of the account.
    @param state Of the token's account
    @return One obstacle
    """
    if state.flagged:
        return IRebalancePolicy.Obstacle.FLAGGED
    if state.status == IPerpExchange.MarketStatus.PAUSED:
        return IRebalancePolicy.Obstacle.VENUE
    if state.oracle_fault != 0:
        return IRebalancePolicy.Obstacle.PRICE
    return IRebalancePolicy.Obstacle.CLEAR


@internal
@pure
def _agree(price: uint256, reference: uint256, max_deviation: uint256) -> bool:
    """
    @notice Whether the reference price is there and near the oracle price.
    @param price Oracle price, WAD
    @param reference Fresh price of the reference feed, WAD; 0 = none
    @param max_deviation Of the reference price, WAD
    @return True when it is
    """
    apart: uint256 = max(price, reference) - min(price, reference)
    return reference != 0 and apart * WAD <= max_deviation * reference


@internal
@view
def _is_taken(
    state: IPerpExchange.AccountState, is_long: bool, decision: IRebalancePolicy.Decision
) -> bool:
    """
    @notice Whether the venue takes the trade as far as its state tells: any must leave margin, an increase needs an
            ACTIVE market, the least margin and the initial margin.
    @param state Of the token's account
    @param is_long Side of the token
    @param decision Complete but for its obstacle
    @return True when it does
    """
    margin: int256 = state.equity - decision.cost
    if (decision.whole_delta > 0) != is_long:
        return margin >= 0
    if state.status != IPerpExchange.MarketStatus.ACTIVE or margin < convert(
        state.min_margin, int256
    ):
        return False
    notional_36: uint256 = convert(abs(state.size + decision.size_delta), uint256) * state.price
    return notional_36 <= convert(margin, uint256) * state.max_leverage


@internal
@view
def _is_kept(
    account: IRebalancePolicy.Account,
    state: IPerpExchange.AccountState,
    decision: IRebalancePolicy.Decision,
) -> bool:
    """
    @notice Whether the venue would not liquidate what a trade leaves, and has room for an increase.
    @param account Whose
    @param state The account as it is
    @param decision With a trade
    @return True when it takes it, as far as this is concerned
    """
    venue: IPerpExchange = IPerpExchange(account.venue)
    size: int256 = state.size + decision.size_delta
    if size != 0:
        left: int256 = state.equity - decision.cost - convert(decision.reward, int256)
        maintenance: uint256 = staticcall venue.maintenance_margin(account.market, size)
        if left <= convert(maintenance, int256):
            return False
    if (decision.size_delta > 0) != account.is_long:
        return True
    market: IPerpExchange.MarketState = staticcall venue.market_state(account.market)
    room: uint256 = market.room_long if account.is_long else market.room_short
    return convert(abs(decision.size_delta), uint256) <= room
