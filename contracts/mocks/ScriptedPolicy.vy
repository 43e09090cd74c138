# pragma version 0.4.3
"""
@title Scripted policy
@license AGPL-3.0-only
@author Steelyard
@notice Trades a token whole and at once to a leverage that anyone writes, for no reward: for replays of the rules of
        venues that are no contracts. Sizes are those of leverage_math, accounting is the token's and the venue's.
@dev Remembers nothing, obeys no rules, cooldown, budget or price bound; rules are packed for the factory's sake.
     Never for money.
"""

from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from ..modules import leverage_math
from ..modules import policy_case
from ..modules import policy_obstacle
from ..modules import policy_words

implements: IRebalancePolicy

# Leverage to go to, WAD; anyone. 0 = nothing to do.
aim: public(uint256)
# What the trade is called; anyone.
trigger: public(IRebalancePolicy.Trigger)


@external
def write(aim: uint256, trigger: IRebalancePolicy.Trigger):
    """
    @notice Say what the next rebalance does; stays until it is said otherwise.
    @param aim Leverage, WAD; 0 = nothing
    @param trigger What the trade is called
    """
    self.aim = aim
    self.trigger = trigger


@external
@view
def decide(
    state: IPerpExchange.AccountState,
    is_long: bool,
    words: uint256[2],
    memory_words: uint256[2],
) -> IRebalancePolicy.Decision:
    """
    @notice The trade that is written.
    @param state Of the token's account; no quote is read
    @param is_long Side of the token
    @param words Ignored
    @param memory_words Ignored
    @return The decision, units in Decision
    """
    return self._decide(state, is_long)


@external
@view
def status(
    account: IRebalancePolicy.Account, words: uint256[2], memory_words: uint256[2]
) -> IRebalancePolicy.Decision:
    """
    @notice As `decide`, of the account as it is.
    @param account Whose
    @param words Ignored
    @param memory_words Ignored
    @return The decision, units in Decision
    """
    return self._decide(self._state(account), account.is_long)


@external
@view
def order(
    account: IRebalancePolicy.Account, words: uint256[2], memory_words: uint256[2]
) -> IRebalancePolicy.Order:
    """
    @notice As `decide`, of the account as it is; reverts where nothing is written.
    @param account Whose
    @param words Ignored
    @param memory_words Ignored
    @return Units in Order
    """
    state: IPerpExchange.AccountState = self._state(account)
    decision: IRebalancePolicy.Decision = self._decide(state, account.is_long)
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
    @notice Nothing is remembered.
    @param decision Ignored
    @param memory_word First word before, raw
    @param rules_word Ignored
    @param equity Ignored
    @param leverage Ignored
    @return The same word, raw
    """
    return memory_word


@external
@pure
def pack_rules(rules: IRebalancePolicy.Rules) -> uint256[2]:
    """
    @notice As RebalancePolicy.
    @param rules Units in Rules
    @return Words
    """
    return policy_words._pack_rules(rules)


@external
@pure
def unpack_rules(words: uint256[2]) -> IRebalancePolicy.Rules:
    """
    @notice As RebalancePolicy.
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
def _decide(state: IPerpExchange.AccountState, is_long: bool) -> IRebalancePolicy.Decision:
    """
    @notice The whole trade to the leverage that is written.
    @param state Of the token's account
    @param is_long Side of the token
    @return The decision, units in Decision
    """
    decision: IRebalancePolicy.Decision = empty(IRebalancePolicy.Decision)
    decision.trigger = IRebalancePolicy.Trigger.NOTHING
    decision.obstacle = IRebalancePolicy.Obstacle.CLEAR
    decision.leverage = leverage_math._leverage(state.size, state.price, state.equity)
    if self.aim == 0 or state.equity <= 0:
        return decision
    decision.trigger = self.trigger
    decision.aim = self.aim
    decision.size_delta = leverage_math._delta_to(
        policy_case._market(state), state.size, state.equity, is_long, self.aim, 0
    )
    decision.whole_delta = decision.size_delta
    return decision
