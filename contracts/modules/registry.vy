# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Token registry: every token there is, dead or alive
@license AGPL-3.0-only
@author Steelyard
@notice A live token holds its symbol, and its part of a market (market_holds); a dead one is released by anyone.
"""

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenFactory
from ...interfaces import IPerpExchange
from . import market_holds
from . import vault_terms

uses: market_holds

MAX_PAGE: constant(uint256) = 100
# Without a position and with less equity than this a token is wiped for good, quote WAD.
WIPED_EQUITY: constant(int256) = 10**18


struct Entry:
    series: uint256  # number, 0 for what is not a token of this factory
    first: address
    successor: address
    initial_nav: uint256  # quote WAD
    management_fee: uint256  # per year, WAD
    is_live: bool


token_count: public(uint256)
# In the order of creation.
tokens: public(HashMap[uint256, address])
# By token; created, configured, released.
_entries: HashMap[address, Entry]
# Symbols of live tokens.
_taken: HashMap[String[32], bool]


################################################################
#                            ANYONE                            #
################################################################

@external
def release(token: address):
    """
    @notice Free the symbol, trade share and cap of a dead token.
    @param token Live token that is dead
    """
    self._check_live(token)
    assert self._is_dead(token), "registry: not dead"
    self._release(token)


################################################################
#                             VIEW                             #
################################################################

@external
@view
def tokens_page(start: uint256, count: uint256) -> DynArray[address, MAX_PAGE]:
    """
    @notice Many tokens at once.
    @param start Index of the first
    @param count Most tokens to return
    @return ILeveragedToken, in the order of creation
    """
    page: DynArray[address, MAX_PAGE] = []
    left: uint256 = self.token_count - min(start, self.token_count)
    for offset: uint256 in range(min(min(count, left), MAX_PAGE), bound=MAX_PAGE):
        page.append(self.tokens[start + offset])
    return page


@external
@view
def is_token(token: address) -> bool:
    """
    @notice Whether this factory made a token.
    @param token Any address
    @return True if so
    """
    return self._entries[token].series != 0


@external
@view
def is_dead(token: address) -> bool:
    """
    @notice Whether a token has ended for good.
    @param token Token of this factory
    @return True if so
    """
    self._check_token(token)
    return self._is_dead(token)


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _enter(
    token: address,
    setup: ILeveragedToken.Setup,
    series: uint256,
    first: address,
    initial_nav: uint256,
):
    """
    @notice Take a new token in; it holds nothing of its market yet.
    @param token ILeveragedToken
    @param setup What it is made of
    @param series Number, from 1
    @param first The series' first token
    @param initial_nav Quote WAD
    """
    assert not self._taken[setup.symbol], "registry: symbol taken"
    self._taken[setup.symbol] = True
    self.tokens[self.token_count] = token
    self.token_count += 1
    entry: Entry = empty(Entry)
    entry.series = series
    entry.first = first
    entry.initial_nav = initial_nav
    entry.is_live = True
    self._entries[token] = entry


@internal
def _configure(
    token: address,
    setup: ILeveragedToken.Setup,
    config: ILeveragedTokenFactory.TokenConfig,
):
    """
    @notice Record a token's configuration, and what it holds of its market by it.
    @param token Live token
    @param setup What it is made of
    @param config For which there is room
    """
    market_holds._set(token, setup, config)
    self._entries[token].management_fee = config.management_fee


@internal
def _release(token: address):
    """
    @notice Free what a dead token holds.
    @param token Live token
    """
    setup: ILeveragedToken.Setup = staticcall ILeveragedToken(token).setup()
    self._taken[setup.symbol] = False
    self._entries[token].is_live = False
    market_holds._clear(token, setup.venue, setup.market)
    log ILeveragedTokenFactory.TokenReleased(token=token)


@internal
@view
def _check_room(
    token: address,
    setup: ILeveragedToken.Setup,
    skew_scale: uint256,
    config: ILeveragedTokenFactory.TokenConfig,
):
    """
    @notice Revert unless a token's market has room for a configuration.
    @param token Which of its live tokens, or empty for a new one
    @param setup What it is made of
    @param skew_scale K, underlying WAD
    @param config Packable
    """
    market_holds._check_room(token, setup, skew_scale, config)


@internal
@view
def _is_dead(token: address) -> bool:
    """
    @notice Whether a token has ended for good.
    @param token ILeveragedToken
    @return True when settled or wiped
    """
    return self._phase(token) == ILeveragedToken.Phase.CLOSED or self._is_wiped(token)


@internal
@view
def _is_wiped(token: address) -> bool:
    """
    @notice Whether a token has no position and next to no equity: nothing revives it.
    @param token ILeveragedToken
    @return True if so
    """
    setup: ILeveragedToken.Setup = staticcall ILeveragedToken(token).setup()
    state: IPerpExchange.AccountState = staticcall IPerpExchange(setup.venue).account_state(
        setup.market, token, 0
    )
    return state.size == 0 and state.equity < WIPED_EQUITY


@internal
@view
def _phase(token: address) -> ILeveragedToken.Phase:
    """
    @notice A token's phase.
    @param token ILeveragedToken
    @return One flag
    """
    return vault_terms._phase((staticcall ILeveragedToken(token).words()).terms)


@internal
@view
def _check_token(token: address):
    """
    @notice Revert for what is not a token of this factory.
    @param token Any address
    """
    assert self._entries[token].series != 0, "registry: not a token"


@internal
@view
def _check_live(token: address):
    """
    @notice Revert for what is not in the books as a live token.
    @param token Any address
    """
    assert self._entries[token].is_live, "registry: not a live token"
