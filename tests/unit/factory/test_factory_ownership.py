from steelyard.contract import ZERO_ADDRESS
from tests.unit.factory.helpers import GUARDIAN, NOT_OWNER, OWNER, STRANGER
from tests.unit.token.helpers import reverts

NOT_NEW = "ownable_2step: caller is not the new owner"


def test_in_two_steps(works, factory, token):
    factory.transfer_ownership(STRANGER, sender=OWNER)
    assert (factory.owner(), factory.pending_owner()) == (OWNER, STRANGER)
    with reverts(NOT_OWNER):
        factory.schedule_wind_down(token, sender=STRANGER)
    with reverts(NOT_NEW):
        factory.accept_ownership(sender=GUARDIAN)
    factory.accept_ownership(sender=STRANGER)
    assert (factory.owner(), factory.pending_owner()) == (STRANGER, ZERO_ADDRESS)
    factory.schedule_wind_down(token, sender=STRANGER)
    with reverts(NOT_OWNER):
        factory.schedule_wind_down(token, sender=OWNER)


def test_taken_back(factory):
    factory.transfer_ownership(STRANGER, sender=OWNER)
    factory.transfer_ownership(ZERO_ADDRESS, sender=OWNER)
    with reverts(NOT_NEW):
        factory.accept_ownership(sender=STRANGER)


def test_owner_only(factory):
    with reverts(NOT_OWNER):
        factory.transfer_ownership(STRANGER, sender=STRANGER)


def test_cannot_be_given_up(factory):
    """Nobody could wind a token down any more."""
    assert not {name for name in dir(factory) if "renounce" in name}
