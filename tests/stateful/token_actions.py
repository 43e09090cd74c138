"""Draws actions around tokens: flows of every size, keepers, attackers, and what they meet."""

from __future__ import annotations

from random import Random

from steelyard.model.arithmetic import Revert, ceil_div
from steelyard.model.exchange import DAY, WAD
from steelyard.model.policy import Obstacle, Trigger
from steelyard.model.token import LeveragedToken, Phase
from steelyard.model.venue.states import ZERO_ADDRESS
from tests.stateful.actions import Generator
from tests.stateful.token_adversity import TokenAdversity
from tests.stateful.token_world import FEES, OWNERS, TokenWorld, is_alive
from tests.stateful.world import KEEPERS, OWNER, PAUPER, TRADERS, VAULT, Action

LEVELS = (0.3, 0.5, 0.8, 1.0, 1.2, 1.34, 1.4, 1.7, 2.0, 3.0, 6.0, 30.0, 10_000.0)
"""Times its target: leverage to which a price brings a token."""

NO_AMOUNTS = (0, 2**96, 2**103 + 1, 2**200, 2**256 - 1)


class TokenGenerator(Generator):
    """Draws the next actions from the state of the twins."""

    weights = {
        "deposit_shares": 14,
        "mint_shares": 8,
        "redeem_shares": 12,
        "withdraw_assets": 8,
        "rebalance": 16,
        "transfer": 3,
        "allowance": 3,
        "fees": 2,
        "factory": 3,
        "end": 0.5,
        "donate": 1,
        "relever": 4,
        "crash": 0.8,
        "reopen": 2,
        "trade": 9,
        "withdraw": 1,
        "deposit": 1,
        "tick": 10,
        "flag": 3,
        "liquidate": 4,
        "claim": 0.3,
        "add_liquidity": 0.5,
        "remove_liquidity": 0.5,
        "invalid": 1,
        "adversity": 4,
    }

    def __init__(self, world: TokenWorld, random: Random) -> None:
        """Read the twins of `world`, which the actions move on; `random` decides everything."""
        self.world = world
        super().__init__(world, random)

    def _adverse(self, world: TokenWorld) -> TokenAdversity:
        return TokenAdversity(world, self.random)

    # Flows

    def _deposit_shares(self) -> list[Action]:
        index, token = self._token()
        caller, receiver = self._caller(), self._receiver()
        most, unit = token.max_deposit, WAD // self.twin.scale
        if most == 0 and self.random.random() < 0.7:
            return self._unblock(token)
        assets = self._amount(most, 10 * unit, min(self._sum(), most // 2 or WAD))
        bound = self._bound(lambda: token.preview_deposit(assets), up=False)
        return [self._by(caller, "deposit", index, assets, receiver or caller, *bound)]

    def _mint_shares(self) -> list[Action]:
        index, token = self._token()
        caller, receiver = self._caller(), self._receiver()
        most, per_share = token.max_mint, max(1, token.convert_to_assets(WAD))
        if most == 0 and self.random.random() < 0.7:
            return self._unblock(token)
        least = ceil_div(10 * WAD // self.twin.scale * WAD, per_share)
        usual = min(self._sum() * WAD // per_share, most // 2 or WAD)
        shares = self._amount(most, least, usual)
        bound = self._bound(lambda: token.preview_mint(shares), up=True)
        return [self._by(caller, "mint", index, shares, receiver or caller, *bound)]

    def _redeem_shares(self) -> list[Action]:
        index, token = self._token()
        owner, caller = self._owner(token)
        most, balance = token.max_redeem(owner), token.ledger.balances[owner]
        shares = self._amount(self.random.choice((most, balance)), 1, self._part(balance))
        if self.random.random() < 0.1:
            shares = min(balance, self._down_to_the_least(token))
        bound = self._bound(lambda: token.preview_redeem(shares), up=False)
        receiver = self._receiver() or owner
        return [self._by(caller, "redeem", index, shares, receiver, owner, *bound)]

    def _down_to_the_least(self, token: LeveragedToken) -> int:
        """Return the shares that leave about what a position needs: a little less closes it."""
        case = token.case
        left = case.least + int(self.random.choice((0, 1, -1, 5, -50)) * self.random.random() * WAD)
        return max(0, case.vault.equity - left) * case.shares // max(1, case.vault.equity)

    def _withdraw_assets(self) -> list[Action]:
        index, token = self._token()
        owner, caller = self._owner(token)
        most = token.max_withdraw(owner)
        assets = self._amount(most, 1, self._part(most))
        bound = self._bound(lambda: token.preview_withdraw(assets), up=True)
        receiver = self._receiver() or owner
        return [self._by(caller, "withdraw", index, assets, receiver, owner, *bound)]

    def _unblock(self, token: LeveragedToken) -> list[Action]:
        """Return what brings a token's leverage back to where minting is open."""
        if token.rebalance_status.trigger != Trigger.NOTHING and self.random.random() < 0.7:
            return self._rebalance()
        return self._relevered(token, self.random.uniform(0.8, 1.2))

    def _amount(self, most: int, least: int, usual: int) -> int:
        """Return an amount: as a rule a usual one, else one at a limit or beyond all."""
        style = self.random.random()
        if style < 0.62:
            return usual
        if style < 0.74:
            return most
        if style < 0.80:
            return most + self.random.choice((1, 1, 2, 10**6))
        if style < 0.90:
            return max(0, least + self.random.choice((0, 0, 1, -1)))
        if style < 0.96:
            return self.random.choice((1, 2, 1_000, 10**9))
        return self.random.choice(NO_AMOUNTS)

    def _bound(self, preview: object, up: bool) -> list[int]:
        """Return a slippage bound, or none: from tight to absurd; `up` if it is a most."""
        style = self.random.random()
        if style < 0.5:
            return []
        try:
            exact = preview()  # type: ignore[operator]
        except Revert:
            exact = 10**20
        slack = self.random.choice((0, 0, 0, 1, -1, exact // 200))
        if style < 0.9:
            return [max(0, exact + slack if up else exact - slack)]
        return [self.random.choice((0, 1, 2**255))]

    def _sum(self) -> int:
        """Return collateral that somebody might bring: 10 to 300,000, of odd size."""
        whole = 10 ** self.random.uniform(1, 5.5)
        return int(whole * (WAD // self.twin.scale)) + self.random.randrange(7)

    # Who

    def _token(self) -> tuple[int, LeveragedToken]:
        """Return a token and its index, as a rule one that is not dead."""
        tokens = self.world.token_twins
        alive = [index for index in (0, 0, 1, 1, 2) if is_alive(tokens[index])]
        index = self.random.choice(alive if alive and self.random.random() < 0.97 else (0, 1, 2))
        return index, tokens[index]

    def _caller(self) -> str:
        return PAUPER if self.random.random() < 0.01 else self.random.choice(TRADERS)

    def _owner(self, token: LeveragedToken) -> tuple[str, str]:
        """Return whose shares to redeem, and who calls."""
        holders = [
            holder
            for holder, shares in token.ledger.balances.items()
            if shares and holder in OWNERS and holder != OWNER
        ]
        owner = self.random.choice(holders) if holders else self.random.choice(TRADERS)
        if self.random.random() < 0.9:
            return owner, owner
        allowed = [
            spender
            for (of, spender) in token.ledger.allowances
            if of == owner and spender in OWNERS
        ]
        return owner, self.random.choice([*allowed, self.random.choice(TRADERS)])

    def _receiver(self) -> str:
        """Return who gets it, mostly nobody else."""
        if self.random.random() < 0.85:
            return ""
        others = (ZERO_ADDRESS, self.twin.address, FEES, VAULT, *TRADERS[:4], *KEEPERS)
        tokens = [token.address for token in self.world.token_twins]
        return self.random.choice((*others, *tokens))

    # Shares

    def _transfer(self) -> list[Action]:
        index, token = self._token()
        owner, _ = self._owner(token)
        balance = token.ledger.balances[owner]
        amount = self.random.choice((balance, balance // 2, 1, 0, balance + 1, self._part(balance)))
        receiver = self._receiver() or self.random.choice(TRADERS)
        return [self._by(owner, "transfer", index, receiver, amount)]

    def _allowance(self) -> list[Action]:
        index, token = self._token()
        owner, _ = self._owner(token)
        allowances = token.ledger.allowances
        spenders = [
            spender
            for (of, spender), left in allowances.items()
            if of == owner and left and spender in OWNERS
        ]
        balance = token.ledger.balances[owner]
        if spenders and self.random.random() < 0.5:
            spender = self.random.choice([*spenders, self.random.choice(TRADERS)])
            allowed = min(allowances[owner, spender], balance)
            amount = self.random.choice((allowed, allowed // 2, allowed + 1))
            receiver = self._receiver() or spender
            return [self._by(spender, "transferFrom", index, owner, receiver, amount)]
        amount = self.random.choice((0, 1, balance, 2 * balance, 2**256 - 1))
        spender = self._receiver() or self.random.choice(TRADERS)
        return [self._by(owner, "approve", index, spender, amount)]

    # Keepers

    def _rebalance(self) -> list[Action]:
        """Return a rebalance, as a rule of a token that needs one, after its wait."""
        tokens = [self._token() for _ in range(3)]
        due = [pair for pair in tokens if pair[1].rebalance_status.trigger != Trigger.NOTHING]
        if not due and self.random.random() < 0.7:
            return self._relever()
        index, token = self.random.choice(due if due and self.random.random() < 0.9 else tokens)
        status, keeper = token.rebalance_status, self.random.choice((*KEEPERS, *TRADERS[:2]))
        actions = []
        if status.obstacle == Obstacle.COOLDOWN and self.random.random() < 0.8:
            actions.append(Action("warp", "", (status.ready_at - self.twin.now,)))
        reward = status.reward // self.twin.scale
        options: tuple[tuple[object, ...], ...] = (
            (),
            (),
            (reward,),
            (0, self._receiver() or VAULT),
            (reward + 1, keeper),
        )
        return [*actions, self._by(keeper, "rebalance", index, *self.random.choice(options))]

    def _held(self) -> list[tuple[int, str]]:
        """Return accounts that may be liquidated: tokens first."""
        tokens = [
            (token.market, token.address)
            for token in self.world.token_twins
            if token.case.state.size
        ]
        due = [pair for pair in tokens if self._is_due(*pair) or self.twin.position(*pair).flagged]
        return due if due and self.random.random() < 0.9 else super()._held()

    # Prices

    def _tick(self) -> list[Action]:
        if self.random.random() < 0.05:
            return [Action("warp", "", (self._until_boundary(),)), *self.adversity.tick()]
        return self.adversity.tick()

    def _until_boundary(self) -> int:
        """Return the time to a random moment in the next daily window, seconds."""
        return (120 - self.twin.now) % DAY + self.random.randrange(7_200)

    def _relever(self) -> list[Action]:
        _, token = self._token()
        return self._relevered(token, self.random.choice(LEVELS[:9]))

    def _relevered(self, token: LeveragedToken, level: float) -> list[Action]:
        gap = Action("warp", "", (self.random.choice((1, 12, 60, 600)),))
        moved = self.adversity.relever(token, level * token.terms.target / WAD)
        now = self.twin.now + gap.args[0]
        dated = [
            Action(action.verb, "", (*action.args[:2], now))
            for action in moved
            if action.verb == "push_at"
        ]
        return [gap, *dated]

    def _crash(self) -> list[Action]:
        """Bring a token to the brink or beyond, and have it liquidated."""
        _, token = self._token()
        actions = self._relevered(token, self.random.choice(LEVELS[8:]))
        keeper, account = self.random.choice(KEEPERS), (token.market, token.address)
        calls = [self._by(keeper, "flag", *account), self._by(keeper, "liquidate", *account)]
        return actions + calls[: self.random.randrange(3)]

    def _reopen(self) -> list[Action]:
        """Mint where a liquidation has left something."""
        left = [
            (index, token)
            for index, token in enumerate(self.world.token_twins)
            if token.case.is_remainder or (token.case.is_wiped and token.case.vault.equity)
        ]
        if not left:
            return self._rebalance()
        index, token = self.random.choice(left)
        unit, caller = WAD // self.twin.scale, self._caller()
        missing = token.case.least // self.twin.scale - token.total_assets
        assets = self.random.choice((missing + unit, missing + 2, missing, token.max_deposit))
        if self.random.random() < 0.5:
            return [self._by(caller, "deposit", index, max(assets, 10 * unit), caller)]
        shares = token.convert_to_shares(max(assets, 10 * unit))
        return [self._by(caller, "mint", index, shares, caller)]

    # Factory, fees and the end

    def _fees(self) -> list[Action]:
        index, _ = self._token()
        return [self._by(self._caller(), "claim_fees", index)]

    def _factory(self) -> list[Action]:
        index, _ = self._token()
        if self.random.random() < 0.75:
            return self.adversity.configure(index)
        caller = OWNER if self.random.random() < 0.9 else self._caller()
        until = self.random.choice((0, self.twin.now, self.twin.now + 3 * DAY))
        return [self._by(caller, "pause_mint", index, until)]

    def _end(self) -> list[Action]:
        index, token = self._token()
        caller = self._caller()
        if token.terms.phase is Phase.WIND_DOWN or self.random.random() < 0.2:
            return [self._by(caller, "settle", index)]
        if self.random.random() < 0.1:
            return [self._by(self.random.choice((OWNER, caller)), "seed", index, 10**9, WAD)]
        return [self._by(self.random.choice((OWNER, caller)), "wind_down", index)]

    def _donate(self) -> list[Action]:
        index, _ = self._token()
        if self.random.random() < 0.5:
            return self._send()
        caller = self.random.choice(TRADERS)
        return [Action("donate", "", (caller, index, self.random.choice((1, 10**6, 10**12))))]

    # Background

    def _room(self, market: int, sign: int) -> int:
        """Return less than there is room for, as a rule: the skew is to stay within a bound."""
        room = super()._room(market, sign)
        return room if self.random.random() < 0.05 else room // 30
