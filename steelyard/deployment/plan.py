"""What a deployment will send, known before anything is sent.

`make_plan` plays `deploy_system` on a stand-in of the chain and writes down every transaction.
Addresses of created contracts follow from deployer and nonce, and no calldata depends on time or
price: the plan of a configuration is the same on every day, and a transaction of it can never be
mined twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from steelyard.deployment.backends import EvmBackend
from steelyard.deployment.stand_in import Round, Sent, StandIn
from steelyard.deployment.system import System, SystemConfig, deploy_system

# A call in the process finds warm what is cold on a chain, by so much: percent and gas.
_COLDER, _COLD = 3, 12_000


@dataclass(frozen=True)
class Step:
    """A transaction of a plan.

    Attributes:
        nonce: Of the deployer.
        sent: What it does and carries.
        gas: An estimate; a node's is asked for when its time comes.
    """

    nonce: int
    sent: Sent
    gas: int

    @property
    def title(self) -> str:
        """What it does, in words."""
        return self.sent.title

    @property
    def data_hash(self) -> str:
        """SHA-256 of where it goes and what it carries."""
        carried = (self.sent.to or "").encode() + b"\0" + self.sent.data
        return "0x" + hashlib.sha256(carried).hexdigest()


@dataclass(frozen=True)
class Plan:
    """All transactions of a deployment.

    Attributes:
        chain_id: Of the chain it is for.
        deployer: Who sends, lower-case hex str.
        steps: In order, nonces without a gap.
        system: What comes out, on the stand-in.
        stand_in: The chain that it was played on.
    """

    chain_id: int
    deployer: str
    steps: tuple[Step, ...]
    system: System = field(repr=False)
    stand_in: StandIn = field(repr=False)

    @property
    def first_nonce(self) -> int:
        """Nonce of the first step."""
        return self.steps[0].nonce

    @property
    def gas(self) -> int:
        """Gas of all steps, an estimate."""
        return sum(step.gas for step in self.steps)

    @property
    def digest(self) -> str:
        """A hash of everything that would be sent, and by whom on which chain."""
        parts = [f"{self.chain_id} {self.deployer}"]
        parts += [f"{step.nonce} {step.data_hash}" for step in self.steps]
        return "0x" + hashlib.sha256("\n".join(parts).encode()).hexdigest()


def make_plan(
    config: SystemConfig,
    *,
    chain_id: int,
    deployer: str,
    nonce: int,
    timestamp: int = 1_700_000_000,
    live: Mapping[str, Round] | None = None,
) -> Plan:
    """Find out what a deployment will send.

    Args:
        config: What to deploy.
        chain_id: Of the chain.
        deployer: Who sends, hex str.
        nonce: Of his first transaction.
        timestamp: Time of the stand-in, seconds; nothing that is sent depends on it.
        live: What the live feeds say that the configuration names, by address.

    Raises:
        Refused: A contract refuses a step.
        DeploymentError: The configuration does not fit together.

    Example:
        >>> from steelyard.deployment import default_market
        >>> config = SystemConfig(markets=(default_market("ETH"),))
        >>> plan = make_plan(config, chain_id=31_337, deployer="0x" + "11" * 20, nonce=7)
        >>> [(step.nonce, step.title) for step in plan.steps][-2:]
        [(13, 'let PerpExchange take 20,000,000 mUSD'), (14, 'put 20,000,000 mUSD into market 0')]
    """
    deployer = deployer.lower()
    evm = StandIn(chain_id=chain_id, timestamp=timestamp, deployer=deployer, nonce=nonce)
    evm.place_feeds(live or {})
    system = deploy_system(EvmBackend(evm, deployer), config)
    steps = (Step(nonce + index, sent, _gas(sent)) for index, sent in enumerate(evm.sent))
    return Plan(chain_id, deployer, tuple(steps), system, evm)


def _gas(sent: Sent) -> int:
    """Return an estimate of what a transaction will use on a chain."""
    if sent.to is None:
        return sent.gas
    return sent.gas * (100 + _COLDER) // 100 + _COLD
