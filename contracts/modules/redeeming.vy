# pragma version 0.4.3
"""
@title Redeeming: what a redemption or a withdrawal comes to
@license AGPL-3.0-only
@author Steelyard
@notice Pro rata: n shares take q n/S off the position and E n/S off equity, less what the venue charges for that
        trade. docs/protocol.md section 4.
"""

from ...interfaces import IVaultQuotes
from . import leverage_math
from . import share_math
from . import vault_case
from . import vault_terms


@internal
@view
def _redeem(case: vault_case.Case, shares: uint256) -> IVaultQuotes.Quote:
    """
    @notice What exactly `shares` pay.
    @param case What the redemption meets
    @param shares 18 decimals
    @return The quote
    """
    assert shares != 0 and shares <= case.vault.shares, "vault: zero or more than all"
    self._check_open(case)
    quote: IVaultQuotes.Quote = vault_case._quote(case)
    quote.shares = shares
    quote.traded = vault_terms._redeem_traded(case.account.terms, shares)
    paid: uint256 = 0
    quote.size_delta, paid = self._leave(case, quote.traded)
    assert paid >= case.account.scale, "redeem: cost exceeds the claim"
    quote.assets = paid // case.account.scale
    return quote


@internal
@view
def _withdraw(case: vault_case.Case, assets: uint256, most: uint256) -> IVaultQuotes.Quote:
    """
    @notice The fewest shares that pay exactly `assets`.
    @dev Where the redemption closes the position its cost is that of closing all, c, and n = (A + c) S / E.
    @param case What the withdrawal meets
    @param assets Collateral decimals
    @param most Shares of the owner: all of them where they pay just enough
    @return The quote
    """
    amount: uint256 = vault_case._amount(assets, case.account.scale)
    self._check_open(case)
    vault: share_math.Vault = case.vault
    traded: uint256 = share_math._shares_worth(vault, amount, vault.shares, case.account.scale)
    assert traded != 0, "withdraw: all shares pay less"
    quote: IVaultQuotes.Quote = vault_case._quote(case)
    paid: uint256 = 0
    quote.size_delta, paid = self._leave(case, traded)
    if paid < amount:
        cost: int256 = leverage_math._cost(vault.market, quote.size_delta)
        if cost != leverage_math.NO_COST:
            # What pays less than A is worth less than A + c, so this is positive.
            worth: uint256 = convert(convert(amount, int256) + cost, uint256) * vault.shares
            traded = min((worth + vault.equity - 1) // vault.equity, vault.shares)
            quote.size_delta, paid = self._leave(case, traded)
    owned: uint256 = vault_terms._redeem_traded(case.account.terms, min(most, vault.shares))
    if traded > owned:
        owned_delta: int256 = 0
        owned_paid: uint256 = 0
        owned_delta, owned_paid = self._leave(case, owned)
        if owned_paid >= amount:
            traded = owned
            quote.size_delta = owned_delta
            paid = owned_paid
    assert paid >= amount, "withdraw: cost exceeds the claim"
    quote.assets = assets
    quote.traded = traded
    quote.shares = vault_terms._redeem_shares(case.account.terms, traded)
    return quote


@internal
@view
def _most(case: vault_case.Case, shares: uint256) -> (uint256, uint256):
    """
    @notice The most an owner can withdraw, and redeem.
    @param case What he meets
    @param shares His shares, 18 decimals
    @return Assets, collateral decimals; where the venue cannot pay all too low by at most 1e-12 of what it can, three
            units, and 1e-9 quote: so much of the order's fee a venue may not book, and pay
    @return Shares, 18 decimals; the same
    """
    if shares == 0 or not case.is_trading or case.vault.equity == 0 or case.is_too_high:
        return 0, 0
    scale: uint256 = case.account.scale
    traded: uint256 = vault_terms._redeem_traded(case.account.terms, shares)
    size_delta: int256 = 0
    paid: uint256 = 0
    size_delta, paid = self._leave(case, traded)
    if paid < scale:
        return 0, 0
    # The order's fee leaves what the venue can pay as well: it asks for what the shares pay before that.
    free: share_math.Vault = case.vault
    free.market.maker_fee = 0
    free.market.taker_fee = 0
    if share_math._redeem_value(free, traded, size_delta) <= case.cash:
        return paid // scale, shares
    slack: uint256 = 2 * scale + case.cash // 10**12
    if case.cash <= slack:
        return 0, 0
    traded = min(traded, share_math._shares_worth(free, case.cash - slack, free.shares, scale))
    paid = self._leave(case, traded)[1]
    if paid < scale:
        return 0, 0
    return paid // scale, vault_terms._redeem_shares(case.account.terms, traded)


@internal
@view
def _check_open(case: vault_case.Case):
    """
    @notice Revert while the venue lets no margin leave.
    @dev Leverage stays as it is, so what is too high now would be too high after: the position must shrink first, and
         anyone may do that, in an emergency without budget.
    @param case What a redemption meets
    """
    assert not case.is_too_high, "redeem: rebalance first"


@internal
@pure
def _leave(case: vault_case.Case, traded: uint256) -> (int256, uint256):
    """
    @notice Trade and value of a redemption. One that would leave less equity than the venue can keep open closes the
            whole position at its own cost. What closing the rest may bring stays with the rest: whoever mints and
            redeems at once would collect it.
    @param case What it meets
    @param traded Shares, at most S
    @return Trade, underlying WAD
    @return Quote WAD, rounded down; 0 when the cost exceeds the claim or there is no fill
    """
    vault: share_math.Vault = case.vault
    size_delta: int256 = share_math._redeem_delta(vault, traded)
    left: uint256 = vault.equity - vault.equity * traded // vault.shares
    paid: uint256 = share_math._redeem_value(vault, traded, size_delta)
    if left < case.least:
        size_delta = -vault.size
        paid = min(paid, share_math._redeem_value(vault, traded, size_delta))
    return size_delta, paid
