"""What tokens are paid with."""

from __future__ import annotations

import time
from decimal import Decimal

from steelyard.chain import ChainContract
from steelyard.sdk.amounts import parse_amount, to_decimal
from steelyard.sdk.connection import Connection
from steelyard.sdk.flows import TxReceipt
from steelyard.sdk.permits import Permit, sign_permit

PERMIT_SECONDS = 1_200
"""How long a permit counts."""

Amount = int | str | Decimal
"""`int` is chain units, `str` and `Decimal` are people's; a float is refused."""


class Collateral:
    """The collateral's ERC-20.

    Attributes:
        contract: Where it is.
        symbol: E.g. `mUSD`.
        decimals: Count.
        address: EIP-55 hex str.
    """

    def __init__(self, connection: Connection) -> None:
        """Take what the record says."""
        record = connection.deployment.collateral
        self._connection = connection
        # Our mock's ABI has all that any ERC-20 with permit has, and a faucet.
        self.contract: ChainContract = connection.contract("MockUSD", record.address)
        self.symbol, self.decimals, self.address = record.symbol, record.decimals, record.address

    def balance(self, account: str | None = None) -> Decimal:
        """Return what an account holds.

        Args:
            account: The signer by default.
        """
        owner = account or self._connection.account
        return self._people(self._connection.view(self.contract, "balanceOf", owner))

    def allowance(self, owner: str, spender: str) -> Decimal:
        """Return how much of an owner's collateral a spender may take."""
        return self._people(self._connection.view(self.contract, "allowance", owner, spender))

    def approve(self, spender: str, amount: Amount) -> TxReceipt:
        """Let a spender take an amount, instead of what he might before.

        Raises:
            ProtocolError, ChainError: It did not work.
        """
        return self._send("approve", spender, self._units(amount))

    def transfer(self, receiver: str, amount: Amount) -> TxReceipt:
        """Send collateral.

        Raises:
            InsufficientBalance: The signer has less.
            ProtocolError, ChainError: It did not work.
        """
        return self._send("transfer", receiver, self._units(amount))

    def faucet(self, amount: Amount) -> TxReceipt:
        """Draw test dollars: only a mock has any to give.

        Raises:
            FaucetLimit: The faucet gives no more, at once or today.
            ProtocolError, ChainError: It did not work.
        """
        return self._send("faucet", self._units(amount))

    def max_faucet(self, account: str | None = None) -> Decimal:
        """Return the most that the faucet gives an account in its next call, made today (UTC)."""
        owner = account or self._connection.account
        return self._people(self._connection.view(self.contract, "max_faucet", owner))

    def sign_permit(self, spender: str, amount: Amount, *, deadline: int | None = None) -> Permit:
        """Sign an approval; nothing is sent.

        Args:
            spender: Who may take it.
            amount: How much.
            deadline: Last second at which it counts; 20 minutes from now by default.

        Raises:
            PermitUnavailable: The collateral cannot be approved by signature.
            ChainError: The node did not answer.
        """
        if deadline is None:
            # A local chain's clock may be ahead of ours, or have stood still since its last block.
            now = max(self._connection.chain.block().timestamp, int(time.time()))
            deadline = now + PERMIT_SECONDS
        signer = self._connection.need_signer()
        return sign_permit(self.contract, signer, spender, self._units(amount), deadline)

    def _send(self, name: str, *args: object) -> TxReceipt:
        return TxReceipt(self._connection.transact(self.contract, name, *args))

    def _units(self, amount: Amount) -> int:
        return parse_amount(amount, self.decimals)

    def _people(self, units: int) -> Decimal:
        return to_decimal(units, self.decimals)

    def __repr__(self) -> str:
        """Show symbol and address."""
        return f"<Collateral {self.symbol} {self.address}>"
