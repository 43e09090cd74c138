import ape

from tests.unit.venue.helpers import ACTIVE, NOT_OWNER, PAUSED, ZERO_ADDRESS

NOT_NEW = "ownable_2step: caller is not the new owner"


def test_in_two_steps(venue, exchange, owner, guardian, attacker):
    tx = exchange.transfer_ownership(guardian, sender=owner)
    started = exchange.OwnershipTransferStarted(previous_owner=owner, new_owner=guardian)
    assert tx.events == [started]
    assert (exchange.owner(), exchange.pending_owner()) == (owner, guardian)
    with ape.reverts(NOT_OWNER):
        exchange.set_market_status(0, PAUSED, sender=guardian)
    for account in (attacker, owner):
        with ape.reverts(NOT_NEW):
            exchange.accept_ownership(sender=account)

    tx = exchange.accept_ownership(sender=guardian)
    done = exchange.OwnershipTransferred(previous_owner=owner, new_owner=guardian)
    assert tx.events == [done]
    assert (exchange.owner(), exchange.pending_owner()) == (guardian, ZERO_ADDRESS)
    with ape.reverts(NOT_OWNER):
        exchange.set_market_status(0, PAUSED, sender=owner)
    exchange.set_market_status(0, PAUSED, sender=guardian)


def test_owner_stays_until_another_accepts(venue, exchange, owner, attacker):
    """A mistyped account never accepts, and the venue is not lost with it."""
    exchange.transfer_ownership(attacker, sender=owner)
    for status in (PAUSED, ACTIVE):
        exchange.set_market_status(0, status, sender=owner)


def test_taken_back(exchange, owner, guardian, attacker):
    exchange.transfer_ownership(attacker, sender=owner)
    exchange.transfer_ownership(guardian, sender=owner)
    with ape.reverts(NOT_NEW):
        exchange.accept_ownership(sender=attacker)
    exchange.transfer_ownership(ZERO_ADDRESS, sender=owner)
    with ape.reverts(NOT_NEW):
        exchange.accept_ownership(sender=guardian)
    assert exchange.owner() == owner


def test_is_the_owners_to_give(exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.transfer_ownership(account, sender=account)


def test_cannot_be_given_up(exchange):
    """Nobody could pause or close a market any more."""
    assert not hasattr(exchange, "renounce_ownership")
