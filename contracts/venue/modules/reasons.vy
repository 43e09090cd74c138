# pragma version 0.4.3
"""
@title Perpetual exchange: one place that reverts
@license AGPL-3.0-only
@author Steelyard
@notice `if not ok: reasons._revert("module: reason")` costs half the bytes of an assert with a reason, and the
        exchange has more of them than its size limit has room for.
"""


@internal
@pure
def _revert(reason: String[32]):
    """
    @notice Revert with a reason.
    @param reason "<module>: <reason>", at most 32 bytes
    """
    raise reason
