"""Errors that a user of Steelyard meets, each with what to do about it."""

from __future__ import annotations

# Every reason a contract reverts with, "<module>: <reason>", and its remedy in plain English.
# `scripts/check_contracts.py` keeps this list equal to what the contracts say.
CONTRACT_ERRORS: dict[str, str] = {
    "mock_aggregator: made to revert": "the owner broke this test feed: call set_reverts(False)",
    "mock_usd: over the call limit": "ask the faucet for less: faucet_call_limit() says how much",
    "mock_usd: over the daily limit": "wait for the next UTC day: max_faucet(you) is what is left",
    "mock_usd: too many decimals": "deploy the token with 36 decimals or fewer",
}


class SteelyardError(Exception):
    """Base of all errors that Steelyard raises on purpose.

    Args:
        message: What went wrong.
        remedy: What the reader can do about it; becomes a part of the message.

    >>> print(SteelyardError("no price", "wait for the oracle"))
    no price (wait for the oracle)
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        """Join the message and the remedy."""
        super().__init__(f"{message} ({remedy})" if remedy else message)
        self.remedy = remedy
