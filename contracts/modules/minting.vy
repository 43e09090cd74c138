# pragma version 0.4.3
"""
@title Minting: what a deposit or a mint comes to, and when it is open
@license AGPL-3.0-only
@author Steelyard
@notice Pro rata: n new shares add q n/S to the position and E n/S to equity, and the minter pays what the venue
        charges for that trade. docs/protocol.md section 4.
"""

from ...interfaces import ILeveragedToken
from ...interfaces import IPerpExchange
from ...interfaces import IVaultQuotes
from . import leverage_math
from . import share_math
from . import vault_case
from . import vault_terms

# Smallest deposit, quote WAD.
MIN_DEPOSIT: constant(uint256) = 10 * 10**18
# Most shares a flow may name: with its fee within what share_math.vy is proven for.
MAX_SHARES: constant(uint256) = 2**103
# How often the room is halved where margin limits it: to a millionth.
HALVINGS: constant(uint256) = 20
# How often a deposit that opens a position too large may shrink.
OPENINGS: constant(uint256) = 4


@internal
@view
def _deposit(case: vault_case.Case, assets: uint256) -> IVaultQuotes.Quote:
    """
    @notice The most shares that `assets` pay for.
    @param case What the deposit meets
    @param assets Collateral decimals
    @return The quote
    """
    amount: uint256 = vault_case._amount(assets, case.account.scale)
    quote: IVaultQuotes.Quote = vault_case._quote(case)
    quote.assets = assets
    if vault_case._is_remainder(case):
        quote.size_delta = self._opening(case, case.vault.equity + amount)
        gained: int256 = convert(amount, int256) - self._cost(case.vault, quote.size_delta)
        quote.traded = convert(max(gained, 0), uint256) * case.vault.shares // case.vault.equity
    else:
        quote.traded = share_math._shares_for(case.vault, amount, case.account.scale)
        quote.size_delta = share_math._mint_delta(case.vault, quote.traded)
    quote.shares = vault_terms._mint_shares(case.account.terms, quote.traded)
    assert quote.shares != 0, "vault: assets buy no share"
    return quote


@internal
@view
def _mint(case: vault_case.Case, shares: uint256) -> IVaultQuotes.Quote:
    """
    @notice What exactly `shares` take.
    @param case What the mint meets
    @param shares 18 decimals
    @return The quote
    """
    assert shares != 0 and shares <= MAX_SHARES, "vault: zero or too many shares"
    quote: IVaultQuotes.Quote = vault_case._quote(case)
    quote.shares = shares
    quote.traded = vault_terms._mint_traded(case.account.terms, shares)
    price: uint256 = 0
    if vault_case._is_remainder(case):
        claim: uint256 = self._part(case.vault, quote.traded)
        quote.size_delta = self._size_at_target(case, case.vault.equity + claim)
        paid: int256 = convert(claim, int256) + self._cost(case.vault, quote.size_delta)
        price = convert(max(paid, 0), uint256)
    else:
        quote.size_delta = share_math._mint_delta(case.vault, quote.traded)
        price = share_math._mint_price(case.vault, quote.traded)
        assert price != share_math.NO_PRICE, "vault: no fill for so many"
    quote.assets = (price + case.account.scale - 1) // case.account.scale
    return quote


@internal
@view
def _check_open(case: vault_case.Case, quote: IVaultQuotes.Quote):
    """
    @notice Revert unless minting is open for this quote; the venue adds its own limits.
    @param case What the mint meets
    @param quote Of a deposit or a mint
    """
    terms: uint256 = case.account.terms
    assert vault_terms._phase(terms) == ILeveragedToken.Phase.ACTIVE, "mint: winding down"
    assert not vault_terms._is_paused(terms), "mint: paused"
    assert not vault_case._is_wiped(case.vault), "mint: wiped"
    assert self._is_in_band(case), "mint: rebalance first"
    size: uint256 = convert(abs(quote.size + quote.size_delta), uint256)
    assert size <= vault_terms._cap(terms), "mint: cap reached"
    assert quote.assets * case.account.scale >= MIN_DEPOSIT, "mint: below 10 quote"
    assert self._left(case.vault, quote.traded) >= case.least, "mint: leaves too little equity"


@internal
@view
def _most(case: vault_case.Case) -> (uint256, uint256):
    """
    @notice The most that can be deposited, and minted.
    @param case What a mint meets
    @return Assets, collateral decimals
    @return Shares, 18 decimals
    """
    room: uint256 = self._room(case)
    if room == 0:
        return 0, 0
    if case.vault.size == 0:
        return self._most_to_open(case, room)
    size: uint256 = convert(abs(case.vault.size), uint256)
    traded: uint256 = min(((room + 1) * case.vault.shares - 1) // size, MAX_SHARES)
    price: uint256 = share_math._mint_price(case.vault, traded)
    if not self._is_allowed(case, price, traded):
        return 0, 0
    price = self._safe_price(case, price, traded)
    return price // case.account.scale, vault_terms._mint_shares(case.account.terms, traded)


@internal
@view
def _most_to_open(case: vault_case.Case, room: uint256) -> (uint256, uint256):
    """
    @notice The most that can be deposited, and minted, where that opens the position.
    @dev A mint leaves |q'| = floor(E' T / P), which has an exact inverse: the most shares. They cost E' - E + c(q'); but
         what a deposit opens is found by steps and may be a little more. Then the deposit shrinks by twice as much, and a
         unit: up to 1e-4, and 1e-2 where the skew ends and fees jump to 5 %. At T as the venue's limit it is 0.
    @param case A remainder
    @param room underlying WAD
    @return Assets, collateral decimals
    @return Shares, 18 decimals
    """
    vault: share_math.Vault = case.vault
    terms: uint256 = case.account.terms
    after: uint256 = ((room + 1) * vault.market.price - 1) // vault_terms._target(terms)
    claim: uint256 = max(after, vault.equity) - vault.equity
    traded: uint256 = min(claim * vault.shares // vault.equity, MAX_SHARES)
    cost: int256 = leverage_math._cost(vault.market, self._size_at_target(case, after))
    if cost == leverage_math.NO_COST:
        return 0, 0
    price: uint256 = convert(max(convert(claim, int256) + cost, 0), uint256)
    if not self._is_allowed(case, price, traded):
        return 0, 0
    for i: uint256 in range(OPENINGS):
        assets: uint256 = price // case.account.scale
        before: uint256 = vault.equity + assets * case.account.scale
        size: uint256 = convert(abs(self._opening(case, before)), uint256)
        if size <= room:
            if self._opens(case, assets, size):
                return assets, vault_terms._mint_shares(terms, traded)
            break
        price -= min(price, 2 * ((size - room) * before // size) + case.account.scale)
    return 0, 0


@internal
@view
def _opens(case: vault_case.Case, assets: uint256, size: uint256) -> bool:
    """
    @notice Whether a deposit that opens the position is one that the token and the venue take.
    @param case A remainder
    @param assets Collateral decimals
    @param size |q'| that it opens, underlying WAD
    @return True when it is
    """
    amount: uint256 = assets * case.account.scale
    size_delta: int256 = convert(size, int256)
    if not case.account.is_long:
        size_delta = -size_delta
    cost: int256 = leverage_math._cost(case.vault.market, size_delta)
    if cost == leverage_math.NO_COST:
        return False
    gained: uint256 = convert(max(convert(amount, int256) - cost, 0), uint256)
    traded: uint256 = gained * case.vault.shares // case.vault.equity
    return self._is_allowed(case, amount, traded) and self._bears(
        case, size, case.vault.equity + gained
    )


@internal
@view
def _is_allowed(case: vault_case.Case, price: uint256, traded: uint256) -> bool:
    """
    @notice Whether a mint brings enough, leaves enough, and names no more than a flow may.
    @param case What it meets
    @param price Of it, quote WAD; NO_PRICE without a fill
    @param traded Shares
    @return True when it does
    """
    return (
        price >= MIN_DEPOSIT + case.account.scale
        and price <= vault_case.MAX_AMOUNT
        and self._left(case.vault, traded) >= case.least
    )


@internal
@view
def _safe_price(case: vault_case.Case, price: uint256, traded: uint256) -> uint256:
    """
    @notice Money that pays for some shares, and for none more.
    @dev In a collateral finer than a share, rounding may let a few more cost less: their trade is rounded to a wei of
         underlying, which costs less than P, its fill to a wei for each unit, and claim, fee and impact to a wei.
    @param case What a mint meets
    @param price Of the shares, quote WAD
    @param traded Shares
    @return Quote WAD
    """
    scale: uint256 = case.account.scale
    if share_math._shares_for(case.vault, price // scale * scale, scale) <= traded:
        return price
    size_delta: uint256 = convert(abs(share_math._mint_delta(case.vault, traded)), uint256)
    return price - min(price, (2 * case.vault.market.price + size_delta) // 10**18 + 4)


@internal
@view
def _room(case: vault_case.Case) -> uint256:
    """
    @notice What minting may add to the position: up to the cap, the venue's caps and its reserve, and what margin bears.
    @param case What a mint meets
    @return underlying WAD; 0 while minting is closed
    """
    terms: uint256 = case.account.terms
    if (
        vault_terms._phase(terms) != ILeveragedToken.Phase.ACTIVE
        or vault_terms._is_paused(terms)
        or not case.is_trading
        or not case.is_active
        or case.vault.equity == 0
        or case.is_too_high
        or not self._is_in_band(case)
    ):
        return 0
    market: IPerpExchange.MarketState = staticcall IPerpExchange(case.account.venue).market_state(
        case.account.market
    )
    size: uint256 = convert(abs(case.vault.size), uint256)
    room: uint256 = min(
        max(vault_terms._cap(terms), size) - size,
        market.room_long if case.account.is_long else market.room_short,
    )
    if room == 0 or self._is_borne(case, room):
        return room
    return self._borne(case, room)


@internal
@view
def _borne(case: vault_case.Case, room: uint256) -> uint256:
    """
    @notice The most that margin bears of a room that is too large: maintenance margin grows faster than the position.
    @param case What a mint meets
    @param room underlying WAD
    @return The same, too low by at most a millionth of the room
    """
    low: uint256 = 0
    if case.vault.size == 0:
        # Of less than a position needs a keeper's least fee may take all.
        target: uint256 = vault_terms._target(case.account.terms)
        low = min(case.least * target // case.vault.market.price + 1, room)
        if not self._is_borne(case, low):
            return 0
    high: uint256 = room
    for i: uint256 in range(HALVINGS):
        middle: uint256 = low + (high - low) // 2
        if self._is_borne(case, middle):
            low = middle
        else:
            high = middle
    return low


@internal
@view
def _is_borne(case: vault_case.Case, more: uint256) -> bool:
    """
    @notice Whether margin bears the position that a mint leaves.
    @param case What a mint meets
    @param more What it adds, underlying WAD
    @return True when it does
    """
    size: uint256 = convert(abs(case.vault.size), uint256)
    equity: uint256 = 0
    if size == 0:
        equity = more * case.vault.market.price // vault_terms._target(case.account.terms)
    else:
        equity = case.vault.equity + case.vault.equity * more // size
    return self._bears(case, size + more, equity)


@internal
@view
def _bears(case: vault_case.Case, size: uint256, equity: uint256) -> bool:
    """
    @notice Whether the venue lets a position be increased to this.
    @param case What a mint meets
    @param size |q| after it, underlying WAD
    @param equity After it, quote WAD
    @return True when it is the initial margin, and more than the maintenance margin
    """
    if size * case.vault.market.price > equity * case.max_leverage:
        return False
    return equity > staticcall IPerpExchange(case.account.venue).maintenance_margin(
        case.account.market, convert(size, int256)
    )


@internal
@view
def _is_in_band(case: vault_case.Case) -> bool:
    """
    @notice Whether leverage is where minting is open.
    @dev A remainder has none and is. With less equity than the venue may ask of an increase nobody can rebalance upward:
         below the band a mint is the way out.
    @param case What a mint meets
    @return True when it is
    """
    if vault_case._is_remainder(case):
        return True
    leverage: uint256 = vault_case._leverage(case.vault)
    is_small: bool = case.vault.size != 0 and case.vault.equity < case.least
    return vault_terms._in_band(case.account.terms, leverage) or (
        is_small and vault_terms._is_below_band(case.account.terms, leverage)
    )


@internal
@pure
def _left(vault: share_math.Vault, shares: uint256) -> uint256:
    """
    @notice Equity that a mint leaves at least: E (S + n) / S.
    @param vault Before
    @param shares n
    @return Quote WAD, rounded down
    """
    return vault.equity + vault.equity * shares // vault.shares


@internal
@view
def _opening(case: vault_case.Case, equity: uint256) -> int256:
    """
    @notice The trade that opens a position at the target after its own cost.
    @param case What it meets
    @param equity Before it, the deposit included, quote WAD
    @return underlying WAD
    """
    return leverage_math._delta_to(
        case.vault.market,
        0,
        convert(equity, int256),
        case.account.is_long,
        vault_terms._target(case.account.terms),
        0,
    )


@internal
@view
def _size_at_target(case: vault_case.Case, equity: uint256) -> int256:
    """
    @notice Position at target leverage.
    @param case What it meets
    @param equity After the trade, quote WAD
    @return underlying WAD, toward zero
    """
    target: uint256 = vault_terms._target(case.account.terms)
    size: int256 = convert(equity * target // case.vault.market.price, int256)
    return size if case.account.is_long else -size


@internal
@pure
def _part(vault: share_math.Vault, shares: uint256) -> uint256:
    """
    @notice Equity that new shares must bring: E n/S.
    @param vault Before
    @param shares n
    @return Quote WAD, rounded up
    """
    return (vault.equity * shares + vault.shares - 1) // vault.shares


@internal
@pure
def _cost(vault: share_math.Vault, size_delta: int256) -> int256:
    """
    @notice What opening a position costs.
    @param vault Before
    @param size_delta underlying WAD
    @return Quote WAD; negative = rebate
    """
    cost: int256 = leverage_math._cost(vault.market, size_delta)
    assert cost != leverage_math.NO_COST, "vault: no fill to open"
    return cost
