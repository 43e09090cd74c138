# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Market holds: what live tokens take of their markets
@license AGPL-3.0-only
@author Steelyard
@notice Tokens of a market share what can be traded there without being sandwiched, and what its depth can bear.
        docs/protocol.md sections 4 and 5.
@dev Sums are taken anew from all live tokens of a market, so none can go stale: trade shares of both sides are at most
     one half, and caps of a side at most K / 4 times the least max_slippage of its tokens, the new one's included. At
     most fifty tokens fit in, each holding at least 1 %.
"""

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenFactory

WAD: constant(uint256) = 10**18
MAX_TRADE_SHARE: constant(uint256) = WAD // 2
# Caps are a quarter of the size at which the price bound would be reached.
CAP_PARTS: constant(uint256) = 4
MAX_LIVE: constant(uint256) = 50


struct Hold:
    is_long: bool
    trade_share: uint256  # WAD; 0 = the token holds nothing
    cap: uint256  # underlying WAD
    max_slippage: uint256  # WAD


# By token; created, configured, released.
_holds: HashMap[address, Hold]
# Venue to market to tokens that hold something, in no order.
_holders: HashMap[address, HashMap[uint256, DynArray[address, MAX_LIVE]]]


################################################################
#                             VIEW                             #
################################################################

@external
@view
def market_tokens(venue: address, market: uint256) -> DynArray[address, MAX_LIVE]:
    """
    @notice The live tokens of a market, both sides.
    @param venue IPerpExchange
    @param market Market id
    @return ILeveragedToken
    """
    return self._holders[venue][market]


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


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _set(
    token: address,
    setup: ILeveragedToken.Setup,
    config: ILeveragedTokenFactory.TokenConfig,
):
    """
    @notice Let a token hold what its configuration says.
    @param token ILeveragedToken
    @param setup What it is made of
    @param config For which there is room
    """
    if self._holds[token].trade_share == 0:
        self._holders[setup.venue][setup.market].append(token)
    self._holds[token] = Hold(
        is_long=setup.is_long,
        trade_share=config.rules.trade_share,
        cap=config.cap,
        max_slippage=config.rules.max_slippage,
    )


@internal
def _clear(token: address, venue: address, market: uint256):
    """
    @notice Free what a token holds.
    @param token One that holds something
    @param venue IPerpExchange
    @param market Market id
    """
    self._holds[token] = empty(Hold)
    holders: DynArray[address, MAX_LIVE] = self._holders[venue][market]
    last: address = holders.pop()
    for i: uint256 in range(len(holders), bound=MAX_LIVE):
        if holders[i] == token:
            holders[i] = last
            break
    self._holders[venue][market] = holders


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
    held: Hold = self._holds[token]
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
    @notice What the tokens of a market hold, but for one of them.
    @param venue IPerpExchange
    @param market Market id
    @param is_long Side whose caps count
    @param token Left out
    @return Units in MarketUse
    """
    use: ILeveragedTokenFactory.MarketUse = ILeveragedTokenFactory.MarketUse(
        trade_share=0, cap=0, max_slippage=max_value(uint256)
    )
    for other: address in self._holders[venue][market]:
        if other == token:
            continue
        hold: Hold = self._holds[other]
        use.trade_share += hold.trade_share
        if hold.is_long == is_long:
            use.cap += hold.cap
            use.max_slippage = min(use.max_slippage, hold.max_slippage)
    return use
