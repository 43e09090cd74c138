import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import (
    CONFIG_DELAY,
    CONFIG_LAPSE,
    GUARDIAN,
    NOT_LIVE,
    OWNER,
    PERCENT,
    STRANGER,
)
from tests.unit.token.helpers import reverts, unpack_terms

OTHER_FEES = "0x" + "f1" * 20
CHANGES = {
    "leverage_lo": WAD * 24 // 10,
    "leverage_hi": WAD * 375 // 100,
    "emergency_leverage": WAD * 6,
    "recentering": WAD // 2,
    "max_slippage": PERCENT // 2,
    "trade_share": WAD // 4,
    "scheduled": True,
    "mint_fee": PERCENT,
    "redeem_fee": PERCENT // 2,
    "management_fee": PERCENT * 5,
    "cap": 300 * WAD,
    "fee_receiver": OTHER_FEES,
}


@pytest.mark.parametrize("account", [OWNER, GUARDIAN, STRANGER])
def test_anyone_applies(works, factory, token, account):
    config = works.schedule(**CHANGES)
    works.evm.warp(CONFIG_DELAY)
    factory.apply_config(token, config, sender=account)
    logs = factory.logs()
    assert [(log.name, tuple(log.args)) for log in logs] == [
        ("ConfigApplied", (token.address, account, config))
    ]
    assert tuple(factory.pending(token)) == (bytes(32), 0, 0)


def test_everything_arrives(works, factory, token):
    config = works.config(**CHANGES)
    works.configure(**CHANGES)
    assert tuple(factory.token_config(token)) == config
    words = token.words()
    assert tuple(words.rules) == works.system.policy.pack_rules(config[0])
    terms = unpack_terms(words.terms)
    assert (terms["fee_rate"], terms["fees_on"]) == (51_293_294_387 * 10**6, 1)
    assert (terms["leverage_lo"], terms["leverage_hi"]) == (config[0][1], config[0][2])
    assert token.fee_receiver() == OTHER_FEES
    assert factory.token_info(token).management_fee == PERCENT * 5
    use = factory.market_use(works.exchange, 0, True)
    assert tuple(use) == (WAD // 4, 300 * WAD, PERCENT // 2)


def test_fees_accrue_first_and_go_where_they_were_owed(works, factory, token):
    config = works.schedule(fee_receiver=ZERO_ADDRESS)
    works.evm.warp(CONFIG_DELAY)
    owed = token.owed_shares()
    old = token.fee_receiver()
    factory.apply_config(token, config, sender=STRANGER)
    assert token.balanceOf(old) == owed > 0
    assert (token.owed_shares(), token.fee_receiver()) == (0, ZERO_ADDRESS)
    works.evm.warp(10**6)
    assert token.owed_shares() == 0


def test_a_pause_goes_on(works, factory, token):
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY)
    factory.pause_mint(token, sender=GUARDIAN)
    before = token.words().terms
    factory.apply_config(token, config, sender=STRANGER)
    assert token.words().terms == before


def test_not_before_its_time(works, factory, token):
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY - 1)
    with reverts("timelock: too early"):
        factory.apply_config(token, config, sender=OWNER)
    works.evm.warp(1)
    factory.apply_config(token, config, sender=OWNER)


def test_not_after_its_time(works, factory, token):
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY + CONFIG_LAPSE - 1)
    with works.evm.anchor():
        factory.apply_config(token, config, sender=OWNER)
    works.evm.warp(1)
    with reverts("timelock: lapsed"):
        factory.apply_config(token, config, sender=OWNER)


def test_once(works, factory, token):
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY)
    factory.apply_config(token, config, sender=STRANGER)
    with reverts("timelock: nothing scheduled"):
        factory.apply_config(token, config, sender=STRANGER)


def test_nothing_scheduled(works, factory, token):
    with reverts("timelock: nothing scheduled"):
        factory.apply_config(token, works.config(), sender=OWNER)


def test_exactly_what_was_scheduled(works, factory, token):
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY)
    other = works.create("ETH2S")
    for changes in ({"mint_fee": 0}, {"scheduled": True}, {"fee_receiver": STRANGER}):
        with reverts("timelock: another configuration"):
            factory.apply_config(token, works.config(**changes), sender=OWNER)
    with reverts("timelock: nothing scheduled"):
        factory.apply_config(other, config, sender=OWNER)
    factory.apply_config(token, config, sender=OWNER)


def test_bounds_are_checked_again(works, factory, token):
    """The venue has changed since: the configuration would now be out of bounds."""
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY)
    works.set_market(max_leverage=6 * WAD)
    with reverts("bounds: target over venue's half"):
        factory.apply_config(token, config, sender=STRANGER)
    works.set_market(max_leverage=7 * WAD)
    factory.apply_config(token, config, sender=STRANGER)


def test_not_while_winding_down(works, factory, token):
    config = works.schedule()
    works.wind_down(token)
    with reverts("token: winding down"):
        factory.apply_config(token, config, sender=STRANGER)


def test_live_tokens_only(works, factory, token):
    config = works.schedule()
    works.evm.warp(CONFIG_DELAY)
    works.wipe()
    factory.release(token, sender=STRANGER)
    with reverts(NOT_LIVE):
        factory.apply_config(token, config, sender=OWNER)
