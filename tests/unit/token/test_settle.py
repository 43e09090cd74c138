"""After the end: all equity is taken, and every share redeems for the same, whatever the order."""

import itertools

import pytest

from steelyard.evm import DEPLOYER
from steelyard.model.arithmetic import DAY, WAD, ceil_div
from steelyard.model.policy import Trigger
from tests.unit.token.helpers import (
    CLOSED,
    MAX_UINT,
    PAUSED,
    SETTLED,
    TRADING,
    WINDING_DOWN,
    reverts,
    unpack_terms,
)


@pytest.fixture(params=[6, 18])
def decimals(request):
    return request.param


@pytest.fixture
def ended(venue, make_token, factory, keeper, depositor):
    """Winding down, the position closed; two holders, the factory's seed, and fees owed."""
    token = make_token()
    token.deposit(12_345 * venue.one, depositor, sender=depositor)
    venue.move(3)
    venue.wait(DAY)
    token.wind_down(sender=factory)
    token.rebalance(sender=keeper)
    assert venue.state(token).size == 0
    return token


@pytest.fixture
def settled(ended, keeper):
    ended.settle(sender=keeper)
    return ended


def test_takes_all_equity(venue, ended, attacker):
    """Called by anyone."""
    state, shares = venue.state(ended), venue.shares(ended)
    assets = state.equity // venue.scale
    assert ended.settle(sender=attacker) == assets
    [log] = ended.logs("Settled")
    assert tuple(log.args) == (assets, shares)
    assert venue.usd.balanceOf(ended) == assets
    assert venue.state(ended).equity == state.equity - assets * venue.scale < venue.scale
    words = ended.words()
    assert words.settlement == assets | shares << 128
    assert unpack_terms(words.terms)["phase"] == SETTLED


def test_values_stay_and_no_price_matters_any_more(venue, ended, keeper, holder):
    before = ended.totalAssets(), ended.convertToAssets(WAD), ended.convertToShares(venue.one)
    ended.settle(sender=keeper)
    for spoil in (
        lambda: None,
        lambda: venue.price(1),
        lambda: venue.feed.set_reverts(True, sender=DEPLOYER),
        lambda: venue.status(PAUSED),
    ):
        spoil()
        after = ended.totalAssets(), ended.convertToAssets(WAD), ended.convertToShares(venue.one)
        # What equity has below a unit stays at the venue.
        assert after == pytest.approx(before, rel=1e-10)
        assert ended.maxRedeem(holder) == ended.balanceOf(holder)
        assert ended.maxWithdraw(holder) == ended.previewRedeem(ended.balanceOf(holder))


def test_not_before_it_winds_down(venue, token, keeper):
    with reverts("settle: not winding down"):
        token.settle(sender=keeper)
    venue.status(CLOSED)
    with reverts("settle: not winding down"):
        token.settle(sender=keeper)
    assert unpack_terms(token.words().terms)["phase"] == TRADING


def test_not_before_the_position_is_closed(venue, token, factory, keeper):
    token.wind_down(sender=factory)
    with reverts("settle: position still open"):
        token.settle(sender=keeper)
    venue.status(CLOSED)
    with reverts("settle: position still open"):
        token.settle(sender=keeper)


def test_only_once(settled, keeper):
    with reverts("settle: not winding down"):
        settled.settle(sender=keeper)


def test_not_while_the_venue_is_down(venue, ended, keeper, holder):
    venue.status(PAUSED)
    with reverts("market: paused"):
        ended.settle(sender=keeper)
    assert unpack_terms(ended.words().terms)["phase"] == WINDING_DOWN


def test_while_the_venue_cannot_pay_it_all_redeeming_goes_on(
    venue, make_token, factory, keeper, holder, owner, receiver
):
    """The profit is gone from the pool: who comes first is paid from what is there."""
    token = make_token(fees=(0, 0))
    venue.move(40)
    token.wind_down(sender=factory)
    pool = venue.exchange.market_state(0).pool
    venue.exchange.drain_pool(0, pool // venue.scale, receiver, sender=owner)
    token.rebalance(sender=keeper)
    assert venue.state(token).equity > 2 * venue.state(token).cash
    with reverts("treasury: venue cannot pay"):
        token.settle(sender=keeper)
    nav = venue.nav(token)
    assert token.redeem(WAD, holder, holder, sender=holder) == nav // venue.scale
    venue.trade(owner, 0, 10**6)
    token.settle(sender=keeper)
    assert token.previewRedeem(WAD) == nav // venue.scale


def test_redeem(venue, settled, holder, receiver):
    assets, shares = settled.words().settlement % 2**128, settled.words().settlement >> 128
    expected = 100 * WAD * assets // shares
    supply = settled.totalSupply()
    assert settled.previewRedeem(100 * WAD) == expected
    assert settled.redeem(100 * WAD, receiver, holder, sender=holder) == expected
    [log] = settled.logs("Withdraw")
    assert tuple(log.args) == (holder, receiver, holder, expected, 100 * WAD)
    assert venue.usd.balanceOf(receiver) == expected
    assert venue.usd.balanceOf(settled) == assets - expected
    assert settled.totalSupply() == supply - 100 * WAD


def test_withdraw(venue, settled, holder, receiver):
    assets, shares = settled.words().settlement % 2**128, settled.words().settlement >> 128
    amount = 1_234 * venue.one + 567
    expected = ceil_div(amount * shares, assets)
    assert settled.previewWithdraw(amount) == expected
    assert settled.withdraw(amount, receiver, holder, sender=holder) == expected
    assert venue.usd.balanceOf(receiver) == amount


def test_roles_bounds_and_receivers_are_as_ever(venue, settled, holder, spender, receiver):
    paid = settled.previewRedeem(WAD)
    with reverts("erc20: insufficient allowance"):
        settled.redeem(WAD, spender, holder, sender=spender)
    settled.approve(spender, WAD, sender=holder)
    settled.redeem(WAD, receiver, holder, paid, sender=spender)
    assert settled.allowance(holder, spender) == 0
    with reverts("redeem: too few assets"):
        settled.redeem(WAD, receiver, holder, paid + 1, sender=holder)
    burned = settled.previewWithdraw(venue.one)
    with reverts("withdraw: too many shares"):
        settled.withdraw(venue.one, receiver, holder, burned - 1, sender=holder)
    settled.withdraw(venue.one, receiver, holder, burned, sender=holder)
    for bad in ("0x" + "00" * 20, settled, venue.exchange):
        with reverts("token: bad receiver"):
            settled.redeem(WAD, bad, holder, sender=holder)
    with reverts("token: more than the balance"):
        settled.redeem(settled.balanceOf(holder) + 1, holder, holder, sender=holder)
    with reverts("withdraw: more than is left"):
        settled.withdraw(settled.words().settlement % 2**128 + 1, holder, holder, sender=holder)


def test_nothing_is_not_paid(settled, holder):
    dust = settled.convertToShares(1) // 2
    for call in (
        lambda: settled.redeem(0, holder, holder, sender=holder),
        lambda: settled.redeem(dust, holder, holder, sender=holder),
        lambda: settled.withdraw(0, holder, holder, sender=holder),
    ):
        with reverts("token: nothing to pay"):
            call()


def test_same_per_share_whatever_the_order(
    venue, settled, factory, holder, depositor, fee_receiver
):
    """Everybody, in every order, the fees claimed first or last; what is left is dust."""
    paid = {}
    everybody = (factory, holder, depositor, fee_receiver)
    for order in itertools.permutations(everybody):
        with venue.evm.anchor():
            for account in order:
                if account == fee_receiver:
                    settled.claim_fees(sender=account)
                shares = settled.balanceOf(account)
                assets = settled.redeem(shares, account, account, sender=account)
                assert paid.setdefault(account, assets) == assets
            assert settled.totalSupply() == settled.totalAssets() == 0
            assert venue.usd.balanceOf(settled) <= len(everybody)


def test_in_parts_no_more_than_at_once(venue, settled, holder):
    shares = settled.balanceOf(holder)
    at_once = settled.previewRedeem(shares)
    parts = [shares // 7] * 6 + [shares - shares // 7 * 6]
    paid = sum(settled.redeem(part, holder, holder, sender=holder) for part in parts)
    assert at_once - 7 <= paid <= at_once
    assert settled.balanceOf(holder) == 0


def test_donations_change_nothing(venue, ended, keeper, attacker, holder):
    """Neither before nor after: no rate is ever read from a balance."""
    with venue.evm.anchor():
        ended.settle(sender=keeper)
        expected = ended.words().settlement, ended.previewRedeem(WAD), ended.totalAssets()
    venue.pay(ended, 50_000)
    venue.pay(venue.exchange, 50_000)
    ended.settle(sender=keeper)
    assert expected == (ended.words().settlement, ended.previewRedeem(WAD), ended.totalAssets())
    venue.pay(ended, 50_000)
    assert expected == (ended.words().settlement, ended.previewRedeem(WAD), ended.totalAssets())
    assert ended.redeem(WAD, holder, holder, sender=holder) == expected[1]


def test_nothing_else_is_open_any_more(venue, settled, factory, depositor, keeper):
    assert settled.maxDeposit(depositor) == settled.maxMint(depositor) == 0
    words = settled.words()
    for call, reason in (
        (lambda: settled.wind_down(sender=factory), "token: winding down"),
        (
            lambda: settled.configure(words.terms, words.rules, factory, sender=factory),
            "token: winding down",
        ),
        (lambda: settled.seed(1, WAD, sender=factory), "seed: only once"),
        (lambda: settled.rebalance(sender=keeper), "rebalance: wiped"),
    ):
        with reverts(reason):
            call()
    for call in (
        lambda: settled.deposit(100 * venue.one, depositor, sender=depositor),
        lambda: settled.mint(WAD, depositor, sender=depositor),
    ):
        with reverts(
            "vault: no equity" if venue.state(settled).equity == 0 else "mint: winding down"
        ):
            call()
    assert settled.rebalance_status().trigger == Trigger.NOTHING


def test_fees_owed_are_claimed_after_it_too(venue, settled, fee_receiver, attacker):
    owed = settled.owed_shares()
    assert settled.claim_fees(sender=attacker) == owed > 0
    shares = settled.balanceOf(fee_receiver)
    assert settled.redeem(shares, fee_receiver, fee_receiver, sender=fee_receiver) > 0


def test_shares_transfer_after_it(settled, holder, receiver):
    settled.transfer(receiver, WAD, sender=holder)
    assert settled.maxRedeem(receiver) == WAD


def test_unreasonable_amounts(settled):
    """previewRedeem of 2**256 shares cannot be answered; conversions of what fits can."""
    assert settled.convertToAssets(2**200) == 2**200 * (settled.words().settlement % 2**128) // (
        settled.words().settlement >> 128
    )
    assert settled.maxRedeem(settled.address) == settled.maxWithdraw(settled.address) == 0
    with pytest.raises(Exception, match="no reason"):
        settled.previewRedeem(MAX_UINT)


def test_of_a_wiped_token_pays_nothing(venue, make_token, keeper, holder):
    """Closed at a price at which nothing is left: every share is worth that."""
    token = make_token()
    venue.status(CLOSED, price=1_300)
    venue.liquidate(token, keeper)
    assert (venue.state(token).size, venue.state(token).equity) == (0, 0)
    token.wind_down(sender=keeper)
    assert token.settle(sender=keeper) == 0
    assert token.totalAssets() == token.convertToAssets(WAD) == token.convertToShares(1) == 0
    assert token.maxRedeem(holder) == token.maxWithdraw(holder) == 0
    for call in (
        lambda: token.redeem(WAD, holder, holder, sender=holder),
        lambda: token.withdraw(0, holder, holder, sender=holder),
    ):
        with reverts("token: nothing to pay"):
            call()
    with reverts("withdraw: more than is left"):
        token.withdraw(1, holder, holder, sender=holder)


def test_at_once_without_a_position(venue, make_token, factory, keeper, holder):
    """Liquidated, and ended before it was rebuilt."""
    token = make_token()
    venue.configure(liquidation_cap=0)
    venue.move(-32.9)
    venue.liquidate(token, keeper)
    equity = venue.state(token).equity
    assert equity > 100 * WAD
    token.wind_down(sender=factory)
    assert venue.memory(token).winding_down_size == 0
    with reverts("rebalance: nothing to do"):
        token.rebalance(sender=keeper)
    assert token.settle(sender=keeper) == equity // venue.scale
    assert token.redeem(WAD, holder, holder, sender=holder) > 0
