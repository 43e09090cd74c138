"""What must hold of tokens after every step: the ten invariants of docs/protocol.md, section 10.

Checked on the twins, which every step compares with the bytecode. 1 is of the exchange, see
invariants.py; parts of 3, 4, 5 and 8 ask what would happen next, see token_probes.py.

Tolerances. U is one unit of collateral in quote WAD, A an amount of money that a flow names.

- What leaves or enters is a whole number of units: U. A deposit or withdrawal stops searching when
  U + 1e-15 A is left (PRECISION of shares.py), or when the next share-wei is too much: worth E/S,
  and its trade, q/S and a wei of underlying by rounding, no further off the price P than P itself.
  Among share-wei that pay nothing a withdrawal searches in steps of DUST_STEP.
  The venue floors PnL, ceils fills and fees: each within a wei of the formula, so a few wei (WEI).
- A trade is rounded to 1 wei of underlying, toward zero on the way in, away from it on the way out.
- Without a fee receiver the shares that traded are only known to a share-wei, from those minted or
  burned: what one is worth (E/S) and weighs (q/S) comes on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Any

from steelyard.model.arithmetic import ceil_div
from steelyard.model.exchange import WAD, AccountState, MarketStatus
from steelyard.model.leverage import YEAR, cost, fill_price, leverage
from steelyard.model.policy import Decision, Trigger
from steelyard.model.policy.case import least_equity
from steelyard.model.shares import DUST_STEP, PRECISION
from steelyard.model.token import LeveragedToken, Phase
from steelyard.model.token.case import market_of
from tests.stateful.token_world import FLOWS, TOKEN_VERBS, TokenWorld
from tests.stateful.world import Action, Violation

WEI = 4
MOST_FEE = WAD // 100
"""The cap of an entry or exit fee, WAD."""


@dataclass(frozen=True)
class Seen:
    """A token at a moment."""

    now: int
    state: AccountState
    shares: int  # S
    supply: int
    owed: int
    wallet: int  # collateral that lies in the token, collateral decimals
    settlement: tuple[int, int]
    phase: Phase
    rate: int  # of the management fee, WAD
    age: int  # since owed shares were recorded, seconds

    @property
    def equity(self) -> int:
        return self.state.equity

    @property
    def size(self) -> int:
        return self.state.size

    @property
    def moment(self) -> tuple[object, ...]:
        """What makes two states comparable: time and price."""
        return self.now, self.state.price, self.state.oracle_fault

    @property
    def held(self) -> tuple[object, ...]:
        """What only a token's own verbs, and its liquidation, may change."""
        return self.equity, self.size, self.shares, self.supply, self.settlement, self.phase


def see(token: LeveragedToken) -> Seen:
    """Look at a token."""
    ledger = token.ledger
    return Seen(
        now=token.now,
        state=token.case.state,
        shares=token.shares,
        supply=ledger.supply,
        owed=token.owed_shares,
        wallet=token.exchange.wallets[token.address],
        settlement=token.settlement,
        phase=token.terms.phase,
        rate=token.terms.fee_rate,
        age=token.now - ledger.accrued_at,
    )


class Invariants:
    """Checks tokens step by step, and remembers which of them are dead."""

    def __init__(self, world: TokenWorld) -> None:
        """Watch a world from the start of an episode."""
        self.world = world
        self.dead: set[int] = set()
        self.seen = [see(token) for token in world.token_twins]

    def check(self, action: Action, succeeded: bool, result: Any) -> None:
        """Raise Violation for the first invariant that a step has broken."""
        for index, token in enumerate(self.world.token_twins):
            was, now = self.seen[index], see(token)
            self.seen[index] = now
            try:
                _supply(token)
                _equity(token, now)
                _fees(was, now)
                self._ended(index, token, was, now)
                _collateral(token, action, was, now)
                self._changes(index, action, succeeded, result, was, now)
            except Violation as violation:
                raise Violation(f"token {index}: {violation}") from violation

    def _changes(
        self, index: int, action: Action, succeeded: bool, result: Any, was: Seen, now: Seen
    ) -> None:
        """Check what a step may change, where time and price are as before it."""
        if was.moment != now.moment:
            return
        token = self.world.token_twins[index]
        own = succeeded and action.verb in TOKEN_VERBS and action.args[0] == index
        if own and action.verb in FLOWS:
            if was.phase is not Phase.CLOSED:
                Flow(token, action, result, was, now).check()
        elif own and action.verb == "rebalance":
            _rebalanced(token, self.world.decided, result, was, now)
        elif own and action.verb == "settle":
            _settled(token, result, was, now)
        elif own and action.verb == "wind_down":
            hold((now.equity, now.shares) == (was.equity, was.shares), 2, "untouched by the end")
        elif own and action.verb in ("claim_fees", "configure"):
            kept = (now.equity, now.size, now.shares) == (was.equity, was.size, was.shares)
            hold(kept, 2, "S and E untouched by fees", f"{now.shares - was.shares}")
        elif not _is_taken(action, token):
            detail = f"{was.held} -> {now.held}"
            hold(now.held == was.held, 6, "nothing else moves a token", detail)

    def _ended(self, index: int, token: LeveragedToken, was: Seen, now: Seen) -> None:
        """Check what stays as it is for ever."""
        if index in self.dead:
            hold(now.size == 0 and now.equity == 0, 10, "the wiped stay wiped", now.equity)
        if now.size == 0 and now.equity == 0:
            self.dead.add(index)
        if was.phase is Phase.CLOSED:
            hold(now.settlement == was.settlement, 10, "the rate stays")
            left = token.convert_to_assets(now.shares)
            hold(now.wallet >= left, 10, "settled shares are backed", f"{now.wallet} < {left}")
        hold(now.phase >= was.phase, 10, "no phase comes back")


def is_closing(state: AccountState, shares: int, traded: int) -> bool:
    """Return whether redeeming `traded` of all shares leaves less than the venue can keep open."""
    left = state.equity - state.equity * traded // shares
    return traded == shares or left < least_equity(state)


def share_step(state: AccountState, shares: int) -> int:
    """Return the most that one share-wei more or less makes of a flow, quote WAD; see above."""
    traded = abs(state.size) // shares + 1
    return max(0, state.equity) // shares + traded * state.price // WAD + 2


def hold(condition: bool, number: int, name: str, detail: object = "") -> None:
    """Raise Violation unless an invariant holds."""
    if not condition:
        raise Violation(f"invariant {number} ({name}): {detail}")


def _supply(token: LeveragedToken) -> None:
    ledger = token.ledger
    total = sum(ledger.balances.values())
    hold(total == ledger.supply, 4, "balances add up", total - ledger.supply)
    hold(min(ledger.balances.values(), default=0) >= 0, 4, "no balance below zero")


def _equity(token: LeveragedToken, now: Seen) -> None:
    """Check that equity is the venue's own: margin and what the position has earned since."""
    venue = token.exchange.markets[token.market]
    position, price = venue.position(token.address), now.state.price
    if price == 0 or now.phase is Phase.CLOSED:
        return
    mark = venue.accrued(price, now.now).mark(price)
    equity = position.margin + position.size * (mark - position.basis) // WAD
    hold(now.equity == equity, 7, "E is the exchange's own figure", now.equity - equity)
    shown = max(0, equity) // token.exchange.scale
    hold(token.total_assets == shown, 7, "totalAssets shows E", token.total_assets)


def _collateral(token: LeveragedToken, action: Action, was: Seen, now: Seen) -> None:
    """Check that nothing but a gift or the settlement moves collateral that lies in the token."""
    given = action.verb == "donate" or token.address in action.args
    if not given and Phase.CLOSED not in (was.phase, now.phase):
        hold(now.wallet == was.wallet, 7, "no collateral stays in the token", action)


def _fees(was: Seen, now: Seen) -> None:
    """Check that time alone makes S grow by e^(rate t), however often it was touched.

    The Taylor series leaves x^5 / 120 out, x = rate times the time since the last touch; every
    growth is rounded down by less than 1e-17.
    """
    if now.now == was.now:
        return
    with localcontext() as context:
        context.prec = 60
        elapsed = Decimal(now.now - was.now)
        expected = (Decimal(was.rate) * elapsed / YEAR / WAD).exp()
        x = Decimal(was.rate) * Decimal(max(now.age, was.age + now.now - was.now)) / YEAR / WAD
        error = abs(Decimal(now.shares) / Decimal(was.shares) - expected)
        tolerance = x**5 / 100 + Decimal(10) ** -16 + 2 / Decimal(was.shares)
    hold(error <= tolerance, 9, "S grows by the fee rate", error)


def _is_taken(action: Action, token: LeveragedToken) -> bool:
    """Return whether a step is the venue's liquidation of the token, or changes what it charges."""
    closing = ("liquidate", "deleverage")
    return action.verb == "close_market" or (
        action.verb in closing and tuple(action.args[:2]) == (token.market, token.address)
    )


def _rebalanced(
    token: LeveragedToken, decided: Decision, reward: int, was: Seen, now: Seen
) -> None:
    """Check a rebalance against what the rules allow it."""
    rules, price, aim = token.rules, was.state.price, decided.aim
    before = leverage(was.size, price, was.equity)
    after = leverage(now.size, price, now.equity)
    traded, paid = abs(now.size - was.size), reward * token.exchange.scale
    hold(now.shares == was.shares, 5, "shares untouched")
    hold(now.size - was.size == decided.size_delta, 5, "trades what the status says")
    hold(reward == decided.reward // token.exchange.scale, 5, "pays what the status says")
    hold(abs(after - aim) < abs(before - aim), 5, "strictly closer to the aim", after)
    past = before > aim and after < aim - aim // 1_000 or before <= aim and after > aim * 1.001
    hold(decided.trigger is Trigger.EMERGENCY or not past, 5, "not past the aim", after)
    grows = abs(now.size) > abs(was.size)
    refused = grows and was.state.status is not MarketStatus.ACTIVE
    hold(not refused, 5, "no increase while reduce-only")
    rate = max(was.state.maker_fee, was.state.taker_fee)
    worst = max(price, decided.price_limit)
    fee = ceil_div(traded * worst * rate, WAD * WAD)
    bound = fee + traded * abs(decided.price_limit - price) // WAD + WEI
    cost = was.equity - now.equity - paid
    hold(cost <= bound, 5, "costs no more than fee and bound", f"{cost} > {bound}")
    hold(decided.slippage <= rules.emergency_slippage, 5, "the bound is in its bound")
    cap = rules.max_rate
    if decided.trigger is not Trigger.EMERGENCY:
        cap = min(cap, rules.max_reward * WAD // max(before, rules.target))
    most = traded * price // WAD * cap // WAD
    hold(paid <= most, 5, "the reward is within its caps", f"{paid} > {most}")


def _settled(token: LeveragedToken, assets: int, was: Seen, now: Seen) -> None:
    hold(was.size == 0 and now.equity < token.exchange.scale, 10, "all equity is settled")
    hold(now.settlement == (assets, was.shares), 10, "for all shares, owed ones too")
    hold(now.wallet - was.wallet == assets, 7, "settled assets lie in the token")


class Flow:
    """One deposit, mint, redemption or withdrawal, and what it did to everybody else."""

    def __init__(
        self, token: LeveragedToken, action: Action, result: int, was: Seen, now: Seen
    ) -> None:
        """Take what was called and what came of it."""
        verb, named = action.verb, action.args[1]
        self.token, self.verb, self.was, self.now = token, verb, was, now
        self.unit = token.exchange.scale
        self.enters = verb in ("deposit", "mint")
        by_assets = verb in ("deposit", "withdraw")
        self.assets, self.shares = (named, result) if by_assets else (result, named)
        step = share_step(was.state, was.shares) * (DUST_STEP if verb == "withdraw" else 1)
        self.searched = self.assets * self.unit // PRECISION + step if by_assets else 0
        self.traded = self._traded()

    def check(self) -> None:
        """Check that nobody else's part of equity and position has changed."""
        was, now = self.was, self.now
        hold(now.equity * was.shares >= was.equity * now.shares, 2, "NAV per share falls never")
        self._check_value()
        if was.size == 0:
            self._check_opened()
        elif now.size == 0:
            self._check_closed()
        else:
            self._check_position()
        if self.enters:
            least = least_equity(was.state)
            hold(now.equity >= least, 2, "a mint leaves what a position needs", now.equity)

    def _traded(self) -> tuple[int, int]:
        """Return the least and the most shares that may have traded."""
        was, now, terms, n = self.was, self.now, self.token.terms, self.shares
        sign = 1 if self.enters else -1
        hold(now.supply - was.supply == sign * n, 4, "exactly these shares are minted or burned")
        fee = terms.mint_fee if self.enters else terms.redeem_fee
        if terms.fees_on:
            owed = now.owed - was.owed
            most = ceil_div(n * fee, WAD) + 2
            hold(0 <= owed <= most and fee <= MOST_FEE, 9, "the fee is within its cap", owed)
            return n + sign * owed, n + sign * owed
        hold(now.owed == was.owed, 9, "no fee without a receiver", now.owed - was.owed)
        if self.enters:
            return n, (n + 1) * (WAD + fee) // WAD + 1
        return max(0, (n - 1) * (WAD - fee) // WAD), n * (WAD - fee) // WAD

    def _check_value(self) -> None:
        """Check that the flow moved E n/S, and rounding went against the caller alone."""
        was, now = self.was, self.now
        least, most = self.traded
        if self.enters:
            part = ceil_div(was.equity * (was.shares + least), was.shares)
        else:
            part = ceil_div(was.equity * (was.shares - most), was.shares)
        gain = now.equity - part
        hold(gain >= 0, 2, "rounding is never against others", gain)
        known = was.equity * (most - least) // was.shares + 1
        tolerance = self.unit + self.searched + known + WEI
        if not self.enters and now.size == 0:
            tolerance += self._closing_credit()
        hold(gain <= tolerance, 2, "nothing above rounding stays behind", f"{gain} > {tolerance}")

    def _closing_credit(self) -> int:
        """Return how much less closing all costs than the part alone, quote WAD."""
        was = self.was
        market = market_of(was.state)
        part = ceil_div(was.size * self.traded[1], was.shares)
        costs = [cost(market, -d, fill_price(market, -d)) if d else 0 for d in (part, was.size)]
        return max(0, costs[0] - costs[1])

    def _check_position(self) -> None:
        """Check that the position has changed by exactly q n/S, to a wei."""
        was, now = self.was, self.now
        size, least, most = abs(was.size), *self.traded
        moved = abs(now.size) - size if self.enters else size - abs(now.size)
        hold((was.size > 0) == (now.size > 0), 2, "the side stays")
        if self.enters:
            low, high = size * least // was.shares, size * most // was.shares
        else:
            low, high = ceil_div(size * least, was.shares), ceil_div(size * most, was.shares)
        hold(low <= moved <= high, 2, "leverage of others stays", f"{low} <= {moved} <= {high}")

    def _check_opened(self) -> None:
        """Check that a mint of a remainder opens the position at T, and nothing else opens one."""
        was, now, target = self.was, self.now, self.token.terms.target
        if not self.enters:
            hold(now.size == 0, 2, "a redemption opens no position")
            return
        remains = WAD <= was.equity < least_equity(was.state)
        hold(remains, 2, "only a remainder is opened by a mint", was.equity)
        level = leverage(now.size, was.state.price, now.equity)
        hold(abs(level - target) <= target // 1_000, 2, "opened at the target", level)

    def _check_closed(self) -> None:
        """Check that only a redemption that leaves too little closes the position."""
        was, (least, _) = self.was, self.traded
        closes = is_closing(was.state, was.shares, least)
        hold(closes and not self.enters, 2, "only what is too little is closed", least)
