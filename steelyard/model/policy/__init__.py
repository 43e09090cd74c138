"""Rebalance policy: the integer-exact twin of contracts/RebalancePolicy.vy and its modules.

What a leveraged token does next, decided from what the venue says of its account, its rules and
its memory. The rules of the rules are in docs/protocol.md section 5.
"""

from steelyard.model.policy.case import Case
from steelyard.model.policy.decision import decide, order
from steelyard.model.policy.memory import remember
from steelyard.model.policy.types import Decision, Memory, Obstacle, Rules, Trigger
from steelyard.model.policy.words import pack_memory, pack_rules, unpack_memory, unpack_rules

__all__ = [
    "Case",
    "Decision",
    "Memory",
    "Obstacle",
    "Rules",
    "Trigger",
    "decide",
    "order",
    "pack_memory",
    "pack_rules",
    "remember",
    "unpack_memory",
    "unpack_rules",
]
