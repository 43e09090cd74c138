"""The first deposit: the factory's, once, at least a hundred dollars."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from tests.unit.token.helpers import PAUSED, reverts


@pytest.fixture(params=[True, False], ids=["long", "short"])
def unseeded(request, venue):
    return venue.make_token(is_long=request.param, seed=0)


@pytest.mark.parametrize("decimals", [6, 8, 18])
@pytest.mark.parametrize("crowd", [-10_000, 0, 10_000])
def test_opens_the_position_at_the_target(venue, unseeded, factory, trader, crowd):
    if crowd:
        venue.trade(trader, crowd, 10**6)
    assets = venue.pay(venue.exchange, 1_000)
    shares = unseeded.seed(assets, 100 * WAD, sender=factory)
    [minted] = unseeded.logs()
    assert (minted.name, tuple(minted.args)) == ("Transfer", (ZERO_ADDRESS, factory, shares))
    state = venue.state(unseeded)
    assert shares == state.equity // 100
    assert unseeded.balanceOf(factory) == unseeded.totalSupply() == shares
    assert venue.leverage(unseeded) == pytest.approx(3, rel=1e-6)
    assert (state.size > 0) is unseeded.setup().is_long
    # The depositor bears the cost of the opening trade: 6 bp or a premium of 1 % on 3,000.
    [order] = venue.exchange.logs("PositionModified")
    cost = order.args.fee + state.size * (order.args.fill_price - state.price) // WAD
    assert state.equity == pytest.approx(1_000 * WAD - cost, abs=3)


@pytest.mark.parametrize("nav", [1, 100, 10_000])
def test_at_any_net_asset_value(venue, unseeded, nav):
    shares = venue.seed(unseeded, 1_000, nav)
    assert venue.nav(unseeded) / WAD == pytest.approx(nav, rel=1e-12)
    assert shares == venue.state(unseeded).equity // nav


def test_of_a_hundred_after_its_cost(venue, unseeded, factory):
    """Opening 300 costs 18 cents."""
    for cents, works in ((10_017, False), (10_019, True)):
        assets = venue.pay(venue.exchange, cents / 100)
        if works:
            unseeded.seed(assets, 100 * WAD, sender=factory)
        else:
            with reverts("seed: below 100 quote"):
                unseeded.seed(assets, 100 * WAD, sender=factory)


def test_only_once(venue, unseeded, factory):
    venue.seed(unseeded, 200)
    assets = venue.pay(venue.exchange, 200)
    with reverts("seed: only once"):
        unseeded.seed(assets, 100 * WAD, sender=factory)


def test_by_the_factory_alone(venue, unseeded, factory, attacker, holder):
    assets = venue.pay(venue.exchange, 200)
    for account in (attacker, holder):
        with reverts("token: only the factory"):
            unseeded.seed(assets, 100 * WAD, sender=account)
    unseeded.seed(assets, 100 * WAD, sender=factory)
    with reverts("token: only the factory"):
        unseeded.seed(assets, 100 * WAD, sender=attacker)


def test_must_have_been_sent(venue, unseeded, factory):
    assets = venue.pay(venue.exchange, 200)
    with reverts("treasury: not received"):
        unseeded.seed(assets + 1, 100 * WAD, sender=factory)


def test_not_while_the_venue_is_down(venue, unseeded, factory):
    assets = venue.pay(venue.exchange, 200)
    venue.status(PAUSED)
    with reverts("market: paused"):
        unseeded.seed(assets, 100 * WAD, sender=factory)


def test_fees_are_not_taken_and_begin_to_accrue_then(venue, unseeded, factory):
    venue.wait(500_000)
    venue.seed(unseeded, 1_000)
    assert unseeded.owed_shares() == 0
    venue.wait(1_000)
    supply = unseeded.totalSupply()
    assert unseeded.owed_shares() == pytest.approx(supply * 0.01005 * 1_000 / 31_536_000, rel=1e-3)
