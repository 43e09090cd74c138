# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Rebalancing: acts on the policy's decision, and checks what came of it
@license AGPL-3.0-only
@author Steelyard
@notice The policy says whether, how much, at what worst price and for what reward; this module trades so, proves on
        the venue's own figures that the trade did what it was for, and remembers it. docs/protocol.md section 5.
"""

from ...interfaces import ILeveragedToken
from ...interfaces import IRebalancePolicy
from . import leverage_math
from . import policy_words
from . import vault_account

uses: vault_account

WAD: constant(uint256) = 10**18
# How far past the aim a trade may take leverage: 1 / 1000.
OVERSHOOT: constant(uint256) = 1_000

POLICY: immutable(IRebalancePolicy)

# Rules and memory, layouts in policy_words.vy; factory, and every rebalance.
_rules: uint256[2]
_memory: uint256[2]


@deploy
def __init__(policy: address, rules: uint256[2]):
    """
    @notice The policy and its rules to begin with.
    @param policy IRebalancePolicy
    @param rules Packed
    """
    POLICY = IRebalancePolicy(policy)
    self._rules = rules


################################################################
#                            ANYONE                            #
################################################################

@external
def rebalance(min_reward: uint256 = 0, receiver: address = msg.sender) -> uint256:
    """
    @notice Trade as `rebalance_status` says, and be paid for it.
    @param min_reward Least reward accepted, collateral decimals
    @param receiver Who gets the reward
    @return Reward paid, collateral decimals
    """
    vault_account._check_receiver(receiver)
    return self._rebalance(min_reward, receiver)


@external
@view
def rebalance_status() -> IRebalancePolicy.Decision:
    """
    @notice What a rebalance would do now, and if nothing: why, and until when.
    @return The decision, units in Decision
    """
    return self._status()


################################################################
#                           INTERNAL                           #
################################################################

@internal
@view
def _status() -> IRebalancePolicy.Decision:
    """
    @notice The policy's decision, its reward in whole units of collateral.
    @return The decision
    """
    decision: IRebalancePolicy.Decision = staticcall POLICY.status(
        self._account(), self._rules, self._memory_words()
    )
    decision.reward -= decision.reward % vault_account.SCALE
    return decision


@internal
def _rebalance(min_reward: uint256, receiver: address) -> uint256:
    """
    @notice Trade as decided, check, remember.
    @param min_reward Least reward accepted, collateral decimals
    @param receiver Who gets it
    @return Reward paid, collateral decimals
    """
    rules: uint256[2] = self._rules
    memory_words: uint256[2] = self._memory_words()
    order: IRebalancePolicy.Order = staticcall POLICY.order(self._account(), rules, memory_words)
    reward: uint256 = order.decision.reward // vault_account.SCALE
    assert reward >= min_reward, "rebalance: reward too small"
    fill_price: uint256 = 0
    fee: uint256 = 0
    equity: int256 = 0
    fill_price, fee, equity = vault_account._trade(
        order.size, -convert(reward, int256),
        order.decision.size_delta,
        order.decision.price_limit,
        receiver,
    )
    size: int256 = order.size + order.decision.size_delta
    order.decision.reward = reward * vault_account.SCALE
    order.decision.cost = order.equity - equity - convert(order.decision.reward, int256)
    leverage: uint256 = leverage_math._leverage(size, order.price, equity)
    self._check(order.decision, fee, leverage, order.price)
    self._memory[0] = staticcall POLICY.remember(
        order.decision, memory_words[0], rules[0], order.equity, leverage
    )
    log ILeveragedToken.Rebalanced(
        caller=msg.sender,
        trigger=order.decision.trigger,
        size_delta=order.decision.size_delta,
        fill_price=fill_price,
        cost=order.decision.cost,
        reward=reward,
        aim=order.decision.aim,
        leverage_before=order.decision.leverage,
        leverage_after=leverage,
        size=size,
        equity=equity,
    )
    return reward


@internal
@view
def _check(decision: IRebalancePolicy.Decision, fee: uint256, leverage: uint256, price: uint256):
    """
    @notice Revert unless the trade brought leverage closer to the aim, not past it, at a cost within its bound.
    @dev cost = fee + d (fill - P) <= fee + |d| b P, two wei for its roundings.
    @param decision With the cost that was
    @param fee Of the order, quote WAD
    @param leverage After, WAD
    @param price Oracle price, WAD
    """
    aim: uint256 = decision.aim
    before: uint256 = max(decision.leverage, aim) - min(decision.leverage, aim)
    after: uint256 = max(leverage, aim) - min(leverage, aim)
    # Dust at the end of a wind-down is at the aim before and after: it must go, or nothing could be settled.
    assert after < before or after == 0, "rebalance: not closer to the aim"
    slack: uint256 = aim // OVERSHOOT
    assert (
        decision.trigger == IRebalancePolicy.Trigger.EMERGENCY
        or (leverage >= aim - slack if decision.leverage > aim else leverage <= aim + slack)
    ), "rebalance: past the aim"
    step: uint256 = max(decision.price_limit, price) - min(decision.price_limit, price)
    bound: uint256 = fee + convert(abs(decision.size_delta), uint256) * step // WAD + 2
    assert decision.cost <= convert(bound, int256), "rebalance: cost over its bound"


@internal
@view
def _account() -> IRebalancePolicy.Account:
    """
    @notice Where the position is.
    @return Units in Account
    """
    return IRebalancePolicy.Account(
        venue=vault_account.VENUE.address,
        market=vault_account.MARKET,
        token=self,
        is_long=vault_account.IS_LONG,
    )


@internal
@view
def _memory_words() -> uint256[2]:
    """
    @notice Memory; the second word is only read where the first says that there is anything.
    @return Packed
    """
    word: uint256 = self._memory[0]
    return [word, self._memory[1] if word & policy_words.WINDING_DOWN != 0 else 0]


@internal
def _start_wind_down(size: int256):
    """
    @notice Remember when wind-down began, and with what.
    @param size Position then, underlying WAD
    """
    self._memory[0] |= policy_words.WINDING_DOWN
    self._memory[1] = block.timestamp | convert(abs(size), uint256) << 40
