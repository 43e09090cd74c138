# pragma version 0.4.3
"""
@title Vault terms: what every user path obeys, in one word
@license AGPL-3.0-only
@author Steelyard
@notice Fees, the band in which minting is open, the cap, the pause and the phase of a token.
@dev Low bits first: mint fee 14 | redeem fee 14 (1e-6) | fee rate 40 (1e-12 per year) | lo 20 | hi 20 (1e-4)
     | cap 64 (1e-6 underlying) | fees on 1 | paused until 40 | phase 3 | target 20 (1e-4)
     Entry and exit fees are taken in shares: minting n trades n (1 + fee), redeeming n trades n (1 - fee).
"""

from ...interfaces import ILeveragedToken

MICRO: constant(uint256) = 10**12
LEVERAGE: constant(uint256) = 10**14
RATE_UNIT: constant(uint256) = 10**6
PARTS: constant(uint256) = 10**6
MASK_14: constant(uint256) = 2**14 - 1
MASK_20: constant(uint256) = 2**20 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_64: constant(uint256) = 2**64 - 1
PAUSE_SHIFT: constant(uint256) = 173
PHASE_SHIFT: constant(uint256) = 213
TARGET_SHIFT: constant(uint256) = 216
# Fields that the factory configures; pause and phase have verbs of their own.
STATE: constant(uint256) = (2**43 - 1) << 173
# Fees of a token that winds down: none. What is left of its terms.
WITHOUT_FEES: constant(uint256) = max_value(uint256) - (2**68 - 1)


@internal
@pure
def _pack(terms: ILeveragedToken.Terms) -> uint256:
    """
    @notice Pack terms; what cannot be stored exactly is refused, never rounded.
    @param terms Units in Terms
    @return Word
    """
    return (
        self._fit(terms.mint_fee, MICRO, 14)
        | self._fit(terms.redeem_fee, MICRO, 14) << 14
        | self._fit(terms.fee_rate, RATE_UNIT, 40) << 28
        | self._fit(terms.leverage_lo, LEVERAGE, 20) << 68
        | self._fit(terms.leverage_hi, LEVERAGE, 20) << 88
        | self._fit(terms.cap, MICRO, 64) << 108
        | convert(terms.fees_on, uint256) << 172
        | self._fit(terms.paused_until, 1, 40) << PAUSE_SHIFT
        | convert(terms.phase, uint256) << PHASE_SHIFT
        | self._fit(terms.target, LEVERAGE, 20) << TARGET_SHIFT
    )


@internal
@pure
def _unpack(word: uint256) -> ILeveragedToken.Terms:
    """
    @notice The terms in a word.
    @param word Packed
    @return Units in Terms
    """
    return ILeveragedToken.Terms(
        mint_fee=(word & MASK_14) * MICRO,
        redeem_fee=((word >> 14) & MASK_14) * MICRO,
        fee_rate=self._fee_rate(word),
        leverage_lo=((word >> 68) & MASK_20) * LEVERAGE,
        leverage_hi=((word >> 88) & MASK_20) * LEVERAGE,
        cap=self._cap(word),
        fees_on=self._has_receiver(word),
        paused_until=(word >> PAUSE_SHIFT) & MASK_40,
        phase=self._phase(word),
        target=self._target(word),
    )


@internal
@pure
def _mint_traded(word: uint256, shares: uint256) -> uint256:
    """
    @notice Shares that minting n trades: n (1 + fee).
    @param word Terms
    @param shares n
    @return Shares, rounded up
    """
    return (shares * (PARTS + (word & MASK_14)) + PARTS - 1) // PARTS


@internal
@pure
def _mint_shares(word: uint256, traded: uint256) -> uint256:
    """
    @notice Shares a minter gets of those traded: the inverse of `_mint_traded`.
    @param word Terms
    @param traded Shares
    @return Shares, rounded down
    """
    return traded * PARTS // (PARTS + (word & MASK_14))


@internal
@pure
def _redeem_traded(word: uint256, shares: uint256) -> uint256:
    """
    @notice Shares that redeeming n trades: n (1 - fee).
    @param word Terms
    @param shares n
    @return Shares, rounded down
    """
    return shares * (PARTS - ((word >> 14) & MASK_14)) // PARTS


@internal
@pure
def _redeem_shares(word: uint256, traded: uint256) -> uint256:
    """
    @notice Shares to burn so that enough of them trade: the inverse of `_redeem_traded`.
    @param word Terms
    @param traded Shares
    @return Shares, rounded up
    """
    parts: uint256 = PARTS - ((word >> 14) & MASK_14)
    return (traded * PARTS + parts - 1) // parts


@internal
@pure
def _fee_rate(word: uint256) -> uint256:
    """
    @notice Management fee; none accrues without a receiver.
    @param word Terms
    @return Continuous rate per year, WAD
    """
    return ((word >> 28) & MASK_40) * RATE_UNIT


@internal
@pure
def _in_band(word: uint256, leverage: uint256) -> bool:
    """
    @notice Whether minting is open at a leverage.
    @param word Terms
    @param leverage L, WAD
    @return True within [lo, hi]
    """
    return (
        leverage >= ((word >> 68) & MASK_20) * LEVERAGE
        and leverage <= ((word >> 88) & MASK_20) * LEVERAGE
    )


@internal
@pure
def _is_below_band(word: uint256, leverage: uint256) -> bool:
    """
    @notice Whether leverage is below the band.
    @param word Terms
    @param leverage L, WAD
    @return True below lo
    """
    return leverage < ((word >> 68) & MASK_20) * LEVERAGE


@internal
@pure
def _cap(word: uint256) -> uint256:
    """
    @notice Largest |size| a mint may leave.
    @param word Terms
    @return underlying WAD
    """
    return ((word >> 108) & MASK_64) * MICRO


@internal
@pure
def _has_receiver(word: uint256) -> bool:
    """
    @notice Whether there is somebody to owe fees to.
    @param word Terms
    @return True when there is
    """
    return (word >> 172) & 1 != 0


@internal
@view
def _is_paused(word: uint256) -> bool:
    """
    @notice Whether minting is paused.
    @param word Terms
    @return True while it is
    """
    return block.timestamp < (word >> PAUSE_SHIFT) & MASK_40


@internal
@pure
def _phase(word: uint256) -> ILeveragedToken.Phase:
    """
    @notice The token's phase.
    @param word Terms
    @return One flag
    """
    return convert((word >> PHASE_SHIFT) & 7, ILeveragedToken.Phase)


@internal
@pure
def _target(word: uint256) -> uint256:
    """
    @notice Target leverage.
    @param word Terms
    @return T, WAD
    """
    return ((word >> TARGET_SHIFT) & MASK_20) * LEVERAGE


@internal
@pure
def _in_phase(word: uint256, phase: ILeveragedToken.Phase) -> uint256:
    """
    @notice Terms in another phase.
    @param word Terms
    @param phase One flag
    @return Word
    """
    return word & ~(7 << PHASE_SHIFT) | convert(phase, uint256) << PHASE_SHIFT


@internal
@pure
def _configured(word: uint256, configured: uint256) -> uint256:
    """
    @notice Other terms in the same phase, and the same pause.
    @param word Terms now
    @param configured Terms from now on
    @return Word
    """
    return configured & ~STATE | word & STATE


@internal
@pure
def _paused(word: uint256, until: uint256) -> uint256:
    """
    @notice Terms with another end of the pause.
    @param word Terms
    @param until Seconds, below 2**40
    @return Word
    """
    return word & ~(MASK_40 << PAUSE_SHIFT) | (until & MASK_40) << PAUSE_SHIFT


@internal
@pure
def _fit(amount: uint256, unit: uint256, bits: uint256) -> uint256:
    """
    @notice A parameter in its storage unit.
    @param amount In the scale of Terms
    @param unit Storage unit in the same scale
    @param bits Width of the field, count
    @return amount / unit
    """
    assert amount % unit == 0 and (amount // unit) >> bits == 0, "terms: does not fit its field"
    return amount // unit
