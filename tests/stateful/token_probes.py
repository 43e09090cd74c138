"""What would happen if: calls on tokens that are undone, for invariants about what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from steelyard.evm import Revert
from steelyard.model.arithmetic import ceil_div
from steelyard.model.exchange import WAD
from steelyard.model.policy import Obstacle
from steelyard.model.shares import DUST_STEP, PRECISION
from steelyard.model.token import LeveragedToken
from steelyard.model.token.minting import opening
from steelyard.model.venue.states import FEE_UNIT
from tests.stateful.token_invariants import hold, is_closing, share_step
from tests.stateful.token_world import TokenWorld, is_alive
from tests.stateful.world import OWNER, TRADERS

EVERY = 3  # steps between probes
RICH = TRADERS[-1]
LOOP = 5  # actions of a closed loop, before it is closed


class TokenProber:
    """Probes the tokens of a world; each probe leaves it as it was."""

    def __init__(self, world: TokenWorld, stats: Counter[tuple[str, str]]) -> None:
        """Probe `world` and count in `stats`."""
        self.world = world
        self.stats = stats
        self._probes: list[Callable[[int, Random], str]] = [
            self.enter_most,
            self.leave_most,
            self.loop,
            self.leave,
            self.rebalance,
            self.loop,
        ]

    def probe(self, step: int) -> None:
        """Run one probe now and then; the step decides which, and on what.

        Raises:
            Violation: An invariant is broken.
        """
        number, rest = divmod(step, EVERY)
        if rest:
            return
        probe = self._probes[number % len(self._probes)]
        index = number // len(self._probes) % len(self.world.tokens)
        if not is_alive(self.world.token_twins[index]):
            return
        with self.world.evm.anchor():
            self.stats["probe " + probe.__name__, probe(index, Random(step))] += 1

    # 4: limits are exact

    def enter_most(self, index: int, random: Random) -> str:
        """4: depositing and minting the most works, and any more does not.

        A deposit stops searching when a unit and 1e-15 of it are left, so that much more than the
        maximum, rounded up to units, may still fit. Where maintenance margin limits a mint, the
        most is up to a millionth of the other room too low.
        """
        contract, twin, unit = self._of(index)
        assets, shares = contract.maxDeposit(RICH), contract.maxMint(RICH)
        if assets == 0:
            if twin.case.is_remainder and twin.terms.target == twin.case.state.max_leverage:
                return "a remainder at the limit"
            least = ceil_div(10 * WAD, unit)
            for more in (least, least + 1, 100 * least):
                self._refused(index, 4, "maxDeposit 0", "deposit", more, RICH)
            return "closed"
        self._works(index, 4, "maxDeposit", "deposit", assets, RICH)
        self._works(index, 4, "maxMint", "mint", shares, RICH)
        room, limited = self._room(twin)
        if twin.case.vault.size == 0:
            return "a remainder" if limited else self._open_most(index, assets, shares, room)
        over, more = shares + 1, assets
        if limited:
            over += ceil_div(room * twin.shares, abs(twin.case.vault.size) * 10**6)
            more = twin.preview_mint(over)
        more += 2 + ceil_div(more, PRECISION)
        self._refused(index, 4, "over maxDeposit", "deposit", more, RICH)
        self._refused(index, 4, "over maxMint", "mint", over, RICH)
        return "at the margin" if limited else "ok"

    def _room(self, twin: LeveragedToken) -> tuple[int, bool]:
        """Return what caps let a mint add, underlying WAD, and whether margin allows less."""
        case, market = twin.case, self.world.twin.market_state(twin.market)
        size, room = abs(case.vault.size), market.room_long if twin.is_long else market.room_short
        room = min(room, twin.terms.cap - size)
        equity = room * case.state.price // twin.terms.target
        if size:
            equity = case.vault.equity * (size + room) // size
        return room, equity <= self.world.twin.maintenance_margin(twin.market, size + room)

    def _open_most(self, index: int, assets: int, shares: int, room: int) -> str:
        """4: what opens a position is the most too; a deposit finds the size by steps.

        The most may miss by three times what the steps miss.
        """
        _, twin, unit = self._of(index)
        self._refused(index, 4, "over maxMint", "mint", shares + 1, RICH)
        exact = twin.preview_mint(shares + 1)
        paid = twin.case.vault.equity + exact * unit
        missed = abs(abs(opening(twin.case, paid)) - room)
        more = exact + 3 + ceil_div(3 * missed * paid, room * unit)
        self._refused(index, 4, "over maxDeposit", "deposit", more, RICH)
        hold(more - assets <= 2 * (more - exact), 4, "maxDeposit is near what fits", assets)
        return "opens"

    def leave_most(self, index: int, random: Random) -> str:
        """4: withdrawing and redeeming the most works, and any more does not.

        In a collateral finer than a share-wei, fewer shares may by rounding pay a step more. And a
        withdrawal that leaves the position open may pay more than all shares do if they close it,
        for they bear the cost of closing the rest; even if that is more than they are worth.
        """
        contract, twin, unit = self._of(index)
        holder = self._holder(twin, random)
        if holder is None:
            return "nobody"
        assets, shares = contract.maxWithdraw(holder), contract.maxRedeem(holder)
        balance = twin.ledger.balances[holder]
        own = (holder, holder)
        case = twin.case
        dust = 4 * unit + DUST_STEP * share_step(case.state, case.shares)
        if case.state.cash < dust and not twin.is_closed:
            return "next to nothing"
        if assets == 0 or shares == 0:
            self._refused(index, 4, "maxRedeem 0", "redeem", balance, *own)
            if is_closing(case.state, case.shares, balance):
                return "closing"
            self._refused(index, 4, "maxWithdraw 0", "withdraw", 1, *own)
            return "closed"
        self._works(index, 4, "maxWithdraw", "withdraw", assets, *own)
        self._works(index, 4, "maxRedeem", "redeem", shares, *own)
        if twin.is_closed:
            return "settled"
        if shares < balance:
            return self._leave_part(index, assets, shares, *own)
        self._refused(index, 4, "over maxRedeem", "redeem", shares + 1, *own)
        traded = twin.terms.redeem_traded(shares)
        if case.vault.size and is_closing(case.state, case.shares, traded):
            return "closing"
        more = assets + 1 + share_step(case.state, case.shares) // unit
        self._refused(index, 4, "over maxWithdraw", "withdraw", more, *own)
        return "ok"

    def _leave_part(self, index: int, assets: int, shares: int, *own: str) -> str:
        """4: where the venue cannot pay all, the most is within 1e-12 of its cash and three units,

        and what the venue does not book of the order's fee. So much more, and what the search
        leaves over, must be refused where it is worth anything.
        """
        _, twin, unit = self._of(index)
        case = twin.case
        slack = 4 * unit + case.state.cash // 10**12 + FEE_UNIT
        slack += share_step(case.state, case.shares)
        self._refused(
            index, 4, "over maxWithdraw", "withdraw", assets + ceil_div(slack, unit), *own
        )
        more = shares + 4 * ceil_div(slack * case.shares, case.vault.equity)
        worth = case.vault.redeem_value(more, case.vault.redeem_delta(more))
        if worth < case.vault.redeem_value(shares, case.vault.redeem_delta(shares)) + slack:
            return "flat"
        self._refused(index, 4, "over maxRedeem", "redeem", more, *own)
        return "in part"

    # 3: no closed loop profits

    def loop(self, index: int, random: Random) -> str:
        """3: whatever one caller does at one price and undoes again does not profit him."""
        world, twin = self.world, self.world.twin
        market = world.token_twins[index].market
        caller = random.choice(TRADERS)
        if any(token.fee_receiver == caller for token in world.token_twins):
            return "gets the fees"
        indices = [i for i, token in enumerate(world.token_twins) if token.market == market]
        held = {i: world.tokens[i].balanceOf(caller) for i in indices}
        start, size = self._wealth(market, caller), twin.position(market, caller).size
        sizes = self._sizes(indices)
        done = 0
        for _ in range(random.randrange(1, LOOP + 1)):
            done += self._attempt(lambda: self._move(market, indices, caller, random))
        try:
            self._unwind(market, held, caller, size, random)
        except Revert:
            return "not closed"
        # Who owns nearly all may close a position by leaving, and open it at T by coming back.
        ends = zip(sizes, self._sizes(indices), strict=True)
        if any(abs(end - before) > abs(before) // 10**6 for before, end in ends):
            return "leverage moved"
        gain = self._wealth(market, caller) - start
        hold(gain <= 0, 3, "a closed loop does not profit", f"{gain / WAD} after {done} actions")
        return f"ok after {done}" if done < 2 else "ok"

    def _move(self, market: int, indices: list[int], caller: str, random: Random) -> None:
        """Deposit, redeem or trade."""
        index = random.choice(indices)
        contract, unit = self.world.tokens[index], WAD // self.world.twin.scale
        kind, most = random.randrange(5), contract.maxDeposit(caller)
        if kind < 2 and most:
            part = random.choice((most, most // 2, most // 50, 10 * unit, 100 * unit))
            contract.deposit(part, caller, sender=caller)
        elif kind <= 2:
            most = contract.maxRedeem(caller)
            part = random.choice((most, most // 2, most // 50, min(most, WAD)))
            contract.redeem(part, caller, caller, sender=caller)
        else:
            state = self.world.exchange.market_state(market)
            sign = random.choice((1, -1))
            room = state.room_long if sign > 0 else state.room_short
            self._trade(market, caller, sign * room // random.choice((2, 20, 500)))

    def _sizes(self, indices: list[int]) -> list[int]:
        """Positions of tokens, underlying WAD."""
        world = self.world
        places = [(world.token_twins[i].market, world.tokens[i].address) for i in indices]
        return [world.exchange.position(*place).size for place in places]

    def _unwind(
        self, market: int, held: dict[int, int], caller: str, size: int, random: Random
    ) -> None:
        """Undo it all: shares and position as before, in any order."""
        steps: list[Callable[[], None]] = [
            lambda i=i, shares=shares: self._return(i, shares, caller)  # type: ignore[misc]
            for i, shares in held.items()
        ]
        steps.append(
            lambda: self._trade(
                market, caller, size - self.world.exchange.position(market, caller).size
            )
        )
        random.shuffle(steps)
        for step in steps:
            step()

    def _return(self, index: int, shares: int, caller: str) -> None:
        """Mint or redeem until the caller has as many shares as before."""
        contract = self.world.tokens[index]
        more = contract.balanceOf(caller) - shares
        if more > 0:
            contract.redeem(more, caller, caller, sender=caller)
        elif more < 0:
            contract.mint(-more, caller, sender=caller)

    def _trade(self, market: int, caller: str, size: int) -> None:
        """Trade at the venue, with ample margin."""
        if size == 0:
            return
        world = self.world
        assets = 10**7 * WAD // world.twin.scale
        world.usd.transfer(world.exchange, assets, sender=caller)
        world.exchange.modify_position(market, assets, size, 0, caller, sender=caller)

    def _attempt(self, move: Callable[[], None]) -> int:
        """Make a move if it is possible; return how many were made."""
        with_state = self.world.evm.snapshot()
        try:
            move()
        except Revert:
            self.world.evm.revert(with_state)
            return 0
        return 1

    def _wealth(self, market: int, caller: str) -> int:
        """Return collateral and equity at the venue, quote WAD."""
        world = self.world
        equity: int = world.exchange.account_state(market, caller, 0).equity
        return world.usd.balanceOf(caller) * world.twin.scale + equity

    # 8: no dead end

    def leave(self, index: int, random: Random) -> str:
        """8: while the venue trades and can pay, any holder can redeem any amount."""
        contract, twin, unit = self._of(index)
        case, holder = twin.case, self._holder(twin, random)
        if holder is None or twin.is_closed or not case.is_trading or case.vault.equity == 0:
            return "closed"
        state, balance = case.state, twin.ledger.balances[holder]
        if twin.max_redeem(holder) == 0 and self._needs_rebalance(twin):
            return "rebalance first"
        shares = max(1, random.choice((balance, balance // 2, balance // 1_000, 1)))
        try:
            paid = contract.redeem(shares, holder, holder, sender=holder)
        except Revert as error:
            worth = case.vault.equity * twin.terms.redeem_traded(shares) // case.shares
            reason = error.reason or ""
            too_little = reason == "redeem: cost exceeds the claim"
            # What is paid, and the fee of the order, are less than twice the worth and two units.
            if reason == "treasury: venue cannot pay" and 2 * (worth + unit) > state.cash:
                return "cannot pay"
            if too_little and self._costs_more(twin, shares, worth):
                return "costs more"
            hold(False, 8, "any holder can redeem any amount", f"{shares} of {balance}: {error}")
        hold(paid > 0, 8, "and is paid")
        return "ok"

    def _costs_more(self, twin: LeveragedToken, shares: int, worth: int) -> bool:
        """Return whether a part of the position is worth less than selling it costs."""
        if worth < 2 * twin.exchange.scale:
            return True
        state = twin.case.state
        if state.size == 0:
            return False
        part = ceil_div(abs(state.size) * shares, twin.shares)
        deltas = [-amount if state.size > 0 else amount for amount in (part, abs(state.size))]
        for delta in deltas:
            quote = self.world.twin.account_state(twin.market, twin.address, delta)
            cost = quote.order_fee + delta * (quote.fill_price - quote.price) // WAD
            if quote.fill_price == 0 or cost + twin.exchange.scale >= worth:
                return True
        return False

    def _needs_rebalance(self, twin: LeveragedToken) -> bool:
        """Return whether leverage is above what the venue lets a withdrawal keep."""
        state = twin.case.state
        too_high = abs(state.size) * state.price > state.equity * state.max_leverage
        return state.size != 0 and (too_high or state.equity <= state.maintenance)

    def rebalance(self, index: int, random: Random) -> str:
        """8: a rebalance that the status calls possible works in the same block, for its reward."""
        contract, twin, unit = self._of(index)
        status = contract.rebalance_status()
        if status.obstacle != Obstacle.CLEAR or status.size_delta == 0:
            self._refused(index, 8, "what the status forbids", "rebalance")
            return Obstacle(status.obstacle).name.lower()
        reward = status.reward // unit
        paid = self._works(index, 8, "what the status allows", "rebalance", reward)
        hold(paid in (reward, None), 5, "pays what the status says", paid)
        return "ok"

    # Helpers

    def _of(self, index: int) -> tuple[Any, LeveragedToken, int]:
        """Return bytecode, twin, and quote WAD per unit of collateral."""
        return self.world.tokens[index], self.world.token_twins[index], self.world.twin.scale

    def _holder(self, twin: LeveragedToken, random: Random) -> str | None:
        """Return somebody with shares, None if there is nobody."""
        refused = (twin.address, OWNER, self.world.twin.address)
        others = [token.address for token in self.world.token_twins]
        holders = [
            holder
            for holder, shares in sorted(twin.ledger.balances.items())
            if shares and holder not in (*refused, *others)
        ]
        return random.choice(holders) if holders else None

    def _works(self, index: int, number: int, what: str, verb: str, *args: Any) -> Any:
        """Check that a call works, and undo it; return its result, None at the venue's bounds."""
        contract = self.world.tokens[index]
        sender = args[-1] if isinstance(args[-1], str) else RICH
        with self.world.evm.anchor():
            try:
                return getattr(contract, verb)(*args, sender=sender)
            except Revert as error:
                at_bounds = error.reason == "market: out of range"  # of the venue's accounting
                hold(at_bounds, number, f"{what}: {verb}{args} works", error)

    def _refused(self, index: int, number: int, what: str, verb: str, *args: Any) -> None:
        """Check that a call reverts."""
        contract = self.world.tokens[index]
        sender = args[-1] if args and isinstance(args[-1], str) else RICH
        with self.world.evm.anchor():
            try:
                getattr(contract, verb)(*args, sender=sender)
            except Revert:
                return
            hold(False, number, f"{what}: {verb}{args} reverts")
