# pragma version 0.4.3
"""
@title Leverage formulas, one by one
@license AGPL-3.0-only
@author Steelyard
@notice Shows the functions of leverage_math to the tests.
"""

from ...modules import leverage_math


@external
@pure
def leverage(size: int256, price: uint256, equity: int256) -> uint256:
    return leverage_math._leverage(size, price, equity)


@external
@pure
def fill_price(market: leverage_math.Market, size_delta: int256) -> uint256:
    return leverage_math._fill_price(market, size_delta)


@external
@pure
def cost(market: leverage_math.Market, size_delta: int256, fill_price: uint256) -> int256:
    fee: uint256 = leverage_math._fee(market, size_delta, fill_price)
    return convert(fee, int256) + leverage_math._impact(market.price, size_delta, fill_price)


@external
@pure
def cost_at_fill(market: leverage_math.Market, size_delta: int256) -> int256:
    return leverage_math._cost(market, size_delta)


@external
@pure
def delta_to(
    market: leverage_math.Market,
    size: int256,
    equity: int256,
    is_long: bool,
    aim: uint256,
    rate: uint256,
) -> int256:
    return leverage_math._delta_to(market, size, equity, is_long, aim, rate)


@external
@pure
def growth(rate: uint256, elapsed: uint256) -> uint256:
    return leverage_math._growth(rate, elapsed)
