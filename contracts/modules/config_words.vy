# pragma version 0.4.3
"""
@title Configuration words: a token's configuration as the factory says it and as the token keeps it
@license AGPL-3.0-only
@author Steelyard
@notice Packs nothing that is not within its bounds.
"""

from snekmate.utils import math

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenFactory
from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import token_bounds
from . import vault_terms

IWAD: constant(int256) = 10**18

POLICY: immutable(IRebalancePolicy)


# Of LeveragedToken.configure.
struct Packed:
    terms: uint256  # in phase ACTIVE, layout in vault_terms.vy
    rules: uint256[2]  # layout in policy_words.vy


@deploy
def __init__(policy: address):
    """
    @notice Remember who packs rules.
    @param policy IRebalancePolicy
    """
    POLICY = IRebalancePolicy(policy)


@internal
@view
def _pack(
    venue: address,
    market: uint256,
    state: IPerpExchange.AccountState,
    config: ILeveragedTokenFactory.TokenConfig,
) -> Packed:
    """
    @notice Check a configuration against its bounds, and pack it.
    @param venue IPerpExchange
    @param market Market id
    @param state The token's account there, or an empty one
    @param config Units in TokenConfig
    @return Words
    """
    token_bounds._check_fees(config)
    rules: uint256[2] = staticcall POLICY.pack_rules(config.rules)
    terms: uint256 = self._pack_terms(config)
    token_bounds._check_rules(config.rules)
    token_bounds._check_venue(venue, market, state, config.rules, config.cap)
    return Packed(terms=terms, rules=rules)


@internal
@view
def _read(token: address, management_fee: uint256) -> ILeveragedTokenFactory.TokenConfig:
    """
    @notice A token's configuration.
    @param token ILeveragedToken
    @param management_fee As configured, per year, WAD
    @return Units in TokenConfig
    """
    words: ILeveragedToken.Words = staticcall ILeveragedToken(token).words()
    terms: ILeveragedToken.Terms = vault_terms._unpack(words.terms)
    return ILeveragedTokenFactory.TokenConfig(
        rules=staticcall POLICY.unpack_rules(words.rules),
        mint_fee=terms.mint_fee,
        redeem_fee=terms.redeem_fee,
        management_fee=(management_fee if terms.phase == ILeveragedToken.Phase.ACTIVE else 0),
        cap=terms.cap,
        fee_receiver=staticcall ILeveragedToken(token).fee_receiver(),
    )


@internal
@view
def _pack_terms(config: ILeveragedTokenFactory.TokenConfig) -> uint256:
    """
    @notice What users obey; without a receiver no management fee accrues.
    @param config Fees within their bounds
    @return Word, in phase ACTIVE
    """
    fees_on: bool = config.fee_receiver != empty(address)
    return vault_terms._pack(
        ILeveragedToken.Terms(
            mint_fee=config.mint_fee,
            redeem_fee=config.redeem_fee,
            fee_rate=self._continuous(config.management_fee) if fees_on else 0,
            leverage_lo=config.rules.leverage_lo,
            leverage_hi=config.rules.leverage_hi,
            cap=config.cap,
            fees_on=fees_on,
            paused_until=0,
            phase=ILeveragedToken.Phase.ACTIVE,
            target=config.rules.target,
        )
    )


@internal
@pure
def _continuous(yearly: uint256) -> uint256:
    """
    @notice The continuous rate r that takes a yearly part y: e^-r = 1 - y.
    @param yearly y, at most 5 %, WAD
    @return r, WAD, rounded down to the unit it is kept in
    """
    rate: uint256 = convert(-math._wad_ln(IWAD - convert(yearly, int256)), uint256)
    return rate - rate % vault_terms.RATE_UNIT
