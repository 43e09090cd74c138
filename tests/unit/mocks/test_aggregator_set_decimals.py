import ape
import pytest


@pytest.mark.parametrize("decimals", [0, 6, 18, 255])
def test_relabels_without_converting(feed, owner, decimals):
    before = feed.latestRoundData()
    tx = feed.set_decimals(decimals, sender=owner)

    assert feed.decimals() == decimals
    assert feed.latestRoundData() == before
    assert tx.events == [feed.DecimalsUpdated(old_decimals=8, new_decimals=decimals)]


def test_owner_only(feed, trader, attacker):
    for account in (trader, attacker):
        with ape.reverts("ownable: caller is not the owner"):
            feed.set_decimals(6, sender=account)
