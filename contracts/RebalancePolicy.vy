# pragma version 0.4.3
"""
@title Rebalance policy
@license AGPL-3.0-only
@author Steelyard
@notice Decides, without state of its own, whether a leveraged token trades now, how much, at what worst price and
        for what reward. Called by the token that acts on it, and by the lens, keepers and pages that show it.
@dev docs/protocol.md section 5. Thin over modules: policy_case (what is known), policy_trigger (why), policy_terms
     (aim, bound, chunk, reward), leverage_math (size and cost), policy_memory (what is remembered of a trade). Never
     reverts for a state the venue can be in and words that `pack_rules` and a token made: views depend on it.
"""

from ..interfaces import IPerpExchange
from ..interfaces import IRebalancePolicy
from .modules import leverage_math
from .modules import policy_case
from .modules import policy_memory
from .modules import policy_terms
from .modules import policy_trigger
from .modules import policy_words

implements: IRebalancePolicy

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = policy_case.DAY
# Without a position and with less equity a token is wiped, quote WAD.
WIPED_EQUITY: constant(int256) = 10**18
# A trade whose quote breaks the bound is halved at most this often.
HALVINGS: constant(uint256) = 3


@external
@view
def decide(
    state: IPerpExchange.AccountState,
    is_long: bool,
    words: uint256[2],
    memory_words: uint256[2],
) -> IRebalancePolicy.Decision:
    """
    @notice What a rebalance would do now.
    @dev See IRebalancePolicy.
    @param state Of the token's account; no quote is read
    @param is_long Side of the token
    @param words Rules, packed
    @param memory_words Memory, packed
    @return The decision, units in Decision
    """
    return self._decide(policy_case._open(state, is_long, words, memory_words))


@external
@view
def order(
    state: IPerpExchange.AccountState,
    is_long: bool,
    words: uint256[2],
    memory_words: uint256[2],
) -> IRebalancePolicy.Decision:
    """
    @notice As `decide`, but reverts with the reason unless there is a trade that nothing stops.
    @dev See IRebalancePolicy.
    @param state Of the token's account; no quote is read
    @param is_long Side of the token
    @param words Rules, packed
    @param memory_words Memory, packed
    @return The decision, units in Decision
    """
    decision: IRebalancePolicy.Decision = self._decide(
        policy_case._open(state, is_long, words, memory_words)
    )
    if decision.obstacle != IRebalancePolicy.Obstacle.CLEAR:
        self._refuse(decision.obstacle)
    assert decision.size_delta != 0, "rebalance: nothing to do"
    return decision


@external
@view
def remember(
    decision: IRebalancePolicy.Decision,
    memory_word: uint256,
    rules_word: uint256,
    equity: int256,
    leverage: uint256,
) -> uint256:
    """
    @notice The first word of memory after a trade.
    @dev See IRebalancePolicy.
    @param decision What was traded, with its real cost and reward
    @param memory_word First word before
    @param rules_word First word of the rules
    @param equity Before, > 0, quote WAD
    @param leverage After, WAD
    @return The word
    """
    return policy_memory._after(
        decision,
        memory_word,
        policy_words._cost_budget(rules_word),
        convert(equity, uint256),
        leverage,
    )


@external
@pure
def pack_rules(rules: IRebalancePolicy.Rules) -> uint256[2]:
    """
    @notice Pack rules; what cannot be stored exactly or computed with is refused.
    @param rules Units in Rules
    @return Words
    """
    return policy_words._pack_rules(rules)


@external
@pure
def unpack_rules(words: uint256[2]) -> IRebalancePolicy.Rules:
    """
    @notice The rules in two words.
    @param words Packed
    @return Units in Rules
    """
    return policy_words._unpack_rules(words)


################################################################
#                           INTERNAL                           #
################################################################

@internal
@view
def _decide(case: policy_case.Case) -> IRebalancePolicy.Decision:
    """
    @notice What a rebalance would do now.
    @param case What the decision is made of
    @return The decision, units in Decision
    """
    decision: IRebalancePolicy.Decision = empty(IRebalancePolicy.Decision)
    decision.leverage = case.leverage
    decision.trigger = policy_trigger._trigger(case)
    if decision.trigger != IRebalancePolicy.Trigger.NOTHING:
        decision.aim = policy_terms._aim(case, decision.trigger)
        decision.slippage = policy_terms._slippage(case, decision.trigger)
        decision = self._sized(case, decision)
    if decision.whole_delta == 0:
        # No reason to trade, or one about less than the smallest unit.
        return self._idle(case)
    decision.obstacle = self._obstacle(case, decision)
    decision.ready_at = self._ready_at(case, decision)
    return decision


@internal
@view
def _refuse(obstacle: IRebalancePolicy.Obstacle):
    """
    @notice Revert with the name of an obstacle.
    @param obstacle Not CLEAR
    """
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
    if obstacle == IRebalancePolicy.Obstacle.FLAGGED:
        raise "rebalance: flagged"
    if obstacle == IRebalancePolicy.Obstacle.PRICE:
        raise "rebalance: no valid price"
    raise "rebalance: wiped"


@internal
@view
def _sized(case: policy_case.Case, unsized: IRebalancePolicy.Decision) -> IRebalancePolicy.Decision:
    """
    @notice Size, worst price, cost and reward: the chunk, or a half, a quarter, an eighth of it if only that fits.
    @param case What the decision is made of
    @param unsized With trigger, aim and bound
    @return The same with sizes; size_delta is 0 when nothing fits
    """
    decision: IRebalancePolicy.Decision = unsized
    rate: uint256 = policy_terms._rate(case, decision.trigger)
    whole: int256 = leverage_math._delta_to(
        case.market, case.state.size, case.state.equity, case.is_long, decision.aim, rate
    )
    decision.whole_delta = whole
    price: uint256 = case.state.price
    step: uint256 = price * decision.slippage // WAD
    decision.price_limit = price + step if whole > 0 else price - step
    amount: uint256 = self._amount(case, decision)
    for i: uint256 in range(HALVINGS + 1):
        part: uint256 = amount >> i
        if part == 0:
            break
        delta: int256 = convert(part, int256) if whole > 0 else -convert(part, int256)
        fill_price: uint256 = leverage_math._fill_price(case.market, delta)
        if self._fits(decision, fill_price):
            decision.size_delta = delta
            decision.cost = leverage_math._cost(case.market, delta, fill_price)
            decision.reward = part * price // WAD * rate // WAD
            break
    return decision


@internal
@view
def _amount(case: policy_case.Case, decision: IRebalancePolicy.Decision) -> uint256:
    """
    @notice The chunk, at most the whole trade.
    @param case What the decision is made of
    @param decision With trigger and the whole trade
    @return underlying WAD; 0 = no safe size
    """
    whole: uint256 = convert(abs(decision.whole_delta), uint256)
    return min(whole, policy_terms._chunk(case, decision.trigger))


@internal
@pure
def _fits(decision: IRebalancePolicy.Decision, fill_price: uint256) -> bool:
    """
    @notice Whether an order fills within the price bound.
    @param decision With the whole trade and the worst price
    @param fill_price Of the order, WAD; 0 = none exists
    @return True when it does
    """
    if decision.whole_delta > 0:
        return fill_price != 0 and fill_price <= decision.price_limit
    return fill_price >= decision.price_limit


@internal
@view
def _idle(case: policy_case.Case) -> IRebalancePolicy.Decision:
    """
    @notice The decision of a token with nothing to do.
    @param case What the decision is made of
    @return Why not, and until when as far as the clock knows
    """
    decision: IRebalancePolicy.Decision = empty(IRebalancePolicy.Decision)
    decision.trigger = IRebalancePolicy.Trigger.NOTHING
    decision.leverage = case.leverage
    decision.obstacle = self._outage(case)
    if decision.obstacle == IRebalancePolicy.Obstacle.CLEAR and (
        case.state.equity <= 0 or (case.state.size == 0 and case.state.equity < WIPED_EQUITY)
    ):
        decision.obstacle = IRebalancePolicy.Obstacle.WIPED
    decision.ready_at = policy_trigger._next_boundary(case)
    return decision


@internal
@view
def _outage(case: policy_case.Case) -> IRebalancePolicy.Obstacle:
    """
    @notice What stops every order of the account.
    @param case What the decision is made of
    @return One obstacle
    """
    if case.state.flagged:
        return IRebalancePolicy.Obstacle.FLAGGED
    if case.state.status == IPerpExchange.MarketStatus.PAUSED:
        return IRebalancePolicy.Obstacle.VENUE
    if case.state.oracle_fault != 0:
        return IRebalancePolicy.Obstacle.PRICE
    return IRebalancePolicy.Obstacle.CLEAR


@internal
@view
def _obstacle(
    case: policy_case.Case, decision: IRebalancePolicy.Decision
) -> IRebalancePolicy.Obstacle:
    """
    @notice The first thing that forbids the trade.
    @param case What the decision is made of
    @param decision Complete but for this
    @return One obstacle
    """
    outage: IRebalancePolicy.Obstacle = self._outage(case)
    if outage != IRebalancePolicy.Obstacle.CLEAR:
        return outage
    exempt: bool = decision.trigger in (
        IRebalancePolicy.Trigger.EMERGENCY | IRebalancePolicy.Trigger.WIND_DOWN
    )
    if not exempt and not self._reference_agrees(case):
        return IRebalancePolicy.Obstacle.REFERENCE
    if block.timestamp < case.mem.traded_at + self._wait(case, decision):
        return IRebalancePolicy.Obstacle.COOLDOWN
    used: uint256 = policy_memory._budget_used(
        case.mem.budget_used, case.mem.traded_at, case.rules.cost_budget
    )
    if not exempt and used >= case.rules.cost_budget:
        return IRebalancePolicy.Obstacle.BUDGET
    if not self._is_taken(case, decision):
        return IRebalancePolicy.Obstacle.VENUE
    if self._amount(case, decision) == 0:
        return IRebalancePolicy.Obstacle.NO_SAFE_SIZE
    if decision.size_delta == 0:
        return IRebalancePolicy.Obstacle.BOUND
    return IRebalancePolicy.Obstacle.CLEAR


@internal
@pure
def _reference_agrees(case: policy_case.Case) -> bool:
    """
    @notice Whether the reference feed, where one is set, is fresh and near the oracle price.
    @param case What the decision is made of
    @return True when it is, or none is set
    """
    if case.rules.reference == empty(address):
        return True
    price: uint256 = case.state.price
    apart: uint256 = max(price, case.reference) - min(price, case.reference)
    return case.reference != 0 and apart * WAD <= case.rules.max_deviation * case.reference


@internal
@view
def _wait(case: policy_case.Case, decision: IRebalancePolicy.Decision) -> uint256:
    """
    @notice The least time between trades: an emergency only needs a later timestamp.
    @param case What the decision is made of
    @param decision With its trigger
    @return Seconds
    """
    return 1 if decision.trigger == IRebalancePolicy.Trigger.EMERGENCY else case.rules.cooldown


@internal
@view
def _is_taken(case: policy_case.Case, decision: IRebalancePolicy.Decision) -> bool:
    """
    @notice Whether the venue takes the trade as far as its state tells: any must leave margin, an increase needs an
            ACTIVE market, the least margin and the initial margin.
    @param case What the decision is made of
    @param decision Complete but for its obstacle
    @return True when it does
    """
    margin: int256 = case.state.equity - decision.cost
    if (decision.whole_delta > 0) != case.is_long:
        return margin >= 0
    if case.state.status != IPerpExchange.MarketStatus.ACTIVE or margin < convert(
        case.state.min_margin, int256
    ):
        return False
    notional_36: uint256 = (
        convert(abs(case.state.size + decision.size_delta), uint256) * case.state.price
    )
    return notional_36 <= convert(margin, uint256) * case.state.max_leverage


@internal
@view
def _ready_at(case: policy_case.Case, decision: IRebalancePolicy.Decision) -> uint256:
    """
    @notice When an obstacle of time ends; the budget has healed once used - healed < budget.
    @param case What the decision is made of
    @param decision Complete but for this
    @return Seconds; 0 when time alone does not end it
    """
    if decision.obstacle == IRebalancePolicy.Obstacle.COOLDOWN:
        return case.mem.traded_at + self._wait(case, decision)
    if decision.obstacle == IRebalancePolicy.Obstacle.BUDGET:
        budget: uint256 = case.rules.cost_budget
        excess: uint256 = case.mem.budget_used - budget + 1
        return case.mem.traded_at + (excess * DAY + budget - 1) // budget
    return 0
