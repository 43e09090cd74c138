"""The contract and its twin, asked together."""

from dataclasses import replace

import pytest

from steelyard.compiler import compile_contract
from steelyard.evm import Evm, address
from steelyard.model.policy import Case, Decision, decide, pack_memory
from tests.unit.policy.cases import NOON, struct


@pytest.fixture(scope="module")
def evm():
    """A chain whose clock a test sets."""
    return Evm(timestamp=NOON)


@pytest.fixture(scope="module")
def policy(evm):
    """RebalancePolicy as deployed."""
    return evm.deploy(compile_contract("RebalancePolicy"))


@pytest.fixture(scope="module")
def feed(evm):
    """A reference feed that answers what a test says, 8 decimals."""
    return evm.deploy(compile_contract("HostileFeed"), 8, b"")


@pytest.fixture(scope="module")
def tell(evm, feed):
    """Let the feed answer a round: `answer` with 8 decimals, `updated_at` in seconds."""

    def tell(answer: int, updated_at: int) -> None:
        words = (1, answer, updated_at, updated_at, 1)
        feed.respond(
            b"".join(word.to_bytes(32, "big", signed=True) for word in words),
            sender=address("feeder"),
        )

    return tell


@pytest.fixture(scope="module")
def ask(evm, policy):
    """Decide a case by the contract and by the twin; they must agree."""

    def ask(case: Case) -> Decision:
        evm.timestamp = case.now
        words = policy.pack_rules(struct(case.rules))
        decided = policy.decide(struct(case.state), case.is_long, words, pack_memory(case.memory))
        expected = decide(case)
        assert replace(expected, **decided._asdict()) == expected
        return expected

    return ask
