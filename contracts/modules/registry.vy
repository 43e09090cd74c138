# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Token registry: every token there is, and what the live ones hold of their markets
@license AGPL-3.0-only
@author Steelyard
@notice Live tokens of a market share what can be traded there without being sandwiched, and what depth can bear.
        docs/protocol.md sections 4 and 5.
@dev Sums are taken anew from all live tokens of a market, so none can go stale: trade shares of both sides are at most
     one half, and caps of a side at most the least max_slippage of its tokens times K / 4, the new token's included.
     At most fifty fit in, each holding at least 1 %.
"""

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenFactory
from ...interfaces import IPerpExchange
from . import vault_terms

WAD: constant(uint256) = 10**18
MAX_TRADE_SHARE: constant(uint256) = WAD // 2
# Caps are a quarter of the size at which the price bound would be reached.
CAP_PARTS: constant(uint256) = 4
MAX_LIVE: constant(uint256) = 50
MAX_PAGE: constant(uint256) = 100
# Without a position and with less equity than this a token is wiped for good, quote WAD.
WIPED_EQUITY: constant(int256) = 10**18


# What a live token takes of its market.
struct Hold:
    is_long: bool
    trade_share: uint256  # WAD
    cap: uint256  # underlying WAD
    max_slippage: uint256  # WAD


struct Entry:
    series: uint256  # number, 0 for what is not a token of this factory
    first: address
    successor: address
    initial_nav: uint256  # quote WAD
    management_fee: uint256  # per year, WAD
    is_live: bool
    hold: Hold


token_count: public(uint256)
# In the order of creation.
tokens: public(HashMap[uint256, address])
# By token; created, configured, released.
_entries: HashMap[address, Entry]
# Venue to market to live tokens, in no order.
_live: HashMap[address, HashMap[uint256, DynArray[address, MAX_LIVE]]]
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
def market_tokens(venue: address, market: uint256) -> DynArray[address, MAX_LIVE]:
    """
    @notice The live tokens of a market, both sides.
    @param venue IPerpExchange
    @param market Market id
    @return ILeveragedToken
    """
    return self._live[venue][market]


@external
@view
def market_use(venue: address, market: uint256, is_long: bool) -> ILeveragedTokenFactory.MarketUse:
    """
    @notice How much of a market's trade share, and of a side's cap, is taken.
    @param venue IPerpExchange
    @param market Market id
    @param is_long Side
    @return Units in MarketUse
    """
    return self._use_of_others(venue, market, is_long, empty(address))


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
    @notice Take a new token in; it holds nothing yet.
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
    self._live[setup.venue][setup.market].append(token)
    entry: Entry = empty(Entry)
    entry.series = series
    entry.first = first
    entry.initial_nav = initial_nav
    entry.is_live = True
    self._entries[token] = entry


@internal
def _configure(token: address, is_long: bool, config: ILeveragedTokenFactory.TokenConfig):
    """
    @notice Record what a token holds from now on, and the fee as it was configured.
    @param token Live token
    @param is_long Its side
    @param config For which there is room
    """
    self._entries[token].management_fee = config.management_fee
    self._entries[token].hold = Hold(
        is_long=is_long,
        trade_share=config.rules.trade_share,
        cap=config.cap,
        max_slippage=config.rules.max_slippage,
    )


@internal
def _release(token: address):
    """
    @notice Free what a dead token holds.
    @param token Live token
    """
    setup: ILeveragedToken.Setup = staticcall ILeveragedToken(token).setup()
    self._taken[setup.symbol] = False
    self._entries[token].is_live = False
    self._entries[token].hold = empty(Hold)
    live: DynArray[address, MAX_LIVE] = self._live[setup.venue][setup.market]
    last: address = live.pop()
    for i: uint256 in range(len(live), bound=MAX_LIVE):
        if live[i] == token:
            live[i] = last
            break
    self._live[setup.venue][setup.market] = live
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
    @notice Revert unless a market has room for a token's trade share and cap.
    @dev The venue may have become less deep: then what asks for no more than it holds is not refused.
    @param token Whose hold the new one replaces, or empty for a new token
    @param setup What it is made of
    @param skew_scale K, underlying WAD; 0 = trades move no price, so caps need no bound
    @param config Packable
    """
    use: ILeveragedTokenFactory.MarketUse = self._use_of_others(
        setup.venue, setup.market, setup.is_long, token
    )
    assert (
        use.trade_share + config.rules.trade_share <= MAX_TRADE_SHARE
    ), "registry: no trade share left"
    held: Hold = self._entries[token].hold
    slippage: uint256 = config.rules.max_slippage
    if skew_scale == 0 or (config.cap <= held.cap and slippage >= held.max_slippage):
        return
    assert (
        (use.cap + config.cap) * CAP_PARTS * WAD <= min(use.max_slippage, slippage) * skew_scale
    ), "registry: caps over the depth"


@internal
@view
def _use_of_others(
    venue: address, market: uint256, is_long: bool, token: address
) -> ILeveragedTokenFactory.MarketUse:
    """
    @notice What the live tokens of a market hold, but for one of them.
    @param venue IPerpExchange
    @param market Market id
    @param is_long Side whose caps count
    @param token Left out
    @return Units in MarketUse
    """
    use: ILeveragedTokenFactory.MarketUse = ILeveragedTokenFactory.MarketUse(
        trade_share=0, cap=0, max_slippage=max_value(uint256)
    )
    for other: address in self._live[venue][market]:
        if other == token:
            continue
        hold: Hold = self._entries[other].hold
        use.trade_share += hold.trade_share
        if hold.is_long == is_long:
            use.cap += hold.cap
            use.max_slippage = min(use.max_slippage, hold.max_slippage)
    return use


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
