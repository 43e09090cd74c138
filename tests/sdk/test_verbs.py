"""Each verb does what it says, once, and its receipt says what it did."""

from decimal import Decimal

import pytest

from steelyard.model.policy.types import Trigger
from steelyard.sdk import NoSigner, RebalanceNotDue, RewardTooSmall

pytestmark = pytest.mark.node
WAD = 10**18


def nonce(world, signer):
    return world.chain.nonce(signer.address)


def test_deposit_is_one_transaction(world, alice):
    before = world.chain.balance(world.alice.address)
    receipt = alice.deposit("1000")
    assert nonce(world, world.alice) == 1
    assert receipt.approval is None
    assert (receipt.verb, receipt.symbol, receipt.assets) == ("deposit", "ETH3L", 1_000)
    assert alice.holder().balance == receipt.shares
    assert receipt.block == world.chain.block().number
    paid = before - world.chain.balance(world.alice.address)
    assert receipt.gas_paid == Decimal(paid) / WAD > 0


def test_deposit_leaves_no_allowance(world, alice):
    alice.deposit("1000")
    assert alice.holder().asset_allowance == 0


def test_deposit_without_permit_approves_exactly(world, alice):
    receipt = alice.deposit("1000", permit=False)
    assert nonce(world, world.alice) == 2
    assert receipt.approval is not None
    assert receipt.approval.block < receipt.block
    assert alice.holder().asset_allowance == 0


def test_deposit_uses_the_allowance_there_is(world, alice):
    world.steelyard(world.alice).collateral.approve(alice.address, "1500")
    receipt = alice.deposit("1000")
    assert nonce(world, world.alice) == 2
    assert receipt.approval is None
    assert alice.holder().asset_allowance == 500


def test_deposit_for_another(world, alice):
    receipt = alice.deposit("1000", receiver=world.bob.address)
    assert alice.holder().balance == 0
    assert alice.holder(world.bob.address).balance == receipt.shares


def test_mint(world, alice):
    receipt = alice.mint("12.5")
    assert (receipt.shares, alice.holder().balance) == (Decimal("12.5"), Decimal("12.5"))
    assert receipt.approval is not None
    # What was approved is the most it might have cost.
    most = receipt.assets * Decimal("1.005")
    assert abs(alice.holder().asset_allowance + receipt.assets - most) < Decimal("0.000002")


def test_mint_for_another_at_a_bound(world, alice):
    receipt = alice.mint("1", receiver=world.bob.address, max_assets="101")
    assert alice.holder(world.bob.address).balance == 1
    assert alice.holder().asset_allowance == 101 - receipt.assets


def test_redeem(world, alice):
    alice.deposit("1000")
    has = alice.holder().asset_balance
    receipt = alice.redeem("2.5")
    assert receipt.shares == Decimal("2.5")
    assert alice.holder().asset_balance - has == receipt.assets


def test_redeem_for_another(world, alice):
    alice.deposit("1000")
    receipt = alice.redeem("1", receiver=world.bob.address)
    assert alice.holder(world.bob.address).asset_balance == 100_000 + receipt.assets


def test_withdraw(world, alice):
    alice.deposit("1000")
    has, shares = alice.holder().asset_balance, alice.holder().balance
    receipt = alice.withdraw("123.456789", receiver=world.bob.address)
    assert receipt.assets == Decimal("123.456789")
    assert alice.holder().asset_balance == has
    assert shares - alice.holder().balance == receipt.shares


def test_withdraw_all_that_the_shares_pay(world, alice):
    alice.deposit("1000")
    receipt = alice.withdraw(alice.holder().max_withdraw)
    assert alice.holder().balance < Decimal("1e-8")  # worth less than a unit of collateral
    assert receipt.shares > 9


def test_transfer(world, alice):
    alice.deposit("1000")
    has = alice.holder().balance
    receipt = alice.transfer(world.bob.address, "1.5")
    assert alice.holder().balance == has - Decimal("1.5")
    assert alice.holder(world.bob.address).balance == Decimal("1.5")
    assert receipt.hash == receipt.tx.hash


def test_rebalance(world, alice):
    alice.deposit("10000")
    world.push(2_800)
    due, bob = alice.state(), world.token(world.bob)
    has = bob.holder().asset_balance
    receipt = bob.rebalance()
    assert receipt.trigger is Trigger.DRIFT
    assert receipt.leverage_before == due.leverage
    assert receipt.leverage_before < 2 < receipt.leverage_after
    assert receipt.leverage_after == alice.state().leverage
    assert receipt.size_delta == Decimal(due.raw.decision.size_delta) / WAD
    assert receipt.cost == Decimal(due.raw.decision.cost) / WAD
    # Paid in whole units of collateral; the auction may have gone on for seconds since.
    assert receipt.reward - due.reward + Decimal("0.000001") >= 0
    assert bob.holder().asset_balance - has == receipt.reward > 0
    assert receipt.fill_price > 2_800


def test_rebalance_for_another(world, alice):
    alice.deposit("10000")
    world.push(2_800)
    has = alice.holder(world.bob.address).asset_balance
    reward = alice.rebalance("0.01", receiver=world.bob.address).reward
    assert alice.holder(world.bob.address).asset_balance - has == reward


def test_rebalance_not_due(world, alice):
    with pytest.raises(RebalanceNotDue) as caught:
        alice.rebalance()
    remedy = "wait: leverage is where it should be, or the boundary is to come"
    assert str(caught.value) == f"rebalance: nothing to do ({remedy})"
    assert nonce(world, world.alice) == 0


def test_reward_too_small(world, alice):
    world.push(2_800)
    with pytest.raises(RewardTooSmall):
        alice.rebalance("1000")
    assert nonce(world, world.alice) == 0


def test_collateral(world):
    steelyard = world.steelyard(world.alice)
    usd, bob = steelyard.collateral, world.bob.address
    assert (usd.symbol, usd.decimals, usd.balance()) == ("mUSD", 6, 100_000)
    assert usd.max_faucet() == 10_000
    usd.faucet("2500.5")
    assert usd.balance() == Decimal("102500.5")
    usd.transfer(bob, "0.5")
    assert usd.balance(bob) == Decimal("100000.5")
    usd.approve(bob, "7")
    assert usd.allowance(world.alice.address, bob) == 7
    assert repr(usd) == f"<Collateral mUSD {usd.address}>"


def test_reading_needs_no_signer_and_sending_does(world):
    token = world.steelyard().token("ETH3L")
    for act in (token.rebalance, token.holder, lambda: token.deposit("100")):
        with pytest.raises(NoSigner) as caught:
            act()
        said = "this needs an account that can sign (connect with signer=)"
        assert str(caught.value) == said
    assert world.steelyard().signed_by(world.bob).token("ETH3L").holder().balance == 0


def test_life_to_the_end(world, alice):
    """A token that winds down sells its position, settles, and pays every share the same."""
    alice.deposit("1000")
    factory, address = world.system.factory, alice.address
    world.send(factory, "schedule_wind_down", address)
    world.warp(world.contract(factory).call.CONFIG_DELAY())
    world.push(2_000)
    world.send(factory, "apply_wind_down", address)
    assert alice.state().status == "wind down"
    while alice.state().size:
        world.warp(601)
        world.push(2_000)
        alice.rebalance()
    world.send(world.system.tokens["ETH3L"], "settle")
    state, holder = alice.state(), alice.holder()
    assert state.status == "closed"
    preview = alice.preview_redeem("1")
    assert preview.total_cost == preview.rounding < Decimal("0.000001")
    assert abs(preview.value - state.nav) < Decimal("1e-17")
    receipt = alice.redeem("1")
    assert (receipt.assets, receipt.total_cost) == (preview.assets, 0)
    withdrawn = alice.withdraw("100")
    assert withdrawn.raw.shares == alice.preview_withdraw("100").raw.shares
    rest = alice.redeem(alice.holder().balance)
    assert holder.balance == 1 + withdrawn.shares + rest.shares
