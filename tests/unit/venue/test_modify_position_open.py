"""Opening and increasing: fill, fee, margin, interest and the event, by hand."""

import ape
import pytest

from tests.unit.venue.helpers import ETH, USD, USDC, ZERO_ADDRESS

# What 100 ETH cost from skew 0: they move the premium to 100 / 1e6, half of it is paid.
FILL = 2_000_100_000_000_000_000_000
IMPACT = 10 * USD
FEE = 120_006 * USD // 1_000  # 100 * 2000.10 * 6 bp
MARGIN = 10_000 * USD - IMPACT - FEE


def test_first_long(venue, exchange, trader):
    venue.deposit(trader, 10_000)
    order = (0, 0, 100 * ETH, 0, trader)
    result = venue.result("modify_position", *order, sender=trader)
    tx = exchange.modify_position(*order, sender=trader)

    assert tuple(result) == (FILL, FEE, 2_000 * USD, 100 * ETH, MARGIN)
    assert tx.events == [
        exchange.PositionModified(
            market=0,
            account=trader,
            asset_delta=0,
            size_delta=100 * ETH,
            fill_price=FILL,
            fee=FEE,
            price=2_000 * USD,
            margin=MARGIN,
            basis=2_000 * USD,
        )
    ]
    position = (100 * ETH, MARGIN, 2_000 * USD, 0, False, ZERO_ADDRESS)
    assert tuple(venue.position(trader)) == position
    state = venue.state()
    assert (state.long_interest, state.short_interest) == (100 * ETH, 0)
    assert (state.margins, state.fees, state.pool) == (MARGIN, FEE, 10_000_010 * USD)
    assert state.basis_sum == 100 * ETH * 2_000 * USD
    assert (state.traders_pnl, state.lp_equity) == (0, 10_000_010 * USD)
    venue.check_conservation()


def test_first_short(venue, exchange, trader):
    venue.deposit(trader, 10_000)
    order = (0, 0, -100 * ETH, 0, trader)
    result = venue.result("modify_position", *order, sender=trader)
    exchange.modify_position(*order, sender=trader)

    fee = 119_994 * USD // 1_000  # 100 * 1999.90 * 6 bp
    margin = 10_000 * USD - IMPACT - fee
    assert tuple(result) == (19_999 * USD // 10, fee, 2_000 * USD, -100 * ETH, margin)
    assert tuple(venue.position(trader))[:3] == (-100 * ETH, margin, 2_000 * USD)
    state = venue.state()
    assert (state.long_interest, state.short_interest) == (0, 100 * ETH)
    assert state.basis_sum == -100 * ETH * 2_000 * USD
    venue.check_conservation()


def test_fill_at_a_skew(venue, trader, other_trader):
    """Price 2000, skew 5000, K 1e6: 100 more fill at 2010.10."""
    venue.open(other_trader, 5_000 * ETH, 500_000)
    venue.deposit(trader, 10_000)

    fill, fee, _, _, equity = venue.result(
        "modify_position", 0, 0, 100 * ETH, 0, trader, sender=trader
    )

    assert fill == 2_010_10 * USD // 100
    assert fee == 120_606 * USD // 1_000
    assert equity == 10_000 * USD - 1_010 * USD - fee


def test_maker_lowers_the_skew(venue, trader, other_trader):
    """From skew 5100, selling 100 fills at 2010.10 too, for the fee of a maker."""
    venue.open(other_trader, 5_100 * ETH, 500_000)
    venue.deposit(trader, 10_000)

    fill, fee, _, _, equity = venue.result(
        "modify_position", 0, 0, -100 * ETH, 0, trader, sender=trader
    )

    assert fill == 2_010_10 * USD // 100
    assert fee == 40_202 * USD // 1_000
    assert equity == 10_000 * USD + 1_010 * USD - fee  # better than the oracle


@pytest.mark.parametrize("side", [1, -1])
def test_maker_and_taker_across_zero_skew(venue, trader, other_trader, side):
    """From skew 60 to -40: maker on 60, taker on 40; and the mirror of it."""
    venue.open(other_trader, side * 60 * ETH, 10_000)
    venue.deposit(trader, 10_000)

    fill, fee, *_ = venue.result(
        "modify_position", 0, 0, -side * 100 * ETH, 0, trader, sender=trader
    )

    # The mean of the premium at 60 and at -40: 10 / 1e6 of 2000 is 0.02.
    assert fill == 2_000 * USD + side * 2 * USD // 100
    assert fee == fill * (60 * 2 + 40 * 6) // 10**4


@pytest.mark.parametrize("side", [1, -1])
def test_to_zero_skew_is_all_maker(venue, trader, other_trader, side):
    venue.open(other_trader, side * 100 * ETH, 10_000)
    venue.deposit(trader, 10_000)
    fill, fee, *_ = venue.result(
        "modify_position", 0, 0, -side * 100 * ETH, 0, trader, sender=trader
    )
    assert fee == fill * 100 * 2 // 10**4


def test_increase_realises_all(venue, trader):
    venue.open(trader, 100 * ETH, 10_000)
    venue.price(2_100)

    fill, fee, price, size, equity = venue.result(
        "modify_position", 0, 0, 50 * ETH, 0, trader, sender=trader
    )
    venue.trade(trader, 50 * ETH)

    # 2100 (1 + 125 / 1e6)
    assert (fill, price, size) == (2_100_2625 * USD // 10**4, 2_100 * USD, 150 * ETH)
    assert fee == 50 * fill * 6 // 10**4
    margin = MARGIN + 100 * 100 * USD - 50 * 2625 * USD // 10**4 - fee
    assert equity == margin
    assert tuple(venue.position(trader))[:3] == (150 * ETH, margin, 2_100 * USD)
    assert venue.state().basis_sum == 150 * ETH * 2_100 * USD
    assert venue.state().pool == 10_000_010 * USD - 10_000 * USD + 50 * 2625 * USD // 10**4
    venue.check_conservation()


def test_split_orders_cost_the_same(venue, trader):
    venue.deposit(trader, 10_000)
    fees = 0
    for _ in range(2):
        fees += venue.result("modify_position", 0, 0, 50 * ETH, 0, trader, sender=trader)[1]
        venue.trade(trader, 50 * ETH)
    assert venue.position(trader).margin == 10_000 * USD - IMPACT - fees


def test_fills_fees_and_losses_round_against_the_account(venue, trader, other_trader):
    """One wei of ether: every figure has a fraction."""
    for account in (trader, other_trader):
        venue.deposit(account, 100)

    # 2000e18 (1 + 0.5e-24) rounds up, and so do 1.2 wei of fee; the loss of 1e-18 is one wei.
    buy = venue.result("modify_position", 0, 0, 1, 0, trader, sender=trader)
    assert tuple(buy) == (2_000 * USD + 1, 2, 2_000 * USD, 1, 100 * USD - 3)
    sell = venue.result("modify_position", 0, 0, -1, 0, trader, sender=trader)
    assert tuple(sell) == (2_000 * USD - 1, 2, 2_000 * USD, -1, 100 * USD - 3)


def test_fees_are_booked_down_to_a_billionth(venue, trader):
    venue.deposit(trader, 100)
    venue.trade(trader, 1)

    state = venue.state()
    assert (state.fees, state.margins) == (0, 100 * USD - 3)
    assert state.pool == 10_000_000 * USD + 3  # the fee of 2 wei stays there
    venue.check_conservation()


def test_longs_and_shorts_do_not_net(venue, trader, other_trader):
    venue.open(trader, 100 * ETH, 10_000)
    venue.open(other_trader, -40 * ETH, 10_000)

    state = venue.state()
    assert (state.long_interest, state.short_interest) == (100 * ETH, 40 * ETH)
    assert state.margins == venue.position(trader).margin + venue.position(other_trader).margin
    assert state.basis_sum == 60 * ETH * 2_000 * USD
    venue.check_conservation()


def test_books_collateral_sent_before(venue, exchange, usd, trader):
    usd.transfer(exchange, 10_000 * USDC, sender=trader)
    tx = exchange.modify_position(0, 10_000 * USDC, 100 * ETH, 0, trader, sender=trader)

    assert venue.position(trader).margin == MARGIN
    assert tx.events[0].asset_delta == 10_000 * USDC
    assert exchange.cash() == 10_010_000 * USDC
    assert venue.state().backing == 10_010_000 * USD


def test_margin_and_position_in_one_transaction(project, owner, venue, exchange, usd):
    """As a vault does it: send, then order; nobody comes between."""
    vault = owner.deploy(project.Batch)
    usd.mint(vault, 10_000 * USDC, sender=owner)
    order = exchange.modify_position.encode_input(0, 10_000 * USDC, 100 * ETH, 0, vault)
    transfer = usd.transfer.encode_input(exchange, 10_000 * USDC)

    vault.run([usd, exchange], [transfer, order], sender=owner)

    assert venue.position(vault).margin == MARGIN


def test_collateral_not_sent(venue, exchange, trader):
    before = venue.books(trader)
    with ape.reverts("treasury: not received"):
        exchange.modify_position(0, 10_000 * USDC, 100 * ETH, 0, trader, sender=trader)
    assert venue.books(trader) == before


def test_open_to_everybody(venue, exchange, usd, owner, keeper, lp, attacker):
    for account in (owner, keeper, lp, attacker):
        usd.mint(exchange, 1_000 * USDC, sender=owner)
        exchange.modify_position(0, 1_000 * USDC, ETH, 0, account, sender=account)
        assert venue.position(account).size == ETH
