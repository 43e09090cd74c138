"""PriceGuard by itself: here the owner plays the exchange it belongs to."""

import ape
import pytest

from tests.unit.venue.helpers import DAY, MAX_PRICE, MAX_UINT, USD, WAD, price_checks

P = 2_000 * USD
BASIC = range(3, 9)  # faults that the exchange finds by itself


@pytest.fixture
def deploy(project, owner):
    """Deploy a guard whose exchange is the owner."""
    return lambda **checks: owner.deploy(project.PriceGuard, owner, price_checks(**checks))


def fault(guard, price=P, basic=0):
    return guard.fault(price, basic, block_id="pending")


def sequencer(venue, answer, age):
    """A feed that has said so for `age` seconds when a guard, deployed next, is asked."""
    feed = venue.new_feed(0, decimals=0)
    started_at = venue.now() + 2 - age
    feed.set_latest_raw(1, answer, started_at, 1, 1, sender=venue.owner)
    return feed


def test_keeps_what_it_checks(deploy, owner, empty_venue):
    feed = empty_venue.new_feed(1)
    checks = {
        "sequencer": owner.address,
        "grace_period": 2,
        "reference": feed.address,
        "reference_max_age": 4,
        "max_deviation": 5,
        "max_jump": 6,
        "jump_window": 7,
        "min_price": 8,
        "max_price": 9,
    }
    guard = deploy(**checks)
    assert tuple(guard.checks()) == tuple(checks.values())
    assert guard.EXCHANGE() == owner
    assert (guard.accepted_price(), guard.accepted_at()) == (0, 0)


def test_all_off(deploy):
    guard = deploy()
    for price in (0, 1, P, MAX_UINT):
        assert fault(guard, price) == 0
        for basic in BASIC:
            assert fault(guard, price, basic) == basic


@pytest.mark.parametrize("field", ["max_deviation", "max_jump"])
def test_tolerances_are_bounded(deploy, field):
    deploy(**{field: 10 * WAD})
    for tolerance in (10 * WAD + 1, MAX_UINT):
        with ape.reverts("guard: bad tolerance"):
            deploy(**{field: tolerance})


@pytest.mark.parametrize("field", ["min_price", "max_price"])
def test_bounds_are_bounded(deploy, field):
    deploy(**{field: MAX_PRICE})
    for price in (MAX_PRICE + 1, MAX_UINT):
        with ape.reverts("guard: bad price bounds"):
            deploy(**{field: price})


def test_reference_of_too_many_decimals(deploy, empty_venue):
    feed = empty_venue.new_feed(1)
    feed.set_decimals(19, sender=empty_venue.owner)
    with ape.reverts("oracle: over 18 decimals"):
        deploy(reference=feed)


def test_reference_must_be_a_feed(deploy, owner):
    with ape.reverts():
        deploy(reference=owner.address)


# Sequencer


@pytest.mark.parametrize(
    ("answer", "age", "code"),
    [(0, 3_601, 0), (0, 3_600, 2), (0, 0, 2), (0, -1, 2), (1, 10**6, 1), (-1, 10**6, 1)],
)
def test_sequencer(deploy, empty_venue, answer, age, code):
    feed = sequencer(empty_venue, answer, age)
    guard = deploy(sequencer=feed, grace_period=3_600)
    assert fault(guard) == code


def test_sequencer_without_grace_period(deploy, empty_venue):
    guard = deploy(sequencer=sequencer(empty_venue, 0, 1))
    assert fault(guard) == 0
    guard = deploy(sequencer=sequencer(empty_venue, 0, 0))
    assert fault(guard) == 2


def test_sequencer_that_never_began(deploy, empty_venue):
    feed = empty_venue.new_feed(0, decimals=0)
    feed.set_latest_raw(1, 0, 0, 1, 1, sender=empty_venue.owner)
    assert fault(deploy(sequencer=feed)) == 1


def test_sequencer_feed_that_fails(project, deploy, empty_venue, owner):
    feed = sequencer(empty_venue, 0, 10**6)
    guard = deploy(sequencer=feed)
    assert fault(guard) == 0
    feed.set_reverts(True, sender=owner)
    assert fault(guard) == 1
    assert fault(deploy(sequencer=owner.address)) == 1
    for answer in (b"", b"\0" * 159):
        assert fault(deploy(sequencer=owner.deploy(project.HostileFeed, 0, answer))) == 1


# Bounds


def test_bounds(deploy):
    guard = deploy(min_price=1_000 * USD, max_price=3_000 * USD)
    for price, code in (
        (1_000 * USD - 1, 8),
        (1_000 * USD, 0),
        (3_000 * USD, 0),
        (3_000 * USD + 1, 8),
    ):
        assert fault(guard, price) == code


def test_one_bound(deploy):
    guard = deploy(min_price=1)
    assert [fault(guard, price) for price in (0, 1, MAX_UINT)] == [8, 0, 0]
    guard = deploy(max_price=1)
    assert [fault(guard, price) for price in (0, 1, 2)] == [0, 0, 8]


# Reference


@pytest.mark.parametrize("digits", [0, 6, 8, 18])
def test_deviation(deploy, empty_venue, digits):
    """1 % of the lower of the two: of 2000 that is 20 up, of 1980.198... down."""
    feed = empty_venue.new_feed(2_000, digits)
    guard = deploy(reference=feed, max_deviation=WAD // 100)
    low = -(-2_000 * USD * 100 // 101)  # the lowest price that 2000 is within 1 % of
    for price, code in ((2_020 * USD, 0), (2_020 * USD + 1, 10), (low, 0), (low - 1, 10)):
        assert fault(guard, price) == code


def test_no_deviation_allowed(deploy, empty_venue):
    guard = deploy(reference=empty_venue.new_feed(2_000))
    assert [fault(guard, price) for price in (P - 1, P, P + 1)] == [10, 0, 10]


def test_reference_goes_stale(deploy, empty_venue):
    feed = empty_venue.new_feed(2_000)
    guard = deploy(reference=feed, reference_max_age=100)
    feed.push_at(2_000 * 10**8, empty_venue.now() + 1 - 100, sender=empty_venue.owner)
    assert fault(guard) == 0
    empty_venue.chain.mine()
    assert fault(guard) == 9


def test_reference_that_never_goes_stale(deploy, empty_venue):
    """It still needs a date, and one that is not ahead."""
    feed = empty_venue.new_feed(2_000)
    guard = deploy(reference=feed, reference_max_age=MAX_UINT)
    for updated_at, code in ((1, 0), (0, 9), (empty_venue.now() + 100, 9), (MAX_UINT, 9)):
        feed.set_latest_raw(1, 2_000 * 10**8, 1, updated_at, 1, sender=empty_venue.owner)
        assert fault(guard) == code


@pytest.mark.parametrize("how", ["reverts", "zero", "incomplete", "future", "huge", "short"])
def test_reference_that_fails(project, deploy, empty_venue, owner, how):
    feed = empty_venue.new_feed(2_000)
    guard = deploy(reference=feed, max_deviation=WAD)
    if how == "reverts":
        feed.set_reverts(True, sender=owner)
    elif how == "zero":
        feed.push(0, sender=owner)
    elif how == "incomplete":
        feed.push_at(2_000 * 10**8, 0, sender=owner)
    elif how == "future":
        feed.push_at(2_000 * 10**8, empty_venue.now() + 100, sender=owner)
    elif how == "huge":
        feed.push(MAX_PRICE, sender=owner)
    else:
        feed = owner.deploy(project.HostileFeed, 8, b"\1" * 159)
        guard = deploy(reference=feed, max_deviation=WAD)
    assert fault(guard) == 9


# Jump


def test_accepts(deploy, owner):
    guard = deploy(max_jump=WAD // 10)
    tx = guard.accept(P, sender=owner)
    assert (guard.accepted_price(), guard.accepted_at()) == (P, tx.timestamp)
    tx = guard.accept(P + 1, sender=owner)
    assert (guard.accepted_price(), guard.accepted_at()) == (P + 1, tx.timestamp)


def test_accepts_nothing_when_it_is_off(deploy, owner):
    guard = deploy(jump_window=DAY)
    guard.accept(P, sender=owner)
    assert (guard.accepted_price(), guard.accepted_at()) == (0, 0)


def test_exchange_only(deploy, strangers):
    guard = deploy(max_jump=WAD)
    for account in strangers:
        with ape.reverts("guard: only the exchange"):
            guard.accept(P, sender=account)


def test_jump(deploy, owner):
    """10 % of the accepted price, both ways."""
    guard = deploy(max_jump=WAD // 10, jump_window=DAY)
    for price in (1, P, MAX_PRICE):
        assert fault(guard, price) == 0  # nothing was accepted yet
    guard.accept(P, sender=owner)
    for price, code in (
        (2_200 * USD, 0),
        (2_200 * USD + 1, 11),
        (1_800 * USD, 0),
        (1_800 * USD - 1, 11),
    ):
        assert fault(guard, price) == code


def test_jump_binds_for_its_window(deploy, owner, empty_venue):
    guard = deploy(max_jump=WAD // 10, jump_window=600)
    guard.accept(P, sender=owner)
    empty_venue.wait(600)
    assert fault(guard, 2 * P) == 11
    empty_venue.chain.mine()
    assert fault(guard, 2 * P) == 0


def test_jump_without_a_window_binds_in_the_block_only(deploy, owner):
    guard = deploy(max_jump=WAD // 10)
    guard.accept(P, sender=owner)
    assert guard.fault(2 * P, 0) == 11  # a look at the block of the acceptance itself
    assert fault(guard, 2 * P) == 0


def test_order_of_precedence(deploy, owner, empty_venue):
    """Mended one by one, each fault uncovers the next."""
    uptime = sequencer(empty_venue, 1, 10**6)
    reference = empty_venue.new_feed(0)
    guard = deploy(
        sequencer=uptime,
        grace_period=3_600,
        reference=reference,
        reference_max_age=10 * DAY,
        max_jump=WAD // 10,
        jump_window=DAY,
        min_price=3 * P,
    )
    guard.accept(P, sender=owner)
    for basic in BASIC:
        assert fault(guard, P, basic) == 1
    uptime.push(0, sender=owner)
    assert fault(guard, P, 7) == 2
    uptime.set_latest_raw(1, 0, 1, 1, 1, sender=owner)
    for basic in BASIC:
        assert fault(guard, P, basic) == basic
    assert fault(guard, P) == 8
    assert fault(guard, 3 * P) == 9
    reference.push(2_000 * 10**8, sender=owner)
    assert fault(guard, 3 * P) == 10
    reference.push(6_000 * 10**8, sender=owner)
    assert fault(guard, 3 * P) == 11
    guard.accept(3 * P, sender=owner)
    assert fault(guard, 3 * P) == 0
