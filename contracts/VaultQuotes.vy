# pragma version 0.4.3
"""
@title Vault quotes
@license AGPL-3.0-only
@author Steelyard
@notice Says, without state of its own, what a mint or a redemption of a leveraged token comes to. Called by the token
        that acts on it, and by its previews and limits.
@dev docs/protocol.md section 4. Thin over modules: vault_case (what a flow meets), minting, redeeming, share_math
     (formulas and their inverses), vault_terms (fees, band, cap), leverage_math (fill and cost).
"""

from ..interfaces import IVaultQuotes
from .modules import minting
from .modules import redeeming
from .modules import vault_case

implements: IVaultQuotes


################################################################
#                            FLOWS                             #
################################################################

@external
@view
def deposit(account: IVaultQuotes.Account, assets: uint256, gated: bool) -> IVaultQuotes.Quote:
    """
    @notice The most shares that `assets` pay for.
    @param account Units in Account
    @param assets Collateral decimals
    @param gated Whether to revert where minting is closed
    @return Units in Quote
    """
    case: vault_case.Case = vault_case._read_trading(account)
    quote: IVaultQuotes.Quote = minting._deposit(case, assets)
    if gated:
        minting._check_open(case, quote)
    return quote


@external
@view
def mint(account: IVaultQuotes.Account, shares: uint256, gated: bool) -> IVaultQuotes.Quote:
    """
    @notice What exactly `shares` take.
    @param account Units in Account
    @param shares 18 decimals
    @param gated Whether to revert where minting is closed
    @return Units in Quote
    """
    case: vault_case.Case = vault_case._read_trading(account)
    quote: IVaultQuotes.Quote = minting._mint(case, shares)
    if gated:
        minting._check_open(case, quote)
    return quote


@external
@view
def redeem(account: IVaultQuotes.Account, shares: uint256) -> IVaultQuotes.Quote:
    """
    @notice What exactly `shares` pay.
    @param account Units in Account
    @param shares 18 decimals
    @return Units in Quote
    """
    return redeeming._redeem(vault_case._read_trading(account), shares)


@external
@view
def withdraw(account: IVaultQuotes.Account, assets: uint256, most: uint256) -> IVaultQuotes.Quote:
    """
    @notice The fewest shares that pay exactly `assets`.
    @param account Units in Account
    @param assets Collateral decimals
    @param most Shares of the owner, 18 decimals
    @return Units in Quote
    """
    return redeeming._withdraw(vault_case._read_trading(account), assets, most)


################################################################
#                            LIMITS                            #
################################################################

@external
@view
def most_in(account: IVaultQuotes.Account) -> (uint256, uint256):
    """
    @notice The most that can be deposited, and minted, now. Never reverts.
    @param account Units in Account
    @return Assets, collateral decimals; 0 while minting is closed
    @return Shares, 18 decimals
    """
    return minting._most(vault_case._read(account))


@external
@view
def most_out(account: IVaultQuotes.Account, shares: uint256) -> (uint256, uint256):
    """
    @notice The most that an owner can withdraw, and redeem, now. Never reverts.
    @param account Units in Account
    @param shares His shares, 18 decimals
    @return Assets, collateral decimals
    @return Shares, 18 decimals
    """
    return redeeming._most(vault_case._read(account), shares)


################################################################
#                            VALUE                             #
################################################################

@external
@view
def value(account: IVaultQuotes.Account) -> uint256:
    """
    @notice Equity: margin, unrealised PnL and funding up to now; with an invalid price at the last one.
    @param account Units in Account
    @return Quote WAD; 0 when negative or without any price
    """
    case: vault_case.Case = vault_case._read(account)
    if case.vault.size != 0 and case.vault.market.price == 0:
        return 0
    return case.vault.equity


@external
@view
def opening(account: IVaultQuotes.Account, assets: uint256) -> int256:
    """
    @notice The trade that opens a position at target leverage after its own cost.
    @param account Units in Account
    @param assets Its whole margin, collateral decimals
    @return underlying WAD
    """
    return minting._opening(vault_case._read(account), assets * account.scale)


@external
@view
def position(
    account: IVaultQuotes.Account,
) -> (int256, uint256, bool):
    """
    @notice The position as it is, for a token that ends; its price may be invalid.
    @param account Units in Account
    @return Size, underlying WAD
    @return Equity, quote WAD, 0 when negative
    @return Whether the market is CLOSED
    """
    case: vault_case.Case = vault_case._read(account)
    return case.vault.size, case.vault.equity, case.is_closed
