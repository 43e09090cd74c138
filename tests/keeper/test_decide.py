"""What the keeper decides about one token: one test per rule, all without a chain."""

from dataclasses import replace

import pytest

from steelyard.keeper.decide import Policy, decide
from steelyard.keeper.types import GWEI, Alert, Cause, GasPrice, Rebalance, TokenView, Wait
from steelyard.model.arithmetic import DAY
from steelyard.model.policy import Obstacle, Trigger
from steelyard.model.token.terms import Phase
from steelyard.model.venue.oracle import Fault
from tests.keeper.views import GAS, NOW, USDC, account, address, due, pending, view

POLICY = Policy(rebalance_gas=100_000)  # 0.30 USDC of gas, 0.36 with the margin
CENT = USDC // 100


def one(token, policy=POLICY, gas=GAS, transactions=(), spent=0):
    """The one action about the one token."""
    (action,) = decide([token], NOW, gas, policy, transactions, spent)
    assert (action.token, action.symbol) == (token.address, token.symbol)
    return action


# ---------------------------------------------------------------- SENT


def test_rebalance_that_pays_is_sent_for_what_makes_it_worth_it():
    assert one(due()) == Rebalance(
        token=address(1),
        symbol="T1",
        reason="out of its band: 4.50x to 3.00x; reward 2.0000 USDC, gas 0.3600 USDC with margin",
        trigger=Trigger.DRIFT,
        reward=2 * USDC,
        cost=30 * CENT,
        profit=164 * CENT,
        min_reward=36 * CENT,
        sponsored=0,
        gas=100_000,
    )


@pytest.mark.parametrize("trigger", [t for t in Trigger if t is not Trigger.NOTHING])
def test_every_trigger_is_sent_when_it_pays(trigger):
    assert one(due(trigger=trigger)).trigger == trigger


def test_measured_gas_comes_before_the_guess():
    assert one(due(gas=200_000)).min_reward == 72 * CENT


def test_cost_is_rounded_up():
    gas = GasPrice(1, 0, 1, 1)
    assert (one(due(), gas=gas).cost, one(due(), gas=gas).profit) == (1, 2 * USDC - 1)


def test_free_gas_asks_for_no_reward():
    assert one(due(paid=0), gas=replace(GAS, native_price=0)).min_reward == 0


def test_gas_is_charged_at_most_at_the_cap():
    gas = GasPrice(GWEI, 5 * GWEI, 9 * GWEI, 3_000 * USDC)
    assert one(due(), replace(POLICY, max_fee=2 * GWEI), gas).cost == 60 * CENT


@pytest.mark.parametrize("least", [0, 1])
def test_profit_floor_is_exact(least):
    action = one(due(paid=136 * CENT - least), replace(POLICY, min_profit=100 * CENT))
    assert isinstance(action, (Rebalance, Wait)[least])


def test_emergency_is_sent_down_to_its_own_floor():
    policy = replace(POLICY, min_profit=USDC, emergency_floor=-20 * CENT)
    action = one(due(trigger=Trigger.EMERGENCY, paid=16 * CENT), policy)
    assert (action.profit, action.min_reward, action.sponsored) == (-20 * CENT, 16 * CENT, 0)
    assert action.is_urgent


def test_emergency_that_pays_well_still_asks_for_its_floor_alone():
    policy = replace(POLICY, min_profit=USDC, emergency_floor=0)
    assert one(due(trigger=Trigger.EMERGENCY), policy).min_reward == 36 * CENT


def test_emergency_below_its_floor_is_an_alert():
    action = one(due(trigger=Trigger.EMERGENCY, paid=35 * CENT))
    assert action == Alert(
        address(1),
        "T1",
        "EMERGENCY: 4.50x to 3.00x, but the reward of 0.3500 USDC is below the 0.3600 USDC"
        " to send it for",
        Cause.UNPROFITABLE,
    )


# ---------------------------------------------------------------- SPONSORED


def sponsor(budget, **changes):
    return replace(POLICY, sponsor_budget=budget, **changes)


def test_sponsor_keeps_a_token_at_a_loss_and_reserves_all_it_may_cost():
    action = one(due(paid=10 * CENT), sponsor(5 * USDC))
    assert (action.profit, action.min_reward, action.sponsored) == (-26 * CENT, 0, 36 * CENT)
    assert action.reason.endswith(", sponsored with up to 0.3600 USDC")


def test_sponsor_asks_for_what_the_budget_does_not_cover():
    action = one(due(paid=10 * CENT), sponsor(5 * USDC), spent=5 * USDC - 30 * CENT)
    assert (action.min_reward, action.sponsored) == (6 * CENT, 30 * CENT)


def test_what_pays_takes_nothing_from_the_sponsor():
    assert one(due(), sponsor(5 * USDC)).sponsored == 0


def test_sponsor_waits_for_tomorrow_when_the_budget_is_used_up():
    action = one(due(paid=10 * CENT), sponsor(USDC), spent=USDC - 25 * CENT)
    assert (action.cause, action.until) == (Cause.SPONSOR_BUDGET, NOW - 3_600 + DAY)
    assert action.reason.endswith("0.2500 USDC is left of the day's sponsor budget of 1.0000 USDC")


def test_loss_above_the_whole_budget_does_not_wait_for_tomorrow():
    assert one(due(paid=0), sponsor(35 * CENT)).until is None


def test_reserves_of_pending_transactions_count():
    action = one(due(paid=0), sponsor(USDC), transactions=[pending(2, sponsored=70 * CENT)])
    assert action.cause == Cause.SPONSOR_BUDGET


@pytest.mark.parametrize("name", ["T1", address(1)])
def test_sponsor_of_some_tokens_only(name):
    actions = decide(
        [due(1, paid=0), due(2, paid=0)], NOW, GAS, sponsor(USDC, sponsor_tokens=frozenset([name]))
    )
    assert [type(action) for action in actions] == [Rebalance, Wait]
    assert actions[1].cause == Cause.UNPROFITABLE


def test_budget_goes_to_emergencies_first_and_is_never_passed():
    tokens = [due(1, paid=9 * CENT), due(2, Trigger.EMERGENCY, paid=0), due(3, paid=8 * CENT)]
    first, second, third = decide(tokens, NOW, GAS, sponsor(70 * CENT))
    assert (first.symbol, first.sponsored) == ("T2", 36 * CENT)
    assert (second.symbol, second.sponsored, second.min_reward) == ("T1", 34 * CENT, 2 * CENT)
    assert (third.symbol, third.cause) == ("T3", Cause.SPONSOR_BUDGET)


# ---------------------------------------------------------------- NOT SENT


def blocked(obstacle, **changes):
    return due(obstacle=obstacle, ready_at=NOW + 7, **changes)


WAY = "out of its band: 4.50x to 3.00x, but "


@pytest.mark.parametrize(
    "obstacle, reason",
    [
        (Obstacle.COOLDOWN, WAY + "it was rebalanced a moment ago"),
        (Obstacle.BUDGET, WAY + "the day's cost budget is used up"),
    ],
)
def test_clock_ends_these(obstacle, reason):
    cause = Cause(obstacle.name.lower())
    assert one(blocked(obstacle)) == Wait(address(1), "T1", reason, cause, NOW + 7)


@pytest.mark.parametrize(
    "obstacle, reason",
    [
        (Obstacle.WIPED, "it is wiped out: nothing is left to trade with"),
        (Obstacle.FLAGGED, "the venue is liquidating it: its liquidate must be called"),
        (
            Obstacle.VENUE,
            "the venue does not take the trade: it is down, reduces only, or margin lacks",
        ),
        (Obstacle.PRICE, "the price is not valid (oracle: stale)"),
        (Obstacle.REFERENCE, "the reference feed is not fresh or disagrees"),
        (
            Obstacle.NO_SAFE_SIZE,
            "no size is safe from a sandwich: a fee or its trade share is zero",
        ),
        (
            Obstacle.BOUND,
            "no part fills within the price bound: the venue's skew must come back",
        ),
        (
            Obstacle.FUTILE,
            "no part brings leverage closer: trading costs more than it helps",
        ),
    ],
)
def test_somebody_should_know_of_these(obstacle, reason):
    token = blocked(obstacle, account=account(oracle_fault=Fault.STALE))
    cause = Cause(obstacle.name.lower())
    assert one(token) == Alert(address(1), "T1", WAY + reason, cause)


@pytest.mark.parametrize(
    "changes, kind, cause, reason",
    [
        ({}, Wait, Cause.IDLE, "3.00x, where it should be"),
        (
            {"obstacle": Obstacle.VENUE},
            Wait,
            Cause.VENUE,
            "the venue is down; there would be nothing to do",
        ),
        (
            {"obstacle": Obstacle.FLAGGED},
            Alert,
            Cause.FLAGGED,
            "no trade is due, but the venue is liquidating it: its liquidate must be called",
        ),
        (
            {"obstacle": Obstacle.PRICE, "account": account(oracle_fault=Fault.SEQUENCER_DOWN)},
            Alert,
            Cause.PRICE,
            "no trade is due, but the price is not valid (oracle: sequencer down)",
        ),
        (
            {"obstacle": Obstacle.WIPED, "wiped": True},
            Alert,
            Cause.WIPED,
            "wiped out, and its position still open: the venue must liquidate it",
        ),
        (
            {"obstacle": Obstacle.WIPED, "wiped": True, "account": account(size=0)},
            Wait,
            Cause.WIPED,
            "wiped out: nothing is left to trade with",
        ),
        (
            {"account": account(size=0)},
            Wait,
            Cause.IDLE,
            "without a position: it may be rebuilt after a daily boundary",
        ),
        (
            {"phase": Phase.WIND_DOWN, "account": account(size=0)},
            Wait,
            Cause.ENDED,
            "wound down, its position closed: it can be settled",
        ),
        (
            {"phase": Phase.CLOSED, "account": account(size=0)},
            Wait,
            Cause.ENDED,
            "settled: every share redeems for the same, for ever",
        ),
        (
            {"obstacle": Obstacle.REFERENCE},
            Alert,
            Cause.REFERENCE,
            "no trade is due, but the reference feed is not fresh or disagrees",
        ),
    ],
)
def test_token_without_a_trade_says_how_it_is(changes, kind, cause, reason):
    action = one(view(**changes))
    assert (type(action), action.cause, action.reason) == (kind, cause, reason)


def test_idle_token_waits_for_its_boundary():
    assert one(view(ready_at=NOW + 99)).until == NOW + 99
    assert one(view()).until is None


def test_trade_of_nothing_is_an_alert():
    assert one(due(size_delta=0)).cause == Cause.FUTILE


def test_token_with_a_live_transaction_waits_whatever_it_needs():
    token = due(trigger=Trigger.EMERGENCY, address=address(0xAB))
    live = pending(0xAB, nonce=3)
    action = one(token, transactions=[live.model_copy(update={"token": live.token.upper()})])
    assert action.cause == Cause.PENDING
    assert action.reason == f"a rebalance is under way since 5 s: 0x{3:064x}"


def test_unreadable_token_is_an_alert_and_spoils_nothing():
    broken = TokenView.unreadable("0x" + "AB" * 20, "the lens cannot read it")
    sent, alert = decide([broken, due()], NOW, GAS, POLICY)
    assert isinstance(sent, Rebalance)
    assert alert == Alert(
        "0x" + "ab" * 20, "0xabab..abab", "the lens cannot read it", Cause.UNREADABLE
    )


def test_gas_over_the_cap_waits_but_alerts_in_an_emergency():
    gas = GasPrice(300 * GWEI, GWEI, 700 * GWEI, 0)
    action = one(due(), gas=gas)
    assert action.cause == Cause.GAS_PRICE
    assert action.reason == WAY + "gas at 300.00 gwei is over the cap of 200.00 gwei"
    assert isinstance(action, Wait)
    assert isinstance(one(due(trigger=Trigger.EMERGENCY), gas=gas), Alert)


def test_unknown_price_of_the_coin_is_an_alert():
    action = one(due(), gas=replace(GAS, native_price=None))
    assert (type(action), action.cause) == (Alert, Cause.NATIVE_PRICE)
    assert action.reason == WAY + "what gas costs is not known: the price of the chain's coin"


def test_drift_that_does_not_pay_waits_for_more_of_it():
    action = one(due(paid=35 * CENT))
    assert (type(action), action.cause, action.until) == (Wait, Cause.UNPROFITABLE, None)
    assert action.reason == WAY + (
        "the reward of 0.3500 USDC is below the 0.3600 USDC to send it for; it grows with the drift"
    )
