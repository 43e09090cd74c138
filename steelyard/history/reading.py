"""Strict reading of price and funding files: what is not as it should be is named, by line.

Whole files are checked, whatever part of them is wanted: what is wrong in one place is not
believed in another. Columns are found by name; further ones are ignored.
"""

from __future__ import annotations

import csv
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import pairwise
from pathlib import Path

from steelyard.history.market import (
    FUNDING_PERIOD,
    HOUR,
    PRICE_STEP,
    Bar,
    FundingRate,
    History,
    HistoryError,
    utc,
)
from steelyard.model.arithmetic import WAD

PRICE_COLUMNS = ("timestamp", "open", "high", "low", "close")
FUNDING_COLUMNS = ("timestamp", "rate")
MAX_TIME = 10**10
"""Seconds; the year 2286. A timestamp beyond it is in milliseconds."""
MAX_PRICE = 10**10
"""Quote; the exchange ends at 2**94 / WAD, above this."""
PERIODS_PER_DAY = 3

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)


def read_history(
    prices: str | Path,
    funding: str | Path | None,
    start: str | int | None = None,
    end: str | int | None = None,
) -> History:
    """Read hourly prices and their funding.

    Args:
        prices: CSV with columns timestamp, open, high, low, close: an hour each, by time. A
            timestamp is the start of the hour in unix seconds; prices are quote per 1 underlying,
            rounded to 8 decimals. Missing hours are downtime.
        funding: CSV with columns timestamp, rate: by time. A rate is a fraction per 8 hours,
            positive: longs pay; it holds from its timestamp on, for 8 hours (a next one may be up
            to an hour late). None: nobody pays.
        start: Leave out the hours before it; ISO date or time (UTC), or unix seconds.
        end: Leave out the hours that start at or after it; like `start`.

    Returns:
        The history, named after the file of prices.

    Raises:
        HistoryError: A file is not as it should be, or has nothing in the range; the message names
            the file and the line.
    """
    prices = Path(prices)
    first = None if start is None else parse_time(start)
    last = None if end is None else parse_time(end)
    if first is not None and last is not None and first >= last:
        raise HistoryError(
            f"the range from {utc(first)} to {utc(last)} UTC is empty", "end it after its start"
        )
    bars = _cut(prices, _read_bars(prices), first, last)
    if funding is None:
        return History(prices.stem, bars, (FundingRate(bars[0].timestamp, 0),))
    funding = Path(funding)
    lines, rates = _read_rates(funding)
    covering = _cover(funding, lines, rates, bars[0].timestamp, bars[-1].timestamp + HOUR)
    return History(prices.stem, bars, covering)


def read_prices(prices: str | Path) -> tuple[Bar, ...]:
    """Read hourly prices alone.

    Args:
        prices: As for `read_history`.

    Returns:
        At least one hour, by time.

    Raises:
        HistoryError: The file is not as it should be; the message names the line.
    """
    return tuple(_read_bars(Path(prices)))


def parse_time(time: str | int) -> int:
    """Return a time in unix seconds.

    Args:
        time: ISO date or time, UTC unless it says otherwise; or unix seconds.

    Raises:
        HistoryError: It is neither.

    >>> parse_time("2020-03-12"), parse_time("2020-03-12T01:00+01:00"), parse_time("1583971200")
    (1583971200, 1583971200, 1583971200)
    """
    text = str(time)
    seconds: float
    if re.fullmatch(r"[0-9]{1,20}", text):
        seconds = int(text)
    else:
        try:
            moment = datetime.fromisoformat(text)
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            seconds = -1
    if seconds != int(seconds) or not 0 <= seconds < MAX_TIME:
        raise HistoryError(
            f"{text!r} is not a time", "give a date like 2020-03-12, or unix seconds"
        )
    return int(seconds)


# Files


def _error(path: Path, line: int, message: str, remedy: str) -> HistoryError:
    """Return an error in a line of a file; line 0 is the file itself."""
    return HistoryError(f"{path}:{line}: {message}" if line else f"{path}: {message}", remedy)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say what is wrong with a file as a whole."""
    try:
        yield
    except FileNotFoundError as error:
        raise _error(path, 0, "no such file", "check the path") from error
    except OSError as error:
        raise _error(path, 0, f"cannot be read: {error.strerror}", "give a CSV file") from error
    except UnicodeDecodeError as error:
        raise _error(path, 0, "is not text", "give a CSV file in UTF-8") from error


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Yield the line number and the wanted columns of each row."""
    with _readable(path), path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            places = _places(path, header, columns)
            for row in reader:
                if len(row) != len(header):
                    raise _error(
                        path,
                        reader.line_num,
                        f"fields: {len(row)}, but {len(header)} in the header",
                        "mend or delete the line",
                    )
                yield reader.line_num, [row[place] for place in places]
        except csv.Error as error:
            raise _error(path, reader.line_num, f"is not CSV: {error}", "mend the line") from error


def _places(path: Path, header: list[str], columns: tuple[str, ...]) -> list[int]:
    """Return where in a row the wanted columns are."""
    for column in columns:
        if header.count(column) != 1:
            found = "missing" if column not in header else "there more than once"
            raise _error(
                path, 1, f"column {column!r} is {found}", f"start with: {','.join(columns)}"
            )
    return [header.index(column) for column in columns]


# Fields


def _timestamp(path: Path, line: int, text: str, before: int | None) -> int:
    """Return a timestamp (unix seconds) that comes after the one before it."""
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise _error(path, line, f"timestamp {text!r} is not a number of seconds", "use unix time")
    timestamp = int(text)
    if timestamp >= MAX_TIME:
        raise _error(path, line, f"timestamp {text} is too large", "use seconds, not milliseconds")
    if before is not None and timestamp <= before:
        if timestamp == before:
            raise _error(path, line, f"timestamp {text} is there twice", "delete one of the rows")
        raise _error(
            path, line, f"timestamp {text} is earlier than the row before", "sort the rows by time"
        )
    return timestamp


def _number(path: Path, line: int, name: str, text: str) -> Decimal:
    """Return a finite number, exactly as it is written."""
    if not _NUMBER.fullmatch(text):
        raise _error(
            path, line, f"{name} {text!r} is not a finite number", "write a plain decimal number"
        )
    return Decimal(text)


def _price(path: Path, line: int, name: str, text: str) -> int:
    """Return a price (WAD), rounded to 8 decimals."""
    price = _number(path, line, name, text)
    if price >= MAX_PRICE:
        raise _error(path, line, f"{name} {text} is too large", "use prices below 1e10")
    steps = int(_EXACT.to_integral_value(_EXACT.scaleb(price, 8)))
    if steps <= 0:
        raise _error(
            path, line, f"{name} {text} is not above zero in 8 decimals", "correct or delete it"
        )
    return steps * PRICE_STEP


def _rate(path: Path, line: int, text: str) -> int:
    """Return a rate (WAD per day) from a fraction per 8 hours."""
    rate = _EXACT.multiply(_number(path, line, "rate", text), PERIODS_PER_DAY)
    if abs(rate) > 1:
        raise _error(
            path, line, f"rate {text} is over 100 % per day", "write 0.01 % per 8 hours as 0.0001"
        )
    return int(_EXACT.to_integral_value(_EXACT.multiply(rate, WAD)))


# Series


def _read_bars(path: Path) -> list[Bar]:
    """Read a file of prices."""
    bars: list[Bar] = []
    before = None
    for line, (time, *prices) in _rows(path, PRICE_COLUMNS):
        before = _timestamp(path, line, time, before)
        if before % HOUR:
            raise _error(path, line, f"timestamp {time} is not on the hour", "use hourly bars")
        bar = Bar(
            before,
            *(
                _price(path, line, name, text)
                for name, text in zip(PRICE_COLUMNS[1:], prices, strict=True)
            ),
        )
        _check_shape(path, line, bar, prices)
        bars.append(bar)
    if not bars:
        raise _error(path, 0, "has no rows", "give at least one hour of prices")
    return bars


def _check_shape(path: Path, line: int, bar: Bar, texts: list[str]) -> None:
    """Check that high and low are what they say."""
    if bar.low <= min(bar.open, bar.close) and bar.high >= max(bar.open, bar.close):
        return
    first, high, low, last = texts
    if bar.high < bar.low:
        raise _error(path, line, f"high {high} is below low {low}", "correct the row")
    name, text = ("open", first) if not bar.low <= bar.open <= bar.high else ("close", last)
    raise _error(
        path, line, f"{name} {text} is outside low {low} to high {high}", "correct the row"
    )


def _read_rates(path: Path) -> tuple[list[int], list[FundingRate]]:
    """Read a file of funding; the line numbers come with the rates."""
    lines: list[int] = []
    rates: list[FundingRate] = []
    before = None
    for line, (time, text) in _rows(path, FUNDING_COLUMNS):
        before = _timestamp(path, line, time, before)
        lines.append(line)
        rates.append(FundingRate(before, _rate(path, line, text)))
    if not rates:
        raise _error(path, 0, "has no rows", "give at least one rate")
    return lines, rates


def _cut(path: Path, bars: list[Bar], start: int | None, end: int | None) -> tuple[Bar, ...]:
    """Return the bars that start in [start, end)."""
    times = [bar.timestamp for bar in bars]
    first = 0 if start is None else bisect_left(times, start)
    last = len(bars) if end is None else bisect_left(times, end)
    if first >= last:
        wanted = [f"from {utc(start)}"] if start is not None else []
        wanted += [f"to {utc(end)}"] if end is not None else []
        raise _error(
            path,
            0,
            f"has no prices {' '.join(wanted)} UTC",
            f"it has {utc(times[0])} to {utc(times[-1] + HOUR)} UTC",
        )
    return tuple(bars[first:last])


def _cover(
    path: Path, lines: list[int], rates: list[FundingRate], start: int, end: int
) -> tuple[FundingRate, ...]:
    """Return the rates that hold in [start, end), each for 8 hours, and less than one more."""
    times = [rate.timestamp for rate in rates]
    first, last = bisect_right(times, start) - 1, bisect_left(times, end)
    if first < 0:
        raise _error(
            path,
            lines[0],
            f"no funding from {utc(start)} to {utc(times[0])} UTC",
            "start the range later, or add the rates",
        )
    for line, (time, until) in zip(
        lines[first:last], pairwise([*times[first:last], end]), strict=True
    ):
        if until - time >= FUNDING_PERIOD + HOUR:
            raise _error(
                path,
                line,
                f"no funding from {utc(time + FUNDING_PERIOD)} to {utc(until)} UTC",
                "end the range earlier, or add the rates",
            )
    return tuple(rates[first:last])
