"""Approval by signature (EIP-2612), in a domain that the token describes (EIP-5267)."""

import pytest
from eth_utils.crypto import keccak

from steelyard.model.arithmetic import DAY, WAD
from tests.unit.token.helpers import MAX_UINT, NOON, reverts
from tests.unit.token.permits import SIGNER, STRANGER, sign_permit

HOLDER = SIGNER.address.lower()
DEADLINE = NOON + DAY


@pytest.fixture
def sign(token, spender):
    """Signature (v, r, s) of a permit of the holder's for the spender."""

    def sign(value, signer=SIGNER, nonce=0, deadline=DEADLINE, **domain):
        message = {
            "owner": HOLDER,
            "spender": spender,
            "value": value,
            "nonce": nonce,
            "deadline": deadline,
        }
        return sign_permit(token, message, signer, **domain)

    return sign


def test_approves(token, spender, attacker, sign):
    """Whoever brings it."""
    token.permit(HOLDER, spender, WAD, DEADLINE, *sign(WAD), sender=attacker)
    [log] = token.logs()
    assert (log.name, tuple(log.args)) == ("Approval", (HOLDER, spender, WAD))
    assert token.allowance(HOLDER, spender) == WAD
    assert token.nonces(HOLDER) == 1


def test_allows_a_redemption(venue, token, depositor, spender, receiver, sign):
    token.deposit(1_000 * venue.one, HOLDER, sender=depositor)
    token.permit(HOLDER, spender, MAX_UINT, DEADLINE, *sign(MAX_UINT), sender=spender)
    paid = token.redeem(WAD, receiver, HOLDER, sender=spender)
    assert venue.usd.balanceOf(receiver) == paid > 0


def test_only_once(token, spender, sign):
    token.permit(HOLDER, spender, WAD, DEADLINE, *sign(WAD), sender=spender)
    with reverts("erc20: invalid signature"):
        token.permit(HOLDER, spender, WAD, DEADLINE, *sign(WAD), sender=spender)
    token.permit(HOLDER, spender, 2 * WAD, DEADLINE, *sign(2 * WAD, nonce=1), sender=spender)
    assert token.allowance(HOLDER, spender) == 2 * WAD


def test_until_the_deadline(venue, token, spender, sign):
    venue.evm.timestamp = DEADLINE
    with venue.evm.anchor():
        token.permit(HOLDER, spender, WAD, DEADLINE, *sign(WAD), sender=spender)
    venue.evm.warp(1)
    with reverts("erc20: expired deadline"):
        token.permit(HOLDER, spender, WAD, DEADLINE, *sign(WAD), sender=spender)


@pytest.mark.parametrize(
    "change",
    [
        {"signer": STRANGER},
        {"nonce": 1},
        {"deadline": DEADLINE + 1},
        {"name": "Steelyard ETH 3x short"},
        {"version": "2"},
        {"chainId": 10},
        {"verifyingContract": "0x" + "11" * 20},
    ],
)
def test_of_something_else(token, spender, sign, change):
    with reverts("erc20: invalid signature"):
        token.permit(HOLDER, spender, WAD, DEADLINE, *sign(WAD, **change), sender=spender)
    assert token.allowance(HOLDER, spender) == token.nonces(HOLDER) == 0


def test_domain(token):
    """Wallets build the domain from what EIP-5267 says: it must be the one that is checked."""
    fields, name, version, chain, contract, salt, extensions = token.eip712Domain()
    assert fields == b"\x0f"
    assert (name, version, chain, contract) == (token.name(), "1", 1, token.address)
    assert (salt, tuple(extensions)) == (bytes(32), ())
    kind = keccak(
        text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    )
    words = (
        kind,
        keccak(text=name),
        keccak(text=version),
        chain.to_bytes(32, "big"),
        bytes.fromhex(contract[2:]).rjust(32, b"\0"),
    )
    assert token.DOMAIN_SEPARATOR() == keccak(b"".join(words))


def test_domains_differ(venue, token):
    other = venue.make_token(is_long=False)
    assert other.DOMAIN_SEPARATOR() != token.DOMAIN_SEPARATOR()
