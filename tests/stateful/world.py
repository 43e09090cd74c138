"""The exchange's bytecode and its twin side by side, and every action that moves both."""

from __future__ import annotations

import copy
import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from operator import attrgetter
from typing import Any

from steelyard.compiler import compile_contract
from steelyard.evm import DEPLOYER, Evm, address
from steelyard.evm import Revert as EvmRevert
from steelyard.model.exchange import (
    WAD,
    AccountState,
    Exchange,
    MarketConfig,
    MarketState,
    Oracle,
    Position,
    PriceChecks,
    PriceGuard,
    Revert,
)
from steelyard.model.venue import parameters
from steelyard.model.venue.states import ZERO_ADDRESS

START = 1_700_000_000
OWNER = DEPLOYER
TRADERS = [address(f"trader {index}") for index in range(12)]
PROVIDERS = [address(f"lp {index}") for index in range(2)]
KEEPERS = [address(f"keeper {index}") for index in range(2)]
PAUPER = address("pauper")
VAULT = address("vault")
HOLDERS = [*TRADERS, *PROVIDERS, *KEEPERS, OWNER]
WEALTH = 2**90  # collateral units of every holder: enough to leave every range

# Feeds 0 and 1 price the markets; the others are for guards and for changing a market's feed.
FEED_DECIMALS = (8, 18, 18, 8, 0, 6)
FIRST_ANSWERS = (2_000 * 10**8, 4 * 10**17, 2_000 * 10**18, 4 * 10**7, 0, 2_000 * 10**6)
REFERENCES, SEQUENCER, SPARE = (2, 3), 4, 5

# A major whose liquidations go in chunks and leave the trader the rest, and a small cap whose
# liquidations close whole and seize it.
CONFIGS = (
    MarketConfig(
        skew_scale=50_000 * WAD,
        max_funding_rate=2 * 10**17,
        max_long=6_000 * WAD,
        max_short=6_000 * WAD,
        liquidation_cap=200 * WAD,
    ),
    MarketConfig(
        max_age=86_700,
        skew_scale=5 * 10**7 * WAD,
        max_funding_velocity=36 * WAD,
        max_funding_rate=WAD,
        maker_fee=5 * 10**14,
        taker_fee=10**15,
        max_leverage=10 * WAD,
        maintenance_ratio=2 * 10**16,
        liquidation_fee_ratio=10**16,
        min_margin=20 * WAD,
        max_long=8 * 10**6 * WAD,
        max_short=5 * 10**6 * WAD,
        max_notional=3 * 10**6 * WAD,
        reserve_factor=WAD,
        seize_remainder=True,
        liquidate_when_paused=True,
    ),
)


@dataclass(frozen=True)
class Action:
    """One step: a verb of the exchange by a caller, or a move of the world around it."""

    verb: str
    caller: str
    args: tuple[Any, ...]

    def __repr__(self) -> str:
        """Show it so that it can be pasted into a test."""
        return f"Action({self.verb!r}, {self.caller!r}, {self.args!r})"


class Violation(AssertionError):
    """The bytecode and the twin differ, or an invariant is broken."""


def fields(kind: type) -> Callable[[Any], tuple[Any, ...]]:
    """Return what turns one of the twin's states into the tuple the ABI gives."""
    return attrgetter(*kind.__dataclass_fields__)


account_fields, market_fields, position_fields = map(fields, (AccountState, MarketState, Position))


def same(what: str, bytecode: Any, twin: Any) -> None:
    """Raise Violation unless both are equal, and say where they are not."""
    if bytecode == twin:
        return
    names = getattr(bytecode, "_fields", range(len(twin)) if isinstance(twin, tuple) else ("",))
    pairs = zip(names, bytecode, twin, strict=True) if isinstance(twin, tuple) else ()
    details = [f"{name}: {left} != {right}" for name, left, right in pairs if left != right]
    raise Violation(f"{what}: bytecode != twin: " + ("; ".join(details) or f"{bytecode} != {twin}"))


class World:
    """Two markets on both exchanges, a dozen traders, and the feeds they depend on.

    Set-up takes longer than an episode: `begin` goes back to the state after it.
    """

    def __init__(self, asset_decimals: int) -> None:
        """Deploy everything and seed both pools."""
        self.evm = evm = Evm(timestamp=START)
        self.usd = evm.deploy(compile_contract("MockUSD"), asset_decimals)
        self.guard_artifact = compile_contract("PriceGuard")
        self.parameters = evm.deploy(compile_contract("MarketParameters"))
        self.exchange = evm.deploy(
            compile_contract("PerpExchange"), self.usd, asset_decimals, self.parameters
        )
        aggregator = compile_contract("MockAggregator")
        self.feeds = [
            evm.deploy(aggregator, decimals, "test", answer)
            for decimals, answer in zip(FEED_DECIMALS, FIRST_ANSWERS, strict=True)
        ]
        self.oracles = [
            Oracle(decimals, answer, START, START, address=feed.address)
            for decimals, answer, feed in zip(FEED_DECIMALS, FIRST_ANSWERS, self.feeds, strict=True)
        ]
        self.twin = Exchange(asset_decimals, START, self.exchange.address)
        self._seed()
        self._snapshot = evm.snapshot()
        self._kept = copy.deepcopy(self._twins())
        self.begin()

    def begin(self) -> None:
        """Go back to the state after set-up."""
        self.evm.revert(self._snapshot)
        self._snapshot = self.evm.snapshot()
        self._restore(copy.deepcopy(self._kept))
        self.rounds = 2**64 + 1
        self.steps = 0
        self.stats: Counter[tuple[str, str]] = Counter()

    def _twins(self) -> tuple[Any, ...]:
        """Return all twins, to be copied together."""
        return self.twin, self.oracles

    def _restore(self, twins: tuple[Any, ...]) -> None:
        """Take what `_twins` gave as the twins from now on."""
        self.twin, self.oracles = twins

    def _seed(self) -> None:
        for holder in HOLDERS:
            self.usd.mint(holder, WEALTH, sender=OWNER)
            self.twin.wallets[holder] = WEALTH
        for holder in (*HOLDERS, PAUPER):
            self.usd.approve(self.exchange, 2**256 - 1, sender=holder)
        unit = WAD // self.twin.scale
        for market, config in enumerate(CONFIGS):
            oracle = self.oracles[market]
            config = replace(config, oracle=oracle.address)
            words = self.parameters.pack(astuple(config))
            same("words", words, parameters.pack(config, oracle.decimals))
            same("market", self.exchange.add_market(words, sender=OWNER), market)
            self.twin.add_market(config, oracle)
            for provider in PROVIDERS:
                self.exchange.add_liquidity(market, 10**7 * unit, 0, sender=provider)
                self.twin.add_liquidity(market, provider, 10**7 * unit)

    @property
    def now(self) -> int:
        """Block time, seconds."""
        return self.twin.now

    def outcome(self, call: Callable[[], Any]) -> tuple[str, Any]:
        """Return ("ok", result) of a call, or its reason and None."""
        try:
            return "ok", call()
        except (Revert, EvmRevert) as error:
            return error.reason or "no reason", None

    # The world around the exchange

    def warp(self, seconds: int) -> None:
        """Let time pass."""
        self.evm.warp(seconds)
        self.twin.now += seconds

    def push_at(self, feed: int, answer: int, updated_at: int) -> None:
        """Publish a round."""
        self.rounds += 1
        self.feeds[feed].push_at(answer, updated_at, sender=OWNER)
        self.oracles[feed].push(answer, updated_at)

    def set_raw(self, feed: int, answer: int, started_at: int, updated_at: int) -> None:
        """Publish a round that no real feed would."""
        self.rounds += 1
        round_id = self.rounds
        self.feeds[feed].set_latest_raw(
            round_id, answer, started_at, updated_at, round_id - 1, sender=OWNER
        )
        self.oracles[feed].set_round(answer, started_at, updated_at)

    def set_reverts(self, feed: int, reverts: bool) -> None:
        """Break a feed, or mend it."""
        self.feeds[feed].set_reverts(reverts, sender=OWNER)
        self.oracles[feed].reverts = reverts

    def set_decimals(self, feed: int, decimals: int) -> None:
        """Change what a feed says of its decimals."""
        self.feeds[feed].set_decimals(decimals, sender=OWNER)
        self.oracles[feed].decimals = decimals

    def send(self, sender: str, assets: int) -> None:
        """Send collateral to the exchange: for an order to book, or a donation."""
        sent = self.outcome(lambda: self.usd.transfer(self.exchange, assets, sender=sender))
        twin = self.outcome(lambda: self.twin.transfer(sender, self.twin.address, assets))
        same("outcome of a transfer", sent[0], twin[0])

    # Verbs of the exchange

    def calls(self, action: Action) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """Return the call on the bytecode and the same call on the twin."""
        verb, caller, args = action.verb, action.caller, action.args
        if verb in ("set_market_config", "add_market"):
            return self._config_calls(verb, caller, *args)
        if verb == "set_price_guard":
            return self._guard_calls(caller, *args)
        on_evm = functools.partial(getattr(self.exchange, verb), *args, sender=caller)
        on_twin = getattr(self.twin, verb)
        if verb in ("flag", "liquidate"):
            return on_evm, lambda: on_twin(*args, caller)
        if verb == "claim_keeper_fees":
            return on_evm, lambda: on_twin(caller, *args)
        if verb in ("modify_position", "deposit_margin", "add_liquidity", "remove_liquidity"):
            return on_evm, lambda: on_twin(args[0], caller, *args[1:])
        return on_evm, self._owned(caller, lambda: on_twin(*args))

    def _owned(self, caller: str, call: Callable[[], Any]) -> Callable[[], Any]:
        """Return the owner's call; the twin has no owner."""

        def refused() -> None:
            raise Revert("ownable: caller is not the owner")

        return call if caller == OWNER else refused

    def _config_calls(
        self, verb: str, caller: str, market: int, config: MarketConfig, feed: int, tampered: int
    ) -> tuple[Callable[[], Any], Callable[[], Any]]:
        oracle = self.oracles[feed]
        config = replace(config, oracle=oracle.address)
        target = (market,) if verb == "set_market_config" else ()

        def on_evm() -> Any:
            words = list(self.parameters.pack(astuple(config)))
            words[0] ^= tampered
            return getattr(self.exchange, verb)(*target, words, sender=caller)

        def on_twin() -> Any:
            words = parameters.pack(config, oracle.decimals)
            self._owned(caller, lambda: None)()
            if target and not 0 <= market < len(self.twin.markets):
                raise Revert("market: unknown")
            parameters.check((words[0] ^ tampered, *words[1:]), oracle.decimals)
            return getattr(self.twin, verb)(*target, config, oracle)

        return on_evm, on_twin

    def _guard_calls(
        self, caller: str, market: int, checks: tuple[int, ...] | None
    ) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """`checks` are PriceChecks with feeds given by index, -1 for none."""
        feeds = [None if index < 0 else index for index in (checks[0], checks[2])] if checks else []

        def on_evm() -> Any:
            guard: Any = ZERO_ADDRESS
            if checks:
                chosen = list(checks)
                for position, index in zip((0, 2), feeds, strict=True):
                    chosen[position] = ZERO_ADDRESS if index is None else self.feeds[index]
                guard = self.evm.deploy(self.guard_artifact, self.exchange, tuple(chosen))
            return self.exchange.set_price_guard(market, guard, sender=caller)

        def on_twin() -> Any:
            guard = None
            if checks:
                sequencer, reference = (
                    None if index is None else self.oracles[index] for index in feeds
                )
                guard = PriceGuard(PriceChecks(sequencer, checks[1], reference, *checks[3:]))
            return self._owned(caller, lambda: self.twin.set_price_guard(market, guard))()

        return on_evm, on_twin

    # Comparison

    def compare_account(self, market: int, account: str, size_delta: int) -> str:
        """Compare everything the exchange says of one account; return the view's outcome."""
        what = f"account_state({market}, {account}, {size_delta})"
        bytecode = self.outcome(lambda: self.exchange.account_state(market, account, size_delta))
        twin = self.outcome(lambda: self.twin.account_state(market, account, size_delta))
        same(what, bytecode[0], twin[0])
        if twin[1] is not None:
            same(what, bytecode[1], account_fields(twin[1]))
        self._compare_view("maintenance_margin", market, size_delta)
        self._compare_view("check_trading", market, account)
        stored = self.outcome(lambda: self.exchange.position(market, account))
        position = self.outcome(lambda: position_fields(self.twin.position(market, account)))
        same(f"position {account}", stored, position)
        shares = self.twin.lp_shares(market, account)
        same(f"lp_shares {account}", self.exchange.lp_shares(market, account), shares)
        same(f"owed {account}", self.exchange.owed(account), self.twin.owed[account])
        same(f"wallet {account}", self.usd.balanceOf(account), self.twin.wallets[account])
        return twin[0]

    def _compare_view(self, view: str, *args: Any) -> None:
        """Compare a view that returns a number or reverts."""
        bytecode, twin = (
            self.outcome(functools.partial(getattr(side, view), *args))
            for side in (self.exchange, self.twin)
        )
        same(f"{view}{args}", bytecode, twin)

    def compare_markets(self) -> None:
        """Compare both markets and the collateral."""
        for market in range(len(CONFIGS)):
            bytecode = self.exchange.market_state(market)
            same(f"market_state {market}", bytecode, market_fields(self.twin.market_state(market)))
        same("cash", self.exchange.cash(), self.twin.cash)
        same("owed_total", self.exchange.owed_total(), self.twin.owed_total)
        wallet = self.twin.wallets[self.twin.address]
        same("balance", self.usd.balanceOf(self.exchange), wallet)

    def compare_all(self) -> None:
        """Compare everything there is."""
        self.compare_markets()
        for market in range(len(CONFIGS)):
            for account in (*TRADERS, *PROVIDERS, *KEEPERS):
                self.compare_account(market, account, 0)

    def compare_event(self, action: Action, result: Any) -> None:
        """Compare what an order or a liquidation logs with what it did."""
        if action.verb == "modify_position":
            position = self.twin.position(action.args[0], action.caller)
            (log,) = self.exchange.logs("PositionModified")
            # The event has the basis of the settlement, the empty position keeps none.
            basis = position.basis if position.size else log.args.basis
            market, *deltas = action.args[:3]
            filled = (result.fill_price, result.fee, result.price)
            logged = (market, action.caller, *deltas, *filled, position.margin, basis)
            same("PositionModified", tuple(log.args), logged)
        elif action.verb == "liquidate" and result[0]:
            position = self.twin.position(*action.args)
            (log,) = self.exchange.logs("PositionLiquidated")
            args = log.args
            told = (args.liquidator, abs(args.size_closed), args.keeper_fee, args.size, args.margin)
            same(
                "PositionLiquidated", told, (action.caller, *result, position.size, position.margin)
            )
