# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Settlement: what is left after the end
@license AGPL-3.0-only
@author Steelyard
@notice After a wind-down has closed the position all equity is taken into the token, and every share redeems for the
        same rate for ever, whatever the order. The rate is stored, never read from a balance.
@dev Word, low bits first: assets 128 (collateral decimals) | shares 128.
"""

from ...interfaces import ILeveragedToken
from . import vault_account
from . import vault_terms

uses: vault_account

MASK_128: constant(uint256) = 2**128 - 1

# What was taken, and the shares it is for, layout above; `settle`, once.
_settlement: uint256


@external
def settle() -> uint256:
    """
    @notice After a wind-down has closed the position: take all equity, every share redeems for the same rate.
    @return Assets taken, collateral decimals
    """
    terms: uint256 = vault_account._terms
    assert (
        vault_terms._phase(terms) == ILeveragedToken.Phase.WIND_DOWN
    ), "settle: not winding down"
    size: int256 = 0
    equity: uint256 = 0
    is_closed: bool = False
    size, equity, is_closed = vault_account._position()
    assert size == 0, "settle: position still open"
    assets: uint256 = equity // vault_account.SCALE
    shares: uint256 = vault_account._all_shares()
    vault_account._terms = vault_terms._in_phase(terms, ILeveragedToken.Phase.CLOSED)
    self._settlement = assets | shares << 128
    if assets != 0:
        vault_account._trade(0, -convert(assets, int256), 0, 0, self)
    log ILeveragedToken.Settled(assets=assets, shares=shares)
    return assets


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
    total = max(total, 1)
    return (assets * (self._settlement >> 128) + total - 1) // total
