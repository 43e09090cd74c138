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
from . import reasons

SIGN_SHIFT: constant(uint256) = 128

# A position with what freezes it.
struct Account:
    holding: books.Holding
    changed_at: uint256  # seconds
    flagged: bool


# Packed positions by market << 160 | account; the account's own verbs, liquidation, deleveraging.
_positions: HashMap[uint256, uint256[2]]
# Who flagged an account last, by market; liquidation.
_flaggers: HashMap[uint256, HashMap[address, address]]


@internal
@view
def _load(market: uint256, account: address) -> Account:
    """
    @notice Unpack a position.
    @param market Market id
    @param account Its owner
    @return The account
    """
    words: uint256[2] = self._positions[market << 160 | convert(account, uint256)]
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
def _store(
    market: uint256, account: address, holding: books.Holding, changed_at: uint256, flagged: bool
):
    """
    @notice Pack a position. The book bounds margin and size; basis by its own bounds.
    @dev A position without size keeps no basis, so that closing to nothing frees both words.
    @param market Market id
    @param account Its owner
    @param holding What to keep
    @param changed_at Seconds
    @param flagged Whether it is frozen
    """
    basis: int256 = holding.basis if holding.size != 0 else 0
    self._positions[market << 160 | convert(account, uint256)] = [
        convert(convert(holding.margin, bytes32), uint256)
        | convert(convert(holding.size, bytes32), uint256) << SIGN_SHIFT,
        convert(flagged, uint256)
        | changed_at << 1
        | convert(convert(basis, bytes32), uint256) << SIGN_SHIFT,
    ]
