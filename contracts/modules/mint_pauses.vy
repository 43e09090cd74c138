# pragma version 0.4.3
"""
@title Mint pauses
@license AGPL-3.0-only
@author Steelyard
@notice Guardian or owner may close a token's mints for a while, and not soon again: one cool-off for both.
@dev The cool-off runs from the end that a pause has from the start: ending it early brings the next no nearer, and out
     of any ten days mints are open for at least seven. Redemption is never paused.
"""

from snekmate.auth import ownable

uses: ownable

DAY: constant(uint256) = 86_400
MAX_PAUSE: public(constant(uint256)) = 3 * DAY
PAUSE_COOL_OFF: public(constant(uint256)) = 7 * DAY

# Who may pause besides the owner, or zero; owner.
guardian: public(address)
# Token to when its next pause may begin, seconds; whoever pauses.
_next_at: HashMap[address, uint256]


@internal
def _begin(token: address) -> uint256:
    """
    @notice Use up a pause.
    @param token ILeveragedToken
    @return When the pause ends, seconds
    """
    self._check_role()
    assert block.timestamp >= self._next_at[token], "pause: cooling off"
    until: uint256 = block.timestamp + MAX_PAUSE
    self._next_at[token] = until + PAUSE_COOL_OFF
    return until


@internal
@view
def _check_role():
    """
    @notice Revert for anyone but guardian and owner.
    """
    assert msg.sender == self.guardian or msg.sender == ownable.owner, "pause: only the guardian"
