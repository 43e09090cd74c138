"""The keeper: one step per block. The Silverback bot and `ape run keeper` both do nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from steelyard.abi import AbiError
from steelyard.book import Deployment
from steelyard.chain import Block, Chain, ChainError, Signer, WrongChain
from steelyard.errors import SteelyardError
from steelyard.keeper.books import Booking, Outcome, State
from steelyard.keeper.breaker import Breaker, Limits, Signs
from steelyard.keeper.decide import decide
from steelyard.keeper.execute import Executor
from steelyard.keeper.jobs import Jobs
from steelyard.keeper.notes import Deed, Note
from steelyard.keeper.observe import (
    BehindError,
    NativePrice,
    Observation,
    Observer,
    feed_price,
    fixed_price,
)
from steelyard.keeper.orders import Order, rebalance_order
from steelyard.keeper.settings import Settings
from steelyard.keeper.settle import Settler
from steelyard.keeper.store import Ledger, Store, StoreError, StoreLocked
from steelyard.keeper.types import Action, Kind, Pending, Rebalance
from steelyard.model.venue.oracle import Fault


@dataclass(frozen=True)
class Report:
    """What one step saw and did.

    Attributes:
        block: Which it was for; None if the node did not tell.
        seen: What there was to see; None if it was not looked at.
        actions: What was decided, one for each token.
        orders: What is to be sent that is new.
        notes: What was done.
        state: The books after it; None if they were not read.
        skipped: Why there was nothing to do, "" if it was looked at.
        problem: What ended it early, None if nothing did.
        warning: What went wrong and did not end it, "" if nothing did.
        stopped: Why nothing was sent, though something might have been; "" if it might.
        seconds: How long it took.
    """

    block: Block | None = None
    seen: Observation | None = None
    actions: tuple[Action, ...] = ()
    orders: tuple[Order, ...] = ()
    notes: tuple[Note, ...] = ()
    state: State | None = None
    skipped: str = ""
    problem: SteelyardError | None = None
    warning: str = ""
    stopped: str = ""
    seconds: float = 0.0

    @property
    def error(self) -> str:
        """What ended it early, in words; "" if nothing did."""
        return "" if self.problem is None else str(self.problem)

    @property
    def bookings(self) -> tuple[Booking, ...]:
        """What was booked in this step."""
        booked = {note.nonce for note in self.notes if note.deed == Deed.BOOKED}
        found = self.state.bookings if self.state else ()
        return tuple(booking for booking in found if booking.nonce in booked)

    def metrics(self) -> dict[str, int | float]:
        """Return figures for a bot framework's records."""
        figures: dict[str, int | float] = {
            "seconds": self.seconds,
            "failed": int(self.problem is not None),
        }
        if self.seen is None or self.state is None:
            return figures
        deeds = [note.deed for note in self.notes]
        return figures | {
            "block": self.seen.block.number,
            "tokens": len(self.seen.tokens),
            "out_of_band": sum(token.out_of_band for token in self.seen.tokens),
            "due": sum(isinstance(action, Rebalance) for action in self.actions),
            "sent": sum(deed in (Deed.SENT, Deed.REPLACED) for deed in deeds),
            "pending": len(self.state.pending),
            "rebalances": self.state.totals.rebalances,
            "reverts": self.state.totals.reverts,
            "stopped": int(bool(self.stopped)),
        }


@dataclass
class _Work:
    """A step under way: what of the report is known already, should it end early."""

    block: Block | None = None
    seen: Observation | None = None
    actions: tuple[Action, ...] = ()
    orders: tuple[Order, ...] = ()
    notes: list[Note] = field(default_factory=list)
    state: State | None = None
    skipped: str = ""
    warning: str = ""
    stopped: str = ""


class Keeper:
    """Keeps the tokens of a deployment inside their bands.

    Attributes:
        sender: Address of its account, EIP-55 hex str.
        breaker: Whether it may send, as of the last step.
    """

    def __init__(
        self,
        chain: Chain,
        deployment: Deployment,
        signer: Signer,
        store: Store,
        settings: Settings,
        *,
        dry_run: bool = False,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take everything; nothing is asked yet.

        Args:
            chain: A node, with a short timeout: a step that hangs is a block that is missed.
            deployment: The system.
            signer: The account that sends and is paid.
            store: Its books.
            settings: What it is willing to do.
            dry_run: Decide, but sign nothing.
            clock: This machine's, seconds.
            pause: Waits, seconds.
        """
        decimals = deployment.collateral.decimals
        self._chain, self._deployment, self._settings = chain, deployment, settings
        self._store, self._dry_run, self._clock = store, dry_run, clock
        self.sender = signer.address
        self.breaker = Breaker(Limits.of(settings, deployment.chain_id))
        self._policy = settings.policy(decimals)
        self._observer = Observer(chain, deployment, _native_price(chain, settings, decimals))
        self._settler = Settler(chain, self.sender, settings.confirmations)
        self._executor = Executor(chain, signer, settings, pause)
        self._jobs = Jobs(chain, deployment, settings, self.sender)
        self._reminded = False
        self._known_reverts: set[str] = set()
        self._turn = threading.Lock()  # a bot framework may ask from several threads

    def step(self, number: int = 0) -> Report:
        """Do what there is to do at the head of the chain. Raises nothing that a node may cause.

        Args:
            number: Of the block that somebody told of; the node must have it.
        """
        with self._turn:
            return self._take_turn(number)

    def _take_turn(self, number: int) -> Report:
        begun, work = time.monotonic(), _Work()
        problem: SteelyardError | None = None
        try:
            with self._store.locked() as ledger:
                self._remind(ledger.state)
                work.block = self._observer.head(max(number, ledger.state.block))
                self._step(ledger, work)
        except StoreLocked as held:
            work.skipped = str(held)
        except (ChainError, AbiError) as error:  # the latter: an answer that is no contract's
            problem = error
            self._break(error)
            work.stopped = self.breaker.reason
        except StoreError as error:
            problem = error
        return Report(
            block=work.block,
            seen=work.seen,
            actions=work.actions,
            orders=work.orders,
            notes=tuple(work.notes),
            state=work.state,
            skipped=work.skipped,
            problem=problem,
            warning=work.warning,
            stopped=work.stopped,
            seconds=time.monotonic() - begun,
        )

    def _remind(self, state: State) -> None:
        """Take up what the last run left: its last block may be gone, and its reverts count."""
        if self._reminded:
            return
        if state.block:
            self._observer.remember(state.block, state.block_hash)
        now, window = self._now(), self._settings.revert_window
        reverted = _reverted(state)
        times = tuple(time for time in reverted.values() if time > now - window)
        self.breaker = replace(self.breaker, reverts=times)
        self._known_reverts = set(reverted)
        self._reminded = True

    def _now(self) -> int:
        return int(self._clock())

    def _break(self, problem: SteelyardError) -> None:
        """Show the breaker a step that the node has ended."""
        now = self._now()
        if isinstance(problem, WrongChain):
            self.breaker = self.breaker.after(Signs(now=now, chain_id=problem.actual))
        else:
            self.breaker = self.breaker.after(Signs(now=now, node_error=str(problem)))

    def _look(self, seen: Observation, state: State) -> None:
        """Show the breaker a block, and the reverts that this worker or another has booked."""
        reverted = _reverted(state)
        new, self._known_reverts = reverted.keys() - self._known_reverts, set(reverted)
        held = [token.account for token in seen.tokens if token.account and token.size]
        signs = Signs(
            now=self._now(),
            chain_id=self._chain.chain_id,
            block_time=seen.block.timestamp,
            balance=seen.balance,
            reorganised=seen.reorganised,
            reverts=len(new),
            positions=len(held),
            unpriced=sum(account.oracle_fault != Fault.VALID for account in held),
        )
        self.breaker = self.breaker.after(signs)

    def _step(self, ledger: Ledger, work: _Work) -> None:
        """Observe, settle, decide, act; each part leaves what it found in the work."""
        block, state = work.block, ledger.state
        assert block is not None
        work.state = state = state.claimed(self._chain.chain_id, self.sender)
        if (block.number, block.hash) == (state.block, state.block_hash):
            self._check_age(block)
            work.skipped = f"block {block.number} was dealt with"
            return
        seen = self._observer.observe(block, self.sender, gas_used(state.bookings))
        gas = replace(seen.gas, data_fee=data_fee(state.bookings))
        work.seen = seen = replace(seen, gas=gas)
        state, notes = self._settler.settle(state, seen)
        work.notes += notes
        self._save(ledger, work, state)
        self._look(seen, state)
        self._observer.remember(block.number, block.hash)
        now = block.timestamp
        spent = state.sponsored_on(now)
        work.actions = decide(seen.tokens, now, seen.gas, self._policy, state.pending, spent)
        work.stopped = "a dry run" if self._dry_run else self.breaker.reason
        jobs = self._due_jobs(seen, work)
        orders, wishes = self._orders(seen, state, work.actions, jobs)
        work.orders = tuple(orders)
        if not work.stopped:
            try:
                self._executor.act(ledger, seen, wishes, orders, work.notes)
            finally:
                work.state = ledger.state
        done = {"block": block.number, "block_hash": block.hash}
        self._save(ledger, work, ledger.state.model_copy(update=done))

    def _save(self, ledger: Ledger, work: _Work, state: State) -> None:
        """Write books that have changed, unless this is a rehearsal."""
        work.state = state
        if self._dry_run:
            return
        if state != ledger.state:
            ledger.save(state)

    def _check_age(self, block: Block) -> None:
        """Raise when the chain has stood still for too long: there is no new block to show it."""
        age, most = self._now() - block.timestamp, self._settings.max_block_age
        if 0 < most < age:
            raise BehindError(f"its last block is {age} s old, over {most}")

    def _due_jobs(self, seen: Observation, work: _Work) -> list[Order]:
        """What else is due; a node that does not give logs must not stop the rebalances."""
        try:
            return self._jobs.due(seen)
        except (ChainError, AbiError) as error:
            work.warning = f"not known what else is due: {error}"
            return []

    def _orders(
        self, seen: Observation, state: State, actions: Iterable[Action], jobs: list[Order]
    ) -> tuple[list[Order], Mapping[str, Order]]:
        """What to send, and what would be sent for tokens with a live transaction."""
        orders = [*self._rebalances(actions), *jobs]
        live = {pending.token.lower(): pending for pending in state.pending if pending.token}
        wishes: dict[str, Order] = {}
        # What the new ones may take of the sponsor's budget is not there for those under way.
        spent = state.sponsored_on(seen.block.timestamp) + sum(o.sponsored for o in orders)
        for pending in live.values():
            order = self._wish(seen, state, pending, jobs, spent)
            if order is not None:
                wishes[order.token] = order
                spent += max(0, order.sponsored - pending.sponsored)
        return [order for order in orders if order.token not in live], wishes

    def _wish(
        self, seen: Observation, state: State, pending: Pending, jobs: list[Order], spent: int
    ) -> Order | None:
        """What would be sent for a token, were its transaction not under way; of its kind."""
        others = [other for other in state.pending if other.nonce != pending.nonce]
        token = seen.token(pending.token)
        tokens = [] if token is None else [token]
        again = decide(tokens, seen.block.timestamp, seen.gas, self._policy, others, spent)
        for order in (*self._rebalances(again), *jobs):
            if (order.token, order.kind) == (pending.token.lower(), pending.kind):
                return order
        return None

    def _rebalances(self, actions: Iterable[Action]) -> list[Order]:
        return [rebalance_order(a, self.sender) for a in actions if isinstance(a, Rebalance)]


def gas_used(bookings: Iterable[Booking]) -> dict[str, int]:
    """Return what the last rebalance of each token took, gas by address in lower case.

    Args:
        bookings: In the order of time.
    """
    return {
        booking.token.lower(): booking.gas_used
        for booking in bookings
        if booking.kind == Kind.REBALANCE and booking.outcome == Outcome.DONE
    }


def data_fee(bookings: Iterable[Booking]) -> int:
    """Return what a rollup charged for the data of the last rebalance, wei; all have the same data.

    Args:
        bookings: In the order of time.
    """
    fees = [b.data_fee for b in bookings if b.kind == Kind.REBALANCE and b.outcome == Outcome.DONE]
    return fees[-1] if fees else 0


def _reverted(state: State) -> dict[str, int]:
    """When each transaction that reverted was mined, seconds, by its hash."""
    return {b.hash: b.time for b in state.bookings if b.outcome == Outcome.REVERTED}


def _native_price(chain: Chain, settings: Settings, decimals: int) -> NativePrice:
    feed = settings.native_price_feed
    if feed is None:
        return fixed_price(settings.fixed_native_price(decimals))
    return feed_price(chain, feed, decimals, settings.native_price_max_age)
