# pragma version 0.4.3
"""
@title Layout of rules and memory
@license AGPL-3.0-only
@author Steelyard
@notice Shows the functions of policy_words to the tests.
"""

from ....interfaces import IRebalancePolicy
from ...modules import policy_words


@external
@pure
def pack_rules(rules: IRebalancePolicy.Rules) -> uint256[2]:
    return policy_words._pack_rules(rules)


@external
@pure
def unpack_rules(words: uint256[2]) -> IRebalancePolicy.Rules:
    return policy_words._unpack_rules(words)


@external
@pure
def pack_memory(mem: IRebalancePolicy.Memory) -> uint256[2]:
    return policy_words._pack_memory(mem)


@external
@pure
def unpack_memory(words: uint256[2]) -> IRebalancePolicy.Memory:
    return policy_words._unpack_memory(words)
