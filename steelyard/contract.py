"""The functions of a contract in the in-process EVM, as Python attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steelyard.abi import AbiError, Function, Interface

if TYPE_CHECKING:
    from steelyard.evm import Evm, Log

ZERO_ADDRESS = "0x" + "00" * 20


class Contract:
    """A deployed contract: its functions are attributes.

    Attributes:
        evm: Where it lives.
        address: Lower-case hex str; a Contract can itself be passed where an address is wanted.
        interface: Its codecs.
    """

    def __init__(self, evm: Evm, address: str, interface: Interface) -> None:
        """Bind an interface to an address."""
        self.evm = evm
        self.address = address
        self.interface = interface

    def __getattr__(self, name: str) -> Method:
        """Return a function of the contract, and keep it for the next time."""
        if name.startswith("__"):
            raise AttributeError(name)
        overloads = self.interface.functions.get(name)
        if overloads is None:
            known = ", ".join(sorted(self.interface.functions))
            raise AttributeError(f"{self.interface.name} has no function {name!r}; it has: {known}")
        method = self.__dict__[name] = Method(self, overloads)
        return method

    def __dir__(self) -> list[str]:
        """List the functions too."""
        return [*super().__dir__(), *self.interface.functions]

    def __repr__(self) -> str:
        """Show name and address."""
        return f"<{self.interface.name} {self.address}>"

    def logs(self, name: str | None = None) -> list[Log]:
        """Return this contract's events of the last transaction, or only those called `name`."""
        mine = (log for log in self.evm.logs if log.address == self.address)
        return [log for log in mine if name is None or log.name == name]


class Method:
    """A function of a contract. View functions are static calls, others need a `sender`."""

    __slots__ = ("_address", "_evm", "_overloads")

    def __init__(self, contract: Contract, overloads: tuple[Function, ...]) -> None:
        """Bind the ABI entries of one name."""
        self._evm = contract.evm
        self._address = contract.address
        self._overloads = overloads

    def __call__(
        self, *args: Any, sender: str | None = None, value: int = 0, gas: int | None = None
    ) -> Any:
        """Call the function.

        Args:
            args: Arguments in order; see `steelyard.abi` for the types.
            sender: Calling account; must be given unless the function is a view.
            value: Ether to send (wei).
            gas: Gas limit, `steelyard.evm.GAS_LIMIT` by default.

        Returns:
            The decoded value: None, one value, or a (named) tuple of several.

        Raises:
            AbiError: The arguments do not fit; nothing was called.
            EvmError: As in `Evm.transact`.
        """
        function, data = self._encode(args)
        if function.is_view:
            if value:
                raise AbiError(f"{function.signature} is a view: it takes no value")
            return function.decode(
                self._evm.static_call(self._address, data, sender=sender or ZERO_ADDRESS, gas=gas)
            )
        if sender is None:
            raise AbiError(f"{function.signature} changes the state: say who calls with sender=")
        return function.decode(
            self._evm.transact(self._address, data, sender=sender, value=value, gas=gas)
        )

    def encode(self, *args: Any) -> bytes:
        """Return the calldata of a call."""
        return self._encode(args)[1]

    def _encode(self, args: tuple[Any, ...]) -> tuple[Function, bytes]:
        overloads = self._overloads
        if len(overloads) > 1:
            overloads = tuple(f for f in overloads if len(f.inputs) == len(args))
        if len(overloads) != 1:
            choices = ", ".join(f.signature for f in self._overloads)
            problem = "several functions take" if overloads else "no function takes"
            raise AbiError(f"{problem} {len(args)} arguments; there are: {choices}")
        return overloads[0], overloads[0].encode(args)
