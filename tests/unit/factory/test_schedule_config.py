from eth_abi.abi import encode
from eth_utils.crypto import keccak

from steelyard.abi import canonical
from steelyard.compiler import compile_contract
from tests.unit.factory.helpers import (
    CONFIG_DELAY,
    GUARDIAN,
    NOON,
    NOT_LIVE,
    NOT_OWNER,
    OWNER,
    PERCENT,
    STRANGER,
)
from tests.unit.token.helpers import reverts


def digest(config):
    """Return keccak256 of the ABI-encoded TokenConfig."""
    abi = compile_contract("LeveragedTokenFactory").abi
    (schedule,) = [item for item in abi if item.get("name") == "schedule_config"]
    return keccak(encode([canonical(schedule["inputs"][1])], [config]))


def test_announces(works, factory, token):
    before = factory.token_config(token)
    config = works.schedule(mint_fee=PERCENT)
    ready_at = NOON + CONFIG_DELAY
    assert [(log.name, tuple(log.args)) for log in works.evm.logs] == [
        ("ConfigScheduled", (token.address, config, ready_at))
    ]
    assert tuple(factory.pending(token)) == (digest(config), ready_at, 0)
    assert factory.token_config(token) == before


def test_a_new_one_replaces_it_and_waits_anew(works, factory, token):
    first = works.schedule(mint_fee=PERCENT)
    works.evm.warp(CONFIG_DELAY - 1)
    second = works.schedule(mint_fee=PERCENT // 2)
    assert factory.pending(token).config_ready_at == works.evm.timestamp + CONFIG_DELAY
    works.evm.warp(CONFIG_DELAY - 1)
    with reverts("timelock: too early"):
        factory.apply_config(token, second, sender=STRANGER)
    works.evm.warp(1)
    with reverts("timelock: another configuration"):
        factory.apply_config(token, first, sender=STRANGER)
    factory.apply_config(token, second, sender=STRANGER)
    assert factory.token_config(token).mint_fee == PERCENT // 2


def test_the_same_again_waits_anew(works, factory, token):
    works.schedule(mint_fee=PERCENT)
    works.evm.warp(CONFIG_DELAY - 1)
    config = works.schedule(mint_fee=PERCENT)
    works.evm.warp(1)
    with reverts("timelock: too early"):
        factory.apply_config(token, config, sender=STRANGER)


def test_leaves_a_scheduled_wind_down(works, factory, token):
    factory.schedule_wind_down(token, sender=OWNER)
    works.evm.warp(1)
    works.schedule()
    pending = factory.pending(token)
    assert pending.wind_down_ready_at == NOON + CONFIG_DELAY == pending.config_ready_at - 1


def test_one_for_each_token(works, factory, token):
    other = works.create("ETH2S")
    works.schedule(mint_fee=PERCENT)
    assert tuple(factory.pending(other)) == (bytes(32), 0, 0)


def test_owner_only(works, factory, token):
    for account in (GUARDIAN, STRANGER):
        with reverts(NOT_OWNER):
            factory.schedule_config(token, works.config(), sender=account)


def test_live_tokens_only(works, factory, token):
    with reverts(NOT_LIVE):
        factory.schedule_config(STRANGER, works.config(), sender=OWNER)
    works.wipe()
    works.schedule()  # dead, but in the books until it is released
    factory.release(token, sender=STRANGER)
    with reverts(NOT_LIVE):
        works.schedule()
