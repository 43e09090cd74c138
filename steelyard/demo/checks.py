"""What must hold, whatever the market did: solvency to the wei, and that words were kept."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from steelyard.accounting import NAV_UNIT, Cause
from steelyard.demo.amounts import exact
from steelyard.demo.ledger import Ledger
from steelyard.demo.world import PEOPLE, Token, World
from steelyard.model.arithmetic import WAD


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


def equal(name: str, left: int, right: int) -> Check:
    """Return the check that two amounts (WAD) are the same to the last digit.

    Args:
        name: What it says.
        left: WAD.
        right: WAD.

    >>> equal("one is two", WAD, 2 * WAD)
    Check(name='one is two', holds=False, detail='1 != 2')
    """
    sign = "=" if left == right else "!="
    return Check(name, left == right, f"{exact(left)} {sign} {exact(right)}")


def venue_cash(world: World) -> Check:
    """Check that the venue has every dollar it owes, and owes every dollar it has.

    Args:
        world: Where.
    """
    state = world.market_state()
    claims = {
        "margins": state.margins,
        "pool": state.pool,
        "fees": state.fees,
        "keepers": world.exchange.owed_total(),
    }
    cash = world.exchange.cash() * world.scale
    holds = cash == sum(claims.values())
    terms = " + ".join(f"{name} {exact(amount)}" for name, amount in claims.items())
    return Check("venue: cash = claims", holds, f"{exact(cash)} {'=' if holds else '!='} {terms}")


def books(world: World) -> list[Check]:
    """Check venue and collateral, from its sums and from every account.

    Args:
        world: Where.
    """
    exchange, usd, state = world.exchange, world.usd, world.market_state()
    positions = [world.position(token) for token in world.tokens.values()]
    longs = sum(max(each.size, 0) for each in positions)
    shorts = sum(max(-each.size, 0) for each in positions)
    holders: list[Any] = [*PEOPLE.values(), exchange]
    holders += [world.system.factory, *(token.handle for token in world.tokens.values())]
    wallets = sum(world.collateral(holder) for holder in holders)
    owed = sum(exchange.owed(account) for account in PEOPLE.values())
    return [
        venue_cash(world),
        equal(
            "venue: dollars it holds = cash",
            world.collateral(exchange),
            exchange.cash() * world.scale,
        ),
        equal(
            "venue: margins = of all tokens", state.margins, sum(each.margin for each in positions)
        ),
        equal("venue: long interest = of all tokens", state.long_interest, longs),
        equal("venue: short interest = of all tokens", state.short_interest, shorts),
        equal("venue: owed to keepers = of each", exchange.owed_total(), owed),
        equal("dollars issued = in all wallets", usd.totalSupply() * world.scale, wallets),
    ]


def token_books(world: World, token: Token) -> list[Check]:
    """Check a token against the venue and its holders.

    Args:
        world: Where.
        token: Which.
    """
    symbol = token.symbol
    equity = max(world.account(token).equity, 0)
    owners = [*PEOPLE.values(), world.system.factory]
    balances = sum(token.handle.balanceOf(owner) for owner in owners)
    return [
        equal(
            f"{symbol}: totalAssets = equity at the venue, rounded down",
            token.handle.totalAssets() * world.scale,
            equity // world.scale * world.scale,
        ),
        equal(f"{symbol}: totalSupply = of all holders", token.handle.totalSupply(), balances),
        equal(f"{symbol}: holds no collateral", world.collateral(token.handle), 0),
    ]


def summary(name: str, checks: list[Check]) -> Check:
    """Return one check for many.

    Args:
        name: What they say.
        checks: At least one.
    """
    wrong = [f"{check.name}: {check.detail}" for check in checks if not check.holds]
    return Check(name, not wrong, "; ".join(wrong) or f"{len(checks)} checks")


def returns(ledger: Ledger) -> list[Check]:
    """Check what a token's return is made of.

    Args:
        ledger: Of the token.
    """
    moved = sum(ledger.parts.values())
    return [
        Check(
            f"{ledger.token.symbol}: parts add up to the return",
            moved == ledger.last.nav - ledger.first.nav,
            f"NAV moved by {exact(moved * WAD // NAV_UNIT)}, to 36 decimals",
        ),
        _flows(ledger),
        _funding(ledger),
    ]


def _flows(ledger: Ledger) -> Check:
    """Check that nobody who came or went took from who stayed."""
    part = ledger.parts[Cause.FLOWS]
    return Check(
        f"{ledger.token.symbol}: entries and exits cost nobody else",
        0 <= part <= ledger.slack,
        f"they raised NAV by {Decimal(part) / NAV_UNIT:.2e}, roundings allow "
        f"{Decimal(ledger.slack) / NAV_UNIT:.2e}",
    )


def _funding(ledger: Ledger) -> Check:
    """Check funding against rates x notional: the venue's index may lose a wei per BTC and step."""
    paid, due = ledger.quote[Cause.FUNDING], ledger.due
    largest = max(abs(reading.size) for reading in ledger.readings)
    allowed = len(ledger.readings) * (largest // WAD + 3)
    return Check(
        f"{ledger.token.symbol}: funding = rates x notional",
        abs(paid - due) <= allowed,
        f"{exact(paid)}, by the rates {exact(due)}: {abs(paid - due)} wei apart",
    )
