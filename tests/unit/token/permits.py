"""Signatures of permits (EIP-2612), as wallets make them."""

from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from steelyard.contract import Contract

SIGNER = Account.from_key(keccak(text="holder's key"))
STRANGER = Account.from_key(keccak(text="stranger's key"))
PERMIT = ("owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256")
DOMAIN = ("name:string", "version:string", "chainId:uint256", "verifyingContract:address")


def sign_permit(
    token: Contract, message: dict[str, Any], signer: LocalAccount = SIGNER, **domain: Any
) -> tuple[int, bytes, bytes]:
    """Sign a permit.

    Args:
        token: ERC-20 on chain 1.
        message: Fields of PERMIT.
        signer: Who signs.
        domain: What differs from the token's own.

    Returns:
        v, r, s.
    """
    own = {
        "name": token.name(),
        "version": "1",
        "chainId": 1,
        "verifyingContract": token.address,
    }
    data = {
        "types": {"EIP712Domain": _typed(DOMAIN), "Permit": _typed(PERMIT)},
        "primaryType": "Permit",
        "domain": own | domain,
        "message": message,
    }
    signed = signer.sign_message(encode_typed_data(full_message=data))
    return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")


def _typed(fields: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(("name", "type"), field.split(":"), strict=True)) for field in fields]
