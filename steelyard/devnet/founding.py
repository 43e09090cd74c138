"""What a fresh chain gets: the system as configured, people with test dollars, and an LP."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain import Chain, ChainContract, KeySigner, Signer, execute
from steelyard.deployment.place import Place
from steelyard.deployment.running import run_deployment
from steelyard.deployment.spec import DeploymentSpec, FeedSpec
from steelyard.devnet.settings import (
    DOLLARS,
    ECOSYSTEM,
    LP,
    LP_DOLLARS,
    NETWORK,
    OWNER,
    known_accounts,
)

Progress = Callable[[str], None]


def signers() -> Mapping[str, Signer]:
    """Return the well-known accounts by address, lower case."""
    return {account.address.lower(): KeySigner(account.key) for account in known_accounts()}


def contract(chain: Chain, name: str, address: str) -> ChainContract:
    """Return a contract of the system.

    Args:
        chain: Where it is.
        name: Of its ABI, e.g. `MockUSD`.
        address: Hex str.
    """
    return ChainContract(chain, address, load_abi(name))


def deploy(
    chain: Chain, spec: DeploymentSpec, prices: Mapping[str, int], progress: Progress
) -> Deployment:
    """Deploy a configuration as the owner, and return its record, which is not written yet.

    Args:
        chain: Empty, and it mines at once.
        spec: What to deploy.
        prices: Where mock feeds begin if not where the configuration says, quote WAD by market.
        progress: Told before each transaction what it does; what it raises ends the deployment.

    Raises:
        DeploymentError: The configuration cannot be deployed.
        ChainError: The node refuses.
    """
    markets = tuple(
        market.model_copy(update={"feed": _beginning(market.feed, prices.get(market.symbol))})
        for market in spec.markets
    )
    spec = spec.model_copy(update={"markets": markets})
    owner = KeySigner(known_accounts()[OWNER].key)
    # A deployment that stops half-way is thrown away with its chain, and so is its journal.
    with tempfile.TemporaryDirectory(prefix="steelyard-devnet-") as folder:
        place = Place(ECOSYSTEM, NETWORK, Path(folder))
        return run_deployment(chain, owner, spec, place, lambda done, total, title: progress(title))


def _beginning(feed: FeedSpec, price: int | None) -> FeedSpec:
    """Return a mock feed with another first price, quote WAD; None for its own."""
    if price is None or feed.chainlink is not None:
        return feed
    return feed.model_copy(update={"price": Decimal(price).scaleb(-18)})


def fund(chain: Chain, deployment: Deployment, progress: Progress) -> None:
    """Give everybody test dollars, and let the LP bring some to each market.

    Args:
        chain: That mines at once.
        deployment: What is on it; one of the well-known accounts owns its test dollar.
        progress: Told before each transaction what it does.

    Raises:
        ChainError: A transaction fails.
    """
    keys = signers()
    usd = contract(chain, "MockUSD", deployment.collateral.address)
    exchange = contract(chain, "PerpExchange", deployment.address("PerpExchange"))
    unit = 10**deployment.collateral.decimals
    minter, lp = keys[usd.call.owner().lower()], keys[known_accounts()[LP].address.lower()]

    def act(title: str, signer: Signer, target: ChainContract, name: str, *args: Any) -> None:
        progress(title)
        execute(chain, signer, target.address, target.encode(name, *args), timeout=20.0)

    for account in known_accounts():
        act(f"fund {account.alias}", minter, usd, "mint", account.address, DOLLARS * unit)
    brought = LP_DOLLARS * unit
    act("fund the LP", minter, usd, "mint", lp.address, brought * len(deployment.markets))
    for symbol, market in deployment.markets.items():
        act(f"let the pool of {symbol} be filled", lp, usd, "approve", exchange.address, brought)
        act(f"fill the pool of {symbol}", lp, exchange, "add_liquidity", market.id, brought, 0)
