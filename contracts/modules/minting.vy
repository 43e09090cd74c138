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
    @notice The most that can be deposited, and minted; of a remainder less, on the safe side.
    @param case What a mint meets
    @return Assets, collateral decimals
    @return Shares, 18 decimals
    """
    room: uint256 = self._room(case)
    if room == 0:
        return 0, 0
    price: uint256 = 0
    traded: uint256 = 0
    if case.vault.size == 0:
        # |q'| = T E' / P; a twentieth is left for what the trade may cost or bring.
        after: uint256 = room * case.vault.market.price // vault_terms._target(case.account.terms)
        after -= after // 20
        price = max(after, case.vault.equity) - case.vault.equity
        traded = price * case.vault.shares // case.vault.equity
    else:
        size: uint256 = convert(abs(case.vault.size), uint256)
        traded = min(((room + 1) * case.vault.shares - 1) // size, MAX_SHARES)
        price = share_math._mint_price(case.vault, traded)
    if (
        price < MIN_DEPOSIT + case.account.scale
        or price > vault_case.MAX_AMOUNT
        or self._left(case.vault, traded) < case.least
    ):
        return 0, 0
    if case.vault.size != 0:
        price = self._safe_price(case, price, traded)
    return price // case.account.scale, vault_terms._mint_shares(case.account.terms, traded)


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
