# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Lifecycle: seed, configuration, pause, fees, and the end
@license AGPL-3.0-only
@author Steelyard
@notice What the factory may do to a token, and what anyone may do when it ends. docs/protocol.md sections 6 to 8.
"""

from ...interfaces import ILeveragedToken
from . import rebalancing
from . import share_ledger
from . import vault_account
from . import vault_terms

uses: rebalancing
uses: share_ledger
uses: vault_account

# Equity that a seed must leave, quote WAD.
MIN_EQUITY: constant(int256) = 100 * 10**18

# Who gets fee shares, or zero; factory.
fee_receiver: public(address)


################################################################
#                            ANYONE                            #
################################################################

@external
def claim_fees() -> uint256:
    """
    @notice Mint the fee shares that are owed to the fee receiver.
    @return Shares minted, 18 decimals
    """
    assert self.fee_receiver != empty(address), "fees: no receiver"
    return self._claim_fees()


@external
def wind_down():
    """
    @notice End the token: fees stop, and the position is sold by rebalances.
    @dev By the factory, or by anyone once the venue has CLOSED the market.
    """
    size: int256 = 0
    equity: uint256 = 0
    is_closed: bool = False
    size, equity, is_closed = vault_account._position()
    if not is_closed:
        vault_account._check_factory()
    vault_account._check_active()
    self._accrue()
    vault_account._terms = vault_terms._in_phase(
        vault_account._terms & vault_terms.WITHOUT_FEES, ILeveragedToken.Phase.WIND_DOWN
    )
    rebalancing._start_wind_down(size)
    log ILeveragedToken.WindDownStarted(caller=msg.sender, size=size)


################################################################
#                           FACTORY                            #
################################################################

@external
def seed(assets: uint256, initial_nav: uint256) -> uint256:
    """
    @notice Open the position with the first deposit, whose shares belong to the factory for ever.
    @param assets Collateral, collateral decimals, already sent to the venue
    @param initial_nav Equity per share to begin with, quote WAD
    @return Shares minted, 18 decimals
    """
    vault_account._check_factory()
    before: share_ledger.Shares = vault_account._shares()
    assert before.supply == 0, "seed: only once"
    size_delta: int256 = staticcall vault_account.QUOTES.opening(
        vault_account._account(before), assets
    )
    equity: int256 = vault_account._trade(0, convert(assets, int256), size_delta, 0, self)[2]
    assert equity >= MIN_EQUITY, "seed: below 100 quote"
    shares: uint256 = convert(equity, uint256) * 10**18 // initial_nav
    share_ledger._mint(msg.sender, shares, before)
    return shares


@external
def configure(terms: uint256, rules: uint256[2], fee_receiver: address):
    """
    @notice Replace terms and rules; fees accrue first, and go to whom they were owed. Pause and phase stay.
    @param terms Packed, layout in vault_terms.vy
    @param rules Packed, layout in policy_words.vy
    @param fee_receiver Who gets fee shares from now on, or zero for none
    """
    vault_account._check_factory()
    vault_account._check_active()
    self._accrue()
    if self.fee_receiver != empty(address):
        self._claim_fees()
    self.fee_receiver = fee_receiver
    vault_account._terms = vault_terms._configured(vault_account._terms, terms)
    rebalancing._rules = rules
    log ILeveragedToken.Configured(terms=terms, rules=rules, fee_receiver=fee_receiver)


@external
def pause_mint(until: uint256):
    """
    @notice Close minting for a time; everything else stays open.
    @param until Seconds
    """
    vault_account._check_factory()
    vault_account._terms = vault_terms._paused(vault_account._terms, until)
    log ILeveragedToken.MintPaused(until=until)


################################################################
#                           INTERNAL                           #
################################################################

@internal
def _claim_fees() -> uint256:
    """
    @notice Mint what is owed.
    @return Shares, 18 decimals
    """
    shares: share_ledger.Shares = vault_account._shares()
    owed: uint256 = shares.owed
    shares.owed = 0
    share_ledger._mint(self.fee_receiver, owed, shares)
    log ILeveragedToken.FeesClaimed(receiver=self.fee_receiver, shares=owed)
    return owed


@internal
def _accrue():
    """
    @notice Record the fees owed up to now, before their rate changes.
    """
    shares: share_ledger.Shares = vault_account._shares()
    share_ledger._write(shares.supply, shares.owed)
