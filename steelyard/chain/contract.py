"""A contract on a chain: its views as attributes, its calldata, its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address

from steelyard.abi import AbiError, Function, Interface
from steelyard.chain.client import Chain
from steelyard.chain.types import RawLog


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log.

    Attributes:
        name: Of the event.
        values: Its fields, a namedtuple as `steelyard.abi` makes it (addresses in lower case).
        log: Where it comes from.
    """

    name: str
    values: Any
    log: RawLog


class ChainContract:
    """A contract on a chain.

    Attributes:
        chain: Where it lives.
        address: EIP-55 hex str; a ChainContract can itself be passed where an address is wanted.
        interface: Its codecs.
        call: Its functions as attributes, each an `eth_call`:
            `contract.call.balanceOf(owner, block=17, sender=None)`.
    """

    def __init__(self, chain: Chain, address: str, interface: Interface) -> None:
        """Bind an interface to an address."""
        self.chain = chain
        self.address = to_checksum_address(address)
        self.interface = interface
        self.call = Calls(self)

    def encode(self, name: str, *args: Any) -> bytes:
        """Return the calldata of a call.

        Raises:
            AbiError: There is no such function, or the arguments do not fit.
        """
        return self.function(name, len(args)).encode(args)

    def decode(self, name: str, arity: int, data: bytes) -> Any:
        """Return what a function returned, decoded.

        Args:
            name: Of the function.
            arity: How many arguments it was called with.
            data: What it returned.
        """
        return self.function(name, arity).decode(data)

    def function(self, name: str, arity: int) -> Function:
        """Return the function of a name that takes as many arguments.

        Raises:
            AbiError: There is none.
        """
        overloads = self.interface.functions.get(name, ())
        fits = [function for function in overloads if len(function.inputs) == arity]
        if len(fits) == 1:
            return fits[0]
        choices = ", ".join(f.signature for f in overloads) or "none of that name"
        raise AbiError(f"{self.interface.name}.{name} with {arity} arguments: there is {choices}")

    def events(self, logs: Iterable[RawLog], name: str | None = None) -> Iterator[Event]:
        """Yield this contract's events among logs, or only those called `name`."""
        for log in logs:
            if log.address != self.address or not log.topics:
                continue
            event = self.interface.events.get(log.topics[0])
            if event is not None and name in (None, event.name):
                yield Event(event.name, event.decode(log.topics, log.data), log)

    def topic(self, name: str) -> bytes:
        """Return the first topic (32 bytes) of an event.

        Raises:
            AbiError: There is no such event.
        """
        for topic, event in self.interface.events.items():
            if event.name == name:
                return topic
        raise AbiError(f"{self.interface.name} has no event {name!r}")

    def __repr__(self) -> str:
        """Show name and address."""
        return f"<{self.interface.name} {self.address}>"


class Calls:
    """The functions of a contract as attributes."""

    def __init__(self, contract: ChainContract) -> None:
        """Remember whose."""
        self._contract = contract

    def __getattr__(self, name: str) -> View:
        """Return a function."""
        if name.startswith("__") or name not in self._contract.interface.functions:
            raise AttributeError(f"{self._contract.interface.name} has no function {name!r}")
        return View(self._contract, name)


class View:
    """A function that is called and not sent."""

    __slots__ = ("_contract", "_name")

    def __init__(self, contract: ChainContract, name: str) -> None:
        """Remember which."""
        self._contract, self._name = contract, name

    def __call__(self, *args: Any, block: int | str = "latest", sender: str | None = None) -> Any:
        """Call it and return the decoded value.

        Args:
            args: In order; see `steelyard.abi` for the types.
            block: Number or tag of the block whose state is asked.
            sender: Who calls.

        Raises:
            AbiError: The arguments do not fit, or there is no such contract.
            ChainError: As in `Chain.call`.
        """
        function = self._contract.function(self._name, len(args))
        contract, data = self._contract, function.encode(args)
        return function.decode(
            contract.chain.call(contract.address, data, sender=sender, block=block)
        )
