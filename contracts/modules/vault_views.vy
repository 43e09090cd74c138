# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Vault views: previews, limits and value of an ERC-4626
@license AGPL-3.0-only
@author Steelyard
@notice What VaultQuotes says, or the settlement once there is one. Previews ignore limits, as the standard wants, and
        are never better than the flow; values and limits never revert.
"""

from snekmate.utils import math

from ...interfaces import IVaultQuotes
from . import settlement
from . import share_ledger
from . import vault_account

uses: settlement
uses: share_ledger
uses: vault_account


@external
@view
def asset() -> address:
    """
    @notice The collateral.
    @return Its ERC-20
    """
    return vault_account.ASSET.address


@external
@view
def totalAssets() -> uint256:
    """
    @notice Equity: margin, unrealised PnL and funding up to now; with an invalid price at the last one.
    @return Collateral decimals, rounded down; 0 when negative or without any price
    """
    if vault_account._is_closed():
        return settlement._assets_of(vault_account._all_shares())
    return self._worth()[0] // vault_account.SCALE


@external
@view
def convertToShares(assets: uint256) -> uint256:
    """
    @notice Shares of an amount at net asset value, without fee and cost.
    @param assets Collateral decimals
    @return Shares, 18 decimals, rounded down; 0 when they are worth nothing
    """
    equity: uint256 = 0
    shares: uint256 = 0
    equity, shares = self._worth()
    if equity == 0:
        return 0
    return math._mul_div(assets, shares * vault_account.SCALE, equity, False)


@external
@view
def convertToAssets(shares: uint256) -> uint256:
    """
    @notice Net asset value of shares, without fee and cost.
    @param shares 18 decimals
    @return Collateral decimals, rounded down
    """
    equity: uint256 = 0
    all_shares: uint256 = 0
    equity, all_shares = self._worth()
    return math._mul_div(shares, equity, all_shares * vault_account.SCALE, False)


@external
@view
def previewDeposit(assets: uint256) -> uint256:
    """
    @notice Shares that `deposit` would mint now, were it open.
    @param assets Collateral decimals
    @return Shares, 18 decimals
    """
    return (
        staticcall vault_account.QUOTES.deposit(
            vault_account._account(vault_account._shares()), assets, False
        )
    ).shares


@external
@view
def previewMint(shares: uint256) -> uint256:
    """
    @notice Assets that `mint` would take now, were it open.
    @param shares 18 decimals
    @return Assets, collateral decimals
    """
    return (
        staticcall vault_account.QUOTES.mint(
            vault_account._account(vault_account._shares()), shares, False
        )
    ).assets


@external
@view
def previewRedeem(shares: uint256) -> uint256:
    """
    @notice Assets that `redeem` would pay now.
    @param shares 18 decimals
    @return Assets, collateral decimals
    """
    if vault_account._is_closed():
        return settlement._assets_of(shares)
    return (
        staticcall vault_account.QUOTES.redeem(
            vault_account._account(vault_account._shares()), shares
        )
    ).assets


@external
@view
def previewWithdraw(assets: uint256) -> uint256:
    """
    @notice Shares that `withdraw` would burn now, at most.
    @param assets Collateral decimals
    @return Shares, 18 decimals
    """
    if vault_account._is_closed():
        return settlement._shares_for(assets)
    account: IVaultQuotes.Account = vault_account._account(vault_account._shares())
    return (staticcall vault_account.QUOTES.withdraw(account, assets, account.shares)).shares


@external
@view
def maxDeposit(receiver: address) -> uint256:
    """
    @notice The most that can be deposited now.
    @param receiver Anyone
    @return Assets, collateral decimals; 0 while minting is closed
    """
    return (
        staticcall vault_account.QUOTES.most_in(vault_account._account(vault_account._shares()))
    )[0]


@external
@view
def maxMint(receiver: address) -> uint256:
    """
    @notice The most shares that can be minted now.
    @param receiver Anyone
    @return Shares, 18 decimals; 0 while minting is closed
    """
    return (
        staticcall vault_account.QUOTES.most_in(vault_account._account(vault_account._shares()))
    )[1]


@external
@view
def maxWithdraw(owner: address) -> uint256:
    """
    @notice The most that an owner can withdraw now.
    @param owner Whose shares
    @return Assets, collateral decimals
    """
    shares: uint256 = share_ledger._balance(owner)
    if vault_account._is_closed():
        return settlement._assets_of(shares)
    return (
        staticcall vault_account.QUOTES.most_out(
            vault_account._account(vault_account._shares()), shares
        )
    )[0]


@external
@view
def maxRedeem(owner: address) -> uint256:
    """
    @notice The most shares that an owner can redeem now.
    @param owner Whose shares
    @return Shares, 18 decimals
    """
    shares: uint256 = share_ledger._balance(owner)
    if vault_account._is_closed():
        return shares if settlement._assets_of(shares) != 0 else 0
    return (
        staticcall vault_account.QUOTES.most_out(
            vault_account._account(vault_account._shares()), shares
        )
    )[1]


################################################################
#                           INTERNAL                           #
################################################################

@internal
@view
def _worth() -> (uint256, uint256):
    """
    @notice What all shares are worth, or were when the token was settled.
    @return Quote WAD; 0 when negative or without any price
    @return Shares, 18 decimals
    """
    if vault_account._is_closed():
        assets: uint256 = 0
        shares: uint256 = 0
        assets, shares = settlement._rate()
        return assets * vault_account.SCALE, shares
    account: IVaultQuotes.Account = vault_account._account(vault_account._shares())
    return staticcall vault_account.QUOTES.value(account), account.shares
