"""Permits are what the collateral itself accepts, and for nobody else."""

import pytest

from steelyard.chain import ChainContract
from steelyard.sdk import PermitInvalid, PermitUnavailable, protocol_error
from steelyard.sdk.collateral import PERMIT_SECONDS
from steelyard.sdk.permits import sign_permit

pytestmark = pytest.mark.node


def bring(world, permit, value=None):
    """Let somebody else bring a permit."""
    steelyard = world.steelyard(world.bob)
    args = (permit.owner, permit.spender, value or permit.value, permit.deadline)
    usd = steelyard.collateral.contract
    return steelyard.connection.transact(usd, "permit", *args, permit.v, permit.r, permit.s)


def test_permit_is_accepted(world, alice):
    usd = world.steelyard(world.alice).collateral
    permit = usd.sign_permit(alice.address, "12.5")
    assert (permit.value, permit.nonce, permit.owner) == (12_500_000, 0, world.alice.address)
    bring(world, permit)
    assert usd.allowance(world.alice.address, alice.address).normalize() == permit.value / 10**6


def test_next_permit_has_the_next_nonce(world, alice):
    usd = world.steelyard(world.alice).collateral
    bring(world, usd.sign_permit(alice.address, "1"))
    assert usd.sign_permit(alice.address, "1").nonce == 1


def test_permit_for_another_amount_is_refused(world, alice):
    usd = world.steelyard(world.alice).collateral
    with pytest.raises(PermitInvalid) as caught:
        bring(world, usd.sign_permit(alice.address, "1"), value=2_000_000)
    remedy = "sign with the owner's key, for this chain and this token"
    assert str(caught.value) == f"erc20: invalid signature ({remedy})"


def test_deadline(world, alice):
    usd = world.steelyard(world.alice).collateral
    now = world.chain.block().timestamp
    default = usd.sign_permit(alice.address, "1").deadline
    assert default - PERMIT_SECONDS >= now
    with pytest.raises(PermitInvalid) as caught:
        bring(world, usd.sign_permit(alice.address, "1", deadline=now - 1))
    assert caught.value.reason == "erc20: expired deadline"


def test_clock_of_the_chain_ahead_of_ours(world, alice):
    world.warp(10 * 365 * 86_400)
    usd = world.steelyard(world.alice).collateral
    bring(world, usd.sign_permit(alice.address, "1"))


def test_collateral_without_permit(world):
    """VaultQuotes is a contract that knows nothing of permits."""
    quotes = world.system.quotes.address
    usd = ChainContract(world.chain, quotes, world.steelyard().collateral.contract.interface)
    with pytest.raises(PermitUnavailable) as caught:
        sign_permit(usd, world.alice, world.bob.address, 1, 2**40)
    said = f"{usd.address} has no permit (approve the amount instead)"
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [(3, 1, "signs for chain 1"), (4, "0x" + "11" * 20, "signs for another contract")],
)
def test_domain_of_another(world, monkeypatch, field, value, said):
    """A collateral that asks for a signature that is worth money elsewhere gets none."""
    usd = world.steelyard().collateral.contract
    domain = list(usd.call.eip712Domain())
    domain[field] = value
    monkeypatch.setattr(usd.call, "eip712Domain", lambda: tuple(domain), raising=False)
    with pytest.raises(PermitUnavailable) as caught:
        sign_permit(usd, world.alice, world.bob.address, 1, 2**40)
    assert str(caught.value) == f"{usd.address} {said}"


def test_deposit_approves_where_there_is_no_permit(world, alice, monkeypatch):
    def unavailable(*args, **kwargs):
        raise PermitUnavailable("none")

    monkeypatch.setattr(alice._collateral, "sign_permit", unavailable)
    receipt = alice.deposit("100")
    assert receipt.approval is not None
    assert alice.holder().balance == receipt.shares


def test_reasons_of_permits_have_remedies():
    assert protocol_error("erc20: expired deadline").remedy
