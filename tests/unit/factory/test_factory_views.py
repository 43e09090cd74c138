"""The list of tokens, and what the factory knows of each."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import (
    CONFIG_DELAY,
    CONFIG_LAPSE,
    FEES,
    GUARDIAN,
    MAX_PAUSE,
    OWNER,
    PAUSE_COOL_OFF,
    PERCENT,
    STRANGER,
)
from tests.unit.token.helpers import reverts


@pytest.fixture
def three(works, token):
    return [made.address for made in (token, works.create("ETH2S"), works.create("BTC3L"))]


def test_tokens(works, factory, three):
    assert factory.token_count() == 3
    assert [factory.tokens(index) for index in range(3)] == three
    for index in (3, 2**256 - 1):
        assert factory.tokens(index) == ZERO_ADDRESS


@pytest.mark.parametrize(
    ("start", "count", "page"),
    [
        (0, 0, slice(0, 0)),
        (0, 1, slice(0, 1)),
        (0, 3, slice(0, 3)),
        (0, 2**256 - 1, slice(0, 3)),
        (1, 1, slice(1, 2)),
        (1, 100, slice(1, 3)),
        (2, 2**256 - 1, slice(2, 3)),
        (3, 1, slice(0, 0)),
        (2**256 - 1, 2**256 - 1, slice(0, 0)),
    ],
)
def test_page(factory, three, start, count, page):
    assert list(factory.tokens_page(start, count)) == three[page]


def test_page_of_a_hundred(works, factory):
    for index in range(102):
        made = works.create("ETH2S", symbol=f"T{index}", trade_share=PERCENT)
        works.settle(made)
        factory.release(made, sender=STRANGER)
    page = factory.tokens_page(1, 2**256 - 1)
    assert len(page) == 100 == len(factory.tokens_page(3, 101))
    assert page[0] == factory.tokens(1) and page[-1] == factory.tokens(100)


def test_is_token(factory, three):
    assert all(factory.is_token(token) for token in three)
    for address in (factory.address, STRANGER, ZERO_ADDRESS):
        assert not factory.is_token(address)


def test_info(works, factory, token):
    assert tuple(factory.token_info(token)) == (
        1,
        token.address,
        ZERO_ADDRESS,
        100 * WAD,
        PERCENT,
        True,
        0,
    )
    assert tuple(factory.token_info(STRANGER)) == (0, ZERO_ADDRESS, ZERO_ADDRESS, 0, 0, False, 0)


def test_config(works, factory, token):
    assert tuple(factory.token_config(token)) == works.config()
    with reverts("registry: not a token"):
        factory.token_config(STRANGER)


def test_pending(factory, token):
    for account in (token, STRANGER):
        assert tuple(factory.pending(account)) == (bytes(32), 0, 0)


def test_times(factory):
    assert (factory.CONFIG_DELAY(), factory.CONFIG_LAPSE()) == (CONFIG_DELAY, CONFIG_LAPSE)
    assert (factory.MAX_PAUSE(), factory.PAUSE_COOL_OFF()) == (MAX_PAUSE, PAUSE_COOL_OFF)


def test_as_deployed(works):
    """No tokens and no guardian; the deployer owns it."""
    blueprint = works.backend.deploy_blueprint("LeveragedToken")
    args = blueprint, works.system.policy, works.system.quotes
    factory = works.backend.deploy("LeveragedTokenFactory", *args)
    assert (factory.blueprint(), factory.policy(), factory.quotes()) == (
        blueprint,
        works.system.policy.address,
        works.system.quotes.address,
    )
    assert (factory.owner(), factory.pending_owner()) == (OWNER, ZERO_ADDRESS)
    assert (factory.guardian(), factory.token_count()) == (ZERO_ADDRESS, 0)
    assert factory.tokens_page(0, 100) == ()
    assert works.factory.guardian() == GUARDIAN and FEES != GUARDIAN
