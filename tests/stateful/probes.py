"""What would happen if: calls on the bytecode that are undone, for invariants about sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from steelyard.evm import Revert
from steelyard.model.exchange import WAD, Fault, MarketStatus
from tests.stateful.world import TRADERS, Violation, World

OPEN = (MarketStatus.ACTIVE, MarketStatus.REDUCE_ONLY)


class Prober:
    """Probes a world; each probe leaves it as it was."""

    def __init__(self, world: World, stats: Counter[tuple[str, str]]) -> None:
        """Probe `world` and count in `stats`."""
        self.world = world
        self.stats = stats

    def probe(self, number: int) -> None:
        """Run one probe on one account; `number` decides which.

        Raises:
            Violation: An invariant is broken.
        """
        probes: list[Callable[[int, str], str]] = [
            self.reduce,
            self.withdraw,
            self.round_trip,
            self.split,
            self.liquidity,
        ]
        probe = probes[number % len(probes)]
        market = number // len(probes) % 2
        account = TRADERS[number * 5 % len(TRADERS)]
        with self.world.evm.anchor():
            self.stats["probe " + probe.__name__, probe(market, account)] += 1

    def _order(self, market: int, account: str, assets: int, size: int) -> tuple[int, int, int]:
        """Trade at any price; return fill, fee (quote WAD) and equity (quote WAD)."""
        fill, fee, _, _, equity = self.world.exchange.modify_position(
            market, assets, size, 0, account, sender=account
        )
        return fill, fee, equity

    def reduce(self, market: int, account: str) -> str:
        """9: reducing is possible while the market is open and the margin allows it."""
        twin = self.world.twin
        venue, position = twin.markets[market], twin.position(market, account)
        price, fault = venue.price(twin.now)
        if venue.status not in OPEN or fault is not Fault.VALID:
            return "market not open"
        if position.size == 0 or position.flagged:
            return "nothing to reduce"
        part = self.world.steps % 4 + 1
        size = -position.size if part == 4 else -position.size * part // 5
        quote = twin.account_state(market, account, size)
        cost = (size * (quote.fill_price - price)) / WAD
        left = quote.equity - quote.order_fee - cost
        try:
            self._order(market, account, 0, size)
        except Revert as error:
            rest = position.size + size
            short = venue.maintenance(rest, price) if rest else 0
            if left - 1 > short and quote.fill_price != 0:
                raise Violation(f"invariant 9 (reduce is always possible): {error}") from error
            return "margin does not allow it"
        return "ok"

    def withdraw(self, market: int, account: str) -> str:
        """Withdrawable collateral can leave, and not a unit more."""
        twin = self.world.twin
        assets = twin.account_state(market, account).withdrawable // twin.scale
        if assets == 0:
            return "nothing to withdraw"
        try:
            with self.world.evm.anchor():
                self._order(market, account, -assets - 1, 0)
            raise Violation("withdrawable: more can leave than the view says")
        except Revert:
            pass
        try:
            self._order(market, account, -assets, 0)
        except Revert as error:
            raise Violation(f"withdrawable: less can leave than the view says: {error}") from error
        return "ok"

    def round_trip(self, market: int, account: str) -> str:
        """5: there and back at one price costs the fees, and rounding of a wei a unit."""
        size = self._size(market, account)
        try:
            _, _, start = self._order(market, account, self._margin(account), 0)
            _, fee, _ = self._order(market, account, 0, size)
            _, fee_back, end = self._order(market, account, 0, -size)
        except Revert:
            return "refused"
        lost = start - end - fee - fee_back
        # Fills round to a whole wei per unit of underlying.
        if not 0 <= lost <= abs(size) // WAD + 4:
            raise Violation(f"invariant 5 (round trip costs the fees): {lost} of {size}")
        return "ok"

    def split(self, market: int, account: str) -> str:
        """6: an order in two parts never beats the whole one, beyond rounding of a wei a unit.

        A fee is charged on the mean fill, so across zero skew, where maker turns into taker, only
        what comes before the fee is compared.
        """
        size = self._size(market, account)
        part = size * (self.world.steps % 7 + 1) // 9
        skew = self.world.twin.account_state(market, account).skew
        if part in (0, size):
            return "too small"
        try:
            self._order(market, account, self._margin(account), 0)
            with self.world.evm.anchor():
                _, fee, whole = self._order(market, account, 0, size)
            _, first, _ = self._order(market, account, 0, part)
            _, second, parts = self._order(market, account, 0, size - part)
        except Revert:
            return "refused"
        gain = parts - whole
        if skew != 0 and (skew > 0) != (skew + size > 0):
            gain += first + second - fee
        if gain > abs(size) // WAD + 4:
            raise Violation(f"invariant 6 (splitting beats one order): {gain} of {size}")
        return "ok"

    def liquidity(self, market: int, account: str) -> str:
        """Adding liquidity and taking it out at once never pays."""
        exchange = self.world.exchange
        assets = 10**9 + self.world.steps
        try:
            shares = exchange.add_liquidity(market, assets, 0, sender=account)
            back = exchange.remove_liquidity(market, shares, 0, account, sender=account)
        except Revert:
            return "refused"
        if back > assets:
            raise Violation(f"liquidity: {assets} in, {back} out")
        return "ok"

    def _size(self, market: int, account: str) -> int:
        """Return an order (underlying WAD) for a part of the room, of an odd size."""
        twin, step = self.world.twin, self.world.steps
        sign = -1 if step % 3 == 0 else 1
        state = twin.market_state(market)
        room = state.room_long if sign > 0 else state.room_short
        return sign * (room * (step % 11 + 1) // 40 + step)

    def _margin(self, account: str) -> int:
        """Send collateral that is ample for any order; return how much."""
        assets = 10**8 * WAD // self.world.twin.scale
        self.world.usd.transfer(self.world.exchange, assets, sender=account)
        return assets
