"""The commands that only look: tokens, show, balance."""

from __future__ import annotations

from eth_utils.address import to_checksum_address

from steelyard.sdk import HolderState, Token, TokenState, to_decimal
from steelyard.wallet import tables, views
from steelyard.wallet.amounts import ETHER, ether, number, plain
from steelyard.wallet.prices import read_news
from steelyard.wallet.risk import Risk, risk_of
from steelyard.wallet.session import Session

_PAGE = 100  # tokens that the lens shows at once


def tokens(session: Session) -> None:
    """Show all tokens."""
    steelyard = session.steelyard
    states = steelyard.states()
    value = [views.token_view(state) for state in states if state.ok]
    session.result(value, tables.tokens_table(states, steelyard.collateral.symbol))


def show(session: Session, symbol: str) -> None:
    """Show a token, its risk, and what an account has of it."""
    steelyard = session.steelyard
    token = steelyard.token(symbol)
    state = token.state()
    risk = read_risk(session, token, state)
    unit = steelyard.collateral.symbol
    value = views.token_view(state) | {"risk": views.risk_view(risk)}
    shown = [
        tables.rows_table(token.symbol, tables.token_rows(state, unit)),
        tables.rows_table("Risk", tables.risk_rows(risk)),
    ]
    if session.account is not None:
        holder = token.holder(session.account)
        value["account"] = views.holder_view(holder, token.symbol)
        shown.append(tables.rows_table(f"Account {session.account}", holding_rows(holder, unit)))
    session.result(value, *shown)


def holding_rows(holder: HolderState, unit: str) -> list[tables.Row]:
    """Return what an account has of a token.

    Args:
        holder: Its part.
        unit: Symbol of the collateral.
    """
    return [
        ("shares", number(holder.balance, 6), ""),
        ("worth", number(holder.assets), f"{unit} at NAV"),
        ("redeem for", number(holder.redeem_assets), f"{unit} now, after all costs"),
    ]


def read_risk(session: Session, token: Token, state: TokenState) -> Risk:
    """Return a token's risk, with what its feed tells."""
    with session.working("reading prices"):
        return risk_of(state, read_news(session.steelyard, token.market, state.timestamp))


def balance(session: Session, account: str) -> None:
    """Show what an account has.

    Args:
        session: The command.
        account: Hex str.
    """
    steelyard, account = session.steelyard, to_checksum_address(account)
    coin, money = steelyard.chain.balance(account), steelyard.collateral
    held = [(name, holder) for name, holder in _held(session, account) if holder.raw.balance]
    assets = money.balance(account)
    rows = [
        (ETHER, ether(coin).removesuffix(f" {ETHER}"), "for gas"),
        (money.symbol, number(assets), ""),
    ]
    total = sum((holder.assets for _, holder in held), assets)
    if held:
        rows.append(("in all", number(total), f"{money.symbol}, tokens at NAV"))
    value = {
        "account": account,
        "ether": plain(to_decimal(coin)),
        "collateral": {"symbol": money.symbol, "balance": plain(assets)},
        "tokens": [views.holder_view(holder, name) for name, holder in held],
        "total": plain(total),
    }
    session.result(value, *tables.balance_table(account, rows, held, money.symbol))


def _held(session: Session, account: str) -> list[tuple[str, HolderState]]:
    """Return an account's part of all tokens, in a call for each hundred."""
    steelyard, found = session.steelyard, []
    lens = steelyard.connection.contract("LeveragedTokenLens")
    every = steelyard.tokens()
    for start in range(0, len(every), _PAGE):
        page = every[start : start + _PAGE]
        addresses = [token.address for token in page]
        parts = steelyard.connection.view(lens, "account_states", account, addresses)
        found += [
            (token.symbol, HolderState(raw, steelyard.collateral.decimals))
            for token, raw in zip(page, parts, strict=True)
        ]
    return found
