"""Histories as users of the SDK ask for them: of a token, of a deployment's record."""

from __future__ import annotations

import pytest
from eth_utils.address import to_checksum_address

from steelyard.sdk import Steelyard
from tests.bench.node import anvil
from tests.sdk.history_life import ALICE, OWNER, USD, Life, setup_of
from tests.sdk.world import record

pytestmark = pytest.mark.node


@pytest.fixture(scope="module")
def life():
    with anvil() as node:
        life = Life(node)
        life.touch(life.long, "deposit", 1_000 * USD, ALICE, sender=ALICE)
        life.wait(3_600, 2_100)
        yield life


@pytest.fixture(scope="module")
def steelyard(life):
    """With the blocks that contracts and tokens were made in, as a deployment records them."""
    kept = record(life.chain, life.system)
    made = {symbol: min(life.touched[t.address]) for symbol, t in life.system.tokens.items()}
    tokens = {
        symbol: token.model_copy(update={"block": made[symbol]})
        for symbol, token in kept.tokens.items()
    }
    contracts = {name: c.model_copy(update={"block": 1}) for name, c in kept.contracts.items()}
    return Steelyard.connect(
        life.chain, kept.model_copy(update={"tokens": tokens, "contracts": contracts})
    )


def test_the_history_of_a_token(life, steelyard):
    history = steelyard.token("ETH3L").history()
    assert history == life.history(life.long)
    assert (history.symbol, history.token) == ("ETH3L", to_checksum_address(life.long.address))
    assert [flow.verb for flow in history.flows] == ["seed", "mint"]
    seen = life.lens_at(life.long, history.nav[-1].block)
    state = steelyard.token("ETH3L").state(history.nav[-1].block)
    point = history.nav[-1]
    assert (point.nav, point.leverage, point.size) == (state.nav, state.leverage, state.size)
    assert point.raw.nav == seen.nav


def test_a_part_of_it_by_blocks(life, steelyard):
    told = []
    whole = steelyard.token("ETH3L").history(progress=lambda *done: told.append(done))
    block = whole.nav[-1].block
    part = steelyard.token("ETH3L").history(block, block)
    assert (part.first, part.last, part.all) == (block, block, whole.between(block, block).all)
    assert (part.last_hash, whole.between(0, block).last_hash) == (life.chain.block(block).hash, "")
    assert [flow.verb for flow in part.flows] == ["mint"]
    total = whole.last - whole.born + 1
    assert told[-1] == (total, total)


def test_an_account(life, steelyard):
    account = steelyard.token("ETH3L").account_history(ALICE.upper().replace("0X", "0x"))
    assert (account.basis, account.realised) == (1_000, 0)
    assert account.balance == steelyard.token("ETH3L").holder(ALICE).balance
    assert -5 < account.profit < -4  # 0.3 % in shares and 0.06 % of three times as much


def test_a_token_that_the_record_does_not_know(life, steelyard):
    """Made by the factory after the deployment: it is looked for."""
    setup = setup_of("ETH2L")
    spec = setup.spec(life.system.exchange.address, life.market.id)
    life.system.usd.mint(OWNER, 200 * USD, sender=OWNER)
    life.system.usd.approve(life.system.factory, 200 * USD, sender=OWNER)
    life.system.factory.create_token(spec, 200 * USD, sender=OWNER)
    history = steelyard.token("ETH2L").history()
    assert (history.born, len(history.nav)) == (life.block, 1)
