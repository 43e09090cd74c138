# pragma version 0.4.3
"""
@title Perpetual exchange: price feed
@license AGPL-3.0-only
@author Steelyard
@notice Reads a Chainlink feed and says whether its price may be used, with a distinct code for each fault.
@dev Order of checks: call succeeds, answer > 0, 0 < updatedAt <= now, age. With a fault the price is still the
     last answer when that is positive, for views; 0 stands for no usable number, never for "invalid" alone.
     The optional checks around these are PriceGuard.vy's.
"""

from ....interfaces.external import IAggregatorV3
from . import reasons

VALID: constant(uint256) = 0
SEQUENCER_DOWN: constant(uint256) = 1
GRACE_PERIOD: constant(uint256) = 2
CALL_FAILED: constant(uint256) = 3
NOT_POSITIVE: constant(uint256) = 4
ROUND_INCOMPLETE: constant(uint256) = 5
FROM_THE_FUTURE: constant(uint256) = 6
STALE: constant(uint256) = 7
OUT_OF_BOUNDS: constant(uint256) = 8
REFERENCE_INVALID: constant(uint256) = 9
DEVIATES: constant(uint256) = 10
JUMP: constant(uint256) = 11

# Largest price the accounting is proven for, WAD.
MAX_PRICE: constant(uint256) = 2**94
# The same before scaling, in any number of decimals.
MAX_ANSWER: constant(uint256) = 2**94


@internal
@view
def _read(oracle: address, decimals: uint256, max_age: uint256) -> (uint256, uint256):
    """
    @notice Price of a feed with the checks every feed gets.
    @dev A low-level call: a feed that reverts, has no code or answers short must become a fault, not a revert.
    @param oracle AggregatorV3
    @param decimals Of the answer, at most 18
    @param max_age Seconds, less than the time now
    @return Price (WAD, exact; 0 when there is no usable number), fault code
    """
    success: bool = False
    response: Bytes[160] = b""
    success, response = raw_call(
        oracle,
        method_id("latestRoundData()"),
        max_outsize=160,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(response) != 160:
        return 0, CALL_FAILED
    answer: uint256 = extract32(response, 32, output_type=uint256)
    updated_at: uint256 = extract32(response, 96, output_type=uint256)
    # Unsigned, a negative answer is larger than any positive one.
    if unsafe_sub(answer, 1) >= MAX_ANSWER:
        return 0, OUT_OF_BOUNDS if answer != 0 and answer >> 255 == 0 else NOT_POSITIVE
    price: uint256 = unsafe_mul(answer, 10**unsafe_sub(18, decimals))
    if price > MAX_PRICE:
        return 0, OUT_OF_BOUNDS
    # And the age of a round from the future is larger than the time now, which is the age of a round without date.
    if unsafe_sub(block.timestamp, updated_at) <= max_age:
        return price, VALID
    if updated_at == 0:
        return price, ROUND_INCOMPLETE
    return price, FROM_THE_FUTURE if updated_at > block.timestamp else STALE


@internal
@view
def _decimals(feed: address) -> uint256:
    """
    @notice Decimals of a feed, read once when it is configured.
    @param feed AggregatorV3
    @return Count of decimals, at most 18
    """
    decimals: uint256 = convert(staticcall IAggregatorV3(feed).decimals(), uint256)
    if decimals > 18:
        reasons._revert("oracle: over 18 decimals")
    return decimals
