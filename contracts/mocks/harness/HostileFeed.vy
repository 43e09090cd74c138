# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Price feed that answers with any bytes
@license AGPL-3.0-only
@author Steelyard
@notice For answers that are no AggregatorV3 round at all; MockAggregator has the merely wrong ones.
"""

decimals: public(uint8)
_response: Bytes[256]


@deploy
def __init__(decimals: uint8, response: Bytes[256]):
    self.decimals = decimals
    self._response = response


@external
def respond(response: Bytes[256]):
    """
    @notice Choose what `latestRoundData` answers.
    """
    self._response = response


@external
@view
@raw_return
def latestRoundData() -> Bytes[256]:
    return self._response
