"""The exchange's bytecode does to the wei what its twin does, whatever is done to both."""

from collections import Counter
from dataclasses import replace

import pytest

from steelyard.compiler import compile_contract, compile_source
from steelyard.errors import CONTRACT_ERRORS
from steelyard.evm import Evm, Revert
from steelyard.model.exchange import WAD
from steelyard.model.venue import parameters
from tests.stateful.fuzz import ASSET_DECIMALS, CALLS_PER_EPISODE, run_episode
from tests.stateful.machine import Machine, replay
from tests.stateful.world import CONFIGS, KEEPERS, OWNER, TRADERS, VAULT, Action, World

SEED = 2
EPISODES = 50
# Of the exchange and its guards, as reasons begin.
MODULES = {
    *("account", "config", "deleverage", "guard", "liquidation", "lp"),
    *("margin", "market", "oracle", "order", "treasury"),
}
# Reasons that random actions reach seldom or never, and the test below that does.
SCRIPTED = {
    "config: cap too large": "test_caps_beyond_the_accounting",
    "guard: only the exchange": "test_a_guard_listens_to_its_exchange_only",
    "market: too many": "test_the_thirty_third_market",
    "order: beyond the skew scale": "test_a_fill_below_zero",
    "treasury: over 18 decimals": "test_collateral_of_too_many_decimals",
    "treasury: payment failed": "test_collateral_that_refuses",
    "treasury: transfer failed": "test_collateral_that_refuses",
}

# Said by a view of MarketParameters that the exchange never calls: tests/unit/venue has it.
ELSEWHERE = {"config: size or price too large"}

STUBBORN = """\
# pragma version 0.4.3
# A token that refuses without reverting.
refuses: public(bool)
@external
def refuse():
    self.refuses = True
@external
@view
def balanceOf(owner: address) -> uint256:
    return max_value(uint256)
@external
def transfer(receiver: address, amount: uint256) -> bool:
    return not self.refuses
@external
def transferFrom(sender: address, receiver: address, amount: uint256) -> bool:
    return not self.refuses
"""


def test_random_episodes():
    calls, stats = 0, Counter()
    for episode in range(EPISODES):
        made, seen, failure = run_episode("exchange", SEED, episode)
        if failure is not None:
            again = f"--machine exchange --seed {SEED} --episode {episode}"
            pytest.fail(f"{failure}: python -m tests.stateful.fuzz {again}")
        calls += made
        stats += seen
    assert calls >= EPISODES * CALLS_PER_EPISODE > 10_000
    reached = {reason for _, reason in stats}
    known = {reason for reason in CONTRACT_ERRORS if reason.split(":")[0] in MODULES} - ELSEWHERE
    assert known - reached <= set(SCRIPTED)
    unsuccessful = {verb for verb, _ in stats} - {verb for verb, how in stats if how == "ok"}
    assert unsuccessful == {"add_market"}


@pytest.fixture(scope="module")
def world():
    return World(ASSET_DECIMALS[0])


@pytest.fixture
def machine(world):
    return Machine(world)


def own(verb, *args):
    return Action(verb, OWNER, args)


def refusals(machine, verb):
    return {reason for name, reason in machine.stats if name == verb} - {"ok"}


def test_a_finding_can_be_replayed(world):
    """The machine does fail: a twin that is told something else differs."""
    actions = [own("drain_pool", 0, 1, VAULT)]
    assert replay(Machine(world), actions) is None
    machine = Machine(world)
    world.twin.markets[0].backing += 1
    with pytest.raises(AssertionError, match="market_state 0: .*backing: .*pool: "):
        machine.step(actions[0])


def test_caps_beyond_the_accounting(machine):
    # The cap's unit grows with the skew scale, so only with a huge one it can be too large.
    config = replace(CONFIGS[0], skew_scale=10**11 * WAD, max_long=2 * 10**28, max_short=0)
    machine.step(own("set_market_config", 0, replace(config, liquidation_cap=0), 0, 0))
    assert refusals(machine, "set_market_config") == {"config: cap too large"}


def test_fees_beyond_their_field(world, machine):
    """The fee bucket holds 18 billion: an order that would pay more is refused, not wrapped."""
    unit = WAD // world.twin.scale
    config = replace(
        CONFIGS[0],
        skew_scale=10**12 * WAD,
        taker_fee=5 * 10**16,
        max_leverage=100 * WAD,
        maintenance_ratio=0,
        liquidation_premium=0,
        max_long=10**9 * WAD,
        max_short=0,
        max_notional=4 * 10**11 * WAD,
        reserve_factor=WAD // 10,
        liquidation_cap=0,
    )
    trader = TRADERS[0]
    machine.step(own("set_market_config", 0, config, 0, 0))
    machine.step(Action("add_liquidity", trader, (0, 39 * 10**9 * unit, 0)))
    machine.step(Action("send", trader, (trader, 6 * 10**10 * unit)))
    order = (0, 6 * 10**10 * unit, 190 * 10**6 * WAD, 0, trader)
    machine.step(Action("modify_position", trader, order))
    assert refusals(machine, "modify_position") == {"market: out of range"}


def test_a_fill_below_zero(world, machine):
    buyer, seller = TRADERS[:2]
    margin = 10**6 * WAD // world.twin.scale
    for account, size in ((buyer, 500 * WAD), (seller, -500 * WAD)):
        machine.step(Action("send", account, (account, margin)))
        machine.step(Action("modify_position", account, (0, margin, size, 0, account)))
    config = replace(CONFIGS[0], skew_scale=50 * WAD, max_long=0, max_short=0, liquidation_cap=0)
    machine.step(own("set_market_config", 0, config, 0, 0))
    machine.step(Action("modify_position", buyer, (0, 0, -500 * WAD, 0, buyer)))
    assert refusals(machine, "modify_position") == {"order: beyond the skew scale"}


def test_keepers_of_a_drained_market_share_what_is_left(world, machine):
    twin, trader, keeper = world.twin, TRADERS[0], KEEPERS[0]
    margin = 10_000 * WAD // twin.scale
    machine.step(Action("send", trader, (trader, margin)))
    machine.step(Action("modify_position", trader, (0, margin, 100 * WAD, 0, trader)))
    machine.step(own("drain_pool", 0, twin.markets[0].backing // twin.scale - 3, VAULT))
    machine.step(Action("push_at", "", (0, 1_915 * 10**8, world.now)))
    machine.step(Action("flag", keeper, (0, trader)))
    assert twin.account_state(0, trader).equity > 0
    machine.step(Action("liquidate", keeper, (0, trader)))
    assert twin.owed_total == 3 * twin.scale
    assert machine.stats["liquidate", "ok"] == 1


def test_the_thirty_third_market(machine):
    for _ in range(31):
        machine.step(own("add_market", 0, CONFIGS[0], 0, 0))
    assert machine.stats["add_market", "ok"] == 30
    assert refusals(machine, "add_market") == {"market: too many"}


def test_a_guard_listens_to_its_exchange_only(world, machine):
    machine.step(own("set_price_guard", 0, (-1, 0, -1, 0, 0, WAD, 60, 0, 0)))
    guard = world.evm.at(world.exchange.price_guard_of(0), compile_contract("PriceGuard"))
    with pytest.raises(Revert) as caught:
        guard.accept(1, sender=TRADERS[0])
    assert caught.value.reason == "guard: only the exchange"


def test_collateral_of_too_many_decimals():
    evm = Evm()
    with pytest.raises(Revert) as caught:
        evm.deploy(compile_contract("PerpExchange"), TRADERS[0], 19, TRADERS[0])
    assert caught.value.reason == "treasury: over 18 decimals"


def test_collateral_that_refuses(world):
    evm = world.evm
    with evm.anchor():
        token = evm.deploy(compile_source(STUBBORN))
        exchange = evm.deploy(compile_contract("PerpExchange"), token, 6, world.parameters)
        config = replace(CONFIGS[0], oracle=world.oracles[0].address)
        exchange.add_market(parameters.pack(config, 8), sender=OWNER)
        exchange.deposit_margin(0, 10, sender=TRADERS[0])
        token.refuse(sender=OWNER)
        with pytest.raises(Revert) as caught:
            exchange.deposit_margin(0, 10, sender=TRADERS[0])
        assert caught.value.reason == "treasury: transfer failed"
        with pytest.raises(Revert) as caught:
            exchange.modify_position(0, -10, 0, 0, VAULT, sender=TRADERS[0])
        assert caught.value.reason == "treasury: payment failed"
        assert exchange.cash() == 10
