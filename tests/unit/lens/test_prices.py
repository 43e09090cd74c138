"""Where a position ends: what the lens says beforehand, and the venue when it comes to it."""

import pytest

from steelyard.evm import Revert
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Rules
from tests.unit.lens.helpers import ALICE, MAX_PRICE

STEP = 10**10  # smallest change of a price, WAD
MOST_KEEPER_FEE = 1_000 * WAD
LEAST_KEEPER_FEE = 2 * WAD


@pytest.fixture(params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


def around(price, is_long):
    """The feed's last answer that comes before a price is reached, and the first after."""
    if is_long:
        before = price // STEP + 1
        return before, before - 1
    after = -(-price // STEP)
    return after - 1, after


def is_due(world, token):
    """Whether the venue would liquidate now."""
    state = world.account(token)
    with world.evm.anchor():
        try:
            world.flag(token)
        except Revert as refused:
            assert refused.reason == "liquidation: above maintenance"
            assert state.equity > state.maintenance
            return False
    return True


def price_of_liquidation(world, token, is_long):
    """The first answer of the feed, coming from 40,000, at which the venue liquidates."""
    good, bad = 40_000 * 10**8, 1_000 * 10**8 if is_long else 160_000 * 10**8
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        world.answer(middle)
        good, bad = (good, middle) if is_due(world, token) else (middle, bad)
    return bad * STEP


@pytest.mark.parametrize("dollars", [20_000, 60_000])
def test_liquidates_where_the_lens_says(world, is_long, dollars):
    """To the last digit of the feed, where the keeper's fee is between its bounds."""
    token = world.token(is_long=is_long, assets=dollars)
    price = world.lens.token_state(token).liquidation_price
    before, after = around(price, is_long)
    world.answer(before)
    assert not is_due(world, token)
    world.answer(after)
    assert is_due(world, token)


def test_says_the_same_at_every_price_on_the_way(world, is_long):
    token = world.token(is_long=is_long, assets=20_000)
    first = world.lens.token_state(token)
    # The last is where equity is below maintenance, but positive.
    for dollars in (45_000, 36_000, 30_000, 26_800) if is_long else (36_000, 48_000, 52_900):
        world.price(dollars)
        state = world.lens.token_state(token)
        assert state.liquidation_price == pytest.approx(first.liquidation_price, rel=1e-15)
        assert state.zero_price == pytest.approx(first.zero_price, rel=1e-15)
    assert is_due(world, token)


@pytest.mark.parametrize("fee", [MOST_KEEPER_FEE, LEAST_KEEPER_FEE], ids=["most", "least"])
def test_a_keeper_fee_at_its_bound(world, is_long, fee):
    """A long may be liquidated by f / (N - M) of the way earlier, a short not earlier."""
    token = world.token(is_long=is_long, assets=110)
    if fee == MOST_KEEPER_FEE:
        world.deposit(token, ALICE, 400_000)
    world.price(40_000)
    state = world.lens.token_state(token)
    account = state.account
    notional = abs(account.size) * account.price // WAD
    real = price_of_liquidation(world, token, is_long)
    off = real - state.liquidation_price
    way = abs(account.price - state.liquidation_price)
    assert STEP < off <= fee * way // (notional - account.maintenance) + STEP


def test_equity_ends_where_the_lens_says(world, is_long):
    token = world.token(is_long=is_long, assets=20_000)
    price = world.lens.token_state(token).zero_price
    before, after = around(price, is_long)
    world.answer(before)
    assert world.account(token).equity > 0
    world.answer(after)
    assert world.account(token).equity <= 0


def test_equity_that_is_gone_ended_on_the_way(world, is_long):
    token = world.token(is_long=is_long, assets=20_000)
    first = world.lens.token_state(token).zero_price
    dollars = 20_000 if is_long else 70_000
    world.price(dollars)
    state = world.lens.token_state(token)
    assert state.zero_price == pytest.approx(first, rel=1e-15)
    # A short's equity may fall below minus its notional.
    assert (state.zero_price > dollars * WAD) == is_long


def test_a_short_that_owes_more_than_its_notional(world):
    token = world.token(is_long=False, assets=20_000)
    world.exchange.force_funding_rate(1, -WAD, True, sender=world.backend.owner)
    world.wait(4 * 86_400)
    world.price(40_000)
    state = world.lens.token_state(token)
    assert state.account.equity < -abs(state.account.size) * state.account.price // WAD
    assert state.zero_price == state.liquidation_price == 0


def test_a_long_below_1x_never_ends(world):
    rules = Rules(
        target=WAD // 2,
        leverage_lo=WAD // 4,
        leverage_hi=WAD * 3 // 4,
        emergency_leverage=WAD,
    )
    token = world.token(rules=rules, assets=20_000, target=WAD // 2)
    state = world.lens.token_state(token)
    assert state.zero_price == state.liquidation_price == 0


def test_a_market_too_thin_for_the_position(world, is_long):
    """The size premium alone is the whole notional."""
    token = world.token(is_long=is_long, assets=20_000)
    thin = WAD * 999 // 1_000
    world.configure(skew_scale=WAD, max_long=thin, max_short=thin, liquidation_cap=0)
    state = world.lens.token_state(token)
    notional = abs(state.account.size) * state.account.price // WAD
    assert state.account.maintenance > notional
    assert is_due(world, token)
    if is_long:
        assert state.liquidation_price == MAX_PRICE
    else:
        assert 0 < state.liquidation_price < state.account.price


def test_dust_has_no_such_prices(world, is_long):
    """A position worth less than the smallest amount of money."""
    token = world.token(is_long=is_long, assets=20_000)
    size = world.account(token).size
    left = 10**7 if is_long else -(10**7)
    world.exchange.deleverage(1, token, abs(size - left), sender=world.backend.owner)
    world.answer(1)
    state = world.lens.token_state(token)
    assert state.account.size == left
    assert state.zero_price == state.liquidation_price == 0
