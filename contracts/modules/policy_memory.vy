# pragma version 0.4.3
"""
@title Policy memory: what a token remembers of its trades
@license AGPL-3.0-only
@author Steelyard
@notice When it traded, what recent trades have cost, and a chunked trade that goes on. docs/protocol.md section 5.
"""

from ...interfaces import IRebalancePolicy
from . import policy_words

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = 86_400
# Leverage within this share of the aim ends a chunked trade, WAD.
FINISH: constant(uint256) = 10**16


@internal
@view
def _after(
    decision: IRebalancePolicy.Decision,
    word: uint256,
    cost_budget: uint256,
    equity: uint256,
    leverage: uint256,
) -> uint256:
    """
    @notice The first word of memory after a trade.
    @param decision What was traded, with its real cost and reward
    @param word First word of memory before
    @param cost_budget Of equity per day, WAD
    @param equity Before, > 0, quote WAD
    @param leverage After, WAD
    @return The word
    """
    mem: IRebalancePolicy.Memory = policy_words._unpack_memory([word, 0])
    mem.budget_used = self._budget_used(mem.budget_used, mem.traded_at, cost_budget)
    # What the budget cannot stop does not use it up either: after a crash tracking would wait for days.
    if decision.trigger not in (
        IRebalancePolicy.Trigger.EMERGENCY | IRebalancePolicy.Trigger.WIND_DOWN
    ):
        spent: uint256 = convert(max(decision.cost, 0), uint256) + decision.reward
        mem.budget_used += (spent * WAD + equity - 1) // equity
    mem.traded_at = block.timestamp
    # A rebuild goes on if there already is a position; if there is none it begins, whatever was remembered.
    goes_on: bool = decision.trigger == IRebalancePolicy.Trigger.UNFINISHED or (
        decision.trigger == IRebalancePolicy.Trigger.REBUILD and decision.leverage != 0
    )
    mem.upward = decision.leverage < decision.aim
    # A wind-down aims at 0 and needs no memory of it.
    if decision.aim != 0 and self._is_short(decision.aim, mem.upward, leverage):
        mem.aim = decision.aim
        mem.rebuilding = decision.trigger == IRebalancePolicy.Trigger.REBUILD
        if not goes_on:
            mem.since = block.timestamp
    else:
        mem.aim = 0
        mem.since = 0
        mem.upward = False
        mem.rebuilding = False
    return policy_words._pack_memory(mem)[0] | word & policy_words.WINDING_DOWN


@internal
@view
def _budget_used(used: uint256, traded_at: uint256, cost_budget: uint256) -> uint256:
    """
    @notice What recent trades have cost, falling by the whole budget in a day.
    @param used After the last trade, per equity, WAD
    @param traded_at When that was, seconds
    @param cost_budget Of equity per day, WAD
    @return Per equity, WAD
    """
    healed: uint256 = cost_budget * (block.timestamp - traded_at) // DAY
    return used - min(used, healed)


@internal
@pure
def _is_short(aim: uint256, upward: bool, leverage: uint256) -> bool:
    """
    @notice Whether leverage is still on the side of the aim it came from, by more than `FINISH`.
    @param aim L', WAD
    @param upward Whether the trade raises leverage
    @param leverage Now, WAD
    @return True while the trade goes on
    """
    if upward:
        return leverage < aim - aim * FINISH // WAD
    return leverage > aim + aim * FINISH // WAD
