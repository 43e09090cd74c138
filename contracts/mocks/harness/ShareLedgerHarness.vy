# pragma version 0.4.3
"""
@title Harness: share ledger
@license AGPL-3.0-only
@author Steelyard
@notice Shows share_ledger.vy to tests, with a supply and a rate that a test chooses.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc20

from ...modules import share_ledger

initializes: ownable
initializes: erc20[ownable := ownable]
initializes: share_ledger[erc20 := erc20]

exports: (erc20.balanceOf, share_ledger.totalSupply)


@deploy
def __init__():
    ownable.__init__()
    erc20.__init__("", "", 18, "", "")


@external
@view
def owed(rate: uint256) -> uint256:
    return share_ledger._read(rate).owed


@external
def accrue(rate: uint256):
    shares: share_ledger.Shares = share_ledger._read(rate)
    share_ledger._write(shares.supply, shares.owed)


@external
def write(supply: uint256, owed: uint256):
    share_ledger._write(supply, owed)


@external
def mint(receiver: address, amount: uint256, rate: uint256):
    share_ledger._mint(receiver, amount, share_ledger._read(rate))


@external
def burn(owner: address, amount: uint256, rate: uint256):
    share_ledger._burn(owner, amount, share_ledger._read(rate))
