"""`schedule_wind_down`, `apply_wind_down` and `cancel_wind_down`."""

import pytest

from tests.unit.factory.helpers import (
    CONFIG_DELAY,
    CONFIG_LAPSE,
    GUARDIAN,
    NOON,
    NOT_LIVE,
    NOT_OWNER,
    OWNER,
    STRANGER,
    TRADING,
    WINDING_DOWN,
)
from tests.unit.token.helpers import reverts, unpack_terms

VERBS = ("schedule_wind_down", "cancel_wind_down")


def phase(token):
    return unpack_terms(token.words().terms)["phase"]


def test_announces(works, factory, token):
    factory.schedule_wind_down(token, sender=OWNER)
    assert [(log.name, tuple(log.args)) for log in works.evm.logs] == [
        ("WindDownScheduled", (token.address, NOON + CONFIG_DELAY))
    ]
    assert tuple(factory.pending(token)) == (bytes(32), 0, NOON + CONFIG_DELAY)
    assert phase(token) == TRADING


@pytest.mark.parametrize("account", [OWNER, GUARDIAN, STRANGER])
def test_anyone_begins_it(works, factory, token, account):
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(CONFIG_DELAY)
    factory.apply_wind_down(token, sender=account)
    assert [(log.name, tuple(log.args)) for log in factory.logs()] == [
        ("WindDownApplied", (token.address, account))
    ]
    assert phase(token) == WINDING_DOWN
    assert tuple(factory.pending(token)) == (bytes(32), 0, 0)
    config = factory.token_config(token)
    assert (config.mint_fee, config.redeem_fee, config.management_fee) == (0, 0, 0)


def test_times(works, factory, token):
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(CONFIG_DELAY - 1)
    with reverts("timelock: too early"):
        factory.apply_wind_down(token, sender=OWNER)
    works.evm.warp(1)
    with works.evm.anchor():
        factory.apply_wind_down(token, sender=OWNER)
    works.evm.warp(CONFIG_LAPSE - 1)
    with works.evm.anchor():
        factory.apply_wind_down(token, sender=OWNER)
    works.evm.warp(1)
    with reverts("timelock: lapsed"):
        factory.apply_wind_down(token, sender=OWNER)


def test_a_new_schedule_waits_anew(works, factory, token):
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(CONFIG_DELAY - 1)
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(1)
    with reverts("timelock: too early"):
        factory.apply_wind_down(token, sender=OWNER)


def test_cancelled(works, factory, token):
    config = works.schedule()
    factory.schedule_wind_down(token, sender=OWNER)
    factory.cancel_wind_down(token, sender=OWNER)
    assert [(log.name, tuple(log.args)) for log in works.evm.logs] == [
        ("WindDownCancelled", (token.address,))
    ]
    works.evm.warp(CONFIG_DELAY)
    with reverts("timelock: nothing scheduled"):
        factory.apply_wind_down(token, sender=OWNER)
    with reverts("timelock: nothing scheduled"):
        factory.cancel_wind_down(token, sender=OWNER)
    factory.apply_config(token, config, sender=STRANGER)


def test_a_configuration_is_no_wind_down(works, factory, token):
    works.schedule()
    works.evm.warp(CONFIG_DELAY)
    with reverts("timelock: nothing scheduled"):
        factory.apply_wind_down(token, sender=OWNER)


def test_once(works, factory, token):
    works.wind_down(token)
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(CONFIG_DELAY)
    with reverts("token: winding down"):
        factory.apply_wind_down(token, sender=OWNER)


@pytest.mark.parametrize("verb", VERBS)
def test_owner_only(factory, token, verb):
    for account in (GUARDIAN, STRANGER):
        with reverts(NOT_OWNER):
            getattr(factory, verb)(token, sender=account)


@pytest.mark.parametrize("verb", [*VERBS, "apply_wind_down"])
def test_live_tokens_only(works, factory, token, verb):
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(CONFIG_DELAY)
    works.price(2_000)
    works.wipe()
    factory.release(token, sender=STRANGER)
    for target in (token, STRANGER):
        with reverts(NOT_LIVE):
            getattr(factory, verb)(target, sender=OWNER)
