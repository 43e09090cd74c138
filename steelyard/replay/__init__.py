"""Replay: what would this token have done? The deployed bytecode on a market's history.

Example:
    >>> path = from_prices([100, 110, 100])
    >>> result = replay(path, make_settings("3L", "daily").without_costs())
    >>> round(result.total_return, 6)
    -0.054545
"""

from steelyard.replay import vector
from steelyard.replay.bytecode import replay
from steelyard.replay.comparing import Comparison, compare
from steelyard.replay.making import JumpDiffusion, bootstrap, jump_diffusion
from steelyard.replay.path import Path, PathError, from_history, from_prices, read_path
from steelyard.replay.result import Event, Result, Rows
from steelyard.replay.rules import (
    PRESETS,
    STEELYARD,
    Kind,
    Preset,
    Rule,
    RuleError,
    Steelyard,
    make_rule,
    parse_kind,
)
from steelyard.replay.settings import (
    DEEP,
    Flow,
    Keeper,
    Settings,
    SettingsError,
    Venue,
    make_settings,
)

__all__ = [
    "DEEP",
    "PRESETS",
    "STEELYARD",
    "Comparison",
    "Event",
    "Flow",
    "JumpDiffusion",
    "Keeper",
    "Kind",
    "Path",
    "PathError",
    "Preset",
    "Result",
    "Rows",
    "Rule",
    "RuleError",
    "Settings",
    "SettingsError",
    "Steelyard",
    "Venue",
    "bootstrap",
    "compare",
    "from_history",
    "from_prices",
    "jump_diffusion",
    "make_rule",
    "make_settings",
    "parse_kind",
    "read_path",
    "replay",
    "vector",
]
