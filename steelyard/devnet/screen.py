"""What a devnet shows: one screen with all one needs, then a line or table that lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from steelyard.chain import ChainError
from steelyard.devnet.founding import contract
from steelyard.devnet.settings import (
    CHAIN_ID,
    DOLLARS,
    LP,
    LP_DOLLARS,
    MNEMONIC,
    OWNER,
    PORT,
    RECORD,
    ROOT,
    USER,
    known_accounts,
)
from steelyard.devnet.starting import Devnet
from steelyard.devnet.walker import Push

_CLEAR = 2**256 - 1


@dataclass(frozen=True)
class TokenLine:
    """What is shown of a token.

    Attributes:
        symbol: Its symbol.
        nav: Quote per share.
        leverage: Now; None without equity.
        supply: Shares.
    """

    symbol: str
    nav: Decimal
    leverage: Decimal | None
    supply: Decimal


@dataclass(frozen=True)
class Glance:
    """What is shown of the chain at a block.

    Attributes:
        block: Number.
        prices: Quote, by market.
        tokens: In the order of the record.
    """

    block: int
    prices: dict[str, Decimal]
    tokens: tuple[TokenLine, ...]


def glance(devnet: Devnet) -> Glance:
    """Read what is shown, all at one block.

    Raises:
        ChainError: The node does not answer.
    """
    chain, record = devnet.chain, devnet.deployment
    block = chain.block().number
    prices = {}
    for symbol, market in record.markets.items():
        feed = contract(chain, "IAggregatorV3", market.feed)
        answer = Decimal(feed.call.latestRoundData(block=block)[1])
        prices[symbol] = answer.scaleb(-feed.call.decimals(block=block))
    addresses = [token.address for token in record.tokens.values()]
    lens = contract(chain, "LeveragedTokenLens", record.address("LeveragedTokenLens"))
    states = lens.call.token_states(addresses, block=block) if addresses else ()
    return Glance(block, prices, tuple(map(_token_line, states)))


def _token_line(state: Any) -> TokenLine:
    leverage = state.decision.leverage
    return TokenLine(
        symbol=state.setup.symbol,
        nav=Decimal(state.nav).scaleb(-18),
        leverage=None if leverage == _CLEAR else Decimal(leverage).scaleb(-18),
        supply=Decimal(state.supply).scaleb(-18),
    )


class Screen:
    """Writes to a console: a table that is redrawn where somebody watches, else lines."""

    def __init__(self, console: Console) -> None:
        """Take a console."""
        self._console = console
        self._live: Live | None = None
        self._last: Glance | None = None

    def opening(self, devnet: Devnet) -> None:
        """Print everything one needs to use the devnet."""
        out, settings = self._console, devnet.settings
        out.rule("[bold]Steelyard devnet", align="left")
        for name, value in _facts(devnet):
            out.print(f"[bold]{name:<9}[/]{escape(value)}", soft_wrap=True)
        for line in (*_contracts(devnet), *_accounts()):
            out.print(escape(line), soft_wrap=True)
        out.print("[bold]Run next[/] in another shell, after `source .venv/bin/activate`:")
        for command in commands(devnet):
            out.print(f"  {escape(command)}", soft_wrap=True, style="cyan")
        for note in devnet.notes:
            out.print(f"[yellow]note[/] {escape(note)}", soft_wrap=True)
        if settings.walk:
            out.print(f"Prices move {settings.speed} times as fast as time; all else is real time.")
        out.print("Ctrl-C stops it and keeps the chain.")
        out.rule()

    @contextmanager
    def living(self) -> Iterator[None]:
        """Keep a table in place for the time of the `with` block, if somebody watches."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, auto_refresh=False, transient=True) as self._live:
            yield
        self._live = None

    def pushes(self, pushes: Sequence[Push]) -> None:
        """Tell what could not be pushed, and without a table also what could."""
        for push in pushes:
            price = f"{push.symbol} {push.price:,.2f}"
            if push.error:
                failed = f"[red]push failed[/] {price}: {escape(push.error)}"
                self._console.print(failed, soft_wrap=True)
            elif self._live is None:
                self._console.print(f"pushed {price}")

    def glance(self, devnet: Devnet) -> None:
        """Show prices and tokens as they are now."""
        if self._live is None:
            return
        try:
            now = glance(devnet)
        except ChainError as error:
            self._live.update(Text(f"the node does not answer: {error}", "red"), refresh=True)
            return
        self._live.update(_table(devnet, now), refresh=True)


def commands(devnet: Devnet) -> list[str]:
    """Return what a new user runs next."""
    symbols = list(devnet.deployment.tokens)
    if not symbols:
        return []
    symbol = "BTC3L" if "BTC3L" in symbols else symbols[0]
    user, other, keeper = (known_accounts()[i].alias for i in (USER, USER + 1, USER + 4))
    # What the wallet takes by itself is left out.
    network = "" if devnet.settings.port == PORT else f" --network {devnet.settings.network}"
    signed = f" --account {user}{network}"
    found = [
        f"ape run wallet tokens{network}",
        f"ape run wallet mint {symbol} 1000{signed}",
        f"ape run wallet show {symbol}{signed}",
        f"ape run wallet transfer {symbol} 1 {other}{signed}",
        f"ape run wallet redeem {symbol} all{signed}",
        # Keeps every token in its band; the coin's price is a guess, to weigh gas against rewards.
        f"STEELYARD_KEEPER_NATIVE_PRICE=2000 ape run keeper --account {keeper}{network}",
    ]
    if devnet.settings.record != RECORD:
        found.insert(0, f"export STEELYARD_DEPLOYMENT={devnet.settings.record}")
    return found


def _facts(devnet: Devnet) -> Iterator[tuple[str, str]]:
    settings, record = devnet.settings, devnet.settings.record
    path = record.relative_to(ROOT) if record.is_relative_to(ROOT) else record
    yield "RPC", f"{settings.url} (anvil, process {devnet.node.pid}; only from this machine)"
    yield "chain", f"{CHAIN_ID}, a block every {settings.block_time} s"
    yield "for ape", f"--network {settings.network}"
    yield "record", str(path)


def _contracts(devnet: Devnet) -> Iterator[str]:
    """Yield lines of addresses, two on each: contracts and feeds, and tokens."""
    record = devnet.deployment
    left = [(name, record.address(name)) for name in _SHOWN]
    left += [(f"feed of {symbol}", market.feed) for symbol, market in record.markets.items()]
    right = [(symbol, token.address) for symbol, token in record.tokens.items()]
    for deployed, token in zip_longest(left, right, fillvalue=("", "")):
        yield f"{deployed[0]:<23}{deployed[1]:<44}{token[0]:<7}{token[1]}".rstrip()


# What users speak to; the record has the rest.
_SHOWN = ("MockUSD", "PerpExchange", "LeveragedTokenFactory", "LeveragedTokenLens")


def _accounts() -> Iterator[str]:
    """Yield lines of the well-known accounts, keys included."""
    roles = {OWNER: "owner", LP: "LP"}
    yield f"{'account':<8}{'address':<43}private key"
    for account in known_accounts():
        line = f"{account.alias:<8}{account.address} {account.key} {roles.get(account.index, '')}"
        yield line.rstrip()
    yield f"Each had ether and {DOLLARS:,} test dollars; the LP put {LP_DOLLARS:,} into each pool."
    yield "The keys are anvil's well-known ones: everybody has them. Send nothing of value there."
    yield f'Their mnemonic: "{MNEMONIC}"'


def _table(devnet: Devnet, now: Glance) -> Group:
    """Return what lives: a line of prices and a table of tokens."""
    prices = "   ".join(f"{symbol} {price:,.2f}" for symbol, price in now.prices.items())
    head = f"block {now.block}   {prices}"
    if devnet.walker is not None:
        head += f"   {devnet.walker.says()}"
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="bold")
    for heading in ("token", "leverage", "NAV", "supply"):
        table.add_column(heading, justify="left" if heading == "token" else "right")
    for token in now.tokens:
        leverage = "none" if token.leverage is None else f"{token.leverage:.3f}x"
        table.add_row(token.symbol, leverage, f"{token.nav:,.4f}", f"{token.supply:,.4f}")
    return Group(Text(head, "bold"), table)
