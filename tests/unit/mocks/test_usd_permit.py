import ape
import pytest
from eth_account.messages import encode_typed_data

PERMIT = ("owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256")
DOMAIN = ("name:string", "version:string", "chainId:uint256", "verifyingContract:address")


def typed(fields):
    return [dict(zip(("name", "type"), field.split(":"), strict=True)) for field in fields]


@pytest.fixture
def decimals():
    """One is enough: a permit does not know of decimals."""
    return 6


@pytest.fixture
def deadline(chain):
    return chain.pending_timestamp + 3_600


@pytest.fixture
def sign(usd, chain, trader, attacker):
    """Signature (v, r, s) of `signer` under a permit of the trader's for the attacker."""

    def signature(value, deadline, signer=trader, nonce=0, **domain):
        message = encode_typed_data(
            full_message={
                "types": {"EIP712Domain": typed(DOMAIN), "Permit": typed(PERMIT)},
                "primaryType": "Permit",
                "domain": {
                    "name": "Mock USD",
                    "version": "1",
                    "chainId": chain.chain_id,
                    "verifyingContract": usd.address,
                    **domain,
                },
                "message": {
                    "owner": trader.address,
                    "spender": attacker.address,
                    "value": value,
                    "nonce": nonce,
                    "deadline": deadline,
                },
            }
        )
        return tuple(signer.sign_message(message))

    return signature


def test_approves(usd, one, trader, attacker, sign, deadline):
    tx = usd.permit(trader, attacker, one, deadline, *sign(one, deadline), sender=attacker)

    assert usd.allowance(trader, attacker) == one
    assert usd.nonces(trader) == 1
    assert tx.events == [usd.Approval(owner=trader, spender=attacker, value=one)]


def test_second_permit_needs_the_next_nonce(usd, trader, attacker, sign, deadline):
    usd.permit(trader, attacker, 1, deadline, *sign(1, deadline), sender=attacker)
    usd.permit(trader, attacker, 2, deadline, *sign(2, deadline, nonce=1), sender=attacker)
    assert usd.allowance(trader, attacker) == 2


def test_replay(usd, trader, attacker, sign, deadline):
    signature = sign(1, deadline)
    usd.permit(trader, attacker, 1, deadline, *signature, sender=attacker)
    with ape.reverts("erc20: invalid signature"):
        usd.permit(trader, attacker, 1, deadline, *signature, sender=attacker)


def test_last_second(usd, chain, trader, attacker, sign, deadline):
    chain.pending_timestamp = deadline
    usd.permit(trader, attacker, 1, deadline, *sign(1, deadline), sender=attacker)
    assert usd.allowance(trader, attacker) == 1


def test_expired(usd, chain, trader, attacker, sign, deadline):
    chain.pending_timestamp = deadline + 1
    with ape.reverts("erc20: expired deadline"):
        usd.permit(trader, attacker, 1, deadline, *sign(1, deadline), sender=attacker)


def test_wrong_signer(usd, trader, attacker, sign, deadline):
    signature = sign(1, deadline, signer=attacker)
    with ape.reverts("erc20: invalid signature"):
        usd.permit(trader, attacker, 1, deadline, *signature, sender=attacker)


def test_other_value_than_signed(usd, trader, attacker, sign, deadline):
    with ape.reverts("erc20: invalid signature"):
        usd.permit(trader, attacker, 2, deadline, *sign(1, deadline), sender=attacker)


@pytest.mark.parametrize(
    "domain", [{"chainId": 1}, {"verifyingContract": "0x" + "11" * 20}, {"version": "2"}]
)
def test_signed_for_another_place(usd, trader, attacker, sign, deadline, domain):
    with ape.reverts("erc20: invalid signature"):
        usd.permit(trader, attacker, 1, deadline, *sign(1, deadline, **domain), sender=attacker)


def test_domain_is_published(usd, chain):
    domain = usd.eip712Domain()
    assert (domain[1], domain[2], domain[3], domain[4]) == (
        "Mock USD",
        "1",
        chain.chain_id,
        usd.address,
    )
    assert len(usd.DOMAIN_SEPARATOR()) == 32
