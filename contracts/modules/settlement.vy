# pragma version 0.4.3
"""
@title Settlement: what is left after the end
@license AGPL-3.0-only
@author Steelyard
@notice After a wind-down has closed the position all equity is taken into the token, and every share redeems for the
        same rate for ever, whatever the order. The rate is stored, never read from a balance.
@dev Word, low bits first: assets 128 (collateral decimals) | shares 128.
"""

MASK_128: constant(uint256) = 2**128 - 1

# What was taken, and the shares it is for, layout above; `settle`, once.
_settlement: uint256


@internal
def _settle(assets: uint256, shares: uint256):
    """
    @notice Fix the rate.
    @param assets Collateral decimals, below 2**128
    @param shares S, 18 decimals, below 2**128
    """
    self._settlement = assets | shares << 128


@internal
@view
def _rate() -> (uint256, uint256):
    """
    @notice The rate as a fraction.
    @return Assets, collateral decimals
    @return Shares, 18 decimals
    """
    return self._settlement & MASK_128, self._settlement >> 128


@internal
@view
def _assets_of(shares: uint256) -> uint256:
    """
    @notice What shares pay.
    @param shares 18 decimals, at most all of them
    @return Assets, collateral decimals, rounded down
    """
    return shares * (self._settlement & MASK_128) // (self._settlement >> 128)


@internal
@view
def _shares_for(assets: uint256) -> uint256:
    """
    @notice Shares that pay an amount.
    @param assets Collateral decimals
    @return Shares, 18 decimals, rounded up
    """
    total: uint256 = self._settlement & MASK_128
    assert assets <= total, "withdraw: more than is left"
    return (assets * (self._settlement >> 128) + total - 1) // max(total, 1)
