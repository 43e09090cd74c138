# pragma version 0.4.3
"""
@title Perpetual exchange: positions
@license AGPL-3.0-only
@author Steelyard
@notice One isolated position per market and account, in two words.
@dev Words, low bits first:
     margin 128 | size 128 signed
     flagged 1 | changed_at 40 | unused 87 | basis 128 signed
     `basis` = price + funding index at the last touch: every touch settles the whole position at the mark, so
     PnL = size (P + F - basis) needs neither entry price nor entry funding.
"""

from . import books
from . import perp_math
from . import reasons

IWAD: constant(int256) = 10**18
SIGN_SHIFT: constant(uint256) = 128

# A position with what freezes it.
struct Account:
    holding: books.Holding
    changed_at: uint256  # seconds
    flagged: bool


# Packed positions by market << 160 | account; the account's own verbs, liquidation, deleveraging.
_positions: HashMap[uint256, uint256[2]]
# Who flagged an account, by the same key.
_flaggers: HashMap[uint256, address]


@internal
@pure
def _key(market: uint256, account: address) -> uint256:
    """
    @notice Where an account's position in a market is kept.
    @param market Market id
    @param account Its owner
    @return Key
    """
    return market << 160 | convert(account, uint256)


@internal
@view
def _load(key: uint256) -> Account:
    """
    @notice Unpack a position.
    @param key Of `_key`
    @return The account
    """
    words: uint256[2] = self._positions[key]
    return Account(
        holding=books.Holding(
            size=convert(convert(words[0], bytes32), int256) >> SIGN_SHIFT,
            margin=convert(convert(words[0] & (2**128 - 1), bytes32), int256),
            basis=convert(convert(words[1], bytes32), int256) >> SIGN_SHIFT,
        ),
        changed_at=(words[1] >> 1) & (2**40 - 1),
        flagged=words[1] & 1 != 0,
    )


@internal
@pure
def _check_free(flagged: bool):
    """
    @notice Refuse what a frozen account may not do.
    @param flagged Whether it is frozen
    """
    if flagged:
        reasons._revert("account: flagged")


@internal
def _store(key: uint256, holding: books.Holding, changed_at: uint256, flagged: bool):
    """
    @notice Pack a position. The book bounds margin and size; basis by its own bounds.
    @dev A position without size keeps no basis, so that closing to nothing frees both words.
    @param key Of `_key`
    @param holding What to keep
    @param changed_at Seconds
    @param flagged Whether it is frozen
    """
    basis: int256 = holding.basis if holding.size != 0 else 0
    self._positions[key] = [
        convert(convert(holding.margin, bytes32), uint256)
        | convert(convert(holding.size, bytes32), uint256) << SIGN_SHIFT,
        convert(flagged, uint256)
        | changed_at << 1
        | convert(convert(basis, bytes32), uint256) << SIGN_SHIFT,
    ]


@internal
@pure
def _pnl(holding: books.Holding, mark: int256) -> int256:
    """
    @notice Unrealised PnL with funding: size (P + F - basis).
    @param holding The position
    @param mark P + F, quote WAD per 1 underlying
    @return Quote WAD, rounded down
    """
    return perp_math._floor_div(unsafe_mul(holding.size, unsafe_sub(mark, holding.basis)), IWAD)
