"""When an auction will pay enough: what the keeper says, against the policy twin's reward."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.keeper.auction import BY_TIME, worth_at
from steelyard.keeper.decide import Policy, decide
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Case, Memory, Trigger
from steelyard.model.policy.terms import find_rate
from tests.keeper.views import GAS, NOW, OPENED, USDC, account, due

NOTIONAL = 10_000 * WAD  # 5 ETH at 2,000
CENT = USDC // 100


def quote_at(token, now):
    """What the twin says that the same trade pays at another time, quote WAD."""
    case = Case(token.account, token.is_long, token.rules, token.memory, now)
    return NOTIONAL * find_rate(case, token.trigger) // WAD


def reward_at(token, now):
    """The same in collateral units."""
    return quote_at(token, now) * USDC // WAD


def auction(trigger, elapsed, **changes):
    """A token whose auction began some seconds ago, paid as the twin says."""
    start = OPENED if trigger in (Trigger.SCHEDULE, Trigger.REBUILD) else NOW
    now = start + elapsed
    memory = Memory()
    if trigger == Trigger.WIND_DOWN:
        memory = Memory(winding_down_at=start, winding_down_size=15 * WAD)
    if trigger == Trigger.UNFINISHED:
        memory = Memory(aim=3 * WAD, since=start - 60, traded_at=start - 60)
    values = {"timestamp": now, "memory": memory, "leverage": 3 * WAD}
    values["aim"] = 0 if trigger == Trigger.WIND_DOWN else 3 * WAD
    token = due(trigger=trigger, **values | changes)
    return replace(token, reward=quote_at(token, now), reward_assets=reward_at(token, now))


@given(
    st.sampled_from(BY_TIME),
    st.integers(0, 1_700),
    st.integers(1, 12 * USDC),
    st.sampled_from([10_000, 40_000]),
)
def test_reward_is_enough_then_and_not_a_second_before(trigger, elapsed, least, equity):
    token = auction(trigger, elapsed, account=account(equity=equity * WAD))
    if least <= token.reward_assets:
        return
    until = worth_at(token, least)
    if until is None:
        assert reward_at(token, token.timestamp + 2 * 1_800) < least
    else:
        assert reward_at(token, until) >= least > reward_at(token, until - 1)
        assert until > token.timestamp


@pytest.mark.parametrize("trigger", BY_TIME)
def test_auction_that_reaches_the_reward_says_when(trigger):
    token = auction(trigger, 360)
    # 1 to 10 bp in 1,800 s: 20 % of the way now, 40 % are asked for.
    assert token.reward_assets == 280 * CENT
    assert worth_at(token, 460 * CENT) == token.timestamp + 360


def test_auction_in_words():
    token = auction(Trigger.WIND_DOWN, 360)
    policy = Policy(rebalance_gas=100_000, min_profit=424 * CENT)  # and 0.36 of gas
    (action,) = decide([token], token.timestamp, GAS, policy)
    assert action.until == token.timestamp + 360
    assert action.reason == (
        "winding down: 3.00x to 0.00x, but the reward of 2.8000 USDC is below the 4.6000 USDC"
        " to send it for; worth it: in 360 s"
    )
    (action,) = decide([token], NOW, GAS, replace(policy, min_profit=10 * USDC))
    assert action.until is None
    assert action.reason.endswith("; worth it: not within this auction")


def test_sponsor_whose_budget_comes_back_sooner_than_the_reward_waits_for_midnight():
    token = auction(Trigger.WIND_DOWN, 0)
    midnight = NOW - NOW % DAY + DAY
    policy = Policy(rebalance_gas=500_000, sponsor_budget=USDC)  # 1.80 of gas, 1.00 paid
    (action,) = decide([token], midnight - 60, GAS, policy, (), USDC)
    assert action.until == NOW + 161
    (action,) = decide([replace(token, size_delta=-1)], NOW, GAS, policy, (), USDC)
    assert action.until == midnight


def test_venue_that_pays_less_than_the_auction_offers_will_not_pay_more():
    token = auction(Trigger.SCHEDULE, 600)
    assert worth_at(replace(token, reward=token.reward - WAD), 5 * USDC) is None


def test_auction_beyond_the_highest_rate_never_pays():
    assert worth_at(auction(Trigger.SCHEDULE, 600), 10 * USDC) == OPENED + 1_800
    assert worth_at(auction(Trigger.SCHEDULE, 600), 10 * USDC + 1) is None
    # A leverage of 4.5 caps the rate at 0.3 % / 4.5.
    capped = auction(Trigger.SCHEDULE, 600, account=account(equity=30_000 * WAD * 2 // 9))
    assert worth_at(capped, 7 * USDC) is None


def test_trade_that_ends_before_it_pays_does_not_wait():
    token = auction(Trigger.UNFINISHED, 600)
    late = replace(token, memory=replace(token.memory, since=token.timestamp - 6 * 3_600 + 60))
    assert worth_at(late, 429 * CENT) == token.timestamp + 59
    assert worth_at(late, 430 * CENT) is None
    short = replace(token, trigger=Trigger.SCHEDULE, timestamp=OPENED + 600)
    short = replace(short, rules=replace(short.rules, window=719))
    assert worth_at(short, 460 * CENT) is None


@pytest.mark.parametrize("trigger", [Trigger.DRIFT, Trigger.EMERGENCY])
def test_need_by_distance_knows_no_time(trigger):
    assert worth_at(due(trigger=trigger), 9 * USDC) is None
    assert worth_at(replace(due(trigger=Trigger.SCHEDULE), account=None), 9 * USDC) is None
