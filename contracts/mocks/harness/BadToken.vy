# pragma version 0.4.3
# pragma nonreentrancy off
"""
@title Token that misbehaves on demand
@license AGPL-3.0-only
@author Steelyard
@notice Whatever it is asked, it answers with any bytes, reverts with little or much, or burns all the gas it gets.
"""

# What becomes of a call.
flag Mood:
    ANSWER
    REVERT
    BOMB
    BURN

_mood: Mood
_answer: Bytes[1024]


@deploy
def __init__(mood: Mood, answer: Bytes[1024]):
    self._mood = mood
    self._answer = answer


@external
def behave(mood: Mood):
    """
    @notice Choose what becomes of every call.
    """
    self._mood = mood


@external
@raw_return
def __default__() -> Bytes[1024]:
    assert self._mood != Mood.REVERT, "bad token: refused"
    if self._mood == Mood.BOMB:
        raw_revert(abi_encode(empty(uint256[4_000])))
    if self._mood == Mood.BURN:
        raise UNREACHABLE
    return self._answer
