"""The in-process EVM in the place of a real chain, writing down what a deployer sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_utils.crypto import keccak
from pyrevm import EVM, AccountInfo, CfgEnv, Env

from steelyard.abi import Interface, canonical
from steelyard.compiler import Artifact, compile_contract
from steelyard.contract import ZERO_ADDRESS, Contract
from steelyard.deployment.markets import DeploymentError
from steelyard.deployment.titles import Titles
from steelyard.evm import GAS_LIMIT, Evm, EvmError, blueprint_initcode

_PADDING = bytes(33)
# A sequencer that has been up for so long is past any grace period, seconds.
_UP_FOR = 10**8


@dataclass(frozen=True)
class Round:
    """What a live feed says.

    Attributes:
        decimals: Of the answer.
        answer: In those decimals.
    """

    decimals: int
    answer: int


@dataclass(frozen=True)
class Sent:
    """A transaction of the deployer.

    Attributes:
        title: What it does, in words.
        to: Whom it calls, lower-case hex str; None for a creation.
        data: Calldata, or creation code with its arguments.
        gas: What it used in the process, where more is warm than on a chain.
        contract: Name of what it creates.
        address: Where, lower-case hex str.
        arguments: Of the constructor.
    """

    title: str
    to: str | None
    data: bytes
    gas: int
    contract: str = ""
    address: str = ""
    arguments: tuple[Any, ...] = ()


class Refused(DeploymentError):
    """A contract refused a step of a deployment.

    Attributes:
        title: What was tried.
        cause: Why not.
    """

    def __init__(self, title: str, cause: EvmError) -> None:
        """Join them."""
        super().__init__(f"{title}: {cause}")
        self.title = title
        self.cause = cause


class StandIn(Evm):
    """A chain on which a deployer has a nonce, and what he sends is written down.

    Args:
        chain_id: Of the chain it stands for; contracts see it.
        timestamp: Its time, seconds.
        deployer: Who sends, lower-case hex str.
        nonce: Of his next transaction.

    Attributes:
        sent: What he has sent, in order.
    """

    def __init__(self, *, chain_id: int, timestamp: int, deployer: str, nonce: int) -> None:
        """Start without any contract."""
        super().__init__(timestamp=timestamp)
        self._revm = EVM(Env(cfg=CfgEnv(chain_id=chain_id)), gas_limit=GAS_LIMIT)
        self._set_block(timestamp, 1)
        self._deployer, self._first = deployer, nonce
        self._titles = Titles()
        self.sent: list[Sent] = []

    def deploy(self, artifact: Artifact, *args: Any, sender: str = "", value: int = 0) -> Contract:
        """Deploy a contract, see `Evm.deploy`, as the next transaction of the deployer."""
        title = self._titles.deploying(artifact.name, args)
        self._count_nonce()
        try:
            contract = super().deploy(artifact, *args, sender=self._deployer, value=value)
        except EvmError as error:
            raise Refused(title, error) from error
        code = artifact.creation_code + contract.interface.constructor.encode(args)
        self._created(title, code, artifact.name, contract.address, args)
        self._titles.deployed(artifact.name, args, contract.address)
        return contract

    def deploy_blueprint(self, artifact: Artifact, *, sender: str = "") -> str:
        """Deploy a blueprint, see `Evm.deploy_blueprint`, as the deployer's next transaction."""
        self._count_nonce()
        address = super().deploy_blueprint(artifact, sender=self._deployer)
        title = f"deploy the blueprint of {artifact.name}"
        name = f"{artifact.name} blueprint"
        self._created(title, blueprint_initcode(artifact), name, address, ())
        return address

    def transact(
        self, to: str, data: bytes = b"", *, sender: str, value: int = 0, gas: int | None = None
    ) -> bytes:
        """Send calldata, see `Evm.transact`; written down if the deployer does."""
        if sender != self._deployer:
            return super().transact(to, data, sender=sender, value=value, gas=gas)
        self._count_nonce()
        title = self._titles.calling(to, *self._decode(to, data))
        try:
            output = super().transact(to, data, sender=sender, value=value, gas=gas)
        except EvmError as error:
            raise Refused(title, error) from error
        self.sent.append(Sent(title, to, data, self.gas_used))
        return output

    def static_call(
        self, to: str, data: bytes, *, sender: str = ZERO_ADDRESS, gas: int | None = None
    ) -> bytes:
        """Call a view, see `Evm.static_call`; a deployment only asks to build its next step."""
        try:
            return super().static_call(to, data, sender=sender, gas=gas)
        except EvmError as error:
            function, _ = self._decode(to, data)
            raise Refused(f"{self._titles.label(to)}.{function}", error) from error

    def code(self, address: str) -> bytes:
        """Return the code at an address, immutables included; empty without a contract."""
        code = self._revm.get_code(address) or b""
        # pyrevm gives code that it has analysed with the zeros that it added for itself.
        if code.endswith(_PADDING) and keccak(code) != self._revm.basic(address).code_hash:
            code = code.removesuffix(_PADDING)
        return code

    def place_feeds(self, feeds: Mapping[str, Round]) -> None:
        """Put mock feeds where live ones are on the chain.

        Args:
            feeds: Address to what it says; an answer of 0 is a sequencer that is up.
        """
        mock = compile_contract("MockAggregator")
        for address, said in feeds.items():
            self._revm.insert_account_info(address, AccountInfo(nonce=1, code=mock.runtime_code))
            feed = self.at(address, mock)
            self._titles.found("the feed", address)
            # Nobody owns what no constructor made: the zero address may write to it.
            feed.set_decimals(said.decimals, sender=ZERO_ADDRESS)
            dated = self.timestamp - (0 if said.answer else _UP_FOR)
            feed.push_at(said.answer, dated, sender=ZERO_ADDRESS)

    def _count_nonce(self) -> None:
        """Give the deployer the nonce of his next transaction: pyrevm counts no calls."""
        nonce = self._first + len(self.sent)
        self._revm.insert_account_info(self._deployer, AccountInfo(nonce=nonce))

    def _created(
        self, title: str, code: bytes, name: str, address: str, args: tuple[Any, ...]
    ) -> None:
        self.sent.append(Sent(title, None, code, self.gas_used, name, address, args))

    def _decode(self, to: str, data: bytes) -> tuple[str, tuple[Any, ...]]:
        """Return the name and the arguments of a call."""
        interface: Interface = self._interfaces[to]
        for name, overloads in interface.functions.items():
            for function in overloads:
                if keccak(text=function.signature)[:4] == data[:4]:
                    types = [canonical(param) for param in function.inputs]
                    return name, tuple(decode(types, data[4:]))
        raise AssertionError(f"no function of {interface.name} for {data[:4].hex()}")
