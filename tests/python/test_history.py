"""What is read is exact, and what is wrong is named by file and line."""

import time
from decimal import Decimal, localcontext

import pytest

from steelyard import history as histories
from steelyard.history import Bar, FundingRate, Gap, HistoryError
from steelyard.model.exchange import WAD

HOUR = 3_600
T0 = 1_583_971_200  # 2020-03-12 00:00 UTC
FLAT = "100,100,100,100"


def price_lines(*hours, prices=FLAT):
    return [f"{T0 + hour * HOUR},{prices}" for hour in hours]


@pytest.fixture
def read(tmp_path):
    """Write the two files, in lines, and read them."""

    def run(prices=None, rates=None, **cut):
        prices = price_lines(0, 1, 2) if prices is None else prices
        rates = [f"{T0},0.0001"] if rates is None else rates
        files = {
            "prices.csv": ["timestamp,open,high,low,close", *prices],
            "funding.csv": ["timestamp,rate", *rates],
        }
        for name, lines in files.items():
            (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return histories.read_history(tmp_path / "prices.csv", tmp_path / "funding.csv", **cut)

    return run


@pytest.fixture
def refused(tmp_path, read):
    """Return what reading the two files says, without the folder."""

    def run(*args, **kwargs):
        with pytest.raises(HistoryError) as caught:
            read(*args, **kwargs)
        return str(caught.value).replace(f"{tmp_path}/", "")

    return run


# What is read


def test_bars_and_rates_are_exact(read):
    history = read(
        [f"{T0},7950.1,7960.123456789,7940.000000015,7955"],
        [f"{T0 - HOUR},-0.00012359"],
    )
    assert history.name == "prices"
    assert history.bars == (
        Bar(
            T0,
            79501 * WAD // 10,
            796012345679 * WAD // 10**8,  # to the nearest of 8 decimals
            794000000002 * WAD // 10**8,  # a tie, to the even one
            7955 * WAD,
        ),
    )
    assert history.funding == (FundingRate(T0 - HOUR, -3 * 12_359 * 10**10),)
    assert (history.start, history.end, history.gaps) == (T0, T0 + HOUR, ())


def test_the_reader_of_numbers_does_not_depend_on_the_callers_precision(read):
    rows = [f"{T0},7950.12345678,7950.12345678,7950.12345678,7950.12345678"]
    with localcontext() as context:
        context.prec = 3
        history = read(rows, [f"{T0},0.000123456789"])
    assert history.bars[0].open == int(Decimal("7950.12345678") * WAD)
    assert history.funding[0].rate == 370_370_367_000_000


def test_columns_are_found_by_name(tmp_path, read):
    read()
    (tmp_path / "prices.csv").write_text(
        f"\ufeffclose,volume,low,high,open,timestamp\r\n2,x,1,4,3,{T0}\r\n", encoding="utf-8"
    )
    history = histories.read_history(str(tmp_path / "prices.csv"), str(tmp_path / "funding.csv"))
    assert history.bars == (Bar(T0, 3 * WAD, 4 * WAD, 1 * WAD, 2 * WAD),)


@pytest.mark.parametrize("number", ["1e2", "+100", "100.", "1000E-1"])
def test_numbers_in_other_clothes(read, number):
    assert read([f"{T0},{number},100,100,100"]).bars[0].open == 100 * WAD


def test_missing_hours_are_downtime(read):
    history = read(price_lines(0, 1, 2, 5, 7))
    assert history.gaps == (
        Gap(T0 + 3 * HOUR, T0 + 5 * HOUR),
        Gap(T0 + 6 * HOUR, T0 + 7 * HOUR),
    )
    assert [str(gap) for gap in history.gaps] == [
        "no prices for 2 hours, 2020-03-12 03:00 to 2020-03-12 05:00 UTC",
        "no prices for 1 hour, 2020-03-12 06:00 to 2020-03-12 07:00 UTC",
    ]


def test_rate_holds_until_the_next(read):
    history = read(
        price_lines(*range(15)), [f"{T0 - HOUR},0.001", f"{T0 + 7 * HOUR},-0.002", f"{T0 * 2},0"]
    )
    before, after = 3 * WAD // 1_000, -6 * WAD // 1_000
    assert len(history.funding) == 2
    for timestamp, rate in (
        (T0 - HOUR, before),
        (T0, before),
        (T0 + 7 * HOUR - 1, before),
        (T0 + 7 * HOUR, after),
        (history.end, after),
    ):
        assert history.rate_at(timestamp) == rate


def test_no_rate_before_the_first(read):
    with pytest.raises(HistoryError) as caught:
        read().rate_at(T0 - 1)
    assert str(caught.value) == (
        "no funding rate at 2020-03-11 23:59:59 UTC (ask from the first rate on)"
    )


# A part of it


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (None, None, range(0, 48)),
        ("2020-03-13", None, range(24, 48)),
        (None, "2020-03-13", range(0, 24)),
        ("2020-03-12T06:00", "2020-03-12T08:00:00+01:00", range(6, 7)),
        (T0 + HOUR, str(T0 + 3 * HOUR), range(1, 3)),
        (T0 + 1, T0 + HOUR + 1, range(1, 2)),
        ("2019-01-01", "2021-01-01", range(0, 48)),
    ],
)
def test_from_is_in_and_to_is_out(read, start, end, hours):
    rates = [f"{T0 + hour * HOUR},0.0001" for hour in range(0, 48, 8)]
    history = read(price_lines(*range(48)), rates, start=start, end=end)
    assert [bar.timestamp for bar in history.bars] == [T0 + hour * HOUR for hour in hours]
    assert history.funding[0].timestamp == T0 + hours[0] // 8 * 8 * HOUR
    assert history.funding[-1].timestamp == T0 + hours[-1] // 8 * 8 * HOUR


def test_an_empty_range(refused):
    assert refused(start="2020-03-13", end="2020-03-14") == (
        "prices.csv: has no prices from 2020-03-13 00:00 to 2020-03-14 00:00 UTC"
        " (it has 2020-03-12 00:00 to 2020-03-12 03:00 UTC)"
    )
    assert refused(end="2020-03-12") == (
        "prices.csv: has no prices to 2020-03-12 00:00 UTC"
        " (it has 2020-03-12 00:00 to 2020-03-12 03:00 UTC)"
    )


@pytest.mark.parametrize("end", ["2020-03-12", "2020-03-11"])
def test_a_range_that_ends_before_it_starts(refused, end):
    assert refused(start="2020-03-12", end=end) == (
        f"the range from 2020-03-12 00:00 to {end} 00:00 UTC is empty (end it after its start)"
    )


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2020-13-01", "-5", "1583971200000", "2020-03-12T00:00:00.5", "1" * 99],
)
def test_not_a_time(refused, text):
    assert refused(start=text) == (
        f"{text!r} is not a time (give a date like 2020-03-12, or unix seconds)"
    )


# Files that are not as they should be


def test_no_file(tmp_path):
    with pytest.raises(HistoryError) as caught:
        histories.read_history(tmp_path / "nowhere.csv", tmp_path / "funding.csv")
    assert str(caught.value) == f"{tmp_path}/nowhere.csv: no such file (check the path)"


def test_a_folder(tmp_path):
    with pytest.raises(HistoryError) as caught:
        histories.read_history(tmp_path, tmp_path / "funding.csv")
    assert str(caught.value) == f"{tmp_path}: cannot be read: Is a directory (give a CSV file)"


def test_not_text(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HistoryError) as caught:
        histories.read_history(path, path)
    assert str(caught.value) == f"{path}: is not text (give a CSV file in UTF-8)"


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "column 'timestamp' is missing"),
        ("timestamp,open,high,close", "column 'low' is missing"),
        ("timestamp,open,high,low,close,low", "column 'low' is there more than once"),
    ],
)
def test_wrong_columns(tmp_path, header, message):
    path = tmp_path / "prices.csv"
    path.write_text(header)
    with pytest.raises(HistoryError) as caught:
        histories.read_history(path, path)
    remedy = "(start with: timestamp,open,high,low,close)"
    assert str(caught.value) == f"{path}:1: {message} {remedy}"


def test_missing_column_of_funding(tmp_path, read):
    read()
    path = tmp_path / "funding.csv"
    path.write_text("time,rate\n")
    with pytest.raises(HistoryError) as caught:
        histories.read_history(tmp_path / "prices.csv", path)
    assert str(caught.value) == (
        f"{path}:1: column 'timestamp' is missing (start with: timestamp,rate)"
    )


def test_no_rows(refused):
    assert refused([]) == "prices.csv: has no rows (give at least one hour of prices)"
    assert refused(rates=[]) == "funding.csv: has no rows (give at least one rate)"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1", "fields: 1, but 5 in the header (mend or delete the line)"),
        ("", "fields: 0, but 5 in the header (mend or delete the line)"),
        (f"{T0},{FLAT},1", "fields: 6, but 5 in the header (mend or delete the line)"),
        (f'{T0},"1"2,{FLAT}', "is not CSV: ',' expected after '\"' (mend the line)"),
        (f"now,{FLAT}", "timestamp 'now' is not a number of seconds (use unix time)"),
        (f"1e9,{FLAT}", "timestamp '1e9' is not a number of seconds (use unix time)"),
        (f"-3600,{FLAT}", "timestamp '-3600' is not a number of seconds (use unix time)"),
        (
            f"1583978400000,{FLAT}",
            "timestamp 1583978400000 is too large (use seconds, not milliseconds)",
        ),
        (f"1583978401,{FLAT}", "timestamp 1583978401 is not on the hour (use hourly bars)"),
        (f"1583974800,{FLAT}", "timestamp 1583974800 is there twice (delete one of the rows)"),
        (
            f"1583971200,{FLAT}",
            "timestamp 1583971200 is earlier than the row before (sort the rows by time)",
        ),
    ],
)
def test_wrong_rows(refused, row, message):
    lines = [*price_lines(0, 1), row]
    assert refused(lines) == f"prices.csv:4: {message}"


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "NaN", "inf", "-Infinity", "1_0", " 1", "0x1", "１"]
)
@pytest.mark.parametrize("column", range(4))
def test_prices_that_are_not_numbers(refused, text, column):
    prices = ["100"] * 4
    prices[column] = text
    name = ("open", "high", "low", "close")[column]
    assert refused([*price_lines(0), f"{T0 + HOUR},{','.join(prices)}"]) == (
        f"prices.csv:3: {name} {text!r} is not a finite number (write a plain decimal number)"
    )


@pytest.mark.parametrize("text", ["0", "-1", "-0.0", "0.000000004", "1e-999"])
def test_prices_that_are_not_above_zero(refused, text):
    assert refused([f"{T0},100,100,{text},100"]) == (
        f"prices.csv:2: low {text} is not above zero in 8 decimals (correct or delete it)"
    )


@pytest.mark.parametrize("text", ["1e10", "1e999"])
def test_prices_that_are_too_large(refused, text):
    assert refused([f"{T0},100,{text},100,100"]) == (
        f"prices.csv:2: high {text} is too large (use prices below 1e10)"
    )


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ("10,9,11,10", "high 9 is below low 11"),
        ("12,11,9,10", "open 12 is outside low 9 to high 11"),
        ("8,11,9,10", "open 8 is outside low 9 to high 11"),
        ("10,11,9,11.5", "close 11.5 is outside low 9 to high 11"),
        ("10,11,9,8.5", "close 8.5 is outside low 9 to high 11"),
    ],
)
def test_prices_that_contradict_each_other(refused, prices, message):
    assert refused([*price_lines(0), *price_lines(1, prices=prices)]) == (
        f"prices.csv:3: {message} (correct the row)"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (f"{T0},0.1", f"timestamp {T0} is there twice (delete one of the rows)"),
        ("1,0.1", "timestamp 1 is earlier than the row before (sort the rows by time)"),
        (f"{T0 + HOUR},nan", "rate 'nan' is not a finite number (write a plain decimal number)"),
        (f"{T0 + HOUR},0.334", "rate 0.334 is over 100 % per day (write 0.01 % per 8 hours as"),
        (f"{T0 + HOUR},-0.334", "rate -0.334 is over 100 % per day (write 0.01 % per 8 hours as"),
    ],
)
def test_wrong_rates(refused, row, message):
    assert refused(rates=[f"{T0},0.0001", row]).startswith(f"funding.csv:3: {message}")


def test_no_funding_at_the_start(refused):
    assert refused(rates=[f"{T0 + HOUR},0"]) == (
        "funding.csv:2: no funding from 2020-03-12 00:00 to 2020-03-12 01:00 UTC"
        " (start the range later, or add the rates)"
    )


def test_no_funding_at_the_end(read, refused):
    rates = [f"{T0},0"]
    assert read(price_lines(*range(8)), rates).rate_at(T0 + 8 * HOUR - 1) == 0
    assert refused(price_lines(*range(9)), rates) == (
        "funding.csv:2: no funding from 2020-03-12 08:00 to 2020-03-12 09:00 UTC"
        " (end the range earlier, or add the rates)"
    )


def test_a_row_of_funding_is_missing(read, refused):
    hours = price_lines(*range(24))
    late = [f"{T0 - 8 * HOUR},0", f"{T0},0", f"{T0 + 9 * HOUR - 1},0", f"{T0 + 16 * HOUR},0"]
    assert len(read(hours, late).funding) == 3
    assert refused(hours, [late[0], late[1], late[3]]) == (
        "funding.csv:3: no funding from 2020-03-12 08:00 to 2020-03-12 16:00 UTC"
        " (end the range earlier, or add the rates)"
    )


def test_what_is_outside_the_range_is_checked_too(refused):
    lines = [*price_lines(0, 1), f"{T0 + 2 * HOUR},0,1,1,1"]
    assert refused(lines, end=T0 + HOUR).startswith("prices.csv:4: open 0 is not above zero")


def test_years_are_read_in_a_moment(read):
    hours = range(8 * 7_000)
    prices = price_lines(*hours, prices="42611.48,43130.62,42600.3,43080.83")
    rates = [f"{T0 + hour * HOUR},0.00012345" for hour in hours[::8]]
    started = time.process_time()
    assert len(read(prices, rates).bars) == 56_000
    assert time.process_time() - started < 4  # about 0.5 on an idle core
