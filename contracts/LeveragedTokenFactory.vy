# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Leveraged token factory
@license AGPL-3.0-only
@author Steelyard
@notice Makes leveraged tokens with their seed, keeps the list of them, and is the only one who may configure, pause or
        end one.
@dev Thin over modules: token_making (deploy and seed), registry (all tokens) and market_holds (trade shares and caps),
     token_settings (configure, wind down) over timelock, token_bounds (constants that nobody can pass) and config_words
     (packing), mint_pauses. Design: docs/protocol.md sections 4, 7 and 8. Trusted: the owner, with which venue a token
     trades on, and within bounds and delay with its rules and fees; the guardian, with mint pauses. Nobody can move
     collateral or the seed's shares, or replace code.
@custom:kill schedule_wind_down ends a token after the delay, pause_mint closes its mints for a time. Redemption has no
        switch.
"""

from snekmate.auth import ownable
from snekmate.auth import ownable_2step

from ..interfaces import ILeveragedToken
from ..interfaces import ILeveragedTokenFactory
from .modules import config_words
from .modules import market_holds
from .modules import mint_pauses
from .modules import registry
from .modules import timelock
from .modules import token_making
from .modules import token_settings
from .modules import vault_terms

implements: ILeveragedTokenFactory

################################################################
#                           MODULES                            #
################################################################

initializes: ownable
initializes: ownable_2step[ownable := ownable]
initializes: config_words
initializes: market_holds
initializes: mint_pauses[ownable := ownable]
initializes: registry[market_holds := market_holds]
initializes: timelock
initializes: token_making[ownable := ownable, config_words := config_words, registry := registry]
initializes: token_settings[
    ownable := ownable, config_words := config_words, registry := registry, timelock := timelock
]

# Left out on purpose: giving up ownership, which would leave tokens that nobody could wind down.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
)
exports: (
    registry.token_count,
    registry.tokens,
    registry.tokens_page,
    registry.is_token,
    registry.is_dead,
    registry.release,
)
exports: (market_holds.market_tokens, market_holds.market_use)
exports: (
    token_making.blueprint,
    token_making.policy,
    token_making.quotes,
    token_making.create_token,
    token_making.create_next_series,
)
exports: (
    token_settings.token_config,
    token_settings.pending,
    token_settings.schedule_config,
    token_settings.apply_config,
    token_settings.cancel_config,
    token_settings.lower_fees,
    token_settings.schedule_wind_down,
    token_settings.apply_wind_down,
    token_settings.cancel_wind_down,
)
exports: (timelock.CONFIG_DELAY, timelock.CONFIG_LAPSE)
exports: (mint_pauses.guardian, mint_pauses.MAX_PAUSE, mint_pauses.PAUSE_COOL_OFF)

################################################################
#                         CONSTRUCTOR                          #
################################################################

@deploy
def __init__(blueprint: address, policy: address, quotes: address):
    """
    @notice A factory without tokens; the deployer owns it, and nobody is guardian.
    @param blueprint LeveragedToken's creation code (EIP-5202)
    @param policy IRebalancePolicy
    @param quotes IVaultQuotes
    """
    ownable.__init__()
    ownable_2step.__init__()
    config_words.__init__(policy)
    token_making.__init__(blueprint, policy, quotes)


################################################################
#                            OWNER                             #
################################################################

@external
def set_guardian(guardian: address):
    """
    @notice Choose who may pause mints; owner only.
    @param guardian The account, or zero for none
    """
    ownable._check_owner()
    log ILeveragedTokenFactory.GuardianUpdated(
        old_guardian=mint_pauses.guardian, new_guardian=guardian
    )
    mint_pauses.guardian = guardian


################################################################
#                           GUARDIAN                           #
################################################################

@external
def pause_mint(token: address):
    """
    @notice Close a token's mints for MAX_PAUSE; guardian or owner.
    @param token Live token
    """
    until: uint256 = mint_pauses._begin(token)
    registry._check_live(token)
    extcall ILeveragedToken(token).pause_mint(until)
    log ILeveragedTokenFactory.MintPaused(token=token, caller=msg.sender, until=until)


@external
def unpause_mint(token: address):
    """
    @notice End a pause early; guardian or owner.
    @param token Live token
    """
    mint_pauses._check_role()
    registry._check_live(token)
    words: ILeveragedToken.Words = staticcall ILeveragedToken(token).words()
    assert vault_terms._is_paused(words.terms), "pause: not paused"
    extcall ILeveragedToken(token).pause_mint(block.timestamp)
    log ILeveragedTokenFactory.MintUnpaused(token=token, caller=msg.sender)


################################################################
#                             VIEW                             #
################################################################

@external
@view
def token_info(token: address) -> ILeveragedTokenFactory.TokenInfo:
    """
    @notice Series, seed and pauses of a token.
    @param token Any address
    @return Units in TokenInfo
    """
    entry: registry.Entry = registry._entries[token]
    return ILeveragedTokenFactory.TokenInfo(
        series=entry.series,
        first=entry.first,
        successor=entry.successor,
        initial_nav=entry.initial_nav,
        management_fee=entry.management_fee,
        is_live=entry.is_live,
        next_pause_at=mint_pauses._next_at[token],
    )
