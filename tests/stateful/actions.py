"""Draws actions: mostly such as the state allows, down to the wei, and a share that it does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from steelyard.model.arithmetic import ceil_div
from steelyard.model.exchange import WAD, Fault, MarketStatus
from steelyard.model.venue import maths
from tests.stateful.adversity import Adversity
from tests.stateful.world import KEEPERS, PAUPER, PROVIDERS, TRADERS, VAULT, Action, World

# How often each kind of action is drawn.
WEIGHTS = {
    "trade": 30,
    "withdraw": 6,
    "deposit": 5,
    "tick": 16,
    "flag": 8,
    "liquidate": 10,
    "brink": 3,
    "claim": 2,
    "add_liquidity": 3,
    "remove_liquidity": 3,
    "send": 1,
    "invalid": 9,
    "adversity": 7,
}
LEEWAY = (0, 0, 1, 10**6, 10**9)  # what an exact requirement is exceeded by, collateral units


class Generator:
    """Draws the next actions from the state of the twin."""

    weights: Mapping[str, float] = WEIGHTS

    def __init__(self, world: World, random: Random) -> None:
        """Read the twin of `world`, which the actions move on; `random` decides everything."""
        self.twin = world.twin
        self.random = random
        self.adversity = self._adverse(world)
        self._kinds: list[Callable[[], list[Action]]] = [
            getattr(self, "_" + kind) for kind in self.weights
        ]

    def _adverse(self, world: World) -> Adversity:
        return Adversity(world.twin, world.oracles, self.random)

    def draw(self) -> list[Action]:
        """Return the next actions; together they make one event, e.g. time passing and a price."""
        weights = list(self.weights.values())
        return self.adversity.repair() or self.random.choices(self._kinds, weights)[0]()

    # Traders

    def _trade(self) -> list[Action]:
        market, account = self._market(), self._free_trader()
        size = self.twin.position(market, account).size
        kinds = [self._increase] if size == 0 else [self._increase, self._reduce, self._flip]
        return self.random.choice(kinds)(market, account)

    def _increase(self, market: int, account: str) -> list[Action]:
        size = self.twin.position(market, account).size
        sign = (1 if size > 0 else -1) if size else self.random.choice((1, -1))
        room = self._room(market, sign)
        delta = sign * self._part(room)
        return self._order(market, account, delta)

    def _reduce(self, market: int, account: str) -> list[Action]:
        size = self.twin.position(market, account).size
        share = self.random.choice((1, 1, 2, 3, 7))
        delta = -(size // share) or -size
        return self._order(market, account, delta)

    def _flip(self, market: int, account: str) -> list[Action]:
        size = self.twin.position(market, account).size
        sign = -1 if size > 0 else 1
        room = self._room(market, sign)
        return self._order(market, account, -size + sign * self._part(room))

    def _room(self, market: int, sign: int) -> int:
        """Return how much one side may still grow, underlying WAD."""
        state = self.twin.market_state(market)
        return state.room_long if sign > 0 else state.room_short

    def _order(self, market: int, account: str, delta: int) -> list[Action]:
        """Return an order with the margin it needs, or more, or all that may leave with it."""
        if delta == 0:
            return self._tick()
        position, quote = (
            self.twin.position(market, account),
            self.twin.account_state(market, account, delta),
        )
        size = position.size + delta
        cost = ceil_div(delta * (quote.fill_price - quote.price), WAD) + quote.order_fee
        left = quote.equity - cost
        required = self._required(market, size, quote.price) if size else 0
        missing = ceil_div(required - left, self.twin.scale)
        leverage = self.random.uniform(1, quote.max_leverage / WAD)
        wanted = int(abs(size) * quote.price / WAD / leverage) - left
        style = self.random.random()
        if style < 0.3:
            assets = max(0, missing + self.random.choice(LEEWAY))
        elif style < 0.4:
            assets = missing + 2  # to or from the brink in one order
        else:
            assets = max(0, missing, wanted // self.twin.scale)
        limit = self.random.choice(
            (0, quote.fill_price, quote.fill_price * (101 if delta > 0 else 99) // 100)
        )
        return self._modify(market, account, assets, delta, limit)

    def _modify(
        self, market: int, account: str, assets: int, delta: int, limit: int = 0, short: int = 0
    ) -> list[Action]:
        """Return the transfer of what is not there yet, less `short`, and the order."""
        actions = []
        if assets > 0:
            unbooked = self.twin.wallets[self.twin.address] - self.twin.cash
            sent = max(0, assets - unbooked) if self.random.random() < 0.8 else assets
            if sent > short:
                actions.append(Action("send", account, (account, sent - short)))
        args = (market, assets, delta, limit, self.random.choice((account, VAULT)))
        return [*actions, Action("modify_position", account, args)]

    def _withdraw(self) -> list[Action]:
        market, account = self._market(), self._free_trader()
        most = self.twin.account_state(market, account).withdrawable // self.twin.scale
        if most == 0:
            return self._deposit()
        return self._modify(market, account, -max(1, self._part(most)), 0)

    def _deposit(self) -> list[Action]:
        assets = int(10 ** self.random.uniform(0, 6) * (WAD // self.twin.scale))
        return [self._by(self._free_trader(), "deposit_margin", self._market(), assets)]

    # Keepers

    def _flag(self) -> list[Action]:
        due = [
            (market, account) for market, account in self._held() if self._is_due(market, account)
        ]
        if not due:
            return self._tick() if self.random.random() < 0.9 else self._invalid()
        return [self._by(self.random.choice(KEEPERS), "flag", *self.random.choice(due))]

    def _liquidate(self) -> list[Action]:
        flagged = [pair for pair in self._held() if self.twin.position(*pair).flagged]
        if not flagged:
            return self._flag()
        return [self._by(self.random.choice(KEEPERS), "liquidate", *self.random.choice(flagged))]

    def _brink(self) -> list[Action]:
        """Bring an account that is due exactly to a bound, then flag and liquidate, or reduce."""
        due = [pair for pair in self._held() if self._is_due(*pair)]
        if not due:
            return self._tick()
        market, account = self.random.choice(due)
        venue, state = self.twin.markets[market], self.twin.account_state(market, account)
        if self.random.random() < 0.5:
            delta = -state.size // self.random.choice((2, 3, 9))
            quote = self.twin.account_state(market, account, delta)
            cost = ceil_div(delta * (quote.fill_price - quote.price), WAD) + quote.order_fee
            bound = venue.maintenance(state.size + delta, state.price) + cost
            assets = max(
                0, (bound - state.equity) // self.twin.scale + self.random.randrange(-1, 2)
            )
            return self._modify(market, account, assets, delta) if delta else self._tick()
        keeper, least = self.random.choice(KEEPERS), venue.config.min_margin
        bound = self.random.choice((state.maintenance, state.maintenance + 1, least, least + 1))
        missing = (bound - state.equity) // self.twin.scale
        deposit = [self._by(account, "deposit_margin", market, missing)] if missing > 0 else []
        return [
            *deposit,
            self._by(keeper, "flag", market, account),
            self._by(keeper, "liquidate", market, account),
        ]

    def _claim(self) -> list[Action]:
        return [self._by(self.random.choice(KEEPERS), "claim_keeper_fees", VAULT)]

    # Liquidity providers

    def _add_liquidity(self) -> list[Action]:
        assets = int(10 ** self.random.uniform(-3, 6.5) * (WAD // self.twin.scale))
        provider = self.random.choice((*PROVIDERS, TRADERS[0]))
        return [self._by(provider, "add_liquidity", self._market(), assets, 0)]

    def _remove_liquidity(self) -> list[Action]:
        market, provider = self._market(), self.random.choice(PROVIDERS)
        held = self.twin.lp_shares(market, provider)
        shares = self._part(held // self.random.choice((1, 4, 20))) or 1
        return [self._by(provider, "remove_liquidity", market, shares, 0, VAULT)]

    # The world

    def _tick(self) -> list[Action]:
        return self.adversity.tick()

    def _send(self) -> list[Action]:
        account = self.random.choice(TRADERS)
        return [Action("send", account, (account, self.random.randrange(1, 10**9)))]

    def _adversity(self) -> list[Action]:
        return self.adversity.draw()

    def _invalid(self) -> list[Action]:
        """Return a call that is refused, or would be but for chance."""
        market, account = self._market(), self.random.choice(TRADERS)
        kinds = (self._bad_order, self._bad_amount, self._bad_keeper, self._bad_provider)
        return self.random.choice(kinds)(market, account)

    def _bad_order(self, market: int, account: str) -> list[Action]:
        size = self.twin.position(market, account).size
        sign = self.random.choice((1, -1))
        quote = self.twin.account_state(market, account, sign * WAD)
        required = self._required(market, size or WAD, quote.price)
        short = ceil_div(required - quote.equity, self.twin.scale) - self.random.randrange(3)
        most = quote.withdrawable // self.twin.scale
        delta, assets, limit = self.random.choice(
            (
                (sign * WAD, short, 0),
                (sign * (self._room(market, sign) + 1), 10**14, 0),
                (sign * (3 * quote.skew_scale), 10**14, 0),
                (sign * WAD, 10**9, max(1, quote.fill_price - sign)),
                (-size, -(10**7), 0),
                (-size, -(2**95) - 1, 0),
                (sign * (2**95 + 1), 0, 0),
                (0, -most - 1, 0),
                (0, 0, 0),
                (-2 * size, -1, 0),
                (sign, 0, 0),
            )
        )
        return self._modify(market, account, assets, delta, limit, self.random.choice((0, 0, 1)))

    def _bad_amount(self, market: int, account: str) -> list[Action]:
        twin = self.twin
        balance = twin.wallets[account]
        return self.random.choice(
            (
                [self._by(account, "deposit_margin", market, 0)],
                [self._by(account, "deposit_margin", market, 2**95 + 1)],
                [self._by(account, "deposit_margin", market, min(balance + 1, 2**95))],
                [self._by(account, "deposit_margin", market, min(balance, 2**89))],
                [self._by(PAUPER, "deposit_margin", market, 1)],
                [self._by(account, "deposit_margin", self.random.choice((2, 31, 32, 2**200)), 1)],
                self._modify(market, account, balance + 1 - 10**6, 0, short=balance),
                self._modify(self.random.choice((2, 32)), account, -1, 0),
                [self._by(account, "modify_position", market, -1, 0, 0, twin.address)],
                [self._by(account, "claim_keeper_fees", VAULT)],
                [self._by(self.random.choice(KEEPERS), "claim_keeper_fees", "0x" + "00" * 20)],
            )
        )

    def _bad_keeper(self, market: int, account: str) -> list[Action]:
        verb = self.random.choice(("flag", "liquidate"))
        market = self.random.choice((market, market, market, 7))
        return [self._by(self.random.choice(KEEPERS), verb, market, account)]

    def _bad_provider(self, market: int, account: str) -> list[Action]:
        provider = self.random.choice(PROVIDERS)
        held = self.twin.lp_shares(market, provider)
        return self.random.choice(
            (
                [self._by(provider, "remove_liquidity", market, held + 1, 0, VAULT)],
                [self._by(provider, "remove_liquidity", market, 0, 0, VAULT)],
                [self._by(provider, "remove_liquidity", market, held, 0, VAULT)],
                [self._by(provider, "remove_liquidity", market, 1, 0, VAULT)],
                [self._by(provider, "remove_liquidity", market, held // 9, 2**100, VAULT)],
                [self._by(provider, "remove_liquidity", market, held // 99, 0, self.twin.address)],
                [self._by(provider, "add_liquidity", market, 0, 0)],
                [self._by(provider, "add_liquidity", market, 1, 2**127)],
                [self._by(provider, "add_liquidity", market, 2**95 + 1, 0)],
                [self._by(provider, "add_liquidity", market, 2**89, 0)],
                [self._by(PAUPER, "add_liquidity", market, 10**9, 0)],
                [self._by(account, "add_liquidity", 5, 10**9, 0)],
            )
        )

    # Helpers

    def _by(self, caller: str, verb: str, *args: object) -> Action:
        return Action(verb, caller, args)

    def _market(self) -> int:
        return self.random.randrange(2)

    def _free_trader(self) -> str:
        """Return a trader that is not flagged anywhere, if the first few tries find one."""
        for _ in range(4):
            account = self.random.choice(TRADERS)
            if not any(self.twin.position(market, account).flagged for market in (0, 1)):
                break
        return account

    def _held(self) -> list[tuple[int, str]]:
        return [
            (market, account)
            for market in (0, 1)
            for account in TRADERS
            if self.twin.position(market, account).size
        ]

    def _is_due(self, market: int, account: str) -> bool:
        state = self.twin.account_state(market, account)
        usable = state.oracle_fault is Fault.VALID and state.status is not MarketStatus.PAUSED
        return usable and not state.flagged and state.equity <= state.maintenance

    def _required(self, market: int, size: int, price: int) -> int:
        """Return the least margin (quote WAD) an increase must leave with a position of `size`."""
        venue = self.twin.markets[market]
        initial = maths.initial_margin(size, price, venue.config.max_leverage)
        return max(initial, venue.config.min_margin, venue.maintenance(size, price) + 1)

    def _part(self, whole: int) -> int:
        """Return a part of a whole: now and then all of it, mostly little, of odd size."""
        if self.random.random() < 0.07:
            return whole
        return int(whole * self.random.random() ** 3 * 0.6) + (whole > 10**6) * 7
