# pragma version 0.4.3
# No reentrancy lock: nothing here calls another contract.
# pragma nonreentrancy off
"""
@title Mock USD
@license GNU Affero General Public License v3.0 only
@author Steelyard
@notice A worthless dollar for tests and public testnets: anybody draws a limited amount from the
        faucet. ERC-20 with EIP-2612 `permit`.
@dev Amounts are in token units (`10**decimals` = 1 USD). Trust: the owner mints without limit, so
     this token must never back anything of value.
@custom:kill `set_faucet_limits(0, 0)` closes the faucet. Transfers cannot be stopped.
"""

################################################################
#                          INTERFACES                          #
################################################################

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

from ...interfaces import IMockUSD

implements: IERC20
implements: IERC20Detailed
implements: IMockUSD

################################################################
#                           MODULES                            #
################################################################

from snekmate.auth import ownable
from snekmate.auth import ownable_2step
from snekmate.tokens import erc20

initializes: ownable
initializes: ownable_2step[ownable := ownable]
initializes: erc20[ownable := ownable]

# Left out on purpose: the minter role (the owner alone mints), the ownership functions of `erc20`
# that maintain that role, and giving up ownership, which would freeze the faucet limits for good.
exports: (
    ownable_2step.owner,
    ownable_2step.pending_owner,
    ownable_2step.transfer_ownership,
    ownable_2step.accept_ownership,
    erc20.name,
    erc20.symbol,
    erc20.decimals,
    erc20.totalSupply,
    erc20.balanceOf,
    erc20.allowance,
    erc20.transfer,
    erc20.transferFrom,
    erc20.approve,
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)

################################################################
#                          CONSTANTS                           #
################################################################

DAY: constant(uint256) = 86_400
# Keeps the limits below far from overflow.
MAX_DECIMALS: constant(uint8) = 36

################################################################
#                           STORAGE                            #
################################################################

# The most one faucet call gives (token units); written by the owner.
faucet_call_limit: public(uint256)

# The most one account takes within one UTC day (token units); written by the owner.
faucet_daily_limit: public(uint256)

# Taken by an account on a UTC day, counted in days since 1970 (token units); written by `faucet`.
_taken: HashMap[address, HashMap[uint256, uint256]]

################################################################
#                         CONSTRUCTOR                          #
################################################################


@deploy
def __init__(decimals: uint8):
    """
    @notice The deployer becomes the owner. The faucet starts with 10,000 USD a call and 50,000 USD
            an account and day.
    @param decimals Decimals of the token, 0..36; deployments use 6 as USDC does
    """
    assert decimals <= MAX_DECIMALS, "mock_usd: too many decimals"
    ownable.__init__()
    ownable_2step.__init__()
    erc20.__init__("Mock USD", "mUSD", decimals, "Mock USD", "1")

    one: uint256 = 10**convert(decimals, uint256)
    self._set_faucet_limits(10_000 * one, 50_000 * one)


################################################################
#                             USER                             #
################################################################


@external
def faucet(amount: uint256):
    """
    @notice Mint test dollars to yourself.
    @param amount Token units, 0..`max_faucet(msg.sender)`
    """
    assert amount <= self.faucet_call_limit, "mock_usd: over the call limit"
    assert amount <= self._left_today(msg.sender), "mock_usd: over the daily limit"

    self._taken[msg.sender][block.timestamp // DAY] += amount
    erc20._mint(msg.sender, amount)


################################################################
#                            ADMIN                             #
################################################################


@external
def mint(receiver: address, amount: uint256):
    """
    @notice Mint without limit; owner only.
    @param receiver Who gets the tokens, not zero
    @param amount Token units
    """
    ownable._check_owner()
    erc20._mint(receiver, amount)


@external
def set_faucet_limits(call_limit: uint256, daily_limit: uint256):
    """
    @notice Change both faucet limits; owner only. Zero in either closes the faucet.
    @param call_limit The most one call gives (token units)
    @param daily_limit The most one account takes within one UTC day (token units)
    """
    ownable._check_owner()
    self._set_faucet_limits(call_limit, daily_limit)


################################################################
#                             VIEW                             #
################################################################


@external
@view
def max_faucet(account: address) -> uint256:
    """
    @notice The largest amount `faucet` gives `account` in its next call, if made today (UTC).
    @param account Who would call
    @return amount Token units
    """
    return min(self.faucet_call_limit, self._left_today(account))


################################################################
#                           INTERNAL                           #
################################################################


@internal
@view
def _left_today(account: address) -> uint256:
    """
    @notice What the daily limit still allows.
    @dev Zero, not a revert, when the owner lowered the limit below what was already taken.
    @param account Who would call the faucet
    @return amount Token units
    """
    limit: uint256 = self.faucet_daily_limit
    return limit - min(limit, self._taken[account][block.timestamp // DAY])


@internal
def _set_faucet_limits(call_limit: uint256, daily_limit: uint256):
    """
    @notice Write both limits and log the change.
    @param call_limit The most one call gives (token units)
    @param daily_limit The most one account takes within one UTC day (token units)
    """
    log IMockUSD.FaucetLimitsUpdated(
        old_call_limit=self.faucet_call_limit,
        new_call_limit=call_limit,
        old_daily_limit=self.faucet_daily_limit,
        new_daily_limit=daily_limit,
    )
    self.faucet_call_limit = call_limit
    self.faucet_daily_limit = daily_limit
