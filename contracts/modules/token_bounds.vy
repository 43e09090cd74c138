# pragma version 0.4.3
"""
@title Token bounds: what a token's configuration may be
@license AGPL-3.0-only
@author Steelyard
@notice Constants that no owner can pass, each with its own reason. docs/protocol.md section 8.
@dev Called once rules and terms have been packed: what fits its field overflows nothing here.
"""

from ...interfaces import ILeveragedTokenFactory
from ...interfaces import IPerpExchange
from ...interfaces import IRebalancePolicy
from . import reference_feed

WAD: constant(uint256) = 10**18
PERCENT: constant(uint256) = 10**16
BP: constant(uint256) = 10**14
MINUTE: constant(uint256) = 60
HOUR: constant(uint256) = 3_600

# Tokens are 2x to 5x.
MIN_TARGET: constant(uint256) = 2 * WAD
MAX_TARGET: constant(uint256) = 5 * WAD
MAX_FEE: constant(uint256) = PERCENT
MAX_MANAGEMENT_FEE: constant(uint256) = 5 * PERCENT
MIN_SLIPPAGE: constant(uint256) = PERCENT // 10
MAX_SLIPPAGE: constant(uint256) = 2 * PERCENT
MAX_EMERGENCY_SLIPPAGE: constant(uint256) = 8 * PERCENT
MAX_RATE: constant(uint256) = 30 * BP
MAX_REWARD: constant(uint256) = 50 * BP
MIN_RECENTERING: constant(uint256) = 25 * PERCENT
MIN_DRIFT: constant(uint256) = 2 * PERCENT
# Fifty tokens fill a market; a token that could not trade at all could not keep its leverage.
MIN_TRADE_SHARE: constant(uint256) = PERCENT
MIN_BUDGET: constant(uint256) = PERCENT // 2
MAX_BUDGET: constant(uint256) = 10 * PERCENT
MIN_COOLDOWN: constant(uint256) = 30
MAX_COOLDOWN: constant(uint256) = 10 * MINUTE
MIN_AUCTION: constant(uint256) = 5 * MINUTE
MAX_AUCTION: constant(uint256) = 2 * HOUR
MAX_WINDOW: constant(uint256) = 4 * HOUR
MIN_DEVIATION: constant(uint256) = PERCENT // 5
MAX_DEVIATION: constant(uint256) = 5 * PERCENT
MIN_NAV: constant(uint256) = WAD
MAX_NAV: constant(uint256) = 10_000 * WAD
# Of a seed, quote WAD, and in the venue's least keeper fees.
MIN_SEED: constant(uint256) = 100 * WAD
SEED_KEEPER_FEES: constant(uint256) = 50
# What the next series adds, up to " 999" and "-999", must fit.
MAX_NAME: constant(uint256) = 46
MAX_SYMBOL: constant(uint256) = 28


@internal
@pure
def _check_fees(config: ILeveragedTokenFactory.TokenConfig):
    """
    @notice Bounds of fees; needs nothing packed.
    @param config Units in TokenConfig
    """
    assert config.mint_fee <= MAX_FEE, "bounds: mint fee over 1 %"
    assert config.redeem_fee <= MAX_FEE, "bounds: redeem fee over 1 %"
    assert config.management_fee <= MAX_MANAGEMENT_FEE, "bounds: management fee over 5 %"


@internal
@view
def _check_rules(rules: IRebalancePolicy.Rules):
    """
    @notice Bounds that depend on nothing but the rules.
    @param rules Packable
    """
    assert (
        MIN_TARGET <= rules.target and rules.target <= MAX_TARGET
    ), "bounds: target not 2x to 5x"
    assert rules.leverage_hi * 10 >= rules.target * 11, "bounds: hi under 1.1 target"
    assert (
        rules.leverage_lo * 10 >= rules.target * 4 and rules.leverage_lo * 10 <= rules.target * 9
    ), "bounds: lo not 0.4 to 0.9 target"
    assert rules.emergency_leverage * 4 >= rules.leverage_hi * 5, "bounds: em under 1.25 hi"
    assert (
        MIN_SLIPPAGE <= rules.max_slippage and rules.max_slippage <= MAX_SLIPPAGE
    ), "bounds: slippage not 0.1 to 2 %"
    assert (
        rules.max_slippage * 2 <= rules.emergency_slippage
        and rules.emergency_slippage <= MAX_EMERGENCY_SLIPPAGE
    ), "bounds: emergency slippage"
    assert rules.max_rate <= MAX_RATE, "bounds: reward rate over 30 bp"
    assert rules.max_reward <= MAX_REWARD, "bounds: reward over 0.5 %"
    assert rules.recentering >= MIN_RECENTERING, "bounds: recentering under 0.25"
    assert rules.min_drift >= MIN_DRIFT, "bounds: min_drift under 2 %"
    assert rules.trade_share >= MIN_TRADE_SHARE, "bounds: trade share under 1 %"
    assert (
        MIN_BUDGET <= rules.cost_budget and rules.cost_budget <= MAX_BUDGET
    ), "bounds: budget not 0.5 to 10 %"
    self._check_times(rules)
    if rules.reference != empty(address):
        self._check_reference(rules)


@internal
@pure
def _check_times(rules: IRebalancePolicy.Rules):
    """
    @notice Bounds of durations.
    @param rules Packable
    """
    assert (
        MIN_COOLDOWN <= rules.cooldown and rules.cooldown <= MAX_COOLDOWN
    ), "bounds: cooldown not 30 to 600 s"
    assert (
        MIN_AUCTION <= rules.auction_duration and rules.auction_duration <= MAX_AUCTION
    ), "bounds: auction not 5 min to 2 h"
    assert (
        rules.auction_duration <= rules.window and rules.window <= MAX_WINDOW
    ), "bounds: window not auction to 4 h"


@internal
@view
def _check_reference(rules: IRebalancePolicy.Rules):
    """
    @notice A reference feed must exist, and say in at most 18 decimals what it has ever said.
    @dev Whether it is fresh is asked when it is used: an outage must not stop a configuration.
    @param rules Packable, with a reference
    """
    assert rules.reference_max_age != 0, "bounds: reference without age"
    assert (
        MIN_DEVIATION <= rules.max_deviation and rules.max_deviation <= MAX_DEVIATION
    ), "bounds: deviation not 0.2 to 5 %"
    assert (
        reference_feed._fresh_price(rules.reference, max_value(uint256)) != 0
    ), "bounds: reference gives no price"


@internal
@view
def _check_venue(
    venue: address,
    market: uint256,
    state: IPerpExchange.AccountState,
    rules: IRebalancePolicy.Rules,
    cap: uint256,
):
    """
    @notice Bounds that depend on the venue: an emergency must begin while margin may still leave the account, and at
            most half way to liquidation.
    @dev Half way for the larger of cap and position: a lower cap shrinks nothing. Leverage at which a size would be
         liquidated: size P / maintenance.
    @param venue IPerpExchange
    @param market Market id
    @param state The token's account there, or an empty one
    @param rules Packable
    @param cap underlying WAD
    """
    assert rules.target * 2 < state.max_leverage, "bounds: target over venue's half"
    assert rules.emergency_leverage <= state.max_leverage, "bounds: em over venue's maximum"
    size: uint256 = max(cap, convert(abs(state.size), uint256))
    maintenance: uint256 = staticcall IPerpExchange(venue).maintenance_margin(
        market, convert(size, int256)
    )
    assert (
        rules.emergency_leverage * 2 * maintenance <= size * state.price
    ), "bounds: em too near liquidation"


@internal
@pure
def _check_identity(spec: ILeveragedTokenFactory.TokenSpec):
    """
    @notice Bounds of what never changes.
    @param spec Units in TokenSpec
    """
    assert len(spec.name) != 0 and len(spec.name) <= MAX_NAME, "bounds: name not 1 to 46 long"
    assert (
        len(spec.symbol) != 0 and len(spec.symbol) <= MAX_SYMBOL
    ), "bounds: symbol not 1 to 28 long"
    assert (
        MIN_NAV <= spec.initial_nav and spec.initial_nav <= MAX_NAV
    ), "bounds: nav not 1 to 10,000"


@internal
@pure
def _min_seed(min_margin: uint256, min_keeper_fee: uint256) -> uint256:
    """
    @notice The least a seed must be worth: what a position needs, and what no liquidation's fee could eat up.
    @param min_margin Of the venue, quote WAD
    @param min_keeper_fee Of the venue, quote WAD
    @return Quote WAD
    """
    return max(MIN_SEED, max(2 * min_margin, SEED_KEEPER_FEES * min_keeper_fee))
