# pragma version 0.4.3
"""
@title Reference feed
@license AGPL-3.0-only
@author Steelyard
@notice A second, independent price that must agree before a token trades by its own decision.
@dev Low-level calls with their own gas: a feed that reverts, answers nonsense or burns all it gets is not fresh, and
     must not stop an emergency. Nor can a caller starve them: what is left would not pay for a trade.
"""

# Largest answer used, in any number of decimals.
MAX_ANSWER: constant(int256) = 2**94
MAX_PRICE: constant(uint256) = 2**94
# Gas of each call; Chainlink's proxies take a tenth of it.
FEED_GAS: constant(uint256) = 200_000


@internal
@view
def _fresh_price(feed: address, max_age: uint256) -> uint256:
    """
    @notice The feed's price if its call succeeds, answer > 0, 0 < updatedAt <= now and age <= max_age.
    @param feed AggregatorV3
    @param max_age Seconds
    @return WAD; 0 = not fresh
    """
    success: bool = False
    response: Bytes[160] = b""
    success, response = raw_call(
        feed,
        method_id("latestRoundData()"),
        max_outsize=160,
        gas=FEED_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(response) != 160:
        return 0
    answer: int256 = extract32(response, 32, output_type=int256)
    updated_at: uint256 = extract32(response, 96, output_type=uint256)
    if answer <= 0 or answer > MAX_ANSWER or updated_at == 0 or updated_at > block.timestamp:
        return 0
    if block.timestamp - updated_at > max_age:
        return 0
    return self._scaled(feed, convert(answer, uint256))


@internal
@view
def _scaled(feed: address, answer: uint256) -> uint256:
    """
    @notice An answer in WAD.
    @param feed AggregatorV3 it comes from
    @param answer Feed decimals
    @return WAD; 0 when the feed does not say decimals of at most 18
    """
    success: bool = False
    response: Bytes[32] = b""
    success, response = raw_call(
        feed,
        method_id("decimals()"),
        max_outsize=32,
        gas=FEED_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(response) != 32:
        return 0
    decimals: uint256 = extract32(response, 0, output_type=uint256)
    if decimals > 18:
        return 0
    price: uint256 = answer * 10**(18 - decimals)
    return price if price <= MAX_PRICE else 0
