"""What every part of the SDK shares: a chain, the record of what is there, and who signs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain import Chain, ChainContract, Prepared, Receipt, Signer
from steelyard.chain.sending import prepare, send, sign
from steelyard.sdk.addresses import check_typed
from steelyard.sdk.errors import NoSigner, typed_errors


@dataclass(frozen=True)
class Connection:
    """A chain, the record of what is there, and who signs.

    Attributes:
        chain: The chain.
        deployment: What is there.
        signer: Who signs; None to read only.
        receipt_timeout: How long to wait for a receipt, seconds.
        confirmations: How many blocks to wait for, count.
        on_prepared: Called with each transaction, simulated and priced, before it is signed; to
            show it, to ask, and to raise what stops it.
    """

    chain: Chain
    deployment: Deployment
    signer: Signer | None = None
    receipt_timeout: float = 120.0
    confirmations: int = 1
    on_prepared: Callable[[Prepared], None] | None = None

    def contract(self, name: str, address: str | None = None) -> ChainContract:
        """Return a contract.

        Args:
            name: Of its ABI, e.g. `PerpExchange`.
            address: Where it is; as the record says by default.
        """
        return ChainContract(self.chain, address or self.deployment.address(name), load_abi(name))

    @property
    def account(self) -> str:
        """The signer's address.

        Raises:
            NoSigner: There is none.
        """
        return self.need_signer().address

    def need_signer(self) -> Signer:
        """Return the signer.

        Raises:
            NoSigner: There is none.
        """
        if self.signer is None:
            raise NoSigner
        return self.signer

    def view(
        self, contract: ChainContract, name: str, *args: Any, block: int | str = "latest"
    ) -> Any:
        """Call a view.

        Raises:
            ProtocolError: The contract refused.
            ChainError: The node did not answer.
        """
        with typed_errors():
            return getattr(contract.call, name)(*args, block=block)

    def transact(self, contract: ChainContract, name: str, *args: Any) -> Receipt:
        """Simulate, price, sign and send a call, and wait for its receipt.

        Raises:
            ProtocolError: The contract refused; with a hash if that was only seen when mined.
            AddressError: One of the arguments is a mistyped address.
            ChainError: The node did not answer, or not as it should.
        """
        signer = self.need_signer()
        for arg in args:
            check_typed(arg)
        with typed_errors():
            prepared = prepare(
                self.chain, signer.address, contract.address, contract.encode(name, *args)
            )
            if self.on_prepared is not None:
                self.on_prepared(prepared)
            return send(
                self.chain,
                sign(signer, prepared),
                timeout=self.receipt_timeout,
                confirmations=self.confirmations,
            )
