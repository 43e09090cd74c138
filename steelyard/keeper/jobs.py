"""What may be due besides rebalancing: configurations, wind-downs, settlements, liquidations.

What is scheduled, and who trades on the exchange, is read from logs: all of them once, in portions,
then each block's own. Whether it is due is asked of the contracts, and an order is simulated before
it is sent, so a log that a reorganisation undid does no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain import Chain, ChainContract, RawLog
from steelyard.keeper.observe import Observation
from steelyard.keeper.orders import Order, encode
from steelyard.keeper.settings import Settings
from steelyard.keeper.types import Kind, TokenView
from steelyard.model.arithmetic import WAD
from steelyard.model.token.terms import Phase
from steelyard.model.venue.states import MarketStatus

PORTION = 20_000
"""Blocks whose logs are read in one step: the first look at a long history must not stop it."""
OVERLAP = 32
"""Blocks read again: a reorganisation may have changed their logs."""
LEAST_CLAIM = 10 * WAD
"""Liquidation fees that are worth a transaction to claim, quote WAD."""
CHECKS = 25
"""Accounts of the exchange that are looked at in one step, in turn."""

_FACTORY_EVENTS = ("ConfigScheduled", "ConfigCancelled", "ConfigApplied")
_WIND_DOWN_EVENTS = ("WindDownScheduled", "WindDownCancelled", "WindDownApplied")


class Jobs:
    """Finds what is due."""

    def __init__(
        self, chain: Chain, deployment: Deployment, settings: Settings, keeper: str
    ) -> None:
        """Know nothing yet.

        Args:
            chain: A node.
            deployment: The system.
            settings: Which jobs are done.
            keeper: Address of who does them.
        """
        self._chain, self._settings, self._keeper = chain, settings, keeper
        self._factory = _contract(chain, deployment, "LeveragedTokenFactory")
        self._exchange = _contract(chain, deployment, "PerpExchange")
        blocks = (deployment.contracts[name].block for name in ("PerpExchange", _FACTORY))
        self._next = min(blocks)
        self._configs: dict[str, Any] = {}
        self._wind_downs: set[str] = set()
        self._accounts: dict[tuple[int, str], None] = {}  # in turn: who was looked at goes last
        self._lapse: int | None = None

    def due(self, seen: Observation) -> list[Order]:
        """Return what should be done now.

        Args:
            seen: The present block.

        Raises:
            ChainError: The node does not answer.
        """
        self._read(seen.block.number)
        orders: list[Order] = []
        if self._settings.apply_config or self._settings.wind_down:
            orders.extend(self._scheduled(seen))
        for token in seen.tokens:
            if token.ok and token.phase != Phase.CLOSED:
                orders.extend(self._of_token(token))
        if self._settings.liquidate:
            orders.extend(self._liquidations(seen))
            orders.extend(self._claim(seen))
        return orders

    # ------------------------------------------------------------ LOGS

    def _read(self, head: int) -> None:
        """Read the logs up to a block, or a portion of them."""
        topics = [self._factory.topic(name) for name in self._events()]
        addresses = [self._factory.address]
        if self._settings.liquidate:
            topics.append(self._exchange.topic("PositionModified"))
            addresses.append(self._exchange.address)
        last = min(head, self._next + PORTION - 1)
        if not topics or last < self._next:
            return
        for log in list(self._chain.logs(addresses, [topics], self._next, last)):
            self._note(log)
        self._next = last + 1 if last < head else max(self._next, head + 1 - OVERLAP)

    def _events(self) -> Iterator[str]:
        if self._settings.apply_config:
            yield from _FACTORY_EVENTS
        if self._settings.wind_down:
            yield from _WIND_DOWN_EVENTS

    def _note(self, log: RawLog) -> None:
        for event in self._exchange.events([log]):
            self._accounts.setdefault((event.values.market, event.values.account))
        for event in self._factory.events([log]):
            token = event.values.token
            if event.name == "ConfigScheduled":
                self._configs[token] = event.values.config
            elif event.name == "WindDownScheduled":
                self._wind_downs.add(token)

    # ------------------------------------------------------------ SCHEDULES

    def _scheduled(self, seen: Observation) -> Iterator[Order]:
        """Configurations and wind-downs whose time has come."""
        now, block = seen.block.timestamp, seen.block.number
        if self._lapse is None:
            self._lapse = int(self._factory.call.CONFIG_LAPSE(block=block))
        for token in sorted(self._configs.keys() | self._wind_downs):
            view = seen.token(token)
            waiting = self._factory.call.pending(token, block=block)
            if view is None:
                continue
            if self._settings.apply_config and token in self._configs:
                ready = waiting.config_ready_at
                if not ready:  # applied or cancelled
                    del self._configs[token]
                elif ready <= now <= ready + self._lapse:
                    yield self._apply(view, self._configs[token])
            if self._settings.wind_down and token in self._wind_downs:
                ready = waiting.wind_down_ready_at
                if not ready:
                    self._wind_downs.discard(token)
                elif ready <= now <= ready + self._lapse:
                    data = encode(_FACTORY, "apply_wind_down", token)
                    yield self._of_factory(Kind.WIND_DOWN, view, data, "its wind-down is due")

    def _apply(self, view: TokenView, config: Any) -> Order:
        data = encode(_FACTORY, "apply_config", view.address, config)
        return self._of_factory(Kind.APPLY_CONFIG, view, data, "its configuration is due")

    def _of_factory(self, kind: Kind, view: TokenView, data: bytes, reason: str) -> Order:
        return Order(kind, view.address, self._factory.address, data, reason, view.symbol)

    # ------------------------------------------------------------ TOKENS

    def _of_token(self, token: TokenView) -> Iterator[Order]:
        """What the token's own state shows."""
        account = token.account
        winding_down = token.phase == Phase.WIND_DOWN
        if self._settings.settle and winding_down and token.size == 0:
            yield _of_token(token, Kind.SETTLE, "settle", "its position is closed")
        closed = account is not None and account.status == MarketStatus.CLOSED and account.price
        if self._settings.wind_down and closed and not winding_down and not token.wiped:
            yield _of_token(token, Kind.WIND_DOWN, "wind_down", "its market is closed for good")

    # ------------------------------------------------------------ LIQUIDATIONS

    def _liquidations(self, seen: Observation) -> Iterator[Order]:
        """Accounts of the exchange that may be flagged or liquidated; tokens are accounts too."""
        tokens = {token.address: token for token in seen.tokens}
        for token in seen.tokens:
            if token.account is not None and token.ok:
                yield from self._liquidation(token.market, token.address, token.account, token)
        others = [key for key in self._accounts if key[1] not in tokens][:CHECKS]
        for market, account in others:
            state = self._exchange.call.account_state(market, account, 0, block=seen.block.number)
            del self._accounts[market, account]  # after the answer: one that fails loses nobody
            if state.size == 0 and not state.flagged:
                continue  # its next trade brings it back
            self._accounts[market, account] = None
            yield from self._liquidation(market, account, state, None)

    def _claim(self, seen: Observation) -> Iterator[Order]:
        """What the exchange owes for liquidations."""
        owed = self._exchange.call.owed(self._keeper, block=seen.block.number)
        if owed >= LEAST_CLAIM:
            data = encode("PerpExchange", "claim_keeper_fees", self._keeper)
            to = self._exchange.address
            yield Order(Kind.LIQUIDATE, to.lower(), to, data, "claim fees of liquidations")

    def _liquidation(
        self, market: int, account: str, state: Any, token: TokenView | None
    ) -> Iterator[Order]:
        due = state.size != 0 and state.price and state.equity <= state.maintenance
        if not state.flagged and not due:
            return
        name = "liquidate" if state.flagged else "flag"
        symbol = token.symbol if token else account
        data = encode("PerpExchange", name, market, account)
        reason = f"market {market}: {name} it, its margin is used up"
        yield Order(Kind.LIQUIDATE, account, self._exchange.address, data, reason, symbol)


_FACTORY = "LeveragedTokenFactory"


def _contract(chain: Chain, deployment: Deployment, name: str) -> ChainContract:
    return ChainContract(chain, deployment.address(name), load_abi(name))


def _of_token(token: TokenView, kind: Kind, function: str, reason: str) -> Order:
    data = encode("LeveragedToken", function)
    return Order(kind, token.address, token.address, data, reason, token.symbol)
