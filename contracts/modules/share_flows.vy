# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Share flows: deposit, mint, redeem, withdraw
@license AGPL-3.0-only
@author Steelyard
@notice Acts on what VaultQuotes says a flow comes to, and proves on the venue's figures that no other share's part of
        equity has shrunk. docs/protocol.md section 4.
@dev State of the token changes before the venue's collateral leaves; every verb is locked against reentrance.
"""

from ethereum.ercs import IERC4626

from ...interfaces import IVaultQuotes
from . import settlement
from . import share_ledger
from . import vault_account
from . import vault_terms

uses: settlement
uses: share_ledger
uses: vault_account


@external
def deposit(assets: uint256, receiver: address, min_shares: uint256 = 0) -> uint256:
    """
    @notice Mint the most shares that `assets` pay for.
    @param assets Collateral, collateral decimals
    @param receiver Who gets the shares
    @param min_shares Least shares accepted, 18 decimals
    @return Shares minted, 18 decimals
    """
    return self._deposit(assets, receiver, min_shares)


@external
def deposit_with_permit(
    assets: uint256,
    receiver: address,
    min_shares: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
) -> uint256:
    """
    @notice `deposit`, approved by a signature of the caller's in the same transaction.
    @dev Nothing is read before the permit: whatever it does, the deposit begins after it.
    @param assets Collateral, and what the signature allows, collateral decimals
    @param receiver Who gets the shares
    @param min_shares Least shares accepted, 18 decimals
    @param deadline Of the signature, seconds
    @param v Of the signature
    @param r Of the signature
    @param s Of the signature
    @return Shares minted, 18 decimals
    """
    vault_account._permit(msg.sender, assets, deadline, v, r, s)
    return self._deposit(assets, receiver, min_shares)


@external
def mint(shares: uint256, receiver: address, max_assets: uint256 = max_value(uint256)) -> uint256:
    """
    @notice Mint exactly `shares`.
    @param shares Shares, 18 decimals
    @param receiver Who gets them
    @param max_assets Most collateral accepted, collateral decimals
    @return Assets taken, collateral decimals
    """
    shares_now: share_ledger.Shares = vault_account._shares()
    account: IVaultQuotes.Account = vault_account._account(shares_now)
    quote: IVaultQuotes.Quote = staticcall vault_account.QUOTES.mint(account, shares, True)
    assert quote.assets <= max_assets, "mint: too many assets"
    self._enter(account, shares_now, quote, receiver)
    return quote.assets


@external
def redeem(shares: uint256, receiver: address, owner: address, min_assets: uint256 = 0) -> uint256:
    """
    @notice Burn exactly `shares` for their part of equity less the cost of their trade.
    @param shares Shares, 18 decimals
    @param receiver Who gets the collateral
    @param owner Whose shares
    @param min_assets Least collateral accepted, collateral decimals
    @return Assets paid, collateral decimals
    """
    assets: uint256 = 0
    if vault_account._is_closed():
        assets = settlement._assets_of(shares)
        self._pay_settled(assets, shares, receiver, owner)
    else:
        shares_now: share_ledger.Shares = vault_account._shares()
        account: IVaultQuotes.Account = vault_account._account(shares_now)
        quote: IVaultQuotes.Quote = staticcall vault_account.QUOTES.redeem(account, shares)
        assets = quote.assets
        self._leave(account, shares_now, quote, receiver, owner)
    assert assets >= min_assets, "redeem: too few assets"
    return assets


@external
def withdraw(
    assets: uint256, receiver: address, owner: address, max_shares: uint256 = max_value(uint256)
) -> uint256:
    """
    @notice Burn the fewest shares that pay exactly `assets`.
    @param assets Collateral, collateral decimals
    @param receiver Who gets it
    @param owner Whose shares
    @param max_shares Most shares accepted, 18 decimals
    @return Shares burned, 18 decimals
    """
    shares: uint256 = 0
    if vault_account._is_closed():
        shares = settlement._shares_for(assets)
        self._pay_settled(assets, shares, receiver, owner)
    else:
        shares_now: share_ledger.Shares = vault_account._shares()
        account: IVaultQuotes.Account = vault_account._account(shares_now)
        quote: IVaultQuotes.Quote = staticcall vault_account.QUOTES.withdraw(
            account, assets, share_ledger._balance(owner)
        )
        shares = quote.shares
        self._leave(account, shares_now, quote, receiver, owner)
    assert shares <= max_shares, "withdraw: too many shares"
    return shares


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _deposit(assets: uint256, receiver: address, min_shares: uint256) -> uint256:
    """
    @notice Mint the most shares that `assets` of the caller's pay for.
    @param assets Collateral decimals
    @param receiver Who gets the shares
    @param min_shares Least shares accepted, 18 decimals
    @return Shares minted, 18 decimals
    """
    shares_now: share_ledger.Shares = vault_account._shares()
    account: IVaultQuotes.Account = vault_account._account(shares_now)
    quote: IVaultQuotes.Quote = staticcall vault_account.QUOTES.deposit(account, assets, True)
    assert quote.shares >= min_shares, "deposit: too few shares"
    self._enter(account, shares_now, quote, receiver)
    return quote.shares


@internal
def _enter(
    account: IVaultQuotes.Account,
    shares_now: share_ledger.Shares,
    quote: IVaultQuotes.Quote,
    receiver: address,
):
    """
    @notice Take assets, trade, mint.
    @dev Nobody's part shrinks: E' S >= E (S + n), with n the shares that trade.
    @param account What the quote was made for
    @param shares_now Shares before
    @param quote Of a deposit or a mint
    @param receiver Who gets the shares
    """
    vault_account._check_receiver(receiver)
    vault_account._pull(msg.sender, quote.assets)
    equity: int256 = vault_account._trade(
        quote.size, convert(quote.assets, int256), quote.size_delta, 0, self
    )[2]
    self._check_parts(account, quote, equity, account.shares + quote.traded)
    share_ledger._mint(
        receiver,
        quote.shares,
        self._owing(account, shares_now, quote.traded - quote.shares),
    )
    log IERC4626.Deposit(
        sender=msg.sender, owner=receiver, assets=quote.assets, shares=quote.shares
    )


@internal
def _leave(
    account: IVaultQuotes.Account,
    shares_now: share_ledger.Shares,
    quote: IVaultQuotes.Quote,
    receiver: address,
    owner: address,
):
    """
    @notice Burn, trade, pay.
    @dev Nobody else's part shrinks: E' S >= E (S - n), with n the shares that trade.
    @param account What the quote was made for
    @param shares_now Shares before
    @param quote Of a redemption or a withdrawal
    @param receiver Who gets the collateral
    @param owner Whose shares
    """
    self._burn(
        quote.assets,
        quote.shares,
        self._owing(account, shares_now, quote.shares - quote.traded),
        receiver,
        owner,
    )
    equity: int256 = vault_account._trade(
        quote.size, -convert(quote.assets, int256), quote.size_delta, 0, receiver
    )[2]
    self._check_parts(account, quote, equity, account.shares - quote.traded)


@internal
def _pay_settled(assets: uint256, shares: uint256, receiver: address, owner: address):
    """
    @notice Burn, and pay from what `settle` took.
    @param assets Collateral decimals
    @param shares 18 decimals
    @param receiver Who gets the collateral
    @param owner Whose shares
    """
    assert assets != 0, "token: nothing to pay"
    self._burn(assets, shares, vault_account._shares(), receiver, owner)
    assert extcall vault_account.ASSET.transfer(
        receiver, assets, default_return_value=True
    ), "token: payment failed"


@internal
def _burn(
    assets: uint256,
    shares: uint256,
    before: share_ledger.Shares,
    receiver: address,
    owner: address,
):
    """
    @notice Burn an owner's shares for a caller who may.
    @param assets What they pay, collateral decimals
    @param shares 18 decimals
    @param before Shares before, with what is owed after
    @param receiver Who gets the collateral
    @param owner Whose shares
    """
    vault_account._check_receiver(receiver)
    share_ledger._spend(owner, msg.sender, shares)
    share_ledger._burn(owner, shares, before)
    log IERC4626.Withdraw(
        sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=shares
    )


@internal
@pure
def _check_parts(
    account: IVaultQuotes.Account, quote: IVaultQuotes.Quote, equity: int256, shares: uint256
):
    """
    @notice Revert if a share's part of equity has shrunk: the venue took more than was quoted.
    @param account What the quote was made for
    @param quote With equity before
    @param equity After, quote WAD
    @param shares That equity after is for, 18 decimals
    """
    assert (
        convert(equity, uint256) * account.shares >= quote.equity * shares
    ), "token: venue took too much"


@internal
@pure
def _owing(
    account: IVaultQuotes.Account, before: share_ledger.Shares, fee: uint256
) -> share_ledger.Shares:
    """
    @notice Shares with a fee that is owed, if anybody gets it; otherwise all holders keep it.
    @param account With the terms
    @param before Shares before
    @param fee Shares, 18 decimals
    @return The shares
    """
    shares: share_ledger.Shares = before
    if vault_terms._has_receiver(account.terms):
        shares.owed += fee
    return shares
