# pragma version 0.4.3
"""
@title Harness: vault terms
@license AGPL-3.0-only
@author Steelyard
@notice Shows the functions of vault_terms.vy to tests.
"""

from ....interfaces import ILeveragedToken
from ...modules import vault_terms


@external
@pure
def pack(terms: ILeveragedToken.Terms) -> uint256:
    return vault_terms._pack(terms)


@external
@pure
def unpack(word: uint256) -> ILeveragedToken.Terms:
    return vault_terms._unpack(word)


@external
@pure
def mint_traded(word: uint256, shares: uint256) -> uint256:
    return vault_terms._mint_traded(word, shares)


@external
@pure
def mint_shares(word: uint256, traded: uint256) -> uint256:
    return vault_terms._mint_shares(word, traded)


@external
@pure
def redeem_traded(word: uint256, shares: uint256) -> uint256:
    return vault_terms._redeem_traded(word, shares)


@external
@pure
def redeem_shares(word: uint256, traded: uint256) -> uint256:
    return vault_terms._redeem_shares(word, traded)


@external
@view
def is_paused(word: uint256) -> bool:
    return vault_terms._is_paused(word)


@external
@pure
def in_phase(word: uint256, phase: ILeveragedToken.Phase) -> uint256:
    return vault_terms._in_phase(word, phase)


@external
@pure
def configured(word: uint256, configured: uint256) -> uint256:
    return vault_terms._configured(word, configured)


@external
@pure
def paused(word: uint256, until: uint256) -> uint256:
    return vault_terms._paused(word, until)


@external
@pure
def without_fees(word: uint256) -> uint256:
    return word & vault_terms.WITHOUT_FEES
