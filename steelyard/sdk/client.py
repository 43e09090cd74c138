"""The way in: a deployed Steelyard on a chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from eth_utils.address import is_address
from web3 import Web3

from steelyard.book import Deployment, code_hash, open_deployment
from steelyard.chain import Chain, Prepared, Reverted, Signer, WrongChain
from steelyard.sdk.collateral import Collateral
from steelyard.sdk.connection import Connection
from steelyard.sdk.errors import NotDeployed, UnknownToken, typed_errors
from steelyard.sdk.states import TokenState
from steelyard.sdk.token import Token
from steelyard.sdk.view import token_state

_NEEDED = ("LeveragedTokenFactory", "LeveragedTokenLens", "VaultQuotes", "PerpExchange")
_PAGE = 100  # tokens that factory and lens show at once
_NEWER = "the chain may have been started anew: deploy again, or name another record"


class Steelyard:
    """A deployed Steelyard on a chain.

    Attributes:
        chain: The chain.
        deployment: The record of what is there.
        collateral: What tokens are paid with.
        connection: What all parts share; for whatever is not here.

    Example (a test runs it against a node, with the key of somebody who has dollars):
        from steelyard.sdk import KeySigner, Steelyard
        steelyard = Steelyard.connect("http://127.0.0.1:8545", signer=KeySigner(key))
        token = steelyard.token("ETH3L")
        state = token.state()
        print(f"{token.symbol}: {state.nav:.2f} a share, {state.leverage:.2f}x")
        for name, cost in token.preview_deposit("100").costs.items():
            print(f"{name}: {cost:.4f}")
        receipt = token.deposit("100")
        print(f"minted {receipt.shares:.4f} for {receipt.assets}")
        receipt = token.redeem(receipt.shares)
        print(f"redeemed for {receipt.assets}")
    """

    def __init__(self, connection: Connection) -> None:
        """Use a connection as it is; `connect` checks it."""
        self.connection = connection
        self.chain, self.deployment = connection.chain, connection.deployment
        self.collateral = Collateral(connection)

    @classmethod
    def connect(
        cls,
        rpc: str | Web3 | Chain,
        deployment: Deployment | Path | str | None = None,
        *,
        signer: Signer | None = None,
        timeout: float = 10.0,
        receipt_timeout: float = 120.0,
        confirmations: int = 1,
        on_prepared: Callable[[Prepared], None] | None = None,
    ) -> Steelyard:
        """Connect, and check that chain and record belong together.

        Args:
            rpc: Address of a node (http, https, ws or wss), or a connection to one.
            deployment: A record or its path; by default the one that $STEELYARD_DEPLOYMENT names,
                else the one in ./deployments whose chain is the node's.
            signer: Who signs; nothing can be sent without.
            timeout: For each answer of the node, seconds.
            receipt_timeout: How long to wait for a transaction, seconds.
            confirmations: How many blocks to wait for, count.
            on_prepared: As in `Connection`.

        Raises:
            BookError: There is no such record, or it is damaged.
            WrongChain: The node serves another chain than the record is of.
            NotDeployed: The chain has not what the record says.
            ChainError: The node does not answer.
        """
        chain = rpc if isinstance(rpc, Chain) else Chain.connect(rpc, timeout=timeout)
        record = _record(chain, deployment)
        if record.chain_id != chain.chain_id:
            raise WrongChain(record.chain_id, chain.chain_id)
        _check_code(chain, record)
        return cls(Connection(chain, record, signer, receipt_timeout, confirmations, on_prepared))

    def signed_by(self, signer: Signer) -> Steelyard:
        """Return the same, with another account that signs."""
        return Steelyard(replace(self.connection, signer=signer))

    def tokens(self) -> list[Token]:
        """Return all tokens that the factory has made, in that order; dead ones too.

        Raises:
            ChainError: The node did not answer.
        """
        return [
            Token(self.connection, self.collateral, raw)
            for raw in self._lens_states("latest")
            if raw.ok
        ]

    def token(self, symbol_or_address: str) -> Token:
        """Return a token.

        Args:
            symbol_or_address: Of several with a symbol, dead ones but one, it is the newest.

        Raises:
            UnknownToken: The factory has made no such token; it says which it has made.
            ChainError: The node did not answer.
        """
        tokens, wanted = self.tokens(), symbol_or_address.lower()
        for token in reversed(tokens):
            named = token.address if is_address(symbol_or_address) else token.symbol
            if named.lower() == wanted:
                return token
        known = ", ".join(dict.fromkeys(token.symbol for token in tokens)) or "none"
        raise UnknownToken(f"no token {symbol_or_address!r}", f"there are: {known}")

    def states(self, block: int | str = "latest") -> list[TokenState]:
        """Return everything about all tokens, in one call for each hundred.

        Args:
            block: Number or tag.

        Returns:
            In the order of creation; one that cannot be read has `ok` False.

        Raises:
            ChainError: The node did not answer.
        """
        return [token_state(self.connection, raw) for raw in self._lens_states(block)]

    def _lens_states(self, block: int | str) -> list[Any]:
        factory = self.connection.contract("LeveragedTokenFactory")
        states: list[Any] = []
        while True:
            page = self.connection.view(factory, "tokens_page", len(states), _PAGE, block=block)
            if page:
                states += self._read(page, block)
            if len(page) < _PAGE:
                return states

    def _read(self, addresses: tuple[str, ...], block: int | str) -> list[Any]:
        lens = self.connection.contract("LeveragedTokenLens")
        try:
            return list(lens.call.token_states(addresses, block=block))
        except Reverted as error:
            if error.reason != "lens: too little gas" or len(addresses) == 1:
                with typed_errors():
                    raise
        # A node that gives a call less gas than a hundred tokens take gives it to each call.
        half = len(addresses) // 2
        return self._read(addresses[:half], block) + self._read(addresses[half:], block)

    def __repr__(self) -> str:
        """Show where it is."""
        record = self.deployment
        return f"<Steelyard {record.ecosystem}:{record.network} (chain {record.chain_id})>"


def _record(chain: Chain, deployment: Deployment | Path | str | None) -> Deployment:
    if isinstance(deployment, Deployment):
        return deployment
    return open_deployment(chain.chain_id, deployment)


def _check_code(chain: Chain, record: Deployment) -> None:
    """Compare the code of what the SDK calls with the record."""
    for name in _NEEDED:
        address, code = record.address(name), chain.code(record.address(name))
        if not code:
            raise NotDeployed(f"there is no {name} at {address}", _NEWER)
        if code_hash(code) != record.contracts[name].code_hash:
            raise NotDeployed(f"what is at {address} is not the {name} of the record", _NEWER)
    if not chain.code(record.collateral.address):
        raise NotDeployed(f"there is no collateral at {record.collateral.address}", _NEWER)
