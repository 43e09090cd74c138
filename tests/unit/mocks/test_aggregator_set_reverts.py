import ape
import pytest


def test_breaks_and_repairs(feed, owner):
    before = feed.latestRoundData()

    tx = feed.set_reverts(True, sender=owner)
    assert tx.events == [feed.RevertsUpdated(old_reverts=False, new_reverts=True)]
    with ape.reverts("mock_aggregator: made to revert"):
        feed.latestRoundData()

    tx = feed.set_reverts(False, sender=owner)
    assert tx.events == [feed.RevertsUpdated(old_reverts=True, new_reverts=False)]
    assert feed.latestRoundData() == before


@pytest.mark.parametrize("reverts", [True, False])
def test_twice_changes_nothing(feed, owner, reverts):
    feed.set_reverts(reverts, sender=owner)
    tx = feed.set_reverts(reverts, sender=owner)
    assert tx.events == [feed.RevertsUpdated(old_reverts=reverts, new_reverts=reverts)]


def test_past_rounds_stay_readable(feed, owner, round_id):
    before = feed.latestRoundData()
    feed.set_reverts(True, sender=owner)
    assert feed.getRoundData(round_id(1, 1)) == before


@pytest.mark.parametrize("answer", [5, 2**255 - 1])
def test_new_rounds_do_not_repair_it(feed, owner, round_id, answer):
    feed.push(answer, sender=owner)
    feed.set_reverts(True, sender=owner)
    feed.bump_phase(sender=owner)
    feed.push(6, sender=owner)
    with ape.reverts("mock_aggregator: made to revert"):
        feed.latestRoundData()

    feed.set_reverts(False, sender=owner)
    assert feed.latestRoundData()[:2] == (round_id(2, 2), 6)
    assert feed.getRoundData(round_id(2, 1))[1] == answer


def test_owner_only(feed, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            feed.set_reverts(True, sender=account)
