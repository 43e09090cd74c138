# pragma version 0.4.3
"""
@title Fee shares: what is owed and not yet minted
@license AGPL-3.0-only
@author Steelyard
@notice Entry and exit fees, and the management fee as it accrues, are kept as one number of shares; every view
        counts it, and minting it is a call of its own, so that no user pays for a write or a transfer of somebody
        else's. docs/protocol.md section 6.
@dev Word, low bits first: owed 128 | accrued at 40. Management fee: shares S grow by S (e^(r t) - 1), r the
     continuous rate, so that accruing more or less often makes no difference but rounding, which is down.
"""

from . import leverage_math

WAD: constant(uint256) = 10**18
OWED_MASK: constant(uint256) = 2**128 - 1

# Owed shares and when they were accrued, layout above; every verb that mints, burns or changes a fee.
_word: uint256


@internal
@view
def _owed(supply: uint256, rate: uint256) -> uint256:
    """
    @notice Shares owed now.
    @param supply Shares that exist
    @param rate Continuous management fee per year, WAD; 0 = none accrues
    @return Shares, rounded down
    """
    word: uint256 = self._word
    owed: uint256 = word & OWED_MASK
    if rate == 0:
        return owed
    grown: uint256 = leverage_math._growth(rate, block.timestamp - (word >> 128))
    return owed + (supply + owed) * grown // WAD


@internal
def _set(owed: uint256):
    """
    @notice Record what is owed now.
    @param owed Shares, below 2**128
    """
    assert owed <= OWED_MASK, "fees: owed out of range"
    self._word = owed | block.timestamp << 128
