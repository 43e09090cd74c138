"""Tables that exchanges published of their leveraged tokens, reproduced by the contracts.

They leave costs, impact and funding out, and so does the market here: no funding, a skew scale of
1e12, and the smallest fee that the venue can store, 1e-6. It cannot be zero: a rebalance would then
have no size that is safe from a sandwich (see `_chunk` in policy_terms.vy). What it comes to, about
1e-6 of equity a trade, each `Rebalanced` event names; the test gives it back. The actor that
plays the factory gives no reward, and lets the token return to its target whole.

Sources: FTX, help centre articles 360024479452, 360032720832 (daily returns) and 360045965633 (the
size of a rebalance); KuCoin, support article 900004691986, and MEXC's blog (four days); Bybit, help
centre article 000001605 (leverage at which it rebalances); Pionex (leverage between rebalances).
"""

from fractions import Fraction

import pytest

from steelyard.model.arithmetic import DAY, WAD
from steelyard.model.policy import Trigger
from tests.unit.token.helpers import MIDNIGHT

EXACT = 1e-6


@pytest.fixture
def decimals():
    """No rounding that could be seen."""
    return 18


@pytest.fixture
def changes():
    return {
        "liquidity": 10**9,
        "skew_scale": 10**12 * WAD,
        "maker_fee": 10**12,
        "taker_fee": 10**12,
        "max_long": 10**9 * WAD,
        "max_short": 10**9 * WAD,
        "max_notional": 4 * 10**11 * WAD,
        "liquidation_cap": 0,
    }


class Series:
    """A token through a series of prices, a day apart, as if trading were free."""

    def __init__(self, venue, keeper, price, leverage, equity=10_000, nav=100, **rules):
        self.venue, self.keeper = venue, keeper
        venue.price(price)
        rules = {"scheduled": True, "band": (0.2, 30), "em": 40} | rules
        self.token = venue.make_token(
            is_long=leverage > 0,
            target=abs(leverage),
            # Opening costs a millionth of the notional.
            seed=equity * (1 + abs(leverage) * 1e-6),
            nav=nav,
            cap=10**6,
            fees=(0, 0),
            fee_rate=0,
            min_drift=0,
            min_rate=0,
            max_rate=0,
            max_reward=0,
            cost_budget=WAD,
            **rules,
        )
        self.given_back = Fraction(1)
        self.start = self.nav

    @property
    def nav(self):
        """Of a share, dollars."""
        return float(self.venue.nav(self.token) / WAD * self.given_back)

    @property
    def change(self):
        """Since the start, per cent."""
        return (self.nav / self.start - 1) * 100

    @property
    def leverage(self):
        return float(self.venue.leverage(self.token))

    def observe(self, price):
        """Go to 00:02 of the next day, at a price."""
        now = self.venue.evm.timestamp
        self.venue.wait((MIDNIGHT + 120 - now) % DAY or DAY)
        self.venue.price(price)

    def rebalance(self, trigger=Trigger.SCHEDULE):
        """Return to the target if leverage has left it; return the size that was traded, ether."""
        if self.token.rebalance_status().trigger == Trigger.NOTHING:
            assert self.leverage == pytest.approx(abs(self.target), rel=1e-9)
            return 0
        equity = self.venue.state(self.token).equity
        self.token.rebalance(sender=self.keeper)
        [log] = self.token.logs("Rebalanced")
        assert (log.args.trigger, log.args.reward) == (trigger, 0)
        assert 0 < log.args.cost < 2 * equity // 10**6
        self.given_back /= 1 - Fraction(log.args.cost, equity)
        assert self.leverage == pytest.approx(self.target, rel=1e-9)
        return log.args.size_delta / WAD

    @property
    def target(self):
        return (self.token.words().terms >> 216) / 10**4


@pytest.fixture
def series(venue, keeper):
    def make(price, leverage, **options):
        return Series(venue, keeper, price, leverage, **options)

    return make


@pytest.mark.parametrize(
    ("prices", "spot", "static", "printed"),
    [
        ((10_000, 11_000, 10_000), 0, 0, -5.45),
        ((10_000, 11_000, 12_100), 21, 63, 69),
        ((10_000, 9_500, 9_000), -10, -30, -28.42),
        ((200, 210, 220), 10, 30, 31.43),
        ((200, 210, 200), 0, 0, -1.43),
        ((200, 190, 180), -10, -30, -28.42),
    ],
)
def test_ftx_daily_returns(venue, series, prices, spot, static, printed):
    """BULL, reset every day, beside spot and a position of three times that is left alone."""
    first, middle, last = prices
    bull, alone = series(first, 3), series(first, 3, scheduled=False)
    bull.observe(middle)
    bull.rebalance()
    bull.observe(last)
    exact = (1 + 3 * (middle / first - 1)) * (1 + 3 * (last / middle - 1))
    assert bull.nav / bull.start == pytest.approx(exact, rel=EXACT)
    assert bull.change == pytest.approx(printed, abs=0.005)
    assert (last / first - 1) * 100 == pytest.approx(spot)
    assert alone.change == pytest.approx(static, rel=EXACT, abs=1e-4)


def test_ftx_size_of_a_rebalance(venue, series):
    """-20,000 dollars and 150 ether at 210: NAV 11,500, exposure 31,500, 2.739x; buy 14.2857."""
    bull = series(200, 3, equity=10_000)
    bull.observe(210)
    state = venue.state(bull.token)
    assert state.size / WAD == pytest.approx(150, rel=EXACT)
    assert state.equity / WAD == pytest.approx(11_500, rel=EXACT)
    assert state.size / WAD * 210 == pytest.approx(31_500, rel=EXACT)
    assert bull.leverage == pytest.approx(31_500 / 11_500, rel=EXACT)
    assert round(bull.leverage, 3) == 2.739
    # The size pays for its own fee: a few millionths less.
    assert bull.rebalance() == pytest.approx(100 / 7, rel=5 * EXACT)


@pytest.mark.parametrize(
    ("days", "exact", "printed"),
    [
        ((10, 10, 10, 10), 2.8561, 185.6),
        ((-10, -10, -10, -10), 0.2401, -76),
        ((10, -10, 10, -10), 0.8281, -17.2),
    ],
)
def test_kucoin_and_mexc_four_days(series, days, exact, printed):
    price, bull = 10_000, series(10_000, 3)
    for day in days:
        bull.rebalance()
        price *= 1 + day / 100
        bull.observe(price)
    assert bull.nav / bull.start == pytest.approx(exact, rel=EXACT)
    assert bull.change == pytest.approx(printed, abs=0.05)


@pytest.mark.parametrize(
    ("price", "nav", "leverage", "size"),
    [(35_555.55555555, 6.667, 4, -75), (53_333.33333334, 20, 2, 150)],
)
def test_bybit_rebalances_at_the_edges(venue, series, price, nav, leverage, size):
    """300 bitcoin at 40,000 behind 400,000 tokens of 10 dollars; past 4x and past 2x, to 3x."""
    token = series(40_000, 3, equity=4_000_000, nav=10, scheduled=False, band=(2, 4), em=5)
    assert venue.state(token.token).size / WAD == pytest.approx(300, rel=EXACT)
    assert token.token.totalSupply() / WAD == pytest.approx(400_000, rel=EXACT)
    venue.price(price)
    assert token.nav == pytest.approx(nav, abs=0.0005)
    assert token.leverage == pytest.approx(leverage, rel=EXACT)
    assert token.rebalance(Trigger.DRIFT) == pytest.approx(size, rel=5 * EXACT)


@pytest.mark.parametrize(
    ("start", "price", "leverage", "printed"),
    [(10_000, 11_000, 33_000 / 13_000, 2.5385), (100, 105, 315 / 115, 2.739)],
)
def test_pionex_leverage_between_rebalances(series, start, price, leverage, printed):
    """P l / (P0 + l (P - P0))."""
    token = series(start, 3)
    token.observe(price)
    assert token.leverage == pytest.approx(leverage, rel=EXACT)
    assert token.leverage == pytest.approx(printed, abs=0.0005)


def test_pionex_amount_of_a_rebalance(series):
    """100 at 3x after a rise of 5 %: 315 of exposure on 115, and 30 more."""
    token = series(100, 3, equity=1_000)
    token.observe(105)
    assert token.rebalance() * 105 / 10 == pytest.approx(30, rel=5 * EXACT)


@pytest.mark.parametrize(
    ("leverage", "there", "back", "exact"),
    [
        (2, -10, Fraction(100, 9), 0.8 * (1 + 2 / 9)),
        (3, -10, Fraction(100, 9), 0.7 * (1 + 3 / 9)),
        (-1, -10, Fraction(100, 9), 1.1 * (1 - 1 / 9)),
        (-3, -10, Fraction(100, 9), 1.3 * (1 - 3 / 9)),
        (3, 10, -10, 0.91),
        (2, 10, -10, 0.96),
        (1, 10, -10, 0.99),
    ],
)
def test_there_and_back(series, leverage, there, back, exact):
    """Flat prices cost what moves between rebalances do: (L^2 - L) / 2 of their squares."""
    token = series(9_000, leverage)
    token.observe(9_000 * (1 + there / 100))
    token.rebalance()
    token.observe(float(9_000 * (1 + Fraction(there, 100)) * (1 + Fraction(back) / 100)))
    assert token.nav / token.start == pytest.approx(exact, rel=EXACT)


def test_up_a_tenth_and_down_a_tenth_loses_nine_percent(series):
    """At 3x: neither nothing, nor three times the one per cent that a position left alone loses."""
    rebalanced, alone = series(10_000, 3), series(10_000, 3, scheduled=False)
    rebalanced.observe(11_000)
    rebalanced.rebalance()
    rebalanced.observe(9_900)
    assert rebalanced.change == pytest.approx(-9, rel=EXACT)
    assert alone.change == pytest.approx(-3, rel=EXACT)
