"""Each fault of a price: how views report it, and with which reason verbs refuse it."""

import ape
import pytest

from tests.unit.venue.helpers import (
    DAY,
    ETH,
    MAX_INT,
    MAX_PRICE,
    MAX_UINT,
    MIN_INT,
    USD,
    USDC,
    WAD,
)

MAX_AGE = 10 * DAY


@pytest.fixture(scope="module")
def prepare(trader, attacker, keeper, other_trader):
    """A position to trade, one to flag and a flagged one."""

    def prepare(venue):
        venue.price(2_100)
        for account in (attacker, keeper):
            venue.open(account, 10 * ETH, 1_100)
        venue.price(2_005)
        venue.exchange.flag(0, keeper, sender=other_trader)
        venue.price(2_000)
        venue.open(trader, 10 * ETH, 10_000)

    return prepare


def raw(venue, answer, updated_at, started_at=1):
    venue.feeds[0].set_latest_raw(
        2**64 + 9, answer, started_at, updated_at, 2**64 + 9, sender=venue.owner
    )


def down(venue, started_at=1):
    """A sequencer feed that says 1."""
    feed = venue.new_feed(1, decimals=0)
    feed.set_latest_raw(2**64 + 9, 1, started_at, started_at, 2**64 + 9, sender=venue.owner)
    venue.guard(sequencer=feed)


def just_up(venue):
    feed = venue.new_feed(0, decimals=0)
    venue.guard(sequencer=feed, grace_period=3_600)


def jumped(venue):
    venue.guard(max_jump=WAD // 10, jump_window=DAY)
    # Any verb that needs a price accepts it; this one changes nothing.
    venue.exchange.force_funding_rate(0, 0, False, sender=venue.owner)
    venue.price(2_300)


# fault: how it comes about, the price views still show, the reason of verbs
FAULTS = {
    1: (down, 2_000 * USD, "oracle: sequencer down"),
    2: (just_up, 2_000 * USD, "oracle: sequencer grace period"),
    3: (lambda v: v.feeds[0].set_reverts(True, sender=v.owner), 0, "oracle: call failed"),
    4: (lambda v: v.price(0), 0, "oracle: answer not positive"),
    5: (lambda v: raw(v, 7, 0), 7 * 10**10, "oracle: round incomplete"),
    6: (lambda v: raw(v, 7, v.now() + DAY), 7 * 10**10, "oracle: from the future"),
    7: (lambda v: raw(v, 7, v.now() - MAX_AGE - 1), 7 * 10**10, "oracle: stale"),
    8: (lambda v: v.guard(max_price=USD), 2_000 * USD, "oracle: out of bounds"),
    9: (
        lambda v: v.guard(reference=v.new_feed(0)),
        2_000 * USD,
        "oracle: reference invalid",
    ),
    10: (
        lambda v: v.guard(reference=v.new_feed(2_001)),
        2_000 * USD,
        "oracle: deviates from reference",
    ),
    11: (jumped, 2_300 * USD, "oracle: jump"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_views_report_and_verbs_refuse(venue, exchange, trader, lp, fault):
    break_price, price, reason = FAULTS[fault]
    break_price(venue)

    state, account = venue.state(), venue.account(trader, ETH)
    assert (state.oracle_fault, account.oracle_fault) == (fault, fault)
    assert (state.price, account.price) == (price, price)
    assert account.withdrawable == 0
    assert (account.fill_price == 0) == (price == 0)
    before = venue.books(trader, lp)
    with ape.reverts(reason):
        exchange.check_trading(0, trader, block_id="pending")
    for size in (ETH, -10 * ETH):
        with ape.reverts(reason):
            venue.trade(trader, size)
    assert venue.books(trader, lp) == before


VERBS = {
    "margin in": lambda x, a: x.modify_position(0, 1, 0, 0, a["trader"], sender=a["trader"]),
    "margin out": lambda x, a: x.modify_position(0, -1, 0, 0, a["trader"], sender=a["trader"]),
    "flag": lambda x, a: x.flag(0, a["attacker"], sender=a["lp"]),
    "liquidate": lambda x, a: x.liquidate(0, a["keeper"], sender=a["lp"]),
    "deleverage": lambda x, a: x.deleverage(0, a["trader"], 1, sender=a["owner"]),
    "add liquidity": lambda x, a: x.add_liquidity(0, USDC, 0, sender=a["lp"]),
    "remove liquidity": lambda x, a: x.remove_liquidity(0, 10**24, 0, a["lp"], sender=a["lp"]),
    "force rate": lambda x, a: x.force_funding_rate(0, 0, True, sender=a["owner"]),
}
NEED_NO_PRICE = {
    "deposit": lambda x, a: x.deposit_margin(0, 1, sender=a["trader"]),
    "collect": lambda x, a: x.collect_fees(0, a["owner"], sender=a["owner"]),
    "drain": lambda x, a: x.drain_pool(0, 1, a["owner"], sender=a["owner"]),
    "pause": lambda x, a: x.set_market_status(0, 4, sender=a["owner"]),
    "close": lambda x, a: x.close_market(0, USD, sender=a["owner"]),
    "guard": lambda x, a: x.set_price_guard(0, "0x" + "00" * 20, sender=a["owner"]),
}


@pytest.fixture
def people(owner, lp, trader, keeper, attacker):
    return {"owner": owner, "lp": lp, "trader": trader, "keeper": keeper, "attacker": attacker}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_that_need_a_price(venue, exchange, usd, owner, people, verb):
    usd.mint(exchange, 1, sender=owner)
    with venue.undone():
        VERBS[verb](exchange, people)
    venue.feeds[0].push_at(2_000 * 10**8, 1, sender=owner)
    before = venue.books(*people.values())
    with ape.reverts("oracle: stale"):
        VERBS[verb](exchange, people)
    assert venue.books(*people.values()) == before


@pytest.mark.parametrize("verb", NEED_NO_PRICE)
def test_verbs_that_need_none(venue, exchange, owner, people, verb):
    venue.feeds[0].set_reverts(True, sender=owner)
    NEED_NO_PRICE[verb](exchange, people)


def test_a_price_is_valid_up_to_its_age(venue, trader):
    venue.price(2_000)
    venue.wait(MAX_AGE)
    assert venue.state().oracle_fault == 0
    venue.chain.mine()
    assert venue.state().oracle_fault == 7


def test_a_price_dated_now(venue):
    raw(venue, 2_000 * 10**8, venue.now() + 1)  # the block in which it is looked at
    assert venue.state().oracle_fault == 0
    raw(venue, 2_000 * 10**8, venue.now() + 2)
    assert venue.state().oracle_fault == 6


@pytest.mark.parametrize("ahead", [DAY, 2**64, MAX_UINT // 2])
def test_however_far_in_the_future(venue, ahead):
    raw(venue, 2_000 * 10**8, venue.now() + ahead)
    assert (venue.state().price, venue.state().oracle_fault) == (2_000 * USD, 6)
    raw(venue, 2_000 * 10**8, MAX_UINT)
    assert venue.state().oracle_fault == 6


@pytest.mark.parametrize("answer", [-1, MIN_INT, -(2_000 * 10**8)])
def test_negative_answers(venue, answer):
    raw(venue, answer, 1)
    assert (venue.state().price, venue.state().oracle_fault) == (0, 4)


def test_largest_price(venue):
    """2**94 in the decimals of the feed: one more has no usable number."""
    largest = MAX_PRICE // 10**10
    raw(venue, largest, venue.now())
    assert (venue.state().price, venue.state().oracle_fault) == (largest * 10**10, 0)
    for answer in (largest + 1, MAX_PRICE, MAX_PRICE + 1, 2**246, MAX_INT):
        raw(venue, answer, venue.now())
        assert (venue.state().price, venue.state().oracle_fault) == (0, 8)


def test_largest_price_of_18_decimals(venue, exchange, owner):
    feed = venue.new_feed(1, decimals=18)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    feed.push(MAX_PRICE, sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (MAX_PRICE, 0)
    feed.push(MAX_PRICE + 1, sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (0, 8)


def test_smallest_price(venue, exchange, owner):
    feed = venue.new_feed(1, decimals=18)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    feed.push(1, sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (1, 0)


def test_faults_of_one_feed_in_order(venue):
    """Not positive before incomplete, incomplete before old."""
    raw(venue, 0, 0)
    assert venue.state().oracle_fault == 4
    raw(venue, 1, 0)
    assert venue.state().oracle_fault == 5


def test_round_fields_that_do_not_matter(venue):
    """A carried-over answer and its start: updatedAt alone dates a price."""
    venue.feeds[0].set_latest_raw(
        1, 2_000 * 10**8, venue.now() + 10**9, venue.now(), 0, sender=venue.owner
    )
    assert venue.state().oracle_fault == 0


@pytest.mark.parametrize("length", [0, 1, 32, 128, 159])
def test_short_answers(project, venue, exchange, owner, length):
    round_data = b"".join(x.to_bytes(32, "big") for x in (1, 2_000 * 10**8, 1, 2 * 10**9, 1))
    feed = owner.deploy(project.HostileFeed, 8, round_data)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    assert venue.state().oracle_fault == 6  # well formed, though from the future
    feed.respond(round_data[:length], sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (0, 3)


def test_long_answers_are_cut(project, venue, exchange, owner):
    words = (1, 2_000 * 10**8, 1, venue.now(), 1, 77, 78)
    round_data = b"".join(x.to_bytes(32, "big") for x in words)
    feed = owner.deploy(project.HostileFeed, 8, round_data)
    exchange.set_market_config(0, venue.pack(feed), sender=owner)
    assert (venue.state().price, venue.state().oracle_fault) == (2_000 * USD, 0)


def test_valid_again_when_the_cause_is_gone(venue, owner, trader):
    venue.feeds[0].set_reverts(True, sender=owner)
    assert venue.state().oracle_fault == 3
    venue.feeds[0].set_reverts(False, sender=owner)
    venue.trade(trader, ETH)


@pytest.mark.parametrize("fault", [0, 11, 12, 2**256 - 1])
def test_reason_of_the_last_fault_and_beyond(parameters, fault):
    with ape.reverts("oracle: jump"):
        parameters.raise_fault(fault)


@pytest.mark.parametrize("fault", FAULTS)
def test_reason_of_each_fault(parameters, fault):
    with ape.reverts(FAULTS[fault][2]):
        parameters.raise_fault(fault)
