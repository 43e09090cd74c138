"""Tokens of a few hundred dollars, at any leverage, liquidated or not: what must hold there too."""

from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.contract import ZERO_ADDRESS
from steelyard.evm import Revert, address
from steelyard.model.arithmetic import WAD
from steelyard.model.shares import PRECISION


@pytest.fixture(scope="module", params=[6, 18], ids=lambda decimals: f"{decimals} decimals")
def any_venue(request, venues):
    return venues(decimals=request.param)


@pytest.fixture(scope="module", params=[True, False], ids=["long", "short"])
def is_long(request):
    return request.param


states = st.fixed_dictionaries(
    {
        "fee": st.sampled_from((0, 10**15, 10**16)),
        "fee_receiver": st.sampled_from((ZERO_ADDRESS, address("fee receiver"))),
        # Dollars of the factory's, and of the holder's.
        "seed": st.integers(101, 1_000),
        "held": st.just(0) | st.integers(10, 300) | st.integers(100, 5_000),
        # What the holder gets of the seed, per cent: most of what there is, or nothing.
        "given": st.integers(0, 99),
        "crowd": st.integers(-300, 300) | st.integers(-15_000, 15_000),
        # Against the token, tenths of a per cent: from far below its band to next to nothing.
        "lost": st.integers(-400, 330),
        "liquidated": st.booleans(),
        "waited": st.integers(0, 800_000),
    }
)


@pytest.fixture(scope="module")
def arrange(any_venue, is_long, factory, holder, depositor, trader, keeper):
    """Bring a drawn state about, and take it back."""

    @contextmanager
    def arrange(state):
        venue = any_venue
        with venue.evm.anchor():
            token = venue.make_token(
                is_long=is_long,
                seed=state["seed"],
                fees=(state["fee"], state["fee"]),
                fee_receiver=state["fee_receiver"],
            )
            for account in (holder, depositor):
                venue.fund(account, token)
            if state["held"]:
                token.deposit(state["held"] * venue.one, holder, sender=holder)
            token.transfer(holder, token.balanceOf(factory) * state["given"] // 100, sender=factory)
            if state["crowd"]:
                venue.trade(trader, state["crowd"], 10**7)
            venue.move(state["lost"] / (-10 if is_long else 10))
            account = venue.state(token)
            if state["liquidated"] and account.equity <= account.maintenance:
                venue.configure(liquidation_cap=0)
                venue.liquidate(token, keeper)
            venue.wait(state["waited"])
            yield venue, token

    return arrange


def try_all(venue, token, calls):
    """Make each call, and check that nobody else has lost by it."""
    nav = venue.nav(token)
    for flow, args, sender in calls:
        with venue.evm.anchor():
            flow(*args, sender=sender)
            assert not venue.shares(token) or venue.nav(token) >= nav


@given(state=states)
def test_the_most_works_and_nobody_loses_by_it(arrange, holder, depositor, state):
    with arrange(state) as (venue, token):
        shares, assets = token.maxRedeem(holder), token.maxWithdraw(holder)
        calls = []
        if shares:
            calls.append((token.redeem, (shares, holder, holder), holder))
            assert token.previewRedeem(shares) == assets
        if assets:
            calls.append((token.withdraw, (assets, holder, holder), holder))
            calls.append((token.withdraw, (assets // 2 + 1, holder, holder), holder))
        if token.maxDeposit(depositor):
            calls.append((token.deposit, (token.maxDeposit(depositor), depositor), depositor))
            calls.append((token.mint, (token.maxMint(depositor), depositor), depositor))
        try_all(venue, token, calls)


@given(state=states)
def test_more_than_the_most_does_not_work(arrange, holder, depositor, state):
    """Withdrawals aside: where all of an owner's shares close the position, fewer may pay more."""
    with arrange(state) as (venue, token):
        most = token.maxDeposit(depositor)
        # Of a remainder the most is on the safe side.
        if not most or venue.state(token).size:
            for flow, args in (
                (token.deposit, (max(most + 3 + most // PRECISION, 500 * venue.one), depositor)),
                (token.mint, (max(token.maxMint(depositor) + 1, 10 * WAD), depositor)),
            ):
                with pytest.raises(Revert):
                    flow(*args, sender=depositor)
        balance = token.balanceOf(holder)
        if token.maxRedeem(holder) == 0 < balance:
            with pytest.raises(Revert):
                token.redeem(balance, holder, holder, sender=holder)


@given(state=states, dollars=st.integers(150, 1_000))
def test_in_and_out_at_once_never_pays(arrange, depositor, state, dollars):
    """Of 150 dollars more than 100 are left after any cost: what a position needs is there."""
    with arrange(state) as (venue, token):
        assets = dollars * venue.one
        if token.maxDeposit(depositor) >= assets:
            shares = token.deposit(assets, depositor, sender=depositor)
            assert token.redeem(shares, depositor, depositor, sender=depositor) <= assets


@given(state=states)
def test_views_do_not_revert(arrange, holder, depositor, state):
    with arrange(state) as (venue, token):
        assert token.totalAssets() >= token.convertToAssets(token.balanceOf(holder)) >= 0
        assert token.convertToShares(venue.one) >= 0
        assert token.maxRedeem(holder) <= token.balanceOf(holder)
        assert token.maxWithdraw(holder) >= 0
        assert (token.maxDeposit(depositor) > 0) is (token.maxMint(depositor) > 0)
        assert token.rebalance_status().leverage >= 0
