"""A venue with one market on an in-process chain, tokens on it, and what tests ask of both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import pytest

from steelyard.compiler import compile_contract
from steelyard.contract import ZERO_ADDRESS, Contract
from steelyard.deployment import EvmBackend, SystemConfig, default_market, deploy_system
from steelyard.evm import DEPLOYER, Evm, Revert, address
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.leverage import Market
from steelyard.model.policy import (
    Case,
    Decision,
    Memory,
    Rules,
    decide,
    pack_rules,
    unpack_memory,
    unpack_rules,
)
from steelyard.model.shares import Vault
from steelyard.model.venue.states import AccountState

BP = WAD // 10_000
MICRO = 10**12
LEVERAGE = 10**14
RATE = 10**6
MAX_UINT = 2**256 - 1
MIDNIGHT = 1_700_006_400
NOON = MIDNIGHT + DAY // 2
ACTIVE, REDUCE_ONLY, PAUSED, CLOSED = 1, 2, 4, 8
# Phases of a token.
TRADING, WINDING_DOWN, SETTLED = 1, 2, 4
# -ln(1 - 1 %) a year.
ONE_PERCENT = 10_050_335_854 * RATE

# Terms, low bits first: name, bits, storage unit.
TERMS = (
    ("mint_fee", 14, MICRO),
    ("redeem_fee", 14, MICRO),
    ("fee_rate", 40, RATE),
    ("leverage_lo", 20, LEVERAGE),
    ("leverage_hi", 20, LEVERAGE),
    ("cap", 64, MICRO),
    ("fees_on", 1, 1),
    ("paused_until", 40, 1),
    ("phase", 3, 1),
    ("target", 20, LEVERAGE),
)


def pack_terms(**terms: int) -> int:
    """Return terms in a word; all of them, in the scale of ILeveragedToken.Terms."""
    word = shift = 0
    for name, bits, unit in TERMS:
        field, rest = divmod(terms.pop(name), unit)
        assert rest == 0 and field < 1 << bits, name
        word |= field << shift
        shift += bits
    assert not terms
    return word


def unpack_terms(word: int) -> dict[str, int]:
    """Return the terms in a word."""
    terms = {}
    for name, bits, unit in TERMS:
        terms[name] = (word & (1 << bits) - 1) * unit
        word >>= bits
    return terms


@contextmanager
def reverts(reason: str | None) -> Iterator[None]:
    """Expect a revert with exactly this reason."""
    with pytest.raises(Revert) as refused:
        yield
    assert refused.value.reason == reason


@dataclass(frozen=True)
class _Backend(EvmBackend):
    """The in-process EVM, with another collateral than the usual one."""

    collateral: str = "MockUSD"

    def deploy(self, name: str, *args: Any) -> Contract:
        return super().deploy(self.collateral if name == "MockUSD" else name, *args)


class Venue:
    """An exchange with ether at `price` and no funding, and everybody's dollars.

    Args:
        decimals: Of the collateral.
        price: Of the underlying, dollars.
        liquidity: In the market's pool, dollars.
        collateral: Contract that is the collateral.
        changes: What differs from the usual market.
    """

    def __init__(
        self,
        decimals: int = 6,
        price: float = 2_000,
        liquidity: int = 20_000_000,
        collateral: str = "MockUSD",
        **changes: Any,
    ) -> None:
        """Deploy the system, and what every token shares."""
        self.evm = Evm(timestamp=NOON)
        self.decimals, self.one, self.scale = decimals, 10**decimals, 10 ** (18 - decimals)
        setup = default_market("ETH")
        changes = {"max_age": 10 * DAY, "max_funding_velocity": 0, "max_funding_rate": 0} | changes
        setup = replace(
            setup,
            liquidity=liquidity * WAD,
            feed=replace(setup.feed, price=round(price * 10**8) * 10**10),
            config=replace(setup.config, **changes),
        )
        self.backend = _Backend(self.evm, collateral=collateral)
        self.system = deploy_system(self.backend, SystemConfig(decimals, (setup,)))
        self.usd, self.exchange = self.system.usd, self.system.exchange
        self.feed = self.system.markets["ETH"].feed
        self.policy = self.backend.deploy("RebalancePolicy")
        self.quotes = self.backend.deploy("VaultQuotes")
        # Looked up once: the compiler's cache reads every source to be sure.
        self.artifact = compile_contract("LeveragedToken")

    # The market

    def price(self, dollars: float) -> None:
        """Publish a price."""
        self.feed.push(round(dollars * 10**8), sender=DEPLOYER)

    def move(self, percent: float) -> None:
        """Publish a price that differs by so much from the last one."""
        last = self.feed.latestRoundData()[1]
        self.feed.push(last + round(last * percent) // 100, sender=DEPLOYER)

    def wait(self, seconds: int) -> None:
        """Let time pass and the same price be published again."""
        self.evm.warp(seconds)
        self.feed.push(self.feed.latestRoundData()[1], sender=DEPLOYER)

    def configure(self, **changes: Any) -> None:
        """Give the market other parameters."""
        config = self.system.parameters.unpack(self.exchange.market_words_of(0))
        words = self.system.parameters.pack(config._replace(**changes))
        self.exchange.set_market_config(0, words, sender=DEPLOYER)

    def status(self, status: int, price: float = 2_000) -> None:
        """Switch the market; a CLOSED one settles at a price."""
        if status == CLOSED:
            self.exchange.close_market(0, round(price * 10**8) * 10**10, sender=DEPLOYER)
        else:
            self.exchange.set_market_status(0, status, sender=DEPLOYER)

    def force_funding(self, rate: int) -> None:
        """Let longs pay so much a day, WAD."""
        self.exchange.force_funding_rate(0, rate, True, sender=DEPLOYER)

    def liquidate(self, token: Contract, keeper: str) -> None:
        """Flag and liquidate a token's position as far as one call goes."""
        self.exchange.flag(0, token, sender=keeper)
        self.exchange.liquidate(0, token, sender=keeper)

    # Accounts

    def pay(self, account: str | Contract, dollars: float) -> int:
        """Give an account dollars; return them in the collateral's decimals."""
        assets = round(dollars * self.one)
        self.usd.mint(account, assets, sender=DEPLOYER)
        return assets

    def fund(self, account: str, spender: str | Contract, dollars: float = 10**9) -> None:
        """Give an account dollars and let somebody spend all it has."""
        self.pay(account, dollars)
        self.usd.approve(spender, MAX_UINT, sender=account)

    def trade(self, account: str, ether: float, margin: float = 0) -> None:
        """Let an account trade, with margin added at once."""
        assets = self.pay(self.exchange, margin)
        order = (0, assets, round(ether * 10**9) * 10**9, 0, account)
        self.exchange.modify_position(*order, sender=account)

    def state(self, token: Contract, size_delta: int = 0) -> Any:
        """Return the account of a token."""
        return self.exchange.account_state(0, token, size_delta)

    # Tokens

    def make_token(
        self,
        is_long: bool = True,
        target: float = 3,
        band: tuple[float, float] | None = None,
        em: float | None = None,
        fees: tuple[int, int] = (10 * BP, 10 * BP),
        fee_rate: int | None = None,
        fee_receiver: str = address("fee receiver"),
        cap: int = 31_000,
        seed: float = 200,
        nav: float = 100,
        factory: str = address("factory"),
        **rules: Any,
    ) -> Contract:
        """Deploy a token by an account that plays the factory, and seed it unless `seed` is 0.

        Args:
            is_long: Side.
            target: Leverage.
            band: lo and hi; the default is two thirds and four thirds of the target.
            em: Emergency leverage; the default is 1.25 hi.
            fees: For minting and redeeming, WAD.
            fee_rate: Continuous, a year, WAD; the default is 1 % a year where there is a receiver.
            fee_receiver: Who gets them, or zero.
            cap: Underlying.
            seed: Dollars.
            nav: Of a share to begin with, dollars.
            factory: Who deploys and may configure.
            rules: What else differs from the defaults of a 3x token.
        """
        lo, hi = band or (target * 2 / 3, target * 4 / 3)
        has_receiver = fee_receiver != ZERO_ADDRESS
        rates = [round(rate * 10**4) * LEVERAGE for rate in (target, lo, hi, em or hi * 5 / 4)]
        terms = pack_terms(
            mint_fee=fees[0],
            redeem_fee=fees[1],
            fee_rate=ONE_PERCENT * has_receiver if fee_rate is None else fee_rate,
            leverage_lo=rates[1],
            leverage_hi=rates[2],
            cap=cap * WAD,
            fees_on=int(has_receiver),
            paused_until=0,
            phase=TRADING,
            target=rates[0],
        )
        words = pack_rules(Rules(*rates, **rules))
        side = "long" if is_long else "short"
        setup = (
            f"Steelyard ETH {target}x {side}",
            f"ETH{target}{side[0].upper()}",
            self.exchange,
            0,
            self.policy,
            self.quotes,
            is_long,
        )
        token = self.evm.deploy(self.artifact, setup, terms, words, fee_receiver, sender=factory)
        if seed:
            self.seed(token, seed, nav)
        return token

    def seed(self, token: Contract, dollars: float, nav: float = 100) -> int:
        """Seed a token as its factory does; return the shares."""
        assets = self.pay(self.exchange, dollars)
        shares: int = token.seed(assets, round(nav * WAD), sender=token.factory())
        return shares

    def configure_token(self, token: Contract, **changes: Any) -> None:
        """Change some terms and rules of a token, and keep the others."""
        words = token.words()
        terms, rules = unpack_terms(words.terms), unpack_rules(words.rules)
        receiver = changes.pop("fee_receiver", token.fee_receiver())
        of_terms = {name: value for name, value in changes.items() if name in terms}
        of_rules = {name: value for name, value in changes.items() if name in vars(rules)}
        assert changes.keys() == of_terms.keys() | of_rules.keys()
        packed = pack_terms(**terms | of_terms), pack_rules(replace(rules, **of_rules))
        token.configure(*packed, receiver, sender=token.factory())

    def shares(self, token: Contract) -> int:
        """Return all shares of a token, those owed included."""
        supply: int = token.totalSupply() + token.owed_shares()
        return supply

    def nav(self, token: Contract) -> Fraction:
        """Return exact equity per share, WAD."""
        return Fraction(self.state(token).equity * WAD, self.shares(token))

    def leverage(self, token: Contract) -> Fraction:
        """Return exact leverage."""
        state = self.state(token)
        return Fraction(abs(state.size) * state.price, state.equity * WAD)

    def vault(self, token: Contract) -> Vault:
        """Return the model's twin of what a mint or a redemption meets."""
        state = self.state(token)
        market = Market(state.price, state.skew, state.skew_scale, state.maker_fee, state.taker_fee)
        if state.status == CLOSED:
            market = Market(state.price, 0, 0, 0, 0)
        return Vault(market, state.size, max(state.equity, 0), self.shares(token))

    def decide(self, token: Contract, reference: int = 0) -> Decision:
        """Return what the model of the policy decides for a token now."""
        words = token.words()
        case = Case(
            state=AccountState(*self.state(token)),
            is_long=token.setup().is_long,
            rules=unpack_rules(words.rules),
            memory=unpack_memory(words.mem),
            now=self.evm.timestamp,
            reference=reference,
        )
        return decide(case)

    def memory(self, token: Contract) -> Memory:
        """Return what a token remembers."""
        return unpack_memory(token.words().mem)

    def books(self, token: Contract, *accounts: str) -> tuple[Any, ...]:
        """Return all that a refused call must leave as it was."""
        return (
            token.words(),
            token.owed_shares(),
            token.totalSupply(),
            self.state(token),
            [token.balanceOf(account) for account in (token.factory(), *accounts)],
            [self.usd.balanceOf(account) for account in (token, self.exchange, *accounts)],
        )
