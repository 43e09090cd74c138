# pragma version 0.4.3
"""
@title Harness: a venue in any state
@license AGPL-3.0-only
@author Steelyard
@notice Reports the account, room and maintenance margin that a test chooses.
"""

from ....interfaces import IPerpExchange

_state: IPerpExchange.AccountState
_room: uint256
_maintenance: uint256


@external
def set(state: IPerpExchange.AccountState, room: uint256, maintenance: uint256):
    self._state = state
    self._room = room
    self._maintenance = maintenance


@external
@view
def account_state(
    market: uint256, account: address, size_delta: int256
) -> IPerpExchange.AccountState:
    return self._state


@external
@view
def market_state(market: uint256) -> IPerpExchange.MarketState:
    state: IPerpExchange.MarketState = empty(IPerpExchange.MarketState)
    state.status = self._state.status
    if market == 0:
        state.room_long = self._room
    else:
        state.room_short = self._room
    return state


@external
@view
def maintenance_margin(market: uint256, size: int256) -> uint256:
    return self._maintenance
