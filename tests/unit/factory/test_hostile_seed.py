"""A seed in collateral that answers false or nothing, takes a tax, refuses, or calls back."""

import pytest

from steelyard.compiler import compile_contract
from tests.unit.factory.helpers import MAX_UINT, OWNER, STRANGER, setup_of
from tests.unit.token.helpers import reverts

YES, NO, NOTHING, REVERT = 1, 2, 4, 8
SEED = 200 * 10**6


@pytest.fixture
def usd(works):
    made = works.evm.deploy(compile_contract("HostileUSD"), 6)
    for account in (OWNER, STRANGER, made.address):
        made.mint(account, 10**15, sender=OWNER)
    return made


@pytest.fixture
def spec(works, usd):
    """A token on an exchange of that collateral."""
    system = works.system
    exchange = works.backend.deploy("PerpExchange", usd, 6, system.parameters)
    market = system.parameters.unpack(works.exchange.market_words_of(0))
    exchange.add_market(system.parameters.pack(market), sender=OWNER)
    for spender in (exchange, works.factory):
        usd.approve(spender, MAX_UINT, sender=OWNER)
    exchange.add_liquidity(0, 10**13, 0, sender=OWNER)
    return setup_of("ETH3L", symbol="hostile").spec(exchange.address, 0)


def test_true_or_nothing(factory, usd, spec):
    for index, answer in enumerate((YES, NOTHING)):
        usd.misbehave(answer, 0, sender=OWNER)
        named = (spec[0], f"hostile {index}", *spec[2:])
        factory.create_token(named, SEED, sender=OWNER)


@pytest.mark.parametrize(
    ("answer", "tax", "reason"),
    [
        (NO, 0, "seed: transfer failed"),
        (REVERT, 0, "hostile: refused"),
        (YES, 1, "treasury: not received"),
    ],
)
def test_not_received(factory, usd, spec, answer, tax, reason):
    usd.misbehave(answer, tax, sender=OWNER)
    with reverts(reason):
        factory.create_token(spec, SEED, sender=OWNER)
    assert factory.token_count() == 1


def test_nobody_comes_in_during_a_transfer(works, factory, token, usd, spec):
    """Every call here would work at another time, and shows that it would."""
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(2 * 86_400)
    works.price(2_000)
    dead = works.create("ETH2L")
    works.wipe(dead)
    works.price(2_000)
    works.usd.mint(usd.address, SEED, sender=OWNER)
    usd.act(works.usd, works.usd.approve.encode(factory, SEED), sender=OWNER)
    for call in (
        factory.release.encode(dead),
        factory.create_next_series.encode(dead, SEED),
        factory.apply_wind_down.encode(token),
        factory.tokens_page.encode(0, 100),
        factory.token_info.encode(token),
        factory.is_dead.encode(token),
    ):
        with works.evm.anchor():
            usd.act(factory, call, sender=OWNER)
        with works.evm.anchor():
            usd.call_back(factory, call, sender=OWNER)
            factory.create_token(spec, SEED, sender=OWNER)
            assert not usd.entered()
