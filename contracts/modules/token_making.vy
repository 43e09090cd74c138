# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Token making: a token and its seed in one transaction
@license AGPL-3.0-only
@author Steelyard
@notice A token exists only with a position, and with shares that nobody can redeem: the factory has no function that
        moves them. So supply never returns to zero. docs/protocol.md section 4.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from snekmate.auth import ownable

from ...interfaces import ILeveragedToken
from ...interfaces import ILeveragedTokenFactory
from ...interfaces import IPerpExchange
from . import config_words
from . import registry
from . import token_bounds

uses: ownable
uses: config_words
uses: registry

blueprint: public(immutable(address))
policy: public(immutable(address))
quotes: public(immutable(address))


@deploy
def __init__(blueprint_: address, policy_: address, quotes_: address):
    """
    @notice What every token is made with.
    @param blueprint_ LeveragedToken's creation code (EIP-5202)
    @param policy_ IRebalancePolicy
    @param quotes_ IVaultQuotes
    """
    blueprint = blueprint_
    policy = policy_
    quotes = quotes_


################################################################
#                            ANYONE                            #
################################################################

@external
def create_next_series(token: address, seed_assets: uint256) -> address:
    """
    @notice Replace a token that was wiped out by one of the same kind and configuration.
    @param token The wiped token
    @param seed_assets As in `create_token`
    @return The new token
    """
    registry._check_token(token)
    old: registry.Entry = registry._entries[token]
    assert old.successor == empty(address), "series: replaced already"
    assert (registry._phase(token) == ILeveragedToken.Phase.ACTIVE), "series: was winding down"
    assert registry._is_wiped(token), "series: not wiped out"
    if old.is_live:
        registry._release(token)
    first: ILeveragedToken.Setup = staticcall ILeveragedToken(old.first).setup()
    spec: ILeveragedTokenFactory.TokenSpec = ILeveragedTokenFactory.TokenSpec(
        name=first.name,
        symbol=first.symbol,
        venue=first.venue,
        market=first.market,
        is_long=first.is_long,
        initial_nav=old.initial_nav,
        config=config_words._read(token, old.management_fee),
    )
    made: address = self._create(spec, old.series + 1, token, seed_assets)
    registry._entries[token].successor = made
    return made


################################################################
#                            OWNER                             #
################################################################

@external
def create_token(spec: ILeveragedTokenFactory.TokenSpec, seed_assets: uint256) -> address:
    """
    @notice Make a token and seed it; owner only.
    @param spec What it is made from, units in TokenSpec
    @param seed_assets Collateral decimals
    @return The token
    """
    ownable._check_owner()
    return self._create(spec, 1, empty(address), seed_assets)


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _create(
    spec: ILeveragedTokenFactory.TokenSpec,
    series: uint256,
    predecessor: address,
    seed_assets: uint256,
) -> address:
    """
    @notice Check, deploy, register and seed.
    @param spec Of the series' first token
    @param series Number, from 1
    @param predecessor The token it replaces, or empty
    @param seed_assets Collateral decimals
    @return The token
    """
    token_bounds._check_identity(spec)
    setup: ILeveragedToken.Setup = self._setup(spec, series)
    state: IPerpExchange.AccountState = staticcall IPerpExchange(spec.venue).account_state(
        spec.market, empty(address), 0
    )
    packed: config_words.Packed = config_words._pack(spec.venue, spec.market, state, spec.config)
    registry._check_room(empty(address), setup, state.skew_scale, spec.config)
    token: address = create_from_blueprint(
        blueprint, setup, packed.terms, packed.rules, spec.config.fee_receiver
    )
    first: address = token
    if predecessor != empty(address):
        first = registry._entries[predecessor].first
    registry._enter(token, setup, series, first, spec.initial_nav)
    registry._configure(token, setup, spec.config)
    seed_shares: uint256 = self._seed(
        token, spec, seed_assets, token_bounds._min_seed(state.min_margin, state.min_keeper_fee)
    )
    log ILeveragedTokenFactory.TokenCreated(
        token=token,
        creator=msg.sender,
        venue=spec.venue,
        market=spec.market,
        is_long=spec.is_long,
        name=setup.name,
        symbol=setup.symbol,
        series=series,
        first=first,
        predecessor=predecessor,
        seed_assets=seed_assets,
        seed_shares=seed_shares,
        config=spec.config,
    )
    return token


@internal
@view
def _setup(spec: ILeveragedTokenFactory.TokenSpec, series: uint256) -> ILeveragedToken.Setup:
    """
    @notice What a token is made of; from the second of a series on, name and symbol say which.
    @param spec Of the series' first token
    @param series Number, from 1
    @return Units in Setup
    """
    name: String[50] = spec.name
    symbol: String[32] = spec.symbol
    if series > 1:
        number: String[78] = uint2str(series)
        name = convert(concat(spec.name, " ", number), String[50])
        symbol = convert(concat(spec.symbol, "-", number), String[32])
    return ILeveragedToken.Setup(
        name=name,
        symbol=symbol,
        venue=spec.venue,
        market=spec.market,
        policy=policy,
        quotes=quotes,
        is_long=spec.is_long,
    )


@internal
def _seed(
    token: address,
    spec: ILeveragedTokenFactory.TokenSpec,
    assets: uint256,
    least: uint256,
) -> uint256:
    """
    @notice Send the caller's collateral to the venue and open the position with it.
    @param token Without shares
    @param spec What it was made from
    @param assets Collateral decimals
    @param least The least they must be worth, quote WAD
    @return Shares, 18 decimals
    """
    asset: address = staticcall IPerpExchange(spec.venue).asset()
    decimals: uint256 = convert(staticcall IERC20Detailed(asset).decimals(), uint256)
    unit: uint256 = 10**(18 - decimals)
    assert assets >= (least + unit - 1) // unit, "seed: too small"
    assert extcall IERC20(asset).transferFrom(
        msg.sender, spec.venue, assets, default_return_value=True
    ), "seed: transfer failed"
    shares: uint256 = extcall ILeveragedToken(token).seed(assets, spec.initial_nav)
    position: IPerpExchange.Position = staticcall IPerpExchange(spec.venue).position(
        spec.market, token
    )
    assert convert(abs(position.size), uint256) <= spec.config.cap, "seed: over the cap"
    return shares
