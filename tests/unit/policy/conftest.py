"""The contract and its twin, asked together."""

from dataclasses import replace
from typing import Any

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
def venue(evm):
    """A venue whose only account is in the state that a test chooses."""
    return evm.deploy(compile_contract("StateVenue"))


@pytest.fixture(scope="module")
def at_venue(evm, policy, venue):
    """Call `status` or `order` of a case that the venue is in, with its room and maintenance."""

    def at_venue(verb: str, case: Case, room: int = 0, maintenance: int = 0) -> Any:
        evm.timestamp = case.now
        venue.set(struct(case.state), room, maintenance, sender=address("venue"))
        words = policy.pack_rules(struct(case.rules))
        # The venue has room in market 0 for a long, in market 1 for a short.
        account = (venue.address, 0 if case.is_long else 1, address("token"), case.is_long)
        return getattr(policy, verb)(account, words, pack_memory(case.memory))

    return at_venue


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
