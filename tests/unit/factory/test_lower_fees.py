import pytest

from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import (
    CONFIG_DELAY,
    FEES,
    GUARDIAN,
    MICRO,
    NOT_LIVE,
    NOT_OWNER,
    OWNER,
    PERCENT,
    STRANGER,
)
from tests.unit.token.helpers import reverts, unpack_terms

MINT = REDEEM = WAD // 1_000
YEARLY = PERCENT


@pytest.mark.parametrize(
    "fees",
    [(0, 0, 0), (MINT - MICRO, REDEEM, YEARLY), (MINT, REDEEM - MICRO, YEARLY), (MINT, REDEEM, 1)],
)
def test_at_once(works, factory, token, fees):
    before, rules = factory.token_config(token), token.words().rules
    factory.lower_fees(token, *fees, sender=OWNER)
    assert [(log.name, tuple(log.args)) for log in factory.logs()] == [
        ("FeesLowered", (token.address, *fees))
    ]
    after = factory.token_config(token)
    assert (after.mint_fee, after.redeem_fee, after.management_fee) == fees
    assert (after.rules, after.cap, after.fee_receiver) == (before.rules, before.cap, FEES)
    assert token.words().rules == rules
    assert factory.token_info(token).management_fee == fees[2]


def test_rate(works, factory, token):
    factory.lower_fees(token, 0, 0, PERCENT // 10, sender=OWNER)
    assert unpack_terms(token.words().terms)["fee_rate"] == 1_000_500_333 * 10**6


def test_what_has_accrued_is_owed_at_the_old_rate(works, factory, token):
    works.evm.warp(10**7)
    owed = token.owed_shares()
    factory.lower_fees(token, 0, 0, 0, sender=OWNER)
    assert token.balanceOf(FEES) == owed > 0


def test_the_same_is_not_higher(works, factory, token):
    words = token.words()
    factory.lower_fees(token, MINT, REDEEM, YEARLY, sender=OWNER)
    assert token.words() == words


@pytest.mark.parametrize(
    "fees",
    [
        (MINT + MICRO, 0, 0),
        (0, REDEEM + MICRO, 0),
        (0, 0, YEARLY + 1),
        (2**256 - 1, 2**256 - 1, 2**256 - 1),
    ],
)
def test_never_higher(works, factory, token, fees):
    with reverts("fees: not lower"):
        factory.lower_fees(token, *fees, sender=OWNER)


def test_not_back_again(works, factory, token):
    factory.lower_fees(token, 0, REDEEM, 0, sender=OWNER)
    with reverts("fees: not lower"):
        factory.lower_fees(token, MICRO, REDEEM, 0, sender=OWNER)
    with reverts("fees: not lower"):
        factory.lower_fees(token, 0, REDEEM, 1, sender=OWNER)


def test_must_fit_its_field(works, factory, token):
    with reverts("terms: does not fit its field"):
        factory.lower_fees(token, MINT - 1, 0, 0, sender=OWNER)


def test_asks_no_bound(works, factory, token):
    """A venue on which the rules would no more be accepted does not keep fees up."""
    works.set_market(max_leverage=5 * WAD)
    factory.lower_fees(token, 0, 0, 0, sender=OWNER)


def test_leaves_what_is_scheduled(works, factory, token):
    config = works.schedule(mint_fee=PERCENT)
    factory.lower_fees(token, 0, 0, 0, sender=OWNER)
    works.evm.warp(CONFIG_DELAY)
    factory.apply_config(token, config, sender=STRANGER)
    assert factory.token_config(token).mint_fee == PERCENT


def test_owner_only(works, factory, token):
    for account in (GUARDIAN, STRANGER):
        with reverts(NOT_OWNER):
            factory.lower_fees(token, 0, 0, 0, sender=account)


def test_not_while_winding_down(works, factory, token):
    works.wind_down(token)
    with reverts("token: winding down"):
        factory.lower_fees(token, 0, 0, 0, sender=OWNER)


def test_live_tokens_only(works, factory, token):
    with reverts(NOT_LIVE):
        factory.lower_fees(STRANGER, 0, 0, 0, sender=OWNER)
