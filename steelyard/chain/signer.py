"""Who signs. Everything that sends takes any object with these three."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from eth_account import Account
from eth_account.signers.local import LocalAccount


class Signer(Protocol):
    """An account that can sign: a key, a key file, a hardware wallet."""

    @property
    def address(self) -> str:
        """EIP-55 hex str."""
        ...

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Sign a transaction.

        Args:
            transaction: Type 2: chainId, nonce, to (without for a creation), value, data (bytes),
                gas, maxFeePerGas, maxPriorityFeePerGas (int, wei).

        Returns:
            The raw transaction, as `eth_sendRawTransaction` takes it.
        """
        ...

    def sign_typed(self, message: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
        """Sign EIP-712 data.

        Args:
            message: With `types` (EIP712Domain among them), `primaryType`, `domain` and `message`.

        Returns:
            v (27 or 28), r and s (32 bytes each).
        """
        ...


class KeySigner:
    """A private key in memory: for tests and local networks.

    >>> KeySigner("0x" + "11" * 32).address
    '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'
    """

    def __init__(self, key: str | bytes | LocalAccount) -> None:
        """Take a private key, or an account of eth_account."""
        account = key if isinstance(key, LocalAccount) else Account.from_key(key)
        self._account: LocalAccount = account

    @property
    def address(self) -> str:
        """EIP-55 hex str."""
        return str(self._account.address)

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Sign a transaction, see `Signer`."""
        return bytes(self._account.sign_transaction(transaction).raw_transaction)

    def sign_typed(self, message: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
        """Sign EIP-712 data, see `Signer`."""
        signed = self._account.sign_typed_data(full_message=dict(message))
        return signed.v, signed.r.to_bytes(32, "big"), signed.s.to_bytes(32, "big")

    def __repr__(self) -> str:
        """Show the address, never the key."""
        return f"<KeySigner {self.address}>"
