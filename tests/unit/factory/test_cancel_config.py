from tests.unit.factory.helpers import (
    CONFIG_DELAY,
    GUARDIAN,
    NOON,
    NOT_LIVE,
    NOT_OWNER,
    OWNER,
    STRANGER,
)
from tests.unit.token.helpers import reverts


def test_takes_it_back(works, factory, token):
    config = works.schedule()
    factory.schedule_wind_down(token, sender=OWNER)
    factory.cancel_config(token, sender=OWNER)
    assert [(log.name, tuple(log.args)) for log in works.evm.logs] == [
        ("ConfigCancelled", (token.address,))
    ]
    assert tuple(factory.pending(token)) == (bytes(32), 0, NOON + CONFIG_DELAY)
    works.evm.warp(CONFIG_DELAY)
    with reverts("timelock: nothing scheduled"):
        factory.apply_config(token, config, sender=OWNER)


def test_a_lapsed_one(works, factory, token):
    works.schedule()
    works.evm.warp(10**8)
    factory.cancel_config(token, sender=OWNER)
    assert tuple(factory.pending(token)) == (bytes(32), 0, 0)


def test_nothing_scheduled(works, factory, token):
    factory.schedule_wind_down(token, sender=OWNER)
    with reverts("timelock: nothing scheduled"):
        factory.cancel_config(token, sender=OWNER)


def test_owner_only(works, factory, token):
    works.schedule()
    for account in (GUARDIAN, STRANGER):
        with reverts(NOT_OWNER):
            factory.cancel_config(token, sender=account)


def test_live_tokens_only(works, factory, token):
    works.schedule()
    works.wipe()
    factory.release(token, sender=STRANGER)
    with reverts(NOT_LIVE):
        factory.cancel_config(token, sender=OWNER)
