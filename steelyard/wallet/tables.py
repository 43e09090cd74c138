"""What people get: tables of at most 100 columns that stay readable in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from steelyard.sdk import FlowReceipt, HolderState, Preview, TokenState, readable, to_decimal
from steelyard.sdk.flows import ENTERING
from steelyard.wallet.amounts import ether, number, percent, seconds, times
from steelyard.wallet.gas import Gas
from steelyard.wallet.risk import Risk

Row = tuple[str, str, str]
"""What it is, how much, and what there is to say of it."""

_SHARES = 6  # places
_DUST = Decimal("0.000001")  # what people need not be told


def rows_table(title: str, rows: Iterable[Row]) -> Group:
    """Return rows below a title."""
    table = _table()
    table.add_column(justify="left", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="left")
    table.show_header = False
    for row in rows:
        table.add_row(*row)
    return _titled(title, table)


def columns_table(title: str, headings: Sequence[str], lines: Iterable[Sequence[str]]) -> Group:
    """Return lines below headings; one that begins with `<` is of text, the others of numbers."""
    table = _table()
    for heading in headings:
        is_text = heading.startswith("<")
        table.add_column(heading.lstrip("<"), justify="left" if is_text else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    return _titled(title, table)


def tokens_table(states: Sequence[TokenState], unit: str) -> Group:
    """Return all tokens.

    Args:
        states: Of the tokens.
        unit: Symbol of the collateral.
    """
    headings = ("<token", "NAV", "leverage", "band", "liquidation", f"assets {unit}", "<status")
    return columns_table("Tokens", headings, map(_token_line, states))


def _token_line(state: TokenState) -> tuple[str, ...]:
    if not state.ok:
        return (state.address, "", "", "", "", "", "cannot be read")
    low, high = state.band
    distance = state.liquidation_distance
    move = None if distance is None else (-distance if state.is_long else distance)
    return (
        state.symbol,
        number(state.nav, 4),
        times(state.leverage),
        f"{times(low)} to {times(high)}",
        "none" if move is None else _signed_percent(move, 1),
        number(state.assets),
        state.status,
    )


def token_rows(state: TokenState, unit: str) -> list[Row]:
    """Return what a token is.

    Args:
        state: Of the token.
        unit: Symbol of the collateral.
    """
    side = "long" if state.is_long else "short"
    rows = [
        ("token", state.symbol, state.name),
        ("address", "", state.address),
        ("status", "", state.status),
        ("NAV", number(state.nav, 4), f"{unit} per share"),
        ("assets", number(state.assets), f"{unit}, in {number(state.supply, 4)} shares"),
        ("position", number(state.size, 4), f"{state.market.symbol} {side}, aims at {_aim(state)}"),
        ("mint fee", percent(state.mint_fee), "of the shares"),
        ("redeem fee", percent(state.redeem_fee), "of the shares"),
        ("management fee", percent(state.management_fee), "of NAV a year"),
        ("can be minted", number(state.max_deposit), f"{unit} at most, now"),
    ]
    if state.paused_until:
        wait = seconds(state.paused_until - state.timestamp)
        rows.append(("minting", "paused", f"for another {wait}; redemption is open"))
    return rows


def _aim(state: TokenState) -> str:
    return times(state.target)


# ---------------------------------------------------------------- RISK


def risk_rows(risk: Risk) -> list[Row]:
    """Return what a holder risks."""
    rows = [_leverage_row(risk), _liquidation_row(risk), _decay_row(risk)]
    if risk.funding is not None:
        verb = "holders get" if risk.funding > 0 else "holders pay"
        note = f"of NAV a year ({verb}): the present rate times leverage"
        rows.append(("funding", _signed_percent(risk.funding), note))
    rows.append(_price_row(risk))
    return rows


def _leverage_row(risk: Risk) -> Row:
    low, high = risk.band
    note = f"kept in {times(low)} to {times(high)}"
    if risk.rebalance_prices:
        first, second = map(number, risk.rebalance_prices)
        note += f"; leaves it below {risk.market} {first} or above {second}"
    return ("leverage", times(risk.leverage), note)


def _liquidation_row(risk: Risk) -> Row:
    if risk.liquidation is None:
        return ("liquidation", "none", "no price of the underlying would bring it")
    verb = "fall" if risk.is_long else "rise"
    note = f"a {verb} of {risk.market} by so much at once, and the venue may liquidate"
    if not risk.liquidation:
        note = "the venue may liquidate now"
    return ("liquidation", _signed_percent(risk.liquidation), note)


def _decay_row(risk: Risk) -> Row:
    sigma = percent(risk.volatility, 0)
    kind = f"the present volatility of {sigma} a year"
    if risk.is_assumed:
        kind = f"an assumed volatility of {sigma} (now: unknown)"
    return ("decay", _signed_percent(-risk.decay, 1), f"a year without a net move, at {kind}")


def _price_row(risk: Risk) -> Row:
    age = "age unknown" if risk.price_age is None else f"{seconds(risk.price_age)} old"
    price = "none" if risk.price is None else number(risk.price)
    return (f"{risk.market} price", price, f"{risk.price_state}, {age}")


# ---------------------------------------------------------------- FLOWS


def preview_rows(
    preview: Preview, state: TokenState, unit: str, slippage_bps: int, gas: Gas
) -> list[Row]:
    """Return what a mint or a redemption comes to.

    Args:
        preview: The flow.
        state: Of its token.
        unit: Symbol of the collateral.
        slippage_bps: What is accepted, 1/100 of a percent.
        gas: Of the transaction.
    """
    pay, get = _sides(preview, unit)
    worth = f"worth {number(preview.value)} at NAV {number(state.nav, 4)}"
    entering = preview.verb in ENTERING
    rows = [
        ("you pay", pay[0], pay[1] if entering else f"{pay[1]}, {worth}"),
        ("you get", get[0], f"{get[1]}, {worth}" if entering else get[1]),
        *_cost_rows(preview, unit),
    ]
    if (funding := state.funding_per_year) is not None:
        verb = "you get" if funding > 0 else "you pay"
        rows.append(("funding now", _signed_percent(funding), f"of NAV a year: {verb} while held"))
    rows.append(("management fee", percent(state.management_fee), "of NAV a year, out of NAV"))
    rows.append(_bound_row(preview, unit, slippage_bps))
    rows.append(gas_row(gas))
    return rows


def _sides(preview: Preview, unit: str) -> tuple[tuple[str, str], tuple[str, str]]:
    assets = (number(preview.assets), unit)
    shares = (number(preview.shares, _SHARES), preview.symbol)
    return (assets, shares) if preview.verb in ENTERING else (shares, assets)


def _cost_rows(preview: Preview, unit: str) -> list[Row]:
    rows = []
    for name, cost in preview.costs.items():
        if name == "rounding" and abs(cost) < _DUST:
            continue
        note = _part(cost, preview.value)
        if name == "price impact" and cost < 0:
            note += ": a rebate"
        rows.append((name, number(cost), f"{unit}, {note}" if note else unit))
    note = _part(preview.total_cost, preview.value)
    rows.append(("all costs", number(preview.total_cost), f"{unit}, {note}" if note else unit))
    return rows


def _part(cost: Decimal, value: Decimal) -> str:
    if not value:
        return ""
    shown = percent(abs(cost) / value, 3)
    part = shown if shown.strip("0. %") or not cost else "under 0.001 %"
    return f"{'-' if cost < 0 and part == shown else ''}{part} of the value"


def _bound_row(preview: Preview, unit: str, slippage_bps: int) -> Row:
    amount, symbol, is_least = bound_of(preview, unit, slippage_bps)
    places = 2 if symbol == unit else _SHARES
    kind = "at least, or nothing happens" if is_least else "at most, or nothing happens"
    return ("bound", number(amount, places), f"{symbol} {kind} ({slippage_bps} bps)")


def bound_of(preview: Preview, unit: str, slippage_bps: int) -> tuple[Decimal, str, bool]:
    """Return the worst result that is accepted, its unit, and whether it is the least.

    Args:
        preview: The flow.
        unit: Symbol of the collateral.
        slippage_bps: What is accepted, 1/100 of a percent.
    """
    raw, by_shares = preview.bound(slippage_bps), preview.verb in ("deposit", "withdraw")
    decimals = 18 if by_shares else preview.raw.asset_decimals
    amount = to_decimal(raw, decimals)
    return amount, preview.symbol if by_shares else unit, preview.verb in ("deposit", "redeem")


def gas_row(gas: Gas) -> Row:
    """Return what gas comes to."""
    note = "typical of such a transaction" if gas.is_typical else "as simulated"
    return ("gas", ether(gas.cost), note)


def receipt_table(preview: Preview, receipt: FlowReceipt, unit: str, gas: Gas) -> Group:
    """Return what really happened beside what was shown before.

    Args:
        preview: What was shown.
        receipt: What happened.
        unit: Symbol of the collateral.
        gas: What was shown of it.
    """
    entering = receipt.verb in ENTERING
    assets, shares = ("you paid", "you got") if entering else ("you got", "you paid")
    lines = [
        _compared(f"{assets} {unit}", preview.assets, receipt.assets, 6),
        _compared(f"{shares} {receipt.symbol}", preview.shares, receipt.shares, _SHARES),
    ]
    if not entering:
        lines.reverse()
    for name, cost in receipt.costs.items():
        if name != "rounding":
            lines.append(_compared(f"{name} {unit}", preview.costs[name], cost, 6))
    lines.append(_compared(f"all costs {unit}", preview.total_cost, receipt.total_cost, 6))
    spent = int(receipt.tx.gas_cost)
    if receipt.approval is not None:
        spent += int(receipt.approval.tx.gas_cost)
    lines.append(("gas", ether(gas.cost), ether(spent), ""))
    title = f"Done: transaction {receipt.hash}, block {receipt.block}"
    return columns_table(title, ("<", "preview", "really", "difference"), lines)


def _compared(name: str, before: Decimal, after: Decimal, places: int) -> tuple[str, ...]:
    difference = after - before
    shown = f"{'+' if difference > 0 else ''}{number(difference, places)}"
    if abs(difference) < _DUST:
        shown = "under 0.000001" if difference else "none"
    return (name, number(before, places), number(after, places), shown)


# ---------------------------------------------------------------- ACCOUNTS


def balance_table(
    account: str, money: Sequence[Row], held: Sequence[tuple[str, HolderState]], unit: str
) -> list[Group]:
    """Return what an account has.

    Args:
        account: Whose.
        money: Rows of its coin and collateral.
        held: Its part of each token, by symbol.
        unit: Symbol of the collateral.
    """
    tables = [rows_table(f"Account {account}", money)]
    headings = ("<token", "shares", f"value {unit}", f"redeems for {unit}", "can leave now")
    lines = [
        (
            symbol,
            number(holder.balance, _SHARES),
            number(holder.assets),
            number(holder.redeem_assets),
            number(holder.max_redeem, _SHARES),
        )
        for symbol, holder in held
    ]
    if lines:
        tables.append(columns_table("", headings, lines))
    return tables


def rebalance_rows(state: TokenState, unit: str, gas: Gas, gas_value: Decimal | None) -> list[Row]:
    """Return what a rebalance would do and pay.

    Args:
        state: Of the token.
        unit: Symbol of the collateral.
        gas: Of the transaction.
        gas_value: What that is worth, quote; None if unknown.
    """
    decision = state.raw.decision
    low, high = state.band
    size, cost = to_decimal(decision.size_delta), to_decimal(decision.cost)
    side = "buys" if size > 0 else "sells"
    rows = [
        ("why", readable(state.trigger), ""),
        ("leverage", times(state.leverage), f"band {times(low)} to {times(high)}"),
        ("aim", times(to_decimal(decision.aim)), ""),
        ("trade", number(abs(size), 6), f"{state.market.symbol}: it {side}"),
        ("costs the token", number(cost), unit),
        ("pays you", number(state.reward, 4), unit),
        gas_row(gas),
    ]
    if gas_value is not None:
        rows.append(("gas is worth", number(gas_value, 4), unit))
    return rows


def _signed_percent(part: Decimal, places: int = 2) -> str:
    shown = percent(part, places)
    if not shown.strip("-0. %"):
        return shown.lstrip("-")
    return f"+{shown}" if part > 0 else shown


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), header_style="bold")


def _titled(title: str, table: Table) -> Group:
    # A table's own title would be broken at the table's width.
    return Group(Text(title, "bold"), table, "") if title else Group(table, "")
