"""An in-process EVM for tests that need hundreds of thousands of calls, and for replays.

Contracts run as the real bytecode; only the chain around them is missing: there are no blocks, no
nonces to mind and no fees. `Evm` holds the state and the clock, `Contract` gives the functions of a
deployed contract as Python attributes.

Example:
    >>> from steelyard.compiler import compile_source
    >>> counter = compile_source('''
    ... # pragma version 0.4.3
    ... count: public(uint256)
    ... @external
    ... def add(amount: uint256):
    ...     assert amount < 10, "counter: too much"
    ...     self.count += amount
    ... ''')
    >>> evm = Evm()
    >>> contract = evm.deploy(counter)
    >>> contract.add(3, sender=address("alice"))
    >>> contract.count()
    3
    >>> contract.add(10, sender=address("alice"))
    Traceback (most recent call last):
    steelyard.evm.Revert: counter: too much
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak
from pyrevm import EVM, BlockEnv, ExecutionResult, JournalCheckpoint

from steelyard.abi import Interface, address_bytes
from steelyard.compiler import Artifact
from steelyard.contract import ZERO_ADDRESS, Contract
from steelyard.errors import CONTRACT_ERRORS, SteelyardError

GAS_LIMIT = 30_000_000
"""Gas of a call unless it says otherwise: a mainnet block when the contracts were written."""

_BLUEPRINT_PREFIX = bytes.fromhex("fe7100")
_ERROR, _PANIC = bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")
# Every live snapshot takes one of the 1024 levels that calls may nest.
_MAX_SNAPSHOTS = 256


class EvmError(SteelyardError):
    """A call did not succeed. The state is as before it."""


class Revert(EvmError):
    """A contract reverted.

    Attributes:
        reason: The reason string; None for a bare assert, a Panic, or arithmetic out of range.
        data: Return data, e.g. `Error(string)` encoded.
    """

    def __init__(self, data: bytes) -> None:
        """Decode the reason from the return data."""
        self.data = data
        self.reason = _reason(data)
        panic = self.panic
        described = self.reason if panic is None else f"Panic({panic:#04x})"
        remedy = CONTRACT_ERRORS.get(self.reason or "", "")
        super().__init__(described or f"no reason (data 0x{data.hex()})", remedy)

    def __reduce__(self) -> tuple[type[Revert], tuple[bytes]]:
        """Pickle by the return data: worker processes hand their reverts over."""
        return type(self), (self.data,)

    @property
    def panic(self) -> int | None:
        """The code of a `Panic(uint256)`, None for other reverts."""
        is_panic = self.data[:4] == _PANIC and len(self.data) == 36
        return int.from_bytes(self.data[4:], "big") if is_panic else None


class Halt(EvmError):
    """Execution stopped without a revert, e.g. on an invalid opcode (Vyper's UNREACHABLE)."""


class OutOfGas(Halt):
    """The outermost call ran out of gas. A contract that calls another sees a revert instead."""


class InvalidTransaction(EvmError):
    """The call never began, e.g. the sender cannot pay the value or is itself a contract."""


@dataclass(frozen=True, slots=True)
class Log:
    """An event of a call.

    Attributes:
        address: Contract that emitted it, lower-case.
        name: Event name; None if the address or the event is unknown to the Evm.
        args: Namedtuple of all arguments; an empty tuple without a name.
        topics: Raw topics, 32 bytes each.
        data: Raw data.
    """

    address: str
    name: str | None
    args: Any
    topics: tuple[bytes, ...] = field(repr=False)
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A state to come back to; made by `Evm.snapshot`."""

    checkpoint: JournalCheckpoint
    timestamp: int
    number: int
    # Account to what set_balance added while this snapshot was the last one (wei, may be < 0).
    credits: dict[str, int]


@functools.cache
def address(label: str | int) -> str:
    """Return a deterministic account address, lower-case, for a role name or an index.

    >>> address("trader") == address("trader") != address(0)
    True
    """
    return "0x" + keccak(text=f"steelyard account {label}")[12:].hex()


DEPLOYER = address("deployer")


class Evm:
    """The state of a chain, and the calls that change it.

    Every call is a transaction of its own as far as contracts can tell: transient storage is empty
    before it. Accounts do stay warm between calls, so `gas_used` is lower than a transaction's.

    pyrevm keeps a journal of every transaction (0.5 to 3 KB each; views leave nothing) and offers
    no way to compact it or to copy a state. To keep memory flat, bring the state up once, take a
    `snapshot`, and `revert` to it for every example: that frees the journal of the calls in
    between. A run that cannot go back needs a new Evm now and then, deployed and set up again.

    Args:
        timestamp: First block time (seconds).
        number: First block number.
    """

    def __init__(self, *, timestamp: int = 1_700_000_000, number: int = 1) -> None:
        """Start an empty chain with chain id 1."""
        # pyrevm 0.3.7 ignores its spec_id: it always runs the rules of Cancun.
        self._revm = EVM(gas_limit=GAS_LIMIT)
        self._interfaces: dict[str, Interface] = {}
        self._snapshots: list[Snapshot] = []
        self._result: ExecutionResult | None = None
        self._set_block(timestamp, number)

    # Contracts

    def deploy(
        self, artifact: Artifact, *args: Any, sender: str = DEPLOYER, value: int = 0
    ) -> Contract:
        """Deploy a contract.

        Args:
            artifact: What to deploy.
            args: Constructor arguments.
            sender: Deploying account.
            value: Ether to send (wei).

        Raises:
            AbiError: The arguments do not fit the constructor.
            EvmError: The constructor failed.
        """
        interface = _interface(artifact)
        code = artifact.creation_code + interface.constructor.encode(args)
        return self.at(self._create(code, sender, value), interface)

    def deploy_blueprint(self, artifact: Artifact, *, sender: str = DEPLOYER) -> str:
        """Deploy creation code as an ERC-5202 blueprint and return its address.

        Vyper's `create_from_blueprint` deploys contracts from it.
        """
        return self._create(blueprint_initcode(artifact), sender, 0)

    def at(self, address: str, interface: Artifact | Interface) -> Contract:
        """Return a contract that is already there, e.g. one that a factory made.

        Raises:
            ValueError: There is no code at the address.
        """
        address = "0x" + address_bytes(address).hex()
        if self._revm.get_code(address) is None:
            raise ValueError(f"no contract at {address}")
        if isinstance(interface, Artifact):
            interface = _interface(interface)
        self._interfaces[address] = interface
        return Contract(self, address, interface)

    # Calls

    def transact(
        self, to: str, data: bytes = b"", *, sender: str, value: int = 0, gas: int | None = None
    ) -> bytes:
        """Send raw calldata and keep the changes.

        Args:
            to: Address to call.
            data: Calldata.
            sender: Calling account; not a contract (EIP-3607).
            value: Ether to send (wei).
            gas: Gas limit of the call, GAS_LIMIT by default.

        Returns:
            The return data.

        Raises:
            Revert: A contract reverted.
            Halt: Execution stopped otherwise; OutOfGas if that was why.
            InvalidTransaction: The call could not begin.
        """
        revm = self._revm
        try:
            return revm.message_call(sender, to, data, value, gas)
        except (RuntimeError, TypeError) as error:
            raise _failure(error) from None
        finally:
            self._result = revm.result
            revm.reset_transient_storage()

    def static_call(
        self, to: str, data: bytes, *, sender: str = ZERO_ADDRESS, gas: int | None = None
    ) -> bytes:
        """Send raw calldata so that nothing can change; `logs` and `gas_used` stay as they were.

        Raises:
            Halt: The contract tried to change the state (StateChangeDuringStaticCall).
            EvmError: As in `transact`.
        """
        revm = self._revm
        checkpoint = revm.snapshot()
        try:
            return revm.message_call(sender, to, data, None, gas, None, True)
        except (RuntimeError, TypeError) as error:
            raise _failure(error) from None
        finally:
            revm.revert(checkpoint)  # nothing has changed, but this frees the journal of the call

    @property
    def logs(self) -> list[Log]:
        """Events of the last transaction or deployment (none if it failed), decoded when known."""
        logs = self._result.logs if self._result is not None else []
        return [self._decode_log(log.address.lower(), *log.data) for log in logs]

    @property
    def gas_used(self) -> int:
        """Gas of the last transaction or deployment, with what earlier calls touched still warm.

        That is less than a transaction costs on a chain: measure costs there.
        """
        return self._result.gas_used if self._result is not None else 0

    # State

    @property
    def timestamp(self) -> int:
        """Block time of the next call (seconds)."""
        return self._timestamp

    @timestamp.setter
    def timestamp(self, value: int) -> None:
        self._set_block(value, self._number)

    @property
    def number(self) -> int:
        """Block number of the next call."""
        return self._number

    @number.setter
    def number(self, value: int) -> None:
        self._set_block(self._timestamp, value)

    def warp(self, seconds: int) -> None:
        """Move to a next block that is `seconds` later."""
        if seconds < 0:
            raise ValueError(f"cannot warp {seconds} seconds: set `timestamp` to go back")
        self._set_block(self._timestamp + seconds, self._number + 1)

    def balance(self, account: str) -> int:
        """Return the ether of an account (wei)."""
        return self._revm.get_balance(account)

    def set_balance(self, account: str, amount: int) -> None:
        """Set the ether of an account (wei)."""
        if self._snapshots:
            credits = self._snapshots[-1].credits
            credits[account] = credits.get(account, 0) + amount - self.balance(account)
        self._revm.set_balance(account, amount)

    def snapshot(self) -> Snapshot:
        """Remember the state, balances and clock.

        Raises:
            RuntimeError: Too many snapshots are alive: revert to them when done.
        """
        if len(self._snapshots) >= _MAX_SNAPSHOTS:
            raise RuntimeError(f"more than {_MAX_SNAPSHOTS} snapshots: revert to an earlier one")
        made = Snapshot(self._revm.snapshot(), self._timestamp, self._number, {})
        self._snapshots.append(made)
        return made

    def revert(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot. It and all later ones cannot be used again.

        Raises:
            ValueError: The snapshot is used up, or from another Evm.
        """
        # pyrevm itself takes any order and then mixes states up.
        if snapshot not in self._snapshots:
            raise ValueError("this snapshot was reverted already, or is from another Evm")
        last = None
        while last is not snapshot:
            last = self._snapshots.pop()
            self._revm.revert(last.checkpoint)
            # pyrevm undoes transfers by adding and subtracting, and set_balance not at all.
            for account, credit in last.credits.items():
                self._revm.set_balance(account, (self.balance(account) - credit) % 2**256)
        self._set_block(snapshot.timestamp, snapshot.number)

    @contextmanager
    def anchor(self) -> Iterator[None]:
        """Undo everything that happens inside the `with` block."""
        snapshot = self.snapshot()
        try:
            yield
        finally:
            self.revert(snapshot)

    def _set_block(self, timestamp: int, number: int) -> None:
        self._timestamp, self._number = timestamp, number
        self._revm.set_block_env(BlockEnv(timestamp=timestamp, number=number))

    def _create(self, code: bytes, sender: str, value: int) -> str:
        try:
            return self._revm.deploy(sender, code, value)
        except (RuntimeError, TypeError) as error:
            raise _failure(error) from None
        finally:
            self._result = self._revm.result
            self._revm.reset_transient_storage()

    def _decode_log(self, address: str, topics: list[bytes], data: bytes) -> Log:
        interface = self._interfaces.get(address)
        event = interface.events.get(topics[0]) if interface is not None and topics else None
        if event is None:
            return Log(address, None, (), tuple(topics), data)
        return Log(address, event.name, event.decode(topics, data), tuple(topics), data)


def blueprint_initcode(artifact: Artifact) -> bytes:
    """Return what a transaction carries that deploys a contract's ERC-5202 blueprint."""
    code = _BLUEPRINT_PREFIX + artifact.creation_code
    # Returns what follows its own ten bytes: PUSH2 len RETURNDATASIZE DUP2 PUSH1 10 ... RETURN.
    return b"\x61" + len(code).to_bytes(2, "big") + bytes.fromhex("3d81600a3d39f3") + code


@functools.lru_cache(maxsize=256)
def _interface(artifact: Artifact) -> Interface:
    return Interface(artifact.name, artifact.abi)


def _reason(data: bytes) -> str | None:
    """Return the string of an `Error(string)`, None if the data is something else."""
    if data[:4] != _ERROR or len(data) < 68:
        return None
    length = int.from_bytes(data[36:68], "big")
    return data[68 : 68 + length].decode(errors="replace")


def _failure(error: Exception) -> EvmError:
    """Turn pyrevm's error, which is a text, into one of ours."""
    text = str(error)
    if text.startswith("Revert {"):
        start = text.index("output: 0x") + len("output: 0x")
        return Revert(bytes.fromhex(text[start : text.index(" ", start)]))
    if text.startswith("Halt {"):
        reason = text.removeprefix("Halt { reason: ").partition(", gas_used:")[0]
        return OutOfGas(reason) if reason.startswith("OutOfGas") else Halt(reason)
    if isinstance(error, TypeError):
        text = f"sender, address or calldata not in the right form: {text}"
    return InvalidTransaction(text)
