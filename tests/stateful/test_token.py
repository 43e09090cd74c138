"""A token does what its twin does, and what docs/protocol.md section 10 promises holds."""

from collections import Counter
from dataclasses import replace

import pytest

from steelyard.model.exchange import DAY, WAD
from steelyard.model.policy import Trigger
from steelyard.model.token import Phase
from tests.stateful.fuzz import run_episode
from tests.stateful.machine import replay
from tests.stateful.token_machine import TokenMachine
from tests.stateful.token_world import FLOWS, TokenWorld
from tests.stateful.world import CONFIGS, KEEPERS, OWNER, TRADERS, VAULT, Action, Violation

SEED = 3
CALLS = 5_000
UNIT = 10**6
ANN, BOB, EVE = TRADERS[:3]
KEEPER = KEEPERS[0]
# What random episodes must meet, or they would prove little.
TRIGGERS = {"DRIFT", "EMERGENCY", "UNFINISHED", "WIND_DOWN", "SCHEDULE"}
MET = {
    ("deposit", "mint: cap reached"),
    ("deposit", "mint: paused"),
    ("deposit", "mint: rebalance first"),
    ("deposit", "deposit: too few shares"),
    ("mint", "mint: too many assets"),
    ("mint", "account: flagged"),
    ("redeem", "redeem: too few assets"),
    ("redeem", "erc20: insufficient allowance"),
    ("redeem", "vault: no equity"),
    ("withdraw", "withdraw: too many shares"),
    ("withdraw", "token: more than the balance"),
    ("rebalance", "rebalance: price bound"),
    ("rebalance", "rebalance: reference price"),
    ("rebalance", "rebalance: reward too small"),
    ("liquidate", "ok"),
    ("deleverage", "ok"),
    ("configure", "ok"),
    ("claim_fees", "ok"),
    ("settle", "ok"),
    ("probe loop", "ok"),
    ("probe enter_most", "ok"),
    ("probe leave_most", "ok"),
    ("probe leave", "ok"),
    ("probe rebalance", "ok"),
}


def test_random_episodes():
    calls, episode, stats = 0, 0, Counter()
    while calls < CALLS:
        made, seen, failure = run_episode("token", SEED, episode)
        if failure is not None:
            again = f"--machine token --seed {SEED} --episode {episode}"
            pytest.fail(f"{failure}: python -m tests.stateful.fuzz {again}")
        calls, episode, stats = calls + made, episode + 1, stats + seen
    for verb in (*FLOWS, "rebalance"):
        assert stats[verb, "ok"] > 50, verb
    traded = {what for (verb, what) in stats if verb == "rebalanced"}
    assert traded >= TRIGGERS
    assert set(stats) >= MET


@pytest.fixture(scope="module")
def world():
    return TokenWorld(6)


@pytest.fixture
def machine(world):
    return TokenMachine(world)


def steps(machine, *actions):
    for action in actions:
        machine.step(action)


def own(verb, *args):
    return Action(verb, OWNER, args)


def by(caller, verb, *args):
    return Action(verb, caller, args)


def price(world, dollars, seconds=60):
    """Let time pass, and publish a price of the first market and its reference."""
    now = world.now + seconds
    return (
        Action("warp", "", (seconds,)),
        Action("push_at", "", (0, dollars * 10**8, now)),
        Action("push_at", "", (2, dollars * 10**18, now)),
    )


def refusals(machine, verb):
    return {reason for name, reason in machine.stats if name == verb} - {"ok"}


def test_a_finding_can_be_replayed(world):
    """The machine does fail: a twin that is told something else differs."""
    actions = [by(ANN, "deposit", 0, 1_000 * UNIT, ANN)]
    assert replay(TokenMachine(world), actions) is None
    machine = TokenMachine(world)
    token = world.token_twins[0]
    token.terms = replace(token.terms, mint_fee=0)
    with pytest.raises(Violation, match="result of .*deposit"):
        machine.step(actions[0])


def test_an_invariant_is_found_broken(world):
    """Even where bytecode and twin agree: here equity that nobody lost."""
    machine = TokenMachine(world)
    seen = machine.invariants.seen
    seen[0] = replace(seen[0], state=replace(seen[0].state, equity=seen[0].equity + 1))
    with pytest.raises(Violation, match=r"token 0: invariant 6 \(nothing else moves a token\)"):
        machine.step(by(ANN, "approve", 1, BOB, 1))


@pytest.mark.parametrize("seized", [False, True])
def test_a_liquidation_with_a_remainder(world, machine, seized):
    """What is left is opened again by a mint; where the venue keeps it the token stays wiped."""
    token = world.token_twins[0]
    config = replace(CONFIGS[0], seize_remainder=seized, liquidation_cap=0, min_margin=100 * WAD)
    steps(
        machine,
        own("set_market_config", 0, config, 0, 0),
        by(ANN, "deposit", 0, 500 * UNIT, ANN),
        *price(world, 1_345),
        by(KEEPER, "flag", 0, token.address),
        by(ANN, "redeem", 0, 1, ANN, ANN),
        by(KEEPER, "liquidate", 0, token.address),
    )
    assert refusals(machine, "redeem") == {"account: flagged"}
    state = token.case.state
    assert state.size == 0
    if seized:
        assert state.equity == 0
        steps(machine, by(BOB, "deposit", 0, 500 * UNIT, BOB))
        assert refusals(machine, "deposit") == {"vault: no equity"}
    else:
        assert WAD < state.equity < 100 * WAD
        steps(machine, by(BOB, "deposit", 0, 500 * UNIT, BOB))
        assert token.case.state.size > 0
    machine.finish()


def test_an_emergency_and_what_follows(world, machine):
    token = world.token_twins[0]
    steps(
        machine,
        by(ANN, "deposit", 0, 20_000 * UNIT, ANN),
        Action("donate", "", (EVE, 0, 10**9)),
        *price(world, 1_600),
    )
    assert token.rebalance_status.trigger is Trigger.EMERGENCY
    while token.rebalance_status.trigger is not Trigger.NOTHING:
        steps(machine, *price(world, 1_600), by(KEEPER, "rebalance", 0))
    assert machine.stats["rebalanced", "EMERGENCY"] > 0
    assert machine.stats["rebalanced", "UNFINISHED"] > 0
    machine.finish()


@pytest.mark.parametrize("alone", [False, True])
def test_who_has_less_than_closing_costs_leaves_last(world, machine, alone):
    """Found at random: 17 cents of 84 dollars at 6.6x, any part of which closes all for 33.

    After others they leave for nothing; alone, but for the factory, they are worth less than that.
    """
    token = world.token_twins[0]
    steps(
        machine,
        by(ANN, "deposit", 0, 20 * UNIT, ANN),
        by(BOB, "deposit", 0, 480 * UNIT, BOB),
        *price(world, 1_440),
        *(step for _ in range(5) for step in (*price(world, 1_440), by(KEEPER, "rebalance", 0))),
        *price(world, 1_130),
    )
    few = 3 * WAD // 100
    steps(machine, by(ANN, "transfer", 0, BOB, token.ledger.balances[ANN] - few))
    if alone:
        steps(machine, by(BOB, "transfer", 0, OWNER, token.ledger.balances[BOB]))
    steps(machine, by(ANN, "redeem", 0, few, ANN, ANN))
    assert refusals(machine, "redeem") == {"redeem: cost exceeds the claim"}
    machine.finish()
    assert token.ledger.balances[ANN] == (few if alone else 0)


def test_the_venue_closes_the_market(world, machine):
    """Anyone may end the token then; everybody is paid the same, and no claim is left unbacked."""
    token = world.token_twins[0]
    steps(
        machine,
        by(ANN, "deposit", 0, 20_000 * UNIT, ANN),
        by(BOB, "deposit", 0, 3_000 * UNIT, BOB),
        by(EVE, "wind_down", 0),
        own("close_market", 0, 1_900 * WAD),
        by(EVE, "wind_down", 0),
        by(EVE, "settle", 0),
        by(KEEPER, "rebalance", 0),
        Action("donate", "", (EVE, 0, 5)),
        by(EVE, "settle", 0),
        by(EVE, "claim_fees", 0),
    )
    assert token.terms.phase is Phase.CLOSED
    assert refusals(machine, "wind_down") == {"token: only the factory"}
    assert refusals(machine, "settle") == {"settle: position still open"}
    half = token.ledger.balances[ANN] // 2
    steps(
        machine,
        by(ANN, "redeem", 0, half, VAULT, ANN),
        by(BOB, "withdraw", 0, token.max_withdraw(BOB), BOB, BOB),
        by(ANN, "redeem", 0, token.ledger.balances[ANN], ANN, ANN),
    )
    machine.finish()


def test_fees_are_the_same_however_often_they_are_touched(world, machine):
    """Invariant 9, over a year: once a day, or never."""
    rare, often = world.token_twins[1], world.token_twins[0]
    shares = rare.shares, often.shares
    for _ in range(52):
        steps(machine, Action("warp", "", (7 * DAY,)), by(EVE, "claim_fees", 0))
    growth = rare.shares / shares[0], often.shares / shares[1]
    assert growth[0] == pytest.approx(growth[1], rel=1e-9)
    assert 1 / growth[0] == pytest.approx(0.99 ** (364 / 365), rel=1e-9)
