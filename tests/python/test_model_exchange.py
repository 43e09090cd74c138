"""The exchange's twin: numbers worked out by hand, and that a refused call changes nothing."""

import copy
from dataclasses import replace

import pytest

from steelyard.model.exchange import (
    DAY,
    WAD,
    Exchange,
    Fault,
    MarketConfig,
    MarketStatus,
    Oracle,
    PriceChecks,
    PriceGuard,
    Revert,
)
from steelyard.model.venue import maths, parameters

USD = 10**6
NOW = 1_700_000_000
CONFIG = MarketConfig(max_funding_rate=WAD)


@pytest.fixture
def oracle():
    oracle = Oracle(decimals=8)
    oracle.push(2_000 * 10**8, at=NOW)
    return oracle


@pytest.fixture
def exchange(oracle):
    exchange = Exchange(asset_decimals=6, now=NOW)
    exchange.add_market(CONFIG, oracle)
    for holder in ("lp", "ann", "bob", "whale"):
        exchange.wallets[holder] = 10**9 * USD
    exchange.add_liquidity(0, "lp", 10**8 * USD)
    return exchange


def trade(exchange, account, size_delta, assets=0, **more):
    if assets > 0:
        exchange.transfer(account, exchange.address, assets)
    return exchange.modify_position(0, account, assets, size_delta, **more)


def wait(exchange, oracle, seconds):
    exchange.now += seconds
    oracle.push(oracle.answer, at=exchange.now)


@pytest.fixture
def skewed(exchange):
    """A skew of +5,000 at a price of 2,000, as in the worked examples."""
    trade(exchange, "whale", 5_000 * WAD, 10**6 * USD)
    return exchange


def test_fill_and_taker_fee(skewed):
    fill = trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    assert fill.fill_price == 2_010_100_000_000_000_000_000
    assert fill.fee == 120_606 * WAD // 1_000
    assert fill.equity == 10_000 * WAD - 1_010 * WAD - fill.fee
    assert skewed.position(0, "ann").basis == 2_000 * WAD


def test_unwinding_returns_the_impact_and_pays_the_maker_fee(skewed):
    bought = trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    quote = skewed.account_state(0, "ann", -100 * WAD)
    sold = trade(skewed, "ann", -100 * WAD)
    assert sold.fill_price == bought.fill_price == quote.fill_price
    assert sold.fee == quote.order_fee == 40_202 * WAD // 1_000
    assert sold.equity == 10_000 * WAD - bought.fee - sold.fee


def test_an_order_across_zero_pays_both_fees(skewed):
    fill = trade(skewed, "ann", -6_000 * WAD, 10**6 * USD)
    assert fill.fill_price == 2_004 * WAD
    assert fill.fee == 2_004 * (5_000 * 2 + 1_000 * 6) * WAD // 10_000


def test_funding_of_eight_hours(skewed, oracle):
    wait(skewed, oracle, 8 * 3_600)
    state = skewed.market_state(0)
    assert state.funding_rate == 15 * 10**15
    assert state.funding_index == -5 * WAD
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    wait(skewed, oracle, 8 * 3_600)
    # From 1.5 % to 3.03 % a day at a skew of 5,100: 15.1 quote per unit.
    assert skewed.account_state(0, "ann").equity == skewed.position(0, "ann").margin - 1_510 * WAD


def test_funding_stops_rising_at_its_cap():
    rate, paid = maths.accrue_funding(0, 45 * 10**15, 15 * 10**15, 3 * DAY, 2_000 * WAD)
    # 8 hours up to 1.5 % a day, then 64 hours at it.
    assert (rate, paid) == (15 * 10**15, -(5 + 80) * WAD)
    assert maths.accrue_funding(0, -45 * 10**15, 15 * 10**15, 3 * DAY, 2_000 * WAD) == (
        -15 * 10**15,
        85 * WAD,
    )


def test_margins_of_a_hundred_units():
    size, price = -100 * WAD, 2_000 * WAD
    assert maths.initial_margin(size, price, 25 * WAD) == 8_000 * WAD
    fee = maths.keeper_fee(size, price, 35 * 10**14, 2 * WAD, 1_000 * WAD)
    assert fee == 700 * WAD
    maintenance = maths.maintenance_margin(
        size, price, 10**6 * WAD, 75 * 10**14, 35 * 10**14, 15_625 * 10**14, 2 * WAD, 1_000 * WAD
    )
    assert maintenance == (1_500 + 700) * WAD + 3_125 * WAD // 100


def test_withdrawable_is_the_most_that_may_leave(skewed):
    trade(skewed, "ann", 100 * WAD, 20_000 * USD)
    assets = skewed.account_state(0, "ann").withdrawable // skewed.scale
    with pytest.raises(Revert, match="margin: below initial"):
        trade(skewed, "ann", 0, -assets - 1, receiver="ann")
    before = skewed.wallets["ann"]
    trade(skewed, "ann", 0, -assets, receiver="ann")
    assert skewed.wallets["ann"] - before == assets
    assert skewed.account_state(0, "ann").withdrawable < skewed.scale


def test_liquidation_in_chunks_restores_the_initial_margin(skewed, oracle):
    skewed.set_market_config(0, replace(CONFIG, liquidation_cap=60 * WAD))
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    oracle.push(1_930 * 10**8, at=skewed.now)
    with pytest.raises(Revert, match="liquidation: not flagged"):
        skewed.liquidate(0, "ann", "kim")
    skewed.flag(0, "ann", "bob")
    with pytest.raises(Revert, match="account: flagged"):
        trade(skewed, "ann", -1 * WAD)
    closed, fee = skewed.liquidate(0, "ann", "kim")
    assert closed == 60 * WAD
    # Half of the fee each; the whole fee has left the market's backing.
    assert skewed.owed == {"bob": fee // 2, "kim": fee - fee // 2}
    assert skewed.owed_total == fee
    position = skewed.position(0, "ann")
    assert (position.size, position.changed_at) == (40 * WAD, skewed.now)
    assert skewed.market_state(0).bad_debt == 0


@pytest.mark.parametrize("seize", [False, True])
def test_what_a_full_liquidation_leaves(skewed, oracle, seize):
    skewed.set_market_config(0, replace(CONFIG, seize_remainder=seize))
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    oracle.push(1_930 * 10**8, at=skewed.now)
    skewed.flag(0, "ann", "kim")
    equity, fees = skewed.account_state(0, "ann").equity, skewed.market_state(0).fees
    closed, fee = skewed.liquidate(0, "ann", "kim")
    left = skewed.position(0, "ann").margin
    assert closed == 100 * WAD
    # Selling 100 out of a skew of 5,100 fills 0.505 % above the price: 100 * 1930 * 0.00505.
    remainder = equity - fee + 974_650 * 10**15
    assert left == (0 if seize else remainder)
    gained = skewed.market_state(0).fees - fees
    assert gained == (remainder // 10**9 * 10**9 if seize else 0)


def test_bad_debt_is_the_pools(skewed, oracle):
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    oracle.push(1_800 * 10**8, at=skewed.now)
    skewed.flag(0, "ann", "kim")
    equity, fees = skewed.account_state(0, "ann").equity, skewed.market_state(0).fees
    assert skewed.liquidate(0, "ann", "kim") == (100 * WAD, 2 * WAD)
    state = skewed.market_state(0)
    assert state.bad_debt == -equity > 0
    assert state.fees == fees - 2 * WAD
    assert skewed.position(0, "ann").margin == 0


def test_a_recovered_account_is_unflagged_for_nothing(skewed, oracle):
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    oracle.push(1_930 * 10**8, at=skewed.now)
    skewed.flag(0, "ann", "kim")
    oracle.push(2_000 * 10**8, at=skewed.now)
    assert skewed.liquidate(0, "ann", "kim") == (0, 0)
    assert not skewed.position(0, "ann").flagged
    assert skewed.owed_total == 0


def test_a_closed_market_settles_without_impact_or_fee(skewed, oracle):
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    skewed.close_market(0, 2_100 * WAD)
    skewed.now += 30 * DAY
    with pytest.raises(Revert, match="market: reduce only"):
        trade(skewed, "ann", 1 * WAD)
    fill = trade(skewed, "ann", -100 * WAD)
    assert (fill.fill_price, fill.fee, fill.price) == (2_100 * WAD, 0, 2_100 * WAD)
    trade(skewed, "whale", -5_000 * WAD)
    state = skewed.market_state(0)
    assert state.lp_equity == state.pool
    assert state.basis_sum == 0


def test_liquidity_comes_back_less_than_it_went(exchange):
    shares = exchange.add_liquidity(0, "bob", 1_000 * USD)
    assert 0 <= 1_000 * USD - exchange.remove_liquidity(0, "bob", shares, 0, "bob") <= 1
    with pytest.raises(Revert, match="lp: bad shares"):
        exchange.remove_liquidity(0, "bob", 1, 0, "bob")


@pytest.mark.parametrize(
    ("round_", "fault"),
    [
        ((0, NOW, NOW), Fault.NOT_POSITIVE),
        ((-1, NOW, NOW), Fault.NOT_POSITIVE),
        ((2**128, NOW, NOW), Fault.OUT_OF_BOUNDS),
        ((1, NOW, 0), Fault.ROUND_INCOMPLETE),
        ((1, NOW, NOW + 1), Fault.FROM_THE_FUTURE),
        ((1, NOW, NOW - 3_901), Fault.STALE),
        ((1, 0, NOW - 3_900), Fault.VALID),
    ],
)
def test_faults_of_a_feed(exchange, oracle, round_, fault):
    oracle.set_round(*round_)
    state = exchange.account_state(0, "ann")
    assert state.oracle_fault == fault
    assert (state.price == 0) == (fault in (Fault.NOT_POSITIVE, Fault.OUT_OF_BOUNDS))


def test_faults_of_a_guard(exchange, oracle):
    sequencer = Oracle(decimals=0)
    reference = Oracle(decimals=18)
    exchange.set_price_guard(
        0,
        PriceGuard(
            PriceChecks(
                sequencer=sequencer,
                grace_period=3_600,
                reference=reference,
                reference_max_age=3_600,
                max_deviation=WAD // 100,
                max_jump=WAD // 10,
                jump_window=600,
                min_price=100 * WAD,
                max_price=5_000 * WAD,
            )
        ),
    )

    def fault():
        return exchange.market_state(0).oracle_fault

    assert fault() == Fault.SEQUENCER_DOWN
    sequencer.set_round(0, NOW - 3_600, NOW)
    assert fault() == Fault.GRACE_PERIOD
    sequencer.set_round(0, NOW - 3_601, NOW)
    assert fault() == Fault.REFERENCE_INVALID
    reference.push(2_020 * WAD, at=NOW)
    assert fault() == Fault.VALID
    reference.push(2_020 * WAD + 1, at=NOW)
    assert fault() == Fault.DEVIATES
    oracle.push(99 * 10**8, at=NOW)
    assert fault() == Fault.OUT_OF_BOUNDS
    oracle.push(2_000 * 10**8, at=NOW)
    reference.push(2_000 * WAD, at=NOW)
    trade(exchange, "ann", WAD, 1_000 * USD)
    for feed, answer in ((oracle, 2_201 * 10**8), (reference, 2_201 * WAD)):
        feed.push(answer, at=NOW)
    assert fault() == Fault.JUMP
    exchange.now += 601
    assert fault() == Fault.VALID


def test_parameters_survive_packing():
    config = MarketConfig(oracle="0x" + "ab" * 20, liquidation_cap=10 * WAD, seize_remainder=True)
    words = parameters.pack(config, 8)
    assert parameters.unpack(words) == config
    assert parameters.check(words, 8) == words
    with pytest.raises(Revert, match="config: not packed parameters"):
        parameters.check((words[0] | 1, *words[1:]), 8)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"max_age": 2**24}, "config: does not fit its field"),
        ({"skew_scale": WAD + 10**12}, "config: does not fit its field"),
        ({"max_age": 0}, "config: zero age or skew scale"),
        ({"maker_fee": 50_001 * 10**12}, "config: fee over 5 percent"),
        ({"max_funding_rate": WAD + 10**12}, "config: rate over 100 percent"),
        ({"max_leverage": 101 * WAD}, "config: leverage out of bounds"),
        ({"maintenance_ratio": 365 * 10**14}, "config: maintenance over initial"),
        ({"min_keeper_fee": 1_001 * WAD}, "config: keeper fee bounds"),
        (
            {"skew_scale": 10**11 * WAD, "max_long": 2 * 10**28, "max_short": 0},
            "config: cap too large",
        ),
        ({"reserve_factor": 99 * 10**15}, "config: reserve under 10 percent"),
    ],
)
def test_parameters_that_are_refused(change, reason):
    with pytest.raises(Revert, match=reason):
        parameters.pack(replace(MarketConfig(), **change), 8)


def test_a_refused_call_changes_nothing(skewed, oracle):
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    oracle.push(1_930 * 10**8, at=skewed.now)
    skewed.flag(0, "ann", "kim")
    before = copy.deepcopy(vars(skewed))
    refused = [
        lambda: trade(skewed, "ann", 0, -1, receiver="ann"),
        lambda: trade(skewed, "whale", 0, -1, receiver=skewed.address),
        lambda: trade(skewed, "whale", 10**6 * WAD),
        lambda: skewed.deposit_margin(0, "whale", 10**16 * USD),
        lambda: skewed.deposit_margin(1, "whale", 1),
        lambda: skewed.flag(0, "whale", "kim"),
        lambda: skewed.flag(0, "ann", "kim"),
        lambda: skewed.add_liquidity(0, "bob", 1, 2**100),
        lambda: skewed.remove_liquidity(0, "lp", 10**40, 0, "lp"),
        lambda: skewed.remove_liquidity(0, "lp", 1, 0, "lp"),
        lambda: skewed.claim_keeper_fees("kim", "kim"),
        lambda: skewed.drain_pool(0, 10**18, "bob"),
        lambda: skewed.deleverage(0, "whale", 5_001 * WAD),
        lambda: skewed.force_funding_rate(0, WAD + 1),
        lambda: skewed.set_market_status(0, MarketStatus.CLOSED),
        lambda: skewed.close_market(0, 0),
        lambda: skewed.set_market_config(0, replace(CONFIG, max_age=0)),
        lambda: skewed.collect_fees(0, skewed.address),
    ]
    for call in refused:
        with pytest.raises(Revert):
            call()
        assert vars(skewed) == before


def test_what_keeps_an_account_from_trading(skewed, oracle):
    trade(skewed, "ann", 100 * WAD, 10_000 * USD)
    oracle.push(1_930 * 10**8, at=skewed.now)
    skewed.flag(0, "ann", "kim")
    assert skewed.check_trading(0, "bob") == 1_930 * WAD
    skewed.now += 10 * DAY
    with pytest.raises(Revert, match="account: flagged"):
        skewed.check_trading(0, "ann")
    with pytest.raises(Revert, match="oracle: stale"):
        skewed.check_trading(0, "bob")
    skewed.set_market_status(0, MarketStatus.PAUSED)
    for account in ("ann", "bob"):
        with pytest.raises(Revert, match="market: paused"):
            skewed.check_trading(0, account)


def test_maintenance_margin_of_a_size_nobody_has(exchange, oracle):
    assert exchange.maintenance_margin(0, -100 * WAD) == (1_500 + 700) * WAD + 3_125 * WAD // 100
    oracle.push(0, at=exchange.now)
    assert exchange.maintenance_margin(0, -100 * WAD) == 2 * WAD
    with pytest.raises(Revert, match="order: quote out of range"):
        exchange.maintenance_margin(0, 2**95 + 1)


def test_cash_of_a_market_is_not_its_fees(skewed):
    state = skewed.market_state(0)
    assert skewed.account_state(0, "nobody").cash == state.backing - state.fees > 0
    skewed.drain_pool(0, (state.backing - state.fees // 2) // skewed.scale, "lp")
    assert skewed.account_state(0, "nobody").cash == 0
