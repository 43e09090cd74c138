# pragma version 0.4.3
"""
@title Perpetual exchange: layout of the parameter words
@license AGPL-3.0-only
@author Steelyard
@notice A market's parameters fill two words, so that an order reads no third.
@dev Low bits first, each field in the storage unit of MarketConfig:
     feed : status 4 | guarded 1 | forced 1 | seize 1 | liquidate_when_paused 1 | decimals 5 | max_age 20
            | velocity 26 | max rate 20 | liquidation cap 17 | oracle 160
     rules: skew scale 40 | maker 16 | taker 16 | max leverage 8 | maintenance 16 | liquidation fee 16
            | premium 18 | min keeper fee 16 | max keeper fee 20 | min margin 16 | max long 20 | max short 20
            | max notional 22 | reserve factor 12
     Interest caps are stored as shares of the skew scale. No product of a field and its unit can overflow, so
     they are unchecked.
"""

# Units the parameters are stored in, WAD.
WHOLE: constant(uint256) = 10**18
TENTH: constant(uint256) = 10**17
MILLI: constant(uint256) = 10**15
TENTH_MILLI: constant(uint256) = 10**14
HUNDREDTH_MILLI: constant(uint256) = 10**13
MICRO: constant(uint256) = 10**12
NOTIONAL_UNIT: constant(uint256) = 10**23
# Interest and liquidation caps are counted in these parts of the skew scale.
CAP_PARTS: constant(uint256) = 10**6
LIQUIDATION_PARTS: constant(uint256) = 10**5

# Status bits of the feed word, one set: MarketStatus. Lowest, because each use of a high bit is a word of code.
STATUS_BITS: constant(uint256) = 15
ACTIVE: constant(uint256) = 1
PAUSED: constant(uint256) = 4
CLOSED: constant(uint256) = 8
# The market has a PriceGuard.
GUARDED: constant(uint256) = 1 << 4
# The owner holds the funding rate.
FORCED: constant(uint256) = 1 << 5
SEIZE: constant(uint256) = 1 << 6
LIQUIDATE_WHEN_PAUSED: constant(uint256) = 1 << 7
# The part of the feed word that is state, not parameter: status, guarded, forced.
STATE_BITS: constant(uint256) = 63

# Word `feed`: where the price comes from and what the market does.
struct Feed:
    oracle: address
    decimals: uint256  # count
    max_age: uint256  # seconds
    max_velocity: uint256  # WAD per day^2
    max_rate: uint256  # WAD per day
    bits: uint256  # the word itself, for its status and switches


# Word `rules`: what an order must obey. Units as in MarketConfig.
struct Rules:
    skew_scale: uint256
    maker_fee: uint256
    taker_fee: uint256
    max_leverage: uint256
    maintenance_ratio: uint256
    liquidation_fee_ratio: uint256
    liquidation_premium: uint256
    min_keeper_fee: uint256
    max_keeper_fee: uint256
    min_margin: uint256


# The rest of word `rules`: what an increase must leave room for. Units as in MarketConfig.
struct Caps:
    max_long: uint256
    max_short: uint256
    max_notional: uint256
    reserve_factor: uint256


@internal
@pure
def _unpack_feed(word: uint256) -> Feed:
    """
    @notice Where the price comes from and what the market does.
    @param word feed
    @return Units in Feed
    """
    return Feed(
        oracle=convert(word >> 96, address),
        decimals=(word >> 8) & (2**5 - 1),
        max_age=(word >> 13) & (2**20 - 1),
        max_velocity=unsafe_mul((word >> 33) & (2**26 - 1), MICRO),
        max_rate=unsafe_mul((word >> 59) & (2**20 - 1), MICRO),
        bits=word,
    )


@internal
@pure
def _unpack_rules(word: uint256) -> Rules:
    """
    @notice What an order must obey.
    @param word rules
    @return Units in Rules
    """
    return Rules(
        skew_scale=unsafe_mul(word & (2**40 - 1), WHOLE),
        maker_fee=unsafe_mul((word >> 40) & (2**16 - 1), MICRO),
        taker_fee=unsafe_mul((word >> 56) & (2**16 - 1), MICRO),
        max_leverage=unsafe_mul((word >> 72) & (2**8 - 1), WHOLE),
        maintenance_ratio=unsafe_mul((word >> 80) & (2**16 - 1), HUNDREDTH_MILLI),
        liquidation_fee_ratio=unsafe_mul((word >> 96) & (2**16 - 1), MICRO),
        liquidation_premium=unsafe_mul((word >> 112) & (2**18 - 1), TENTH_MILLI),
        min_keeper_fee=unsafe_mul((word >> 130) & (2**16 - 1), TENTH),
        max_keeper_fee=unsafe_mul((word >> 146) & (2**20 - 1), WHOLE),
        min_margin=unsafe_mul((word >> 166) & (2**16 - 1), WHOLE),
    )


@internal
@pure
def _unpack_caps(word: uint256) -> Caps:
    """
    @notice What an increase must leave room for.
    @param word rules
    @return Units in Caps
    """
    part: uint256 = unsafe_mul(word & (2**40 - 1), WHOLE // CAP_PARTS)
    return Caps(
        max_long=unsafe_mul((word >> 182) & (2**20 - 1), part),
        max_short=unsafe_mul((word >> 202) & (2**20 - 1), part),
        max_notional=unsafe_mul((word >> 222) & (2**22 - 1), NOTIONAL_UNIT),
        reserve_factor=unsafe_mul(word >> 244, MILLI),
    )


@internal
@pure
def _liquidation_cap(bits: uint256, skew_scale: uint256) -> uint256:
    """
    @notice Most size partial liquidations close a second.
    @param bits feed
    @param skew_scale K, underlying WAD
    @return underlying WAD; 0 = positions are closed whole
    """
    return unsafe_mul((bits >> 79) & (2**17 - 1), unsafe_div(skew_scale, LIQUIDATION_PARTS))


@internal
@pure
def _max_rate(feed: uint256) -> int256:
    """
    @notice Cap of the funding rate.
    @param feed First parameter word
    @return WAD per day
    """
    return convert(unsafe_mul((feed >> 59) & (2**20 - 1), MICRO), int256)
