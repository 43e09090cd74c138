"""An ape account signs what any other signer signs, to the byte."""

from __future__ import annotations

import json

import pytest
from ape import accounts as account_manager
from ape_accounts.accounts import KeyfileAccount
from eth_account import Account

from steelyard.ape_signer import ApeSigner, SignerError
from steelyard.chain import KeySigner

TRANSACTION = {
    "type": 2,
    "chainId": 31_337,
    "nonce": 7,
    "gas": 123_456,
    "maxFeePerGas": 3 * 10**9,
    "maxPriorityFeePerGas": 10**9,
    "value": 0,
    "data": bytes.fromhex("60016002"),
}
CALL = TRANSACTION | {"to": "0x694AA1769357215DE4FAC081bf1f309aDC325306", "value": 5}
TYPED = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "chainId", "type": "uint256"},
        ],
        "Permit": [{"name": "owner", "type": "address"}, {"name": "value", "type": "uint256"}],
    },
    "primaryType": "Permit",
    "domain": {"name": "Mock USD", "chainId": 31_337},
    "message": {"owner": "0x694AA1769357215DE4FAC081bf1f309aDC325306", "value": 10**9},
}


@pytest.fixture
def keyed(owner):
    return KeySigner(owner.private_key)


@pytest.mark.parametrize("transaction", [TRANSACTION, CALL], ids=["creation", "call"])
def test_transaction(owner, keyed, transaction):
    signer = ApeSigner(owner)
    assert signer.address == keyed.address == owner.address
    assert signer.sign_transaction(dict(transaction)) == keyed.sign_transaction(dict(transaction))


def test_typed_data(owner, keyed):
    assert ApeSigner(owner).sign_typed(TYPED) == keyed.sign_typed(TYPED)


@pytest.fixture
def keyfile(tmp_path):
    """A key file with a passphrase."""
    path = tmp_path / "signer_test.json"
    path.write_text(json.dumps(Account.encrypt("0x" + "42" * 32, "a-Passphrase-1", iterations=2)))
    return KeyfileAccount(keyfile_path=path, container=account_manager.containers["accounts"])


def test_key_file_unlocked_once(keyfile, monkeypatch):
    monkeypatch.setenv(f"APE_ACCOUNTS_{keyfile.alias}_PASSPHRASE", "a-Passphrase-1")
    signer, keyed = ApeSigner(keyfile, unlock=True), KeySigner("0x" + "42" * 32)
    for _ in range(2):
        assert signer.sign_transaction(dict(CALL)) == keyed.sign_transaction(dict(CALL))
    assert signer.sign_typed(TYPED) == keyed.sign_typed(TYPED)


def test_passphrase_is_asked_for_once(keyfile, monkeypatch):
    asked = []
    monkeypatch.delenv(f"APE_ACCOUNTS_{keyfile.alias}_PASSPHRASE", raising=False)
    ask = lambda self, prompt, **more: asked.append(prompt) or "a-Passphrase-1"  # noqa: E731
    monkeypatch.setattr(KeyfileAccount, "_prompt_for_passphrase", ask)
    signer = ApeSigner(keyfile, unlock=True)
    signer.sign_transaction(dict(CALL))
    signer.sign_typed(TYPED)
    assert asked == ["Enter passphrase to permanently unlock 'signer_test'"]


def test_wrong_passphrase(keyfile, monkeypatch):
    monkeypatch.setenv(f"APE_ACCOUNTS_{keyfile.alias}_PASSPHRASE", "another")
    with pytest.raises(SignerError, match="signer_test stays locked: "):
        ApeSigner(keyfile, unlock=True)


class Declining:
    """An account whose owner says no."""

    address, alias = "0x694AA1769357215DE4FAC081bf1f309aDC325306", "no"

    def sign_transaction(self, transaction):
        return None

    sign_message = sign_transaction


def test_declined():
    signer = ApeSigner(Declining())
    for sign, what in ((signer.sign_transaction, dict(CALL)), (signer.sign_typed, TYPED)):
        with pytest.raises(SignerError, match=r"did not sign \(agree when ape asks\)"):
            sign(what)
