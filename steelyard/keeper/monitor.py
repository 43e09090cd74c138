"""What a keeper shows of itself: metrics for Prometheus, and whether it is well.

Floats are for the page alone; nothing is decided by them. Prices and amounts are in people's units:
collateral, coins of the chain; times are seconds.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from steelyard.keeper.books import Booking, State
from steelyard.keeper.breaker import Breaker, Fault
from steelyard.keeper.logs import redact
from steelyard.keeper.types import Action, Alert, GasPrice, Rebalance, TokenView, Wait
from steelyard.model.arithmetic import WAD
from steelyard.model.leverage import INFINITE_LEVERAGE

PREFIX = "steelyard_keeper"
BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Of the duration of a step, seconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the keeper has seen and done.

    Attributes:
        block: Number of the block it looked at.
        block_time: Of that, seconds.
        head: Number of the chain's last block when the step ended.
        tokens: As the lens showed them.
        actions: What was decided.
        gas: What gas costs.
        balance: Of the account, wei.
        breaker: After the step.
        books: After the step.
        duration: Of the step, seconds.
    """

    block: int
    block_time: int
    head: int
    tokens: Sequence[TokenView]
    actions: Sequence[Action]
    gas: GasPrice
    balance: int
    breaker: Breaker
    books: State
    duration: float


@dataclass(frozen=True, slots=True)
class Health:
    """Whether something is well, and why not.

    Attributes:
        ok: Whether it is.
        detail: In words.
        age: Of the last step that came to an end, seconds; None = there was none.
    """

    ok: bool
    detail: str
    age: float | None


class Monitor:
    """The metrics of one keeper, on a registry of their own, and its health. Safe for threads."""

    def __init__(
        self,
        decimals: int,
        max_step_age: float = 120.0,
        sponsor_budget: int = 0,
        secrets: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the metrics.

        Args:
            decimals: Of the collateral, count.
            max_step_age: When the keeper is given up for dead, seconds after its last step.
            sponsor_budget: Losses accepted per UTC day, collateral units.
            secrets: Texts that no page may hold, longest first, as `Settings.secrets` says.
            clock: Seconds that only go forward.
        """
        self.registry = CollectorRegistry()
        self._scale: int = 10**decimals
        self._max_step_age, self._clock = max_step_age, clock
        self._secrets = tuple(secrets)
        self._lock = threading.Lock()
        self._started, self._stepped = clock(), -1.0
        self._trouble = "no step yet"
        self._out_since: dict[str, int] = {}
        self._make_token_metrics()
        self._make_money_metrics()
        self._make_process_metrics()
        self._sponsor_budget.set(self._money(sponsor_budget))

    def _make_token_metrics(self) -> None:
        token = ("token", "symbol")
        self._leverage = self._gauge("leverage_ratio", "Leverage now", token)
        self._band = self._gauge("band_leverage_ratio", "Edges of the band", (*token, "edge"))
        self._out = self._gauge("out_of_band", "1 = leverage is outside the band", token)
        self._out_seconds = self._counter(
            "out_of_band_seconds", "Chain time spent outside the band", token
        )
        self._pending = self._gauge("pending_transactions", "Signed and not booked", ())
        self._actions = self._gauge("actions", "Tokens by what was decided", ("action", "cause"))
        self._alerts = self._gauge("alert", "1 = somebody should know", (*token, "cause"))
        self._tokens = self._gauge("tokens", "Tokens looked at", ())
        self._transactions = self._counter(
            "transactions", "Mined", ("symbol", "kind", "trigger", "outcome")
        )
        self._reverts = self._counter("reverts", "Mined and reverted", ("symbol",))

    def _make_money_metrics(self) -> None:
        self._reward = self._counter("reward_collateral", "Received", ("symbol",))
        self._cost = self._counter("gas_cost_collateral", "Paid for gas", ("symbol",))
        self._native = self._counter("gas_cost_native", "Paid for gas, coins of the chain", ())
        self._gas_used = self._counter("gas_used", "Gas used", ("symbol", "kind"))
        self._profit = self._gauge("profit_collateral", "Reward less gas, by the books", ())
        self._sponsored = self._gauge("sponsored_today_collateral", "Lost for tokens today", ())
        self._sponsor_budget = self._gauge("sponsor_budget_collateral", "Most lost per day", ())
        self._balance = self._gauge("balance_native", "Of the account, coins of the chain", ())
        self._gas_price = self._gauge("gas_price_wei", "Base fee and tip", ())
        self._native_price = self._gauge("native_price_collateral", "Of the chain's coin", ())

    def _make_process_metrics(self) -> None:
        self._breaker = self._gauge("breaker_open", "1 = stopped by this", ("fault",))
        self._block = self._gauge("block", "Number of the last block looked at", ())
        self._block_time = self._gauge("block_timestamp_seconds", "Of that block, Unix time", ())
        self._behind = self._gauge("blocks_behind", "Blocks that came during the last step", ())
        self._steps = self._counter("steps", "Steps that came to their end", ())
        self._errors = self._counter("step_errors", "Steps that failed", ("error",))
        self._last_step = self._gauge("last_step_timestamp_seconds", "Unix time of the last", ())
        self._duration = Histogram(
            f"{PREFIX}_step_duration_seconds",
            "How long a step takes",
            buckets=BUCKETS,
            registry=self.registry,
        )
        for fault in Fault:
            self._breaker.labels(fault.value).set(0)

    def stepped(self, step: Step) -> None:
        """Show a step that came to its end.

        Args:
            step: What it has seen and done.
        """
        with self._lock:
            self._show_tokens(step)
            self._show_actions(step.actions)
            self._show_books(step)
            self._show_chain(step)
            self._show_breaker(step.breaker)
            self._steps.inc()
            self._duration.observe(step.duration)
            self._last_step.set_to_current_time()
            self._stepped = self._clock()
            self._trouble = redact(step.breaker.reason, self._secrets)

    def failed(self, error: BaseException, breaker: Breaker | None = None) -> None:
        """Show a step that failed: the keeper lives, but it is not ready.

        Args:
            error: Why.
            breaker: After it, if it is known.
        """
        with self._lock:
            self._errors.labels(type(error).__name__).inc()
            if breaker is not None:
                self._show_breaker(breaker)
            self._stepped = self._clock()
            reason = (breaker.reason if breaker else "") or f"the last step failed: {error}"
            self._trouble = redact(reason, self._secrets)

    def booked(self, booking: Booking) -> None:
        """Count a transaction that has come to its end.

        Args:
            booking: As it is in the books.
        """
        symbol, kind = booking.symbol, booking.kind.value
        trigger = booking.trigger.name.lower() if booking.trigger else ""
        with self._lock:
            self._transactions.labels(symbol, kind, trigger, booking.outcome.value).inc()
            if booking.outcome == "reverted":
                self._reverts.labels(symbol).inc()
            self._reward.labels(symbol).inc(self._money(booking.reward))
            self._cost.labels(symbol).inc(self._money(booking.cost))
            self._native.inc(booking.gas_cost / WAD)
            self._gas_used.labels(symbol, kind).inc(booking.gas_used)

    def health(self) -> Health:
        """Return whether the process lives: a step has come to an end, well or not, of late."""
        with self._lock:
            stepped = self._stepped >= 0
            age = self._clock() - (self._stepped if stepped else self._started)
        if age <= self._max_step_age:
            return Health(True, "ok" if stepped else "starting", age if stepped else None)
        words = f"no step for {age:.0f} s, over {self._max_step_age:g}"
        return Health(False, words, age if stepped else None)

    def ready(self) -> Health:
        """Return whether it can send: it lives, the last step was well, the breaker is closed."""
        health = self.health()
        with self._lock:
            trouble = self._trouble
        if not health.ok or not trouble:
            return health
        return Health(False, trouble, health.age)

    # ------------------------------------------------------------ SHOWING

    def _show_tokens(self, step: Step) -> None:
        for metric in (self._leverage, self._band, self._out):
            metric.clear()
        self._tokens.set(len(step.tokens))
        was_out, self._out_since = self._out_since, {}
        for token in step.tokens:
            labels = (token.address, token.symbol)
            if token.address in was_out:
                spent = max(0, token.timestamp - was_out[token.address])
                self._out_seconds.labels(*labels).inc(spent)
            if not token.ok or token.rules is None:
                continue
            if token.out_of_band:
                self._out_since[token.address] = token.timestamp
            self._out.labels(*labels).set(token.out_of_band)
            self._leverage.labels(*labels).set(_ratio(token.leverage))
            self._band.labels(*labels, "low").set(_ratio(token.rules.leverage_lo))
            self._band.labels(*labels, "high").set(_ratio(token.rules.leverage_hi))
            self._out_seconds.labels(*labels)

    def _show_actions(self, actions: Sequence[Action]) -> None:
        self._actions.clear()
        self._alerts.clear()
        for action in actions:
            name = type(action).__name__.lower()
            cause = action.cause.value if isinstance(action, Wait | Alert) else ""
            if isinstance(action, Rebalance):
                cause = action.trigger.name.lower()
            if isinstance(action, Alert):
                self._alerts.labels(action.token, action.symbol, cause).set(1)
            self._actions.labels(name, cause).inc()

    def _show_books(self, step: Step) -> None:
        self._pending.set(len(step.books.pending))
        self._profit.set(self._money(step.books.totals.profit))
        self._sponsored.set(self._money(step.books.sponsored_on(step.block_time)))

    def _show_chain(self, step: Step) -> None:
        self._block.set(step.block)
        self._block_time.set(step.block_time)
        self._behind.set(max(0, step.head - step.block))
        self._balance.set(step.balance / WAD)
        self._gas_price.set(step.gas.base_fee + step.gas.priority_fee)
        price = step.gas.native_price
        self._native_price.set(math.nan if price is None else self._money(price))

    def _show_breaker(self, breaker: Breaker) -> None:
        for fault in Fault:
            self._breaker.labels(fault.value).set(fault in breaker.faults)

    # ------------------------------------------------------------ MAKING

    def _money(self, amount: int) -> float:
        return amount / self._scale

    def _gauge(self, name: str, text: str, labels: Sequence[str]) -> Gauge:
        return Gauge(f"{PREFIX}_{name}", text, labels, registry=self.registry)

    def _counter(self, name: str, text: str, labels: Sequence[str]) -> Counter:
        return Counter(f"{PREFIX}_{name}", text, labels, registry=self.registry)


def _ratio(leverage: int) -> float:
    return math.inf if leverage == INFINITE_LEVERAGE else leverage / WAD
