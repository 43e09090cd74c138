# pragma version 0.4.3
"""
@title Harness: fee shares
@license AGPL-3.0-only
@author Steelyard
@notice Shows fee_shares.vy to tests, with a supply and a rate that a test chooses.
"""

from ...modules import fee_shares

initializes: fee_shares


@external
@view
def owed(supply: uint256, rate: uint256) -> uint256:
    return fee_shares._owed(supply, rate)


@external
def accrue(supply: uint256, rate: uint256):
    fee_shares._set(fee_shares._owed(supply, rate))


@external
def set_owed(owed: uint256):
    fee_shares._set(owed)
