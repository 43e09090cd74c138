"""Many tokens in a call: a bad one is said to be bad, and spoils nothing."""

import pytest

from steelyard.evm import OutOfGas, Revert, address
from steelyard.model.token.terms import Phase
from tests.unit.lens.helpers import ALICE, KEEPER, MARKET_CLOSED

ANSWER, REVERT, BOMB, BURN = 1, 2, 4, 8

WORD = 32


def words(*values):
    return b"".join(value.to_bytes(WORD, "big") for value in values)


# What a contract answers to everything: as long as the answers that are wanted, and longer.
GARBAGE = {
    "nothing": b"",
    "a byte": b"\1",
    "zero": words(0),
    "zeros": bytes(1024),
    "ones": b"\xff" * 1024,
    "words of a token": b"\xff" * 6 * WORD,
    "offsets into the answer": words(*[WORD] * 32),
    "offsets beyond it": words(*[1024] * 32),
    "a number": words(10**18),
    "an address": words(2**160 - 1),
}


@pytest.fixture(params=["account", "precompile", REVERT, BOMB, BURN, *GARBAGE])
def bad(world, request):
    """An address that is no token."""
    if request.param == "account":
        return address("somebody")
    if request.param == "precompile":
        return "0x" + "00" * 19 + "04"
    if request.param in GARBAGE:
        return world.backend.deploy("BadToken", ANSWER, GARBAGE[request.param]).address
    return world.backend.deploy("BadToken", request.param, b"").address


@pytest.fixture
def good(world, long, short):
    """Tokens in every phase."""
    ended = world.used_token("ETH3L", market="ETH")
    world.status(MARKET_CLOSED, market="ETH")
    world.settle(ended)
    return [long, short, ended]


def as_alone(world, tokens):
    """What the lens says of each alone."""
    return tuple(world.lens.token_state(token) for token in tokens)


def held_alone(world, tokens):
    """The same of a holder."""
    return tuple(world.lens.holder_state(ALICE, token) for token in tokens)


def test_nothing_is_asked(world):
    assert world.lens.token_states([]) == world.lens.account_states(ALICE, []) == ()


def test_each_is_as_alone(world, good):
    tokens = [*good, *reversed(good)]
    assert world.lens.token_states(tokens) == as_alone(world, tokens)
    assert world.lens.account_states(ALICE, tokens) == held_alone(world, tokens)


def test_a_bad_token_spoils_nothing(world, good, bad):
    first, *rest = good
    states = world.lens.token_states([first, bad, *rest, bad])
    assert (states[0], *states[2:4]) == as_alone(world, good)
    assert states[1] == states[4] == unread(states[0], token=bad)

    holders = world.lens.account_states(ALICE, [bad, *good, bad])
    assert holders[1:4] == held_alone(world, good)
    assert holders[0] == holders[4] == unread(holders[1], token=bad, account=ALICE)


def test_only_bad_tokens(world, bad):
    states = world.lens.token_states([bad] * 3)
    assert [(state.ok, state.token) for state in states] == [(False, bad)] * 3


def unread(like, **known):
    """A state of which only this is known."""
    return type(like)(**dict(zip(like._fields, map(nothing, like), strict=True)) | known)


def nothing(value):
    """What a value is when nothing is known."""
    if isinstance(value, tuple):
        return type(value)(*map(nothing, value))
    if isinstance(value, str):
        return "0x" + "00" * 20 if value.startswith("0x") else ""
    return type(value)(0)


def test_a_dead_venue_is_its_tokens_affair(world, long, answering):
    world.kill(answering)
    answering.behave(BURN, sender=KEEPER)
    other = world.token("ETH3L", market="ETH")
    states = world.lens.token_states([long, other])
    assert [state.ok for state in states] == [False, True]
    holders = world.lens.account_states(ALICE, [long, other])
    assert [state.ok for state in holders] == [False, True]


def test_one_gas_burner_costs_what_a_token_may(world, long):
    burner = world.backend.deploy("BadToken", BURN, b"")
    states = world.lens.token_states([burner] * 8 + [long], gas=8 * 2_000_000 + 4_000_000)
    assert [state.ok for state in states] == [False] * 8 + [True]


def test_never_calls_a_good_token_bad_for_want_of_gas(world, good):
    """With any gas the call tells the truth or reverts."""
    truth = as_alone(world, good)
    refused = told = 0
    for gas in range(100_000, 5_000_000, 49_999):
        try:
            assert world.lens.token_states(good, gas=gas) == truth
            told += 1
        except OutOfGas:
            assert gas < 1_000_000
        except Revert as error:
            assert error.reason == "lens: too little gas"
            refused += 1
    assert refused > 20 and told > 20


def test_a_hundred_tokens_in_one_call(world):
    """Far below the 50,000,000 gas that nodes give a call; cold storage adds a fifth."""
    markets = ("BTC", "ETH")
    tokens = [
        world.token(f"TOKEN{i}", market=markets[i % 2], is_long=i % 4 < 2, name="N" * 50)
        for i in range(100)
    ]
    states = world.lens.token_states(tokens, gas=17_000_000)
    assert states == as_alone(world, tokens)
    assert {state.ok for state in states} == {True}
    assert len({state.setup.symbol for state in states}) == 100
    owner = world.backend.owner
    holders = world.lens.account_states(owner, tokens, gas=12_000_000)
    assert {holder.ok for holder in holders} == {True}
    assert holders == tuple(world.lens.holder_state(owner, token) for token in tokens)


def test_not_more_than_a_hundred(world, long):
    for ask in (world.lens.token_states, lambda tokens: world.lens.account_states(ALICE, tokens)):
        with pytest.raises(Revert):
            ask([long] * 101)


def test_phases_of_the_good(world, good):
    """What the tests above call good is not all of one kind."""
    states = world.lens.token_states(good)
    assert [state.terms.phase for state in states] == [Phase.ACTIVE, Phase.ACTIVE, Phase.CLOSED]
