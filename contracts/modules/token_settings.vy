# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Token settings: what the owner may change of a token, and when
@license AGPL-3.0-only
@author Steelyard
@notice Configuration and wind-down wait; only lower fees do not. docs/protocol.md section 8.
"""

from snekmate.auth import ownable

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenFactory
from ...interfaces import IPerpExchange
from . import config_words
from . import registry
from . import timelock
from . import vault_terms

uses: ownable
uses: config_words
uses: registry
uses: timelock


################################################################
#                            ANYONE                            #
################################################################

@external
def apply_config(token: address, config: ILeveragedTokenFactory.TokenConfig):
    """
    @notice Apply a scheduled configuration, if its bounds still hold and there is still room for it.
    @param token Live token
    @param config What was scheduled
    """
    registry._check_live(token)
    timelock._take(token, timelock.CONFIG, keccak256(abi_encode(config)))
    setup: ILeveragedToken.Setup = staticcall ILeveragedToken(token).setup()
    packed: config_words.Packed = self._check(token, setup, config)
    registry._configure(token, setup, config)
    extcall ILeveragedToken(token).configure(packed.terms, packed.rules, config.fee_receiver)
    log ILeveragedTokenFactory.ConfigApplied(token=token, caller=msg.sender, config=config)


@external
def apply_wind_down(token: address):
    """
    @notice Begin a scheduled wind-down.
    @param token Live token
    """
    registry._check_live(token)
    timelock._take(token, timelock.WIND_DOWN, empty(bytes32))
    extcall ILeveragedToken(token).wind_down()
    log ILeveragedTokenFactory.WindDownApplied(token=token, caller=msg.sender)


################################################################
#                            OWNER                             #
################################################################

@external
def schedule_config(token: address, config: ILeveragedTokenFactory.TokenConfig):
    """
    @notice Announce a configuration; owner only.
    @param token Live token
    @param config Units in TokenConfig
    """
    self._check_owner_of(token)
    self._check(token, staticcall ILeveragedToken(token).setup(), config)
    ready_at: uint256 = timelock._schedule(token, timelock.CONFIG, keccak256(abi_encode(config)))
    log ILeveragedTokenFactory.ConfigScheduled(token=token, config=config, ready_at=ready_at)


@external
def cancel_config(token: address):
    """
    @notice Take a scheduled configuration back; owner only.
    @param token Live token
    """
    self._check_owner_of(token)
    timelock._cancel(token, timelock.CONFIG)
    log ILeveragedTokenFactory.ConfigCancelled(token=token)


@external
def lower_fees(token: address, mint_fee: uint256, redeem_fee: uint256, management_fee: uint256):
    """
    @notice Lower fees at once; owner only.
    @param token Live token
    @param mint_fee WAD (1e-6)
    @param redeem_fee WAD (1e-6)
    @param management_fee Per year, WAD
    """
    self._check_owner_of(token)
    config: ILeveragedTokenFactory.TokenConfig = config_words._read(
        token, registry._entries[token].management_fee
    )
    assert (
        mint_fee <= config.mint_fee
        and redeem_fee <= config.redeem_fee
        and management_fee <= config.management_fee
    ), "fees: not lower"
    config.mint_fee = mint_fee
    config.redeem_fee = redeem_fee
    config.management_fee = management_fee
    registry._entries[token].management_fee = management_fee
    words: ILeveragedToken.Words = staticcall ILeveragedToken(token).words()
    extcall ILeveragedToken(token).configure(
        config_words._pack_terms(config), words.rules, config.fee_receiver
    )
    log ILeveragedTokenFactory.FeesLowered(
        token=token, mint_fee=mint_fee, redeem_fee=redeem_fee, management_fee=management_fee
    )


@external
def schedule_wind_down(token: address):
    """
    @notice Announce a token's end; owner only.
    @param token Live token
    """
    self._check_owner_of(token)
    ready_at: uint256 = timelock._schedule(token, timelock.WIND_DOWN, empty(bytes32))
    log ILeveragedTokenFactory.WindDownScheduled(token=token, ready_at=ready_at)


@external
def cancel_wind_down(token: address):
    """
    @notice Take a scheduled wind-down back; owner only.
    @param token Live token
    """
    self._check_owner_of(token)
    timelock._cancel(token, timelock.WIND_DOWN)
    log ILeveragedTokenFactory.WindDownCancelled(token=token)


################################################################
#                             VIEW                             #
################################################################

@external
@view
def token_config(token: address) -> ILeveragedTokenFactory.TokenConfig:
    """
    @notice A token's configuration as last applied.
    @param token Token of this factory
    @return Units in TokenConfig
    """
    registry._check_token(token)
    return config_words._read(token, registry._entries[token].management_fee)


@external
@view
def pending(token: address) -> ILeveragedTokenFactory.Pending:
    """
    @notice What is scheduled for a token, lapsed or not.
    @param token Any address
    @return Units in Pending
    """
    plan: timelock.Plan = timelock._plans[token][timelock.CONFIG]
    return ILeveragedTokenFactory.Pending(
        config_hash=plan.digest,
        config_ready_at=plan.ready_at,
        wind_down_ready_at=timelock._plans[token][timelock.WIND_DOWN].ready_at,
    )


################################################################
#                           INTERNAL                           #
################################################################

@internal
@view
def _check(
    token: address,
    setup: ILeveragedToken.Setup,
    config: ILeveragedTokenFactory.TokenConfig,
) -> config_words.Packed:
    """
    @notice Check a configuration of a token that there is, and pack it.
    @param token ILeveragedToken
    @param setup What it is made of
    @param config Units in TokenConfig
    @return Words
    """
    target: uint256 = vault_terms._target((staticcall ILeveragedToken(token).words()).terms)
    assert config.rules.target == target, "bounds: target cannot change"
    state: IPerpExchange.AccountState = staticcall IPerpExchange(setup.venue).account_state(
        setup.market, token, 0
    )
    packed: config_words.Packed = config_words._pack(setup.venue, setup.market, state, config)
    registry._check_room(token, setup, state.skew_scale, config)
    return packed


@internal
def _check_owner_of(token: address):
    """
    @notice Revert for anyone but the owner, and for what is not a live token.
    @param token Any address
    """
    ownable._check_owner()
    registry._check_live(token)
