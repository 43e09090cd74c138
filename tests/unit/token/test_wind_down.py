"""The beginning of the end: by the factory, or by anyone once the venue has closed the market."""

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Memory, Trigger
from tests.unit.token.helpers import (
    CLOSED,
    NOON,
    PAUSED,
    REDUCE_ONLY,
    SETTLED,
    WINDING_DOWN,
    reverts,
    unpack_terms,
)


@pytest.fixture(params=[True, False], ids=["long", "short"])
def token(request, make_token):
    return make_token(is_long=request.param)


def test_begins(venue, token, factory):
    size = venue.state(token).size
    token.wind_down(sender=factory)
    [log] = token.logs()
    assert (log.name, tuple(log.args)) == ("WindDownStarted", (factory, size))
    memory = venue.memory(token)
    assert memory == Memory(winding_down_at=NOON, winding_down_size=abs(size))
    assert venue.state(token).size == size


def test_fees_are_gone_and_the_other_terms_stay(token, factory):
    before = unpack_terms(token.words().terms)
    token.wind_down(sender=factory)
    gone = {"mint_fee": 0, "redeem_fee": 0, "fee_rate": 0, "phase": WINDING_DOWN}
    assert unpack_terms(token.words().terms) == before | gone


def test_fees_accrued_before_it_stay_owed(venue, token, factory, fee_receiver):
    venue.wait(DAY)
    owed = token.owed_shares()
    token.wind_down(sender=factory)
    venue.wait(DAY)
    assert token.owed_shares() == owed
    assert token.claim_fees(sender=factory) == owed
    assert token.balanceOf(fee_receiver) == owed


@pytest.mark.parametrize("status", [None, REDUCE_ONLY, PAUSED])
def test_by_the_factory_alone_while_the_market_is_open(venue, token, factory, attacker, status):
    """Whatever else the venue does; a price it need not have."""
    if status:
        venue.status(status)
    venue.evm.warp(30 * DAY)
    with reverts("token: only the factory"):
        token.wind_down(sender=attacker)
    token.wind_down(sender=factory)


def test_by_anyone_once_the_market_is_closed(venue, token, attacker):
    venue.status(CLOSED)
    token.wind_down(sender=attacker)
    [log] = token.logs("WindDownStarted")
    assert log.args.caller == attacker


def test_only_once(venue, token, factory, attacker):
    token.wind_down(sender=factory)
    with reverts("token: winding down"):
        token.wind_down(sender=factory)
    venue.status(CLOSED)
    with reverts("token: winding down"):
        token.wind_down(sender=attacker)


def test_forgets_an_unfinished_trade(venue, make_token, factory, keeper):
    token = make_token(trade_share=WAD // 100)
    venue.move(-12)
    token.rebalance(sender=keeper)
    traded_at = venue.evm.timestamp
    token.wind_down(sender=factory)
    assert token.rebalance_status().trigger == Trigger.WIND_DOWN
    # The cooldown of the last trade still counts.
    assert token.rebalance_status().ready_at == traded_at + 60
    venue.wait(60)
    token.rebalance(sender=keeper)
    memory = venue.memory(token)
    assert (memory.aim, memory.traded_at) == (0, traded_at + 60)
    assert memory.winding_down_at == traded_at


def test_parts_are_at_least_a_hundredth_of_the_position(venue, make_token, factory, rebalance):
    token = make_token(trade_share=10**12, held=10**6)
    size = venue.state(token).size
    token.wind_down(sender=factory)
    trades = 0
    while venue.state(token).size:
        done = rebalance(token)
        assert -done.size_delta == min(-(-size // 100), done.size - done.size_delta)
        trades += 1
        venue.wait(60)
    assert trades == 100


@pytest.mark.parametrize(("waited", "bound"), [(0, 0.01), (DAY, 0.01 + 0.04 / 3), (4 * DAY, 0.05)])
def test_bound_widens_over_three_days(venue, make_token, factory, waited, bound):
    token = make_token()
    token.wind_down(sender=factory)
    venue.wait(waited)
    assert token.rebalance_status().slippage / WAD == pytest.approx(bound, rel=1e-6)


def test_until_it_is_closed_redemption_is_as_ever(venue, token, factory, holder, keeper):
    token.wind_down(sender=factory)
    nav = venue.nav(token)
    paid = token.redeem(100 * WAD, holder, holder, sender=holder)
    assert paid / venue.one == pytest.approx(100 * nav / WAD, rel=0.001)
    token.rebalance(sender=keeper)
    assert venue.state(token).size == 0
    nav = venue.nav(token)
    paid = token.redeem(100 * WAD, holder, holder, sender=holder)
    assert paid == 100 * nav // venue.scale


def test_the_market_closes_on_the_way(venue, make_token, factory, rebalance):
    token = make_token(trade_share=WAD // 100)
    token.wind_down(sender=factory)
    rebalance(token)
    venue.status(CLOSED, price=2_000)
    venue.wait(60)
    assert rebalance(token).size == 0
    token.settle(sender=factory)
    assert unpack_terms(token.words().terms)["phase"] == SETTLED
