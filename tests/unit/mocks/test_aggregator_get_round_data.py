import ape
import pytest


def test_every_round(feed, owner, chain, round_id):
    start = chain.pending_timestamp
    for number in range(2, 6):
        feed.push_at(number * 10**8, start + number, sender=owner)

    for number in range(2, 6):
        wanted, date = round_id(1, number), start + number
        assert feed.getRoundData(wanted) == (wanted, number * 10**8, date, date, wanted)


@pytest.mark.parametrize("phase, number", [(0, 0), (0, 1), (1, 0), (1, 2), (2, 1), (65_535, 1)])
def test_unknown_round(feed, trader, round_id, phase, number):
    with ape.reverts("No data present"):
        feed.getRoundData(round_id(phase, number), sender=trader)
