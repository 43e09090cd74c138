"""What the keeper shows: metrics, whether it is well, the page they are on, and its log."""

import io
import json
import logging
import math
import socket
import threading
import urllib.error
import urllib.request

import pytest

from steelyard.keeper.books import Booking, Outcome, State
from steelyard.keeper.breaker import Breaker, Limits, Signs
from steelyard.keeper.decide import Policy, decide
from steelyard.keeper.health import HealthError, HealthServer
from steelyard.keeper.logs import LOGGER, JsonFormatter, start_logging
from steelyard.keeper.monitor import Monitor, Step
from steelyard.keeper.types import Kind, TokenView
from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import INFINITE_LEVERAGE
from steelyard.model.policy import Obstacle, Trigger
from tests.keeper.views import GAS, NOW, USDC, address, due, pending, view

CLOSED = Breaker(Limits(31_337, min_balance=WAD))
OPEN = CLOSED.after(Signs(NOW, 31_337, NOW))
POOR = "the account has 0.000000 coins, less than 1.000000: send it some"


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def monitor(clock):
    return Monitor(6, max_step_age=60, sponsor_budget=5 * USDC, clock=clock)


def step(tokens=(), **changes):
    values = {
        "block": 7,
        "block_time": NOW,
        "head": 9,
        "tokens": tokens,
        "actions": decide(tokens, NOW, GAS, Policy()),
        "gas": GAS,
        "balance": 2 * WAD,
        "breaker": CLOSED,
        "books": State(),
        "duration": 0.3,
    }
    return Step(**values | changes)


def value(monitor, name, **labels):
    return monitor.registry.get_sample_value(f"steelyard_keeper_{name}", labels)


def booking(**changes):
    values = {
        "hash": "0x1",
        "sender": address(99),
        "nonce": 1,
        "symbol": "T1",
        "trigger": Trigger.DRIFT,
        "time": NOW,
        "gas_used": 120_000,
        "gas_cost": WAD // 1_000,
        "cost": USDC // 2,
        "reward": 2 * USDC,
        "sponsored": USDC // 4,
    }
    return Booking(**values | changes)


# ---------------------------------------------------------------- METRICS


def test_step_is_shown(monitor):
    books = State().with_pending(pending(8)).booked(booking())
    monitor.stepped(step([view(1), due(2)], books=books))
    one, two = ({"token": address(i), "symbol": f"T{i}"} for i in (1, 2))
    assert value(monitor, "leverage_ratio", **one) == 3.0
    assert value(monitor, "leverage_ratio", **two) == 4.5
    assert value(monitor, "band_leverage_ratio", edge="low", **one) == 2.0
    assert value(monitor, "band_leverage_ratio", edge="high", **one) == 4.0
    assert [value(monitor, "out_of_band", **labels) for labels in (one, two)] == [0, 1]
    assert value(monitor, "tokens") == 2
    assert value(monitor, "actions", action="rebalance", cause="drift") == 1
    assert value(monitor, "actions", action="wait", cause="idle") == 1
    assert value(monitor, "pending_transactions") == 1
    assert value(monitor, "profit_collateral") == 1.5
    assert value(monitor, "sponsored_today_collateral") == 0.25
    assert value(monitor, "sponsor_budget_collateral") == 5.0
    assert value(monitor, "balance_native") == 2.0
    assert value(monitor, "gas_price_wei") == 10**9
    assert value(monitor, "native_price_collateral") == 3_000.0
    assert value(monitor, "block") == 7
    assert value(monitor, "block_timestamp_seconds") == NOW
    assert value(monitor, "blocks_behind") == 2
    assert value(monitor, "steps_total") == 1
    assert value(monitor, "step_duration_seconds_sum") == 0.3
    assert value(monitor, "breaker_open", fault="balance") == 0


def test_bookings_are_counted(monitor):
    monitor.booked(booking())
    monitor.booked(booking(outcome=Outcome.REVERTED, reward=0))
    monitor.booked(booking(kind=Kind.SETTLE, trigger=None, reward=0))
    labels = {"symbol": "T1", "kind": "rebalance", "trigger": "drift"}
    assert value(monitor, "transactions_total", outcome="done", **labels) == 1
    assert value(monitor, "transactions_total", outcome="reverted", **labels) == 1
    assert value(monitor, "reverts_total", symbol="T1") == 1
    assert value(monitor, "reward_collateral_total", symbol="T1") == 2.0
    assert value(monitor, "gas_cost_collateral_total", symbol="T1") == 1.5
    assert value(monitor, "gas_cost_native_total") == pytest.approx(0.003)
    assert value(monitor, "gas_used_total", symbol="T1", kind="rebalance") == 240_000


def test_time_out_of_band_is_that_of_the_chain(monitor):
    labels = {"token": address(1), "symbol": "T1"}
    for token, spent in (
        (view(), 0),
        (due(timestamp=NOW + 10), 0),
        (due(timestamp=NOW + 25), 15),
        (view(timestamp=NOW + 40), 30),
        (view(timestamp=NOW + 90), 30),
        (due(timestamp=NOW + 95), 30),
        (due(timestamp=NOW + 80), 30),  # a reorganisation
        (due(timestamp=NOW + 83), 33),
    ):
        monitor.stepped(step([token]))
        assert value(monitor, "out_of_band_seconds_total", **labels) == spent


def test_what_is_gone_is_not_shown_any_more(monitor):
    blocked = due(obstacle=Obstacle.BOUND)
    labels = {"token": address(1), "symbol": "T1"}
    monitor.stepped(step([blocked]))
    assert value(monitor, "alert", cause="bound", **labels) == 1
    monitor.stepped(step([view()]))
    assert value(monitor, "alert", cause="bound", **labels) is None
    monitor.stepped(step())
    assert value(monitor, "leverage_ratio", **labels) is None
    assert value(monitor, "actions", action="wait", cause="idle") is None


def test_unreadable_and_equityless_tokens_and_an_unknown_price_are_shown_as_such(monitor):
    broken = TokenView.unreadable(address(2), "broken")
    gas = GAS.__class__(1, 1, 2, None)
    monitor.stepped(step([broken, view(leverage=INFINITE_LEVERAGE)], gas=gas))
    assert value(monitor, "leverage_ratio", token=address(1), symbol="T1") == math.inf
    labels = {"token": address(2), "symbol": broken.symbol}
    assert value(monitor, "leverage_ratio", **labels) is None
    assert value(monitor, "alert", cause="unreadable", **labels) == 1
    assert math.isnan(value(monitor, "native_price_collateral"))


def test_two_monitors_do_not_meet(monitor):
    monitor.stepped(step())
    assert value(Monitor(6), "steps_total") == 0


# ---------------------------------------------------------------- HEALTH


def test_health_through_a_life(monitor, clock):
    assert (monitor.health().detail, monitor.health().age) == ("starting", None)
    assert (monitor.ready().ok, monitor.ready().detail) == (False, "no step yet")
    clock.now += 61
    assert (monitor.health().ok, monitor.health().age) == (False, None)
    monitor.stepped(step())
    clock.now += 60
    assert (monitor.health().ok, monitor.health().age) == (True, 60)
    assert monitor.ready().ok
    clock.now += 1
    assert (monitor.health().ok, monitor.health().detail) == (False, "no step for 61 s, over 60")
    assert monitor.ready() == monitor.health()


def test_failed_step_lives_but_is_not_ready(monitor):
    monitor.stepped(step())
    monitor.failed(TimeoutError("the node hangs"))
    assert monitor.health().ok
    assert (monitor.ready().ok, monitor.ready().detail) == (
        False,
        "the last step failed: the node hangs",
    )
    assert value(monitor, "step_errors_total", error="TimeoutError") == 1
    monitor.stepped(step())
    assert monitor.ready().ok


def test_open_breaker_is_not_ready_and_says_why(monitor):
    monitor.stepped(step(breaker=OPEN))
    assert (monitor.health().ok, monitor.ready().ok, monitor.ready().detail) == (True, False, POOR)
    assert value(monitor, "breaker_open", fault="balance") == 1
    monitor.failed(TimeoutError("gone"), CLOSED.after(Signs(NOW, node_error="gone")))
    assert monitor.ready().detail == "the node cannot be asked: gone"
    assert value(monitor, "breaker_open", fault="balance") == 0
    assert value(monitor, "breaker_open", fault="node") == 1


# ---------------------------------------------------------------- THE PAGE


@pytest.fixture
def page(monitor):
    with HealthServer(monitor) as server:
        yield server


def ask(page, path, method="GET"):
    request = urllib.request.Request(page.url + path, method=method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_page_listens_here_alone_on_a_free_port(page):
    assert page.url == f"http://127.0.0.1:{page.port}"
    assert page.port > 0


def test_page_of_health(page, monitor, clock):
    assert ask(page, "/ready")[0] == 503
    monitor.stepped(step())
    clock.now += 2.04
    status, body = ask(page, "/health")
    assert (status, json.loads(body)) == (
        200,
        {"ok": True, "detail": "ok", "last_step_age_seconds": 2.0},
    )
    assert ask(page, "/ready")[0] == 200
    clock.now += 60
    assert ask(page, "/health")[0] == ask(page, "/ready")[0] == 503


def test_page_of_metrics(page, monitor):
    monitor.stepped(step([view()]))
    status, body = ask(page, "/metrics")
    assert status == 200
    assert "# TYPE steelyard_keeper_out_of_band_seconds_total counter" in body
    assert f'steelyard_keeper_leverage_ratio{{symbol="T1",token="{address(1)}"}} 3.0' in body


def test_page_knows_nothing_else(page):
    status, body = ask(page, "/")
    assert (status, json.loads(body)) == (404, {"see": ["/metrics", "/health", "/ready"]})
    assert ask(page, "/health", "POST")[0] == 405
    assert ask(page, "/health", "HEAD") == (200, "")


def test_silent_reader_holds_nobody_up(page, monitor):
    monitor.stepped(step())
    with socket.create_connection((page.host, page.port)):
        assert ask(page, "/ready")[0] == 200


def test_page_on_a_taken_port_is_an_error(page, monitor):
    with pytest.raises(HealthError) as caught:
        HealthServer(monitor, port=page.port)
    assert str(caught.value) == (
        f"cannot listen on 127.0.0.1:{page.port}: Address already in use"
        " (choose another metrics_port)"
    )


def test_page_is_gone_once_stopped(monitor):
    server = HealthServer(monitor)
    server.stop()
    with pytest.raises(OSError):
        socket.create_connection((server.host, server.port), timeout=1)
    assert "keeper-health" not in {thread.name for thread in threading.enumerate()}


def test_page_shows_no_secret(clock):
    monitor = Monitor(6, secrets=["hunter22"], clock=clock)
    monitor.failed(OSError("http://user:hunter22@node is gone"))
    with HealthServer(monitor) as server:
        _, body = ask(server, "/ready")
    assert json.loads(body)["detail"] == "the last step failed: http://user:[secret]@node is gone"


# ---------------------------------------------------------------- THE LOG


@pytest.fixture
def log():
    stream, root = io.StringIO(), logging.getLogger()
    level = root.level
    handler = start_logging("INFO", ["https://node/v2/key12345", "key12345"], stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_line_of_the_log(log):
    logger = logging.getLogger(f"{LOGGER}.test")
    logger.info("sent %s", "0x1", extra={"token": "T1", "reward": 2**200, "gas": 7, "of": [None]})
    logger.debug("not this")
    logging.getLogger("urllib3").info("nor this")
    (line,) = log()
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "info",
        "logger": "steelyard.keeper.test",
        "message": "sent 0x1",
        "token": "T1",
        "reward": str(2**200),
        "gas": 7,
        "of": [None],
    }


def test_no_secret_is_in_any_part_of_a_line(log):
    logger = logging.getLogger(LOGGER)
    try:
        raise ConnectionError("Max retries exceeded with url: /v2/key12345")
    except ConnectionError:
        extra = {"url": "https://node/v2/key12345", "key12345": {"key12345": {"key12345"}}}
        logger.exception("could not ask %s", "https://node/v2/key12345", extra=extra)
    (line,) = log()
    assert "key12345" not in json.dumps(line)
    assert (line["message"], line["url"]) == ("could not ask [secret]", "[secret]")
    assert "Max retries exceeded with url: /v2/[secret]" in line["error"]


def test_line_whose_arguments_do_not_fit_is_written_all_the_same():
    record = logging.makeLogRecord({"msg": "%d of %d", "args": ("one",)})
    assert json.loads(JsonFormatter().format(record))["message"] == "%d of %d ('one',)"


def test_second_start_takes_the_place_of_the_first(log):
    again = io.StringIO()
    handler = start_logging("INFO", (), again)
    logging.getLogger(LOGGER).info("once")
    logging.getLogger().removeHandler(handler)
    assert (log(), len(again.getvalue().splitlines())) == ([], 1)
    assert isinstance(handler.formatter, JsonFormatter)
