"""`release`, and `is_dead`, which says when."""

import pytest

from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import GUARDIAN, NOT_LIVE, OWNER, STRANGER
from tests.unit.token.helpers import reverts


@pytest.mark.parametrize("account", [OWNER, GUARDIAN, STRANGER])
def test_frees_what_a_dead_token_holds(works, factory, token, account):
    works.wipe()
    assert factory.is_dead(token)
    assert factory.token_info(token).is_live
    factory.release(token, sender=account)
    assert [(log.name, tuple(log.args)) for log in factory.logs()] == [
        ("TokenReleased", (token.address,))
    ]
    assert not factory.token_info(token).is_live
    assert factory.is_dead(token) and factory.is_token(token)
    assert factory.market_tokens(works.exchange, 0) == ()
    assert tuple(factory.market_use(works.exchange, 0, True)) == (0, 0, 2**256 - 1)
    works.price(2_000)
    works.create("ETH3L", trade_share=WAD // 2, cap=2_500 * WAD)


def test_once(works, factory, token):
    works.wipe()
    factory.release(token, sender=STRANGER)
    with reverts(NOT_LIVE):
        factory.release(token, sender=STRANGER)


@pytest.mark.parametrize("which", [0, 1, 2])
def test_the_others_stay(works, factory, token, which):
    tokens = [token, works.create("ETH2S"), works.create("ETH2L")]
    if which == 1:
        works.settle(tokens[1])
    else:
        works.wipe(tokens[which])
    factory.release(tokens.pop(which), sender=STRANGER)
    live = factory.market_tokens(works.exchange, 0)
    assert set(live) == {left.address for left in tokens}
    assert len(live) == 2
    use = factory.market_use(works.exchange, 0, True)
    assert use.trade_share == WAD // 5
    assert use.cap == (1_250 if which == 1 else 625) * WAD


def test_alive(factory, token):
    assert not factory.is_dead(token)
    with reverts("registry: not dead"):
        factory.release(token, sender=OWNER)


def test_under_water_is_not_dead(works, factory, token):
    """A recovery would revive it until the venue has closed the position."""
    works.price(1_300)
    assert works.state(token).equity < 0
    assert not factory.is_dead(token)
    with reverts("registry: not dead"):
        factory.release(token, sender=OWNER)


@pytest.mark.parametrize(("left", "dead"), [(2.9, True), (3.3, False)])
def test_what_a_liquidation_leaves(works, factory, token, left, dead):
    """Less than 1 quote revives nothing: nobody can mint or rebuild. The keepers take 2.1."""
    works.wipe(equity=left)
    equity = works.state(token).equity
    assert 0 < equity < 2 * WAD
    assert factory.is_dead(token) == dead == (equity < WAD)
    if dead:
        factory.release(token, sender=STRANGER)
    else:
        with reverts("registry: not dead"):
            factory.release(token, sender=STRANGER)


def test_winding_down_is_not_dead_until_settled(works, factory, token):
    works.wind_down(token)
    assert not factory.is_dead(token)
    works.price(2_000)
    works.evm.warp(60)
    token.rebalance(sender=STRANGER)
    assert works.state(token).size == 0
    assert not factory.is_dead(token)
    with reverts("registry: not dead"):
        factory.release(token, sender=STRANGER)
    token.settle(sender=STRANGER)
    assert factory.is_dead(token)
    factory.release(token, sender=STRANGER)


def test_released_holders_redeem_as_ever(works, factory, token):
    token.deposit(1_000 * 10**6, STRANGER, sender=STRANGER)
    works.settle()
    factory.release(token, sender=STRANGER)
    shares = token.balanceOf(STRANGER)
    assert token.redeem(shares, STRANGER, STRANGER, sender=STRANGER) > 990 * 10**6


def test_no_token(factory):
    with reverts("registry: not a token"):
        factory.is_dead(STRANGER)
    with reverts(NOT_LIVE):
        factory.release(STRANGER, sender=STRANGER)
