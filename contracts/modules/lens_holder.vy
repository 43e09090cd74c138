# pragma version 0.4.3
"""
@title Lens holder: an account's part of a token
@license AGPL-3.0-only
@author Steelyard
@notice What somebody has, what it is worth, what he can take out of it, and what he can still bring.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC4626

from ...interfaces import ILeveragedTokenLens

# Gas for a preview, which may revert, and for a nonce, which there may not be.
PREVIEW_GAS: constant(uint256) = 1_000_000
NONCE_GAS: constant(uint256) = 50_000


@internal
@view
def _read(account: address, token: address) -> ILeveragedTokenLens.HolderState:
    """
    @notice An account's part of a token; an account without shares has none, whatever they are worth.
    @param account Holder, or who may become one
    @param token LeveragedToken
    @return Units in HolderState
    """
    state: ILeveragedTokenLens.HolderState = empty(ILeveragedTokenLens.HolderState)
    state.ok = True
    state.token = token
    state.account = account
    state.balance = staticcall IERC20(token).balanceOf(account)
    if state.balance != 0:
        state.assets = staticcall IERC4626(token).convertToAssets(state.balance)
        state.max_redeem = staticcall IERC4626(token).maxRedeem(account)
        state.max_withdraw = staticcall IERC4626(token).maxWithdraw(account)
        state.redeem_assets = self._try(
            token,
            abi_encode(state.balance, method_id=method_id("previewRedeem(uint256)")),
            PREVIEW_GAS,
        )
    nonces: Bytes[36] = abi_encode(account, method_id=method_id("nonces(address)"))
    state.nonce = self._try(token, nonces, NONCE_GAS)
    state.asset = staticcall IERC4626(token).asset()
    state.asset_balance = staticcall IERC20(state.asset).balanceOf(account)
    state.asset_allowance = staticcall IERC20(state.asset).allowance(account, token)
    state.asset_nonce = self._try(state.asset, nonces, NONCE_GAS)
    return state


@internal
@view
def _try(target: address, call: Bytes[36], gas_limit: uint256) -> uint256:
    """
    @notice A number from a view that may revert, or not be there.
    @param target Contract
    @param call Encoded
    @param gas_limit Most gas it may use
    @return What it answers, raw; 0 when it does not
    """
    success: bool = False
    response: Bytes[32] = b""
    success, response = raw_call(
        target,
        call,
        max_outsize=32,
        gas=gas_limit,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(response) != 32:
        return 0
    return convert(response, uint256)
