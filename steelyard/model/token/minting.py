"""What a deposit or a mint comes to: the twin of contracts/modules/minting.vy."""

from __future__ import annotations

from steelyard.model.arithmetic import WAD, Revert, ceil_div, require
from steelyard.model.exchange import MarketStatus
from steelyard.model.leverage import delta_to
from steelyard.model.token.case import MAX_AMOUNT, Case, Quote
from steelyard.model.token.terms import Phase

MIN_DEPOSIT = 10 * WAD
"""Smallest deposit, quote WAD."""

MAX_FLOW = 2**103
"""Most shares a flow may name, 18 decimals."""

HALVINGS = 20
"""How often the room is halved where margin limits it: to a millionth."""

OPENINGS = 4
"""How often a deposit that opens a position too large may shrink."""


def quote_deposit(case: Case, assets: int) -> Quote:
    """Return the most shares that `assets` (collateral decimals) pay for.

    Raises:
        Revert: With the contract's reason.
    """
    amount, vault = case.amount(assets), case.vault
    if case.is_remainder:
        size_delta = opening(case, vault.equity + amount)
        brought = max(0, amount - _opening_cost(case, size_delta))
        traded = brought * vault.shares // vault.equity
    else:
        traded = vault.shares_for(amount, case.scale)
        size_delta = vault.mint_delta(traded)
    shares = case.terms.mint_shares(traded)
    require(shares != 0, "vault: assets buy no share")
    return case.quote(assets, shares, traded, size_delta)


def quote_mint(case: Case, shares: int) -> Quote:
    """Return what exactly `shares` (18 decimals) take.

    Raises:
        Revert: With the contract's reason.
    """
    require(0 < shares <= MAX_FLOW, "vault: zero or too many shares")
    vault, traded = case.vault, case.terms.mint_traded(shares)
    price: int | None
    if case.is_remainder:
        claim = ceil_div(vault.equity * traded, vault.shares)
        size = (vault.equity + claim) * case.terms.target // vault.market.price
        size_delta = _on_side(case, size)
        price = max(0, claim + _opening_cost(case, size_delta))
    else:
        size_delta = vault.mint_delta(traded)
        price = vault.mint_price(traded)
    if price is None:
        raise Revert("vault: no fill for so many")
    return case.quote(ceil_div(price, case.scale), shares, traded, size_delta)


def check_open(case: Case, quote: Quote) -> None:
    """Check that minting is open for a quote; the venue adds its own limits.

    Raises:
        Revert: It is not.
    """
    terms = case.terms
    require(terms.phase is Phase.ACTIVE, "mint: winding down")
    require(case.exchange.now >= terms.paused_until, "mint: paused")
    require(not case.is_wiped, "mint: wiped")
    require(case.in_band, "mint: rebalance first")
    require(abs(quote.size + quote.size_delta) <= terms.cap, "mint: cap reached")
    require(quote.assets * case.scale >= MIN_DEPOSIT, "mint: below 10 quote")
    require(_left(case, quote.traded) >= case.least, "mint: leaves too little equity")


def most_in(case: Case) -> tuple[int, int]:
    """Return the most that can be deposited (collateral decimals) and minted (18 decimals) now."""
    room, vault = _room(case), case.vault
    if room == 0:
        return 0, 0
    if vault.size == 0:
        return _most_to_open(case, room)
    # The most whose trade, rounded toward zero, is no more than the room.
    traded = min(((room + 1) * vault.shares - 1) // abs(vault.size), MAX_FLOW)
    price = vault.mint_price(traded)
    if price is None or not _is_allowed(case, price, traded):
        return 0, 0
    if vault.shares_for(price // case.scale * case.scale, case.scale) > traded:
        # By rounding a few more shares cost less; see the contract.
        price -= (2 * vault.market.price + abs(vault.mint_delta(traded))) // WAD + 4
    return price // case.scale, case.terms.mint_shares(traded)


def _most_to_open(case: Case, room: int) -> tuple[int, int]:
    """Return the same where the mint opens the position; see the contract.

    Args:
        case: A remainder.
        room: Underlying WAD.
    """
    vault, target = case.vault, case.terms.target
    after = ((room + 1) * vault.market.price - 1) // target
    claim = max(0, after - vault.equity)
    traded = min(claim * vault.shares // vault.equity, MAX_FLOW)
    cost = vault.cost(_on_side(case, after * target // vault.market.price))
    if cost is None:
        return 0, 0
    price = max(0, claim + cost)
    if not _is_allowed(case, price, traded):
        return 0, 0
    for _ in range(OPENINGS):
        assets = price // case.scale
        before = vault.equity + assets * case.scale
        size = abs(opening(case, before))
        if size <= room:
            opens = _opens(case, assets, size)
            return (assets, case.terms.mint_shares(traded)) if opens else (0, 0)
        price = max(0, price - 2 * ((size - room) * before // size) - case.scale)
    return 0, 0


def _opens(case: Case, assets: int, size: int) -> bool:
    """Return whether a deposit that opens |q'| is one that the token and the venue take."""
    vault, amount = case.vault, assets * case.scale
    cost = vault.cost(_on_side(case, size))
    if cost is None:
        return False
    gained = max(0, amount - cost)
    allowed = _is_allowed(case, amount, gained * vault.shares // vault.equity)
    return allowed and _bears(case, size, vault.equity + gained)


def _is_allowed(case: Case, price: int, traded: int) -> bool:
    """Return whether a mint brings enough, leaves enough, and names no more than a flow may."""
    in_range = MIN_DEPOSIT + case.scale <= price <= MAX_AMOUNT
    return in_range and _left(case, traded) >= case.least


def _on_side(case: Case, size: int) -> int:
    """Return a size (underlying WAD) on the token's side."""
    return size if case.is_long else -size


def _left(case: Case, shares: int) -> int:
    """Return the equity (quote WAD) that minting shares leaves at least: E (S + n) / S."""
    vault = case.vault
    return vault.equity + vault.equity * shares // vault.shares


def opening(case: Case, equity: int) -> int:
    """Return the trade (underlying WAD) that opens a position at T after its own cost.

    Args:
        case: What it meets.
        equity: Before it, what is paid in included, quote WAD.
    """
    return delta_to(case.vault.market, 0, equity, case.is_long, case.terms.target, 0)


def _opening_cost(case: Case, size_delta: int) -> int:
    """Return what opening a position costs, quote WAD."""
    charged = case.vault.cost(size_delta)
    if charged is None:
        raise Revert("vault: no fill to open")
    return charged


def _room(case: Case) -> int:
    """Return what minting may add to the position, underlying WAD; 0 while it is closed."""
    terms = case.terms
    closed = (
        terms.phase is not Phase.ACTIVE
        or case.exchange.now < terms.paused_until
        or not case.is_trading
        or case.state.status is not MarketStatus.ACTIVE
        or case.vault.equity == 0
        or case.is_too_high
        or not case.in_band
    )
    if closed:
        return 0
    market = case.exchange.market_state(case.market)
    venue = market.room_long if case.is_long else market.room_short
    room = min(max(0, terms.cap - abs(case.vault.size)), venue)
    return room if room == 0 or _is_borne(case, room) else _borne(case, room)


def _borne(case: Case, room: int) -> int:
    """Return the most that margin bears of a room that is too large, underlying WAD.

    Maintenance margin grows faster than the position. Too low by at most a millionth of the room.
    """
    low, high = 0, room
    if case.vault.size == 0:
        # Of less than a position needs a keeper's least fee may take all.
        low = min(case.least * case.terms.target // case.vault.market.price + 1, room)
        if not _is_borne(case, low):
            return 0
    for _ in range(HALVINGS):
        middle = low + (high - low) // 2
        if _is_borne(case, middle):
            low = middle
        else:
            high = middle
    return low


def _is_borne(case: Case, more: int) -> bool:
    """Return whether margin bears the position that a mint leaves by adding so much to it."""
    vault = case.vault
    size = abs(vault.size)
    if size == 0:
        return _bears(case, more, more * vault.market.price // case.terms.target)
    return _bears(case, size + more, vault.equity + vault.equity * more // size)


def _bears(case: Case, size: int, equity: int) -> bool:
    """Return whether the venue lets a position be increased to this.

    It asks for the initial margin, and for more than the maintenance margin.

    Args:
        case: What a mint meets.
        size: |q| after it, underlying WAD.
        equity: After it, quote WAD.
    """
    if size * case.vault.market.price > equity * case.state.max_leverage:
        return False
    return equity > case.exchange.maintenance_margin(case.market, size)
