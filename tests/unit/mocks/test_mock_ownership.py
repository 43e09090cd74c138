import ape
import pytest

NOT_OWNER = "ownable: caller is not the owner"
NOT_NEW = "ownable_2step: caller is not the new owner"


@pytest.fixture(params=["usd", "feed"])
def mock(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def decimals():
    return 6


def test_in_two_steps(mock, owner, trader, attacker):
    tx = mock.transfer_ownership(trader, sender=owner)
    assert tx.events == [mock.OwnershipTransferStarted(previous_owner=owner, new_owner=trader)]
    assert (mock.owner(), mock.pending_owner()) == (owner, trader)
    for account in (attacker, owner):
        with ape.reverts(NOT_NEW):
            mock.accept_ownership(sender=account)

    tx = mock.accept_ownership(sender=trader)
    assert tx.events == [mock.OwnershipTransferred(previous_owner=owner, new_owner=trader)]
    assert (mock.owner(), mock.pending_owner()) == (trader, ape.utils.ZERO_ADDRESS)


def test_taken_back(mock, owner, trader):
    mock.transfer_ownership(trader, sender=owner)
    mock.transfer_ownership(ape.utils.ZERO_ADDRESS, sender=owner)
    with ape.reverts(NOT_NEW):
        mock.accept_ownership(sender=trader)
    assert mock.owner() == owner


def test_owner_only(mock, attacker):
    with ape.reverts(NOT_OWNER):
        mock.transfer_ownership(attacker, sender=attacker)


def test_cannot_be_given_up(mock):
    """Neither prices nor faucet limits could be set any more."""
    assert not hasattr(mock, "renounce_ownership")
