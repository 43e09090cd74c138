"""Approval by signature (EIP-2612), in the words of the collateral's own domain (EIP-5267)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from steelyard.abi import AbiError
from steelyard.chain import ChainContract, Reverted, Signer
from steelyard.sdk.errors import PermitUnavailable

# Bits of EIP-5267's first field, from the lowest, and how EIP-712 spells them.
_DOMAIN = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)
_PERMIT = (
    ("owner", "address"),
    ("spender", "address"),
    ("value", "uint256"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)


@dataclass(frozen=True)
class Permit:
    """A signed approval that anyone may bring.

    Attributes:
        owner: Whose collateral.
        spender: Who may take it.
        value: How much, collateral decimals.
        nonce: Of the owner, count.
        deadline: Last second at which it counts.
        v: Of the signature, 27 or 28.
        r: Of the signature, 32 bytes.
        s: Of the signature, 32 bytes.
    """

    owner: str
    spender: str
    value: int
    nonce: int
    deadline: int
    v: int
    r: bytes = field(repr=False)
    s: bytes = field(repr=False)


def permit_message(
    asset: ChainContract, owner: str, spender: str, value: int, deadline: int
) -> dict[str, Any]:
    """Return what a permit signs, as EIP-712 data.

    Args:
        asset: The collateral.
        owner: Whose.
        spender: Who may take it.
        value: How much, collateral decimals.
        deadline: Last second at which it counts.

    Raises:
        PermitUnavailable: The collateral has no permit, or speaks for another contract or chain.
        ChainError: The node did not answer.
    """
    domain = _domain(asset)
    try:
        nonce = asset.call.nonces(owner)
    except (Reverted, AbiError) as error:
        raise _unavailable(asset) from error
    message = dict(zip(dict(_PERMIT), (owner, spender, value, nonce, deadline), strict=True))
    kinds = dict(_DOMAIN)
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kinds[name]} for name in domain],
            "Permit": [{"name": name, "type": kind} for name, kind in _PERMIT],
        },
        "primaryType": "Permit",
        "domain": domain,
        "message": message,
    }


def sign_permit(
    asset: ChainContract, signer: Signer, spender: str, value: int, deadline: int
) -> Permit:
    """Sign a permit; nothing is sent.

    Args:
        asset: The collateral.
        signer: Whose collateral.
        spender: Who may take it.
        value: How much, collateral decimals.
        deadline: Last second at which it counts.

    Raises:
        PermitUnavailable: As in `permit_message`.
        ChainError: The node did not answer.
    """
    message = permit_message(asset, signer.address, spender, value, deadline)
    v, r, s = signer.sign_typed(message)
    nonce = message["message"]["nonce"]
    return Permit(signer.address, spender, value, nonce, deadline, v, r, s)


def _domain(asset: ChainContract) -> dict[str, Any]:
    """Return the domain that the collateral signs in, checked: a signature is worth money."""
    try:
        fields, *values = asset.call.eip712Domain()
    except (Reverted, AbiError) as error:
        raise _unavailable(asset) from error
    present = enumerate(zip(_DOMAIN, values, strict=False))
    domain = {name: value for bit, ((name, _), value) in present if fields[0] >> bit & 1}
    if domain.get("chainId", asset.chain.chain_id) != asset.chain.chain_id:
        raise PermitUnavailable(f"{asset.address} signs for chain {domain['chainId']}")
    if domain.get("verifyingContract", "").lower() != asset.address.lower():
        raise PermitUnavailable(f"{asset.address} signs for another contract")
    return domain


def _unavailable(asset: ChainContract) -> PermitUnavailable:
    return PermitUnavailable(f"{asset.address} has no permit", "approve the amount instead")
