"""An ape account as a signer of `steelyard.chain`: key files, test accounts, hardware wallets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ape.api import AccountAPI
from ape.exceptions import ApeException
from ape_ethereum.transactions import DynamicFeeTransaction
from eth_account.messages import encode_typed_data

from steelyard.errors import SteelyardError


class SignerError(SteelyardError):
    """The account did not sign."""


class ApeSigner:
    """Signs with an ape account.

    Args:
        account: Any that ape knows.
        unlock: Ask for a key file's passphrase once and not again for each signature: for who was
            shown everything that will be signed. Ape also takes the passphrase from
            APE_ACCOUNTS_<alias>_PASSPHRASE.

    Raises:
        SignerError: The passphrase is wrong.
    """

    def __init__(self, account: AccountAPI, *, unlock: bool = False) -> None:
        """Take an account, and unlock it if asked to."""
        self._account = account
        if unlock and hasattr(account, "unlock"):
            try:
                account.unlock()
                account.set_autosign(True)
            except ApeException as error:
                raise SignerError(f"{account.alias} stays locked: {error}") from error

    @property
    def address(self) -> str:
        """EIP-55 hex str."""
        return str(self._account.address)

    def sign_transaction(self, transaction: dict[str, Any]) -> bytes:
        """Sign a transaction, see `steelyard.chain.Signer`.

        Raises:
            SignerError: It was not signed.
        """
        unsigned = DynamicFeeTransaction.model_validate({**transaction, "from": self.address})
        signed = self._asked(self._account.sign_transaction, unsigned)
        return bytes(signed.serialize_transaction())

    def sign_typed(self, message: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
        """Sign EIP-712 data, see `steelyard.chain.Signer`.

        Raises:
            SignerError: It was not signed.
        """
        signable = encode_typed_data(full_message=dict(message))
        signed = self._asked(self._account.sign_message, signable)
        return int(signed.v), bytes(signed.r).rjust(32, b"\0"), bytes(signed.s).rjust(32, b"\0")

    def _asked(self, sign: Any, what: Any) -> Any:
        """Return what ape signed."""
        try:
            signed = sign(what)
        except ApeException as error:
            raise SignerError(f"{self.address} did not sign: {error}") from error
        if signed is None:
            raise SignerError(f"{self.address} did not sign", "agree when ape asks")
        return signed
