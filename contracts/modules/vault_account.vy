# pragma version 0.4.3
"""
@title Vault account: the token's one position
@license AGPL-3.0-only
@author Steelyard
@notice Where the position is, whose shares it backs, and the verb that moves it. Collateral goes straight from a user
        to the venue and from the venue to a receiver; before `settle` the token holds none.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

from ...interfaces import ILeveragedToken
from ...interfaces import IPerpExchange
from ...interfaces import IVaultQuotes
from . import share_ledger
from . import vault_terms

uses: share_ledger

# Who made the token and may configure it.
FACTORY: immutable(address)
VENUE: immutable(IPerpExchange)
MARKET: immutable(uint256)
QUOTES: immutable(IVaultQuotes)
ASSET: immutable(IERC20)
# Quote WAD per unit of collateral.
SCALE: immutable(uint256)
IS_LONG: immutable(bool)

# What users must obey, layout in vault_terms.vy; factory, wind-down and settlement.
_terms: uint256


@deploy
def __init__(setup: ILeveragedToken.Setup, terms: uint256):
    """
    @notice The account that the token will have at its venue.
    @param setup What the token is made of
    @param terms Packed
    """
    FACTORY = msg.sender
    VENUE = IPerpExchange(setup.venue)
    MARKET = setup.market
    QUOTES = IVaultQuotes(setup.quotes)
    ASSET = IERC20(staticcall VENUE.asset())
    SCALE = 10**(18 - convert(staticcall IERC20Detailed(ASSET.address).decimals(), uint256))
    IS_LONG = setup.is_long
    self._terms = terms


@internal
@view
def _shares() -> share_ledger.Shares:
    """
    @notice Shares now.
    @return Supply and owed, 18 decimals
    """
    return share_ledger._read(vault_terms._fee_rate(self._terms))


@internal
@view
def _all_shares() -> uint256:
    """
    @notice S: shares that exist, and those owed as fees.
    @return Shares, 18 decimals
    """
    shares: share_ledger.Shares = self._shares()
    return shares.supply + shares.owed


@internal
@view
def _account(shares: share_ledger.Shares) -> IVaultQuotes.Account:
    """
    @notice What quotes ask for.
    @param shares Of `_shares`
    @return Units in Account
    """
    return IVaultQuotes.Account(
        venue=VENUE.address,
        market=MARKET,
        token=self,
        is_long=IS_LONG,
        scale=SCALE,
        terms=self._terms,
        shares=shares.supply + shares.owed,
    )


@internal
def _permit(account: address, assets: uint256, deadline: uint256, v: uint8, r: bytes32, s: bytes32):
    """
    @notice Bring the collateral a signature (EIP-2612) that lets the token move assets.
    @dev Whether it works is not looked at, for the allowance decides in `_pull`: somebody may have brought it first, and
         a collateral without permit may refuse or swallow the call. So the account must be who pays, the caller.
    @param account Who has signed
    @param assets What the signature allows, collateral decimals
    @param deadline Of the signature, seconds
    @param v Of the signature
    @param r Of the signature
    @param s Of the signature
    """
    success: bool = raw_call(
        ASSET.address,
        abi_encode(
            account,
            self,
            assets,
            deadline,
            v,
            r,
            s,
            method_id=method_id("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"),
        ),
        revert_on_failure=False,
    )


@internal
def _pull(account: address, assets: uint256):
    """
    @notice Move collateral from a user to the venue, where the next trade books it.
    @param account The user, who has approved the token
    @param assets Collateral decimals
    """
    assert extcall ASSET.transferFrom(
        account, VENUE.address, assets, default_return_value=True
    ), "token: transfer failed"


@internal
def _trade(
    size: int256, assets: int256, size_delta: int256, price_limit: uint256, receiver: address
) -> (uint256, uint256, int256):
    """
    @notice Move margin and position together; all of the order or nothing.
    @param size Position before, underlying WAD
    @param assets Collateral in (+, already sent) or out (-), collateral decimals
    @param size_delta underlying WAD
    @param price_limit Worst fill accepted, WAD; 0 = none
    @param receiver Who gets what leaves
    @return Fill price, WAD
    @return Order fee, quote WAD
    @return Equity after, quote WAD
    """
    fill_price: uint256 = 0
    fee: uint256 = 0
    price: uint256 = 0
    new_size: int256 = 0
    equity: int256 = 0
    fill_price, fee, price, new_size, equity = extcall VENUE.modify_position(
        MARKET, assets, size_delta, price_limit, receiver
    )
    assert new_size == size + size_delta, "token: partial fill"
    return fill_price, fee, equity


@internal
@view
def _is_closed() -> bool:
    """
    @notice Whether the token is settled: nothing of it is at the venue any more.
    @return True in phase CLOSED
    """
    return vault_terms._phase(self._terms) == ILeveragedToken.Phase.CLOSED


@internal
@view
def _check_active():
    """
    @notice Revert once the token winds down.
    """
    assert (vault_terms._phase(self._terms) == ILeveragedToken.Phase.ACTIVE), "token: winding down"


@internal
@view
def _check_factory():
    """
    @notice Revert for anyone but the factory.
    """
    assert msg.sender == FACTORY, "token: only the factory"


@internal
@view
def _check_receiver(receiver: address):
    """
    @notice Refuse receivers that could never use what they get.
    @param receiver Of shares or collateral
    """
    assert (
        receiver != empty(address) and receiver != self and receiver != VENUE.address
    ), "token: bad receiver"


@internal
@view
def _position() -> (int256, uint256, bool):
    """
    @notice The position of a token that ends.
    @return Size, underlying WAD
    @return Equity, quote WAD
    @return Whether the market is CLOSED
    """
    return staticcall QUOTES.position(self._account(self._shares()))
