import ape
import pytest


@pytest.fixture(params=["usd", "feed"])
def mock(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def decimals():
    return 6


def test_transfers(mock, owner, trader):
    tx = mock.transfer_ownership(trader, sender=owner)

    assert mock.owner() == trader
    assert tx.events == [mock.OwnershipTransferred(previous_owner=owner, new_owner=trader)]


def test_owner_only(mock, owner, attacker):
    with ape.reverts("ownable: caller is not the owner"):
        mock.transfer_ownership(attacker, sender=attacker)
    assert mock.owner() == owner


def test_not_to_nobody(mock, owner):
    with ape.reverts("ownable: new owner is the zero address"):
        mock.transfer_ownership(ape.utils.ZERO_ADDRESS, sender=owner)
