"""Download hourly prices and funding from an exchange, through ccxt: an extra of the package.

What is written is what `read_path` reads, and is read once before it is put in place: a download
that would be refused later is refused now.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Any

from steelyard.errors import SteelyardError
from steelyard.history import parse_time, read_history, read_prices
from steelyard.history.market import FUNDING_PERIOD, HOUR, utc

ATTEMPTS = 5
PAGE = 1_000
"""Rows asked for at once; exchanges give fewer if they like."""
_MILLI = 1_000
_SLACK = 60

Progress = Callable[[int], None]


class DownloadError(SteelyardError):
    """Nothing was downloaded, and no file was changed."""


def connect(name: str, **options: Any) -> Any:
    """Return an exchange of ccxt, slow enough for its limits.

    Args:
        name: As ccxt calls it, e.g. `binanceusdm`.
        options: For ccxt.

    Raises:
        DownloadError: ccxt is not installed, or knows no such exchange.
    """
    try:
        ccxt: Any = importlib.import_module("ccxt")
    except ModuleNotFoundError as error:
        raise DownloadError("ccxt is not installed", "pip install 'steelyard[download]'") from error
    if name not in ccxt.exchanges:
        raise DownloadError(f"ccxt knows no exchange {name!r}", "see ccxt.exchanges")
    return getattr(ccxt, name)({"enableRateLimit": True} | options)


def download_prices(
    exchange: Any,
    symbol: str,
    file: str | FilePath,
    start: str | int,
    end: str | int | None = None,
    *,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Write hourly prices to a CSV file.

    Args:
        exchange: Of `connect`, or what has its `fetch_ohlcv`.
        symbol: As ccxt writes it, e.g. `BTC/USDT:USDT`.
        file: Where to; replaced as a whole, at the end.
        start: First hour; ISO date or time (UTC), or unix seconds.
        end: The hours that start before it; None = all that are over.
        progress: Called with the unix seconds reached, now and then.
        wait: Sleeps so many seconds.

    Returns:
        Hours written.

    Raises:
        DownloadError: The exchange does not answer, or has nothing.
        HistoryError: What it has is no history.
    """

    def fetch(since: int) -> list[Any]:
        page: list[Any] = exchange.fetch_ohlcv(symbol, "1h", since, PAGE)
        return page

    first, last = _range(start, end, HOUR)
    rows = (
        (row[0] // _MILLI, *(_number(price) for price in row[1:5]))
        for row in _pages(fetch, lambda row: int(row[0]), first, last, progress, wait)
    )
    columns = ("timestamp", "open", "high", "low", "close")
    return _write(FilePath(file), columns, rows, lambda made: len(read_prices(made)))


def download_funding(
    exchange: Any,
    symbol: str,
    file: str | FilePath,
    start: str | int,
    end: str | int | None = None,
    *,
    progress: Progress | None = None,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Write funding rates per 8 hours to a CSV file.

    Args:
        exchange: Of `connect`, or what has its `fetch_funding_rate_history`.
        symbol: As ccxt writes it.
        file: Where to; replaced as a whole, at the end.
        start: First rate; ISO date or time (UTC), or unix seconds.
        end: The rates before it; None = all.
        progress: Called with the unix seconds reached, now and then.
        wait: Sleeps so many seconds.

    Returns:
        Rates written.

    Raises:
        DownloadError: The exchange does not answer, has nothing, or pays not every 8 hours.
    """

    def fetch(since: int) -> list[Any]:
        page: list[Any] = exchange.fetch_funding_rate_history(symbol, since, PAGE)
        return page

    first, last = _range(start, end, 0)
    pages = _pages(fetch, lambda row: int(row["timestamp"]), first, last, progress, wait)
    rows = [(row["timestamp"] // _MILLI, _number(row["fundingRate"])) for row in pages]
    for (before, _), (after, _) in zip(rows, rows[1:], strict=False):
        if after - before < FUNDING_PERIOD - _SLACK:
            hours = (after - before) / HOUR
            raise DownloadError(
                f"{symbol} pays funding every {hours:g} hours at {utc(after)} UTC",
                "choose a market or a range with funding every 8 hours",
            )
    return _write(FilePath(file), ("timestamp", "rate"), rows, None)


def check(prices: str | FilePath, funding: str | FilePath, start: str | int | None = None) -> int:
    """Read two files together as a replay will, and return the hours.

    Args:
        prices: CSV.
        funding: CSV.
        start: Leave out the hours before it.

    Raises:
        HistoryError: They do not fit together; names file and line.
    """
    return len(read_history(prices, funding, start).bars)


def _range(start: str | int, end: str | int | None, step: int) -> tuple[int, int]:
    """Return the first and the last time that is wanted, exclusive; unix milliseconds."""
    now = int(datetime.now(UTC).timestamp())
    last = now - step if end is None else min(parse_time(end), now - step)
    first = parse_time(start)
    if first >= last:
        raise DownloadError(f"nothing lies between {utc(first)} and {utc(last)} UTC", "see --from")
    return first * _MILLI, last * _MILLI


def _pages(
    fetch: Callable[[int], list[Any]],
    time_of: Callable[[Any], int],
    first: int,
    last: int,
    progress: Progress | None,
    wait: Callable[[float], None],
) -> Iterator[Any]:
    """Yield rows by time, each once, page by page, in [first, last) milliseconds."""
    since, found = first, False
    while since < last:
        page = [row for row in _tried(fetch, since, wait) if time_of(row) >= since]
        if not page:
            break
        for row in sorted(page, key=time_of):
            moment = time_of(row)
            if since <= moment < last:
                found = True
                yield row
            since = max(since, moment + 1)
        if progress is not None:
            progress(since // _MILLI)
    if not found:
        raise DownloadError("the exchange has nothing in this range", "check symbol and start")


def _tried(
    fetch: Callable[[int], list[Any]], since: int, wait: Callable[[float], None]
) -> list[Any]:
    """Ask for a page, some times if the network fails."""
    for attempt in range(ATTEMPTS):
        try:
            return fetch(since)
        except Exception as error:  # ccxt is not imported where it need not be: told by its names
            names = {kind.__name__ for kind in type(error).__mro__}
            if "NetworkError" not in names:
                if "BaseError" not in names:
                    raise
                raise DownloadError(f"the exchange refuses: {error}", "check the symbol") from error
            if attempt + 1 == ATTEMPTS:
                raise DownloadError(
                    f"the exchange does not answer: {error}", "try again later"
                ) from error
            wait(2.0**attempt)
    raise AssertionError("every attempt returns or raises")


def _number(amount: Any) -> str:
    """Return a float as a CSV holds it: as short as it can be read back."""
    return repr(float(amount))


def _write(
    file: FilePath,
    columns: tuple[str, ...],
    rows: Iterable[tuple[Any, ...]],
    check_made: Callable[[FilePath], int] | None,
) -> int:
    """Write a CSV beside its place, check it, and put it there; return the rows."""
    made = file.with_name(f".{file.name}.{os.getpid()}.part")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        count = 0
        with made.open("w") as out:
            out.write(",".join(columns) + "\n")
            for row in rows:
                out.write(",".join(map(str, row)) + "\n")
                count += 1
        if check_made is not None:
            check_made(made)
        os.replace(made, file)
    finally:
        made.unlink(missing_ok=True)
    return count
