"""Downloads page, wait, and write only what can be read; ccxt itself against a stub server."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from steelyard.history import HistoryError
from steelyard.replay import read_path
from steelyard.replay.download import (
    ATTEMPTS,
    DownloadError,
    check,
    connect,
    download_funding,
    download_prices,
)
from tests.replay.makers import HOUR, MIDNIGHT

SYMBOL = "BTC/USDT:USDT"
HOURS = 50


class BaseError(Exception):
    """As ccxt's."""


class NetworkError(BaseError):
    """As ccxt's."""


class Exchange:
    """An exchange with fifty hours, which gives at most twenty rows and fails at times."""

    def __init__(self, *, failures=0, every=8, error=NetworkError):
        self.failures, self.every, self.error, self.asked = failures, every, error, []

    def fetch_ohlcv(self, symbol, timeframe, since, limit):
        assert (symbol, timeframe) == (SYMBOL, "1h")
        return [[time, 100.5, 101, 99, 100.25, 7] for time in self._page(since, 1)]

    def fetch_funding_rate_history(self, symbol, since, limit):
        return [
            {"timestamp": time + 3, "fundingRate": 0.0001}
            for time in self._page(since - 3, self.every)
        ]

    def _page(self, since, every):
        self.asked.append(since)
        if self.failures:
            self.failures -= 1
            raise self.error("no luck")
        times = [(MIDNIGHT + hour * HOUR) * 1_000 for hour in range(0, HOURS, every)]
        return [time for time in times if time >= since][:20]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data"


def test_what_is_downloaded_can_be_replayed(folder):
    prices, funding = folder / "prices.csv", folder / "funding.csv"
    exchange, told = Exchange(), []
    assert download_prices(exchange, SYMBOL, prices, "2020-01-01", progress=told.append) == HOURS
    assert len(exchange.asked) == 4
    assert download_funding(exchange, SYMBOL, funding, MIDNIGHT) == 7
    path = read_path(prices, funding)
    assert (len(path), path.opens[0], path.funding[0]) == (HOURS, 100.5, 3 * 10**14)
    assert prices.read_text().splitlines()[1] == f"{MIDNIGHT},100.5,101.0,99.0,100.25"
    assert told[-1] == MIDNIGHT + (HOURS - 1) * HOUR
    assert check(prices, funding) == HOURS
    assert sorted(each.name for each in folder.iterdir()) == ["funding.csv", "prices.csv"]


def test_a_range_is_cut_to_the_hour(folder):
    file = folder / "prices.csv"
    assert download_prices(Exchange(), SYMBOL, file, "2020-01-01T02:00", "2020-01-01T05:00") == 3


def test_a_network_that_fails_is_asked_again_with_patience(folder):
    waits = []
    exchange = Exchange(failures=ATTEMPTS - 1)
    download_prices(exchange, SYMBOL, folder / "p.csv", MIDNIGHT, wait=waits.append)
    assert waits == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("exchange", "said"),
    [
        (Exchange(failures=ATTEMPTS), "the exchange does not answer: no luck (try again later)"),
        (Exchange(failures=1, error=BaseError), "the exchange refuses: no luck (check the symbol)"),
    ],
)
def test_a_download_that_fails_changes_no_file(folder, exchange, said):
    folder.mkdir()
    file = folder / "p.csv"
    file.write_text("as before")
    with pytest.raises(DownloadError) as caught:
        download_prices(exchange, SYMBOL, file, MIDNIGHT, wait=lambda _: None)
    assert str(caught.value) == said
    assert [(each.name, each.read_text()) for each in folder.iterdir()] == [("p.csv", "as before")]


def test_our_own_faults_are_not_taken_for_the_exchanges(folder):
    with pytest.raises(ZeroDivisionError):
        download_prices(
            Exchange(failures=1, error=ZeroDivisionError), SYMBOL, folder / "p.csv", MIDNIGHT
        )


def test_what_is_not_there_is_said(folder):
    with pytest.raises(DownloadError, match="^the exchange has nothing in this range"):
        download_prices(Exchange(), SYMBOL, folder / "p.csv", "2021-01-01")
    with pytest.raises(DownloadError, match="^nothing lies between 2020-01-02 00:00 and"):
        download_prices(Exchange(), SYMBOL, folder / "p.csv", "2020-01-02", "2020-01-01")
    with pytest.raises(DownloadError, match="pays funding every 4 hours at 2020-01-01 04:00 UTC"):
        download_funding(Exchange(every=4), SYMBOL, folder / "f.csv", MIDNIGHT)


def test_prices_that_are_none_are_refused(folder):
    exchange = Exchange()
    exchange.fetch_ohlcv = lambda *_: [[MIDNIGHT * 1_000, 1, 2, 3, 4, 5]]
    with pytest.raises(HistoryError, match="high 2.0 is below low 3.0"):
        download_prices(exchange, SYMBOL, folder / "p.csv", MIDNIGHT, "2020-01-01T01:00")
    assert list(folder.iterdir()) == []


# The real ccxt


@pytest.fixture
def server():
    """A server that answers as Binance's futures do."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlparse(self.path)
            since = int(parse_qs(url.query).get("startTime", ["0"])[0])
            if url.path.endswith("exchangeInfo"):
                body = EXCHANGE_INFO
            elif url.path.endswith("klines"):
                prices = ["100.5", "101", "99", "100.25", "7"]
                body = [
                    [time, *prices, time + 3_599_999, "700", 5, "3", "300", "0"]
                    for time in Exchange()._page(since, 1)
                ]
            else:
                body = [
                    {"symbol": "BTCUSDT", "fundingTime": time, "fundingRate": "0.0001"}
                    for time in Exchange()._page(since, 8)
                ]
            content = json.dumps(body).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


EXCHANGE_INFO = {
    "symbols": [
        {
            "symbol": "BTCUSDT",
            "pair": "BTCUSDT",
            "contractType": "PERPETUAL",
            "deliveryDate": 4133404800000,
            "onboardDate": 1569398400000,
            "status": "TRADING",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "marginAsset": "USDT",
            "pricePrecision": 2,
            "quantityPrecision": 3,
            "underlyingType": "COIN",
            "filters": [],
            "orderTypes": ["LIMIT"],
        }
    ]
}


def test_ccxt_downloads_from_a_server(server, folder):
    pytest.importorskip("ccxt", reason="ccxt is an extra: pip install 'steelyard[download]'")
    exchange = connect("binanceusdm", enableRateLimit=False)
    for name in ("fapiPublic", "fapiPublicV2", "fapiPublicV3"):
        exchange.urls["api"][name] = f"{server}/fapi/v1"
    exchange.options["fetchCurrencies"] = False
    assert download_prices(exchange, SYMBOL, folder / "p.csv", "2020-01-01") == HOURS
    assert download_funding(exchange, SYMBOL, folder / "f.csv", "2020-01-01") == 7
    assert check(folder / "p.csv", folder / "f.csv") == HOURS
    with pytest.raises(DownloadError, match="^the exchange refuses: .*does not have market symbol"):
        download_prices(exchange, "NO/NO", folder / "n.csv", "2020-01-01")


def test_an_exchange_that_ccxt_does_not_know():
    pytest.importorskip("ccxt", reason="ccxt is an extra: pip install 'steelyard[download]'")
    with pytest.raises(DownloadError, match="^ccxt knows no exchange 'nowhere'"):
        connect("nowhere")


def test_without_ccxt_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(DownloadError, match=r"^ccxt is not installed \(pip install"):
        connect("binanceusdm")
