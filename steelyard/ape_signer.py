"""An ape account as a signer of `steelyard.chain`: key files, test accounts, hardware wallets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ape import accounts
from ape.api import AccountAPI
from ape.exceptions import ApeException
from ape_ethereum.transactions import DynamicFeeTransaction
from eth_account.messages import encode_typed_data

from steelyard.errors import SteelyardError

_TEST = re.compile(r"TEST::(\d+)", re.IGNORECASE)


class SignerError(SteelyardError):
    """The account did not sign, or there is none of that name."""


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
                account.set_autosign(True)  # which unlocks it: `unlock` before it would ask twice
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


def find_account(alias: str) -> AccountAPI:
    """Return an account of ape. Its own option asks without end where nobody answers.

    Args:
        alias: Of a key file, or `TEST::0` to `TEST::9`.

    Raises:
        SignerError: There is none of that name.
    """
    if test := _TEST.fullmatch(alias):
        index = int(test[1])
        if index < len(accounts.test_accounts):
            return accounts.test_accounts[index]
    elif alias in accounts.aliases:
        return accounts.load(alias)
    known = ", ".join(sorted(accounts.aliases)) or "none yet: `ape accounts generate ALIAS`"
    remedy = f"use TEST::0 to TEST::9 on a devnet, or the alias of a key file ({known})"
    raise SignerError(f"there is no account {alias!r}", remedy)
