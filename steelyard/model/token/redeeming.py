"""What a redemption or a withdrawal comes to: the twin of contracts/modules/redeeming.vy."""

from __future__ import annotations

from dataclasses import replace

from steelyard.model.arithmetic import ceil_div, require
from steelyard.model.token.case import Case, Quote


def quote_redeem(case: Case, shares: int) -> Quote:
    """Return what exactly `shares` (18 decimals) pay.

    Raises:
        Revert: With the contract's reason.
    """
    require(0 < shares <= case.shares, "vault: zero or more than all")
    require(not case.is_too_high, "redeem: rebalance first")
    traded = case.terms.redeem_traded(shares)
    size_delta, paid = _leave(case, traded)
    require(paid >= case.scale, "redeem: cost exceeds the claim")
    return case.quote(paid // case.scale, shares, traded, size_delta)


def quote_withdraw(case: Case, assets: int, most: int) -> Quote:
    """Return the fewest shares that pay exactly `assets`.

    Args:
        case: What the withdrawal meets.
        assets: Collateral decimals.
        most: Shares of the owner: all of them where they pay just enough; 18 decimals.

    Raises:
        Revert: With the contract's reason.
    """
    amount, vault = case.amount(assets), case.vault
    require(not case.is_too_high, "redeem: rebalance first")
    traded = vault.shares_worth(amount, vault.shares, case.scale)
    require(traded != 0, "withdraw: all shares pay less")
    size_delta, paid = _leave(case, traded)
    cost = vault.cost(size_delta)
    if paid < amount and cost is not None:
        # It closes the position, at the cost c of closing all: n = (A + c) S / E.
        traded = min(ceil_div((amount + cost) * vault.shares, vault.equity), vault.shares)
        size_delta, paid = _leave(case, traded)
    owned = case.terms.redeem_traded(min(most, vault.shares))
    if traded > owned:
        owned_delta, owned_paid = _leave(case, owned)
        if owned_paid >= amount:
            traded, size_delta, paid = owned, owned_delta, owned_paid
    require(paid >= amount, "withdraw: cost exceeds the claim")
    return case.quote(assets, case.terms.redeem_shares(traded), traded, size_delta)


def most_out(case: Case, shares: int) -> tuple[int, int]:
    """Return the most that an owner of `shares` can withdraw (collateral decimals) and redeem.

    Where the venue cannot pay all it is too low by at most 1e-12 of what it can, three units, and
    1e-9 quote: so much of the order's fee it may not book, and pay.
    """
    vault, scale = case.vault, case.scale
    closed = not case.is_trading or vault.equity == 0 or case.is_too_high
    if shares == 0 or closed:
        return 0, 0
    traded = case.terms.redeem_traded(shares)
    size_delta, paid = _leave(case, traded)
    if paid < scale:
        return 0, 0
    # The order's fee leaves what the venue can pay as well.
    cash = case.state.cash
    free = replace(vault, market=replace(vault.market, maker_fee=0, taker_fee=0))
    if free.redeem_value(traded, size_delta) <= cash:
        return paid // scale, shares
    slack = 2 * scale + cash // 10**12
    if cash <= slack:
        return 0, 0
    traded = min(traded, free.shares_worth(cash - slack, free.shares, scale))
    _, paid = _leave(case, traded)
    if paid < scale:
        return 0, 0
    return paid // scale, case.terms.redeem_shares(traded)


def _leave(case: Case, traded: int) -> tuple[int, int]:
    """Return trade (underlying WAD) and value (quote WAD, down) of a redemption.

    One that would leave less equity than the venue can keep open closes the whole position at its
    own cost. What closing the rest may bring stays with the rest.

    Args:
        case: What it meets.
        traded: Shares, at most S.
    """
    vault = case.vault
    left = vault.equity - vault.equity * traded // vault.shares
    size_delta = vault.redeem_delta(traded)
    paid = vault.redeem_value(traded, size_delta)
    if left < case.least:
        size_delta = -vault.size
        paid = min(paid, vault.redeem_value(traded, size_delta))
    return size_delta, paid
