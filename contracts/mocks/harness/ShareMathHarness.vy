# pragma version 0.4.3
"""
@title Harness: shares
@license AGPL-3.0-only
@author Steelyard
@notice Shows the formulas of share_math.vy to tests.
"""

from ...modules import share_math


@external
@pure
def mint_delta(vault: share_math.Vault, shares: uint256) -> int256:
    return share_math._mint_delta(vault, shares)


@external
@pure
def mint_price(vault: share_math.Vault, shares: uint256) -> uint256:
    return share_math._mint_price(vault, shares)


@external
@pure
def redeem_delta(vault: share_math.Vault, shares: uint256) -> int256:
    return share_math._redeem_delta(vault, shares)


@external
@pure
def redeem_value(vault: share_math.Vault, shares: uint256, size_delta: int256) -> uint256:
    return share_math._redeem_value(vault, shares, size_delta)


@external
@pure
def shares_for(vault: share_math.Vault, amount: uint256, unit: uint256) -> uint256:
    return share_math._shares_for(vault, amount, unit)


@external
@pure
def shares_worth(vault: share_math.Vault, amount: uint256, most: uint256, unit: uint256) -> uint256:
    return share_math._shares_worth(vault, amount, most, unit)
