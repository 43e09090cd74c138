# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: cash
@license AGPL-3.0-only
@author Steelyard
@notice The only module that touches the collateral. It knows how much is booked, whose market it backs, and
        what keepers are owed.
@dev `_backing` of a market is the cash behind its margins, pool and fees together, so an order that moves
     no collateral does not touch it: margins are what backing leaves after pool and fees.
     Booked cash = sum of backings + keepers owed; donations are never counted.
"""

from ethereum.ercs import IERC20

from ....interfaces import IPerpExchange
from . import reasons

################################################################
#                    CONSTANTS, IMMUTABLES                     #
################################################################

MAX_MARKETS: constant(uint256) = 32
# Most collateral pulled at once, collateral decimals: no product of it overflows.
MAX_PULL: constant(uint256) = 2**95

# Collateral.
_ASSET: immutable(address)
# Quote WAD per smallest unit of collateral.
_SCALE: immutable(uint256)
_ISCALE: immutable(int256)

################################################################
#                           STORAGE                            #
################################################################

# Collateral booked, in its own decimals; every verb that moves collateral.
_cash: uint256
# Cash behind each market, quote WAD.
_backing: uint256[MAX_MARKETS]
# Liquidation fees each keeper may claim, quote WAD.
_owed: HashMap[address, uint256]
# Their sum, quote WAD.
_owed_total: uint256

################################################################
#                         CONSTRUCTOR                          #
################################################################

@deploy
def __init__(asset: address, decimals: uint256):
    """
    @param asset Collateral, an ERC-20 without fee on transfer
    @param decimals Of the collateral, at most 18
    """
    if decimals > 18:
        reasons._revert("treasury: over 18 decimals")
    _ASSET = asset
    _SCALE = 10**(18 - decimals)
    _ISCALE = convert(_SCALE, int256)


################################################################
#                            KEEPER                            #
################################################################

@external
def claim_keeper_fees(receiver: address) -> uint256:
    """
    @notice Pay out the liquidation fees the caller is owed; what is below one unit of collateral stays owed.
    @param receiver Who gets the collateral
    @return Assets paid, collateral decimals
    """
    assets: uint256 = self._owed[msg.sender] // _SCALE
    if assets == 0:
        reasons._revert("treasury: nothing owed")
    self._owed[msg.sender] -= assets * _SCALE
    self._owed_total -= assets * _SCALE
    self._send(receiver, assets)
    log IPerpExchange.KeeperFeesClaimed(keeper=msg.sender, receiver=receiver, assets=assets)
    return assets


################################################################
#                             VIEW                             #
################################################################

@external
@view
def asset() -> address:
    """
    @notice The collateral's ERC-20.
    @return The collateral's address
    """
    return _ASSET


@external
@view
def cash() -> uint256:
    """
    @notice Collateral booked; the exchange's balance is never below it.
    @return Assets, collateral decimals
    """
    return self._cash


@external
@view
def owed(keeper: address) -> uint256:
    """
    @notice Liquidation fees a keeper may claim.
    @param keeper Flagger or liquidator
    @return Quote, WAD
    """
    return self._owed[keeper]


@external
@view
def owed_total() -> uint256:
    """
    @notice Liquidation fees owed to all keepers.
    @return Quote, WAD
    """
    return self._owed_total


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _receive(market: uint256, assets: uint256):
    """
    @notice Book collateral that lies here unbooked as backing of a market.
    @dev Unchecked: 2**95 at a time, no sum of them gets near a word.
    @param market Market id
    @param assets Collateral decimals, at most 2**95
    """
    booked: uint256 = unsafe_add(self._cash, assets)
    if staticcall IERC20(_ASSET).balanceOf(self) < booked:
        reasons._revert("treasury: not received")
    self._cash = booked
    self._backing[market] = unsafe_add(self._backing[market], unsafe_mul(assets, _SCALE))


@internal
def _pull(market: uint256, assets: uint256):
    """
    @notice Take collateral from the caller by allowance as backing of a market.
    @param market Market id
    @param assets Collateral decimals
    """
    if assets == 0 or assets > MAX_PULL:
        reasons._revert("treasury: bad amount")
    if not extcall IERC20(_ASSET).transferFrom(msg.sender, self, assets, default_return_value=True):
        reasons._revert("treasury: transfer failed")
    self._receive(market, assets)


@internal
def _pay(market: uint256, receiver: address, assets: uint256, kept: uint256):
    """
    @notice Pay collateral out of a market's backing.
    @param market Market id
    @param receiver Neither zero nor the exchange
    @param assets Collateral decimals
    @param kept What the caller must leave there, quote WAD
    """
    amount: uint256 = assets * _SCALE
    backing: uint256 = self._backing[market]
    if amount > backing - min(backing, kept):
        reasons._revert("treasury: venue cannot pay")
    self._backing[market] = unsafe_sub(backing, amount)
    self._send(receiver, assets)


@internal
def _owe(market: uint256, keeper: address, amount: uint256):
    """
    @notice Move a liquidation fee from a market's backing to what a keeper may claim.
    @param market Market id
    @param keeper Flagger or liquidator
    @param amount Quote WAD, already taken from margin or fees
    """
    self._backing[market] -= amount
    self._owed[keeper] += amount
    self._owed_total += amount


@internal
def _send(receiver: address, assets: uint256):
    """
    @notice Send booked collateral.
    @param receiver Neither zero nor the exchange
    @param assets Collateral decimals
    """
    if receiver == empty(address) or receiver == self:
        reasons._revert("treasury: bad receiver")
    self._cash -= assets
    if not extcall IERC20(_ASSET).transfer(receiver, assets, default_return_value=True):
        reasons._revert("treasury: payment failed")
