"""A leveraged token: the integer-exact twin of LeveragedToken.vy and VaultQuotes.vy.

Units: `assets` in the collateral's own decimals, shares 18 decimals, leverage and ratios WAD
(1e18), sizes underlying WAD, money quote WAD, times seconds. The caller of a verb is its first
argument; a verb that raises Revert has changed nothing. docs/protocol.md sections 4 to 7 are the
rules.
"""

from steelyard.model.token.case import Quote
from steelyard.model.token.ledger import Ledger
from steelyard.model.token.terms import Phase, Terms, pack_terms, unpack_terms
from steelyard.model.token.token import LeveragedToken

__all__ = [
    "Ledger",
    "LeveragedToken",
    "Phase",
    "Quote",
    "Terms",
    "pack_terms",
    "unpack_terms",
]
