# pragma version 0.4.3
"""
@title Lens token: all there is to show of a token
@license AGPL-3.0-only
@author Steelyard
@notice Asks token, venue and collateral, and unpacks what the token keeps packed.
@dev A settled token has left its venue, so that is not asked any more.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenLens
from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import lens_prices
from . import policy_words
from . import vault_terms

WAD: constant(uint256) = 10**18
MASK_128: constant(uint256) = 2**128 - 1
# Without a position and with less equity a token is wiped, quote WAD.
WIPED_EQUITY: constant(int256) = 10**18
# What a collateral may use to tell its symbol.
SYMBOL_GAS: constant(uint256) = 50_000


@internal
@view
def _read(token: address) -> ILeveragedTokenLens.TokenState:
    """
    @notice Everything about a token.
    @param token LeveragedToken
    @return Units in TokenState
    """
    state: ILeveragedTokenLens.TokenState = empty(ILeveragedTokenLens.TokenState)
    words: ILeveragedToken.Words = staticcall ILeveragedToken(token).words()
    state.ok = True
    state.token = token
    state.setup = staticcall ILeveragedToken(token).setup()
    state.factory = staticcall ILeveragedToken(token).factory()
    state.fee_receiver = staticcall ILeveragedToken(token).fee_receiver()
    state.asset = staticcall IERC4626(token).asset()
    state.asset_symbol = self._symbol(state.asset)
    state.asset_decimals = convert(staticcall IERC20Detailed(state.asset).decimals(), uint256)
    state.terms = vault_terms._unpack(words.terms)
    state.rules = policy_words._unpack_rules(words.rules)
    state.mem = policy_words._unpack_memory(words.mem)
    state.supply = staticcall IERC20(token).totalSupply()
    state.owed_shares = staticcall ILeveragedToken(token).owed_shares()
    state.shares = state.supply + state.owed_shares
    state.settled_assets = words.settlement & MASK_128
    state.settled_shares = words.settlement >> 128
    state.timestamp = block.timestamp
    state.block_number = block.number
    if state.terms.phase == ILeveragedToken.Phase.CLOSED:
        return self._settled(state)
    return self._trading(state)


@internal
@view
def _trading(read: ILeveragedTokenLens.TokenState) -> ILeveragedTokenLens.TokenState:
    """
    @notice What a token's position adds.
    @param read What the token itself keeps
    @return Units in TokenState
    """
    state: ILeveragedTokenLens.TokenState = read
    token: address = state.token
    account: IPerpExchange.AccountState = staticcall IPerpExchange(state.setup.venue).account_state(
        state.setup.market, token, 0
    )
    has_value: bool = account.size == 0 or account.price != 0
    equity: uint256 = convert(max(account.equity, 0), uint256) if has_value else 0
    state.account = account
    state.decision = staticcall ILeveragedToken(token).rebalance_status()
    state.wiped = has_value and (
        account.equity <= 0 or (account.size == 0 and account.equity < WIPED_EQUITY)
    )
    state.nav = self._per_share(equity, state.shares)
    state.assets = equity // self._scale(state)
    state.max_deposit = staticcall IERC4626(token).maxDeposit(self)
    state.max_mint = staticcall IERC4626(token).maxMint(self)
    state.zero_price = lens_prices._price_at(account, 0)
    state.liquidation_price = lens_prices._price_at(account, account.maintenance)
    return state


@internal
@view
def _settled(read: ILeveragedTokenLens.TokenState) -> ILeveragedTokenLens.TokenState:
    """
    @notice What a settlement adds: its rate, and what is left of it.
    @param read What the token itself keeps
    @return Units in TokenState
    """
    state: ILeveragedTokenLens.TokenState = read
    state.decision.trigger = IRebalancePolicy.Trigger.NOTHING
    state.decision.obstacle = IRebalancePolicy.Obstacle.CLEAR
    state.nav = self._per_share(state.settled_assets * self._scale(state), state.settled_shares)
    state.assets = staticcall IERC4626(state.token).totalAssets()
    return state


@internal
@pure
def _per_share(equity: uint256, shares: uint256) -> uint256:
    """
    @notice Net asset value per share.
    @param equity Quote WAD
    @param shares 18 decimals
    @return Quote WAD, rounded down; 0 without shares
    """
    return equity * WAD // shares if shares != 0 else 0


@internal
@pure
def _scale(state: ILeveragedTokenLens.TokenState) -> uint256:
    """
    @notice Collateral as money.
    @param state With the collateral's decimals
    @return Quote WAD per unit of collateral
    """
    return 10**(18 - state.asset_decimals)


@internal
@view
def _symbol(asset: address) -> String[32]:
    """
    @notice What a collateral calls itself; not all ERC-20 do, and some in 32 bytes without a length.
    @param asset ERC-20
    @return Its symbol, empty when there is none of at most 32 bytes
    """
    success: bool = False
    response: Bytes[96] = b""
    success, response = raw_call(
        asset,
        method_id("symbol()"),
        max_outsize=96,
        gas=SYMBOL_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    if (
        not success
        or len(response) != 96
        or extract32(response, 0, output_type=uint256) != 32
        or extract32(response, 32, output_type=uint256) > 32
    ):
        return ""
    return abi_decode(response, String[32])
