# pragma version 0.4.3
"""
@title Perpetual exchange: parameters, validated and packed
@license AGPL-3.0-only
@author Steelyard
@notice Stateless: turns MarketConfig into the two words that PerpExchange keeps, and back; and says in words why a
        price may not be used.
@dev Kept apart because this is code no filled order needs, and the exchange is near its size limit.
"""

from ...interfaces import IMarketParameters
from .modules import market_words
from .modules import perp_math
from .modules import price_feed

implements: IMarketParameters

WAD: constant(uint256) = 10**18
# Largest open interest per side the accounting is proven for, underlying WAD.
MAX_INTEREST: constant(uint256) = 2**94
# Largest size the arithmetic is proven for, underlying WAD.
MAX_SIZE: constant(int256) = 2**95
MAX_FEE: constant(uint256) = 5 * 10**16
MAX_LEVERAGE: constant(uint256) = 100 * WAD
MIN_RESERVE_FACTOR: constant(uint256) = 10**17


@external
@view
def pack(config: IMarketParameters.MarketConfig) -> uint256[2]:
    """
    @notice Validate parameters and pack them; what cannot be stored exactly is refused, never rounded.
    @dev The liquidation fee must stay below the initial margin, or a chunk could never restore it.
    @param config Units in MarketConfig
    @return Words for PerpExchange
    """
    return self._pack(config)


@external
@view
def unpack(words: uint256[2]) -> IMarketParameters.MarketConfig:
    """
    @notice The parameters in two words.
    @param words As PerpExchange keeps them, status bits ignored
    @return Units in MarketConfig
    """
    return self._unpack(words)


@external
@view
def check(words: uint256[2]) -> uint256[2]:
    """
    @notice The words again, if they are what `pack` makes of valid parameters; reverts otherwise.
    @param words As given to PerpExchange
    @return The same words
    """
    packed: uint256[2] = self._pack(self._unpack(words))
    assert (packed[0] == words[0] and packed[1] == words[1]), "config: not packed parameters"
    return packed


@external
@view
def maintenance_margin(words: uint256[2], size: int256, price: uint256) -> uint256:
    """
    @notice Equity at or below which a position of a size would be liquidated, unless its market is CLOSED.
    @param words As PerpExchange keeps them
    @param size underlying WAD, at most 2**95
    @param price WAD, at most 2**94
    @return Quote WAD
    """
    assert (
        -MAX_SIZE <= size and size <= MAX_SIZE and price <= price_feed.MAX_PRICE
    ), "config: size or price too large"
    amount: uint256 = convert(abs(size), uint256)
    return perp_math._maintenance_margin(words[0], words[1], amount, price)


@external
@view
def raise_fault(fault: uint256) -> uint256:
    """
    @notice Revert with the reason of a price fault.
    @param fault Fault id
    @return Never
    """
    assert fault != price_feed.SEQUENCER_DOWN, "oracle: sequencer down"
    assert fault != price_feed.GRACE_PERIOD, "oracle: sequencer grace period"
    assert fault != price_feed.CALL_FAILED, "oracle: call failed"
    assert fault != price_feed.NOT_POSITIVE, "oracle: answer not positive"
    assert fault != price_feed.ROUND_INCOMPLETE, "oracle: round incomplete"
    assert fault != price_feed.FROM_THE_FUTURE, "oracle: from the future"
    assert fault != price_feed.STALE, "oracle: stale"
    assert fault != price_feed.OUT_OF_BOUNDS, "oracle: out of bounds"
    assert fault != price_feed.REFERENCE_INVALID, "oracle: reference invalid"
    assert fault != price_feed.DEVIATES, "oracle: deviates from reference"
    raise "oracle: jump"


@internal
@view
def _pack(config: IMarketParameters.MarketConfig) -> uint256[2]:
    """
    @notice Pack, then validate: what fits its field cannot overflow a check.
    @param config Units in MarketConfig
    @return Words
    """
    assert config.max_age != 0 and config.skew_scale != 0, "config: zero age or skew scale"
    words: uint256[2] = [self._feed_word(config), self._rules_word(config)]
    assert max(config.maker_fee, config.taker_fee) <= MAX_FEE, "config: fee over 5 percent"
    assert config.max_funding_rate <= WAD, "config: rate over 100 percent"
    assert (
        WAD <= config.max_leverage and config.max_leverage <= MAX_LEVERAGE
    ), "config: leverage out of bounds"
    assert (
        (config.maintenance_ratio + config.liquidation_fee_ratio) * config.max_leverage < WAD * WAD
    ), "config: maintenance over initial"
    assert config.min_keeper_fee <= config.max_keeper_fee, "config: keeper fee bounds"
    # Below the skew scale, or the side that is short of it could not be closed: its fill would be zero.
    assert (
        max(config.max_long, config.max_short) < min(config.skew_scale, MAX_INTEREST)
    ), "config: cap too large"
    assert config.reserve_factor >= MIN_RESERVE_FACTOR, "config: reserve under 10 percent"
    return words


@internal
@view
def _unpack(words: uint256[2]) -> IMarketParameters.MarketConfig:
    """
    @notice Unpack.
    @param words Packed
    @return Units in MarketConfig
    """
    feed: market_words.Feed = market_words._unpack_feed(words[0])
    rules: market_words.Rules = market_words._unpack_rules(words[1])
    caps: market_words.Caps = market_words._unpack_caps(words[1])
    return IMarketParameters.MarketConfig(
        oracle=feed.oracle,
        max_age=feed.max_age,
        skew_scale=rules.skew_scale,
        max_funding_velocity=feed.max_velocity,
        max_funding_rate=feed.max_rate,
        maker_fee=rules.maker_fee,
        taker_fee=rules.taker_fee,
        max_leverage=rules.max_leverage,
        maintenance_ratio=rules.maintenance_ratio,
        liquidation_fee_ratio=rules.liquidation_fee_ratio,
        liquidation_premium=rules.liquidation_premium,
        min_keeper_fee=rules.min_keeper_fee,
        max_keeper_fee=rules.max_keeper_fee,
        min_margin=rules.min_margin,
        max_long=caps.max_long,
        max_short=caps.max_short,
        max_notional=caps.max_notional,
        reserve_factor=caps.reserve_factor,
        liquidation_cap=market_words._liquidation_cap(words[0], rules.skew_scale),
        seize_remainder=feed.bits & market_words.SEIZE != 0,
        liquidate_when_paused=feed.bits & market_words.LIQUIDATE_WHEN_PAUSED != 0,
    )


@internal
@view
def _feed_word(config: IMarketParameters.MarketConfig) -> uint256:
    """
    @notice Pack the first word without its state bits.
    @param config Units in MarketConfig
    @return Word
    """
    liquidation_part: uint256 = max(1, config.skew_scale // market_words.LIQUIDATION_PARTS)
    word: uint256 = (
        price_feed._decimals(config.oracle) << 8
        | self._fit(config.max_age, 1, 20) << 13
        | self._fit(config.max_funding_velocity, market_words.MICRO, 26) << 33
        | self._fit(config.max_funding_rate, market_words.MICRO, 20) << 59
        | self._fit(config.liquidation_cap, liquidation_part, 17) << 79
        | convert(config.oracle, uint256) << 96
    )
    if config.seize_remainder:
        word |= market_words.SEIZE
    if config.liquidate_when_paused:
        word |= market_words.LIQUIDATE_WHEN_PAUSED
    return word


@internal
@pure
def _rules_word(config: IMarketParameters.MarketConfig) -> uint256:
    """
    @notice Pack the second word.
    @param config Units in MarketConfig
    @return Word
    """
    cap_part: uint256 = max(1, config.skew_scale // market_words.CAP_PARTS)
    return (
        self._fit(config.skew_scale, market_words.WHOLE, 40)
        | self._fit(config.maker_fee, market_words.MICRO, 16) << 40
        | self._fit(config.taker_fee, market_words.MICRO, 16) << 56
        | self._fit(config.max_leverage, market_words.WHOLE, 8) << 72
        | self._fit(config.maintenance_ratio, market_words.HUNDREDTH_MILLI, 16) << 80
        | self._fit(config.liquidation_fee_ratio, market_words.MICRO, 16) << 96
        | self._fit(config.liquidation_premium, market_words.TENTH_MILLI, 18) << 112
        | self._fit(config.min_keeper_fee, market_words.TENTH, 16) << 130
        | self._fit(config.max_keeper_fee, market_words.WHOLE, 20) << 146
        | self._fit(config.min_margin, market_words.WHOLE, 16) << 166
        | self._fit(config.max_long, cap_part, 20) << 182
        | self._fit(config.max_short, cap_part, 20) << 202
        | self._fit(config.max_notional, market_words.NOTIONAL_UNIT, 22) << 222
        | self._fit(config.reserve_factor, market_words.MILLI, 12) << 244
    )


@internal
@pure
def _fit(amount: uint256, unit: uint256, bits: uint256) -> uint256:
    """
    @notice A parameter in its storage unit; what cannot be stored exactly is refused, never rounded.
    @param amount In the scale of MarketConfig
    @param unit Storage unit in the same scale
    @param bits Width of the field, count
    @return amount / unit
    """
    assert amount % unit == 0 and (amount // unit) >> bits == 0, "config: does not fit its field"
    return amount // unit
