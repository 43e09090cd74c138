import ape
import pytest

from tests.unit.venue.helpers import DAY, MAX_INT, MIN_INT, NOT_OWNER, PERCENT, USD, WAD

FORCED = 1 << 5


@pytest.fixture(scope="module")
def changes():
    return {"max_funding_velocity": 9 * WAD, "max_funding_rate": 20 * PERCENT}


@pytest.mark.parametrize("rate", [0, 1, -1, 50 * PERCENT, WAD, -WAD])
def test_holds_a_rate(venue, exchange, owner, rate):
    tx = exchange.force_funding_rate(0, rate, True, sender=owner)
    assert tx.events == [exchange.FundingRateForced(market=0, rate=rate, forced=True)]
    assert venue.state().funding_rate == rate
    assert exchange.market_words_of(0)[0] & FORCED


@pytest.mark.parametrize(
    ("rate", "clamped"),
    [
        (0, 0),
        (20 * PERCENT, 20 * PERCENT),
        (20 * PERCENT + 1, 20 * PERCENT),
        (-20 * PERCENT, -20 * PERCENT),
        (-WAD, -20 * PERCENT),
    ],
)
def test_lets_go_within_the_cap(venue, exchange, owner, rate, clamped):
    exchange.force_funding_rate(0, WAD, True, sender=owner)
    tx = exchange.force_funding_rate(0, rate, False, sender=owner)
    assert tx.events == [exchange.FundingRateForced(market=0, rate=clamped, forced=False)]
    assert venue.state().funding_rate == clamped
    assert not exchange.market_words_of(0)[0] & FORCED


@pytest.mark.parametrize("rate", [WAD + 1, -WAD - 1, MAX_INT, MIN_INT])
def test_out_of_range(venue, exchange, owner, rate):
    for forced in (True, False):
        with ape.reverts("market: bad funding rate"):
            exchange.force_funding_rate(0, rate, forced, sender=owner)


def test_accrues_the_old_rate_first(venue, exchange, owner):
    exchange.force_funding_rate(0, 10 * PERCENT, True, sender=owner)
    venue.wait(DAY)
    exchange.force_funding_rate(0, -10 * PERCENT, True, sender=owner)
    assert exchange.market_state(0).funding_index == -200 * USD
    venue.wait(DAY)
    assert venue.state().funding_index == 0


def test_needs_a_price(venue, exchange, owner):
    venue.feeds[0].set_reverts(True, sender=owner)
    with ape.reverts("oracle: call failed"):
        exchange.force_funding_rate(0, 0, True, sender=owner)


def test_survives_a_change_of_parameters(venue, exchange, owner):
    """The cap binds only a rate that moves by itself."""
    exchange.force_funding_rate(0, WAD, True, sender=owner)
    venue.configure(max_funding_velocity=9 * WAD, max_funding_rate=PERCENT)
    assert venue.state().funding_rate == WAD
    assert exchange.market_words_of(0)[0] & FORCED


def test_owner_only(venue, exchange, strangers):
    for account in strangers:
        with ape.reverts(NOT_OWNER):
            exchange.force_funding_rate(0, 0, True, sender=account)
