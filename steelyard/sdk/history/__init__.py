"""A token's history from its logs alone: net asset value, flows, rebalances, and what they made."""

from steelyard.sdk.history.accounts import AccountEntry, AccountHistory
from steelyard.sdk.history.errors import ChainReorganised, HistoryError
from steelyard.sdk.history.history import History
from steelyard.sdk.history.reading import Source, read_history
from steelyard.sdk.history.records import (
    ConfigRecord,
    FeeRecord,
    Flow,
    LifeRecord,
    LiquidationRecord,
    NavPoint,
    RebalanceRecord,
    Record,
    TransferRecord,
)

__all__ = [
    "AccountEntry",
    "AccountHistory",
    "ChainReorganised",
    "ConfigRecord",
    "FeeRecord",
    "Flow",
    "History",
    "HistoryError",
    "LifeRecord",
    "LiquidationRecord",
    "NavPoint",
    "RebalanceRecord",
    "Record",
    "Source",
    "TransferRecord",
    "read_history",
]
