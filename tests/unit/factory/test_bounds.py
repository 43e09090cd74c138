"""Every bound of docs/protocol.md section 8 from both sides, by the smallest step there is.

`schedule_config` checks what `create_token` and `apply_config` check; what never changes is in
test_create_token.py.
"""

from dataclasses import fields

import pytest

from steelyard.compiler import compile_contract
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Rules
from tests.unit.factory.helpers import FEES, LEVERAGE, MICRO, OWNER, PERCENT, setup_of
from tests.unit.token.helpers import reverts

BP = WAD // 10_000
RATE = "bounds: reward rate over 30 bp"
MISFIT = "policy: does not fit its field"
OUT_OF_ORDER = "policy: rules out of order"

# What changes, the step to one side of the bound, the other fields it needs, the reason.
AT_LEAST = [
    ("leverage_hi", WAD * 33 // 10, LEVERAGE, {}, "bounds: hi under 1.1 target"),
    ("leverage_lo", WAD * 12 // 10, LEVERAGE, {}, "bounds: lo not 0.4 to 0.9 target"),
    ("emergency_leverage", 5 * WAD, LEVERAGE, {}, "bounds: em under 1.25 hi"),
    ("max_slippage", PERCENT // 10, MICRO, {"cap": WAD}, "bounds: slippage not 0.1 to 2 %"),
    ("emergency_slippage", 2 * PERCENT, MICRO, {}, "bounds: emergency slippage"),
    ("recentering", WAD // 4, MICRO, {}, "bounds: recentering under 0.25"),
    ("min_drift", 2 * PERCENT, MICRO, {}, "bounds: min_drift under 2 %"),
    ("trade_share", PERCENT, MICRO, {}, "bounds: trade share under 1 %"),
    ("cost_budget", PERCENT // 2, MICRO, {}, "bounds: budget not 0.5 to 10 %"),
    ("cooldown", 30, 1, {}, "bounds: cooldown not 30 to 600 s"),
    ("auction_duration", 300, 1, {}, "bounds: auction not 5 min to 2 h"),
    ("window", 1_800, 1, {}, "bounds: window not auction to 4 h"),
    ("window", 7_200, 1, {"auction_duration": 7_200}, "bounds: window not auction to 4 h"),
]
AT_MOST = [
    ("leverage_lo", WAD * 27 // 10, LEVERAGE, {}, "bounds: lo not 0.4 to 0.9 target"),
    ("leverage_hi", 4 * WAD, LEVERAGE, {}, "bounds: em under 1.25 hi"),
    ("max_slippage", 2 * PERCENT, MICRO, {}, "bounds: slippage not 0.1 to 2 %"),
    ("emergency_slippage", 8 * PERCENT, MICRO, {}, "bounds: emergency slippage"),
    (
        "max_slippage",
        PERCENT,
        MICRO,
        {"emergency_slippage": 2 * PERCENT},
        "bounds: emergency slippage",
    ),
    ("max_rate", 30 * BP, MICRO, {}, RATE),
    ("min_rate", 30 * BP, MICRO, {"max_rate": 30 * BP}, OUT_OF_ORDER),
    ("max_reward", 50 * BP, MICRO, {}, "bounds: reward over 0.5 %"),
    ("recentering", WAD, MICRO, {}, OUT_OF_ORDER),
    ("cost_budget", 10 * PERCENT, MICRO, {}, "bounds: budget not 0.5 to 10 %"),
    ("cooldown", 600, 1, {}, "bounds: cooldown not 30 to 600 s"),
    ("auction_duration", 7_200, 1, {}, "bounds: auction not 5 min to 2 h"),
    ("window", 14_400, 1, {}, "bounds: window not auction to 4 h"),
    ("boundary", 86_399, 1, {}, OUT_OF_ORDER),
    ("mint_fee", PERCENT, MICRO, {}, "bounds: mint fee over 1 %"),
    ("redeem_fee", PERCENT, MICRO, {}, "bounds: redeem fee over 1 %"),
    ("management_fee", 5 * PERCENT, 1, {}, "bounds: management fee over 5 %"),
]


@pytest.mark.parametrize(("name", "bound", "step", "others", "reason"), AT_LEAST)
def test_at_least(works, name, bound, step, others, reason):
    works.schedule(**others, **{name: bound})
    works.schedule(**others, **{name: bound + step})
    with reverts(reason):
        works.schedule(**others, **{name: bound - step})


@pytest.mark.parametrize(("name", "bound", "step", "others", "reason"), AT_MOST)
def test_at_most(works, name, bound, step, others, reason):
    works.schedule(**others, **{name: bound})
    works.schedule(**others, **{name: bound - step})
    with reverts(reason):
        works.schedule(**others, **{name: bound + step})


@pytest.mark.parametrize(
    "changes",
    [
        {"leverage_lo": 3 * WAD, "leverage_hi": 4 * WAD},
        {"leverage_hi": 3 * WAD},
        {"leverage_lo": 0},
        {"emergency_leverage": 4 * WAD},
        {"min_rate": 11 * BP},
        {"cost_budget": 0},
        {"auction_duration": 0},
    ],
)
def test_what_the_policy_could_not_use(works, changes):
    with reverts(OUT_OF_ORDER):
        works.schedule(**changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"leverage_hi": 4 * WAD + 1}, MISFIT),
        ({"recentering": WAD - 1}, MISFIT),
        ({"cooldown": 1_024}, MISFIT),
        ({"window": 2**14}, MISFIT),
        ({"trade_share": 2**20 * MICRO}, MISFIT),
        ({"mint_fee": 1}, "terms: does not fit its field"),
        ({"redeem_fee": MICRO + 1}, "terms: does not fit its field"),
        ({"cap": 1}, "terms: does not fit its field"),
        ({"cap": 2**64 * MICRO}, "terms: does not fit its field"),
    ],
)
def test_what_cannot_be_stored(works, changes, reason):
    with reverts(reason):
        works.schedule(**changes)


def test_nothing_is_too_large_for_a_reason(works, token, factory):
    """Whatever number stands in a field, something says what is wrong with it."""
    rules, *terms = works.config()
    for at, field in enumerate(fields(Rules)):
        if isinstance(rules[at], bool) or field.name in ("reference", "reference_max_age"):
            continue
        absurd = (*rules[:at], 2**256 - 1, *rules[at + 1 :])
        reason = "bounds: target cannot change" if field.name == "target" else MISFIT
        if field.name in ("leverage_lo", "leverage_hi", "recentering", "max_slippage", "boundary"):
            reason = OUT_OF_ORDER
        if field.name in ("emergency_slippage", "min_rate"):
            reason = OUT_OF_ORDER
        with reverts(reason):
            factory.schedule_config(token, (absurd, *terms), sender=OWNER)
    for at, reason in enumerate(("mint", "redeem", "management")):
        absurd = (*terms[:at], 2**256 - 1, *terms[at + 1 :])
        over = "5 %" if reason == "management" else "1 %"
        with reverts(f"bounds: {reason} fee over {over}"):
            factory.schedule_config(token, (rules, *absurd), sender=OWNER)
    with reverts("terms: does not fit its field"):
        factory.schedule_config(token, (rules, *terms[:3], 2**256 - 1, FEES), sender=OWNER)


def test_target_cannot_change(works):
    for target in (3 * WAD - LEVERAGE, 3 * WAD + LEVERAGE):
        with reverts("bounds: target cannot change"):
            works.schedule(target=target)


# What the venue allows


def test_target_below_half_of_the_venue_s_leverage(works):
    works.set_market(max_leverage=7 * WAD)
    works.schedule()
    works.set_market(max_leverage=6 * WAD)
    with reverts("bounds: target over venue's half"):
        works.schedule()


def test_emergency_while_margin_may_still_leave(works):
    """Above the venue's maximum nobody can redeem; the call that helps must be open by then."""
    works.set_market(max_leverage=8 * WAD)
    works.schedule(emergency_leverage=8 * WAD)
    with reverts("bounds: em over venue's maximum"):
        works.schedule(emergency_leverage=8 * WAD + LEVERAGE)


def half_way(works, size):
    """Return half of the leverage at which a size would be liquidated, as it can be stored."""
    maintenance = works.exchange.maintenance_margin(0, size)
    return size * works.state(works.token).price // (2 * maintenance) // LEVERAGE * LEVERAGE


def test_emergency_half_way_to_liquidation(works):
    works.set_market(maintenance_ratio=PERCENT * 3, max_keeper_fee=10**6 * WAD)
    cap = setup_of().config.cap
    em = half_way(works, cap)
    assert 14 * WAD < em < 15 * WAD
    works.schedule(emergency_leverage=em)
    with reverts("bounds: em too near liquidation"):
        works.schedule(emergency_leverage=em + LEVERAGE)
    larger = half_way(works, cap * 3)
    assert larger < em
    with reverts("bounds: em too near liquidation"):
        works.schedule(emergency_leverage=em, cap=cap * 3)
    works.schedule(emergency_leverage=larger, cap=cap * 3)


def test_a_lower_cap_does_not_shrink_the_position(works, token):
    """Liquidation is as near as the position is large, whatever may be minted from now on."""
    works.set_market(maintenance_ratio=PERCENT * 3, max_keeper_fee=10**6 * WAD)
    token.deposit(400_000 * 10**6, OWNER, sender=OWNER)
    size = works.state(token).size
    assert size < setup_of().config.cap
    em = half_way(works, size)
    assert half_way(works, size // 2) > em
    for cap in (0, WAD, size // 2 // MICRO * MICRO):
        works.schedule(emergency_leverage=em, cap=cap)
        with reverts("bounds: em too near liquidation"):
            works.schedule(emergency_leverage=em + LEVERAGE, cap=cap)


def test_no_cap_is_no_mint(works, token):
    """A way to let a token fade, announced like everything else."""
    works.configure(cap=0)
    works.price(2_000)
    with reverts("mint: cap reached"):
        token.deposit(100 * 10**6, OWNER, sender=OWNER)


# The reference


@pytest.fixture
def reference(works):
    """A second feed of 8 decimals, at the price of the first."""
    return works.backend.deploy("MockAggregator", 8, "reference", 2_000 * 10**8)


def test_reference(works, token, reference):
    works.configure(reference=reference.address, reference_max_age=3_600)
    rules = works.system.policy.unpack_rules(token.words().rules)
    assert (rules.reference, rules.reference_max_age) == (reference.address, 3_600)


def test_reference_needs_an_age(works, reference):
    works.schedule(reference=reference.address, reference_max_age=1)
    with reverts("bounds: reference without age"):
        works.schedule(reference=reference.address, reference_max_age=0)


def test_deviation_counts_only_with_a_reference(works, reference):
    watched = {"reference": reference.address, "reference_max_age": 3_600}
    for deviation in (PERCENT // 5, 5 * PERCENT):
        works.schedule(max_deviation=deviation, **watched)
    for deviation in (PERCENT // 5 - MICRO, 5 * PERCENT + MICRO, 0):
        works.schedule(max_deviation=deviation)
        with reverts("bounds: deviation not 0.2 to 5 %"):
            works.schedule(max_deviation=deviation, **watched)


def test_stale_reference_may_be_configured(works, reference):
    """Whether it is fresh is asked when a token wants to trade."""
    works.evm.warp(10**8)
    works.schedule(reference=reference.address, reference_max_age=1)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda feed: feed.set_reverts(True, sender=OWNER),
        lambda feed: feed.push(0, sender=OWNER),
        lambda feed: feed.push(-1, sender=OWNER),
        lambda feed: feed.push(2**94 + 1, sender=OWNER),
        lambda feed: feed.push_at(2_000 * 10**8, 2**40, sender=OWNER),
        lambda feed: feed.push_at(2_000 * 10**8, 0, sender=OWNER),
        lambda feed: feed.set_decimals(19, sender=OWNER),
    ],
)
def test_reference_must_answer(works, reference, break_it):
    reference.set_decimals(18, sender=OWNER)
    works.schedule(reference=reference.address, reference_max_age=3_600)
    break_it(reference)
    with reverts("bounds: reference gives no price"):
        works.schedule(reference=reference.address, reference_max_age=3_600)


def test_reference_must_be_a_feed(works):
    for address in (FEES, works.usd.address, "0x" + "00" * 19 + "01"):
        with reverts("bounds: reference gives no price"):
            works.schedule(reference=address, reference_max_age=3_600)


def test_answer_that_is_no_round(works):
    feed = works.evm.deploy(compile_contract("HostileFeed"), 8, b"")
    with reverts("bounds: reference gives no price"):
        works.schedule(reference=feed.address, reference_max_age=3_600)
