"""What the keeper makes of the lens: views of real tokens, and of what the lens cannot read."""

import pytest

from steelyard.deployment import (
    EvmBackend,
    SystemConfig,
    default_market,
    default_token,
    deploy_system,
)
from steelyard.deployment.backends import DEPLOYER
from steelyard.evm import Evm, address
from steelyard.keeper.decide import Policy, decide
from steelyard.keeper.types import Cause, GasPrice, Rebalance, TokenView
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Memory, Obstacle, Trigger
from steelyard.model.token.terms import Phase
from tests.bench import keeper
from tests.keeper.views import GAS, pending

FREE = GasPrice(0, 0, 1, 0)


@pytest.fixture
def system():
    config = SystemConfig(markets=(default_market("ETH"),), tokens=(default_token("ETH3L"),))
    return deploy_system(EvmBackend(Evm()), config)


def views(system, *more):
    tokens = [system.tokens["ETH3L"], *more]
    return [TokenView.of(state) for state in system.lens.token_states(tokens)]


def push(system, price):
    market = system.markets["ETH"]
    market.feed.push(market.answer(price * WAD), sender=DEPLOYER)


def test_view_of_a_token_is_what_the_lens_says(system):
    token = system.tokens["ETH3L"]
    (state,) = system.lens.token_states([token])
    view = TokenView.of(state, gas=123_456)
    assert (view.address, view.symbol, view.asset) == (token.address, "ETH3L", "mUSD")
    assert (view.decimals, view.phase, view.ok, view.gas) == (6, Phase.ACTIVE, True, 123_456)
    assert (view.trigger, view.obstacle) == (Trigger.NOTHING, Obstacle.CLEAR)
    assert (view.size, view.price) == (state.account.size, 2_000 * WAD)
    assert (view.venue, view.market) == (system.exchange.address, system.markets["ETH"].id)
    assert view.rules.target == state.rules.target
    assert view.memory == Memory()
    assert (view.timestamp, view.block) == (state.timestamp, state.block_number)
    assert not view.out_of_band


def test_token_that_has_drifted_is_rebalanced_for_the_reward_that_was_shown(system):
    push(system, 1_750)
    (view,) = views(system)
    assert (view.trigger, view.out_of_band) == (Trigger.DRIFT, True)
    assert view.reward_assets == view.reward * 10**6 // WAD > 0
    (action,) = decide([view], view.timestamp, FREE, Policy(min_profit=view.reward_assets))
    assert isinstance(action, Rebalance)
    assert action.min_reward == view.reward_assets
    keeper = address("keeper")
    paid = system.tokens["ETH3L"].rebalance(action.min_reward, keeper, sender=keeper)
    assert paid == action.reward
    (after,) = views(system)
    assert (after.trigger, after.out_of_band) == (Trigger.NOTHING, False)
    assert after.memory.traded_at == after.timestamp


def test_settled_token_can_still_be_seen(system):
    token, owner = system.tokens["ETH3L"], DEPLOYER
    system.exchange.close_market(system.markets["ETH"].id, 2_000 * WAD, sender=owner)
    token.wind_down(sender=owner)
    token.rebalance(sender=owner)
    (view,) = views(system)
    assert decide([view], view.timestamp, FREE, Policy())[0].reason.endswith("can be settled")
    token.settle(sender=owner)
    (view,) = views(system)
    assert (view.phase, view.price, view.size) == (Phase.CLOSED, 0, 0)
    assert decide([view], view.timestamp, FREE, Policy())[0].cause == Cause.ENDED


def test_what_the_lens_cannot_read_is_a_view_with_a_fault(system):
    good, bad = views(system, system.usd)
    assert good.ok
    assert (bad.ok, bad.address) == (False, system.usd.address)
    assert bad.fault == "the lens cannot read it"
    assert not bad.out_of_band


def test_value_that_this_version_does_not_know_spoils_one_token_only(system):
    (state,) = system.lens.token_states([system.tokens["ETH3L"]])
    strange = state._replace(decision=state.decision._replace(trigger=128))
    view = TokenView.of(strange)
    assert (view.ok, view.address) == (False, state.token)
    assert view.fault == "the lens says what this keeper cannot: 128 is not a valid Trigger"


def test_unknown_coin_price_has_no_cost():
    assert GasPrice(1, 1, 2, None).cost(21_000) is None
    assert GAS.cost(100_000) == 300_000


def test_pending_transaction_tells_its_times_and_hashes():
    sent = pending(nonce=1)
    again = sent.attempts[0].model_copy(update={"hash": "0x2", "sent_at": 9})
    both = sent.model_copy(update={"attempts": (*sent.attempts, again)})
    assert both.hashes == (sent.attempts[0].hash, "0x2")
    assert (both.first_sent, both.last_sent) == (sent.attempts[0].sent_at, 9)
    nothing = sent.model_copy(update={"attempts": ()})
    assert (nothing.first_sent, nothing.last_sent, nothing.hashes) == (0, 0, ())


def test_bench_of_decisions_measures_what_it_says(monkeypatch):
    monkeypatch.setattr(keeper, "ROUNDS", 1)
    figures = keeper.measure_all()
    assert set(figures) == set(keeper.AIMS)
    assert all(figure > 0 for figure in figures.values())
    waits = decide([keeper.waiting(1)], 0, GAS, Policy(min_profit=2 * 10**6))
    assert waits[0].until is not None
