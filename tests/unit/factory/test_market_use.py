"""Trade shares and caps of a market, which whoever makes or configures a token must keep."""

import pytest

from steelyard.model.arithmetic import WAD
from tests.unit.factory.helpers import CONFIG_DELAY, MAX_UINT, MICRO, PERCENT, STRANGER
from tests.unit.token.helpers import reverts

NO_SHARE, OVER = "registry: no trade share left", "registry: caps over the depth"
# max_slippage K / 4 of ether's market, and of bitcoin's, at 1 %.
ETH, BTC = 2_500 * WAD, 250 * WAD


def test_what_is_taken(works, factory, token):
    short = works.create("ETH2S", max_slippage=PERCENT // 2)
    other = works.create("BTC3L")
    exchange = works.exchange
    assert factory.market_tokens(exchange, 0) == (token.address, short.address)
    assert factory.market_tokens(exchange, 1) == (other.address,)
    assert factory.market_tokens(exchange, 2) == factory.market_tokens(STRANGER, 0) == ()
    long_use, short_use = (factory.market_use(exchange, 0, side) for side in (True, False))
    assert tuple(long_use) == (WAD // 5, 625 * WAD, PERCENT)
    assert tuple(short_use) == (WAD // 5, 625 * WAD, PERCENT // 2)
    assert tuple(factory.market_use(exchange, 1, False)) == (WAD // 10, 0, MAX_UINT)
    assert tuple(factory.market_use(STRANGER, 0, True)) == (0, 0, MAX_UINT)


def test_trade_shares_fill_half_of_the_safe_size(works):
    """Both sides count: all tokens of a market trade the same way after a move."""
    left = WAD // 2 - WAD // 10
    with works.evm.anchor():
        works.create("ETH3S", trade_share=left)
    with reverts(NO_SHARE):
        works.create("ETH3S", trade_share=left + MICRO)
    works.create("ETH2L", trade_share=left - PERCENT)
    works.create("ETH2S", trade_share=PERCENT)
    with reverts(NO_SHARE):
        works.create("ETH3S", trade_share=PERCENT)
    works.create("BTC3S", trade_share=WAD // 2)


def test_caps_of_a_side_fit_its_depth(works):
    left = ETH - 625 * WAD
    with works.evm.anchor():
        works.create("ETH2L", cap=left)
    with reverts(OVER):
        works.create("ETH2L", cap=left + MICRO)
    works.create("ETH2S", cap=ETH)
    works.create("BTC2L", cap=BTC)
    with reverts(OVER):
        works.create("BTC3L", cap=WAD)


def test_least_slippage_of_the_side_counts(works):
    """A new token may not take from an older one what that can bear, nor the other way round."""
    works.create("ETH2S", cap=600 * WAD, max_slippage=PERCENT // 2)
    with reverts(OVER):
        works.create("ETH3S", cap=650 * WAD + MICRO, max_slippage=PERCENT * 2)
    works.create("ETH3S", cap=600 * WAD, max_slippage=PERCENT * 2)
    with reverts(OVER):
        works.create("ETH2S", symbol="S", cap=50 * WAD, max_slippage=PERCENT // 2 - MICRO)
    works.create("ETH2S", symbol="S", cap=50 * WAD, max_slippage=PERCENT // 2)


def test_one_s_own_slippage(works):
    with reverts(OVER):
        works.create("BTC2L", cap=25 * WAD + MICRO, max_slippage=PERCENT // 10)
    works.create("BTC2L", cap=25 * WAD, max_slippage=PERCENT // 10)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"trade_share": WAD // 5 + MICRO}, NO_SHARE),
        ({"cap": ETH - 1_000 * WAD + MICRO}, OVER),
        ({"max_slippage": PERCENT * 64 // 100, "cap": 600 * WAD + MICRO}, OVER),
        ({"max_slippage": PERCENT * 65 // 100 - MICRO}, OVER),
    ],
)
def test_configuration_needs_room_too(works, changes, reason):
    works.create("ETH2L", trade_share=WAD * 3 // 10, cap=1_000 * WAD)
    with reverts(reason):
        works.schedule(**changes)


def test_configuration_counts_itself_once(works, factory, token):
    works.create("ETH2L", trade_share=WAD * 3 // 10, cap=1_000 * WAD)
    works.configure(trade_share=WAD // 5, cap=ETH - 1_000 * WAD)
    use = factory.market_use(works.exchange, 0, True)
    assert tuple(use) == (WAD // 2, ETH, PERCENT)
    works.configure(trade_share=PERCENT, cap=WAD, max_slippage=PERCENT // 2 * 2)
    assert tuple(factory.market_use(works.exchange, 0, True)) == (
        WAD * 31 // 100,
        1_001 * WAD,
        PERCENT,
    )
    assert len(factory.market_tokens(works.exchange, 0)) == 2


def test_a_schedule_reserves_nothing(works, factory, token):
    """Who is applied first takes what there is; what does not fit any more is refused."""
    config = works.schedule(cap=ETH, trade_share=WAD // 2)
    works.price(2_000)
    works.create("ETH2L")
    works.evm.warp(CONFIG_DELAY)
    with reverts(NO_SHARE):
        factory.apply_config(token, config, sender=STRANGER)
    config = works.schedule(cap=ETH - 625 * WAD)
    works.evm.warp(CONFIG_DELAY)
    with works.evm.anchor():
        factory.apply_config(token, config, sender=STRANGER)
    works.create("ETH3L", symbol="another", cap=WAD)
    with reverts(OVER):
        factory.apply_config(token, config, sender=STRANGER)


def test_a_venue_less_deep_does_not_lock_what_asks_for_less(works, factory, token):
    """Its owner may shrink K under open positions: caps are then too large, and may only fall."""
    works.create("ETH2L")
    works.set_market(
        skew_scale=100_000 * WAD,
        max_long=31_000 * WAD,
        max_short=31_000 * WAD,
        liquidation_cap=0,
    )
    with reverts(OVER):
        works.schedule(cap=625 * WAD + MICRO)
    with reverts(OVER):
        works.schedule(cap=625 * WAD, max_slippage=PERCENT - MICRO)
    with reverts(OVER):
        works.create("ETH3L", symbol="another", cap=WAD)
    works.configure(cap=200 * WAD)  # with 625 of the other still over 250
    works.configure(token, cap=200 * WAD, max_slippage=PERCENT + MICRO)
    with reverts(OVER):
        works.schedule(cap=200 * WAD, max_slippage=PERCENT)
    works.configure(cap=200 * WAD, max_slippage=PERCENT + MICRO, mint_fee=0)
    assert factory.market_use(works.exchange, 0, True).cap == 825 * WAD


def test_fifty_tokens_fill_a_market(works, factory):
    for index in range(40):
        works.create("ETH2L", symbol=f"T{index}", trade_share=PERCENT, cap=WAD)
    use = factory.market_use(works.exchange, 0, True)
    assert (use.trade_share, use.cap) == (WAD // 2, 665 * WAD)
    with reverts(NO_SHARE):
        works.create("ETH2L", trade_share=PERCENT, cap=WAD)
