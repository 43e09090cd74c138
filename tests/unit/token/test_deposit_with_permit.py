"""Depositing by a signature of the collateral's permit, in one transaction."""

import pytest

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import MAX_UINT, NOON, reverts
from tests.unit.token.permits import SIGNER, STRANGER, sign_permit

PAYER = SIGNER.address.lower()
DEADLINE = NOON + DAY
NO_ALLOWANCE = "erc20: insufficient allowance"
UNSIGNED = (27, bytes(32), bytes(32))


@pytest.fixture
def assets(venue):
    """What is deposited, and signed for."""
    return 1_000 * venue.one


@pytest.fixture
def sign(venue, token, assets):
    """Signature (v, r, s) of a permit of the payer's for the token; he has 100,000 dollars."""
    venue.pay(PAYER, 100_000)

    def sign(signer=SIGNER, domain=None, **changes):
        message = {
            "owner": PAYER,
            "spender": token.address,
            "value": assets,
            "nonce": 0,
            "deadline": DEADLINE,
        }
        return sign_permit(venue.usd, message | changes, signer, **domain or {})

    return sign


@pytest.fixture
def deposit(token, assets):
    """Deposit by a signature."""

    def deposit(signature, assets=assets, receiver=PAYER, least=0, sender=PAYER):
        return token.deposit_with_permit(
            assets, receiver, least, DEADLINE, *signature, sender=sender
        )

    return deposit


def test_does_what_approving_and_depositing_do(venue, token, assets, sign, deposit, receiver):
    with venue.evm.anchor():
        venue.usd.approve(token, assets, sender=PAYER)
        shares = token.deposit(assets, receiver, sender=PAYER)
        logs = [(log.name, tuple(log.args)) for log in token.logs()]
        books = venue.books(token, PAYER, receiver)
    assert deposit(sign(), receiver=receiver) == shares
    minted, deposited = token.logs()
    assert (minted.name, tuple(minted.args)) == ("Transfer", (ZERO_ADDRESS, receiver, shares))
    expected = (PAYER, receiver, assets, shares)
    assert (deposited.name, tuple(deposited.args)) == ("Deposit", expected)
    assert [(log.name, tuple(log.args)) for log in (minted, deposited)] == logs
    assert venue.books(token, PAYER, receiver) == books
    assert token.balanceOf(receiver) == shares
    assert venue.usd.allowance(PAYER, token) == 0
    assert venue.usd.nonces(PAYER) == 1


def test_somebody_has_brought_the_permit_first(venue, token, assets, sign, deposit, attacker):
    """It has done what it was signed for: nobody can keep the payer out with his own signature."""
    expected = token.previewDeposit(assets)
    venue.usd.permit(PAYER, token, assets, DEADLINE, *sign(), sender=attacker)
    assert deposit(sign()) == expected
    assert venue.usd.allowance(PAYER, token) == 0
    assert venue.usd.nonces(PAYER) == 1


def test_not_twice(sign, deposit):
    deposit(sign())
    with reverts(NO_ALLOWANCE):
        deposit(sign())


@pytest.mark.parametrize("given", [1_000, 100_000])
def test_allowance_that_is_there_needs_no_signature(venue, token, deposit, sign, assets, given):
    venue.usd.approve(token, given * venue.one, sender=PAYER)
    expected = token.previewDeposit(assets)
    assert deposit(UNSIGNED) == expected
    assert venue.usd.allowance(PAYER, token) == given * venue.one - assets
    assert venue.usd.nonces(PAYER) == 0


def test_permit_replaces_a_larger_allowance(venue, token, sign, deposit):
    venue.usd.approve(token, MAX_UINT, sender=PAYER)
    deposit(sign())
    assert venue.usd.allowance(PAYER, token) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"signer": STRANGER},
        {"owner": STRANGER.address},
        {"spender": STRANGER.address},
        {"value": 1_000 * 10**6 - 1},
        {"value": 1_000 * 10**6 + 1},
        {"nonce": 1},
        {"deadline": DEADLINE + 1},
        {"domain": {"name": "USD Coin"}},
        {"domain": {"chainId": 10}},
        {"domain": {"verifyingContract": STRANGER.address}},
    ],
)
def test_signature_of_something_else(venue, token, sign, deposit, change):
    before = venue.books(token, PAYER)
    with reverts(NO_ALLOWANCE):
        deposit(sign(**change))
    assert venue.books(token, PAYER) == before
    assert venue.usd.nonces(PAYER) == venue.usd.allowance(PAYER, token) == 0


def test_until_the_deadline(venue, token, assets, sign, deposit):
    venue.evm.timestamp = DEADLINE
    venue.wait(0)
    with venue.evm.anchor():
        assert deposit(sign())
    venue.wait(1)
    with reverts(NO_ALLOWANCE):
        deposit(sign())
    # It binds the permit alone.
    venue.usd.approve(token, assets, sender=PAYER)
    assert deposit(sign())


def test_signature_is_its_signers_alone(venue, token, sign, deposit, attacker):
    """Neither without nor with an allowance of his can another caller spend what is the payer's."""
    venue.pay(attacker, 100_000)
    venue.usd.approve(token, MAX_UINT, sender=PAYER)
    held = venue.usd.balanceOf(PAYER)
    for receiver in (attacker, PAYER):
        with reverts(NO_ALLOWANCE):
            deposit(sign(), receiver=receiver, sender=attacker)
    assert (venue.usd.balanceOf(PAYER), venue.usd.nonces(PAYER)) == (held, 0)


def test_at_least_so_many_shares(venue, token, assets, sign, deposit):
    """A deposit that is refused takes the permit back with it."""
    expected = token.previewDeposit(assets)
    before = venue.books(token, PAYER)
    with reverts("deposit: too few shares"):
        deposit(sign(), least=expected + 1)
    assert venue.books(token, PAYER) == before
    assert venue.usd.nonces(PAYER) == venue.usd.allowance(PAYER, token) == 0
    assert deposit(sign(), least=expected) == expected


def test_without_money(venue, token, sign, deposit, attacker):
    signature = sign()
    venue.usd.transfer(attacker, 99_001 * venue.one, sender=PAYER)
    with reverts("erc20: transfer amount exceeds balance"):
        deposit(signature)


def test_gates_of_a_deposit(venue, token, sign, deposit, factory):
    """The same ones: bounds of the amount, receivers, a pause, the end."""
    one = venue.one
    for assets, reason in (
        (0, "vault: zero or too many assets"),
        (MAX_UINT, "vault: zero or too many assets"),
        (10 * one - 1, "mint: below 10 quote"),
    ):
        with reverts(reason):
            deposit(sign(value=assets), assets)
    for receiver in (ZERO_ADDRESS, token, venue.exchange):
        with reverts("token: bad receiver"):
            deposit(sign(), receiver=receiver)
    token.pause_mint(NOON + DAY, sender=factory)
    with reverts("mint: paused"):
        deposit(sign())
    token.wind_down(sender=factory)
    with reverts("mint: winding down"):
        deposit(sign())


@pytest.mark.parametrize("decimals", [18])
def test_collateral_of_18_decimals(token, assets, sign, deposit):
    expected = token.previewDeposit(assets)
    assert deposit(sign()) == expected > WAD
