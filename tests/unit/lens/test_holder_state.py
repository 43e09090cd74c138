"""What the lens shows of an account is what token and collateral say, field by field."""

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from steelyard.evm import DEPLOYER, Revert
from steelyard.model.arithmetic import WAD
from tests.unit.lens.helpers import ALICE, BOB, KEEPER, MARKET_CLOSED, PAUSED, USDC, held

SIGNER = Account.from_key(b"\1" * 32)
PERMIT = ("owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256")
DOMAIN = ("name:string", "version:string", "chainId:uint256", "verifyingContract:address")


def check(world, token, account=ALICE):
    """Return what the lens shows, if it is what all the others say."""
    state = world.lens.holder_state(account, token)
    assert state._asdict() == held(token, world.usd, account)
    return state


def permit(contract, name, version, nonce):
    """Let the signer allow BOB 5."""
    deadline = contract.evm.timestamp
    values = (SIGNER.address, BOB, 5, nonce, deadline)
    types = {
        "EIP712Domain": [dict(zip(("name", "type"), f.split(":"), strict=True)) for f in DOMAIN],
        "Permit": [dict(zip(("name", "type"), f.split(":"), strict=True)) for f in PERMIT],
    }
    message = {
        "types": types,
        "primaryType": "Permit",
        "domain": dict(
            zip(
                ("name", "version", "chainId", "verifyingContract"),
                (name, version, 1, contract.address),
                strict=True,
            )
        ),
        "message": dict(
            zip(("owner", "spender", "value", "nonce", "deadline"), values, strict=True)
        ),
    }
    signed = SIGNER.sign_message(encode_typed_data(full_message=message))
    signature = (signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big"))
    contract.permit(SIGNER.address, BOB, 5, deadline, *signature, sender=KEEPER)


@pytest.mark.parametrize("account", [ALICE, BOB, DEPLOYER])
def test_a_holder(world, long, short, account):
    world.usd.mint(account, 77 * USDC, sender=DEPLOYER)
    world.usd.approve(long, 5 * USDC, sender=account)
    for token in (long, short):
        state = check(world, token, account)
        assert state.balance == state.max_redeem > 0
        assert 0 < state.redeem_assets < state.assets
        assert state.asset_balance == 77 * USDC
    assert world.lens.holder_state(account, long).asset_allowance == 5 * USDC


def test_one_who_may_become_a_holder(world, long):
    world.usd.mint(KEEPER, 77 * USDC, sender=DEPLOYER)
    state = check(world, long, KEEPER)
    assert state.balance == state.assets == state.redeem_assets == 0
    assert state.asset_balance == 77 * USDC


def test_before_the_seed(world):
    token = world.token(assets=0)
    assert check(world, token).ok


def test_nobody_can_leave(world, long):
    """A redemption would revert; what it is worth is shown all the same."""
    world.status(PAUSED)
    state = check(world, long)
    assert state.max_redeem == state.max_withdraw == state.redeem_assets == 0 < state.assets


def test_leaving_is_worth_less_than_it_costs(world, long):
    long.transfer(KEEPER, 10**9, sender=ALICE)
    state = check(world, long, KEEPER)
    assert state.balance == 10**9 and state.redeem_assets == state.max_redeem == 0


def test_a_bankrupt_token(world, long):
    world.price(20_000)
    state = check(world, long)
    assert state.balance > 0 == state.assets == state.max_redeem == state.redeem_assets


def test_a_settled_token(world, long):
    world.status(MARKET_CLOSED)
    world.settle(long)
    state = check(world, long)
    assert state.redeem_assets == state.assets == state.max_withdraw > 0
    assert state.max_redeem == state.balance


def test_nonces_of_permits(world, long):
    permit(long, "Steelyard BTC3L", "1", 0)
    for nonce in range(2):
        permit(world.usd, "Mock USD", "1", nonce)
    state = check(world, long, SIGNER.address.lower())
    assert (state.nonce, state.asset_nonce) == (1, 2)


def test_has_no_holder_to_show_where_there_is_no_token(world):
    for target in (ALICE, world.usd, world.exchange, world.lens):
        with pytest.raises(Revert):
            world.lens.holder_state(ALICE, target)


def test_shares_that_are_worth_nothing_after_the_end(world, long):
    world.price(20_000)
    world.liquidate(long)
    long.wind_down(sender=DEPLOYER)
    long.settle(sender=KEEPER)
    state = check(world, long)
    assert state.balance > WAD and state.max_redeem == state.assets == state.redeem_assets == 0
