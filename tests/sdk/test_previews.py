"""Previews are what happens, and their costs add up to the last wei."""

from decimal import Decimal

import pytest

from steelyard.sdk import AmountError

pytestmark = pytest.mark.node
SYMBOLS = ["ETH3L", "ETH2S", "ETH2L"]  # without and with somebody who gets the fees
SCALE = 10**12  # quote WAD of a unit of collateral
AMOUNTS = {
    "deposit": ["10", "1234.567891", "60000"],
    "mint": ["0.2", "12.345678901234567891", "500"],
    "redeem": ["0.1", "12.345678901234567891", None],
    "withdraw": ["1", "1234.567891", "9876.543211"],
}
CASES = [(verb, amount) for verb, amounts in AMOUNTS.items() for amount in amounts]


def flow(token, verb, amount):
    """Preview, do, and return both with what it did to the caller."""
    before = token.holder()
    amount = before.balance if amount is None else amount
    preview = getattr(token, f"preview_{verb}")(amount)
    receipt = getattr(token, verb)(amount)
    after = token.holder()
    shares = abs(after.raw.balance - before.raw.balance)
    assets = abs(after.raw.asset_balance - before.raw.asset_balance)
    return preview, receipt, (assets, shares)


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("verb", "amount"), CASES)
@pytest.mark.parametrize("price", [2_000, 2_150])
def test_preview_is_what_happens(world, symbol, verb, amount, price):
    token = world.token(world.alice, symbol)
    if verb in ("redeem", "withdraw"):
        token.deposit("20000")
    world.push(price)
    preview, receipt, moved = flow(token, verb, amount)
    assert moved == (preview.raw.assets, preview.raw.shares)
    assert moved == (receipt.raw.assets, receipt.raw.shares)
    for name in ("venue_fee", "impact", "size_delta", "price", "fill_price"):
        assert getattr(receipt.raw, name) == getattr(preview.raw, name), name
    # The token rounds to a unit of collateral, and the receipt has that in its value.
    for name in ("value", "token_fee", "total_cost"):
        assert abs(getattr(receipt.raw, name) - getattr(preview.raw, name)) <= SCALE, name


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize(("verb", "amount"), CASES)
def test_costs_add_up(world, symbol, verb, amount):
    token = world.token(world.alice, symbol)
    token.deposit("20000")
    preview, receipt, _ = flow(token, verb, amount)
    for told in (preview, receipt):
        entering = verb in ("deposit", "mint")
        between = told.assets - told.value if entering else told.value - told.assets
        assert sum(told.costs.values()) == told.total_cost == between
        assert told.raw.token_fee > 0 and told.raw.venue_fee > 0
        assert 0 <= told.raw.rounding < 2 * SCALE
    first = "entry fee" if verb in ("deposit", "mint") else "exit fee"
    assert list(preview.costs) == [first, "venue fee", "price impact", "rounding"]


def test_preview_in_words(world, alice):
    preview = alice.preview_deposit("1000")
    state = alice.state()
    assert (preview.verb, preview.symbol) == ("deposit", "ETH3L")
    assert (preview.block, preview.leverage) == (state.block, state.leverage)
    assert preview.assets == 1_000
    assert preview.price == 2_000
    # 1,000 less 2.80 of costs, three times, at 2,000
    assert Decimal("1.4957") < preview.size_delta < Decimal("1.4975")
    assert preview.fill_price is not None and preview.fill_price > 2_000
    # 0.1 % of the shares, and 0.06 % of three times the amount
    assert Decimal("0.99") < preview.token_fee < 1
    assert Decimal("1.79") < preview.venue_fee < Decimal("1.8")


def test_impact_may_be_a_rebate(world, alice):
    alice.deposit("50000")
    short = world.token(world.bob, "ETH2S")
    preview = short.preview_deposit("1000")
    assert preview.impact < 0
    assert short.deposit("1000").impact == preview.impact


def test_preview_needs_no_account(world):
    token = world.steelyard().token("ETH3L")
    assert token.preview_deposit("100").shares > 0
    assert token.preview_withdraw("100").shares > 0


def test_amounts_in_chain_units(alice):
    assert alice.preview_deposit(1_000_000_000) == alice.preview_deposit("1000")
    assert alice.preview_mint(10**18) == alice.preview_mint(Decimal(1))


def test_float_is_refused(alice):
    said = "amount 0.1 is a float: use int (chain units), str or Decimal"
    with pytest.raises(TypeError) as caught:
        alice.preview_deposit(0.1)
    assert str(caught.value) == said


def test_bounds_are_against_the_caller(alice):
    alice.deposit("1000")
    deposit, mint = alice.preview_deposit("77"), alice.preview_mint("0.77")
    assert deposit.bound(50) == deposit.raw.shares * 9_950 // 10_000
    assert mint.bound(50) == -(-mint.raw.assets * 10_050 // 10_000)
    redeem, withdraw = alice.preview_redeem("0.77"), alice.preview_withdraw("77")
    assert redeem.bound(50) == redeem.raw.assets * 9_950 // 10_000
    assert withdraw.bound(50) == -(-withdraw.raw.shares * 10_050 // 10_000)


@pytest.mark.parametrize("bps", [-1, 10_001, 0.5])
def test_slippage_out_of_range(alice, bps):
    with pytest.raises(AmountError) as caught:
        alice.deposit("100", slippage_bps=bps)
    assert str(caught.value) == f"slippage of {bps} bps (use a whole number from 0 to 10,000)"


def test_redemption_that_closes_the_position(world):
    """What would be left is too small to keep open: the whole position goes, at its cost."""
    token = world.token(world.alice)
    token.deposit("200")
    world.push(1_500)  # 200 of seed and 200 of hers are a quarter of that
    preview, receipt, moved = flow(token, "redeem", None)
    assert preview.raw.size_delta == receipt.raw.size_delta
    assert moved == (preview.raw.assets, preview.raw.shares)
    assert sum(preview.costs.values()) == preview.value - preview.assets
    assert token.state().size == 0
