"""What events tell of a token, by hand, and what they cannot have been."""

from __future__ import annotations

from decimal import Decimal

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from steelyard.contract import ZERO_ADDRESS
from steelyard.model.arithmetic import WAD
from steelyard.model.policy import Rules, Trigger, pack_rules
from steelyard.model.token import Phase, Terms, pack_terms
from steelyard.sdk.history import HistoryError
from steelyard.sdk.history.fees import ShareBook
from tests.sdk.history_tale import ALICE, BOB, FEES, KEEPER, OWNER, START, USD, Tale

REMEDY = " (the node's logs are incomplete: read the history from another one)"
YEAR = 365 * 86_400


def refused(tale):
    with pytest.raises(HistoryError) as error:
        tale.told()
    text = str(error.value)
    assert text.endswith(REMEDY)
    return text.removesuffix(REMEDY)


def test_the_seed():
    history = Tale().told()
    (point,) = history.nav
    assert tuple(point.raw) == (
        100 * WAD,
        9 * WAD,
        300 * WAD,
        3 * WAD,
        3 * WAD,
        0,
        0,
        100 * WAD,
    )
    assert (point.block, point.timestamp, point.phase) == (10, START, Phase.ACTIVE)
    (seed,) = history.flows
    assert (seed.verb, seed.sender) == ("seed", to_checksum_address(OWNER))
    assert (seed.assets, seed.shares, seed.nav, seed.cost) == (300, 3, 100, 0)


def test_a_mint_at_another_price_with_funding():
    """At 110, and 1 of funding: E = 300 + 9 (10 - 1) = 381, so 127 a share, and 1 for 127.5."""
    tale = Tale()
    paid = 127_500_000
    tale.deposit(ALICE, paid, WAD, 508 * WAD, price=110 * WAD, basis=109 * WAD, fee=WAD // 10)
    history = tale.told()
    flow, point = history.flows[-1], history.nav[-1]
    assert (flow.verb, flow.account) == ("mint", to_checksum_address(ALICE))
    assert (flow.assets, flow.shares, flow.nav) == (Decimal("127.5"), 1, 127)
    assert (flow.cost, flow.venue_fee, flow.price) == (Decimal("0.5"), Decimal("0.1"), 110)
    # The fill of 100 was 10 better, three times.
    assert (flow.impact, flow.size_delta) == (-30, 3)
    assert (point.equity, point.supply, point.nav, point.size) == (508, 4, 127, 12)
    assert point.raw.leverage == 12 * 110 * WAD // 508


def test_a_redemption_of_a_short():
    """From -9 at 100 to 90: 300 + 90 = 390, so 130 a share; half a share pays 64."""
    tale = Tale()
    first = tale.events[0].values
    first.size_delta = -9 * WAD
    tale.transfer(tale.events[1].values.receiver, ALICE, WAD).next()
    half = {"size_delta": 3 * WAD // 2, "fill_price": 91 * WAD}
    tale.redeem(ALICE, 64 * USD, WAD // 2, 325 * WAD, price=90 * WAD, **half)
    history = tale.told()
    flow, point = history.flows[-1], history.nav[-1]
    assert (flow.verb, flow.nav, flow.cost) == ("redeem", 130, 1)
    assert flow.impact == Decimal("1.5")
    assert (point.size, point.equity, point.supply) == (Decimal("-7.5"), 325, Decimal("2.5"))
    assert point.raw.leverage == 675 * WAD // 325


def test_a_management_fee_is_owed_from_second_to_second():
    """1 % a year of three shares: after a year e^r - 1 of them, r = -ln 0.99."""
    tale = Tale(management_fee=WAD // 100)
    tale.next(YEAR - 1).traded(0, 0, 297 * WAD)
    tale.say("Rebalanced", **rebalanced(size=9 * WAD, equity=297 * WAD))
    point = tale.told().nav[-1]
    assert point.timestamp - START == YEAR
    assert point.raw.owed == pytest.approx(3 * WAD / 99, rel=1e-9)
    assert point.raw.nav == 297 * WAD * WAD // (3 * WAD + point.raw.owed)


def test_without_a_receiver_no_fee_accrues():
    tale = Tale(management_fee=WAD // 100, mint_fee=WAD // 100, fee_receiver=ZERO_ADDRESS)
    tale.next(YEAR).deposit(ALICE, 101 * USD, WAD, 401 * WAD)
    history = tale.told()
    assert history.nav[-1].raw.owed == 0
    # What entering costs is everybody's.
    assert history.flows[-1].fee_shares == Decimal("0.01")


def rebalanced(**changes):
    values = {
        "caller": KEEPER,
        "trigger": 16,
        "size_delta": 0,
        "fill_price": 100 * WAD,
        "cost": 0,
        "reward": USD // 2,
        "aim": 3 * WAD,
        "leverage_before": 4 * WAD,
        "leverage_after": 3 * WAD,
    }
    return values | changes


def test_a_rebalance():
    tale = Tale().traded(-USD // 2, -WAD, 299 * WAD)
    tale.say("Rebalanced", **rebalanced(size_delta=-WAD, size=8 * WAD, equity=299 * WAD))
    (made,) = tale.told().rebalances
    assert (made.trigger, made.keeper) == (Trigger.DRIFT, to_checksum_address(KEEPER))
    assert (made.reward, made.size_delta, made.price) == (Decimal("0.5"), -1, 100)
    assert (made.leverage_before, made.leverage_after) == (4, 3)


def test_several_events_of_a_block_are_one_point_at_its_end():
    tale = Tale()
    tale.deposit(ALICE, 100 * USD, WAD, 400 * WAD)
    tale.redeem(ALICE, 50 * USD, WAD // 2, 350 * WAD)
    tale.transfer(ALICE, BOB, WAD // 4)
    history = tale.told()
    assert [point.block for point in history.nav] == [10, 11]
    assert (history.nav[-1].equity, history.nav[-1].supply) == (350, Decimal("3.5"))
    assert [record.kind for record in history.all[-4:]] == ["flow", "flow", "transfer", "nav"]


def test_what_does_not_touch_the_position_is_no_point():
    tale = Tale(management_fee=WAD // 100).transfer(FEES, FEES, 0).next()
    tale.say("MintPaused", until=START + 99).next()
    tale.say("MarginDeposited", assets=USD, margin=301 * WAD)
    history = tale.told()
    assert [point.block for point in history.nav] == [10]
    assert (history.life[-1].change, history.life[-1].until) == ("mint_paused", START + 99)


def test_margin_that_was_paid_in_counts_at_the_next_touch():
    tale = Tale().say("MarginDeposited", assets=4 * USD, margin=304 * WAD).next()
    flow = tale.deposit(ALICE, 102 * USD, WAD, 406 * WAD).told().flows[-1]
    assert flow.raw.nav == 304 * WAD // 3


def test_a_liquidation_that_leaves_nothing_but_a_position():
    """No equity, and still a size: leverage is infinite."""
    tale = Tale().say("AccountFlagged", flagger=BOB, equity=-5 * WAD).next()
    values = {"price": 67 * WAD, "size": 4 * WAD, "margin": 0, "basis": 67 * WAD}
    costs = {"keeper_fee": 2 * WAD, "seized": 0, "bad_debt": 0}
    tale.say("PositionLiquidated", liquidator=KEEPER, size_closed=5 * WAD, **costs, **values)
    history = tale.told()
    flagged, liquidated = history.liquidations
    assert (flagged.action, flagged.equity, flagged.size) == ("flagged", -5, 9)
    assert (liquidated.action, liquidated.size_closed, liquidated.keeper_fee) == (
        "liquidated",
        5,
        2,
    )
    point = history.nav[-1]
    assert (point.leverage, point.nav) == (Decimal("Infinity"), 0)


def test_deleveraging_and_recovery():
    values = {"price": 100 * WAD, "size": 5 * WAD, "margin": 300 * WAD, "basis": 100 * WAD}
    tale = Tale().say("PositionDeleveraged", size_closed=4 * WAD, **values).next()
    history = tale.say("AccountRecovered", equity=299 * WAD).told()
    assert [record.action for record in history.liquidations] == ["deleveraged", "recovered"]
    assert history.nav[-1].raw.leverage == 5 * WAD // 3


def test_a_configuration_accrues_at_the_old_rate():
    tale = Tale(management_fee=WAD // 100).next(YEAR - 2)
    with_fee = ShareBook(Terms(cap=1, fee_rate=10_050_335_853 * 10**6, fees_on=True))
    with_fee.mint(ALICE, 3 * WAD, START)
    owed = with_fee.counted(START + YEAR).owed
    tale.next()
    rules = pack_rules(Rules(**tale.created.values.config.rules._asdict()))
    terms = pack_terms(Terms(cap=WAD, mint_fee=0, redeem_fee=0))
    tale.claimed(owed).say("Configured", terms=terms, rules=rules, fee_receiver=BOB)
    tale.next(YEAR).traded(0, 0, 300 * WAD)
    tale.say("Rebalanced", **rebalanced(size=9 * WAD, equity=300 * WAD))
    history = tale.told()
    assert history.fees[0].raw.shares == owed
    assert history.nav[-1].raw.owed == 0
    assert history.configs[-1].terms.cap == WAD


# ---------------------------------------------------------------- THE END


def wound_down():
    tale = Tale(management_fee=WAD // 100, mint_fee=WAD // 100)
    tale.deposit(ALICE, 101 * USD, WAD, 401 * WAD, size_delta=3 * WAD).next(YEAR)
    return tale.say("WindDownStarted", caller=OWNER, size=12 * WAD).next()


def test_fees_stop_with_the_wind_down():
    tale = wound_down()
    tale.traded(0, -12 * WAD, 390 * WAD)
    tale.say("Rebalanced", **rebalanced(size=0, equity=390 * WAD, trigger=2)).next(YEAR)
    tale.traded(0, 0, 390 * WAD)
    tale.say("Rebalanced", **rebalanced(size=0, equity=390 * WAD, trigger=2))
    first, second = tale.told().nav[-2:]
    assert first.phase is Phase.WIND_DOWN
    assert first.raw.owed == second.raw.owed > WAD // 100


def test_a_settlement_says_how_many_shares_there_are():
    tale = wound_down()
    tale.traded(0, -12 * WAD, 390 * WAD)
    tale.say("Rebalanced", **rebalanced(size=0, equity=390 * WAD, trigger=2)).next()
    all_shares = sum(tale.told().nav[-1].raw[4:6])
    tale.traded(-390 * USD, 0, 0).say("Settled", assets=390 * USD, shares=all_shares).next()
    tale.burned(ALICE, 97_000_000, WAD)
    history = tale.told()
    point, flow = history.nav[-1], history.flows[-1]
    rate = 390 * WAD * WAD // all_shares
    assert (point.phase, point.nav) == (Phase.CLOSED, flow.nav)
    assert tuple(point.raw[:4]) == (0, 0, 390 * WAD, 0)
    assert (point.raw.nav, flow.raw.nav) == (rate, rate)
    assert 0 <= rate - 97 * WAD - flow.raw.cost <= 1
    tale.events[-3].values.shares += 2
    assert "fee shares are owed where the logs make it" in refused(tale)


def test_a_settlement_for_nothing():
    """No collateral moves, and no price is known."""
    tale = Tale()
    values = {"price": 60 * WAD, "size": 0, "margin": 0, "basis": 60 * WAD, "seized": 0}
    costs = {"keeper_fee": 0, "bad_debt": 60 * WAD, "size_closed": 9 * WAD}
    tale.say("PositionLiquidated", liquidator=KEEPER, **values, **costs).next()
    tale.say("WindDownStarted", caller=OWNER, size=0).next()
    tale.say("Settled", assets=0, shares=3 * WAD)
    point = tale.told().nav[-1]
    assert (point.phase, point.block, point.nav, point.leverage) == (Phase.CLOSED, 13, 0, 0)


# ---------------------------------------------------------------- ONE WEI


FEE = WAD // 1_000
# Wei of shares that are what 1,001 make after the fee, and what 1,002 make, too.
EITHER = 1_000


def test_a_wei_that_no_event_tells_is_shown_until_it_is_known():
    """999 are what 1,000 make, and nothing else."""
    tale = Tale(mint_fee=FEE)
    tale.deposit(ALICE, USD, EITHER, 300 * WAD, size_delta=0)
    open_, known = tale.told().nav[-1].raw, {}
    assert (open_.owed, open_.slack) == (1, 1)
    for owed in (1, 2):
        told = Tale(mint_fee=FEE)
        told.deposit(ALICE, USD, EITHER, 300 * WAD, size_delta=0).next()
        told.claimed(owed).next().deposit(ALICE, USD, 999, 300 * WAD, size_delta=0)
        known[owed] = told.told().nav[-1].raw
        assert (known[owed].supply, known[owed].slack) == (3 * WAD + 1_999 + owed, 0)
    told = Tale(mint_fee=FEE).deposit(ALICE, USD, EITHER, 300 * WAD, size_delta=0).next()
    assert refused(told.claimed(3)) == "3 fee shares are owed where the logs make it 1 to 2"


@given(
    traded=st.integers(10**6, 2**80),
    fee=st.integers(0, 10_000).map(lambda parts: parts * 10**12),
    rate=st.integers(0, 50_000).map(lambda parts: parts * 10**12),
    elapsed=st.integers(0, YEAR),
)
def test_what_is_owed_is_between_what_the_book_says(traded, fee, rate, elapsed):
    """Of a deposit by the contract's own formula, and of what accrues on it."""
    terms = Terms(cap=1, mint_fee=fee, fee_rate=rate, fees_on=True)
    shares = terms.mint_shares(traded)
    book, sure = ShareBook(terms), ShareBook(terms)
    book.deposit(ALICE, shares, START)
    counted = book.counted(START)
    assert 0 <= traded - shares - counted.owed <= counted.slack <= 1
    sure.mint(ALICE, shares, START)
    sure._record(traded - shares, traded - shares, START)
    now = START + elapsed
    owed, said = sure.counted(now).owed, book.counted(now)
    assert said.owed <= owed <= said.owed + said.slack


# ---------------------------------------------------------------- LOGS THAT ARE MISSING


def test_a_mint_without_its_trade():
    tale = Tale().minted(ALICE, WAD).say("Deposit", sender=ALICE, owner=ALICE, assets=1, shares=WAD)
    assert refused(tale) == "block 11: no trade before an event"


def test_a_mint_with_another_trade():
    tale = Tale().traded(99 * USD, 0, 399 * WAD).minted(ALICE, WAD)
    tale.say("Deposit", sender=ALICE, owner=ALICE, assets=100 * USD, shares=WAD)
    assert refused(tale) == "block 11: a deposit without its trade"


def test_a_trade_without_its_reason():
    assert refused(Tale().traded(0, WAD, 300 * WAD)) == "block 11: a trade without its reason"
    twice = Tale().traded(0, WAD, 300 * WAD).traded(0, WAD, 300 * WAD)
    assert refused(twice) == "block 11: a trade without its reason"


def test_a_redemption_without_its_trade():
    tale = Tale().deposit(ALICE, 100 * USD, WAD, 400 * WAD).next().burned(ALICE, USD, WAD)
    assert refused(tale) == "block 12: a trade without its reason"
    tale.traded(-2 * USD, 0, 300 * WAD)
    assert refused(tale) == "block 12: a redemption without its trade"


def test_a_mint_without_its_deposit():
    assert refused(Tale().minted(ALICE, WAD)) == "block 11: a mint without its reason"


def test_a_rebalance_with_another_trade():
    tale = Tale().traded(0, -WAD, 299 * WAD)
    tale.say("Rebalanced", **rebalanced(size=7 * WAD, equity=299 * WAD))
    assert refused(tale) == "block 11: a rebalance without its trade"


def test_more_shares_than_somebody_has():
    assert refused(Tale().redeem(ALICE, USD, WAD, 300 * WAD)) == (
        "the logs do not fit together: token: more than the balance"
    )
