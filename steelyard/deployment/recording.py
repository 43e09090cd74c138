"""From the receipts of a deployment to its record."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import TYPE_CHECKING

from eth_utils.address import to_checksum_address

from steelyard.book import (
    BlockRecord,
    CollateralRecord,
    ContractRecord,
    Deployment,
    MarketRecord,
    TokenRecord,
    code_hash,
    to_json,
)
from steelyard.chain import Receipt
from steelyard.compiler import ROOT
from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.plan import Plan

if TYPE_CHECKING:
    from steelyard.deployment.running import Job

BLUEPRINT = "LeveragedToken blueprint"
"""What a record calls the code that tokens are made from."""


def contract_names(plan: Plan) -> dict[str, str]:
    """Return what a record calls the contracts of a plan: address (lower case) to name.

    Feeds and guards are named after their market, e.g. `MockAggregator BTC`.
    """
    names = {sent.address: sent.contract for sent in (step.sent for step in plan.steps)}
    names.pop("", None)
    for symbol, market in plan.system.markets.items():
        for contract in (market.feed, market.guard):
            if contract is not None and contract.address in names:
                names[contract.address] += f" {symbol}"
    return names


def make_record(job: Job, receipts: Sequence[Receipt]) -> Deployment:
    """Return the record of a deployment whose every step is mined.

    Args:
        job: The deployment.
        receipts: Of its steps, in order.

    Raises:
        DeploymentError: Something else than planned is on the chain.
    """
    plan, chain = job.plan, job.chain
    names = contract_names(plan)
    contracts: dict[str, ContractRecord] = {}
    made_in: dict[str, int] = {}
    for step, receipt in zip(plan.steps, receipts, strict=True):
        sent = step.sent
        if sent.to is None:
            _check_code(job, sent.address)
            contracts[names[sent.address]] = ContractRecord(
                address=sent.address,
                args=to_json(sent.arguments),
                block=receipt.block,
                transaction=receipt.hash,
                code_hash=code_hash(plan.stand_in.code(sent.address)),
            )
        for log in receipt.logs:
            made_in.setdefault(log.address.lower(), receipt.block)
    for token in plan.system.tokens.values():
        _check_code(job, token.address)
    last = chain.block(receipts[-1].block)
    commit, dirty = checkout()
    return Deployment(
        ecosystem=job.place.ecosystem,
        network=job.place.network,
        chain_id=plan.chain_id,
        deployer=plan.deployer,
        start_nonce=plan.first_nonce,
        config=job.spec.document(),
        config_hash=job.spec.digest(),
        commit=commit,
        dirty=dirty,
        block=BlockRecord(number=last.number, hash=last.hash),
        collateral=collateral_record(plan),
        contracts=contracts,
        markets=market_records(plan),
        tokens={
            symbol: TokenRecord(
                address=token.address,
                market=setup.market,
                block=made_in[token.address],
            )
            for setup, (symbol, token) in zip(
                plan.system.config.tokens, plan.system.tokens.items(), strict=True
            )
        },
    )


def checkout() -> tuple[str | None, bool]:
    """Return the commit of this checkout (None outside of one), and whether it has changes."""

    def git(*args: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", *args], cwd=ROOT, capture_output=True, text=True, check=False
            )
        except FileNotFoundError:
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit = git("rev-parse", "HEAD")
    return commit, bool(commit and git("status", "--porcelain", "contracts", "interfaces"))


def _check_code(job: Job, address: str) -> None:
    """Refuse to record a contract that is not what was played."""
    if job.chain.code(address) != job.plan.stand_in.code(address):
        raise DeploymentError(
            f"the code at {to_checksum_address(address)} is not what this checkout compiles to",
            "run again: the node may lag behind; else report it",
        )


def collateral_record(plan: Plan) -> CollateralRecord:
    """Return what a record says of the collateral of a plan."""
    usd = plan.system.usd
    return CollateralRecord(address=usd.address, symbol=usd.symbol(), decimals=usd.decimals())


def market_records(plan: Plan) -> dict[str, MarketRecord]:
    """Return what a record says of the markets of a plan, by symbol."""
    return {
        symbol: MarketRecord(
            id=market.id,
            feed=market.feed.address,
            feed_kind="mock" if market.is_mock else "chainlink",
            guard=None if market.guard is None else market.guard.address,
        )
        for symbol, market in plan.system.markets.items()
    }
