# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Leveraged token
@license AGPL-3.0-only
@author Steelyard
@notice A share of a vault whose whole equity is margin of one perpetual position, kept near its target leverage by
        rebalances that anyone may call and is paid for. Mint and redeem are pro rata at net asset value.
@dev Keeps shares, terms and memory, moves collateral, and proves on the venue's figures what it did. What a flow comes
     to says VaultQuotes, when and how to rebalance RebalancePolicy: both stateless. Modules: vault_account (the
     position), vault_terms (what users obey), share_flows, vault_views, share_ledger (supply and fees owed), rebalancing, lifecycle,
     settlement (after the end). Design: docs/protocol.md. Trusted: venue and its oracle; the factory, within its bounds and timelock.
     No upgrade, no access to collateral.
@custom:kill Factory: pause_mint closes minting for a time, wind_down ends the token. Redemption has no switch.
"""

from snekmate.auth import ownable
from snekmate.tokens import erc20

from ..interfaces import ILeveragedToken
from .modules import lifecycle
from .modules import rebalancing
from .modules import settlement
from .modules import share_flows
from .modules import share_ledger
from .modules import vault_account
from .modules import vault_views

implements: ILeveragedToken

################################################################
#                           MODULES                            #
################################################################

# The ERC-20 wants an owner, for minters that are not exported: shares come from flows, the seed and fees alone.
initializes: ownable
initializes: erc20[ownable := ownable]
initializes: share_ledger[erc20 := erc20]
initializes: vault_account[share_ledger := share_ledger]
initializes: settlement[vault_account := vault_account]
initializes: share_flows[
    settlement := settlement, share_ledger := share_ledger, vault_account := vault_account
]
initializes: vault_views[
    settlement := settlement, share_ledger := share_ledger, vault_account := vault_account
]
initializes: rebalancing[vault_account := vault_account]
initializes: lifecycle[
    rebalancing := rebalancing, share_ledger := share_ledger, vault_account := vault_account
]

# Name and symbol are our own: snekmate's are too short. So is the supply: it shares a word with what is owed.
exports: (
    share_ledger.totalSupply,
    erc20.balanceOf,
    erc20.allowance,
    erc20.transfer,
    erc20.approve,
    erc20.transferFrom,
    erc20.decimals,
    erc20.permit,
    erc20.nonces,
    erc20.DOMAIN_SEPARATOR,
    erc20.eip712Domain,
)
exports: (
    share_flows.deposit,
    share_flows.deposit_with_permit,
    share_flows.mint,
    share_flows.redeem,
    share_flows.withdraw,
)
exports: (
    vault_views.asset,
    vault_views.totalAssets,
    vault_views.convertToShares,
    vault_views.convertToAssets,
    vault_views.previewDeposit,
    vault_views.previewMint,
    vault_views.previewRedeem,
    vault_views.previewWithdraw,
    vault_views.maxDeposit,
    vault_views.maxMint,
    vault_views.maxWithdraw,
    vault_views.maxRedeem,
)
exports: (rebalancing.rebalance, rebalancing.rebalance_status)
exports: settlement.settle
exports: (
    lifecycle.fee_receiver,
    lifecycle.claim_fees,
    lifecycle.wind_down,
    lifecycle.seed,
    lifecycle.configure,
    lifecycle.pause_mint,
)

################################################################
#                          IMMUTABLES                          #
################################################################

name: public(immutable(String[50]))
symbol: public(immutable(String[32]))

################################################################
#                         CONSTRUCTOR                          #
################################################################

@deploy
def __init__(
    setup: ILeveragedToken.Setup, terms: uint256, rules: uint256[2], fee_receiver: address
):
    """
    @notice A token without shares; the deployer is its factory and seeds it in the same transaction.
    @param setup What it is made of
    @param terms Packed, in phase ACTIVE; layout in vault_terms.vy
    @param rules Packed, layout in policy_words.vy
    @param fee_receiver Who gets fee shares, or zero for none
    """
    ownable.__init__()
    erc20.__init__("", "", 18, setup.name, "1")
    vault_account.__init__(setup, terms)
    rebalancing.__init__(setup.policy, rules)
    name = setup.name
    symbol = setup.symbol
    lifecycle.fee_receiver = fee_receiver


################################################################
#                             VIEW                             #
################################################################

@external
@view
def factory() -> address:
    """
    @notice Who made the token and may configure it.
    @return LeveragedTokenFactory
    """
    return vault_account.FACTORY


@external
@view
def owed_shares() -> uint256:
    """
    @notice Fee shares accrued to now and not yet minted.
    @return Shares, 18 decimals
    """
    return vault_account._shares().owed


@external
@view
def words() -> ILeveragedToken.Words:
    """
    @notice Terms, rules, memory and settlement, packed.
    @return Units in Words
    """
    return ILeveragedToken.Words(
        terms=vault_account._terms,
        rules=rebalancing._rules,
        mem=rebalancing._memory,
        settlement=settlement._settlement,
    )


@external
@view
def setup() -> ILeveragedToken.Setup:
    """
    @notice What the token is made of.
    @return Units in Setup
    """
    return ILeveragedToken.Setup(
        name=name,
        symbol=symbol,
        venue=vault_account.VENUE.address,
        market=vault_account.MARKET,
        policy=rebalancing.POLICY.address,
        quotes=vault_account.QUOTES.address,
        is_long=vault_account.IS_LONG,
    )
