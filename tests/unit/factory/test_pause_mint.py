import pytest

from tests.unit.factory.helpers import (
    GUARDIAN,
    MAX_PAUSE,
    NOON,
    NOT_LIVE,
    OWNER,
    PAUSE_COOL_OFF,
    STRANGER,
)
from tests.unit.token.helpers import reverts

COOLING = "pause: cooling off"


@pytest.mark.parametrize("account", [OWNER, GUARDIAN])
def test_closes_mints(works, factory, token, account):
    factory.pause_mint(token, sender=account)
    until = NOON + MAX_PAUSE
    assert [(log.name, tuple(log.args)) for log in factory.logs()] == [
        ("MintPaused", (token.address, account, until))
    ]
    assert factory.token_info(token).next_pause_at == until + PAUSE_COOL_OFF
    assert token.maxDeposit(STRANGER) == 0
    with reverts("mint: paused"):
        token.deposit(100 * 10**6, STRANGER, sender=STRANGER)


def test_ends_by_itself_and_never_stops_redemption(works, factory, token):
    token.deposit(1_000 * 10**6, STRANGER, sender=STRANGER)
    factory.pause_mint(token, sender=GUARDIAN)
    token.redeem(10**18, STRANGER, STRANGER, sender=STRANGER)
    works.evm.warp(MAX_PAUSE - 1)
    with reverts("mint: paused"):
        token.deposit(100 * 10**6, STRANGER, sender=STRANGER)
    works.evm.warp(1)
    token.deposit(100 * 10**6, STRANGER, sender=STRANGER)


@pytest.mark.parametrize("first", [OWNER, GUARDIAN])
@pytest.mark.parametrize("second", [OWNER, GUARDIAN])
def test_one_cool_off_for_both(works, factory, token, first, second):
    """It runs from the end of a pause."""
    factory.pause_mint(token, sender=first)
    with reverts(COOLING):
        factory.pause_mint(token, sender=second)
    works.evm.warp(MAX_PAUSE + PAUSE_COOL_OFF - 1)
    with reverts(COOLING):
        factory.pause_mint(token, sender=second)
    works.evm.warp(1)
    factory.pause_mint(token, sender=second)


def test_another_guardian_does_not_bring_the_next_nearer(works, factory, token):
    factory.pause_mint(token, sender=GUARDIAN)
    factory.set_guardian(STRANGER, sender=OWNER)
    works.evm.warp(MAX_PAUSE + PAUSE_COOL_OFF - 1)
    with reverts(COOLING):
        factory.pause_mint(token, sender=STRANGER)


def test_each_token_for_itself(works, factory, token):
    other = works.create("ETH2S")
    factory.pause_mint(token, sender=GUARDIAN)
    assert other.maxDeposit(STRANGER) > 0
    factory.pause_mint(other, sender=GUARDIAN)


def test_guardian_and_owner_only(factory, token):
    with reverts("pause: only the guardian"):
        factory.pause_mint(token, sender=STRANGER)


def test_nobody_is_guardian(factory, token):
    factory.set_guardian("0x" + "00" * 20, sender=OWNER)
    for account in (GUARDIAN, STRANGER):
        with reverts("pause: only the guardian"):
            factory.pause_mint(token, sender=account)
    factory.pause_mint(token, sender=OWNER)


def test_live_tokens_only(works, factory, token):
    with reverts(NOT_LIVE):
        factory.pause_mint(STRANGER, sender=GUARDIAN)
    works.wipe()
    factory.release(token, sender=STRANGER)
    with reverts(NOT_LIVE):
        factory.pause_mint(token, sender=GUARDIAN)
