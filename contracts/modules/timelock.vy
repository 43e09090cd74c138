# pragma version 0.4.3
"""
@title Configuration timelock
@license AGPL-3.0-only
@author Steelyard
@notice Whatever could make a token worse for who holds it is announced, waits, may then be done by anyone, and lapses
        if nobody does. docs/protocol.md section 8.
@dev One plan for each token and act; a new one replaces it, and its delay begins anew.
"""

DAY: constant(uint256) = 86_400
CONFIG_DELAY: public(constant(uint256)) = 2 * DAY
CONFIG_LAPSE: public(constant(uint256)) = 14 * DAY
# Acts.
CONFIG: constant(uint256) = 0
WIND_DOWN: constant(uint256) = 1


struct Plan:
    digest: bytes32  # keccak256 of what is to be applied; empty for a wind-down
    ready_at: uint256  # seconds; 0 = none


# Token to act to what is scheduled; owner, and whoever applies it.
_plans: HashMap[address, HashMap[uint256, Plan]]


@internal
def _schedule(token: address, act: uint256, digest: bytes32) -> uint256:
    """
    @notice Schedule an act, in place of the one that is.
    @param token ILeveragedToken
    @param act CONFIG or WIND_DOWN
    @param digest Of what is to be applied
    @return When it may be applied, seconds
    """
    ready_at: uint256 = block.timestamp + CONFIG_DELAY
    self._plans[token][act] = Plan(digest=digest, ready_at=ready_at)
    return ready_at


@internal
def _take(token: address, act: uint256, digest: bytes32):
    """
    @notice Use up what is scheduled, if its time is now.
    @param token ILeveragedToken
    @param act CONFIG or WIND_DOWN
    @param digest Of what is being applied
    """
    plan: Plan = self._plans[token][act]
    self._cancel(token, act)
    assert plan.digest == digest, "timelock: another configuration"
    assert block.timestamp >= plan.ready_at, "timelock: too early"
    assert block.timestamp < plan.ready_at + CONFIG_LAPSE, "timelock: lapsed"


@internal
def _cancel(token: address, act: uint256):
    """
    @notice Take back what is scheduled.
    @param token ILeveragedToken
    @param act CONFIG or WIND_DOWN
    """
    assert self._plans[token][act].ready_at != 0, "timelock: nothing scheduled"
    self._plans[token][act] = empty(Plan)
