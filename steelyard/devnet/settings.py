"""What a devnet is made with, and the accounts it funds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from eth_account import Account

HOST = "127.0.0.1"
PORT = 8545
CHAIN_ID = 31337
ECOSYSTEM = "ethereum"
NETWORK = "devnet"
"""As ape-config.yaml has it."""

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "devnet"
RECORD = ROOT / "deployments" / ECOSYSTEM / f"{NETWORK}.json"
CONFIG = ROOT / "config" / "local.yaml"

MNEMONIC = "test test test test test test test test test test test junk"
"""Anvil's and ape's own: everybody has these keys."""
ACCOUNTS = 10
OWNER, USER, LP = 0, 1, 8
"""Indices of who deploys and pushes prices, of whom the screen's commands use, and of the LP."""

DOLLARS = 100_000
"""Test dollars for each account."""
LP_DOLLARS = 1_000_000
"""What the LP adds to the pool of each market, on top of what a deployment brings."""


@dataclass(frozen=True)
class KnownAccount:
    """One of the well-known accounts.

    Attributes:
        index: Of its path in the mnemonic; `TEST::<index>` for ape.
        address: Checksummed.
        key: Private key, hex with 0x.
    """

    index: int
    address: str
    key: str

    @property
    def alias(self) -> str:
        """What ape calls it."""
        return f"TEST::{self.index}"


@cache
def known_accounts() -> tuple[KnownAccount, ...]:
    """Return the ten accounts of the well-known mnemonic.

    >>> known_accounts()[0].alias, known_accounts()[0].address
    ('TEST::0', '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
    """
    Account.enable_unaudited_hdwallet_features()
    found = []
    for index in range(ACCOUNTS):
        account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
        found.append(KnownAccount(index, account.address, "0x" + bytes(account.key).hex()))
    return tuple(found)


@dataclass(frozen=True)
class Settings:
    """How to run a devnet.

    Attributes:
        port: Of the node, on 127.0.0.1.
        block_time: Seconds between blocks, a whole number.
        folder: Where the chain is kept while nothing runs.
        config: What to deploy, YAML.
        fresh: Whether to begin anew though there is a saved chain.
        walk: Whether to push prices.
        prices: CSV of hourly prices by symbol; other markets get a made-up path.
        speed: Seconds of price history per second.
        seed: Of made-up paths.
        heartbeat: The longest without a push, seconds.
    """

    port: int = PORT
    block_time: int = 2
    folder: Path = FOLDER
    config: Path = CONFIG
    fresh: bool = False
    walk: bool = True
    prices: Mapping[str, Path] = field(default_factory=dict)
    speed: int = 10
    seed: int = 1
    heartbeat: int = 300

    @property
    def url(self) -> str:
        """Where the node answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def record(self) -> Path:
        """Where the record of what runs is: where everybody looks, or in the folder of choice."""
        return RECORD if self.folder == FOLDER else self.folder / f"{NETWORK}.json"

    @property
    def network(self) -> str:
        """What to give to ape's `--network`."""
        return f":{NETWORK}" if self.port == PORT else f":{NETWORK}:{self.url}"
