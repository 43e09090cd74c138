"""Funding by hand: skew 5000 of K 1e6 at velocity 9 moves the rate by 0.045 a day per day."""

import pytest

from tests.unit.venue.helpers import CLOSED, DAY, ETH, PAUSED, PERCENT, USD, USDC, WAD

HOURS_8 = DAY // 3


@pytest.fixture(scope="module")
def changes():
    return {"max_funding_velocity": 9 * WAD, "max_funding_rate": 20 * PERCENT}


@pytest.fixture(scope="module")
def prepare(owner, trader, other_trader):
    """The trader has 100 ETH; a rate held at zero keeps the set-up free of funding."""

    def prepare(venue):
        venue.exchange.force_funding_rate(0, 0, True, sender=owner)
        venue.open(trader, 100 * ETH, 10_000)
        venue.deposit(other_trader, 1_000_000)

    return prepare


@pytest.fixture
def release(venue, exchange, owner, trader, other_trader):
    """Bring the skew to a size and let the rate go from a value, now."""

    def release(skew, rate=0):
        state = venue.state()
        venue.trade(other_trader, skew - state.long_interest + state.short_interest)
        exchange.force_funding_rate(0, rate, False, sender=owner)

    return release


def paid(seconds, rate_sum, price=2_000):
    """Index after `seconds` at the mean of two rates, toward zero."""
    return -(rate_sum * seconds * price // (2 * DAY))


def test_worked_example(venue, release, trader, other_trader):
    """After 8 hours the rate is 1.5 % a day, and each long ETH has paid 5 dollars."""
    release(5_000 * ETH)
    before = venue.position(trader).margin, venue.position(other_trader).margin
    venue.wait(HOURS_8)

    state = venue.state()
    assert state.funding_rate == 15 * WAD // 1_000
    assert state.funding_index == -5 * USD
    assert venue.account(trader).funding_rate == 15 * WAD // 1_000
    assert venue.account(trader).equity == before[0] - 500 * USD
    assert venue.account(other_trader).equity == before[1] - 4_900 * 5 * USD
    assert state.traders_pnl == -25_000 * USD
    assert state.lp_equity == state.pool + 25_000 * USD


def test_shorts_pay_when_the_rate_is_negative(venue, release, trader, other_trader):
    release(-5_000 * ETH)
    before = venue.position(trader).margin, venue.position(other_trader).margin
    venue.wait(HOURS_8)

    assert venue.state().funding_rate == -15 * WAD // 1_000
    assert venue.state().funding_index == 5 * USD
    assert venue.account(trader).equity == before[0] + 500 * USD
    assert venue.account(other_trader).equity == before[1] - 5_100 * 5 * USD


def test_what_a_position_realises(venue, exchange, usd, release, trader, owner):
    usd.mint(exchange, USDC, sender=owner)
    release(5_000 * ETH)
    margin = venue.position(trader).margin
    venue.wait(HOURS_8)
    exchange.modify_position(0, USDC, 0, 0, trader, sender=trader)

    position = venue.position(trader)
    assert position.margin == margin - 500 * USD + USD
    assert position.basis == 2_000 * USD - 5 * USD
    assert exchange.market_state(0).funding_index == -5 * USD
    venue.check_conservation()


@pytest.mark.parametrize("side", [1, -1])
def test_rate_meets_its_cap_at_the_exact_second(venue, release, side):
    """0.2 at 0.045 a day: 384,000 seconds."""
    release(side * 5_000 * ETH)
    cap, velocity, reached = 20 * PERCENT, 45 * WAD // 1_000, 384_000

    venue.wait(reached - 1)
    rate = velocity * (reached - 1) // DAY
    assert rate < cap
    assert venue.state().funding_rate == side * rate
    assert venue.state().funding_index == side * paid(reached - 1, rate)

    venue.chain.mine(timestamp=venue.now())  # the next second
    assert venue.state().funding_rate == side * cap
    assert venue.state().funding_index == side * paid(reached, cap)

    venue.chain.mine(timestamp=venue.now())
    assert venue.state().funding_rate == side * cap
    assert venue.state().funding_index == side * -((cap * reached + 2 * cap) * 2_000 // (2 * DAY))

    venue.chain.mine(timestamp=venue.now() + 10 * DAY - 1)
    assert venue.state().funding_rate == side * cap
    assert venue.state().funding_index == side * -(
        (cap * reached + 2 * cap * (1 + 10 * DAY)) * 2_000 // (2 * DAY)
    )


@pytest.mark.parametrize("side", [1, -1])
def test_rate_lags_the_skew(venue, release, side):
    """From 10 % a day against a skew of 5000: 5.5 % after a day, -3.5 % after three."""
    release(-side * 5_000 * ETH, side * 10 * PERCENT)
    venue.wait(DAY)
    assert venue.state().funding_rate == side * 55 * PERCENT // 10
    assert venue.state().funding_index == -side * 155 * USD  # mean 7.75 % of 2000

    venue.chain.mine(timestamp=venue.now() + 2 * DAY - 1)
    assert venue.state().funding_rate == -side * 35 * PERCENT // 10
    assert venue.state().funding_index == -side * 3 * 65 * USD  # mean 3.25 %, three days


def test_from_one_cap_to_the_other(venue, release):
    """From +20 % down to -20 % takes 40 / 4.5 days, which pay nothing in sum."""
    release(-5_000 * ETH, 20 * PERCENT)
    venue.wait(768_000)
    assert venue.state().funding_rate == -20 * PERCENT
    assert venue.state().funding_index == 0
    venue.chain.mine(timestamp=venue.now() + DAY - 1)
    assert venue.state().funding_rate == -20 * PERCENT
    assert venue.state().funding_index == 400 * USD


def test_velocity_stops_growing_at_the_skew_scale(venue, exchange, release):
    """With K lowered to 1000 under a skew of 5000 the velocity is 9, not 45."""
    release(5_000 * ETH)
    caps = {"max_long": 999 * ETH, "max_short": 999 * ETH}
    venue.configure(
        skew_scale=1_000 * ETH, max_funding_velocity=9 * WAD, max_funding_rate=WAD, **caps
    )
    before = venue.exchange.market_state(0).funding_rate
    venue.wait(3_600)
    assert venue.state().funding_rate == before + 9 * WAD // 24


def test_no_skew_keeps_the_rate(venue, release):
    release(0, 10 * PERCENT)
    venue.wait(DAY // 2)
    assert venue.state().funding_rate == 10 * PERCENT
    assert venue.state().funding_index == -100 * USD


def test_forced_rate(venue, exchange, owner, release):
    """Held whatever the skew, and beyond the cap of the market."""
    release(5_000 * ETH)
    exchange.force_funding_rate(0, 50 * PERCENT, True, sender=owner)
    before = exchange.market_state(0).funding_index
    venue.wait(DAY // 2)
    assert venue.state().funding_rate == 50 * PERCENT
    assert venue.state().funding_index == before - 500 * USD


def test_time_counts_while_paused(venue, release):
    release(5_000 * ETH)
    start = venue.chain.blocks.head.timestamp
    venue.status(PAUSED)
    venue.chain.mine(timestamp=start + HOURS_8 - 1)
    assert venue.state().funding_index == -5 * USD


def test_time_stops_when_closed(venue, release):
    release(5_000 * ETH)
    venue.wait(HOURS_8)
    venue.status(CLOSED)
    venue.wait(30 * DAY)
    assert venue.state().funding_index == -5 * USD
    assert venue.state().funding_rate == 15 * WAD // 1_000


def test_a_look_changes_nothing(venue, release, trader):
    """The whole interval is priced at the price of the touch that ends it."""
    release(5_000 * ETH)
    start = venue.chain.blocks.head.timestamp
    venue.price(1_000)
    venue.chain.mine(timestamp=start + HOURS_8 - 1)
    assert venue.state().funding_index == -5 * USD // 2
    venue.chain.mine()
    assert venue.account(trader).funding_rate > 15 * WAD // 1_000
    venue.price(2_000)
    venue.chain.mine(timestamp=start + 2 * HOURS_8 - 1)
    assert venue.state().funding_index == -20 * USD


VERBS = {
    "margin in": lambda x, a: x.modify_position(0, 1, 0, 0, a.trader, sender=a.trader),
    "margin out": lambda x, a: x.modify_position(0, -1, 0, 0, a.trader, sender=a.trader),
    "order": lambda x, a: x.modify_position(0, 0, -ETH, 0, a.trader, sender=a.trader),
    "add liquidity": lambda x, a: x.add_liquidity(0, USDC, 0, sender=a.lp),
    "remove liquidity": lambda x, a: x.remove_liquidity(0, 10**20, 0, a.lp, sender=a.lp),
    "flag": lambda x, a: x.flag(0, a.keeper, sender=a.lp),
    "liquidate": lambda x, a: x.liquidate(0, a.attacker, sender=a.lp),
    "deleverage": lambda x, a: x.deleverage(0, a.trader, ETH, sender=a.owner),
    "force rate": lambda x, a: x.force_funding_rate(0, 0, True, sender=a.owner),
    "config": lambda x, a: x.set_market_config(0, a.words, sender=a.owner),
    "close": lambda x, a: x.close_market(0, 2_000 * USD, sender=a.owner),
}


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_accrue_first(
    venue, exchange, usd, release, verb, owner, lp, trader, keeper, attacker
):
    """Each verb that knows a price fixes what was due until then: later prices cannot change it."""

    class Actors:
        pass

    actors = Actors()
    vars(actors).update(owner=owner, lp=lp, trader=trader, keeper=keeper, attacker=attacker)
    actors.words = venue.pack(venue.feeds[0])
    usd.mint(exchange, 1, sender=owner)
    # Two accounts that fall below maintenance at 2000, one of them flagged.
    venue.price(2_100)
    for account in (keeper, attacker):
        venue.open(account, 10 * ETH, 1_000)
    venue.price(2_000)
    exchange.flag(0, attacker, sender=lp)
    release(5_000 * ETH)

    venue.wait(HOURS_8)
    VERBS[verb](exchange, actors)
    start = venue.chain.blocks.head.timestamp
    index = exchange.market_state(0).funding_index
    assert index == -5 * USD
    venue.feeds[0].push(1, sender=owner)  # a price of next to nothing
    venue.chain.mine(timestamp=start + HOURS_8)
    assert abs(venue.state().funding_index - index) < 10**12


@pytest.mark.parametrize("verb", ["deposit", "collect", "drain", "status", "guard"])
def test_verbs_without_a_price_accrue_nothing(
    venue, exchange, release, verb, owner, trader, fee_receiver
):
    release(5_000 * ETH)
    start = venue.chain.blocks.head.timestamp
    if verb == "deposit":
        venue.deposit(trader, 1)
    elif verb == "collect":
        exchange.collect_fees(0, fee_receiver, sender=owner)
    elif verb == "drain":
        exchange.drain_pool(0, 1, fee_receiver, sender=owner)
    elif verb == "status":
        venue.status(PAUSED)
    else:
        venue.guard()
    venue.chain.mine(timestamp=start + HOURS_8 - 1)
    assert venue.state().funding_index == -5 * USD


def test_accounts_together_are_the_market(venue, release, trader, other_trader):
    release(5_000 * ETH)
    venue.price(2_345.678)
    venue.wait(12_345)
    unrealised = sum(
        venue.account(account).equity - venue.position(account).margin
        for account in (trader, other_trader)
    )
    assert 0 <= venue.state().traders_pnl - unrealised <= 2
