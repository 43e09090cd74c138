# pragma version 0.4.3
"""
@title Reference feed reader, and a feed that burns gas
@license AGPL-3.0-only
@author Steelyard
@notice Shows reference_feed to the tests; it is itself a feed that spends all the gas it gets.
"""

from ...modules import reference_feed


@external
@view
def fresh_price(feed: address, max_age: uint256) -> uint256:
    return reference_feed._fresh_price(feed, max_age)


@external
@view
def latestRoundData() -> uint256:
    assert msg.gas == 0, UNREACHABLE
    return 0
