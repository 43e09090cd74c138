"""Collaterals that tell less of themselves than they should, or in other units."""

import pytest

from steelyard.compiler import compile_source
from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import WAD
from tests.unit.lens.helpers import ALICE, MARKET_CLOSED, World

SOURCE = """
# pragma version 0.4.3
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
decimals: public(constant(uint8)) = {decimals}
_calls: uint256
"""
# What a wrapped coin does when it is asked for what it does not know: it deposits.
DEPOSITS = """
@external
def __default__():
    self._calls += 1
"""
REVERTS = """
@external
def __default__():
    raw_revert(abi_encode("FAKE"))
"""
SHORT = """
@external
@raw_return
def __default__() -> Bytes[8]:
    return b"\\1"
"""
SYMBOL = """
@external
@view
@raw_return
def symbol() -> Bytes[160]:
    return {answer}
"""


def string(text):
    """A symbol as the standard wants it."""
    return f'abi_encode("{text}")'


@pytest.fixture
def token_on(world):
    """A token, not yet seeded, on a collateral that is made of this."""

    def token_on(more, decimals=6):
        asset = world.evm.deploy(compile_source(SOURCE.format(decimals=decimals) + more))
        exchange = world.backend.deploy("PerpExchange", asset, decimals, world.system.parameters)
        for market in world.system.markets:
            exchange.add_market(world.pack(market), sender=DEPLOYER)
        return world.token(assets=0, exchange=exchange)

    return token_on


@pytest.mark.parametrize(
    ("symbol", "shown"),
    [
        (string("USDC"), "USDC"),
        (string(""), ""),
        (string("S" * 32), "S" * 32),
        (string("S" * 33), ""),
        (string("S" * 96), ""),
        ('b""', ""),
        ("abi_encode(max_value(uint256))", ""),
        ("abi_encode(empty(bytes32), empty(bytes32), empty(bytes32))", ""),
        ("abi_encode(convert(32, uint256), max_value(uint256), max_value(uint256))", ""),
        ("abi_encode(convert(64, uint256), convert(4, uint256), max_value(uint256))", ""),
    ],
)
def test_symbols(world, token_on, symbol, shown):
    """Long ones, and those in other forms, are no reason not to show the token."""
    token = token_on(SYMBOL.format(answer=symbol))
    assert world.lens.token_state(token).asset_symbol == shown


@pytest.mark.parametrize(
    "more",
    ["", REVERTS, DEPOSITS, SHORT],
    ids=["knows nothing", "reverts in good form", "burns all gas", "answers short"],
)
def test_without_symbol_and_permits(world, token_on, more):
    """What is not there has little gas to burn, so that enough is left for the rest."""
    token = token_on(more)
    state = world.lens.token_state(token, gas=300_000)
    assert state.ok and state.asset_symbol == ""
    holder = world.lens.holder_state(ALICE, token)
    assert holder.ok and holder.asset == state.asset
    assert holder.asset_nonce == holder.asset_balance == 0
    holders = world.lens.account_states(ALICE, [token] * 10, gas=5_000_000)
    assert holders == (holder,) * 10


@pytest.mark.parametrize("decimals", [2, 6, 18])
def test_decimals(decimals):
    """Money is WAD whatever the collateral counts in."""
    world = World(decimals)
    token = world.token()
    state = world.lens.token_state(token)
    assert state.asset_decimals == decimals
    assert state.nav == pytest.approx(100 * WAD, rel=1e-15)
    assert state.assets == token.totalAssets() == state.account.equity * world.one // WAD

    world.status(MARKET_CLOSED)
    world.settle(token)
    state = world.lens.token_state(token)
    assert state.assets == state.settled_assets == token.totalAssets()
    assert state.nav == pytest.approx(100 * WAD, rel=0.01)
    assert state.nav * world.one // WAD == token.convertToAssets(WAD)
