# pragma version 0.4.3
"""
@title Leveraged token lens
@license AGPL-3.0-only
@author Steelyard
@notice Shows everything that a keeper, a page or a command line needs of up to a hundred tokens in one call, and what
        an account has of them. Stateless, and asked by no contract.
@dev Each token of a batch is read by a call of the lens to itself with a fixed amount of gas: what reverts there,
     answers nonsense or burns its gas is that token's affair. Thin over modules: lens_token (a token), lens_holder (an
     account's part), lens_prices (where a position ends). A contract can claim to be a token and lie in good form:
     which ones are real says the factory.
"""

from ..interfaces import ILeveragedTokenLens
from .modules import lens_holder
from .modules import lens_token

implements: ILeveragedTokenLens

MAX_TOKENS: constant(uint256) = 100
# What reading one token may use: several times what a token on any venue needs.
TOKEN_GAS: constant(uint256) = 2_000_000
# With less than this left a call would get less than its share, and a good token could look bad.
LEAST_GAS: constant(uint256) = TOKEN_GAS + TOKEN_GAS // 4
# Room for the encoding of one state, bytes.
MAX_STATE: constant(uint256) = 4_096


################################################################
#                             ONE                              #
################################################################

@external
@view
def token_state(token: address) -> ILeveragedTokenLens.TokenState:
    """
    @notice Everything about a token. Reverts when it cannot be read.
    @param token LeveragedToken
    @return Units in TokenState
    """
    return lens_token._read(token)


@external
@view
def holder_state(account: address, token: address) -> ILeveragedTokenLens.HolderState:
    """
    @notice An account's part of a token. Reverts when the token cannot be read.
    @param account Holder, or who may become one
    @param token LeveragedToken
    @return Units in HolderState
    """
    return lens_holder._read(account, token)


################################################################
#                             MANY                             #
################################################################

@external
@view
def token_states(
    tokens: DynArray[address, MAX_TOKENS],
) -> DynArray[ILeveragedTokenLens.TokenState, MAX_TOKENS]:
    """
    @notice Everything about many tokens; one that cannot be read is reported with `ok` False.
    @param tokens LeveragedTokens
    @return In their order; units in TokenState
    """
    states: DynArray[ILeveragedTokenLens.TokenState, MAX_TOKENS] = []
    for token: address in tokens:
        success: bool = False
        response: Bytes[MAX_STATE] = b""
        success, response = self._try(
            abi_encode(token, method_id=method_id("token_state(address)"))
        )
        if success:
            states.append(abi_decode(response, ILeveragedTokenLens.TokenState))
        else:
            unread: ILeveragedTokenLens.TokenState = empty(ILeveragedTokenLens.TokenState)
            unread.token = token
            states.append(unread)
    return states


@external
@view
def account_states(
    account: address, tokens: DynArray[address, MAX_TOKENS]
) -> DynArray[ILeveragedTokenLens.HolderState, MAX_TOKENS]:
    """
    @notice An account's part of many tokens; what cannot be read is reported with `ok` False.
    @param account Holder, or who may become one
    @param tokens LeveragedTokens
    @return In their order; units in HolderState
    """
    states: DynArray[ILeveragedTokenLens.HolderState, MAX_TOKENS] = []
    for token: address in tokens:
        success: bool = False
        response: Bytes[MAX_STATE] = b""
        success, response = self._try(
            abi_encode(account, token, method_id=method_id("holder_state(address,address)"))
        )
        if success:
            states.append(abi_decode(response, ILeveragedTokenLens.HolderState))
        else:
            unread: ILeveragedTokenLens.HolderState = empty(ILeveragedTokenLens.HolderState)
            unread.token = token
            unread.account = account
            states.append(unread)
    return states


################################################################
#                           INTERNAL                           #
################################################################

@internal
@view
def _try(call: Bytes[68]) -> (bool, Bytes[MAX_STATE]):
    """
    @notice Call one of the views of one token so that it cannot spoil the others.
    @param call Encoded
    @return Whether it worked
    @return What it returned, encoded
    """
    assert msg.gas >= LEAST_GAS, "lens: too little gas"
    success: bool = False
    response: Bytes[MAX_STATE] = b""
    success, response = raw_call(
        self,
        call,
        max_outsize=MAX_STATE,
        gas=TOKEN_GAS,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success, response
