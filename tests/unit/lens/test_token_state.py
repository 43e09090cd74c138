"""What the lens shows of a token is what token and venue say themselves, field by field."""

import pytest

from steelyard.evm import DEPLOYER, Revert
from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Obstacle, Rules, Trigger
from steelyard.model.token.terms import Phase
from steelyard.model.venue.oracle import Fault
from tests.unit.lens.helpers import (
    ALICE,
    BOB,
    KEEPER,
    MARKET_CLOSED,
    PAUSED,
    UNIT,
    USDC,
    told,
)


def check(world, token, wiped=False):
    """Return what the lens shows, if it is what all the others say."""
    state = world.lens.token_state(token)
    assert state._asdict() == told(world, token, wiped)
    return state


@pytest.mark.parametrize("is_long", [True, False])
def test_a_healthy_token(world, is_long):
    token = world.used_token("BTC3X", is_long=is_long)
    state = check(world, token)
    assert state.setup.symbol == "BTC3X" and state.setup.is_long == is_long
    assert state.owed_shares > 0 and state.shares == state.supply + state.owed_shares
    assert state.nav // UNIT == token.convertToAssets(WAD)
    assert state.assets == state.account.equity // UNIT
    assert (state.account.size > 0) == is_long
    assert state.decision.leverage == abs(state.account.size) * state.account.price // (
        state.account.equity
    )
    assert state.max_deposit > 0 and state.max_mint > 0
    assert state.asset_symbol == "mUSD" and state.asset_decimals == 6


def test_every_rule_and_every_term(world):
    rules = Rules(
        target=2 * WAD,
        leverage_lo=WAD * 16 // 10,
        leverage_hi=WAD * 25 // 10,
        emergency_leverage=WAD * 35 // 10,
        recentering=WAD * 75 // 100,
        scheduled=True,
        reference=world.system.markets["ETH"].feed.address,
        reference_max_age=3_600,
    )
    terms = {
        "mint_fee": WAD // 100,
        "leverage_lo": rules.leverage_lo,
        "leverage_hi": rules.leverage_hi,
        "target": rules.target,
        "fees_on": False,
        "cap": 7 * WAD,
        "paused_until": world.evm.timestamp + DAY,
    }
    nobody = "0x" + "00" * 20
    token = world.token("B2L", market="ETH", rules=rules, fee_receiver=nobody, **terms)
    state = check(world, token)
    shown = state.terms._asdict()
    assert {name: shown[name] for name in terms} == terms
    assert state.fee_receiver == nobody


def test_names_as_long_as_they_may_be(world):
    token = world.token("S" * 32, name="N" * 50)
    assert check(world, token).setup[:2] == ("N" * 50, "S" * 32)
    (state,) = world.lens.token_states([token])
    assert state == world.lens.token_state(token)


def test_a_chunked_trade_that_goes_on(world):
    token = world.token()
    world.deposit(token, ALICE, 2_500_000)
    world.wait(DAY)
    world.price(34_900)
    token.rebalance(sender=KEEPER)
    state = check(world, token)
    assert state.mem.aim == 3 * WAD and state.mem.traded_at == world.evm.timestamp
    assert state.decision.trigger == Trigger.UNFINISHED
    assert state.decision.obstacle == Obstacle.COOLDOWN


def test_a_token_that_is_due(world, long):
    world.price(35_000)
    state = check(world, long)
    assert state.decision.trigger == Trigger.DRIFT
    assert state.decision.obstacle == Obstacle.CLEAR
    assert state.decision.size_delta < 0 < state.decision.reward


def test_mint_paused(world, long):
    until = world.evm.timestamp + DAY
    long.pause_mint(until, sender=DEPLOYER)
    state = check(world, long)
    assert (state.terms.paused_until, state.max_deposit, state.max_mint) == (until, 0, 0)


def test_a_paused_venue(world, long, short):
    world.status(PAUSED)
    for token in (long, short):
        state = check(world, token)
        assert state.account.status == PAUSED
        assert state.nav > 0 and state.max_deposit == state.max_mint == 0


def test_a_stale_oracle(world, long):
    """What it last said is shown."""
    world.wait(DAY)
    state = check(world, long)
    assert state.account.oracle_fault == Fault.STALE
    assert state.account.price == 40_500 * WAD
    assert state.nav > 0 and state.liquidation_price > 0


def test_no_price_at_all(world, long):
    """Nothing is known of the token's worth: it is not called wiped."""
    world.answer(0)
    state = check(world, long)
    assert state.account.price == 0
    assert state.nav == state.assets == state.zero_price == state.liquidation_price == 0


def test_flagged(world, long):
    world.price(26_900)
    world.flag(long)
    state = check(world, long)
    assert state.account.flagged and not state.wiped
    assert state.decision.obstacle == Obstacle.FLAGGED


def test_wiped_by_the_price(world, long, short):
    world.price(20_000)
    assert check(world, long, wiped=True).nav == 0
    world.price(80_000)
    assert check(world, short, wiped=True).nav == 0


def test_a_remainder_is_not_wiped_while_it_is_worth_a_dollar(world):
    token = world.token()
    entry = world.account(token)
    for equity, wiped in ((3.001, False), (2.999, True)):
        with world.evm.anchor():
            # A liquidation of so little takes the least fee of 2.
            fall = (entry.equity / WAD - equity) / (entry.size / WAD)
            world.price(40_000 - fall)
            world.liquidate(token)
            state = check(world, token, wiped=wiped)
            assert state.account.size == 0
            assert (0 < state.account.equity < WAD) == wiped
            assert state.zero_price == state.liquidation_price == 0


def test_a_position_is_not_wiped_while_it_is_worth_anything(world):
    """A recovery of the price revives it."""
    token = world.token()
    entry = world.account(token)
    world.price(40_000 - (entry.equity / WAD - 0.01) / (entry.size / WAD))
    state = check(world, token)
    assert state.account.size == entry.size and 0 < state.account.equity < WAD // 50


def test_before_the_seed(world):
    token = world.token(assets=0)
    state = check(world, token, wiped=True)
    assert state.shares == state.nav == 0


def test_winding_down(world, long):
    size = world.account(long).size
    long.wind_down(sender=DEPLOYER)
    world.wait(60)
    state = check(world, long)
    assert state.terms.phase == Phase.WIND_DOWN and state.terms.fee_rate == 0
    assert state.mem.winding_down_at == world.evm.timestamp - 60
    assert state.mem.winding_down_size == size
    assert state.decision.trigger == Trigger.WIND_DOWN


def test_a_closed_market(world, long, short):
    """It settles at its price without a maintenance margin."""
    world.status(MARKET_CLOSED)
    for token in (long, short):
        state = check(world, token)
        assert state.account.maintenance == 0
        assert state.liquidation_price == state.zero_price > 0


def test_settled(world, long):
    world.status(MARKET_CLOSED)
    world.settle(long)
    state = check(world, long)
    assert state.terms.phase == Phase.CLOSED
    assert state.settled_assets == state.assets == world.usd.balanceOf(long) > 0
    assert state.nav // UNIT == long.convertToAssets(WAD)
    nav = state.nav
    long.redeem(long.balanceOf(BOB), BOB, BOB, sender=BOB)
    long.redeem(long.balanceOf(ALICE), ALICE, ALICE, sender=ALICE)
    state = check(world, long)
    assert state.nav == nav
    # The seed and the fees owed are left.
    assert 0 < state.assets < 1_000 * USDC


def test_settled_for_nothing(world, long):
    """Wiped is a matter of before."""
    world.price(20_000)
    world.liquidate(long)
    long.wind_down(sender=DEPLOYER)
    long.settle(sender=KEEPER)
    state = check(world, long)
    assert state.settled_assets == state.nav == state.assets == 0 < state.settled_shares


def test_settled_is_shown_whatever_becomes_of_the_venue(world, long, short, answering):
    long.wind_down(sender=DEPLOYER)
    while world.account(long).size:
        world.wait(60)
        long.rebalance(sender=KEEPER)
    long.settle(sender=KEEPER)
    before = world.lens.token_state(long)
    world.kill(answering)
    assert world.lens.token_state(short).ok
    answering.behave(2, sender=DEPLOYER)
    with pytest.raises(Revert):
        world.account(long)
    assert world.lens.token_state(long) == before
    gone, settled = world.lens.token_states([short, long])
    assert not gone.ok and settled == before


def test_has_no_token_to_show_where_there_is_none(world):
    for target in (ALICE, world.usd, world.exchange, world.lens):
        with pytest.raises(Revert):
            world.lens.token_state(target)
