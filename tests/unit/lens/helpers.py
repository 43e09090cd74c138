"""Tokens made by hand, and what token, venue and collateral themselves say of one."""

from __future__ import annotations

from dataclasses import astuple, replace
from fractions import Fraction
from math import ceil, floor
from typing import Any

from steelyard.contract import Contract
from steelyard.deployment import EvmBackend, SystemConfig, deploy_system
from steelyard.evm import DEPLOYER, Evm, EvmError, address
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Rules, Trigger, unpack_memory
from steelyard.model.token.terms import Phase, Terms, pack_terms, unpack_terms
from tests.unit.policy.cases import RULES, struct

ALICE, BOB, KEEPER, FEES = (address(role) for role in ("alice", "bob", "keeper", "fees"))
USDC = 10**6
UNIT = 10**12  # quote WAD per unit of collateral
MAX_UINT = 2**256 - 1
MAX_PRICE = 2**256 - 1

PAUSED, MARKET_CLOSED = 4, 8  # statuses of a market


class World:
    """An exchange with two markets, and each thing a test does with tokens in one line."""

    def __init__(self, decimals: int = 6) -> None:
        """Deploy all that tokens share, on a dollar of so many decimals."""
        self.evm = Evm()
        self.backend = EvmBackend(self.evm)
        self.system = deploy_system(self.backend, SystemConfig(collateral_decimals=decimals))
        self.one = 10**decimals
        self.exchange, self.usd = self.system.exchange, self.system.usd
        self.policy = self.backend.deploy("RebalancePolicy")
        self.quotes = self.backend.deploy("VaultQuotes")
        self.lens = self.backend.deploy("LeveragedTokenLens")

    def terms(self, **changes: int) -> int:
        """Return the usual terms but for `changes`, packed."""
        usual: dict[str, Any] = {
            "redeem_fee": WAD * 3 // 1_000,
            "fee_rate": 10_050_335_000_000_000,
            "cap": 500 * WAD,
            "fees_on": True,
        }
        return pack_terms(Terms(**usual | changes))

    def token(
        self,
        symbol: str = "BTC3L",
        *,
        name: str = "",
        is_long: bool = True,
        market: str = "BTC",
        assets: int = 200,
        rules: Rules = RULES,
        fee_receiver: str = FEES,
        exchange: Contract | None = None,
        **terms: int,
    ) -> Contract:
        """Make a token and seed it with dollars, unless those are 0."""
        exchange = exchange or self.exchange
        id_ = self.system.markets[market].id
        stateless = (self.policy.address, self.quotes.address)
        token = self.backend.deploy(
            "LeveragedToken",
            (name or f"Steelyard {symbol}", symbol, exchange.address, id_, *stateless, is_long),
            self.terms(**terms),
            self.policy.pack_rules(struct(rules)),
            fee_receiver,
        )
        if assets:
            self.usd.mint(exchange, assets * self.one, sender=DEPLOYER)
            token.seed(assets * self.one, 100 * WAD, sender=DEPLOYER)
        return token

    def used_token(self, symbol: str, **made: Any) -> Contract:
        """Make a token that two hold and that owes fees: a day goes by, and prices are new."""
        token = self.token(symbol, **made)
        self.deposit(token, ALICE, 50_000)
        self.deposit(token, BOB, 7_000)
        self.wait(DAY)
        self.price(40_500)
        self.price(2_010, market="ETH")
        return token

    def deposit(self, token: Contract, account: str, dollars: int) -> None:
        """Buy shares."""
        self.usd.mint(account, dollars * self.one, sender=DEPLOYER)
        self.usd.approve(token, MAX_UINT, sender=account)
        token.deposit(dollars * self.one, account, sender=account)

    def wait(self, seconds: int) -> None:
        """Let time pass; prices grow old."""
        self.evm.warp(seconds)

    def price(self, dollars: float, market: str = "BTC") -> None:
        """Publish a price."""
        self.answer(round(dollars * 10**8), market)

    def answer(self, answer: int, market: str = "BTC") -> None:
        """Publish a price with the feed's eight decimals."""
        self.system.markets[market].feed.push(answer, sender=DEPLOYER)

    def status(self, status: int, market: str = "BTC") -> None:
        """Switch a market; it is closed at 40,000."""
        id_ = self.system.markets[market].id
        if status == MARKET_CLOSED:
            self.exchange.close_market(id_, 40_000 * WAD, sender=DEPLOYER)
        else:
            self.exchange.set_market_status(id_, status, sender=DEPLOYER)

    def pack(self, market: str, **changes: int) -> tuple[int, int]:
        """Return the words of a market's parameters, but for `changes`."""
        deployed = self.system.markets[market]
        config = replace(deployed.setup.config, oracle=deployed.feed.address, **changes)
        return self.system.parameters.pack(astuple(config))

    def configure(self, market: str = "BTC", **changes: int) -> None:
        """Give a market other parameters."""
        id_ = self.system.markets[market].id
        self.exchange.set_market_config(id_, self.pack(market, **changes), sender=DEPLOYER)

    def account(self, token: Contract, market: str = "BTC") -> Any:
        """Return what the venue says of a token."""
        return self.exchange.account_state(self.system.markets[market].id, token, 0)

    def flag(self, token: Contract, market: str = "BTC") -> None:
        """Flag a token for liquidation."""
        self.exchange.flag(self.system.markets[market].id, token, sender=KEEPER)

    def liquidate(self, token: Contract, market: str = "BTC") -> None:
        """Flag and liquidate a token."""
        self.flag(token, market)
        self.exchange.liquidate(self.system.markets[market].id, token, sender=KEEPER)

    def settle(self, token: Contract) -> None:
        """End a token of a CLOSED market."""
        token.wind_down(sender=KEEPER)
        token.rebalance(sender=KEEPER)
        token.settle(sender=KEEPER)

    def kill(self, guard: Contract, market: str = "BTC") -> None:
        """Let the venue fail whenever it is asked for a market's price."""
        id_ = self.system.markets[market].id
        self.exchange.set_price_guard(id_, guard, sender=DEPLOYER)


def told(world: World, token: Contract, wiped: bool = False) -> dict[str, Any]:
    """Return a TokenState, field by field, as its token, venue and collateral tell it."""
    setup, words = token.setup(), token.words()
    asset = world.usd
    assert token.asset() == asset.address
    terms = unpack_terms(words.terms)
    supply, owed = token.totalSupply(), token.owed_shares()
    state = {
        "ok": True,
        "token": token.address,
        "setup": setup,
        "factory": token.factory(),
        "fee_receiver": token.fee_receiver(),
        "asset": asset.address,
        "asset_symbol": asset.symbol(),
        "asset_decimals": asset.decimals(),
        "terms": astuple(terms),
        "rules": world.policy.unpack_rules(words.rules),
        "mem": astuple(unpack_memory(words.mem)),
        "wiped": wiped,
        "supply": supply,
        "owed_shares": owed,
        "shares": supply + owed,
        "assets": token.totalAssets(),
        "settled_assets": words.settlement % 2**128,
        "settled_shares": words.settlement >> 128,
        "timestamp": world.evm.timestamp,
        "block_number": world.evm.number,
    }
    if terms.phase == Phase.CLOSED:
        return state | _settled(words.settlement)
    assert setup.venue == world.exchange.address
    return state | _trading(world.exchange, token, supply + owed)


def _settled(word: int) -> dict[str, Any]:
    """Of a token that is settled: nothing is asked of the venue."""
    assets, shares = word % 2**128, word >> 128
    return {
        "account": (0, 0, 0, 0, 0, 0, 0, 0, False) + (0,) * 11,
        "decision": (Trigger.NOTHING, Obstacle.CLEAR) + (0,) * 9,
        "nav": assets * UNIT * WAD // shares,
        "max_deposit": 0,
        "max_mint": 0,
        "zero_price": 0,
        "liquidation_price": 0,
    }


def _trading(venue: Contract, token: Contract, shares: int) -> dict[str, Any]:
    """Of a token that has, or may have, a position."""
    account = venue.account_state(token.setup().market, token, 0)
    known = account.size == 0 or account.price != 0
    equity = max(account.equity, 0) if known else 0
    return {
        "account": account,
        "decision": token.rebalance_status(),
        "nav": equity * WAD // shares if shares else 0,
        "max_deposit": token.maxDeposit(ALICE),
        "max_mint": token.maxMint(ALICE),
        "zero_price": price_at(account, 0),
        "liquidation_price": price_at(account, account.maintenance),
    }


def price_at(account: Any, margin: int) -> int:
    """Return where equity meets a margin that is proportional to the price."""
    notional = abs(account.size) * account.price // WAD
    if notional == 0:
        return 0
    if account.size > 0:
        if margin >= notional:
            return MAX_PRICE
        price = Fraction(account.price * (notional - account.equity), notional - margin)
        return max(ceil(price), 0)
    price = Fraction(account.price * (notional + account.equity), notional + margin)
    return max(floor(price), 0)


def held(token: Contract, asset: Contract, account: str) -> dict[str, Any]:
    """Return a HolderState, field by field, as token and collateral tell it."""
    balance = token.balanceOf(account)
    return {
        "ok": True,
        "token": token.address,
        "account": account,
        "balance": balance,
        "assets": token.convertToAssets(balance) if balance else 0,
        "max_redeem": token.maxRedeem(account) if balance else 0,
        "max_withdraw": token.maxWithdraw(account) if balance else 0,
        "redeem_assets": _preview(token, balance),
        "nonce": token.nonces(account),
        "asset": asset.address,
        "asset_balance": asset.balanceOf(account),
        "asset_allowance": asset.allowance(account, token),
        "asset_nonce": asset.nonces(account),
    }


def _preview(token: Contract, shares: int) -> int:
    """Return what redeeming shares would pay, 0 if it would revert."""
    try:
        return token.previewRedeem(shares)
    except EvmError:
        return 0
