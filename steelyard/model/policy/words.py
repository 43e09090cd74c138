"""Rules and memory in two words each: the twin of contracts/modules/policy_words.vy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steelyard.model.arithmetic import DAY, WAD, require
from steelyard.model.policy.types import Memory, Rules

Words = tuple[int, int]
Layout = tuple[tuple[tuple[str, int, int], ...], ...]

_LEVERAGE, _MICRO, _BUDGET_BITS = 10**14, 10**12, 101

# Name, storage unit in the field's own scale, bits: from the low bits up, in either word.
_RULES = (
    (
        ("target", _LEVERAGE, 20),
        ("leverage_lo", _LEVERAGE, 20),
        ("leverage_hi", _LEVERAGE, 20),
        ("emergency_leverage", _LEVERAGE, 20),
        ("recentering", _MICRO, 20),
        ("min_drift", _MICRO, 20),
        ("max_slippage", _MICRO, 20),
        ("emergency_slippage", _MICRO, 20),
        ("min_rate", _MICRO, 16),
        ("max_rate", _MICRO, 16),
        ("max_reward", _MICRO, 16),
        ("trade_share", _MICRO, 20),
        ("cost_budget", _MICRO, 20),
    ),
    (
        ("reference", 1, 160),
        ("reference_max_age", 1, 20),
        ("max_deviation", _MICRO, 20),
        ("boundary", 1, 17),
        ("window", 1, 14),
        ("scheduled", 1, 1),
        ("auction_duration", 1, 13),
        ("cooldown", 1, 10),
    ),
)
_MEMORY = (
    (
        ("aim", 1, 72),
        ("since", 1, 40),
        ("traded_at", 1, 40),
        ("upward", 1, 1),
        ("rebuilding", 1, 1),
        ("budget_used", 1, _BUDGET_BITS),
    ),
    (("winding_down_at", 1, 40), ("winding_down_size", 1, 216)),
)


def pack_rules(rules: Rules) -> Words:
    """Return rules in two words.

    Raises:
        Revert: They cannot be stored exactly, or computed with.
    """
    require(_in_order(rules), "policy: rules out of order")
    values = vars(rules) | {"reference": int(rules.reference, 16)}
    for _, _, name, unit, bits in _fields(_RULES):
        fits = values[name] % unit == 0 and values[name] // unit < 1 << bits
        require(fits, "policy: does not fit its field")
    return _pack(_RULES, values)


def unpack_rules(words: Words) -> Rules:
    """Return the rules in two words."""
    values = _unpack(_RULES, words)
    reference = f"0x{values.pop('reference'):040x}"
    return Rules(**values | {"reference": reference, "scheduled": bool(values["scheduled"])})


def pack_memory(memory: Memory) -> Words:
    """Return a token's memory in two words; the budget's figure saturates."""
    used = min(memory.budget_used, (1 << _BUDGET_BITS) - 1)
    first, second = _pack(_MEMORY, vars(memory) | {"budget_used": used})
    return first | (memory.winding_down_at != 0) << 255, second


def unpack_memory(words: Words) -> Memory:
    """Return the memory in two words."""
    values = _unpack(_MEMORY, words)
    flags = {name: bool(values[name]) for name in ("upward", "rebuilding")}
    return Memory(**values | flags)


def _in_order(rules: Rules) -> bool:
    """The order that a decision's arithmetic needs; bounds are the factory's."""
    return (
        0 < rules.leverage_lo < rules.target < rules.leverage_hi < rules.emergency_leverage
        and rules.recentering <= WAD
        and rules.max_slippage <= rules.emergency_slippage < WAD
        and rules.min_rate <= rules.max_rate
        and rules.cost_budget != 0
        and rules.boundary < DAY
        and rules.auction_duration != 0
    )


def _fields(layout: Layout) -> Iterator[tuple[int, int, str, int, int]]:
    """Yield word, shift (bits), name, unit and width (bits) of each field."""
    for word, fields in enumerate(layout):
        shift = 0
        for name, unit, bits in fields:
            yield word, shift, name, unit, bits
            shift += bits


def _pack(layout: Layout, values: dict[str, Any]) -> Words:
    words = [0, 0]
    for word, shift, name, unit, _ in _fields(layout):
        words[word] |= int(values[name]) // unit << shift
    return words[0], words[1]


def _unpack(layout: Layout, words: Words) -> dict[str, Any]:
    return {
        name: (words[word] >> shift & (1 << bits) - 1) * unit
        for word, shift, name, unit, bits in _fields(layout)
    }
