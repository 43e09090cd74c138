"""A walk through the product on the in-process EVM, with the books checked after every act.

Nothing it prints is written down here: prices, sizes and margins of the story are, everything that
follows from them is read from the contracts, and so is every check.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from steelyard.deployment import EvmBackend, SystemConfig, default_market, deploy_system
from steelyard.errors import SteelyardError
from steelyard.evm import DEPLOYER, Evm, Revert, address
from steelyard.model.exchange import WAD, MarketStatus

HOUR = 3_600
PEOPLE = {"owner": DEPLOYER} | {who: address(who) for who in ("lp", "long", "short", "keeper")}
# Column to its width.
TEXTS = {"time": 8, "who": 6, "what": 26}
FIGURES = {"price": 8, "size": 9, "fill": 8, "fee": 8, "equity": 12, "rate/day": 8}
COLUMNS = ("time", "price", "who", "what", "size", "fill", "fee", "equity", "rate/day")
WIDTH = 112


@dataclass(frozen=True)
class Check:
    """Something that must hold.

    Attributes:
        name: What it says.
        holds: Whether it does.
        detail: The figures.
    """

    name: str
    holds: bool
    detail: str


def money(amount: int) -> str:
    """Return an amount to the cent.

    Args:
        amount: WAD.

    >>> money(1_234_567 * WAD // 1_000)
    '1,234.57'
    """
    return f"{Decimal(amount) / WAD:,.2f}"


def exact(amount: int) -> str:
    """Return an amount with every digit it has.

    Args:
        amount: WAD.

    >>> exact(-1_500 * WAD - 1), exact(2_000 * WAD)
    ('-1,500.000000000000000001', '2,000')
    """
    whole, rest = divmod(abs(amount), WAD)
    digits = f"{whole:,}.{rest:018}".rstrip("0").rstrip(".")
    return f"-{digits}" if amount < 0 else digits


def equal(name: str, left: int, right: int) -> Check:
    """Return the check that two amounts (WAD) are the same to the last digit."""
    return Check(
        name, left == right, f"{exact(left)} {'=' if left == right else '!='} {exact(right)}"
    )


class Stage:
    """A system with one market, the people around it, and what they have done so far.

    Attributes:
        evm: The chain.
        checks: Every check made so far.
    """

    def __init__(self, evm: Evm, console: Console) -> None:
        """Deploy, with an empty pool.

        Args:
            evm: An empty chain.
            console: Where to print.
        """
        self.evm = evm
        self.console = console
        self.checks: list[Check] = []
        setup = replace(default_market("ETH"), liquidity=0)
        self.system = deploy_system(EvmBackend(evm), SystemConfig(markets=(setup,)))
        self.exchange, self.usd = self.system.exchange, self.system.usd
        self.market = self.system.markets["ETH"]
        self.scale = WAD // self.system.assets(WAD)
        self.wealth = dict.fromkeys(PEOPLE, 0)
        self._start = evm.timestamp
        self._table = Table()

    # Views

    def market_state(self) -> Any:
        """Return the market, accrued to now."""
        return self.exchange.market_state(self.market.id)

    def account_state(self, who: str, order: int = 0) -> Any:
        """Return someone's account, accrued to now, with a quote for an order (WAD)."""
        return self.exchange.account_state(self.market.id, PEOPLE[who], order)

    # The world

    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.evm.warp(hours * HOUR)

    def push(self, price: int) -> None:
        """Publish a price (WAD)."""
        self.market.feed.push(self.market.answer(price), sender=DEPLOYER)

    def set_status(self, status: MarketStatus, what: str) -> None:
        """Let the owner switch the market."""
        self.exchange.set_market_status(self.market.id, status, sender=DEPLOYER)
        self.row("owner", what)

    # What people do

    def fund(self, who: str, amount: int) -> int:
        """Give someone dollars (WAD), which the exchange may pull, and return the token units."""
        assets = self.system.assets(amount)
        self.usd.mint(PEOPLE[who], assets, sender=DEPLOYER)
        self.usd.approve(self.exchange, assets, sender=PEOPLE[who])
        self.wealth[who] += amount
        return assets

    def order(self, who: str, what: str, size: int, assets: int = 0) -> None:
        """Trade at the quoted price or not at all.

        Args:
            who: The trader.
            what: What to call it.
            size: Order, WAD.
            assets: Margin in (+) or out (-), token units.
        """
        account, quote = PEOPLE[who], self.account_state(who, size)
        if assets > 0:
            self.usd.transfer(self.exchange, assets, sender=account)
        fill, fee, _, _, equity = self.exchange.modify_position(
            self.market.id, assets, size, quote.fill_price, account, sender=account
        )
        self.row(who, what, money(size), money(fill), money(fee), money(equity))
        if (fill, fee) != (quote.fill_price, quote.order_fee):
            self.checks.append(Check("fill and fee = quote", False, f"{who} {what}"))

    def withdraw(self, who: str) -> None:
        """Let a trader take out what he may."""
        assets = self.account_state(who).withdrawable // self.scale
        self.exchange.modify_position(
            self.market.id, -assets, 0, 0, PEOPLE[who], sender=PEOPLE[who]
        )
        self.row(who, f"withdraws {money(assets * self.scale)}", equity=self.equity(who))

    def close(self, who: str) -> None:
        """Let a trader close and leave."""
        self.order(who, "closes", -self.account_state(who).size)
        self.withdraw(who)

    def equity(self, who: str) -> str:
        """Return someone's equity as text."""
        return money(self.account_state(who).equity)

    # Printing

    def row(
        self, who: str, what: str, size: str = "", fill: str = "", fee: str = "", equity: str = ""
    ) -> None:
        """Add a line to the act's table."""
        state, minutes = self.market_state(), (self.evm.timestamp - self._start) // 60
        time = f"{minutes // 1_440}d {minutes // 60 % 24:02}:{minutes % 60:02}"
        rate = f"{Decimal(state.funding_rate) / WAD:+.4%}"
        self._table.add_row(time, money(state.price), who, what, size, fill, fee, equity, rate)

    def act(self, title: str, story: Callable[[Stage], None]) -> None:
        """Play an act, print its table, and check the books."""
        self._table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in COLUMNS:
            if name in TEXTS:
                self._table.add_column(name, width=TEXTS[name])
            else:
                self._table.add_column(name, width=FIGURES[name], justify="right")
        already = len(self.checks)
        story(self)
        books = audit(self)
        self.checks += books
        self.console.print(f"[bold]{title}")
        self.console.print(self._table)
        for check in (*self.checks[already : -len(books)], books[0]):
            self.show(check)
        for check in books[1:]:
            if not check.holds:
                self.show(check)
        self.console.print()

    def show(self, check: Check) -> None:
        """Print a check."""
        mark = "[green]ok   [/]" if check.holds else "[red]WRONG[/]"
        text = f"{mark} {check.name}: {escape(check.detail)}"
        self.console.print(text, highlight=False, soft_wrap=True)


def audit(stage: Stage) -> list[Check]:
    """Return the checks of the books, from the sums of the exchange and from its every account."""
    exchange, usd, state = stage.exchange, stage.usd, stage.market_state()
    positions = [exchange.position(stage.market.id, account) for account in PEOPLE.values()]
    cash, margins = exchange.cash() * stage.scale, sum(each.margin for each in positions)
    claims = {
        "margins": margins,
        "pool": state.pool,
        "fees": state.fees,
        "keepers": exchange.owed_total(),
    }
    terms = " + ".join(f"{name} {exact(amount)}" for name, amount in claims.items())
    holds = cash == sum(claims.values())
    sizes = [each.size for each in positions]
    owed = sum(exchange.owed(account) for account in PEOPLE.values())
    wallets = sum(usd.balanceOf(account) for account in (*PEOPLE.values(), exchange))
    return [
        Check(
            "cash = claims", holds, f"{exact(cash)} {'=' if holds else '!='} {terms}, to the wei"
        ),
        equal("tokens held = cash", usd.balanceOf(exchange) * stage.scale, cash),
        equal("margins of the book = of the accounts", state.margins, margins),
        equal("longs = of the accounts", state.long_interest, sum(max(size, 0) for size in sizes)),
        equal(
            "shorts = of the accounts", state.short_interest, -sum(min(size, 0) for size in sizes)
        ),
        equal("owed to keepers = of each keeper", exchange.owed_total(), owed),
        equal(
            "dollars issued = of all wallets",
            usd.totalSupply() * stage.scale,
            wallets * stage.scale,
        ),
    ]


# The story


def opening(stage: Stage) -> None:
    """Fill the pool; two traders take opposite sides."""
    stage.push(2_000 * WAD)
    assets = stage.fund("lp", 20_000_000 * WAD)
    stage.exchange.add_liquidity(stage.market.id, assets, 0, sender=PEOPLE["lp"])
    stage.row("lp", f"adds {money(20_000_000 * WAD)}")
    stage.order("long", "opens with 600,000", 3_000 * WAD, stage.fund("long", 600_000 * WAD))
    stage.order("short", "opens with 200,000", -1_000 * WAD, stage.fund("short", 200_000 * WAD))


def moving(stage: Stage) -> None:
    """Move the price; the crowded side pays funding."""
    for price in (1_985, 2_010, 2_040):
        stage.wait(4)
        stage.push(price * WAD)
        for who in ("long", "short"):
            stage.row(who, "holds", equity=stage.equity(who))
    stage.order("long", "takes profit", -500 * WAD)


def downtime(stage: Stage) -> None:
    """Pause: orders are refused, funding goes on."""
    stage.set_status(MarketStatus.PAUSED, "pauses the market")
    before = stage.market_state().funding_index
    stage.wait(6)
    stage.push(2_070 * WAD)
    try:
        stage.order("short", "tries to close", 1_000 * WAD)
        refusal = "nothing"
    except Revert as error:
        refusal = error.reason or "no reason"
        stage.row("short", f"refused: {refusal}", equity=stage.equity("short"))
    after = stage.market_state().funding_index
    stage.set_status(MarketStatus.ACTIVE, "resumes it")
    stage.checks += [
        Check("orders are refused while paused", refusal == "market: paused", f'"{refusal}"'),
        Check(
            "funding goes on while paused",
            after < before,
            f"the index fell from {exact(before)} to {exact(after)}: longs pay that a unit",
        ),
    ]


def liquidation(stage: Stage) -> None:
    """Raise the price until the short is due; a keeper flags, liquidates and is paid."""
    market, keeper, short = stage.market.id, PEOPLE["keeper"], PEOPLE["short"]
    state = stage.account_state("short")
    while state.equity > state.maintenance:
        if state.size == 0:
            raise SteelyardError("the short has no position to liquidate")
        stage.wait(1)
        stage.push(state.price // WAD * WAD + 10 * WAD)
        state = stage.account_state("short")
    stage.row("short", f"is due below {money(state.maintenance)}", equity=money(state.equity))
    stage.exchange.flag(market, short, sender=keeper)
    stage.row("keeper", "flags the short")
    stage.evm.warp(12)
    closed, fee = stage.exchange.liquidate(market, short, sender=keeper)
    stage.row("keeper", "liquidates a chunk", size=money(closed), fee=money(fee))
    stage.row("short", "keeps the rest", equity=stage.equity("short"))
    owed = stage.exchange.owed(keeper)
    paid = stage.exchange.claim_keeper_fees(keeper, sender=keeper) * stage.scale
    stage.row("keeper", f"claims {money(paid)}")
    stage.checks.append(equal("fee of the liquidation = owed to the keeper", fee, owed))


def leaving(stage: Stage) -> None:
    """Close everything and pay everybody."""
    stage.wait(2)
    stage.push(stage.market_state().price)
    stage.close("short")
    stage.close("long")
    lp, market = PEOPLE["lp"], stage.market.id
    shares = stage.exchange.lp_shares(market, lp)
    assets = stage.exchange.remove_liquidity(market, shares, 0, lp, sender=lp)
    stage.row("lp", f"withdraws {money(assets * stage.scale)}")
    fees = stage.exchange.collect_fees(market, DEPLOYER, sender=DEPLOYER) * stage.scale
    stage.row("owner", f"collects {money(fees)} of fees")
    state = stage.market_state()
    left = (state.long_interest, state.short_interest, state.lp_supply, state.bad_debt)
    stage.checks.append(
        Check("everything is closed", not any(left), "no position, no LP share, no bad debt")
    )


def settle(stage: Stage) -> None:
    """Show who won and lost how much: it must be what is left in the exchange, to the wei."""
    table = Table("who", "put in", "took out", "gain", box=SIMPLE_HEAD)
    for column in table.columns[1:]:
        column.justify = "right"
    gains = {}
    for who, account in PEOPLE.items():
        wallet = stage.usd.balanceOf(account) * stage.scale
        gains[who] = wallet - stage.wealth[who]
        table.add_row(who, *map(money, (stage.wealth[who], wallet, gains[who])))
    stage.console.print("[bold]Who gained what")
    stage.console.print(table)
    left = stage.usd.balanceOf(stage.exchange) * stage.scale
    lost = -sum(min(gain, 0) for gain in gains.values())
    won = sum(max(gain, 0) for gain in gains.values())
    stage.checks.append(equal("losses = gains + what is left behind", lost, won + left))
    for check in (*audit(stage), stage.checks[-1]):
        stage.show(check)


ACTS = {
    "1. A liquidity provider and two traders": opening,
    "2. Prices move, and the crowded side pays funding": moving,
    "3. Downtime": downtime,
    "4. A liquidation": liquidation,
    "5. Everybody leaves": leaving,
}


def run(console: Console, evm: Evm | None = None) -> bool:
    """Play the demo.

    Args:
        console: Where to print.
        evm: An empty chain; a new one by default.

    Returns:
        Whether every check held.
    """
    stage = Stage(evm or Evm(), console)
    try:
        for title, story in ACTS.items():
            stage.act(title, story)
        settle(stage)
    except SteelyardError as error:
        console.print(f"[red]WRONG[/] the story stopped: {escape(str(error))}", highlight=False)
        return False
    wrong = [check for check in stage.checks if not check.holds]
    console.print(
        f"\n{len(stage.checks)} checks, "
        + (f"[red]{len(wrong)} WRONG[/]" if wrong else "[green]all ok[/]"),
        highlight=False,
    )
    return not wrong
