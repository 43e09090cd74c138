"""States say what the contracts say, in people's units, from one call."""

from decimal import Decimal

import pytest

from steelyard.model.policy.types import Obstacle, Trigger
from steelyard.model.token.terms import Phase
from steelyard.model.venue.oracle import Fault
from steelyard.model.venue.states import MarketStatus
from steelyard.sdk import ProtocolError, UnknownToken
from tests.sdk.world import FEES

pytestmark = pytest.mark.node
WAD = 10**18


def calls_of(world, action):
    """Return the methods that the node is asked while `action` runs."""
    asked = []
    request = world.chain.web3.provider.make_request

    def spy(method, params):
        asked.append(method)
        return request(method, params)

    world.chain.web3.provider.make_request = spy
    try:
        return asked, action()
    finally:
        del world.chain.web3.provider.make_request


def test_tokens(world):
    tokens = world.steelyard().tokens()
    assert [token.symbol for token in tokens] == ["ETH3L", "ETH2S", "ETH2L"]
    token, made = tokens[0], world.system.tokens["ETH3L"]
    assert token.address.lower() == made.address.lower()
    assert (token.name, token.decimals, token.market) == ("Steelyard ETH 3x long", 18, "ETH")
    assert repr(token) == f"<Token ETH3L {token.address}>"


@pytest.mark.parametrize("symbol", ["ETH2S", "eth2s"])
def test_token_by_symbol_and_address(world, symbol):
    steelyard = world.steelyard()
    token = steelyard.token(symbol)
    assert token.symbol == "ETH2S"
    assert steelyard.token(token.address.lower()).symbol == "ETH2S"


@pytest.mark.parametrize("name", ["BTC3L", "0x" + "11" * 20])
def test_unknown_token(world, name):
    with pytest.raises(UnknownToken) as caught:
        world.steelyard().token(name)
    assert str(caught.value) == f"no token {name!r} (there are: ETH3L, ETH2S, ETH2L)"


def test_state_is_one_call(world, alice):
    asked, state = calls_of(world, alice.state)
    assert asked == ["eth_call"]
    assert state.raw == world.contract(world.system.lens).call.token_state(alice.address)


def test_state(world, alice):
    world.push(2_200)
    state, token = alice.state(), world.system.tokens["ETH3L"]
    raw = world.contract(world.system.exchange).call.account_state(0, token.address, 0)
    assert state.ok
    assert (state.symbol, state.name, state.is_long) == ("ETH3L", "Steelyard ETH 3x long", True)
    assert state.price == state.market.price == 2_200
    assert state.size == Decimal(raw.size) / WAD
    assert state.equity == Decimal(raw.equity) / WAD
    assert state.raw.nav == raw.equity * WAD // state.raw.shares
    assert state.nav == Decimal(state.raw.nav) / WAD
    # 3x: E = 1 + 0.3, N = 3 * 1.1 of what they were
    assert state.leverage is not None
    assert abs(state.leverage - Decimal("3.3") / Decimal("1.3")) < Decimal("1e-15")
    assert (state.target, state.band) == (3, (2, 4))
    assert state.assets == Decimal(alice.contract.call.totalAssets()) / 10**6
    assert state.supply == Decimal(alice.contract.call.totalSupply()) / WAD
    assert state.max_deposit == Decimal(alice.contract.call.maxDeposit(FEES)) / 10**6
    assert state.mint_fee == state.redeem_fee == Decimal("0.001")
    assert (state.phase, state.is_wiped, state.is_mint_open) == (Phase.ACTIVE, False, True)
    assert state.paused_until is None
    assert (state.trigger, state.can_rebalance) == (Trigger.NOTHING, False)
    assert state.status == "active"
    block = world.chain.block()
    assert (state.block, state.timestamp) == (block.number, block.timestamp)
    assert state.age > 0


def test_liquidation_distance_of_a_long(alice):
    state = alice.state()
    price, distance = state.liquidation_price, state.liquidation_distance
    assert price is not None and distance is not None
    # E = 0 is a third below; the maintenance margin comes before that.
    assert Decimal("0.30") < distance < Decimal("0.3334")
    assert abs(price - 2_000 * (1 - distance)) < Decimal("1e-15")


def test_liquidation_distance_of_a_short(world):
    state = world.steelyard().token("ETH2S").state()
    price, distance = state.liquidation_price, state.liquidation_distance
    assert price is not None and distance is not None
    assert Decimal("0.45") < distance < Decimal("0.5")
    assert abs(price - 2_000 * (1 + distance)) < Decimal("1e-15")


def test_position_that_may_be_liquidated_now(world, alice):
    world.push(1_300)
    state = alice.state()
    assert state.liquidation_distance == 0
    assert (state.leverage, state.nav) == (None, 0)
    assert state.status == "wiped"


@pytest.mark.parametrize(("symbol", "sign"), [("ETH3L", -1), ("ETH2S", 1)])
def test_funding(world, symbol, sign):
    world.send(world.system.exchange, "force_funding_rate", 0, WAD // 1_000, True)
    state = world.steelyard().token(symbol).state()
    assert state.market.funding_per_day == Decimal("0.001")
    assert state.market.funding_per_year == Decimal("0.365")
    assert state.leverage is not None
    assert state.funding_per_year == sign * Decimal("0.365") * state.leverage


def test_market(alice):
    market = alice.state().market
    assert (market.id, market.symbol) == (0, "ETH")
    assert market.venue == alice.venue.address
    assert (market.fault, market.status) == (Fault.VALID, MarketStatus.ACTIVE)
    assert (market.maker_fee, market.taker_fee) == (Decimal("0.0002"), Decimal("0.0006"))
    assert (market.max_leverage, market.skew_scale) == (25, 1_000_000)


def test_rebalance_that_is_due(world, alice):
    world.push(2_800)
    state = alice.state()
    assert (state.trigger, state.obstacle) == (Trigger.DRIFT, Obstacle.CLEAR)
    assert state.can_rebalance
    assert not state.is_mint_open
    assert state.status == "rebalance due: drift"


@pytest.mark.parametrize(
    ("status", "said"), [(2, "venue reduce only"), (4, "venue paused"), (8, "venue closed")]
)
def test_status_of_the_venue(world, alice, status, said):
    verb = ("close_market", 0, 2_000 * WAD) if status == 8 else ("set_market_status", 0, status)
    world.send(world.system.exchange, *verb)
    assert alice.state().status == said


def test_stale_price(world, alice):
    world.warp(4_000)
    state = alice.state()
    assert state.market.fault is Fault.STALE
    assert state.price == 2_000
    assert state.status == "no price: stale"


def test_pause(world, alice):
    world.send(world.system.factory, "pause_mint", alice.address)
    state = alice.state()
    assert state.paused_until is not None and state.paused_until > state.timestamp
    assert state.status == "minting paused"


def test_states_are_one_call_for_all(world):
    steelyard = world.steelyard()
    asked, states = calls_of(world, steelyard.states)
    assert asked == ["eth_call", "eth_call"]  # which there are, and what they are
    assert [state.symbol for state in states] == ["ETH3L", "ETH2S", "ETH2L"]
    assert all(state.ok for state in states)


def with_gas(world, monkeypatch, gas):
    """Let the node give each call that much gas."""
    request = world.chain.web3.provider.make_request

    def limited(method, params):
        more = [params[0] | {"gas": hex(gas)}, *params[1:]] if method == "eth_call" else params
        return request(method, more)

    monkeypatch.setattr(world.chain.web3.provider, "make_request", limited)


def test_states_from_a_node_that_gives_little_gas(world, monkeypatch):
    with_gas(world, monkeypatch, 2_850_000)  # enough for one token, not for two
    assert [state.symbol for state in world.steelyard().states()] == ["ETH3L", "ETH2S", "ETH2L"]


def test_states_from_a_node_that_gives_too_little_gas(world, monkeypatch):
    with_gas(world, monkeypatch, 2_000_000)
    with pytest.raises(ProtocolError) as caught:
        world.steelyard().states()
    remedy = "ask for fewer tokens at once, or allow the call more gas"
    assert str(caught.value) == f"lens: too little gas ({remedy})"


def test_states_of_a_block(world, alice):
    before = world.chain.block().number
    world.push(2_100)
    assert [s.price for s in world.steelyard().states(before)] == [2_000] * 3
    assert alice.state(before).block == before
    assert alice.state().price == 2_100


def test_holder(world, alice):
    account = world.alice.address
    nothing = alice.holder()
    assert (nothing.account, nothing.balance, nothing.asset_balance) == (account, 0, 100_000)
    alice.deposit("1000")
    holder = alice.holder()
    assert holder.raw.balance == alice.contract.call.balanceOf(account)
    assert holder.assets == Decimal(alice.contract.call.convertToAssets(holder.raw.balance)) / 10**6
    assert holder.max_redeem == holder.balance
    assert holder.redeem_assets == holder.max_withdraw < holder.assets
    assert (holder.asset_balance, holder.asset_allowance) == (99_000, 0)
    assert alice.holder(world.bob.address).balance == 0
    assert repr(holder) == f"<HolderState {account}: {holder.balance} shares>"
