"""Units, codes and the exchange of a test, so that each test reads as what it says."""

from contextlib import contextmanager

from ape.utils import ZERO_ADDRESS

WAD = ETH = USD = 10**18  # a ratio; underlying; quote inside the exchange
USDC = 10**6  # quote as collateral of 6 decimals
ANSWER = 10**8  # a dollar as the feed gives it
PERCENT = 10**16
DAY = 86_400

MAX_ORDER = 2**95
MAX_PRICE = 2**94
MAX_UINT = 2**256 - 1
MAX_INT, MIN_INT = 2**255 - 1, -(2**255)

ACTIVE, REDUCE_ONLY, PAUSED, CLOSED = 1, 2, 4, 8

NOT_OWNER = "ownable: caller is not the owner"

# Ether as Synthetix had it, but without funding: so nothing changes from second to second.
CONFIG = {
    "oracle": ZERO_ADDRESS,
    "max_age": 10 * DAY,
    "skew_scale": 1_000_000 * ETH,
    "max_funding_velocity": 0,
    "max_funding_rate": 0,
    "maker_fee": 2 * 10**14,
    "taker_fee": 6 * 10**14,
    "max_leverage": 25 * WAD,
    "maintenance_ratio": 75 * 10**14,
    "liquidation_fee_ratio": 35 * 10**14,
    "liquidation_premium": 15_625 * 10**14,
    "min_keeper_fee": 2 * USD,
    "max_keeper_fee": 1_000 * USD,
    "min_margin": 50 * USD,
    "max_long": 31_000 * ETH,
    "max_short": 31_000 * ETH,
    "max_notional": 10**8 * USD,
    "reserve_factor": 5 * 10**17,
    "liquidation_cap": 0,
    "seize_remainder": False,
    "liquidate_when_paused": False,
}


def config_tuple(oracle, **changes):
    """Return a MarketConfig for the ABI: CONFIG with `changes`."""
    assert changes.keys() <= CONFIG.keys()
    return tuple({**CONFIG, "oracle": oracle, **changes}.values())


def ceil_div(a, b):
    """Return a / b rounded up."""
    return -(-a // b)


class Venue:
    """An exchange, and each thing a test does with it in one line; market 0 unless said.

    All views are of the next block: they show what a transaction sent now would meet.
    """

    def __init__(self, project, chain, owner, usd, decimals):
        """Deploy an exchange without markets."""
        self.project, self.chain, self.owner = project, chain, owner
        self.usd, self.one = usd, 10**decimals
        self.parameters = owner.deploy(project.MarketParameters)
        self.exchange = owner.deploy(project.PerpExchange, usd, decimals, self.parameters)
        self.accounts = []  # all that may have a position
        self.feeds = {}  # by market; what a test before this one added is overwritten

    def new_feed(self, dollars, decimals=8):
        """Deploy a price feed."""
        answer = int(dollars * 10**decimals)
        return self.owner.deploy(self.project.MockAggregator, decimals, "test", answer)

    def pack(self, oracle, **changes):
        """Return the words of CONFIG with `changes`."""
        return self.parameters.pack(config_tuple(oracle, **changes))

    def add_market(self, dollars=2_000, **changes):
        """Add a market with a feed of its own; return its id."""
        market = self.exchange.market_count()
        self.feeds[market] = self.new_feed(dollars)
        self.exchange.add_market(self.pack(self.feeds[market], **changes), sender=self.owner)
        return market

    def configure(self, market=0, **changes):
        """Give a market other parameters."""
        words = self.pack(self.feeds[market], **changes)
        return self.exchange.set_market_config(market, words, sender=self.owner)

    def maintenance(self, size, market=0):
        """Return the maintenance margin of a size at the present price."""
        words = self.exchange.market_words_of(market)
        return self.parameters.maintenance_margin(words, size, self.state(market).price)

    def guard(self, market=0, **checks):
        """Give a market a price guard; return it."""
        guard = self.owner.deploy(self.project.PriceGuard, self.exchange, price_checks(**checks))
        self.exchange.set_price_guard(market, guard, sender=self.owner)
        return guard

    def status(self, status, market=0):
        """Switch a market; a market is closed at 2000."""
        if status == CLOSED:
            return self.exchange.close_market(market, 2_000 * USD, sender=self.owner)
        return self.exchange.set_market_status(market, status, sender=self.owner)

    def price(self, dollars, market=0):
        """Publish a price."""
        return self.feeds[market].push(round(dollars * ANSWER), sender=self.owner)

    def now(self):
        """Return the time of the next block."""
        return self.chain.blocks.head.timestamp + 1

    def wait(self, seconds):
        """Let the next block come `seconds` after the last one."""
        self.chain.mine(timestamp=self.chain.blocks.head.timestamp + seconds - 1)

    @contextmanager
    def undone(self):
        """Take back what happens inside; `chain.isolate` would also swallow what fails there."""
        snapshot = self.chain.snapshot()
        try:
            yield
        finally:
            self.chain.restore(snapshot)

    # What accounts do

    def add_liquidity(self, provider, dollars, market=0):
        """Put dollars into the pool."""
        return self.exchange.add_liquidity(market, dollars * self.one, 0, sender=provider)

    def deposit(self, account, dollars, market=0):
        """Add margin at no price."""
        return self.exchange.deposit_margin(market, round(dollars * self.one), sender=account)

    def trade(self, account, size_delta, limit=0, market=0):
        """Order without moving margin."""
        return self.exchange.modify_position(market, 0, size_delta, limit, account, sender=account)

    def open(self, account, size, dollars, market=0):
        """Deposit margin and open a position."""
        self.deposit(account, dollars, market)
        return self.trade(account, size, market=market)

    def withdraw(self, account, assets, market=0):
        """Take margin out."""
        return self.exchange.modify_position(market, -assets, 0, 0, account, sender=account)

    def liquidate(self, account, keeper, market=0):
        """Flag and liquidate; return the liquidation."""
        self.exchange.flag(market, account, sender=keeper)
        return self.exchange.liquidate(market, account, sender=keeper)

    # What the next block would show

    def state(self, market=0):
        """Return the state of a market."""
        return self.exchange.market_state(market, block_id="pending")

    def account(self, account, size_delta=0, market=0):
        """Return the state of an account with a quote."""
        return self.exchange.account_state(market, account, size_delta, block_id="pending")

    def position(self, account, market=0):
        """Return a position as stored."""
        return self.exchange.position(market, account)

    def books(self, *accounts):
        """Return all that accounting is about, to compare before and after."""
        markets = range(self.exchange.market_count())
        return (
            self.exchange.cash(),
            self.exchange.owed_total(),
            [self.exchange.market_words_of(market) for market in markets],
            [self.state(market) for market in markets],
            [self.position(account, market) for market in markets for account in accounts],
            [self.exchange.lp_shares(market, a) for market in markets for a in accounts],
            [self.usd.balanceOf(account) for account in (*accounts, self.exchange)],
        )

    def result(self, verb, *args, sender):
        """Return what a verb would return, sent now; it is not sent."""
        return getattr(self.exchange, verb).call(*args, sender=sender, block_id="pending")

    def check_conservation(self, markets=1):
        """Check the books against all positions and against the collateral, to the wei."""
        booked = self.exchange.cash() * 10**18 // self.one
        assert booked == self.exchange.owed_total() + sum(
            self._check_market(market) for market in range(markets)
        )
        assert self.usd.balanceOf(self.exchange) >= self.exchange.cash()

    def _check_market(self, market):
        """Return what backs a market, if it is the sum of what is in it."""
        state = self.state(market)
        positions = [self.position(account, market) for account in self.accounts]
        sizes = [position.size for position in positions]
        assert state.long_interest == sum(size for size in sizes if size > 0)
        assert state.short_interest == -sum(size for size in sizes if size < 0)
        assert state.basis_sum == sum(position.size * position.basis for position in positions)
        assert state.margins == sum(position.margin for position in positions)
        assert state.backing == state.margins + state.pool + state.fees
        assert state.lp_equity == state.pool - state.traders_pnl
        return state.backing


CHECKS = {
    "sequencer": ZERO_ADDRESS,
    "grace_period": 0,
    "reference": ZERO_ADDRESS,
    "reference_max_age": 10 * DAY,
    "max_deviation": 0,
    "max_jump": 0,
    "jump_window": 0,
    "min_price": 0,
    "max_price": 0,
}


def price_checks(**changes):
    """Return PriceChecks for the ABI: all off but for `changes`."""
    assert changes.keys() <= CHECKS.keys()
    return tuple({**CHECKS, **changes}.values())
