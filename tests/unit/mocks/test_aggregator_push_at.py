import ape
import pytest


def test_dates_the_round(feed, owner, round_id):
    tx = feed.push_at(2_900 * 10**8, 1_700_000_000, sender=owner)

    second = round_id(1, 2)
    dates = [1_700_000_000, 1_700_000_000]
    assert feed.latestRoundData() == (second, 2_900 * 10**8, *dates, second)
    assert tx.events == [
        feed.AnswerUpdated(current=2_900 * 10**8, roundId=second, updatedAt=1_700_000_000)
    ]


# One word holds 40 bits; beyond them the round is stored in full.
@pytest.mark.parametrize("updated_at", [0, 1, 2**40 - 1, 2**40, 2**41, 2**256 - 1])
@pytest.mark.parametrize("answer", [5, -5])
def test_any_date(feed, owner, round_id, answer, updated_at):
    feed.push_at(answer, updated_at, sender=owner)

    second = round_id(1, 2)
    expected = (second, answer, updated_at, updated_at, second)
    assert feed.latestRoundData() == feed.getRoundData(second) == expected


def test_owner_only(feed, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            feed.push_at(1, 1, sender=account)
