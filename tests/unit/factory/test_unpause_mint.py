import pytest

from tests.unit.factory.helpers import (
    GUARDIAN,
    MAX_PAUSE,
    NOT_LIVE,
    OWNER,
    PAUSE_COOL_OFF,
    STRANGER,
)
from tests.unit.token.helpers import reverts


@pytest.mark.parametrize("paused_by", [OWNER, GUARDIAN])
@pytest.mark.parametrize("account", [OWNER, GUARDIAN])
def test_opens_mints_at_once(works, factory, token, paused_by, account):
    factory.pause_mint(token, sender=paused_by)
    works.evm.warp(1)
    factory.unpause_mint(token, sender=account)
    assert [(log.name, tuple(log.args)) for log in factory.logs()] == [
        ("MintUnpaused", (token.address, account))
    ]
    token.deposit(100 * 10**6, STRANGER, sender=STRANGER)


def test_in_the_second_of_the_pause(works, factory, token):
    factory.pause_mint(token, sender=GUARDIAN)
    factory.unpause_mint(token, sender=GUARDIAN)
    token.deposit(100 * 10**6, STRANGER, sender=STRANGER)


def test_brings_the_next_pause_no_nearer(works, factory, token):
    factory.pause_mint(token, sender=GUARDIAN)
    works.evm.warp(10)
    factory.unpause_mint(token, sender=GUARDIAN)
    works.evm.warp(MAX_PAUSE + PAUSE_COOL_OFF - 11)
    with reverts("pause: cooling off"):
        factory.pause_mint(token, sender=OWNER)
    works.evm.warp(1)
    factory.pause_mint(token, sender=GUARDIAN)


def test_nothing_to_end(works, factory, token):
    with reverts("pause: not paused"):
        factory.unpause_mint(token, sender=GUARDIAN)
    factory.pause_mint(token, sender=GUARDIAN)
    works.evm.warp(MAX_PAUSE)
    with reverts("pause: not paused"):
        factory.unpause_mint(token, sender=GUARDIAN)


def test_guardian_and_owner_only(factory, token):
    factory.pause_mint(token, sender=GUARDIAN)
    with reverts("pause: only the guardian"):
        factory.unpause_mint(token, sender=STRANGER)


def test_live_tokens_only(factory):
    with reverts(NOT_LIVE):
        factory.unpause_mint(STRANGER, sender=GUARDIAN)
