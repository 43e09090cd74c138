import pytest

from tests.unit.venue.helpers import ACTIVE, ETH, USD, USDC


def test_new_market(venue):
    venue.add_market(dollars=30_000)
    # Price, fault and status; no pool backs anything yet.
    assert tuple(venue.state(1)) == (30_000 * USD, 0, ACTIVE, *[0] * 15)


def test_pool(venue):
    state = venue.state()
    assert state.pool == state.lp_equity == state.backing == 10_000_000 * USD
    assert state.lp_supply == 10**28
    # 10 million at a reserve of one half back 20 million: 10,000 ETH.
    assert (state.room_long, state.room_short) == (10_000 * ETH, 10_000 * ETH)


def test_value_of_all_positions(venue, trader, other_trader, keeper):
    """Opened at 2000, 2100 and 2200, valued at 2150: 100 * 150 - 40 * 50 - 30 * 50 less impact."""
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(2_100)
    venue.open(other_trader, -40 * ETH, 10_000)
    venue.price(2_200)
    venue.open(keeper, 30 * ETH, 10_000)
    venue.price(2_150)

    state = venue.state()
    assert state.traders_pnl == (100 * 150 - 40 * 50 - 30 * 50) * USD
    assert state.lp_equity == state.pool - state.traders_pnl
    assert state.basis_sum == (100 * 2_000 - 40 * 2_100 + 30 * 2_200) * ETH * USD
    assert (state.long_interest, state.short_interest) == (130 * ETH, 40 * ETH)
    assert state.margins == sum(
        venue.position(account).margin for account in (trader, other_trader, keeper)
    )
    venue.check_conservation()


def test_interest_that_fills_a_side_leaves_no_room(venue, trader):
    venue.configure(max_long=100 * ETH)
    venue.open(trader, 100 * ETH, 10_000)
    assert venue.state().room_long == 0
    assert venue.state().room_short > 9_000 * ETH


def test_room_is_the_least_of_three(venue):
    """Cap of 5000, cap of 8 million (4000 at 2000), reserve of 10 million (10,000)."""
    venue.configure(max_long=5_000 * ETH, max_short=3_000 * ETH, max_notional=8 * 10**6 * USD)
    assert (venue.state().room_long, venue.state().room_short) == (4_000 * ETH, 3_000 * ETH)
    venue.configure(reserve_factor=4 * USD)
    assert venue.state().room_long == venue.state().room_short == 1_250 * ETH


def test_donations_do_not_count(venue, exchange, usd, attacker):
    before = venue.state()
    usd.transfer(exchange, 1_000 * USDC, sender=attacker)
    assert venue.state() == before


@pytest.mark.parametrize(("answer", "updated_at", "price", "fault"), [(-1, 2, 0, 4), (7, 0, 7, 5)])
def test_broken_feeds_are_no_reason_to_revert(
    venue, owner, trader, answer, updated_at, price, fault
):
    venue.open(trader, 100 * ETH, 10_000)
    venue.feeds[0].push_at(answer, updated_at, sender=owner)
    state = venue.state()
    assert (state.price, state.oracle_fault) == (price * 10**10, fault)
    if price == 0:
        assert (state.room_long, state.room_short) == (0, 0)
