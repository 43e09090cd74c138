# pragma version 0.4.3
"""
@title Several calls in one transaction
@license AGPL-3.0-only
@author Steelyard
@notice What one account does within one second: for rules that count per block.
"""


@external
def run(targets: DynArray[address, 8], calls: DynArray[Bytes[512], 8]):
    """
    @notice Make calls one after the other; the first that reverts reverts all.
    @param targets Who is called
    @param calls Encoded calls, one per target
    """
    for i: uint256 in range(len(targets), bound=8):
        raw_call(targets[i], calls[i])


@external
@view
def now() -> uint256:
    """
    @notice Time of the block that a view is computed in.
    @return Unix seconds
    """
    return block.timestamp
