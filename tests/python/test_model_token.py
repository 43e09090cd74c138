"""The token's twin: numbers worked out by hand, and that a refused call changes nothing."""

import copy
from dataclasses import replace

import pytest

from steelyard.model.exchange import DAY, WAD, Exchange, MarketConfig, MarketStatus, Oracle, Revert
from steelyard.model.policy import Obstacle, Rules, Trigger
from steelyard.model.token import LeveragedToken, Phase, Terms, pack_terms
from steelyard.model.venue.states import ZERO_ADDRESS

USD = 10**6
NOW = 1_700_000_000
# Market orders cost 10 bp at the oracle price: no impact to speak of.
CONFIG = MarketConfig(
    skew_scale=10**9 * WAD,
    maker_fee=10**15,
    taker_fee=10**15,
    max_funding_rate=WAD,
    max_funding_velocity=0,
)
RULES = Rules(3 * WAD, 2 * WAD, 4 * WAD, 5 * WAD)
TERMS = Terms(cap=1_000 * WAD, mint_fee=0, redeem_fee=0)


@pytest.fixture
def oracle():
    oracle = Oracle(decimals=8)
    oracle.push(2_000 * 10**8, at=NOW)
    return oracle


@pytest.fixture
def exchange(oracle):
    exchange = Exchange(asset_decimals=6, now=NOW)
    exchange.add_market(CONFIG, oracle)
    for holder in ("lp", "ann", "bob", "factory"):
        exchange.wallets[holder] = 10**9 * USD
    exchange.add_liquidity(0, "lp", 10**8 * USD)
    return exchange


def make(exchange, terms=TERMS, receiver=ZERO_ADDRESS, seed=1_000):
    token = LeveragedToken(exchange, 0, True, terms, RULES, receiver)
    exchange.transfer("factory", exchange.address, seed * USD)
    token.seed("factory", seed * USD, 100 * WAD)
    return token


@pytest.fixture
def token(exchange):
    return make(exchange)


def test_seed(token):
    """E' = 1000 - 0.001 * 3 E' = 997.0089..., its leverage 3, and shares of 100 quote."""
    state = token.case.state
    assert state.equity == pytest.approx(1_000 * WAD / 1.003, rel=1e-6)
    assert state.size * 2_000 / state.equity == pytest.approx(3, rel=1e-6)
    assert token.ledger.balances["factory"] == state.equity // 100


def test_a_deposit_pays_for_its_trade_alone(token):
    """10,000 buy n shares of 100 quote for 100 n (1 + 3 * 0.001)."""
    shares = token.deposit("ann", 10_000 * USD, "ann")
    assert shares / WAD == pytest.approx(100 / 1.003, rel=1e-6)
    assert token.convert_to_assets(WAD) == 100 * USD
    assert token.mint("bob", 10 * WAD, "bob") == pytest.approx(1_003 * USD, rel=1e-6)
    assert token.redeem("ann", shares, "ann", "ann") / USD == pytest.approx(
        10_000 * 0.997 / 1.003, rel=1e-6
    )


def test_fees_are_owed_in_shares(exchange):
    """Minting 100 at 1 % trades 101 and owes one; so does redeeming 100."""
    terms = replace(TERMS, mint_fee=WAD // 100, redeem_fee=WAD // 100, fees_on=True)
    token = make(exchange, terms, "fees")
    token.mint("ann", 100 * WAD, "ann")
    assert token.owed_shares == WAD
    token.redeem("ann", 100 * WAD, "ann", "ann")
    assert token.owed_shares == 2 * WAD
    assert token.claim_fees("bob") == 2 * WAD
    assert token.ledger.balances["fees"] == 2 * WAD


def test_the_management_fee_of_a_year(exchange):
    """-ln(0.99) a year, continuous: holders keep 99 % of the shares."""
    terms = replace(TERMS, fee_rate=10_050_335_853_000_000, fees_on=True)
    token = make(exchange, terms, "fees")
    supply = token.ledger.supply
    exchange.now += 365 * DAY
    assert supply / token.shares == pytest.approx(0.99, rel=1e-9)


def test_without_a_receiver_nothing_accrues(exchange):
    terms = replace(TERMS, fee_rate=10**16, mint_fee=WAD // 100)
    token = make(exchange, terms)
    nav = token.convert_to_assets(WAD)
    token.mint("ann", 100 * WAD, "ann")
    exchange.now += DAY
    assert token.owed_shares == 0
    assert token.convert_to_assets(WAD) > nav
    with pytest.raises(Revert, match="fees: no receiver"):
        token.claim_fees("ann")


def test_a_wind_down_pays_everybody_the_same(exchange, oracle, token):
    token.deposit("ann", 10_000 * USD, "ann")
    token.deposit("bob", 5_000 * USD, "bob")
    token.wind_down("factory")
    with pytest.raises(Revert, match="settle: position still open"):
        token.settle("ann")
    while token.case.state.size:
        exchange.now += 60
        oracle.push(oracle.answer, at=exchange.now)
        token.rebalance("keeper")
    assert token.settle("ann") == exchange.wallets[token.address]
    paid = {}
    for holder in ("ann", "bob"):
        shares = token.ledger.balances[holder]
        paid[holder] = token.redeem(holder, shares, holder, holder) / shares
    assert paid["ann"] == pytest.approx(paid["bob"], rel=1e-9)
    assert token.terms.phase is Phase.CLOSED


def test_a_refused_call_changes_nothing(exchange, oracle, token):
    token.deposit("ann", 10_000 * USD, "ann")
    token.ledger.approve("ann", "bob", WAD)
    exchange.now += 60
    oracle.push(2_500 * 10**8, at=exchange.now)
    before = copy.deepcopy((vars(token.ledger), token.words, vars(exchange)))
    refused = (
        ("deposit: too few", lambda: token.deposit("ann", 10**9, "ann", 10**24)),
        ("mint: too many assets", lambda: token.mint("ann", WAD, "ann", 1)),
        ("redeem: too few", lambda: token.redeem("ann", WAD, "ann", "ann", 10**24)),
        ("withdraw: too many", lambda: token.withdraw("ann", 10**9, "ann", "ann", 1)),
        ("redeem: too few", lambda: token.redeem("bob", WAD, "bob", "ann", 10**24)),
        ("erc20: insufficient", lambda: token.redeem("bob", 2 * WAD, "bob", "ann")),
        ("more than the balance", lambda: token.redeem("bob", WAD, "bob", "bob")),
        ("token: bad receiver", lambda: token.deposit("ann", 10**9, token.address)),
        ("exceeds balance", lambda: token.deposit("pauper", 10**9, "ann")),
        ("rebalance: nothing", lambda: token.rebalance("bob")),
        ("token: only the factory", lambda: token.configure("ann", TERMS, RULES)),
        ("settle: not winding", lambda: token.settle("ann")),
        ("seed: only once", lambda: token.seed("factory", 1, WAD)),
    )
    for reason, call in refused:
        with pytest.raises(Revert, match=reason):
            call()
        after = copy.deepcopy((vars(token.ledger), token.words, vars(exchange)))
        assert repr(after) == repr(before)


def test_status_says_why_nothing_is_done(exchange, token):
    assert token.rebalance_status.trigger is Trigger.NOTHING
    exchange.set_market_status(0, MarketStatus.PAUSED)
    assert token.rebalance_status.obstacle is Obstacle.VENUE


def test_terms_that_do_not_fit():
    with pytest.raises(Revert, match="terms: does not fit its field"):
        pack_terms(replace(TERMS, mint_fee=1))
    with pytest.raises(Revert, match="terms: does not fit its field"):
        pack_terms(replace(TERMS, cap=2**64 * 10**12))
