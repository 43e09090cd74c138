# pragma version 0.4.3
"""
@title Rebalance policy
@license AGPL-3.0-only
@author Steelyard
@notice Decides, without state of its own, whether a leveraged token trades now, how much, at what worst price and
        for what reward. Called by the token that acts on it, and open to keepers and pages; the lens asks the token.
@dev docs/protocol.md section 5. Thin over modules: policy_case (what is known), policy_trigger (why), policy_terms
     (aim, bound, chunk, rate of the reward), policy_size (how much, at what cost), policy_obstacle (what forbids it),
     policy_memory (what is remembered of it); leverage_math has the formulas. `decide` never reverts for a state the
     venue can be in and words that `pack_rules` and a token made: views depend on it.
"""

from ..interfaces import IPerpExchange
from ..interfaces import IRebalancePolicy
from .modules import leverage_math
from .modules import policy_case
from .modules import policy_memory
from .modules import policy_obstacle
from .modules import policy_size
from .modules import policy_terms
from .modules import policy_trigger
from .modules import policy_words

implements: IRebalancePolicy


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
    return self._decide(state, is_long, words, memory_words)


@external
@view
def status(
    account: IRebalancePolicy.Account, words: uint256[2], memory_words: uint256[2]
) -> IRebalancePolicy.Decision:
    """
    @notice As `decide`, of the account as it is, with the venue's maintenance margin after the trade, and its room for an
            increase.
    @dev See IRebalancePolicy.
    @param account Whose
    @param words Rules, packed
    @param memory_words Memory, packed
    @return The decision, units in Decision
    """
    state: IPerpExchange.AccountState = self._state(account)
    decision: IRebalancePolicy.Decision = self._decide(state, account.is_long, words, memory_words)
    if (
        decision.obstacle == IRebalancePolicy.Obstacle.CLEAR
        and decision.size_delta != 0
        and not policy_obstacle._is_kept(account, state, decision)
    ):
        decision.obstacle = IRebalancePolicy.Obstacle.VENUE
    return decision


@external
@view
def order(
    account: IRebalancePolicy.Account, words: uint256[2], memory_words: uint256[2]
) -> IRebalancePolicy.Order:
    """
    @notice As `decide`, of the account as it is, but reverts with the reason unless there is a trade that nothing stops.
    @dev See IRebalancePolicy.
    @param account Whose
    @param words Rules, packed
    @param memory_words Memory, packed
    @return Units in Order
    """
    state: IPerpExchange.AccountState = self._state(account)
    decision: IRebalancePolicy.Decision = self._decide(state, account.is_long, words, memory_words)
    policy_obstacle._check_clear(decision)
    return IRebalancePolicy.Order(
        decision=decision, size=state.size, equity=state.equity, price=state.price
    )


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
def _state(account: IRebalancePolicy.Account) -> IPerpExchange.AccountState:
    """
    @notice Ask the venue.
    @param account Whose
    @return The account as it is
    """
    return staticcall IPerpExchange(account.venue).account_state(account.market, account.token, 0)


@internal
@view
def _decide(
    state: IPerpExchange.AccountState,
    is_long: bool,
    words: uint256[2],
    memory_words: uint256[2],
) -> IRebalancePolicy.Decision:
    """
    @notice What a rebalance would do now.
    @param state Of the token's account
    @param is_long Side of the token
    @param words Rules, packed
    @param memory_words Memory, packed
    @return The decision, units in Decision
    """
    case: policy_case.Case = policy_case._open(state, words, memory_words)
    trigger: IRebalancePolicy.Trigger = policy_trigger._trigger(case, state)
    if trigger == IRebalancePolicy.Trigger.NOTHING:
        return policy_obstacle._idle(case, state)
    decision: IRebalancePolicy.Decision = empty(IRebalancePolicy.Decision)
    decision.trigger = trigger
    decision.leverage = case.leverage
    decision.aim = policy_terms._aim(case, trigger)
    decision.slippage = policy_terms._slippage(case, trigger)
    rate: uint256 = policy_terms._rate(case, trigger)
    market: leverage_math.Market = policy_case._market(state)
    chunk: uint256 = policy_terms._chunk(case, market, state.size, trigger)
    decision = policy_size._sized(state, market, is_long, decision, rate, chunk)
    if decision.whole_delta == 0:
        # A trade of less than the smallest unit.
        return policy_obstacle._idle(case, state)
    return policy_obstacle._judged(case, state, is_long, decision)
