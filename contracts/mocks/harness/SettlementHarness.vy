# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Harness: settlement
@license AGPL-3.0-only
@author Steelyard
@notice Shows the rate of settlement.vy to tests, for amounts that a test chooses.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc20

from ....interfaces import ILeveragedToken
from ...modules import settlement
from ...modules import share_ledger
from ...modules import vault_account

initializes: ownable
initializes: erc20[ownable := ownable]
initializes: share_ledger[erc20 := erc20]
initializes: vault_account[share_ledger := share_ledger]
initializes: settlement[vault_account := vault_account]


@deploy
def __init__(setup: ILeveragedToken.Setup):
    ownable.__init__()
    erc20.__init__("", "", 18, "", "1")
    vault_account.__init__(setup, 0)


@external
def fix_rate(assets: uint256, shares: uint256):
    settlement._settlement = assets | shares << 128


@external
@view
def rate() -> (uint256, uint256):
    return settlement._rate()


@external
@view
def assets_of(shares: uint256) -> uint256:
    return settlement._assets_of(shares)


@external
@view
def shares_for(assets: uint256) -> uint256:
    return settlement._shares_for(assets)
