"""Places to deploy to, and what they give back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from steelyard.compiler import compile_contract
from steelyard.contract import Contract
from steelyard.deployment.markets import DeploymentError
from steelyard.evm import DEPLOYER, Evm


class Handle(Protocol):
    """A deployed contract: its functions are attributes."""

    @property
    def address(self) -> str:
        """Hex str; a handle can itself be passed where an address is wanted."""
        ...

    def __getattr__(self, name: str) -> Any:
        """Return a function of the contract."""
        ...


@dataclass(frozen=True)
class EvmBackend:
    """The in-process EVM, or what offers the same methods.

    Attributes:
        evm: The chain.
        owner: Deploying account, hex str.
    """

    evm: Evm
    owner: str = DEPLOYER

    def deploy(self, name: str, *args: Any) -> Contract:
        """Deploy a contract of this checkout.

        Args:
            name: File stem, e.g. `PerpExchange`.
            args: Constructor arguments; handles stand for their addresses.
        """
        return self.evm.deploy(compile_contract(name), *args, sender=self.owner)

    def deploy_blueprint(self, name: str) -> str:
        """Deploy the creation code of a contract (EIP-5202) and return its address.

        Args:
            name: File stem, e.g. `LeveragedToken`.
        """
        return self.evm.deploy_blueprint(compile_contract(name), sender=self.owner)

    def at(self, name: str, address: str) -> Contract:
        """Return a contract that is already there, e.g. one that a factory made.

        Args:
            name: File stem of what it is.
            address: Where it is, hex str.
        """
        return self.evm.at(address, compile_contract(name))


class NotDeployed:
    """Stands for a contract that the configuration did not ask for: using it says so."""

    def __init__(self, name: str) -> None:
        """Remember what is missing, for the message."""
        self._name = name

    @property
    def address(self) -> str:
        """Raise: there is none."""
        raise self._error()

    def __getattr__(self, name: str) -> Any:
        """Raise: there is no function to return."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise self._error()

    def _error(self) -> DeploymentError:
        return DeploymentError(f"{self._name} is not deployed", "name tokens in SystemConfig")
