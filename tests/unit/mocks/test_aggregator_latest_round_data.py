import pytest

# What a transaction costs before the contract runs: the base fee and four bytes of calldata.
INTRINSIC = 21_000 + 4 * 16
COLD_SLOAD = 2_100


def test_open_to_everybody(feed, owner, trader, attacker):
    answers = [feed.latestRoundData(sender=account) for account in (owner, trader, attacker)]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("answer", [3_000 * 10**8, -1, 2**95 - 1])
def test_reads_one_slot(feed, owner, trader, answer):
    feed.push(answer, sender=owner)
    gas = feed.latestRoundData.transact(sender=trader).gas_used - INTRINSIC
    assert COLD_SLOAD < gas < COLD_SLOAD + 600


def test_reads_five_slots_of_a_round_that_does_not_fit(feed, owner, trader):
    feed.push(2**95, sender=owner)
    gas = feed.latestRoundData.transact(sender=trader).gas_used - INTRINSIC
    assert 5 * COLD_SLOAD < gas < 5 * COLD_SLOAD + 1_000
