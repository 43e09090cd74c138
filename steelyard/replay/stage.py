"""The chain that the bytecode engine plays on: one venue, one market, one token.

Everything is deployed as ever, by `deploy_system`; only the calls are raw where every bar makes
them, for decoding whole structs takes longer than what they come from.

A price alone changes nothing that lasts: a bar in which nothing else happens is undone when it is
over (`open_bar`, `close_bar`), and leaves nothing in pyrevm's journal. What does last is carried to
a new machine now and then, see `steelyard.replay.carrying`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from steelyard.contract import Contract
from steelyard.deployment import (
    EvmBackend,
    SystemConfig,
    TokenConfig,
    TokenSetup,
    deploy_system,
)
from steelyard.evm import DEPLOYER, Evm, Revert, address
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Rules, Trigger
from steelyard.replay.carrying import Carrier
from steelyard.replay.path import Path
from steelyard.replay.rules import Steelyard
from steelyard.replay.settings import SYMBOL, Settings, SettingsError

KEEPER, HOLDER, FEES = address("keeper"), address("holder"), address("fees")
LIQUIDATION_CAP = "liquidation: cap of this second"
_ROUND = (1 << 64) + 1
TARGETS = 2, 5  # leverage of a token: within the factory's bounds
_MOST_CHUNKS = 1_000

# Where the words of AccountState and Decision are, bytes.
_SIZE, _EQUITY, _MAINTENANCE, _FLAGGED = 96, 128, 224, 256
_OBSTACLE, _READY = 32, 320


class Account(NamedTuple):
    """The token's account, accrued to now.

    Attributes:
        size: q, underlying WAD.
        equity: E, quote WAD.
        maintenance: Margin at or below which it is liquidated, quote WAD.
    """

    size: int
    equity: int
    maintenance: int

    @property
    def is_due(self) -> bool:
        """Whether the venue would liquidate it."""
        return self.size != 0 and self.equity <= self.maintenance


class Status(NamedTuple):
    """What the token's rule says now.

    Attributes:
        trigger: Value of `Trigger`.
        obstacle: Value of `Obstacle`.
        ready_at: When it may be otherwise, seconds; 0 = unknown.
    """

    trigger: int
    obstacle: int
    ready_at: int


class Trade(NamedTuple):
    """A rebalance that was done.

    Attributes:
        trigger: Name.
        size_delta: Underlying WAD.
        fee: Quote WAD.
        reward: Quote WAD.
    """

    trigger: str
    size_delta: int
    fee: int
    reward: int


class _Scripted(EvmBackend):
    """Where tokens obey what is written for them instead of a policy."""

    def deploy(self, name: str, *args: Any) -> Contract:
        """Deploy a contract, see `EvmBackend.deploy`."""
        return super().deploy("ScriptedPolicy" if name == "RebalancePolicy" else name, *args)


class Stage:
    """The chain, its clock, and the calls of a replay.

    Attributes:
        now: Block time, seconds.
        kept: Transactions since the last carrying that were kept.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        """Deploy, and open the token's position at the first price.

        Raises:
            SettingsError: The contracts refuse the settings.
        """
        self.now = int(path.time[0])
        self._evm = Evm(timestamp=self.now)
        market = settings.venue.market(path)
        setup = _token_setup(settings, market.config.skew_scale)
        config = SystemConfig(markets=(market,), tokens=(setup,))
        backend = EvmBackend if settings.is_own else _Scripted
        try:
            system = deploy_system(backend(self._evm), config)
        except Revert as error:
            raise SettingsError(f"the contracts refuse: {error}", "see the bounds") from error
        self.config = market.config
        self._scale = WAD // system.assets(WAD)
        self._usd, self._exchange = system.usd, system.exchange
        self._policy, self._token = system.policy, system.tokens[SYMBOL]
        self._feed = system.markets[SYMBOL].feed
        self._encode()
        self._carrier = Carrier(self._evm)
        self._supply = self._token.totalSupply()
        self.kept = 0

    def _encode(self) -> None:
        """Prepare the calls that every bar makes."""
        token, exchange = self._token, self._exchange
        self._to_exchange, self._to_token = exchange.address, token.address
        self._to_feed = self._feed.address
        self._account_call = exchange.account_state.encode(0, token, 0)
        self._status_call = token.rebalance_status.encode()
        self._owed_call = token.owed_shares.encode()
        self._see_call = self._feed.set_latest_raw.encode(_ROUND, 0, 0, 0, _ROUND)[:36]
        self._see_tail = _ROUND.to_bytes(32, "big")

    # Bars

    def open_bar(self, time: int, answer: int) -> None:
        """Go to a bar and show its price.

        Args:
            time: Unix seconds.
            answer: Of the feed.
        """
        self._checkpoint = self._evm._revm.snapshot()
        self.see(time, answer)

    def close_bar(self, keep: bool) -> None:
        """End a bar.

        Args:
            keep: Whether anything but the price has changed; else the bar is undone.
        """
        if not keep:
            self._evm._revm.revert(self._checkpoint)
            return
        self._evm._revm.commit()
        self.kept += 1

    def carry(self) -> None:
        """Take what has lasted to a new machine: memory is that of a new one again."""
        self._carrier.carry()
        self.kept = 0

    def see(self, time: int, answer: int) -> None:
        """Go to a time and show a price; the same round again, so that rounds take no room.

        Args:
            time: Unix seconds.
            answer: Of the feed.
        """
        self.pass_to(time)
        date = time.to_bytes(32, "big")
        data = self._see_call + answer.to_bytes(32, "big") + date + date + self._see_tail
        self._evm.transact(self._to_feed, data, sender=DEPLOYER)

    def pass_to(self, time: int) -> None:
        """Let time pass at the same price."""
        self.now = time
        self._evm.timestamp = time

    def settle(self, rate: int) -> None:
        """Book funding up to now at the price of now; a rate holds from now on.

        Args:
            rate: WAD per day, positive: longs pay.
        """
        self._exchange.force_funding_rate(0, rate, True, sender=DEPLOYER)

    # Views

    def account(self) -> Account:
        """Return the token's account."""
        data = self._evm.static_call(self._to_exchange, self._account_call)
        return Account(
            int.from_bytes(data[_SIZE : _SIZE + 32], "big", signed=True),
            int.from_bytes(data[_EQUITY : _EQUITY + 32], "big", signed=True),
            int.from_bytes(data[_MAINTENANCE : _MAINTENANCE + 32], "big"),
        )

    def shares(self) -> int:
        """Return all shares, with those owed as fees, 18 decimals."""
        owed = self._evm.static_call(self._to_token, self._owed_call)
        shares: int = self._supply + int.from_bytes(owed, "big")
        return shares

    def status(self) -> Status:
        """Return what the rule says; only of Steelyard's own."""
        data = self._evm.static_call(self._to_token, self._status_call)
        return Status(
            int.from_bytes(data[:32], "big"),
            int.from_bytes(data[_OBSTACLE : _OBSTACLE + 32], "big"),
            int.from_bytes(data[_READY : _READY + 32], "big"),
        )

    # Verbs

    def write(self, aim: int, trigger: Trigger) -> None:
        """Say where the next rebalance of a preset goes.

        Args:
            aim: Leverage WAD.
            trigger: What it is called.
        """
        self._policy.write(aim, trigger, sender=KEEPER)

    def rebalance(self) -> Trade:
        """Trade as the rule says.

        Raises:
            Revert: The token or the venue refuses.
        """
        reward = self._token.rebalance(sender=KEEPER) * self._scale
        (done,) = (log.args for log in self._token.logs("Rebalanced"))
        (order,) = (log.args for log in self._exchange.logs("PositionModified"))
        return Trade(Trigger(done.trigger).name, done.size_delta, order.fee, reward)

    def liquidate(self) -> Account:
        """Flag and liquidate until the account is not due, a second later where a cap says so.

        Returns:
            What is left.
        """
        account = self.account()
        for _ in range(_MOST_CHUNKS):
            if not account.is_due:
                return account
            self._exchange.flag(0, self._token, sender=KEEPER)
            self._close_flagged()
            account = self.account()
        raise SettingsError("a liquidation found no end", "raise liquidation_cap")

    def _close_flagged(self) -> None:
        """Liquidate a flagged account until its flag is gone."""
        while self._exchange.position(0, self._token).flagged:
            try:
                self._exchange.liquidate(0, self._token, sender=KEEPER)
            except Revert as error:
                if error.reason != LIQUIDATION_CAP:
                    raise
                self.pass_to(self.now + 1)

    def flow(self, amount: float) -> None:
        """Let the other holder enter or leave.

        Args:
            amount: Quote; above 0 enters.

        Raises:
            Revert: The token or the venue refuses.
        """
        assets = round(abs(amount) * WAD) // self._scale
        try:
            self._enter_or_leave(amount > 0, assets)
        finally:
            self._supply = self._token.totalSupply()

    def _enter_or_leave(self, enters: bool, assets: int) -> None:
        """Do what `flow` says, in collateral decimals."""
        if enters:
            self._usd.mint(HOLDER, assets, sender=DEPLOYER)
            self._usd.approve(self._token, assets, sender=HOLDER)
            self._token.deposit(assets, HOLDER, sender=HOLDER)
        elif assets >= self._token.maxWithdraw(HOLDER):
            shares = self._token.maxRedeem(HOLDER)
            self._token.redeem(shares, HOLDER, HOLDER, sender=HOLDER)
        else:
            self._token.withdraw(assets, HOLDER, HOLDER, sender=HOLDER)


def _token_setup(settings: Settings, skew_scale: int) -> TokenSetup:
    """Return the token to deploy; a preset's has the widest terms that the factory takes."""
    rule = settings.rule
    rules = rule.rules if isinstance(rule, Steelyard) else widest_rules(rule.target)
    config = TokenConfig(
        rules,
        mint_fee=round(settings.mint_fee * 10**6) * 10**12,
        redeem_fee=round(settings.redeem_fee * 10**6) * 10**12,
        management_fee=round(settings.fee * 10**6) * 10**12 if settings.is_own else 0,
        cap=skew_scale * rules.max_slippage // WAD // 4,
        fee_receiver=FEES,
    )
    return TokenSetup(
        symbol=SYMBOL,
        name="Steelyard replay",
        market=SYMBOL,
        is_long=settings.kind.is_long,
        config=config,
        seed=round(settings.deposit * 10**6) * 10**12,
        initial_nav=round(settings.initial_nav * 10**6) * 10**12,
    )


def widest_rules(target: float) -> Rules:
    """Return rules that only bound whose mints are open: the preset decides all else.

    Args:
        target: Leverage that the preset aims at, 3.0 = 3x; held within TARGETS.
    """
    nearest = round(min(max(target, TARGETS[0]), TARGETS[1]) * 10_000) * 10**14
    highest = min(4 * nearest, 16 * WAD)
    return Rules(
        target=nearest,
        leverage_lo=nearest * 2 // 5 // 10**14 * 10**14 + 10**14,
        leverage_hi=highest,
        emergency_leverage=highest * 5 // 4,
    )
