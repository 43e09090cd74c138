import ape
import pytest


def test_publishes_the_answer_again(feed, owner, round_id):
    feed.push_at(2_900 * 10**8, 1_700_000_000, sender=owner)
    tx = feed.bump_phase(sender=owner)

    first = round_id(2, 1)
    dates = [1_700_000_000, 1_700_000_000]
    assert feed.latestRoundData() == (first, 2_900 * 10**8, *dates, first)
    assert tx.events == [
        feed.PhaseUpdated(old_phase=1, new_phase=2),
        feed.AnswerUpdated(current=2_900 * 10**8, roundId=first, updatedAt=1_700_000_000),
    ]


def test_rounds_count_in_their_phase(feed, owner, round_id):
    feed.push(10, sender=owner)
    feed.bump_phase(sender=owner)
    feed.push(20, sender=owner)

    assert feed.latestRoundData()[:2] == (round_id(2, 2), 20)
    assert feed.getRoundData(round_id(1, 2))[1] == 10
    with ape.reverts("No data present"):
        feed.getRoundData(round_id(1, 3))


def test_after_a_pathological_round(feed, owner, round_id):
    feed.set_latest_raw(round_id(7, 2**40), -(2**255), 2, 2**256 - 1, 4, sender=owner)
    feed.bump_phase(sender=owner)

    first = round_id(8, 1)
    assert feed.latestRoundData() == (first, -(2**255), 2, 2**256 - 1, first)


@pytest.mark.parametrize("number", [1, 2**40])
def test_last_phase(feed, owner, round_id, number):
    feed.set_latest_raw(round_id(2**16 - 2, number), 1, 2, 3, 4, sender=owner)
    feed.bump_phase(sender=owner)
    assert feed.latestRoundData()[0] == round_id(2**16 - 1, 1)
    with ape.reverts():
        feed.bump_phase(sender=owner)


def test_owner_only(feed, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            feed.bump_phase(sender=account)
