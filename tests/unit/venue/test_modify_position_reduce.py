"""Reducing, closing and crossing zero, with gains and with losses, by hand."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, USD

# After 100 ETH from skew 0 with 10,000 dollars: impact 10, fee 100 * 2000.10 * 6 bp.
FEE = 120_006 * USD // 1_000
MARGIN = 9_990 * USD - FEE


@pytest.fixture(scope="module")
def prepare(trader):
    """The trader is long 100."""
    return lambda venue: venue.open(trader, 100 * ETH, 10_000)


def order(venue, account, size_delta):
    """What an order returns, and then the order."""
    result = venue.result("modify_position", 0, 0, size_delta, 0, account, sender=account)
    return *result, venue.trade(account, size_delta)


def test_reduce(venue, exchange, trader):
    fill, fee, _, size, equity, tx = order(venue, trader, -40 * ETH)

    assert fill == 2_000_16 * USD // 100  # skew goes from 100 to 60: mean 80 / 1e6
    assert fee == 1_600_128 * USD // 10**5  # maker: 40 * 2000.16 * 2 bp
    assert (size, equity) == (60 * ETH, MARGIN + 64 * USD // 10 - fee)
    assert tx.events == [
        exchange.PositionModified(
            market=0,
            account=trader,
            asset_delta=0,
            size_delta=-40 * ETH,
            fill_price=fill,
            fee=fee,
            price=2_000 * USD,
            margin=equity,
            basis=2_000 * USD,
        )
    ]
    assert venue.state().long_interest == 60 * ETH
    assert venue.state().basis_sum == 60 * ETH * 2_000 * USD
    venue.check_conservation()


def test_closing_returns_the_impact(venue, trader):
    fill, fee, _, size, equity, tx = order(venue, trader, -100 * ETH)

    assert (fill, fee) == (2_000_10 * USD // 100, 40_002 * USD // 1_000)
    assert (size, equity) == (0, 10_000 * USD - FEE - fee)
    # An empty position keeps no basis; the event still tells at which price it was settled.
    assert tuple(venue.position(trader))[:3] == (0, equity, 0)
    assert tx.events[0].basis == 2_000 * USD
    state = venue.state()
    assert (state.long_interest, state.basis_sum, state.traders_pnl) == (0, 0, 0)
    assert (state.pool, state.fees) == (10_000_000 * USD, FEE + fee)
    venue.check_conservation()


def test_unwinding_at_a_skew_returns_the_impact(venue, trader, other_trader):
    """In at 2010.10 and out at 2010.10: only the fees are gone."""
    venue.open(other_trader, 4_900 * ETH, 500_000)
    venue.deposit(trader, 10_000)
    before = venue.position(trader).margin

    into = order(venue, trader, 100 * ETH)
    out = order(venue, trader, -100 * ETH)

    assert into[0] == out[0] == 2_010_10 * USD // 100
    assert (into[1], out[1]) == (120_606 * USD // 1_000, 40_202 * USD // 1_000)
    assert out[4] == before - into[1] - out[1]


def test_reduce_with_a_gain(venue, trader):
    venue.price(2_500)
    fill, fee, price, _, equity, _ = order(venue, trader, -50 * ETH)

    assert (fill, price) == (2_500_1875 * USD // 10**4, 2_500 * USD)  # 2500 (1 + 75 / 1e6)
    assert fee == 50 * fill * 2 // 10**4
    assert equity == MARGIN + 50_000 * USD + 50 * 1875 * USD // 10**4 - fee
    # The pool has paid all of the gain, not only the half that was closed.
    assert venue.state().pool == 10_000_010 * USD - 50_000 * USD - 50 * 1875 * USD // 10**4
    assert venue.state().traders_pnl == 0


def test_reduce_with_a_loss(venue, trader):
    venue.price(1_950)
    _, fee, _, _, equity, _ = order(venue, trader, -50 * ETH)
    assert equity == MARGIN - 5_000 * USD + 50 * 14625 * USD // 10**5 - fee  # 1950 * 75 / 1e6


@pytest.mark.parametrize("side", [1, -1])
def test_cross_zero(venue, trader, other_trader, side):
    """From 100 to -50 of the market's only position, and the mirror: maker on 100."""
    if side < 0:
        venue.trade(trader, -200 * ETH)
    before = venue.position(trader).margin

    fill, fee, _, size, equity, _ = order(venue, trader, -side * 150 * ETH)

    assert fill == 2_000 * USD + side * 5 * USD // 100  # mean of 100 and -50: 25 / 1e6
    assert fee == fill * (100 * 2 + 50 * 6) // 10**4
    assert (size, equity) == (-side * 50 * ETH, before + 150 * 5 * USD // 100 - fee)
    state = venue.state()
    interest = (state.long_interest, state.short_interest)
    assert interest == ((0, 50 * ETH) if side > 0 else (50 * ETH, 0))
    assert state.basis_sum == size * 2_000 * USD
    venue.check_conservation()


def test_reducing_against_the_skew_is_taker(venue, trader, other_trader):
    """The trader is long, the market short: his sale makes it shorter."""
    venue.open(other_trader, -500 * ETH, 50_000)

    fill, fee, *_ = order(venue, trader, -50 * ETH)

    assert fill == 1_999_15 * USD // 100  # skew -400 to -450
    assert fee == 50 * fill * 6 // 10**4


def test_short_gains_when_the_price_falls(venue, other_trader):
    venue.open(other_trader, -100 * ETH, 10_000)
    before = venue.position(other_trader).margin
    venue.price(1_900)

    fill, fee, _, size, equity, _ = order(venue, other_trader, 100 * ETH)

    # Skew 100 - 100 = 0 rises to 100: 1900 (1 + 50 / 1e6), taker
    assert fill == 1_900_095 * USD // 1_000
    assert fee == 100 * fill * 6 // 10**4
    assert (size, equity) == (0, before + 10_000 * USD - 100 * 95 * USD // 1_000 - fee)


def test_reducing_is_allowed_below_the_initial_margin(venue, trader):
    venue.price(1_930)  # equity 2870, initial margin 7720, maintenance 2153

    with ape.reverts("margin: below initial"):
        venue.trade(trader, 1)
    venue.trade(trader, -ETH)
    assert venue.position(trader).size == 99 * ETH


def test_reducing_must_leave_more_than_maintenance(venue, trader):
    venue.price(1_922)  # equity 2070, maintenance of 99 ETH 2122

    before = venue.books(trader)
    with ape.reverts("margin: below maintenance"):
        venue.trade(trader, -ETH)
    assert venue.books(trader) == before


def test_closing_is_allowed_below_maintenance(venue, trader):
    venue.price(1_922)
    *_, equity, _ = order(venue, trader, -100 * ETH)
    assert equity == venue.position(trader).margin > 0


def test_closing_is_not_allowed_at_a_loss_beyond_the_margin(venue, trader):
    venue.price(1_890)
    before = venue.books(trader)
    with ape.reverts("margin: insufficient"):
        venue.trade(trader, -100 * ETH)
    assert venue.books(trader) == before


def test_margin_of_a_closed_position_leaves_whole(venue, exchange, trader):
    """But for what is less than one unit of collateral."""
    venue.trade(trader, -100 * ETH)
    exchange.modify_position(
        0, -(venue.position(trader).margin // 10**12), 0, 0, trader, sender=trader
    )
    dust = venue.position(trader).margin
    assert 0 <= dust < 10**12
    with ape.reverts("margin: insufficient"):
        exchange.modify_position(0, -1, 0, 0, trader, sender=trader)


def test_cash_does_not_move(venue, exchange, usd, trader):
    before = exchange.cash(), usd.balanceOf(exchange), venue.state().backing
    venue.price(2_500)
    venue.trade(trader, -50 * ETH)
    venue.trade(trader, 70 * ETH)
    assert (exchange.cash(), usd.balanceOf(exchange), venue.state().backing) == before
