"""The most that opens a position again works and is the most, whatever the trade costs or brings.

On the token's twin, which the stateful tests hold to the bytecode.
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.model.exchange import WAD, Exchange, MarketConfig, Oracle, Position, Revert
from steelyard.model.policy import Rules
from steelyard.model.token import LeveragedToken, Terms
from steelyard.model.venue.states import ZERO_ADDRESS

NOW = 1_700_000_000
MICRO = 10**12
BP = WAD // 10_000


@st.composite
def remainders(draw) -> LeveragedToken:
    """1 to 99 quote without a position, in a market whose skew is up to an eighth of its scale."""
    # Of the skew scale, a price of 1e-2 to 5e7; together 1e8 to 5e10 quote.
    scale = draw(st.integers(10**3, 10**10)) * WAD
    answer = draw(st.integers(10**8, 5 * 10**10)) * 10**8 * WAD // scale
    decimals, target = draw(st.sampled_from((6, 18))), draw(st.sampled_from((2, 3, 5))) * WAD
    oracle = Oracle(decimals=8)
    oracle.push(answer, at=NOW)
    exchange = Exchange(asset_decimals=decimals, now=NOW)
    config = MarketConfig(
        skew_scale=scale,
        maker_fee=draw(st.sampled_from((0, 2, 20, 500))) * BP,
        taker_fee=draw(st.sampled_from((0, 6, 20, 500))) * BP,
        max_funding_velocity=0,
        max_long=scale // 8,
        max_short=scale // 8,
        reserve_factor=WAD // 10,
        max_notional=4 * 10**11 * WAD,
    )
    exchange.add_market(config, oracle)
    for holder in ("lp", "crowd", "factory", "rich"):
        exchange.wallets[holder] = 2**95
    dollar = 10**decimals
    exchange.add_liquidity(0, "lp", 10**9 * dollar)
    exchange.transfer("crowd", exchange.address, 10**10 * dollar)
    skew = scale // 10**4 * draw(st.integers(-1_200, 1_200))
    if skew:
        exchange.modify_position(0, "crowd", 10**10 * dollar, skew)
    # A cap of as much as the factory lets a side have: half a percent of the skew scale.
    cap = scale // 10**6 * draw(st.integers(10, 5_000)) // MICRO * MICRO
    lo, hi = target * 2 // 3 // 10**14 * 10**14, target * 4 // 3 // 10**14 * 10**14
    terms = Terms(cap=cap, target=target, leverage_lo=lo, leverage_hi=hi)
    rules = Rules(target, lo, hi, 2 * hi)
    token = LeveragedToken(exchange, 0, draw(st.booleans()), terms, rules, ZERO_ADDRESS)
    exchange.transfer("factory", exchange.address, 1_000 * dollar)
    token.seed("factory", 1_000 * dollar, 100 * WAD)
    market, left = exchange.markets[0], Position(margin=draw(st.integers(WAD, 100 * WAD - 1)))
    market.book = market.book.replaced(market.position(token.address), left)
    market.positions[token.address] = left
    return token


@given(token=remainders(), dollars=st.sampled_from((10, 101, 200, 10_000)))
def test_the_most_of_a_remainder(token, dollars):
    assert token.case.is_remainder
    most, shares = token.max_deposit, token.max_mint
    assert (most > 0) is (shares > 0)
    if most == 0:
        with pytest.raises(Revert):
            token.deposit("rich", dollars * WAD // token.exchange.scale, "rich")
        return
    copy.deepcopy(token).deposit("rich", most, "rich")
    state = token.case.state
    # Fees of a few percent that jump where the skew ends are what the steps of a deposit miss.
    missed = most // (10**4 if max(state.maker_fee, state.taker_fee) <= 20 * BP else 100)
    with pytest.raises(Revert):
        copy.deepcopy(token).deposit("rich", most + missed + 4, "rich")
    copy.deepcopy(token).mint("rich", shares, "rich")
    with pytest.raises(Revert):
        token.mint("rich", shares + 1, "rich")
