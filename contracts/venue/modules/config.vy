# pragma version 0.4.3
"""
@title Perpetual exchange: parameters of the markets
@license AGPL-3.0-only
@author Steelyard
@notice Keeps each market's two parameter words, its status and its price guard.
@dev MarketParameters.vy validates the words; market_words.vy describes them.
"""

from ....interfaces import IMarketParameters
from ....interfaces import IPerpExchange
from . import market_words
from . import reasons

MAX_MARKETS: constant(uint256) = 32

# Validates words: MarketParameters.
_PARAMETERS: immutable(IMarketParameters)

# How many markets there are; ids start at 0; owner.
_count: uint256
# Packed parameters per market; owner.
_feeds: uint256[MAX_MARKETS]
_rules: uint256[MAX_MARKETS]
# Optional checks around each market's price: PriceGuard or empty; owner.
_guards: address[MAX_MARKETS]


@deploy
def __init__(parameters: address):
    """
    @param parameters MarketParameters
    """
    _PARAMETERS = IMarketParameters(parameters)


@internal
@view
def _feed(market: uint256) -> uint256:
    """
    @notice First word of a market's parameters.
    @param market Market id
    @return Word; reverts for an unknown market
    """
    word: uint256 = 0
    if market < MAX_MARKETS:
        word = self._feeds[market]
    if word == 0:
        reasons._revert("market: unknown")
    return word


@internal
@view
def _running_feed(market: uint256) -> uint256:
    """
    @notice First word of a market's parameters, unless it is down.
    @param market Market id
    @return Word
    """
    feed: uint256 = self._feed(market)
    if feed & market_words.PAUSED != 0:
        reasons._revert("market: paused")
    return feed


@internal
def _add(words: uint256[2]) -> uint256:
    """
    @notice Add a market, ACTIVE from the start.
    @param words Parameters
    @return Its id
    """
    market: uint256 = self._count
    if market == MAX_MARKETS:
        reasons._revert("market: too many")
    self._count = market + 1
    self._feeds[market] = market_words.ACTIVE
    self._set(market, words)
    return market


@internal
def _set(market: uint256, words: uint256[2]):
    """
    @notice Store valid parameters of a market; its status, forced rate and guard stay.
    @param market Market id
    @param words Parameters
    """
    checked: uint256[2] = staticcall _PARAMETERS.check(words)
    self._feeds[market] = checked[0] | (self._feeds[market] & market_words.STATE_BITS)
    self._rules[market] = checked[1]


@internal
def _set_bits(market: uint256, mask: uint256, bits: uint256):
    """
    @notice Change the state bits of a market's feed word.
    @param market Market id
    @param mask Bits to change
    @param bits Their new value
    """
    self._feeds[market] = self._feed(market) & ~mask | bits


@internal
@view
def _status(market: uint256) -> IPerpExchange.MarketStatus:
    """
    @notice What a market does with orders.
    @param market Market id
    @return One status; reverts for an unknown market
    """
    return convert(self._feed(market) & market_words.STATUS_BITS, IPerpExchange.MarketStatus)


@internal
@view
def _raise_fault(fault: uint256):
    """
    @notice Revert with the reason of a price fault, which MarketParameters knows.
    @param fault Fault id, not 0
    """
    never: uint256 = staticcall _PARAMETERS.raise_fault(fault)
