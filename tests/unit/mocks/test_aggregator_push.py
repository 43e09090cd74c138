import ape
import pytest


def test_publishes_the_next_round(feed, owner, round_id):
    tx = feed.push(2_900 * 10**8, sender=owner)

    second = round_id(1, 2)
    assert feed.latestRoundData() == (second, 2_900 * 10**8, tx.timestamp, tx.timestamp, second)
    assert tx.events == [
        feed.AnswerUpdated(current=2_900 * 10**8, roundId=second, updatedAt=tx.timestamp)
    ]


def test_keeps_the_rounds_before(feed, owner, round_id):
    before = feed.latestRoundData()
    feed.push(1, sender=owner)
    feed.push(2, sender=owner)

    assert feed.getRoundData(round_id(1, 1)) == before
    assert feed.getRoundData(round_id(1, 2))[1] == 1
    assert feed.getRoundData(round_id(1, 3)) == feed.latestRoundData()


# One word holds int96; beyond it the round is stored in full.
@pytest.mark.parametrize(
    "answer",
    [0, -1, 2**95 - 1, -(2**95), 2**95, -(2**95) - 1, 2**96, -(2**96), 2**255 - 1, -(2**255)],
)
def test_any_answer(feed, owner, round_id, answer):
    feed.push(answer, sender=owner)
    assert feed.latestRoundData()[:2] == (round_id(1, 2), answer)

    feed.push(7, sender=owner)
    assert feed.latestRoundData()[:2] == (round_id(1, 3), 7)
    assert feed.getRoundData(round_id(1, 2))[1] == answer


def test_owner_only(feed, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            feed.push(1, sender=account)


def test_follows_the_ownership(feed, owner, trader):
    feed.transfer_ownership(trader, sender=owner)
    with ape.reverts("ownable: caller is not the owner"):
        feed.push(1, sender=trader)
    feed.accept_ownership(sender=trader)

    feed.push(1, sender=trader)
    with ape.reverts("ownable: caller is not the owner"):
        feed.push(2, sender=owner)
