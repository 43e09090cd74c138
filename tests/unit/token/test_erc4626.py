"""What ERC-4626 promises, on drawn states: collateral of 6, 8 and 18 decimals, long and short."""

from contextlib import contextmanager
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.evm import Revert
from steelyard.model.arithmetic import WAD
from steelyard.model.shares import PRECISION

HOLDERS_PART = st.integers(1, 10**6 - 1)  # millionths of what the holder has
EITHER = st.sampled_from((1, -1))


@pytest.fixture(scope="module", params=[6, 8, 18], ids=lambda decimals: f"{decimals} decimals")
def any_venue(request, venues):
    return venues(decimals=request.param)


@pytest.fixture(scope="module", params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


states = st.fixed_dictionaries(
    {
        # Of the usual fees, or none.
        "fee": st.sampled_from((0, 10**15, 10**16)),
        # What others hold, ether: the pool backs 20,000 on both sides together.
        "crowd": st.integers(0, 14_000) | st.integers(0, 300),
        "side": EITHER,
        # What the holder has put in, dollars.
        "held": st.integers(1_000, 10**6) | st.integers(1_000, 2_000),
        # Since then, millionths: within the band of either side.
        "moved": st.integers(-95_000, 60_000),
        # A rate while time passed, and how long, seconds.
        "rate": st.integers(-5 * 10**15, 5 * 10**15),
        "waited": st.integers(0, 800_000),
    }
)


@pytest.fixture(scope="module")
def arrange(any_venue, is_long, holder, depositor, trader):
    """Bring a drawn state about, and take it back."""

    @contextmanager
    def arrange(state):
        venue = any_venue
        with venue.evm.anchor():
            fees = (state["fee"], state["fee"])
            token = venue.make_token(is_long=is_long, fees=fees)
            for account in (holder, depositor):
                venue.fund(account, token)
            token.deposit(state["held"] * venue.one, holder, sender=holder)
            if state["crowd"]:
                venue.trade(trader, state["side"] * state["crowd"], 10**7)
            venue.force_funding(state["rate"])
            venue.evm.warp(state["waited"])
            venue.force_funding(0)
            venue.price(2_000 * (10**6 + state["moved"]) / 10**6)
            yield venue, token

    return arrange


def drawn_part(token, holder, part):
    """Shares and assets of the holder's: a millionth of a dollar at least, everything at most."""
    shares = max(token.balanceOf(holder) * part // 10**6, 10**12)
    return shares, max(token.maxWithdraw(holder) * part // 10**6, 1)


def in_band(token, account):
    """Whether minting is open: a drawn funding may have moved leverage too far."""
    return token.maxDeposit(account) > 0


@given(state=states, part=HOLDERS_PART)
def test_redeeming_what_a_deposit_brought_never_pays(arrange, depositor, state, part):
    with arrange(state) as (venue, token):
        assets = 10 * venue.one + token.maxDeposit(depositor) // 2 * part // 10**6
        if in_band(token, depositor):
            shares = token.deposit(assets, depositor, sender=depositor)
            assert token.redeem(shares, depositor, depositor, sender=depositor) <= assets


@given(state=states, part=HOLDERS_PART)
def test_withdrawing_never_takes_out_more_than_a_mint_cost(arrange, depositor, state, part):
    with arrange(state) as (venue, token):
        shares = WAD // 5 + token.maxMint(depositor) // 2 * part // 10**6
        if in_band(token, depositor):
            assets = token.mint(shares, depositor, sender=depositor)
            assert token.maxWithdraw(depositor) <= assets


@given(state=states, part=HOLDERS_PART)
def test_depositing_what_a_redemption_paid_buys_no_more_shares(arrange, holder, state, part):
    with arrange(state) as (venue, token):
        shares = token.balanceOf(holder) * part // 10**6
        if in_band(token, holder) and token.previewRedeem(shares) >= 10 * venue.one:
            assets = token.redeem(shares, holder, holder, sender=holder)
            assert token.deposit(assets, holder, sender=holder) <= shares


@given(state=states, part=HOLDERS_PART)
def test_minting_what_a_withdrawal_burned_costs_no_less(arrange, holder, state, part):
    with arrange(state) as (venue, token):
        assets = 10 * venue.one + token.maxWithdraw(holder) // 2 * part // 10**6
        if in_band(token, holder):
            shares = token.withdraw(assets, holder, holder, sender=holder)
            assert token.mint(shares, holder, sender=holder) >= assets


@given(state=states, part=HOLDERS_PART)
def test_previews_are_what_the_flows_do(arrange, depositor, holder, state, part):
    with arrange(state) as (venue, token):
        assets = 10 * venue.one + token.maxDeposit(depositor) // 2 * part // 10**6
        shares = WAD // 5 + token.maxMint(depositor) // 2 * part // 10**6
        leaving, taking = drawn_part(token, holder, part)
        flows = [
            (token.previewRedeem(leaving), token.redeem, (leaving, holder, holder), holder),
            (token.previewWithdraw(taking), token.withdraw, (taking, holder, holder), holder),
        ]
        if in_band(token, depositor):
            flows += [
                (token.previewDeposit(assets), token.deposit, (assets, depositor), depositor),
                (token.previewMint(shares), token.mint, (shares, depositor), depositor),
            ]
        for preview, flow, args, sender in flows:
            with venue.evm.anchor():
                assert flow(*args, sender=sender) == preview


@given(state=states)
def test_most_works_and_more_does_not(arrange, depositor, holder, state):
    with arrange(state) as (venue, token):
        most = token.maxDeposit(depositor)
        beyond = most + 3 + most // PRECISION
        shares, assets = token.maxRedeem(holder), token.maxWithdraw(holder)
        works = [
            (token.redeem, (shares, holder, holder), holder),
            (token.withdraw, (assets, holder, holder), holder),
        ]
        fails = [
            (token.redeem, (shares + 1, holder, holder), holder),
            (token.withdraw, (assets + 1, holder, holder), holder),
            (token.deposit, (beyond, depositor), depositor),
            (token.mint, (token.maxMint(depositor) + 1, depositor), depositor),
        ]
        if most:
            works += [
                (token.deposit, (most, depositor), depositor),
                (token.mint, (token.maxMint(depositor), depositor), depositor),
            ]
        for flow, args, sender in works:
            with venue.evm.anchor():
                flow(*args, sender=sender)
        for flow, args, sender in fails:
            with pytest.raises(Revert):
                flow(*args, sender=sender)


@given(state=states, part=HOLDERS_PART, flow=st.sampled_from(("in", "out")), exact=st.booleans())
def test_others_lose_neither_value_nor_leverage(
    arrange, depositor, holder, state, part, flow, exact
):
    with arrange(state) as (venue, token):
        nav, leverage, equity = venue.nav(token), venue.leverage(token), venue.state(token).equity
        if flow == "in" and in_band(token, depositor):
            if exact:
                shares = WAD // 5 + token.maxMint(depositor) // 2 * part // 10**6
                token.mint(shares, depositor, sender=depositor)
            else:
                assets = 10 * venue.one + token.maxDeposit(depositor) // 2 * part // 10**6
                token.deposit(assets, depositor, sender=depositor)
        else:
            leaving, taking = drawn_part(token, holder, part)
            if exact:
                token.redeem(leaving, holder, holder, sender=holder)
            else:
                token.withdraw(taking, holder, holder, sender=holder)
        # With no fee to their benefit it is rounding alone that the others gain.
        moved = abs(venue.state(token).equity - equity)
        rounding = Fraction(2 * venue.scale + moved // PRECISION + 10**4, min(equity, 200 * WAD))
        assert nav <= venue.nav(token) <= nav * (1 + rounding)
        assert abs(venue.leverage(token) / leverage - 1) <= 4 * rounding


@given(state=states, part=HOLDERS_PART)
def test_rounding_is_against_the_caller(arrange, depositor, state, part):
    with arrange(state) as (venue, token):
        nav = venue.nav(token)
        shares, assets = WAD * part // 1_000 + 7, venue.one * part // 1_000 + 7
        assert token.convertToAssets(shares) * venue.scale <= shares * nav / WAD
        assert token.convertToShares(assets) <= assets * venue.scale * WAD / nav
        vault = venue.vault(token)
        fee = Fraction(state["fee"], WAD)
        minted = token.previewDeposit(assets)
        assert vault.mint_price(int(minted * (1 + fee))) <= assets * venue.scale
        cost = vault.mint_price(int(shares * (1 + fee)))
        assert token.previewMint(shares) * venue.scale >= cost
        traded = int(shares * (1 - fee)) + 1
        if traded < vault.shares // 2:
            value = vault.redeem_value(traded, vault.redeem_delta(traded))
            assert token.previewRedeem(shares) * venue.scale <= value
        if assets * venue.scale < vault.equity // 2:
            traded = int(token.previewWithdraw(assets) * (1 - fee))
            value = vault.redeem_value(traded, vault.redeem_delta(traded))
            assert value >= assets * venue.scale


@given(state=states)
def test_views_that_may_not_revert_agree(arrange, holder, state):
    with arrange(state) as (venue, token):
        assert token.totalAssets() == venue.state(token).equity // venue.scale
        everything = token.convertToAssets(venue.shares(token))
        assert everything <= token.totalAssets() <= everything + 1
        assert token.totalSupply() == sum(token.balanceOf(a) for a in (holder, token.factory()))
