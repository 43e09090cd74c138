import ape
import pytest

INT_MAX = 2**255 - 1
INT_MIN = -(2**255)
UINT_MAX = 2**256 - 1
ID_MAX = 2**80 - 1
PHASE_1 = 1 << 64


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param((PHASE_1 | 9, 0, 5, 6, PHASE_1 | 9), id="zero answer"),
        pytest.param((PHASE_1 | 9, -1, 5, 6, PHASE_1 | 9), id="negative answer"),
        pytest.param((PHASE_1 | 9, 1, 0, 0, PHASE_1 | 9), id="unfinished"),
        pytest.param((PHASE_1 | 9, 1, 5, 2**40 - 1, PHASE_1 | 9), id="far future"),
        pytest.param((PHASE_1 | 9, 1, 2**40, 6, PHASE_1 | 9), id="start does not fit"),
        pytest.param((PHASE_1 | 9, 1, 5, 2**40, PHASE_1 | 9), id="update does not fit"),
        pytest.param((PHASE_1 | 9, 1, 5, 6, PHASE_1 | 8), id="answer carried over"),
        pytest.param((PHASE_1 | 9, 1, 5, 6, 9), id="answer of another phase"),
        pytest.param((PHASE_1 | 9, 2**95, 5, 6, PHASE_1 | 9), id="answer does not fit"),
        pytest.param((PHASE_1 | 9, INT_MAX, 5, 6, PHASE_1 | 9), id="largest answer"),
        pytest.param((PHASE_1 | 9, INT_MIN, UINT_MAX, UINT_MAX, ID_MAX), id="smallest answer"),
        pytest.param((PHASE_1 | 2**32 - 1, 1, 5, 6, PHASE_1 | 2**32 - 1), id="last short round"),
        pytest.param((PHASE_1 | 2**32, 1, 5, 6, PHASE_1 | 2**32), id="round on the WIDE bit"),
        pytest.param((PHASE_1 | 2**33, 1, 5, 6, PHASE_1 | 2**33), id="round on the REVERTS bit"),
        pytest.param((9, 1, 5, 6, 9), id="phase 0"),
        pytest.param((PHASE_1, 1, 5, 6, PHASE_1), id="round 0"),
        pytest.param((0, 0, 0, 0, 0), id="all zero"),
        pytest.param((ID_MAX, -1, UINT_MAX, UINT_MAX, ID_MAX), id="all ones"),
    ],
)
def test_returns_what_was_given(feed, owner, fields):
    tx = feed.set_latest_raw(*fields, sender=owner)

    assert feed.latestRoundData() == fields
    assert feed.getRoundData(fields[0]) == fields
    assert tx.events == [
        feed.AnswerUpdated(current=fields[1], roundId=fields[0], updatedAt=fields[3])
    ]


@pytest.mark.parametrize("number", [41, 2**32 - 1, 2**40])
def test_later_rounds_count_on(feed, owner, number):
    feed.set_latest_raw(PHASE_1 | number, 1, 2, 3, 4, sender=owner)
    feed.push(5, sender=owner)
    assert feed.latestRoundData()[:2] == (PHASE_1 | number + 1, 5)
    feed.push(6, sender=owner)
    assert feed.latestRoundData()[:2] == (PHASE_1 | number + 2, 6)


def test_replaces_a_round(feed, owner, round_id):
    first = round_id(1, 1)
    feed.set_latest_raw(first, INT_MAX, 1, 2, 3, sender=owner)
    assert feed.getRoundData(first) == (first, INT_MAX, 1, 2, 3)

    feed.set_latest_raw(first, 4, 5, 6, first, sender=owner)
    assert feed.getRoundData(first) == feed.latestRoundData() == (first, 4, 5, 6, first)


def test_nothing_after_the_last_id(feed, owner):
    feed.set_latest_raw(ID_MAX, 1, 2, 3, 4, sender=owner)
    with ape.reverts():
        feed.push(1, sender=owner)


def test_owner_only(feed, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            feed.set_latest_raw(1, 2, 3, 4, 5, sender=account)
