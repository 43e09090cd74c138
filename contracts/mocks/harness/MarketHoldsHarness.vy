# pragma version 0.4.3
"""
@title Market holds on their own
@license AGPL-3.0-only
@author Steelyard
@notice Shows market_holds to the tests, with tokens that need not exist on venues of any depth.
"""

from ....interfaces import ILeveragedToken
from ....interfaces import ILeveragedTokenFactory
from ...modules import market_holds

initializes: market_holds

exports: (market_holds.market_tokens, market_holds.market_use)


@external
def hold(
    token: address,
    setup: ILeveragedToken.Setup,
    skew_scale: uint256,
    config: ILeveragedTokenFactory.TokenConfig,
):
    """
    @notice As when a token is made or configured.
    """
    market_holds._check_room(token, setup, skew_scale, config)
    market_holds._set(token, setup, config)


@external
def clear(token: address, venue: address, market: uint256):
    """
    @notice As when a token is released.
    """
    market_holds._clear(token, venue, market)
