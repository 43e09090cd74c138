"""An hour-by-hour market history to play tokens through: read from files, or made up.

Example:
    >>> history = default_history()
    >>> history.bars[0].open // 10**18, len(history.bars)
    (40000, 235)
    >>> print(history.gaps[0])
    no prices for 5 hours, 2024-01-05 22:00 to 2024-01-06 03:00 UTC
"""

from steelyard.history.made import default_history
from steelyard.history.market import Bar, FundingRate, Gap, History, HistoryError
from steelyard.history.reading import parse_time, read_history, read_prices

__all__ = [
    "Bar",
    "FundingRate",
    "Gap",
    "History",
    "HistoryError",
    "default_history",
    "parse_time",
    "read_history",
    "read_prices",
]
