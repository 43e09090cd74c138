# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Perpetual exchange: price guard
@license AGPL-3.0-only
@author Steelyard
@notice Optional checks around a market's price: L2 sequencer up and past its grace, bounds, a reference feed,
        a jump against the last price that a verb used. One instance per market, fixed at deployment.
@dev Non-sticky: when the cause is gone the price is valid again. A jump binds only for `jump_window`, so that
     a real move cannot stop the market for longer.
"""

from ...interfaces import IPriceGuard
from .modules import price_feed

implements: IPriceGuard

WAD: constant(uint256) = 10**18
# Largest deviation or jump that can be asked for, WAD: beyond it the check means nothing.
MAX_TOLERANCE: constant(uint256) = 10 * WAD

# The exchange that may record accepted prices.
EXCHANGE: public(immutable(address))
# Decimals of the reference feed, count.
REFERENCE_DECIMALS: immutable(uint256)

# What is checked, units in PriceChecks; set once.
_checks: IPriceGuard.PriceChecks
# Last price that a verb of the exchange used, WAD; exchange.
accepted_price: public(uint256)
# When, seconds; exchange.
accepted_at: public(uint256)


@deploy
def __init__(exchange: address, checks: IPriceGuard.PriceChecks):
    """
    @param exchange PerpExchange that may record accepted prices
    @param checks Units in PriceChecks; empty fields are off
    """
    assert max(checks.max_deviation, checks.max_jump) <= MAX_TOLERANCE, "guard: bad tolerance"
    assert (
        max(checks.min_price, checks.max_price) <= price_feed.MAX_PRICE
    ), "guard: bad price bounds"
    EXCHANGE = exchange
    REFERENCE_DECIMALS = (
        price_feed._decimals(checks.reference) if checks.reference != empty(address) else 0
    )
    self._checks = checks


@external
def accept(price: uint256):
    """
    @notice Remember a price that a verb used, for the jump check.
    @param price WAD
    """
    assert msg.sender == EXCHANGE, "guard: only the exchange"
    if self._checks.max_jump != 0:
        self.accepted_price = price
        self.accepted_at = block.timestamp


@external
@view
def checks() -> IPriceGuard.PriceChecks:
    """
    @notice What is checked.
    @return Units in PriceChecks
    """
    return self._checks


@external
@view
def fault(price: uint256, basic_fault: uint256) -> uint256:
    """
    @notice The fault of a price after all checks, in order of precedence.
    @param price WAD
    @param basic_fault Code that price_feed.vy gave it
    @return Code, 0 = valid
    """
    checks: IPriceGuard.PriceChecks = self._checks
    if checks.sequencer != empty(address):
        sequencer_fault: uint256 = self._sequencer_fault(checks.sequencer, checks.grace_period)
        if sequencer_fault != price_feed.VALID:
            return sequencer_fault
    if basic_fault != price_feed.VALID:
        return basic_fault
    if price < checks.min_price or (checks.max_price != 0 and price > checks.max_price):
        return price_feed.OUT_OF_BOUNDS
    if checks.reference != empty(address):
        reference: uint256 = 0
        reference_fault: uint256 = 0
        reference, reference_fault = price_feed._read(
            checks.reference,
            REFERENCE_DECIMALS,
            min(checks.reference_max_age, block.timestamp - 1),
        )
        if reference_fault != price_feed.VALID:
            return price_feed.REFERENCE_INVALID
        if self._apart(price, reference, min(price, reference), checks.max_deviation):
            return price_feed.DEVIATES
    accepted: uint256 = self.accepted_price
    if accepted != 0 and block.timestamp - self.accepted_at <= checks.jump_window:
        if self._apart(price, accepted, accepted, checks.max_jump):
            return price_feed.JUMP
    return price_feed.VALID


@internal
@view
def _sequencer_fault(sequencer: address, grace_period: uint256) -> uint256:
    """
    @notice Whether the L2 sequencer is up and has been for the grace period.
    @dev startedAt = 0 means the feed was never initialised: treated as down.
    @param sequencer Uptime feed, answer 0 = up
    @param grace_period Seconds
    @return Fault code
    """
    success: bool = False
    response: Bytes[160] = b""
    success, response = raw_call(
        sequencer,
        method_id("latestRoundData()"),
        max_outsize=160,
        is_static_call=True,
        revert_on_failure=False,
    )
    if not success or len(response) != 160 or extract32(response, 32, output_type=uint256) != 0:
        return price_feed.SEQUENCER_DOWN
    started_at: uint256 = extract32(response, 64, output_type=uint256)
    if started_at == 0:
        return price_feed.SEQUENCER_DOWN
    if started_at > block.timestamp or block.timestamp - started_at <= grace_period:
        return price_feed.GRACE_PERIOD
    return price_feed.VALID


@internal
@pure
def _apart(a: uint256, b: uint256, base: uint256, tolerance: uint256) -> bool:
    """
    @notice Whether two prices differ by more than a share of a base.
    @param a WAD
    @param b WAD
    @param base WAD
    @param tolerance WAD of the base
    @return True when they do
    """
    return (max(a, b) - min(a, b)) * WAD > tolerance * base
