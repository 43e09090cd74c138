# pragma version 0.4.3
"""
@title Lens prices: where a position ends
@license AGPL-3.0-only
@author Steelyard
@notice The prices at which a position is worth nothing, and at which its venue may liquidate it.
@dev P price now, p then, q size, N = |q| P, E equity, M maintenance margin, taken as proportional to the price.
     Funding to come is not in it.
     long :  E + |q| (p - P) = M p / P,  so  p = P (N - E) / (N - M)
     short:  E - |q| (p - P) = M p / P,  so  p = P (N + E) / (N + M)
     Bounds: |q| < 2**96, P <= 2**94, |E|, M < 2**128.
"""

from ...interfaces import IPerpExchange

WAD: constant(uint256) = 10**18


@internal
@pure
def _price_at(state: IPerpExchange.AccountState, margin: uint256) -> uint256:
    """
    @notice The price at which equity meets a margin that is proportional to the price.
    @param state Of the account
    @param margin At the price now: 0 for where equity ends, or the maintenance margin; quote WAD
    @return WAD, rounded to the side that comes first; 0 = at none, max_value(uint256) = at every one
    """
    notional: uint256 = convert(abs(state.size), uint256) * state.price // WAD
    if notional == 0:
        return 0
    if state.size > 0:
        if margin >= notional:
            return max_value(uint256)
        lost: int256 = max(convert(notional, int256) - state.equity, 0)
        left: uint256 = notional - margin
        return (state.price * convert(lost, uint256) + left - 1) // left
    both: int256 = max(convert(notional, int256) + state.equity, 0)
    return state.price * convert(both, uint256) // (notional + margin)
