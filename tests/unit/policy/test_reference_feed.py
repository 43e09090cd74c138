"""The reference feed: fresh, or none, whatever it answers."""

import pytest

from steelyard.compiler import compile_contract
from steelyard.evm import address
from steelyard.model.arithmetic import WAD
from tests.unit.policy.cases import NOON

MAX_AGE = 3_600
OWNER = address("feeder")


@pytest.fixture(scope="module")
def reader(evm):
    return evm.deploy(compile_contract("ReferenceFeedHarness"))


@pytest.fixture
def fresh_price(evm, reader, feed):
    def fresh_price(source=feed):
        evm.timestamp = NOON
        return reader.fresh_price(source, MAX_AGE)

    return fresh_price


def test_a_fresh_answer_in_wad(fresh_price, tell):
    tell(2_000 * 10**8, NOON)
    assert fresh_price() == 2_000 * WAD


@pytest.mark.parametrize("decimals", [0, 6, 18])
def test_in_any_decimals_up_to_18(evm, fresh_price, decimals):
    feed = evm.deploy(
        compile_contract("MockAggregator"), decimals, "REF", 7 * 10**decimals, sender=OWNER
    )
    assert fresh_price(feed) == 7 * WAD


@pytest.mark.parametrize(
    ("age", "fresh"), [(0, True), (MAX_AGE, True), (MAX_AGE + 1, False), (-1, False), (NOON, False)]
)
def test_no_older_than_its_limit_nor_from_the_future(fresh_price, tell, age, fresh):
    tell(10**8, NOON - age)
    assert fresh_price() == (WAD if fresh else 0)


def test_not_a_round_without_a_date_whatever_age_is_allowed(evm, reader, feed, tell):
    evm.timestamp = NOON
    tell(10**8, 0)
    assert reader.fresh_price(feed, NOON) == 0
    tell(10**8, 1)
    assert reader.fresh_price(feed, NOON) == WAD


@pytest.mark.parametrize(
    ("answer", "price"),
    [
        (0, 0),
        (-1, 0),
        (-(2**255), 0),
        (2**94 // 10**10, 2**94 // 10**10 * 10**10),
        (2**94 // 10**10 + 1, 0),
        (2**94 + 1, 0),
        (2**255 - 1, 0),
    ],
)
def test_only_a_positive_answer_in_range(fresh_price, tell, answer, price):
    tell(answer, NOON)
    assert fresh_price() == price


@pytest.mark.parametrize("length", [0, 32, 159])
def test_not_a_short_answer(fresh_price, feed, length):
    feed.respond(b"\1" * length, sender=OWNER)
    assert fresh_price() == 0


def test_not_a_feed_with_more_decimals_than_a_price(evm, fresh_price):
    words = (1, 10**19, NOON, NOON, 1)
    response = b"".join(word.to_bytes(32, "big") for word in words)
    assert fresh_price(evm.deploy(compile_contract("HostileFeed"), 19, response)) == 0


def test_not_an_account_without_code(fresh_price):
    assert fresh_price(address("nobody")) == 0


def test_not_a_contract_that_reverts_or_has_no_such_function(evm, fresh_price, policy):
    feed = evm.deploy(compile_contract("MockAggregator"), 8, "REF", 10**8, sender=OWNER)
    assert fresh_price(feed) == WAD
    feed.set_reverts(True, sender=OWNER)
    assert fresh_price(feed) == fresh_price(policy) == 0


def test_a_feed_that_burns_all_its_gas_leaves_enough(evm, reader):
    call = reader.fresh_price.encode(reader.address, MAX_AGE)
    assert int.from_bytes(evm.transact(reader.address, call, sender=OWNER, gas=1_000_000)) == 0
    assert 200_000 < evm.gas_used < 250_000
