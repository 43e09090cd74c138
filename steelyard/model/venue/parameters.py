"""Parameters of a market: validation, and packing into the two words the contract keeps."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.model.arithmetic import WAD, require

Words = tuple[int, int]

MAX_INTEREST = 2**94  # underlying WAD
MAX_FEE = 5 * 10**16
MAX_LEVERAGE = 100 * WAD
MIN_RESERVE_FACTOR = 10**17
SEIZE = 1 << 6
LIQUIDATE_WHEN_PAUSED = 1 << 7

# Caps are stored as parts of the skew scale.
_CAP_PARTS = 10**6
_LIQUIDATION_PARTS = 10**5
# Word by word, low bits first: field, storage unit, bits; a unit below zero is that many parts of
# the skew scale. The first word begins with status, switches and the oracle's decimals, and ends
# with its address.
_LAYOUT: tuple[tuple[tuple[str, int, int], ...], ...] = (
    (
        ("max_age", 1, 20),
        ("max_funding_velocity", 10**12, 26),
        ("max_funding_rate", 10**12, 20),
        ("liquidation_cap", -_LIQUIDATION_PARTS, 17),
    ),
    (
        ("skew_scale", WAD, 40),
        ("maker_fee", 10**12, 16),
        ("taker_fee", 10**12, 16),
        ("max_leverage", WAD, 8),
        ("maintenance_ratio", 10**13, 16),
        ("liquidation_fee_ratio", 10**12, 16),
        ("liquidation_premium", 10**14, 18),
        ("min_keeper_fee", 10**17, 16),
        ("max_keeper_fee", WAD, 20),
        ("min_margin", WAD, 16),
        ("max_long", -_CAP_PARTS, 20),
        ("max_short", -_CAP_PARTS, 20),
        ("max_notional", 10**23, 22),
        ("reserve_factor", 10**15, 12),
    ),
)
_STARTS = (13, 0)
_DECIMALS_START, _ORACLE_START = 8, 96


@dataclass(frozen=True, slots=True)
class MarketConfig:
    """Parameters of a market, as IMarketParameters.MarketConfig.

    What each is stored in multiples of stands in brackets. The defaults are a major with 25x.

    Attributes:
        oracle: Address of the feed, hex str; only `pack` needs it.
        max_age: Oldest price a verb accepts, seconds.
        skew_scale: K, underlying WAD [1].
        max_funding_velocity: Change of the rate per day at full skew, WAD per day^2 [1e-6].
        max_funding_rate: WAD per day [1e-6].
        maker_fee: On the part of an order that lowers |skew|, WAD [1e-6].
        taker_fee: On the part that raises it, WAD [1e-6].
        max_leverage: WAD, 25e18 = 25x [1].
        maintenance_ratio: Of notional, WAD [1e-5].
        liquidation_fee_ratio: Of the notional closed, WAD [1e-6].
        liquidation_premium: Multiplies |size| / K in the maintenance margin, WAD [1e-4].
        min_keeper_fee: Quote WAD [0.1].
        max_keeper_fee: Quote WAD [1].
        min_margin: Quote WAD [1].
        max_long: Open-interest cap, underlying WAD [K / 1e6].
        max_short: Open-interest cap, underlying WAD [K / 1e6].
        max_notional: Open-interest cap per side, quote WAD [100,000].
        reserve_factor: LP equity per open notional that an increase must leave, WAD [1e-3].
        liquidation_cap: Most size that partial liquidations close a second, underlying WAD
            [K / 1e5]; 0 = close whole.
        seize_remainder: What a full liquidation leaves goes to the fees, else it stays as margin.
        liquidate_when_paused: Whether flag, liquidate and deleverage work while PAUSED.
    """

    oracle: str = "0x" + "00" * 20
    max_age: int = 3_900
    skew_scale: int = 10**6 * WAD
    max_funding_velocity: int = 9 * WAD
    max_funding_rate: int = 5 * 10**15
    maker_fee: int = 2 * 10**14
    taker_fee: int = 6 * 10**14
    max_leverage: int = 25 * WAD
    maintenance_ratio: int = 75 * 10**14
    liquidation_fee_ratio: int = 35 * 10**14
    liquidation_premium: int = 15_625 * 10**14
    min_keeper_fee: int = 2 * WAD
    max_keeper_fee: int = 1_000 * WAD
    min_margin: int = 50 * WAD
    max_long: int = 31_000 * WAD
    max_short: int = 31_000 * WAD
    max_notional: int = 10**8 * WAD
    reserve_factor: int = WAD // 2
    liquidation_cap: int = 0
    seize_remainder: bool = False
    liquidate_when_paused: bool = False


def pack(config: MarketConfig, decimals: int) -> Words:
    """Validate parameters and pack them; what cannot be stored exactly is refused, never rounded.

    Args:
        config: The parameters.
        decimals: Of the feed, count.

    Returns:
        Words for PerpExchange.add_market and set_market_config.

    Raises:
        Revert: With the reason of the first rule that is broken.

    >>> unpack(pack(MarketConfig(), 8)) == MarketConfig()
    True
    """
    require(config.max_age != 0 and config.skew_scale != 0, "config: zero age or skew scale")
    first = _pack_word(config, 0)
    require(decimals <= 18, "oracle: over 18 decimals")
    first |= int(config.oracle, 16) << _ORACLE_START | decimals << _DECIMALS_START
    if config.seize_remainder:
        first |= SEIZE
    if config.liquidate_when_paused:
        first |= LIQUIDATE_WHEN_PAUSED
    words = (first, _pack_word(config, 1))
    _check(config)
    return words


def unpack(words: Words) -> MarketConfig:
    """Return the parameters in two words.

    Args:
        words: As PerpExchange keeps them; status and switches of the owner are ignored.

    Returns:
        The parameters.
    """
    skew_scale = (words[1] & (1 << 40) - 1) * WAD
    fields: dict[str, int] = {}
    for word, start, layout in zip(words, _STARTS, _LAYOUT, strict=True):
        for name, unit, bits in layout:
            whole = unit if unit > 0 else skew_scale // -unit
            fields[name] = (word >> start & (1 << bits) - 1) * whole
            start += bits
    return MarketConfig(
        oracle=f"0x{words[0] >> _ORACLE_START:040x}",
        seize_remainder=words[0] & SEIZE != 0,
        liquidate_when_paused=words[0] & LIQUIDATE_WHEN_PAUSED != 0,
        **fields,
    )


def check(words: Words, decimals: int) -> Words:
    """Return the words again if they are what `pack` makes of valid parameters.

    Args:
        words: As given to PerpExchange.
        decimals: Of the feed now, count.

    Returns:
        The same words.

    Raises:
        Revert: They are not.
    """
    packed = pack(unpack(words), decimals)
    require(packed == words, "config: not packed parameters")
    return packed


def _pack_word(config: MarketConfig, index: int) -> int:
    word, start = 0, _STARTS[index]
    for name, unit, bits in _LAYOUT[index]:
        amount = getattr(config, name)
        whole = unit if unit > 0 else max(1, config.skew_scale // -unit)
        fits = amount % whole == 0 and amount // whole >> bits == 0
        require(fits, "config: does not fit its field")
        word |= amount // whole << start
        start += bits
    return word


def _check(config: MarketConfig) -> None:
    """Raise Revert for the first rule that is broken, in the contract's order."""
    require(max(config.maker_fee, config.taker_fee) <= MAX_FEE, "config: fee over 5 percent")
    require(config.max_funding_rate <= WAD, "config: rate over 100 percent")
    require(WAD <= config.max_leverage <= MAX_LEVERAGE, "config: leverage out of bounds")
    # The liquidation fee stays below the initial margin, or a chunk could never restore it.
    ratios = config.maintenance_ratio + config.liquidation_fee_ratio
    require(ratios * config.max_leverage < WAD * WAD, "config: maintenance over initial")
    require(config.min_keeper_fee <= config.max_keeper_fee, "config: keeper fee bounds")
    # Below the skew scale, or the side that is short of it could not be closed.
    largest = max(config.max_long, config.max_short)
    require(largest < min(config.skew_scale, MAX_INTEREST), "config: cap too large")
    require(config.reserve_factor >= MIN_RESERVE_FACTOR, "config: reserve under 10 percent")
