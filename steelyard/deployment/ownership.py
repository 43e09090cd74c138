"""Who owns the contracts of a deployment, and taking over what is offered."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from steelyard.abis import load_abi
from steelyard.book import Deployment
from steelyard.chain import Chain, ChainContract, Receipt, Signer, execute

_OWNED = ("LeveragedTokenFactory", "PerpExchange", "MockUSD", "MockAggregator")


@dataclass(frozen=True)
class Ownership:
    """Who owns a contract.

    Attributes:
        name: As the record calls it.
        address: Hex str.
        owner: Hex str.
        pending: To whom it is offered; None for nobody.
    """

    name: str
    address: str
    owner: str
    pending: str | None


def ownerships(chain: Chain, record: Deployment) -> list[Ownership]:
    """Return who owns the contracts that have an owner.

    Args:
        chain: Where they are.
        record: Of the deployment.

    Raises:
        WrongChain: The node serves another chain.
        ChainError: The node does not answer.
    """
    chain.check_chain(record.chain_id)
    found = []
    for name, contract in record.contracts.items():
        if name.partition(" ")[0] not in _OWNED:
            continue
        call = _contract(chain, name, contract.address).call
        pending = call.pending_owner()
        offered = to_checksum_address(pending) if int(pending, 16) else None
        owner = to_checksum_address(call.owner())
        found.append(Ownership(name, contract.address, owner, offered))
    return found


def accept(chain: Chain, signer: Signer, ownership: Ownership) -> Receipt:
    """Take over a contract that is offered to the signer.

    Args:
        chain: Where it is.
        signer: To whom it is offered.
        ownership: What.

    Raises:
        ChainError: It is not, or the node does not answer.
    """
    contract = _contract(chain, ownership.name, ownership.address)
    return execute(chain, signer, contract.address, contract.encode("accept_ownership"))


def _contract(chain: Chain, name: str, address: str) -> ChainContract:
    return ChainContract(chain, address, load_abi(name.partition(" ")[0]))
