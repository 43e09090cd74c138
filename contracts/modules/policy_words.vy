# pragma version 0.4.3
"""
@title Policy words: layout of a token's rules and memory
@license AGPL-3.0-only
@author Steelyard
@notice Rules travel in two words and memory in two, so that a rebalance reads four slots.
@dev Low bits first; leverage in 1e-4, ratios in 1e-6, times in seconds:
     rules 0 : target 20 | lo 20 | hi 20 | em 20 | recentering 20 | min drift 20 | max slippage 20
               | emergency slippage 20 | min rate 16 | max rate 16 | max reward 16 | trade share 20 | budget 20
     rules 1 : reference 160 | reference max age 20 | max deviation 20 | boundary 17 | window 14 | scheduled 1
               | auction 13 | cooldown 10
     memory 0: aim 72 (WAD) | since 40 | traded at 40 | upward 1 | rebuilding 1 | budget used 101 (WAD)
               | winding down 1: whether the second word holds anything, so that others need not read it
     memory 1: winding down at 40 | size then 96 (WAD)
"""

from ...interfaces import IRebalancePolicy

WAD: constant(uint256) = 10**18
DAY: constant(uint256) = 86_400
LEVERAGE: constant(uint256) = 10**14
MICRO: constant(uint256) = 10**12
MASK_10: constant(uint256) = 2**10 - 1
MASK_13: constant(uint256) = 2**13 - 1
MASK_14: constant(uint256) = 2**14 - 1
MASK_16: constant(uint256) = 2**16 - 1
MASK_17: constant(uint256) = 2**17 - 1
MASK_20: constant(uint256) = 2**20 - 1
MASK_40: constant(uint256) = 2**40 - 1
MASK_72: constant(uint256) = 2**72 - 1
MASK_101: constant(uint256) = 2**101 - 1
WINDING_DOWN: constant(uint256) = 1 << 255


@internal
@pure
def _pack_rules(rules: IRebalancePolicy.Rules) -> uint256[2]:
    """
    @notice Pack rules; what cannot be stored exactly is refused, never rounded.
    @dev The order of the rules is all that a decision's arithmetic needs; their bounds are the factory's.
    @param rules Units in Rules
    @return Words
    """
    assert (
        rules.leverage_lo != 0
        and rules.leverage_lo < rules.target
        and rules.target < rules.leverage_hi
        and rules.leverage_hi < rules.emergency_leverage
        and rules.recentering <= WAD
        and rules.max_slippage <= rules.emergency_slippage
        and rules.emergency_slippage < WAD
        and rules.min_rate <= rules.max_rate
        and rules.cost_budget != 0
        and rules.boundary < DAY
        and rules.auction_duration != 0
    ), "policy: rules out of order"
    return [
        self._fit(rules.target, LEVERAGE, 20)
        | self._fit(rules.leverage_lo, LEVERAGE, 20) << 20
        | self._fit(rules.leverage_hi, LEVERAGE, 20) << 40
        | self._fit(rules.emergency_leverage, LEVERAGE, 20) << 60
        | self._fit(rules.recentering, MICRO, 20) << 80
        | self._fit(rules.min_drift, MICRO, 20) << 100
        | self._fit(rules.max_slippage, MICRO, 20) << 120
        | self._fit(rules.emergency_slippage, MICRO, 20) << 140
        | self._fit(rules.min_rate, MICRO, 16) << 160
        | self._fit(rules.max_rate, MICRO, 16) << 176
        | self._fit(rules.max_reward, MICRO, 16) << 192
        | self._fit(rules.trade_share, MICRO, 20) << 208
        | self._fit(rules.cost_budget, MICRO, 20) << 228,
        convert(rules.reference, uint256)
        | self._fit(rules.reference_max_age, 1, 20) << 160
        | self._fit(rules.max_deviation, MICRO, 20) << 180
        | self._fit(rules.boundary, 1, 17) << 200
        | self._fit(rules.window, 1, 14) << 217
        | convert(rules.scheduled, uint256) << 231
        | self._fit(rules.auction_duration, 1, 13) << 232
        | self._fit(rules.cooldown, 1, 10) << 245,
    ]


@internal
@pure
def _unpack_rules(words: uint256[2]) -> IRebalancePolicy.Rules:
    """
    @notice The rules in two words.
    @param words Packed
    @return Units in Rules
    """
    a: uint256 = words[0]
    b: uint256 = words[1]
    return IRebalancePolicy.Rules(
        target=unsafe_mul(a & MASK_20, LEVERAGE),
        leverage_lo=unsafe_mul((a >> 20) & MASK_20, LEVERAGE),
        leverage_hi=unsafe_mul((a >> 40) & MASK_20, LEVERAGE),
        emergency_leverage=unsafe_mul((a >> 60) & MASK_20, LEVERAGE),
        recentering=unsafe_mul((a >> 80) & MASK_20, MICRO),
        min_drift=unsafe_mul((a >> 100) & MASK_20, MICRO),
        max_slippage=unsafe_mul((a >> 120) & MASK_20, MICRO),
        emergency_slippage=unsafe_mul((a >> 140) & MASK_20, MICRO),
        min_rate=unsafe_mul((a >> 160) & MASK_16, MICRO),
        max_rate=unsafe_mul((a >> 176) & MASK_16, MICRO),
        max_reward=unsafe_mul((a >> 192) & MASK_16, MICRO),
        trade_share=unsafe_mul((a >> 208) & MASK_20, MICRO),
        cost_budget=unsafe_mul((a >> 228) & MASK_20, MICRO),
        boundary=(b >> 200) & MASK_17,
        window=(b >> 217) & MASK_14,
        scheduled=(b >> 231) & 1 != 0,
        auction_duration=(b >> 232) & MASK_13,
        cooldown=(b >> 245) & MASK_10,
        reference=convert(b & (2**160 - 1), address),
        reference_max_age=(b >> 160) & MASK_20,
        max_deviation=unsafe_mul((b >> 180) & MASK_20, MICRO),
    )


@internal
@pure
def _cost_budget(word: uint256) -> uint256:
    """
    @notice The budget alone.
    @param word First word of the rules
    @return Of equity per day, WAD
    """
    return unsafe_mul((word >> 228) & MASK_20, MICRO)


@internal
@pure
def _pack_memory(mem: IRebalancePolicy.Memory) -> uint256[2]:
    """
    @notice Pack a token's memory.
    @dev The budget's figure saturates: costs per equity have no bound when equity is next to nothing.
    @param mem Units in Memory; aim below 2**72 (an aim of rules is below 2**67), times below 2**40, size below
           2**216
    @return Words
    """
    return [
        mem.aim
        | mem.since << 72
        | mem.traded_at << 112
        | convert(mem.upward, uint256) << 152
        | convert(mem.rebuilding, uint256) << 153
        | min(mem.budget_used, MASK_101) << 154
        | convert(mem.winding_down_at != 0, uint256) << 255,
        mem.winding_down_at | mem.winding_down_size << 40,
    ]


@internal
@pure
def _unpack_memory(words: uint256[2]) -> IRebalancePolicy.Memory:
    """
    @notice A token's memory.
    @param words Packed
    @return Units in Memory
    """
    return IRebalancePolicy.Memory(
        aim=words[0] & MASK_72,
        since=(words[0] >> 72) & MASK_40,
        upward=(words[0] >> 152) & 1 != 0,
        rebuilding=(words[0] >> 153) & 1 != 0,
        traded_at=(words[0] >> 112) & MASK_40,
        budget_used=(words[0] >> 154) & MASK_101,
        winding_down_at=words[1] & MASK_40,
        winding_down_size=words[1] >> 40,
    )


@internal
@pure
def _fit(amount: uint256, unit: uint256, bits: uint256) -> uint256:
    """
    @notice A parameter in its storage unit.
    @param amount In the scale of Rules
    @param unit Storage unit in the same scale
    @param bits Width of the field, count
    @return amount / unit
    """
    assert amount % unit == 0 and (amount // unit) >> bits == 0, "policy: does not fit its field"
    return amount // unit
