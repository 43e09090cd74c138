"""A liquidation moves the skew; nobody may take that from the liquidity providers.

Were chunks closed at the bare oracle price, the skew's potential P skew^2 / 2K would change for
nothing: the attacker below would take 78,000 of the pool's dollars with his pair of accounts, a
passing provider 92,000.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from steelyard.deployment import EvmBackend, SystemConfig, default_market, deploy_system
from steelyard.evm import DEPLOYER, Evm, address
from steelyard.model.arithmetic import WAD

ETH = WAD
USD = 10**6
ATTACKER, PARTNER, KEEPER = address("attacker"), address("partner"), address("keeper")
PASSING_LP = address("passing lp")
# A cent: what rounding to the token's decimals and of each step may leave on either side.
CENT = WAD // 100


class Venue:
    """One deep ETH market in which everything an attacker could wish for is allowed."""

    def __init__(self, **config):
        market = default_market("ETH")
        setup = replace(market, config=replace(market.config, max_long=31_000 * ETH, **config))
        self.evm = Evm()
        self.system = deploy_system(EvmBackend(self.evm), SystemConfig(markets=(setup,)))
        self.exchange, self.usd = self.system.exchange, self.system.usd
        self.price = 2_000 * 10**8

    def trade(self, account, assets, size_delta):
        if assets > 0:
            self.usd.mint(self.exchange, assets, sender=DEPLOYER)
        self.exchange.modify_position(0, assets, size_delta, 0, account, sender=account)

    def leave(self, account):
        """Withdraw everything that may leave."""
        assets = self.state(account).withdrawable // 10**12
        if assets:
            self.exchange.modify_position(0, -assets, 0, 0, account, sender=account)

    def state(self, account):
        return self.exchange.account_state(0, account, 0)

    def push(self, price):
        self.price = price
        self.system.markets["ETH"].feed.push(price, sender=DEPLOYER)

    def fall_until_due(self, account):
        """Lower the price in steps of 0.1 % until an account may be liquidated."""
        while self.state(account).equity > self.state(account).maintenance:
            self.push(self.price * 999 // 1_000)

    def liquidate(self, account):
        """Flag and liquidate to the end, a chunk a second."""
        self.exchange.flag(0, account, sender=KEEPER)
        while self.state(account).flagged:
            self.exchange.liquidate(0, account, sender=KEEPER)
            self.evm.warp(1)
            self.push(self.price)

    def nav(self):
        """Equity of the providers less what unwinding the skew would cost them, WAD."""
        market, state = self.exchange.market_state(0), self.state(ATTACKER)
        return market.lp_equity - state.price * state.skew**2 // (2 * state.skew_scale) // WAD


@pytest.mark.parametrize("premium", [0, WAD * 15_625 // 10_000])
@pytest.mark.parametrize("cap", [0, 20_000 * ETH])
def test_liquidating_oneself_does_not_pay(cap, premium):
    venue = Venue(liquidation_cap=cap, liquidation_premium=premium, max_short=31_000 * ETH)
    size, margin = 10_000 * ETH, 1_400_000 * USD
    for account, side in ((ATTACKER, 1), (PARTNER, -1)):
        venue.trade(account, margin, side * size)
    for account in (ATTACKER, PARTNER):
        venue.leave(account)
    venue.fall_until_due(ATTACKER)
    before = venue.nav()

    venue.liquidate(ATTACKER)
    assert abs(venue.nav() - before) <= CENT, "the liquidation itself moves nothing of theirs"
    left = venue.state(ATTACKER).size
    if left:
        venue.trade(ATTACKER, 0, -left)
    venue.trade(PARTNER, 0, size)
    for account in (ATTACKER, PARTNER):
        venue.leave(account)
    venue.exchange.claim_keeper_fees(KEEPER, sender=KEEPER)

    kept = sum(venue.usd.balanceOf(account) for account in (ATTACKER, PARTNER, KEEPER))
    assert kept < 2 * margin


def test_a_provider_passing_by_takes_nothing():
    venue = Venue(liquidation_cap=0)
    venue.trade(ATTACKER, 1_400_000 * USD, 10_000 * ETH)
    venue.leave(ATTACKER)
    venue.fall_until_due(ATTACKER)
    assets = 1_000_000_000 * USD
    venue.usd.mint(PASSING_LP, assets, sender=DEPLOYER)
    venue.usd.approve(venue.exchange, assets, sender=PASSING_LP)

    shares = venue.exchange.add_liquidity(0, assets, 0, sender=PASSING_LP)
    venue.liquidate(ATTACKER)
    venue.exchange.remove_liquidity(0, shares, 0, PASSING_LP, sender=PASSING_LP)

    assert venue.usd.balanceOf(PASSING_LP) <= assets + USD // 100
