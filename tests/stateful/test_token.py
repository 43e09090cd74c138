"""A token does what its twin does, and what docs/protocol.md section 10 promises holds."""

from collections import Counter

from tests.stateful.fuzz import run_episode
from tests.stateful.token_world import FLOWS

SEED = 3
CALLS = 5_000
# What random episodes must meet, or they would prove little.
TRIGGERS = {"DRIFT", "EMERGENCY", "UNFINISHED", "WIND_DOWN"}


def test_random_episodes():
    calls, episode, stats = 0, 0, Counter()
    while calls < CALLS:
        made, seen, failure = run_episode("token", SEED, episode)
        assert failure is None, f"episode {episode} of seed {SEED}: {failure}"
        calls, episode, stats = calls + made, episode + 1, stats + seen
    for verb in (*FLOWS, "rebalance"):
        assert stats[verb, "ok"] > 10, verb
    traded = {what for (verb, what) in stats if verb == "rebalanced"}
    assert traded >= TRIGGERS
