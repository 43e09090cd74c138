# pragma version 0.4.3
"""
@title Share ledger: shares that exist, and shares that are owed
@license AGPL-3.0-only
@author Steelyard
@notice Entry and exit fees, and the management fee as it accrues, are kept as one number of shares; every view
        counts it, and minting it is a call of its own, so that no user pays for a transfer to somebody else.
        docs/protocol.md section 6.
@dev Word, low bits first: supply 104 | owed 104 | accrued at 40, so that a flow rewrites one slot. Balances are the
     ERC-20's; its own totalSupply is neither written nor exported. Management fee: shares S grow by S (e^(r t) - 1),
     r the continuous rate, so that accruing more or less often makes no difference but rounding, which is down.
"""

from ethereum.ercs import IERC20
from snekmate.tokens import erc20

from . import leverage_math

uses: erc20

WAD: constant(uint256) = 10**18
MAX_SHARES: constant(uint256) = 2**104 - 1


struct Shares:
    supply: uint256  # that exist, 18 decimals
    owed: uint256  # not yet minted, accrued to now, 18 decimals


# Shares and when owed ones were accrued, layout above; every verb that mints, burns or changes a fee.
_word: uint256


@external
@view
def totalSupply() -> uint256:
    """
    @notice Shares that exist; those owed as fees do not yet.
    @return Shares, 18 decimals
    """
    return self._word & MAX_SHARES


@internal
@view
def _read(rate: uint256) -> Shares:
    """
    @notice Shares now.
    @param rate Continuous management fee per year, WAD; 0 = none accrues
    @return The shares, owed ones rounded down
    """
    word: uint256 = self._word
    supply: uint256 = word & MAX_SHARES
    owed: uint256 = (word >> 104) & MAX_SHARES
    if rate != 0:
        grown: uint256 = leverage_math._growth(rate, block.timestamp - (word >> 208))
        owed += (supply + owed) * grown // WAD
    return Shares(supply=supply, owed=owed)


@internal
def _mint(receiver: address, amount: uint256, before: Shares):
    """
    @notice Mint shares, and record what is owed now.
    @param receiver Who gets them, not zero
    @param amount 18 decimals
    @param before Shares without these
    """
    self._write(before.supply + amount, before.owed)
    # A balance is at most the supply, which has just been checked.
    erc20.balanceOf[receiver] = unsafe_add(erc20.balanceOf[receiver], amount)
    log IERC20.Transfer(sender=empty(address), receiver=receiver, value=amount)


@internal
def _burn(owner: address, amount: uint256, before: Shares):
    """
    @notice Burn shares, and record what is owed now.
    @param owner Whose
    @param amount 18 decimals
    @param before Shares with these
    """
    balance: uint256 = erc20.balanceOf[owner]
    assert amount <= balance, "token: more than the balance"
    erc20.balanceOf[owner] = unsafe_sub(balance, amount)
    self._write(unsafe_sub(before.supply, amount), before.owed)
    log IERC20.Transfer(sender=owner, receiver=empty(address), value=amount)


@internal
def _spend(owner: address, spender: address, amount: uint256):
    """
    @notice Use an allowance.
    @param owner Whose shares
    @param spender Who moves them
    @param amount 18 decimals
    """
    if spender != owner:
        erc20._spend_allowance(owner, spender, amount)


@internal
@view
def _balance(owner: address) -> uint256:
    """
    @notice Shares of an account.
    @param owner The account
    @return Shares, 18 decimals
    """
    return erc20.balanceOf[owner]


@internal
def _write(supply: uint256, owed: uint256):
    """
    @notice Record supply, and what is owed now.
    @param supply 18 decimals
    @param owed 18 decimals
    """
    assert supply <= MAX_SHARES and owed <= MAX_SHARES, "token: too many shares"
    self._word = supply | owed << 104 | block.timestamp << 208
