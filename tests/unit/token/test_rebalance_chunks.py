"""Trades in parts that cannot be sandwiched: how large, until when, and what ends them."""

import pytest

from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import DAY, WAD, ceil_div
from steelyard.model.policy import Memory, Trigger
from tests.unit.token.helpers import CLOSED, NOON, reverts


@pytest.fixture
def drifted(venue, make_token):
    """4.125x; of the 400 ether that are safe a hundredth may go at once, of 41."""
    token = make_token(trade_share=WAD // 100)
    venue.move(-12)
    return token


def test_first_part_is_remembered(venue, drifted, rebalance):
    done = rebalance(drifted)
    assert done.size_delta == -4 * WAD
    memory = venue.memory(drifted)
    assert memory == Memory(aim=3 * WAD, since=NOON, traded_at=NOON, budget_used=memory.budget_used)


def test_part_below_the_target_is_remembered_as_upward(venue, make_token, rebalance):
    token = make_token(trade_share=WAD // 100)
    venue.move(35)
    done = rebalance(token)
    assert done.size_delta == 4 * WAD
    memory = venue.memory(token)
    assert (memory.aim, memory.since, memory.upward) == (3 * WAD, NOON, True)


def test_to_completion(venue, drifted, rebalance, keeper):
    """One part a minute, each closer, until a hundredth of the aim is all that is left."""
    whole = drifted.rebalance_status().whole_delta
    sizes, leverages = [], [drifted.rebalance_status().leverage]
    while venue.memory(drifted).aim or not sizes:
        done = rebalance(drifted)
        sizes.append(done.size_delta)
        leverages.append(done.leverage_after)
        assert (venue.memory(drifted).since == NOON) is (venue.memory(drifted).aim != 0)
        venue.wait(59)
        reason = "cooldown" if venue.memory(drifted).aim else "nothing to do"
        with reverts(f"rebalance: {reason}"):
            drifted.rebalance(sender=keeper)
        venue.wait(1)
    assert set(sizes[:-1]) == {-4 * WAD}
    assert leverages == sorted(leverages, reverse=True)
    assert 3 * WAD <= leverages[-1] <= 303 * WAD // 100 < leverages[-2]
    assert whole * 102 // 100 < sum(sizes) < whole * 95 // 100
    assert venue.memory(drifted).since == 0


def test_safe_size_is_read_from_the_venue(venue, drifted, rebalance):
    """Twice the smaller fee times the skew scale, of which this token has a hundredth."""
    venue.configure(maker_fee=10**14)
    assert drifted.rebalance_status().size_delta == -2 * WAD
    venue.configure(maker_fee=6 * 10**14, taker_fee=3 * 10**14)
    assert drifted.rebalance_status().size_delta == -6 * WAD


def test_coming_near_the_aim_by_itself_ends_it(venue, drifted, rebalance):
    rebalance(drifted)
    venue.wait(60)
    venue.move(12.4)
    assert 1 < venue.leverage(drifted) / 3 < 1.01
    assert drifted.rebalance_status().trigger == Trigger.NOTHING


def test_crossing_the_aim_ends_it(venue, drifted, rebalance):
    rebalance(drifted)
    venue.wait(60)
    venue.move(25)
    assert 2 < venue.leverage(drifted) < 3
    assert drifted.rebalance_status().trigger == Trigger.NOTHING


def test_six_hours_end_it(venue, drifted, rebalance):
    rebalance(drifted)
    venue.move(3)
    assert venue.leverage(drifted) < 4
    venue.wait(6 * 3_600)
    assert drifted.rebalance_status().trigger == Trigger.UNFINISHED
    venue.wait(1)
    assert drifted.rebalance_status().trigger == Trigger.NOTHING


@pytest.mark.parametrize("waited", [0, 1])
def test_a_change_by_the_venue_ends_it(venue, drifted, rebalance, waited):
    """In the same second too."""
    rebalance(drifted)
    venue.wait(waited)
    venue.exchange.deleverage(0, drifted, 10 * WAD, sender=DEPLOYER)
    venue.wait(60)
    assert 3.1 < venue.leverage(drifted) < 4
    assert drifted.rebalance_status().trigger == Trigger.NOTHING


def test_another_triggers_trade_ends_it(venue, drifted, rebalance):
    """An emergency on its way remembers its own."""
    rebalance(drifted)
    venue.wait(60)
    venue.move(-8)
    done = rebalance(drifted)
    assert done.trigger == Trigger.EMERGENCY
    assert venue.memory(drifted).since == NOON + 60


def test_a_flow_between_two_parts_changes_the_aim_of_neither(venue, drifted, rebalance, holder):
    rebalance(drifted)
    leverage = venue.leverage(drifted)
    drifted.redeem(drifted.balanceOf(holder) // 2, holder, holder, sender=holder)
    assert venue.leverage(drifted) == pytest.approx(leverage, rel=1e-9)
    venue.wait(60)
    assert rebalance(drifted).trigger == Trigger.UNFINISHED


@pytest.mark.parametrize(("crowd", "halvings"), [(0, 0), (-9_000, 0), (-9_985, 1), (-9_995, 3)])
def test_part_that_breaks_the_bound_is_halved(venue, make_token, trader, crowd, halvings):
    """At a premium of nearly 1 % a sale of 40 ether in a million adds 20 of it at the mean."""
    token = make_token()
    if crowd:
        venue.trade(trader, crowd - 150, 3 * 10**6)
    venue.move(-12)
    status = token.rebalance_status()
    whole = -status.whole_delta
    assert -status.size_delta == whole >> halvings
    assert (whole / WAD) == pytest.approx(41, rel=0.1)


def test_no_part_fits_the_bound(venue, make_token, trader, keeper):
    token = make_token()
    venue.trade(trader, -10_200, 3 * 10**6)
    venue.move(-12)
    with reverts("rebalance: price bound"):
        token.rebalance(sender=keeper)


def test_favourable_fill_is_never_refused(venue, make_token, trader, rebalance):
    """A two-sided bound would keep the crowd from leaving."""
    token = make_token()
    venue.trade(trader, 19_000, 5 * 10**6)
    venue.move(-12)
    done = rebalance(token)
    assert done.fill_price > 1_760 * WAD * 1_018 // 1_000
    assert done.cost < 0
    # A rebate does not pay for the reward.
    spent = done.reward * venue.scale
    assert venue.memory(token).budget_used == ceil_div(spent * WAD, done.equity + done.cost + spent)


def test_emergency_takes_the_larger_of_safe_and_a_quarter(venue, make_token, rebalance):
    for share, quarter in ((WAD // 100, True), (WAD // 2, False)):
        with venue.evm.anchor():
            token = make_token(trade_share=share)
            venue.move(-19)
            size = venue.state(token).size
            done = rebalance(token)
            assert done.trigger == Trigger.EMERGENCY
            assert (-done.size_delta == -(-size // 4)) is quarter
            assert (done.leverage_after == pytest.approx(3 * WAD, rel=1e-5)) is not quarter


def test_emergency_to_completion(venue, make_token, rebalance):
    """A part a second until below 5x, then with the cooldown: one business, one memory."""
    token = make_token(trade_share=WAD // 100)
    venue.move(-25)
    done = rebalance(token)
    while done.leverage_after > 5 * WAD:
        venue.wait(1)
        done = rebalance(token)
        assert done.trigger == Trigger.EMERGENCY
    venue.wait(59)
    assert token.rebalance_status().trigger == Trigger.UNFINISHED
    venue.wait(1)
    assert rebalance(token).trigger == Trigger.UNFINISHED


def test_closed_market_takes_the_whole_at_once(venue, drifted, rebalance):
    venue.status(CLOSED, price=1_760)
    done = rebalance(drifted)
    assert done.cost == 0
    assert done.leverage_after == pytest.approx(3 * WAD, rel=1e-5)


def test_days_later_there_is_no_memory_left(venue, drifted, rebalance):
    rebalance(drifted)
    venue.wait(DAY)
    venue.move(30)
    assert venue.decide(drifted).trigger == Trigger.NOTHING
    assert drifted.rebalance_status().trigger == Trigger.NOTHING
